"""The controllers whose objects are looked for, and which of them a tree has anything of."""

from bot.planning.controller import Controller
from bot.planning.expansion import DeclaringFiles, Finding, Mode, Previous
from bot.planning.flux.controller import Flux
from bot.planning.flux.declarations import Declarations
from bot.planning.flux.files import FLUX, InFiles

DIALECTS = (FLUX,)


def controllers_of(
    files: DeclaringFiles, finding: Finding, declarations: Declarations, previous: Previous | None
) -> list[Controller]:
    """Those to follow: one that was asked for, else every one that the files declare something to begin with for."""
    flux = InFiles.of(files)
    if finding.mode in {Mode.FLUX, Mode.CONTROLLERS} or (finding.mode is Mode.AUTO and flux.kustomizations):
        return [Flux(flux, finding, declarations, previous)]
    return []
