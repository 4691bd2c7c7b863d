"""Says what a change does to a file that SOPS encrypted, as far as can be told without a key.

Every encryption of one value gives another ciphertext, so a changed one says only that somebody wrote it anew. The
verdicts name keys and recipients, never a value and no ciphertext.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from bot.model.rendering import Diagnostic, Severity

MAX_NAMED = 6
_MAX_SHOWN_CHARS = 120
_ALWAYS_NEW = frozenset({"lastmodified", "version"})


class EncryptedFile(Protocol):
    """`keys` maps each encrypted key to a mark of its ciphertext; `mac` is such a mark as well."""

    @property
    def keys(self) -> tuple[tuple[str, str], ...]: ...

    @property
    def mac(self) -> str: ...

    def metadata(self) -> dict[str, Any]:
        """Recipients by kind, and the other settings."""


def judge_encrypted(
    path: str, before: EncryptedFile | None, after: EncryptedFile | None
) -> tuple[Diagnostic, ...]:
    """Every remark on one changed file. None is for a side on which it is not encrypted."""
    if before is None:
        return () if after is None else (_new(path, after),)
    if after is None:
        return (_laid_open(path),)
    if before.mac == after.mac and before.keys != after.keys:
        return (_by_hand(path, before, after),)
    told = [*_keys(before, after), *_settings(before.metadata(), after.metadata())]
    if before.keys == after.keys:
        told.insert(0, "its values are as they were")
    return (Diagnostic(Severity.NOTICE, f"encrypted with SOPS: {'; '.join(told)}", path),)


def _new(path: str, file: EncryptedFile) -> Diagnostic:
    recipients = [f"{kind} {name}" for kind, names in _lists(file.metadata()).items() for name in names]
    keys = _listed([key for key, _ in file.keys]) or "nothing"
    return Diagnostic(
        Severity.NOTICE, f"encrypted with SOPS for {_listed(recipients) or 'nobody'}: {keys}", path
    )


def _laid_open(path: str) -> Diagnostic:
    return Diagnostic(
        Severity.ERROR,
        "was encrypted with SOPS before this change and is not any more: encrypt it again, and use new values: these "
        "are in the history",
        path,
    )


def _by_hand(path: str, before: EncryptedFile, after: EncryptedFile) -> Diagnostic:
    return Diagnostic(
        Severity.WARNING,
        f"was edited without sops ({'; '.join(_keys(before, after))}), so its MAC does not fit: sops refuses the file, "
        "Flux does not look; make such changes with `sops edit`",
        path,
    )


def _keys(before: EncryptedFile, after: EncryptedFile) -> list[str]:
    old, new = dict(before.keys), dict(after.keys)
    kept = old.keys() & new.keys()
    changed = [key for key in new if key in kept and old[key] != new[key]]
    told = []
    if len(kept) > 1 and len(changed) == len(kept):
        told.append(
            f"re-encrypted: all {len(kept)} values; without a key it cannot be told which of them changed"
        )
    elif changed:
        told.append(f"changed {_listed(changed)}")
    for word, names in (
        ("added", [key for key in new if key not in old]),
        ("removed", [key for key in old if key not in new]),
    ):
        if names:
            told.append(f"{word} {_listed(names)}")
    return told


def _settings(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    told = []
    old, new = _lists(before), _lists(after)
    for kind in dict.fromkeys((*old, *new)):
        come = [name for name in new.get(kind, ()) if name not in old.get(kind, ())]
        gone = [name for name in old.get(kind, ()) if name not in new.get(kind, ())]
        told += [f"now also for {kind} {_listed(come)}"] if come else []
        told += [f"no longer for {kind} {_listed(gone)}"] if gone else []
    for name in dict.fromkeys((*before, *after)):
        if name not in _ALWAYS_NEW and name not in old and name not in new:
            was, now = before.get(name, "not set"), after.get(name, "not set")
            told += [f"{name} was {was}, is {now}"] if was != now else []
    return told


def _lists(metadata: dict[str, Any]) -> dict[str, list[str]]:
    return {name: value for name, value in metadata.items() if isinstance(value, list)}


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(name[:_MAX_SHOWN_CHARS] for name in names[:MAX_NAMED]) + more
