"""Decrypts what was built, object by object, as Flux does before it substitutes variables."""

import contextlib
from dataclasses import replace

from bot.model.objects import Manifest, Object, ObjectId
from bot.model.rendering import Rendering
from bot.render.sops.decrypt import Decryptor, Undecryptable
from bot.render.sops.plain import secrets_of_object, without_public

MAX_OBJECTS = 500


class UndecryptableObject(Undecryptable):
    """What was built stays encrypted; it came from a file that only a guess can name."""

    def __init__(self, message: str, found: ObjectId) -> None:
        super().__init__(message)
        self.object = found


async def decrypt_built(built: Rendering, decryptor: Decryptor) -> Rendering:
    """The rendering in plain text, with what was ciphertext among its secrets. Raises `UndecryptableObject`."""
    objects: list[Object] = []
    secrets: set[str] = set()
    decrypted = 0
    for found in built.objects:
        try:
            plain = await decryptor.decrypt_object(found.manifest)
        except Undecryptable as error:
            raise UndecryptableObject(error.message, found.id) from None
        if plain is found.manifest:
            objects.append(found)
            continue
        decrypted += 1
        if decrypted > MAX_OBJECTS:
            raise UndecryptableObject(f"is one of more than {MAX_OBJECTS} encrypted objects", found.id)
        secrets |= secrets_of_object(found.manifest, plain)
        objects.append(_same(found, plain))
    known = built.secrets | without_public(secrets, built.objects)
    return replace(built, objects=tuple(objects), secrets=known)


def _same(found: Object, plain: Manifest) -> Object:
    """Flux looks for the object by its identity after it has decrypted it."""
    made: Object | None = None
    with contextlib.suppress(ValueError):
        made = Object.of(plain)
    if made is None or made.id != found.id:
        raise Undecryptable(
            "has its kind, name or namespace encrypted, which Flux refuses", file=str(found.id)
        )
    return made
