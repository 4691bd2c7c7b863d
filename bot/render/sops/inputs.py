"""Decrypts what a kustomization reads, before it is built: in place, in a directory that nobody else can look into.

As Flux does it: the inputs of secret generators and the files of patches, of the kustomization and of every one it
refers to as a resource or component. The one difference: a MAC that does not fit is said. Flux does not look at it.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bot.model.rendering import Diagnostic, Severity
from bot.render.errors import Unrenderable
from bot.render.fields import KUSTOMIZATION_FILES
from bot.render.overlay import declared
from bot.render.sops.decrypt import Decrypted, Decryptor, Encrypted, Mac, MacMismatch, Undecryptable
from bot.render.sops.formats import (
    MAX_ENCRYPTED_BYTES,
    DecryptedInput,
    Format,
    decrypted_inputs,
    is_marked,
)
from bot.render.sops.plain import secrets_of_file

MAX_FILES = 500


@dataclass(frozen=True, slots=True)
class _Marked:
    """A file that says it is encrypted, and its name in the repository."""

    file: Path
    name: str
    data: bytes = field(repr=False)
    format: Format


@dataclass(slots=True)
class Inputs:
    """`before` is what each decrypted file held; `secrets` are the values that were ciphertext in them."""

    before: dict[Path, bytes] = field(default_factory=dict, repr=False)
    secrets: set[str] = field(default_factory=set, repr=False)
    remarks: list[Diagnostic] = field(default_factory=list)

    def put_back(self) -> None:
        for file, data in self.before.items():
            file.write_bytes(data)

    def _take(self, found: _Marked, plain: Decrypted) -> None:
        self.before[found.file] = found.data
        self.secrets |= secrets_of_file(found.data, plain.reveal(), found.format)
        found.file.write_bytes(plain.reveal())


async def decrypt_inputs(root: Path, directory: str, decryptor: Decryptor, inputs: Inputs) -> None:
    """Decrypt what building `directory` below `root` reads, and note it in `inputs`. Raises `Undecryptable`."""
    for found in await asyncio.to_thread(_marked, root, directory):
        plain = await _decrypted(found, decryptor, inputs)
        await asyncio.to_thread(inputs._take, found, plain)  # noqa: SLF001 - the two are one


async def _decrypted(found: _Marked, decryptor: Decryptor, inputs: Inputs) -> Decrypted:
    encrypted = Encrypted(found.data, found.format, found.name)
    try:
        return await decryptor.decrypt(encrypted)
    except MacMismatch as error:
        plain = await decryptor.decrypt(replace(encrypted, mac=Mac.IGNORED))
        message = f"{error.message}; Flux does not look at the MAC and decrypts it all the same"
        inputs.remarks.append(Diagnostic(Severity.WARNING, message, found.name))
        return plain


def _marked(root: Path, directory: str) -> list[_Marked]:
    """Raises `Undecryptable` for more than Flux, or we, would take."""
    root = root.resolve()
    seen: set[Path] = set()
    marked: list[_Marked] = []
    for file, wanted in _inputs(root, (root / directory).resolve()):
        if file in seen:
            continue
        seen.add(file)
        name = str(file.relative_to(root))
        if file.stat().st_size > MAX_ENCRYPTED_BYTES:
            size = f"{MAX_ENCRYPTED_BYTES >> 20} MiB"
            raise Undecryptable(f"is larger than {size}, which Flux refuses where it decrypts", file=name)
        data = file.read_bytes()
        if is_marked(data, wanted.format):
            marked.append(_Marked(file, name, data, wanted.format))
        if len(marked) > MAX_FILES:
            raise Undecryptable(f"is one of more than {MAX_FILES} encrypted files", file=name)
    return marked


def _inputs(root: Path, start: Path) -> Iterator[tuple[Path, DecryptedInput]]:
    """What is named and there. What is missing or leads elsewhere kustomize or the trace say better."""
    pending, seen = [start], {start}
    while pending:
        directory = pending.pop()
        kustomization = _kustomization(directory)
        for wanted in decrypted_inputs(kustomization):
            file = _inside(root, directory, wanted.text)
            if file is not None and file.is_file():
                yield file, wanted
        for name in ("resources", "components"):
            named = kustomization.get(name)
            for text in named if isinstance(named, list) else ():
                below = _inside(root, directory, str(text))
                if below is not None and below not in seen and below.is_dir():
                    seen.add(below)
                    pending.append(below)


def _inside(root: Path, directory: Path, text: str) -> Path | None:
    """Where the text leads, with links followed; None for what is not there, outside, or no path at all."""
    try:
        found = (directory / text).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        return None
    return found if found.is_relative_to(root) else None


def _kustomization(directory: Path) -> Mapping[str, Any]:
    present = [file for name in KUSTOMIZATION_FILES if (file := directory / name).is_file()]
    if len(present) != 1:
        return {}
    try:
        return declared(present[0].read_bytes())
    except Unrenderable:
        return {}
