"""Documents to objects: every one with an identity, and no identity twice."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.model.manifests import Document, ManifestError, documents, flatten
from bot.model.objects import Object, ObjectId
from bot.model.rendering import Diagnostic, Rendering, Severity

MAX_DIAGNOSTICS = 30


@dataclass(frozen=True, slots=True)
class Source:
    """Manifests and the file that holds them. `file` is None for a renderer's output, where lines mean nothing."""

    data: bytes
    file: str | None


def rendering(sources: Iterable[Source]) -> Rendering:
    """All objects in their order, or none and every reason why not."""
    objects: dict[ObjectId, Object] = {}
    first_in: dict[ObjectId, Source] = {}
    problems: list[Diagnostic] = []
    for source in sources:
        for document in _documents(source, problems):
            line = document.line if source.file else None
            try:
                found = Object.of(document.value)
            except ValueError as error:
                problems.append(
                    Diagnostic(Severity.ERROR, f"not a Kubernetes object: {error}", source.file, line)
                )
                continue
            if found.id in objects:
                problems.append(_twice(found.id, first_in[found.id], source, line))
                continue
            first_in[found.id] = source
            objects[found.id] = found
    if problems:
        return Rendering((), tuple(problems[:MAX_DIAGNOSTICS]), is_lasting=True)
    return Rendering(tuple(objects.values()))


def _documents(source: Source, problems: list[Diagnostic]) -> list[Document]:
    name = source.file or "the rendered output"
    try:
        return flatten(documents(source.data, file=name), file=name)
    except ManifestError as error:
        shown = error.problem if source.file else f"{name}: {error.problem}"
        line = error.line if source.file else None
        problems.append(Diagnostic(Severity.ERROR, shown, source.file, line))
        return []


def _twice(found: ObjectId, first: Source, second: Source, line: int | None) -> Diagnostic:
    place = f"; the other one is in {first.file}" if first.file and first.file != second.file else ""
    return Diagnostic(Severity.ERROR, f"{found} is declared twice{place}", second.file, line)
