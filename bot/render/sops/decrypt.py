"""Decrypts what SOPS encrypted, in memory, for runs that are trusted.

The sops program does it, in the renderer's sandbox: it reads no file, reaches no network, starts nothing, and is
given the keys in the environment of its one process. Two invariants: without `Trust.TRUSTED` there is no `Decryptor`
to ask, and no error from here quotes a word of sops's own, because those may be plain text.
"""

import base64
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import NoReturn

import msgspec

from bot.errors import UserError
from bot.model.manifests import canonical_json
from bot.model.objects import Manifest, ObjectId
from bot.model.rendering import Trust
from bot.proc.confine import MIB, Confinement, Layers, Limits
from bot.proc.errors import ProgramError, ProgramFailed, ProgramOutputTooLarge, ProgramTimeout
from bot.proc.programs import find
from bot.proc.run import Command, run
from bot.proc.sandbox import layers
from bot.render.errors import Unrenderable
from bot.render.sops.comments import laid_over, only_ciphertext
from bot.render.sops.facts import SopsFacts, describe, describe_object, encrypted_values
from bot.render.sops.formats import MAX_ENCRYPTED_BYTES, Format, format_for
from bot.render.sops.keys import AgeKeys

AGE = "age"
_DECRYPT_OPT_OUT = "kustomize.toolkit.fluxcd.io/decrypt"
_LIMITS = Limits(memory_bytes=512 * MIB, cpu_s=10, file_bytes=0)
_MAX_NAMED = 5


class Undecryptable(Unrenderable):
    """It is encrypted and stays so. The message names the file or object, keys and recipients, and no value."""


class KeyNotHeld(Undecryptable):
    """None of our keys opens it, or it needs a kind of key that we do not use."""


class MacMismatch(Undecryptable):
    """Something in the file was changed after SOPS wrote it."""


class Malformed(Undecryptable):
    """It says it is SOPS's, and cannot be read as such."""


class NotTrusted(UserError):
    """Somebody asked for plain text in a run whose input anyone may have written."""


class Mac(Enum):
    """Whether the file must be as SOPS wrote it. A built object never is: kustomize has changed it."""

    CHECKED = "checked"
    IGNORED = "ignored"


class Decrypted:
    """Plain text that cannot be shown, compared, pickled or cached by accident: `reveal` is the only way to it."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    def reveal(self) -> bytes:
        return self._data

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return f"<decrypted, {len(self._data)} bytes>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("plain text is not written anywhere")


@dataclass(frozen=True, slots=True)
class Encrypted:
    """Something to decrypt; `file` is where a person finds it, or the name of an object."""

    data: bytes = field(repr=False)
    format: Format
    file: str
    output: Format | None = None
    """The format of the plain text, where it is not the same."""
    mac: Mac = Mac.CHECKED


@dataclass(frozen=True, slots=True)
class Decryptor:
    """The keys of one target and the program that uses them. Making one without trust raises `NotTrusted`."""

    trust: Trust
    keys: AgeKeys
    program: Path
    layers: Layers
    version: str = ""
    timeout_s: float = 20.0
    max_output_bytes: int = 16 * MIB

    def __post_init__(self) -> None:
        if self.trust is not Trust.TRUSTED:
            raise NotTrusted("secrets are decrypted only for what is merged, never for a pull request")

    @classmethod
    def here(cls, keys: AgeKeys, trust: Trust, version: str = "") -> "Decryptor":
        """`version` is the program's. Raises `NotTrusted`, `ProgramMissing`."""
        return cls(trust, keys, find("sops"), layers(), version)

    @property
    def identity(self) -> str:
        """What a rendering depends on besides its files: the program and which keys are held."""
        return f"sops {self.version} {self.keys.identity}"

    async def decrypt(self, encrypted: Encrypted) -> Decrypted:
        """Raises `Undecryptable`, and `Unrenderable` for what is no file of its format."""
        if len(encrypted.data) > MAX_ENCRYPTED_BYTES:
            raise Undecryptable(
                f"is encrypted and larger than {MAX_ENCRYPTED_BYTES // MIB} MiB", file=encrypted.file
            )
        facts = describe(encrypted.data, encrypted.format, file=encrypted.file)
        if facts is None:
            raise Malformed("holds no metadata of SOPS", file=encrypted.file)
        if not facts.opens_with(AGE):
            raise KeyNotHeld(
                f"needs a key we do not hold: it is encrypted for {_recipients(facts)}, and Longshore uses keys of "
                "age only; encrypt it for one of those too (`sops rotate --add-age RECIPIENT`)",
                file=encrypted.file,
            )
        failure: Undecryptable
        try:
            return Decrypted((await run(self._command(encrypted))).stdout)
        except ProgramFailed as error:
            failure = _failure(error.exit_code, facts, encrypted.file)
        except (ProgramTimeout, ProgramOutputTooLarge) as error:
            failure = Undecryptable(error.message, file=encrypted.file)
        except ProgramError as error:
            failure = Undecryptable(str(error), file=encrypted.file)
        # Raised out here, so that what sops said is no context of it.
        raise failure

    async def decrypt_object(self, manifest: Manifest) -> Manifest:
        """One built object as Flux delivers it: its own encryption undone, or that of files in a Secret's values.

        An object that is not encrypted, or asks to stay so, comes back as it is. Raises as `decrypt` does.
        """
        name = str(ObjectId.of(manifest))
        if stays_encrypted(manifest):
            return manifest
        facts = describe_object(manifest)
        if facts is not None:
            by_comment = facts.scope is not None and facts.scope.is_by_comment
            given = only_ciphertext(manifest) if by_comment else manifest
            whole = Encrypted(canonical_json(given), Format.JSON, name, mac=Mac.IGNORED)
            plain: Manifest = msgspec.json.decode((await self.decrypt(whole)).reveal())
            try:
                return laid_over(manifest, plain) if by_comment else plain
            except (KeyError, TypeError, ValueError):
                raise Malformed("was decrypted to something of another shape", file=name) from None
        values: dict[str, str] = {}
        for key, data, as_format in encrypted_values(manifest):
            value = Encrypted(data, as_format, f"{name}, data.{key}", format_for(key), Mac.IGNORED)
            values[key] = base64.b64encode((await self.decrypt(value)).reveal()).decode()
        return {**manifest, "data": {**manifest["data"], **values}} if values else manifest

    def _command(self, encrypted: Encrypted) -> Command:
        output = encrypted.output or encrypted.format
        # Without a file name sops reads its standard input; a `.sops.yaml` in its directory would set the indentation.
        options = ["--input-type", encrypted.format.value, "--output-type", output.value]
        options += ["--decryption-order", AGE]
        if encrypted.mac is Mac.IGNORED:
            options.append("--ignore-mac")
        return Command(
            [self.program, "decrypt", *options],
            cwd=Path("/"),
            env=self.keys.environment(),
            stdin=encrypted.data,
            timeout_s=self.timeout_s,
            max_stdout_bytes=self.max_output_bytes,
            confinement=Confinement(self.layers, execute=(self.program,), limits=_LIMITS),
        )


def stays_encrypted(manifest: Manifest) -> bool:
    """Whether the object asks Flux to leave it as it is."""
    metadata = manifest.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    wish = annotations.get(_DECRYPT_OPT_OUT) if isinstance(annotations, dict) else None
    return isinstance(wish, str) and wish.lower() == "disabled"


# The exit codes are sops's own, in its package `codes`.
_TREE, _MAC_MISMATCH, _MAC_NOT_FOUND, _NO_KEY = 25, 51, 52, 128
_GO_CRASHED, _LAUNCH_FAILED = 2, 125


def _failure(exit_code: int, facts: SopsFacts, file: str) -> Undecryptable:
    if exit_code in {_MAC_MISMATCH, _MAC_NOT_FOUND}:
        return MacMismatch(
            "was changed after it was encrypted (its MAC does not fit): edit it with `sops edit`, or set "
            "mac_only_encrypted where plain parts are edited by hand",
            file=file,
        )
    if exit_code == _NO_KEY:
        return KeyNotHeld(f"is encrypted for {_recipients(facts)}, and none of our keys opens it", file=file)
    if exit_code == _TREE:
        return Malformed(_why_not_the_tree(facts), file=file)
    if exit_code == _LAUNCH_FAILED:
        return Undecryptable("the sandbox could not be set up, so nothing was decrypted", file=file)
    if exit_code < 0 or exit_code == _GO_CRASHED:
        return Undecryptable("sops crashed on it, or needed more than it may have", file=file)
    return Malformed(
        f"cannot be decrypted (sops ended with exit code {exit_code}): its metadata is damaged, or it is of another "
        "format than its name says; `sops decrypt` on a machine of yours says more",
        file=file,
    )


def _why_not_the_tree(facts: SopsFacts) -> str:
    if facts.exposed:
        return (
            "holds plain text where its metadata wants ciphertext, at "
            f"{_named(facts.exposed)}: encrypt it again with `sops encrypt`"
        )
    return "holds ciphertext that its data key does not open: a value was moved to another key, or cut"


def _recipients(facts: SopsFacts) -> str:
    return _named(tuple(f"{r.kind} {r.name}" for r in facts.recipients)) or "no one"


def _named(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
    return ", ".join(names[:_MAX_NAMED]) + more
