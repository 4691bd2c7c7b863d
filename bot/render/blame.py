"""Which file of a failed build is no YAML: the place where a person has to look, which kustomize tells only in passing."""

import re
from collections.abc import Iterable, Iterator

from bot.model.manifests import ManifestError, documents
from bot.model.rendering import Diagnostic, Severity, Trace, TraceKind
from bot.model.tree import TreeReader, UnreadableFile

_SUFFIXES = (".yaml", ".yml", ".json")
_MOST = 5
_MOST_READ = 500
"""Files of one build that are read again to tell which is broken."""


def unparsed(tree: TreeReader, trace: Trace, words: str) -> tuple[Diagnostic, ...]:
    """The files that do not parse and that kustomize's `words` name; where those name no file, all that do not.

    None for words of anybody else. What a generator puts into a ConfigMap may be anything, so that a file which kustomize
    does not name is not blamed as long as it names another.
    """
    if not words.startswith("kustomize"):
        return ()
    charts = tuple(f"{use.place}/" for use in trace.charts)
    files = [e.path for e in trace.entries if e.kind is TraceKind.FILE and not e.path.startswith(charts)]
    readable = [path for path in files if path.endswith(_SUFFIXES)][:_MOST_READ]
    named = [path for path in readable if re.search(rf"(?<![\w.-]){re.escape(_base(path))}(?![\w-])", words)]
    return tuple(_broken(tree, named or readable))[:_MOST]


def _broken(tree: TreeReader, paths: Iterable[str]) -> Iterator[Diagnostic]:
    for path in paths:
        try:
            documents(tree.read(path), file=path)
        except ManifestError as error:
            yield Diagnostic(Severity.ERROR, f"is no YAML: {error.problem}", path, error.line)
        except UnreadableFile:
            continue  # of another repository, or told elsewhere


def _base(path: str) -> str:
    return path.rpartition("/")[2]
