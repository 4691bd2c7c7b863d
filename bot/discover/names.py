"""What a declared object is called."""

from bot.discover.objects import Malformed
from bot.discover.schema import Text, problems, shown
from bot.model.objects import Manifest

NAME = Text(
    pattern=r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", says="a name that Kubernetes takes", at_least=1, at_most=253
)
NAMESPACE = Text(
    pattern=r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", says="a namespace that Kubernetes takes", at_least=1, at_most=63
)

_PARTS_OF_IDENTITIES = frozenset(" /:#@")
"""What the texts that name a target are taken apart at."""


def named(manifest: Manifest) -> tuple[str, str]:
    """Its namespace, empty where it has none, and its name. Raises Malformed."""
    metadata = manifest.get("metadata")
    if not isinstance(metadata, dict):
        raise Malformed("metadata is missing or not a mapping")
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if not isinstance(name, str) or not name:
        raise Malformed("metadata.name is missing or not text")
    if namespace is not None and not isinstance(namespace, str):
        raise Malformed("metadata.namespace is not text")
    for field, value in (("name", name), ("namespace", namespace or "")):
        if value and not _may_identify(value):
            raise Malformed(f"metadata.{field} is {shown(value)}, which cannot name anything")
    return namespace or "", name


def name_problem(namespace: str, name: str) -> str:
    """Why a cluster does not take it under this name; empty where it does."""
    return next(
        (
            problem
            for field, value, shape in (("name", name, NAME), ("namespace", namespace, NAMESPACE))
            if value
            for problem in problems(value, shape, f"metadata.{field}")
        ),
        "",
    )


def _may_identify(value: str) -> bool:
    return len(value) <= NAME.at_most and value.isprintable() and _PARTS_OF_IDENTITIES.isdisjoint(value)
