"""The build environment: what `$ARGOCD_APP_...` stands for where Argo CD puts it in.

What only the cluster knows, the commit above all, gets a stand-in that is found again in what is rendered.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.model.target import Target
from bot.render.envsubst import Unknown
from bot.render.errors import Unrenderable
from bot.render.helm.values import Placeholder

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHORT, _LONGER = 7, 8
_MAX_CHARS = 65_536
_MAX_VALUE_CHARS = 4_096
_OF_THE_COMMIT = Unknown("it is the commit that Argo CD renders")
_OF_THE_SOURCE = Unknown("the Application's source does not say it")
_REFERENCE = re.compile(
    r"\$(?:\{(?P<special>[*#$@!?\-0-9])\}|\{(?P<braced>[^}]+)\}|(?P<bad>\{\}?)|(?P<sign>[*#$@!?\-0-9])|(?P<bare>[A-Za-z0-9_]+))"
)
STAND_INS: Mapping[str, Placeholder] = {
    name: Placeholder(name, f"unknown{number}argocdvalue", why)
    for number, (name, why) in enumerate(
        (
            ("ARGOCD_APP_REVISION", _OF_THE_COMMIT),
            ("ARGOCD_APP_REVISION_SHORT", _OF_THE_COMMIT),
            ("ARGOCD_APP_REVISION_SHORT_8", _OF_THE_COMMIT),
            ("ARGOCD_APP_SOURCE_REPO_URL", _OF_THE_SOURCE),
        )
    )
}
"""By the variable. Letters and digits only, so that they survive being a tag, a label or part of a name."""


@dataclass(frozen=True, slots=True)
class Environment:
    """`values` are those that are known."""

    values: Mapping[str, str]

    def substituted(self, text: str) -> str:
        """As Go's `os.Expand` does it: what is not known to Argo CD is nothing, `$$` is a dollar, bad syntax is eaten.

        Raises `Unrenderable` where this could make a text of any length.
        """
        if "$" not in text:
            return text
        if len(text) > _MAX_CHARS or any(len(value) > _MAX_VALUE_CHARS for value in self.values.values()):
            raise Unrenderable(
                f"a text with variables is longer than {_MAX_CHARS} characters, or a variable than {_MAX_VALUE_CHARS}"
            )

        def of(match: re.Match[str]) -> str:
            if match["bad"]:
                return ""
            name = match["special"] or match["braced"] or match["sign"] or match["bare"]
            if name == "$":
                return "$"
            if name in self.values:
                return self.values[name]
            return STAND_INS[name].text if name in STAND_INS else ""

        return _REFERENCE.sub(of, text)


def environment(target: Target, instance: str) -> Environment:
    """`instance` is what Argo CD calls the Application: `NAME`, or `NAMESPACE_NAME` outside of its own namespace."""
    values = {
        "ARGOCD_APP_NAME": instance,
        "ARGOCD_APP_NAMESPACE": target.namespace,
        "ARGOCD_APP_PROJECT_NAME": target.argocd.project if target.argocd else "default",
        "ARGOCD_APP_SOURCE_PATH": _text(target, "path") or ("" if _text(target, "chart") else target.path),
        "ARGOCD_APP_SOURCE_TARGET_REVISION": _text(target, "targetRevision"),
    }
    if url := _text(target, "repoURL"):
        values["ARGOCD_APP_SOURCE_REPO_URL"] = url
    commit = target.source.ref.commit if target.source else ""
    if _COMMIT.fullmatch(commit):
        values["ARGOCD_APP_REVISION"] = commit
        values["ARGOCD_APP_REVISION_SHORT"] = commit[:_SHORT]
        values["ARGOCD_APP_REVISION_SHORT_8"] = commit[:_LONGER]
    return Environment(values)


def stand_ins(text: bytes) -> tuple[Placeholder, ...]:
    """Those that the text holds."""
    return tuple(found for found in STAND_INS.values() if found.text.encode() in text)


def _text(target: Target, field: str) -> str:
    value = target.options.get(field)
    return value if isinstance(value, str) else ""
