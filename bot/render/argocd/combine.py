"""One rendering of an Application's several sources: their objects in order, of equal ones the last."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from bot.model.objects import Digest, Object, ObjectId
from bot.model.rendering import Diagnostic, Hole, MaskedRendering, Material, Rendering, Severity
from bot.render.argocd.objects import Settled, settled


def combined(parts: Sequence[Rendering]) -> Rendering:
    """Failed where any part is: an Application syncs with all of its sources, or not at all."""
    secrets = frozenset[str]().union(*(part.secrets for part in parts))
    broken = [part for part in parts if part.failed]
    if broken:
        lasting = all(part.is_lasting for part in broken)
        return Rendering((), _remarks(parts), secrets=secrets, is_lasting=lasting)
    joined = _joined([part.objects for part in parts])
    holes = [part.holes for part in parts]
    return Rendering(
        joined.objects,
        (*_remarks(parts), *_repeated(joined)),
        _holes([part.objects for part in parts], holes, joined),
        _materials(parts),
        secrets,
    )


def combined_masked(
    parts: Sequence[MaskedRendering], digest: Callable[[tuple[Object, ...]], Digest]
) -> MaskedRendering:
    """The same of masked parts. `digest` is that of masked objects, which knows the key they were masked with."""
    broken = [part for part in parts if part.failed]
    if broken:
        lasting = all(part.is_lasting for part in broken)
        return MaskedRendering((), digest(()), _remarks(parts), is_lasting=lasting)
    joined = _joined([part.objects for part in parts])
    holes = [part.holes for part in parts]
    return MaskedRendering(
        joined.objects,
        digest(joined.objects),
        (*_remarks(parts), *_repeated(joined)),
        _holes([part.objects for part in parts], holes, joined),
        _materials(parts),
    )


def _joined(parts: Iterable[Sequence[Object]]) -> Settled:
    """A CRD of one source says what scope the objects of another have. Namespaces were given part by part."""
    return settled([found.manifest for part in parts for found in part], "")


def _repeated(joined: Settled) -> Iterable[Diagnostic]:
    return (Diagnostic(Severity.WARNING, f"in its sources together, {told}") for told in joined.repeated)


def _remarks(parts: Sequence[Rendering] | Sequence[MaskedRendering]) -> tuple[Diagnostic, ...]:
    return tuple(dict.fromkeys(remark for part in parts for remark in part.diagnostics))


def _holes(
    objects: Sequence[Sequence[Object]], holes: Sequence[Sequence[Hole]], joined: Settled
) -> tuple[Hole, ...]:
    """Those of objects that a later source declares once more are not there any more."""
    last = {_now(found.id, joined): number for number, part in enumerate(objects) for found in part}
    moved = (
        (number, replace(hole, object=_now(hole.object, joined)))
        for number, part in enumerate(holes)
        for hole in part
    )
    return tuple(hole for number, hole in moved if last.get(hole.object, number) == number)


def _now(one: ObjectId, joined: Settled) -> ObjectId:
    return joined.renamed.get(one, one)


def _materials(parts: Sequence[Rendering] | Sequence[MaskedRendering]) -> tuple[Material, ...]:
    return tuple(sorted({material for part in parts for material in part.materials}))
