"""What becomes of a build before Argo CD applies it: namespaces, what is there twice, and what only the cluster knows."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bot.model.objects import Manifest
from bot.model.rendering import Diagnostic, Hole, Rendering, Severity
from bot.model.target import Target
from bot.render.argocd.objects import said, settled
from bot.render.errors import Unrenderable
from bot.render.helm.unknown import with_holes
from bot.render.helm.values import Placeholder


def applied(
    manifests: Sequence[Manifest], target: Target, placeholders: tuple[Placeholder, ...]
) -> Rendering:
    """The same of what a program of the operator's made. Raises `Unrenderable` for what is no object."""
    done = settled(manifests, target.namespace)
    try:
        objects, unknown = with_holes(done.objects, placeholders)
    except ValueError:
        raise Unrenderable(
            "an object whose name is generated, with a value in it that nobody knows yet"
        ) from None
    return Rendering(objects, (*said(done, target), *_not_known(unknown, target)), unknown)


def as_argocd_applies(built: Rendering, target: Target, placeholders: tuple[Placeholder, ...]) -> Rendering:
    """Of a kustomization; what renders others does it by itself. `placeholders` may stand in it. Raises `Unrenderable`."""
    done = settled([found.manifest for found in built.objects], target.namespace)
    objects, unknown = with_holes(done.objects, placeholders)
    kept = {found.id for found in done.objects}
    moved = [replace(hole, object=done.renamed.get(hole.object, hole.object)) for hole in built.holes]
    holes = [hole for hole in moved if hole.object in kept]
    remarks = (*built.diagnostics, *said(done, target), *_not_known(unknown, target))
    return replace(built, objects=objects, diagnostics=remarks, holes=(*holes, *unknown))


def _not_known(holes: Iterable[Hole], target: Target) -> Iterator[Diagnostic]:
    counted = Counter((hole.name, hole.reason) for hole in holes)
    for (name, reason), number in sorted(counted.items()):
        fields = "1 field holds" if number == 1 else f"{number} fields hold"
        message = f"{fields} ${{{name}}}, which is not known here: {reason}"
        yield Diagnostic(Severity.NOTICE, message, target.origin.file, target.origin.line)
