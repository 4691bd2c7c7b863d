"""Where Flux starts: what a bootstrap left behind, else what no other Kustomization reads."""

from collections.abc import Awaitable, Callable, Iterable, Iterator

from bot.discover.flux import kustomization_target
from bot.discover.objects import DeclaredObject, Malformed, cluster_label, cluster_of
from bot.git.tree import Tree
from bot.model.rendering import Diagnostic, Severity
from bot.model.tree import EntryKind
from bot.planning.controller import Start
from bot.planning.flux.sources import ClusterSources


async def starts(
    candidates: list[DeclaredObject], reads: Callable[[DeclaredObject], Awaitable[frozenset[str]]]
) -> tuple[list[Start], list[Diagnostic]]:
    """The Kustomizations to begin with; `reads` tells the files that one reads."""
    bootstraps = [found for found in candidates if _is_bootstrap(found)]
    if bootstraps:
        return [(found, _cluster_of(found)) for found in bootstraps], []
    files = {index: await reads(found) for index, found in enumerate(candidates)}
    unread = [
        found
        for index, found in enumerate(candidates)
        if not any(found.file in others for other, others in files.items() if other != index)
        or found.file in files[index]
    ]
    in_use, left_out = _in_use(unread)
    return [(found, cluster_of(found.file)) for found in in_use], left_out


def taken_for_this(pending: Iterable[Start], sources: ClusterSources, tree: Tree) -> Iterator[Diagnostic]:
    """What a search begins with lies in this repository, unless a file declares its source.

    Whoever set the cluster up made that one, under a name of his own. And a bootstrap that lies in the path that it
    reads was put there by itself: the clone's remotes are a fork's or a mirror's.
    """
    for found, cluster in pending:
        try:
            target = kustomization_target(found, sources.of(cluster), cluster)
        except Malformed:
            continue
        entry = tree.entry(target.path)
        source = target.flux.source if target.flux else None
        if source and target.source and _is_bootstrap(found) and _reads_itself(found, target.path):
            sources.take_declared_for_this(source, cluster)
            message = (
                f"{source} reads {target.source.url}, which is no remote of this repository: it is taken for this one, "
                "because the bootstrap lies in the path that it reads"
            )
            yield Diagnostic(Severity.NOTICE, message, found.file, found.line)
            continue
        if entry is not None and entry.kind is EntryKind.TREE and sources.take_for_this(source, cluster):
            message = f"{source} is declared in no file: it is taken for this repository"
            yield Diagnostic(Severity.NOTICE, message, found.file, found.line)


def _in_use(unread: list[DeclaredObject]) -> tuple[list[DeclaredObject], list[Diagnostic]]:
    """One without a namespace waits for a kustomization to give it one: where nothing reads it, nobody applies it."""
    placed = [found for found in unread if (found.manifest.get("metadata") or {}).get("namespace")]
    if not placed:
        return unread, []
    message = "names no namespace and nothing refers to it: taken as not in use"
    return placed, [
        Diagnostic(Severity.NOTICE, message, found.file, found.line)
        for found in unread
        if found not in placed
    ]


def _is_bootstrap(found: DeclaredObject) -> bool:
    """`flux bootstrap` writes one Kustomization called flux-system into a directory of that name."""
    directory = (found.file or "").rpartition("/")[0].rpartition("/")[2]
    return directory == "flux-system" and (found.manifest.get("metadata") or {}).get("name") == "flux-system"


def _reads_itself(found: DeclaredObject, path: str) -> bool:
    return not path or (found.file or "").startswith(f"{path}/")


def _cluster_of(bootstrap: DeclaredObject) -> str:
    path = (bootstrap.manifest.get("spec") or {}).get("path")
    spelled = path.strip("./") if isinstance(path, str) else ""
    return cluster_label(spelled) or spelled.rpartition("/")[2]
