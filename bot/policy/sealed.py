"""What a SealedSecret says of itself, and what is wrong with one.

Git holds its ciphertext only, which changes whole with every sealing: a reader needs the names of the keys and who
may unseal. The scope is what binds the ciphertext to its place; a wider one lets whoever may create a SealedSecret
elsewhere read the values there.
"""

import base64
import binascii
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from bot.model.objects import Manifest, ObjectId
from bot.model.rendering import Diagnostic, Severity

GROUP = "bitnami.com"
_PREFIX = "sealedsecrets.bitnami.com/"
_MIN_SEALED_BYTES = 256
"""An RSA-encrypted session key alone is longer."""


class Scope(IntEnum):
    """Where the ciphertext can be unsealed; a greater one is wider."""

    STRICT = 0
    NAMESPACE_WIDE = 1
    CLUSTER_WIDE = 2

    @property
    def label(self) -> str:
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """`unsealed` are keys whose value cannot be ciphertext; `adopts` an existing Secret of its name."""

    id: ObjectId
    keys: tuple[str, ...]
    scope: Scope
    template_scope: Scope
    unsealed: tuple[str, ...] = ()
    adopts: bool = False


def describe_sealed(manifest: Manifest) -> SealedSecret | None:
    """None for any other object, and for one that has no identity."""
    try:
        found = ObjectId.of(manifest)
    except ValueError:
        return None
    if (found.group, found.kind) != (GROUP, "SealedSecret"):
        return None
    spec = _mapping(manifest.get("spec"))
    sealed = _mapping(spec.get("encryptedData"))
    template = _annotations(spec.get("template"))
    return SealedSecret(
        found,
        keys=tuple(sorted(sealed)),
        scope=_scope(_annotations(manifest)),
        template_scope=_scope(template),
        unsealed=tuple(sorted(key for key, value in sealed.items() if not _is_sealed(value))),
        adopts=template.get(f"{_PREFIX}managed") == "true",
    )


def judge_sealed(
    sealed: SealedSecret, before: SealedSecret | None, file: str | None, line: int | None = None
) -> tuple[Diagnostic, ...]:
    """Every verdict on one SealedSecret; `before` is the same one on the base, where there was one."""
    found: list[Diagnostic] = []
    if sealed.template_scope > sealed.scope:
        found.append(
            Diagnostic(
                Severity.ERROR,
                f"{sealed.id}: spec.template.metadata.annotations asks for the scope {sealed.template_scope.label}, the "
                f"object itself is {sealed.scope.label}. When it is rotated it gets the wider one (CVE-2026-22728): remove "
                f"the annotation {_PREFIX}{sealed.template_scope.label} from the template",
                file,
                line,
            )
        )
    if sealed.unsealed:
        found.append(
            Diagnostic(
                Severity.ERROR,
                f"{sealed.id}: spec.encryptedData holds values that are not sealed, at {', '.join(sealed.unsealed[:6])}: "
                "seal them with `kubeseal`, and use new values: these are in the history",
                file,
                line,
            )
        )
    if before is not None and sealed.scope > before.scope:
        found.append(
            Diagnostic(
                Severity.WARNING,
                f"{sealed.id}: the scope is widened from {before.scope.label} to {sealed.scope.label}; whoever may create a "
                "SealedSecret there can read the values",
                file,
                line,
            )
        )
    return tuple(found)


def _scope(annotations: dict[str, Any]) -> Scope:
    if annotations.get(f"{_PREFIX}cluster-wide") == "true":
        return Scope.CLUSTER_WIDE
    if annotations.get(f"{_PREFIX}namespace-wide") == "true":
        return Scope.NAMESPACE_WIDE
    return Scope.STRICT


def _is_sealed(value: Any) -> bool:
    try:
        return len(base64.b64decode("".join(value.split()), validate=True)) >= _MIN_SEALED_BYTES
    except (AttributeError, binascii.Error, ValueError):
        return False


def _annotations(value: Any) -> dict[str, Any]:
    return _mapping(_mapping(_mapping(value).get("metadata")).get("annotations"))


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
