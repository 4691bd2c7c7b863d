"""What a rendering is given beside the files of its tree."""

from dataclasses import dataclass

from bot.render.sops.decrypt import Decryptor
from bot.render.variables import Substitution


@dataclass(frozen=True, slots=True)
class Given:
    """`substitution` is what is known of Flux's variables. With a `decryptor` a target that asks for it is decrypted."""

    substitution: Substitution | None = None
    decryptor: Decryptor | None = None


NOTHING = Given()
