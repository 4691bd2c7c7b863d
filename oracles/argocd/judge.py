"""Whether Argo CD and we mean the same by one Application or ApplicationSet."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.model.objects import Manifest, ObjectId
from oracles.argocd.scene import APPLICATION, SET, Scene
from oracles.argocd.side import Application, Side
from oracles.differences import differences
from oracles.trials import Judgement, Outcome, Refusal

THEM = "Argo CD"
_FOR_HOOKS = "post-delete-finalizer.argocd.argoproj.io"
_OPEN = re.compile(r"\$\{ARGOCD_APP_[A-Z0-9_]+\}")
_Said = tuple[Outcome, tuple[str, ...]]


def judged(scene: Scene, theirs: Side, ours: Side) -> tuple[Judgement, ...]:
    """Of everything that either side has."""
    judge = Judge(scene, theirs, ours)
    names = sorted(theirs.applications.keys() | ours.applications.keys() | scene.applications)
    sets = sorted(theirs.sets.keys() | ours.sets.keys())
    return (*map(judge.application, names), *map(judge.set, sets))


@dataclass(frozen=True, slots=True)
class Judge:
    """Of one scene, what both sides know of it."""

    scene: Scene
    theirs: Side
    ours: Side

    def application(self, name: str) -> Judgement:
        theirs, ours = self.theirs.applications.get(name), self.ours.applications.get(name)
        if theirs is None or ours is None:
            outcome, why = self._of_one_side(name)
            return Judgement(f"{APPLICATION} {name}", outcome, why)
        refusal = self.scene.refusals.get(name)
        if refusal is not None:
            outcome, why = _refused(theirs.problem, ours.problem or ours.warnings, refusal)
        elif theirs.problem:
            outcome, why = self._unexpectedly_refused(theirs.problem, ours.problem or ours.remarks)
        elif ours.problem:
            outcome, why = Outcome.INCOMPLETE, (f"ours: {ours.problem}",)
        else:
            outcome, why = _applied(theirs, ours)
        return Judgement(f"{APPLICATION} {name}", outcome, tuple(map(_one_line, why)), len(ours.objects))

    def set(self, name: str) -> Judgement:
        """The Applications themselves are judged one by one; here it is what is said of them all."""
        theirs, ours = self.theirs.sets.get(name), self.ours.sets.get(name)
        refusal = self.scene.refusals.get(name)
        outcome: Outcome
        why: tuple[str, ...]
        if theirs is None or ours is None:
            outcome, why = Outcome.DIFFERENT, (f"only {THEM if ours is None else 'we'} found it",)
        elif refusal is not None:
            outcome, why = _refused(theirs, ours, refusal)
        elif theirs:
            outcome, why = self._unexpectedly_refused(theirs, ours)
        elif ours:
            outcome, why = Outcome.INCOMPLETE, (f"ours: {ours}",)
        else:
            outcome, why = Outcome.SAME, ()
        return Judgement(f"{SET} {name}", outcome, tuple(map(_one_line, why)))

    def _of_one_side(self, name: str) -> _Said:
        is_theirs, is_ours = name in self.theirs.applications, name in self.ours.applications
        if not is_theirs and not is_ours:
            return Outcome.DIFFERENT, ("neither has it, and the scene does",)
        if is_theirs:
            made_by = self.theirs.applications[name].made_by
            if self.ours.sets.get(made_by):
                return Outcome.INCOMPLETE, (f"ours: {made_by}: {self.ours.sets[made_by]}",)
            return Outcome.DIFFERENT, (f"{THEM} has it, we did not find it",)
        said = self.theirs.sets.get(self.ours.applications[name].made_by)
        return Outcome.DIFFERENT, (f"we found it, {THEM} has no such thing{f': {said}' if said else ''}",)

    def _unexpectedly_refused(self, theirs: str, ours: str) -> _Said:
        """Chance came upon something that Argo CD does not take: so must we not. A feature alone has to work."""
        outcome = Outcome.REFUSED if ours and len(self.scene.features) > 1 else Outcome.DIFFERENT
        return outcome, (f"{THEM}: {theirs}", f"ours: {ours}" if ours else "we render it")


def _refused(theirs: str, ours: str, expected: Refusal) -> _Said:
    if expected.theirs not in theirs:
        return Outcome.DIFFERENT, (f"{THEM} was to refuse it, and says: {theirs or 'nothing'}",)
    if not ours:
        return Outcome.DIFFERENT, (f"{THEM} refuses it, we render it ({theirs})",)
    if expected.ours not in ours:
        return Outcome.DIFFERENT, (f"we refused for another reason: {ours}",)
    return Outcome.SAME, ()


def _applied(theirs: Application, ours: Application) -> _Said:
    why = [*_declared(theirs, ours), *_objects(theirs.objects, ours)]
    if why:
        return Outcome.DIFFERENT, tuple(why)
    return (Outcome.OPEN, ours.open) if ours.open else (Outcome.SAME, ())


def _declared(theirs: Application, ours: Application) -> Iterator[str]:
    """What the Application itself says, where an ApplicationSet wrote it."""
    if theirs.made_by != ours.made_by:
        yield f"{THEM} has it from {theirs.made_by or 'a file'}, we from {ours.made_by or 'a file'}"
    elif theirs.made_by:
        yield from differences(_said(theirs.manifest), _said(ours.manifest), them=THEM)


def _said(manifest: Manifest) -> dict[str, Any]:
    metadata = manifest["metadata"]
    kept = {key: metadata[key] for key in ("labels", "annotations") if metadata.get(key)}
    # The application controller adds one where a hook runs after deletion.
    finalizers = [each for each in metadata.get("finalizers") or () if not each.startswith(_FOR_HOOKS)]
    return {**kept, "finalizers": finalizers, "spec": _without_empty(manifest["spec"])}


def _without_empty(value: Any) -> Any:
    """The controller drops empty blocks of what it keeps, and Go does what it takes for nothing."""
    if not isinstance(value, Mapping):
        return value
    inner = {key: _without_empty(one) for key, one in value.items()}
    return {key: one for key, one in inner.items() if one not in ({}, None, "")}


def _objects(theirs: Mapping[ObjectId, Manifest], ours: Application) -> Iterator[str]:
    yield from (f"only we render {identity}" for identity in sorted(ours.objects.keys() - theirs.keys()))
    yield from (f"only {THEM} renders {identity}" for identity in sorted(theirs.keys() - ours.objects.keys()))
    for identity in sorted(theirs.keys() & ours.objects.keys()):
        mine = ours.objects[identity]
        if ours.open:
            mine = _filled(mine, theirs[identity])
        for change in differences(theirs[identity], mine, them=THEM):
            yield f"{identity}: {change}"


def _filled(ours: Any, theirs: Any) -> Any:
    """With what is there in place of each variable of the environment that we leave open."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        return {key: _filled(one, theirs.get(key)) for key, one in ours.items()}
    if isinstance(ours, str) and isinstance(theirs, str) and _OPEN.search(ours):
        wanted = "[^ ]+".join(map(re.escape, _OPEN.split(ours)))
        return theirs if re.fullmatch(wanted, theirs) else ours
    return ours


def _one_line(text: str) -> str:
    return " ".join(text.split())
