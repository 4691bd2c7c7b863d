"""Judges whether secrets stand in a repository in plain text.

An error is said only where a rule of the repository itself says that the file is to be encrypted; everything else
that looks wrong is a warning. The verdicts name files, objects and keys, never a value.
"""

import shlex
from collections.abc import Sequence
from typing import Protocol

from bot.model.rendering import Diagnostic, Severity

MAX_NAMED = 6


class PlainSecret(Protocol):
    """A Secret of which values stand in plain text, at `keys`."""

    @property
    def name(self) -> str: ...

    @property
    def keys(self) -> tuple[str, ...]: ...

    @property
    def line(self) -> int | None: ...

    @property
    def is_wanted_encrypted(self) -> bool:
        """Whether the rule that covers the file wants one of the keys encrypted."""


class SecretFile(Protocol):
    """What has to be known of a file; `rule` says where the creation rule stands that covers it, empty for none."""

    @property
    def path(self) -> str: ...

    @property
    def rule(self) -> str: ...

    @property
    def is_covered_by_path(self) -> bool:
        """Whether the rule names paths, and is not the one for everything else."""

    @property
    def is_named(self) -> bool:
        """Whether the rule means this very name, and not just its directory or its ending."""

    @property
    def is_encrypted(self) -> bool: ...

    @property
    def plain_keys(self) -> tuple[str, ...]:
        """Keys that the rule wants encrypted and that are not."""

    @property
    def exposed(self) -> tuple[str, ...]:
        """Keys that the file's own metadata wants encrypted and that are not."""

    @property
    def secrets(self) -> Sequence[PlainSecret]: ...


def judge_file(file: SecretFile, *, uses_sops: bool) -> tuple[Diagnostic, ...]:
    """Every verdict on one file. `uses_sops`: the repository has a `.sops.yaml` or an encrypted file."""
    if file.exposed:
        return (_exposed(file),)
    found = [
        _secret(file, secret, Severity.ERROR if _is_ruled(file, secret) else Severity.WARNING)
        for secret in file.secrets
        if uses_sops or file.rule
    ]
    if not found and file.is_named and not file.is_encrypted and file.plain_keys:
        return (_named_file(file),)
    return tuple(found)


def _is_ruled(file: SecretFile, secret: PlainSecret) -> bool:
    return file.is_covered_by_path and secret.is_wanted_encrypted


def _exposed(file: SecretFile) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        f"is encrypted, but for {_listed(file.exposed)}: added or changed without sops. "
        f"Decrypt what is there, encrypt the whole with {_command(file.path)}, and use new values: "
        "the old ones are in the history",
        file.path,
    )


def _secret(file: SecretFile, secret: PlainSecret, severity: Severity) -> Diagnostic:
    says = (
        f"{file.rule} says it is to be encrypted"
        if severity is Severity.ERROR
        else "this repository encrypts its secrets with SOPS"
    )
    way_out = (
        "move them to an encrypted file that the generator reads"
        if "literals" in secret.keys[0]
        else f"encrypt the file with {_command(file.path)}"
    )
    return Diagnostic(
        severity,
        f"Secret {secret.name} holds {_listed(secret.keys)} in plain text, and {says}: {way_out}, and use new "
        "values: these are in the history",
        file.path,
        secret.line,
    )


def _named_file(file: SecretFile) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        f"{file.rule} says it is to be encrypted, and {_listed(file.plain_keys)} stand in plain text: encrypt it with "
        f"{_command(file.path)}, and use new values: these are in the history",
        file.path,
    )


def _command(path: str) -> str:
    return f"`sops encrypt --in-place {shlex.quote(path)}`"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more
