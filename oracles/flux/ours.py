"""The same repositories through our own finding and rendering, as a delivery does it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.discover.repository import RepositoryIdentity
from bot.git.repository import Repository
from bot.model.rendering import Rendering, Severity, Trust
from bot.model.target import Target
from bot.planning.expand import expand_one
from bot.planning.expansion import Finding, Mode
from bot.planning.renderings import Renderings
from bot.planning.workshop import Workshop
from oracles.flux.features.sops import key
from oracles.flux.scene import Scene
from oracles.gitserver import BRANCH
from tests.render.sopsfiles import decryptor


@dataclass(frozen=True, slots=True)
class Ours:
    """One target of ours."""

    target: Target
    rendering: Rendering

    @property
    def reason(self) -> str:
        """Why it is unknown; empty where it is known."""
        return "; ".join(d.message for d in self.rendering.diagnostics if d.severity is Severity.ERROR)


async def rendered(scene: Scene, repository: Path, workshop: Workshop) -> Mapping[str, Ours]:
    """The targets of the scene's cluster, by the name that Flux has for them: NAMESPACE/NAME."""
    async with workshop.elsewhere.visit() as errand, Repository.open(repository) as opened:
        renderings = Renderings(workshop, Trust.TRUSTED, decryptor=decryptor(key()), errand=errand)
        tree = await opened.tree(await opened.tree_of(await opened.resolve(BRANCH)))
        finding = Finding(Mode.FLUX, RepositoryIdentity.of([scene.url]))
        expansion = await expand_one(opened, tree, finding, renderings)
        return {
            name.name: Ours(traced.target, await renderings.whole(tree, traced))
            for name, traced in expansion.targets.items()
            if name.cluster == scene.cluster
        }
