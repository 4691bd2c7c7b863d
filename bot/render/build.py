"""kustomize, and around it what Flux does with encrypted files: before the build in place, after it object by object."""

import asyncio
from dataclasses import replace
from pathlib import Path

from bot.model.objects import ObjectId
from bot.model.rendering import Rendering
from bot.render.builder import Builders
from bot.render.errors import Unrenderable
from bot.render.objects import Source, rendering
from bot.render.sandbox import Sandbox, kustomize_build
from bot.render.sops.built import UndecryptableObject, decrypt_built
from bot.render.sops.decrypt import Decryptor
from bot.render.sops.formats import MAX_ENCRYPTED_BYTES
from bot.render.sops.inputs import Inputs, decrypt_inputs
from bot.render.sops.plain import without_public

_SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_SHORTEST_SECRET = 3


async def build(root: Path, directory: str, sandbox: Sandbox, decryptor: Decryptor | None) -> Rendering:
    """The objects of `directory` below `root`, decrypted where there is somebody to do it. Raises `Unrenderable`."""
    if decryptor is None:
        return await _built(root, directory, sandbox)
    # What is decrypted is shown to no program that stays.
    sandbox = replace(sandbox, builders=Builders())
    inputs = Inputs()
    try:
        await decrypt_inputs(root, directory, decryptor, inputs)
        built = await _built(root, directory, sandbox)
    except Unrenderable as error:
        raise _without(inputs.secrets, error) from None
    finally:
        inputs.put_back()
    remarks = (*inputs.remarks, *built.diagnostics)
    secrets = await _hidden(inputs.secrets, root, directory, sandbox)
    known = replace(built, diagnostics=remarks, secrets=secrets)
    try:
        return await decrypt_built(known, decryptor)
    except UndecryptableObject as error:
        file = await asyncio.to_thread(_declaring, root, error.object)
        message = error.message if file else f"{error.object} {error.message}"
        raise Unrenderable(message, file=file) from None


async def _built(root: Path, directory: str, sandbox: Sandbox) -> Rendering:
    output = await kustomize_build(root, directory, sandbox)
    return await asyncio.to_thread(rendering, [Source(output, None)])


async def _hidden(secrets: set[str], root: Path, directory: str, sandbox: Sandbox) -> frozenset[str]:
    """What of it does not stand in the objects without a key as well: built once more to know."""
    if not secrets:
        return frozenset()
    try:
        encrypted = await _built(root, directory, sandbox)
    except Unrenderable:
        return frozenset(secrets)
    return await asyncio.to_thread(without_public, secrets, encrypted.objects)


def _without(secrets: set[str], error: Unrenderable) -> Unrenderable:
    """Kustomize names what it stumbles over, and in a decrypted patch a name may be a secret."""
    if any(len(secret) >= _SHORTEST_SECRET and secret in error.message for secret in secrets):
        message = "kustomize failed on what was decrypted, and its words hold a value, so they are not shown"
        return Unrenderable(message, file=error.file, line=error.line)
    return error


def _declaring(root: Path, wanted: ObjectId) -> str | None:
    """The first encrypted file that names the object: a guess, but a place to look at."""
    name = wanted.name.encode()
    for file in sorted(root.rglob("*")):
        if file.suffix in _SUFFIXES and file.is_file() and file.stat().st_size <= MAX_ENCRYPTED_BYTES:
            data = file.read_bytes()
            if b"sops" in data and b"ENC[" in data and name in data:
                return str(file.relative_to(root))
    return None
