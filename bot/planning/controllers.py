"""The controllers whose objects are looked for, and which of them a tree has anything of."""

from bot.planning.argocd.files import ARGOCD, CLUSTERS, INSTALLATION, LENDING
from bot.planning.argocd.files import InFiles as ArgoInFiles
from bot.planning.controller import Controller
from bot.planning.expansion import DeclaringFiles, Finding, Mode, Previous
from bot.planning.flux.declarations import Declarations
from bot.planning.flux.files import FLUX
from bot.planning.flux.files import InFiles as FluxInFiles

DIALECTS = (FLUX, ARGOCD, CLUSTERS, INSTALLATION, LENDING)


def controllers_of(
    files: DeclaringFiles, finding: Finding, declarations: Declarations, previous: Previous | None
) -> list[Controller]:
    """Those to follow: one that was asked for, else every one that the files declare something to begin with for."""
    found: list[Controller] = []
    flux, argocd = FluxInFiles.of(files), ArgoInFiles.of(files)
    if finding.mode in {Mode.FLUX, Mode.CONTROLLERS} or (finding.mode is Mode.AUTO and flux.kustomizations):
        from bot.planning.flux.controller import Flux  # noqa: PLC0415 - only where there is any

        found.append(Flux(flux, finding, declarations, previous))
    if finding.mode in {Mode.ARGOCD, Mode.CONTROLLERS} or (finding.mode is Mode.AUTO and argocd.declaring):
        from bot.planning.argocd.controller import ArgoCD  # noqa: PLC0415 - as above

        found.append(ArgoCD(argocd, finding, declarations.tree, declarations.renderings, previous))
    return found
