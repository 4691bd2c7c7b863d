"""Names that kustomize generates: the hash at their end is another with every other content."""

import re

_HASH = r"-[bcdfghkmt2456789]{10}"
"""Ten letters that spell no word."""
_NAME = re.compile(rf"(.+){_HASH}")
_IN_IDENTITY = re.compile(rf"{_HASH}(?=,|$)")


def stem(name: str) -> str | None:
    """What the name was before a hash was put behind it; None for a name without one."""
    match = _NAME.fullmatch(name)
    return match[1] if match else None


def stem_of_identity(identity: str) -> str | None:
    """Likewise for what tells elements of a list apart, such as `kind=ConfigMap,name=web-bgt4h6m2k9`."""
    if identity.startswith("="):
        return None  # the element is nothing but its name
    found = _IN_IDENTITY.sub("", identity)
    return found if found != identity else None
