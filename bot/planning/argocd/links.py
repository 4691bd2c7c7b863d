"""Links that lead out of the repository: where there is one, Argo CD renders nothing of the whole repository."""

import posixpath
from collections.abc import Iterator
from itertools import islice

from bot.git.tree import Tree
from bot.model.rendering import Diagnostic, Severity
from bot.model.tree import UnreadableFile

_LINK = "120000"
_SHOWN = 3


def remarks_on_links(tree: Tree) -> list[Diagnostic]:
    """One for each of the first few."""
    return list(islice(_remarks(tree), _SHOWN))


def _remarks(tree: Tree) -> Iterator[Diagnostic]:
    links = sorted(path for path, row in tree.rows if row.startswith(_LINK))
    tree.prefetch(links)
    for path in links:
        if _leads_out(tree, path):
            message = (
                "is a link that leads out of the repository: Argo CD renders no Application of a repository that has one, "
                "unless `reposerver.allow.oob.symlinks` in argocd-cmd-params-cm lets it"
            )
            yield Diagnostic(Severity.WARNING, message, path)


def _leads_out(tree: Tree, path: str) -> bool:
    try:
        leads_to = tree.read_link(path)
    except UnreadableFile:
        return False
    there = posixpath.normpath(posixpath.join(posixpath.dirname(path), leads_to))
    return leads_to.startswith("/") or there == ".." or there.startswith("../")
