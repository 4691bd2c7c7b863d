"""Whether Flux and we mean the same by one Kustomization or release."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.model.rendering import Hole
from bot.render.helm.output import is_hook
from oracles.cluster import Cluster
from oracles.flux.compared import compared, refused_by_server
from oracles.flux.live import Verdict
from oracles.flux.ours import Ours
from oracles.flux.scene import Scene
from oracles.trials import Judgement, Outcome, Refusal


@dataclass(frozen=True, slots=True)
class Judge:
    """Of one scene. `theirs` is what Flux says, `ours` what we render, both by the names of targets."""

    scene: Scene
    cluster: Cluster
    theirs: Mapping[str, Verdict]
    ours: Mapping[str, Ours]

    async def of(self, name: str) -> Judgement:
        theirs, ours = self.theirs.get(name), self.ours.get(name)
        if theirs is None or ours is None:
            return self._of_one_side(name)
        refusal = self.scene.refusals.get(name.partition("/")[2])
        if refusal is not None:
            outcome, why = await self._refused(theirs, ours, refusal)
        elif theirs.waits:
            outcome, why = Outcome.SAME, ()
        elif not theirs.is_ready:
            outcome, why = await self._unexpectedly_refused(theirs, ours)
        elif ours.reason:
            outcome, why = Outcome.INCOMPLETE, (f"ours: {ours.reason}",)
        else:
            outcome, why = await self._applied(theirs, ours)
        return Judgement(name, outcome, tuple(map(_one_line, why)), len(ours.rendering.objects))

    def _of_one_side(self, name: str) -> Judgement:
        if name in self.theirs:
            return Judgement(name, Outcome.DIFFERENT, ("Flux has it, we did not find it",))
        if all(verdict.is_ready for verdict in self.theirs.values()):
            return Judgement(name, Outcome.DIFFERENT, ("we found it, Flux has no such thing",))
        why = "Flux does not have it: what would bring it forth was refused"
        return Judgement(name, Outcome.REFUSED, (why,))

    async def _refused(
        self, theirs: Verdict, ours: Ours, expected: Refusal
    ) -> tuple[Outcome, tuple[str, ...]]:
        if theirs.is_ready:
            return Outcome.DIFFERENT, ("Flux applied what it was expected to refuse",)
        if expected.theirs not in theirs.said:
            return Outcome.DIFFERENT, (f"Flux refused for another reason: {theirs.said}",)
        if not ours.reason and ours.rendering.holes:
            return Outcome.OPEN, (f"Flux refuses it: {theirs.said}", *map(_told, ours.rendering.holes))
        said = ours.reason or await self._server_refuses(ours)
        if not said:
            return Outcome.DIFFERENT, (f"Flux refuses it, we render it ({theirs.said})",)
        if expected.ours not in said:
            return Outcome.DIFFERENT, (f"we refused for another reason: {said}",)
        return Outcome.SAME, ()

    async def _unexpectedly_refused(self, theirs: Verdict, ours: Ours) -> tuple[Outcome, tuple[str, ...]]:
        """Chance came upon something that Flux does not take: so must we not. A feature alone has to work."""
        why = ours.reason or await self._server_refuses(ours)
        outcome = Outcome.REFUSED if why and len(self.scene.features) > 1 else Outcome.DIFFERENT
        return outcome, (f"Flux: {theirs.said}", f"ours: {why}" if why else "we render it")

    async def _applied(self, theirs: Verdict, ours: Ours) -> tuple[Outcome, tuple[str, ...]]:
        by_id = {found.id: found for found in ours.rendering.objects}
        # Helm keeps no account of hooks: they are looked for where they have to be.
        hooks = {i for i, found in by_id.items() if ours.target.release and is_hook(found.manifest)}
        inventory = set(theirs.inventory)
        why = [f"only we render {i}" for i in sorted(by_id.keys() - inventory - hooks)]
        why += [f"only Flux applies {i}" for i in sorted(inventory - by_id.keys())]
        holes = {hole.object for hole in ours.rendering.holes}
        if holes - by_id.keys():
            # Something is not known that may be anywhere: values of a release.
            return Outcome.OPEN, tuple(map(_told, ours.rendering.holes))
        for identity in sorted((by_id.keys() & inventory | hooks) - holes):
            why += await compared(by_id[identity], ours.target, self.cluster)
        if why:
            return Outcome.DIFFERENT, tuple(why)
        if holes:
            return Outcome.OPEN, tuple(map(_told, ours.rendering.holes))
        return Outcome.SAME, ()

    async def _server_refuses(self, ours: Ours) -> str:
        """What the API server has against what we render; empty where it takes it all."""
        for found in ours.rendering.objects:
            why = await refused_by_server(found, ours.target, self.cluster)
            if why:
                return why
        return ""


def _told(hole: Hole) -> str:
    return f"{hole.object}: {hole.field}: {hole.reason}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
