"""What a rendering is given beside the files of its tree."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.model.release import Chart
from bot.render.ground import Remotes
from bot.render.helm.inputs import Archive, ReleaseInputs
from bot.render.variables import Substitution

if TYPE_CHECKING:
    from bot.render.sops.decrypt import Decryptor


@dataclass(frozen=True, slots=True)
class Given:
    """`substitution` is what is known of Flux's variables. With a `decryptor` a target that asks for it is decrypted.

    `remotes` are the trees that the trace was made with; `release` is for targets of the renderer `helm`.
    `charts` are the archives of what kustomizations inflate and the tree does not hold.
    """

    substitution: Substitution | None = None
    decryptor: "Decryptor | None" = None
    remotes: Remotes = field(default_factory=dict)
    release: ReleaseInputs = field(default_factory=ReleaseInputs)
    charts: Mapping[Chart, Archive] = field(default_factory=dict)


NOTHING = Given()
