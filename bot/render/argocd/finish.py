"""What becomes of a build before Argo CD applies it: namespaces, what is there twice, and what only the cluster knows."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.model.rendering import Diagnostic, Hole, Rendering, Severity
from bot.model.target import Target
from bot.render.argocd.objects import said, settled
from bot.render.helm.unknown import with_holes
from bot.render.helm.values import Placeholder


def as_argocd_applies(built: Rendering, target: Target, placeholders: tuple[Placeholder, ...]) -> Rendering:
    """Of a kustomization; what renders others does it by itself. `placeholders` may stand in it. Raises `Unrenderable`."""
    done = settled([found.manifest for found in built.objects], target.namespace)
    objects, unknown = with_holes(done.objects, placeholders)
    holes = [replace(hole, object=done.renamed.get(hole.object, hole.object)) for hole in built.holes]
    remarks = (*built.diagnostics, *said(done, target), *_not_known(unknown, target))
    return replace(built, objects=objects, diagnostics=remarks, holes=(*holes, *unknown))


def _not_known(holes: Iterable[Hole], target: Target) -> Iterator[Diagnostic]:
    counted = Counter((hole.name, hole.reason) for hole in holes)
    for (name, reason), number in sorted(counted.items()):
        fields = "1 field holds" if number == 1 else f"{number} fields hold"
        message = f"{fields} ${{{name}}}, which is not known here: {reason}"
        yield Diagnostic(Severity.NOTICE, message, target.origin.file, target.origin.line)
