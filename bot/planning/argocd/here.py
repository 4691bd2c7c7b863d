"""Which URL of the manifests is the repository at hand, where no clone says so: a fork's remotes are not upstream's."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.discover.fields import mapping, text
from bot.discover.objects import DeclaredObject
from bot.discover.repository import RepositoryIdentity, normal_url
from bot.model.objects import Manifest
from bot.model.rendering import Diagnostic, Severity
from bot.model.tree import EntryKind, TreeReader
from bot.planning.expansion import Finding

_MAX_DEPTH = 12


def taken_for_this(
    finding: Finding, declaring: Sequence[DeclaredObject], tree: TreeReader
) -> tuple[Finding, list[Diagnostic]]:
    """The finding, with the URL that most sources name whose paths are in the tree, unless one is known already."""
    named = [place for found in declaring for place in _places(found.manifest.get("spec"), 0)]
    if not named or any(normal_url(url) in finding.repository.urls for url, _ in named):
        return finding, []
    there = Counter(normal_url(url) for url, path in named if _is_directory(tree, path))
    if not there:
        return finding, []
    (url, _), *_ = sorted(there.items(), key=lambda item: (-item[1], item[0]))
    message = f"no source names a remote of this repository: {url} is taken for it, because what most sources read there is here"
    known = RepositoryIdentity(finding.repository.urls | {url})
    return replace(finding, repository=known), [Diagnostic(Severity.NOTICE, message)]


def _places(value: object, depth: int) -> Iterator[tuple[str, str]]:
    """Every `repoURL` with the path beside it, wherever it stands: sources, templates and generators."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, dict):
        url = text(value, "repoURL")
        if url and "{{" not in url and not text(value, "chart"):
            yield url, _literal(value)
        for content in value.values():
            yield from _places(content, depth + 1)
    elif isinstance(value, list):
        for content in value:
            yield from _places(content, depth + 1)


def _literal(source: Manifest) -> str:
    """The part of its path that no template and no pattern makes."""
    listed = [entries for name in ("directories", "files") if isinstance(entries := source.get(name), list)]
    looked_for = [mapping(each) for entries in listed for each in entries]
    path = text(source, "path") or next((text(each, "path") for each in looked_for), "")
    parts: list[str] = []
    for part in path.split("/"):
        if any(mark in part for mark in "*?[{"):
            break
        if part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _is_directory(tree: TreeReader, path: str) -> bool:
    entry = tree.entry(path) if path else None
    return entry is not None and entry.kind is EntryKind.TREE
