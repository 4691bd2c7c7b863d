"""What an ArtifactGenerator makes, judged by a plain reading of its documentation over files by their whole paths.

The judge knows no trees and nothing of what is laid over what: it goes through every file for every copy, as `cp` would.
Where the documentation and source-watcher differ it follows the program: `@repo/apps/*.yaml` keeps `apps/` in front.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model.target import Copy, CopyStrategy
from bot.render.artifact import ArtifactTree
from bot.render.composed import Holding, Source
from bot.render.copies import compose
from bot.render.errors import Unrenderable
from tests.render.test_copies import composition, contents
from tests.render.trees import MemoryTree

Files = dict[str, str]


@dataclass
class Made:
    """What has been laid down. A directory is there also where nothing in it was copied."""

    files: Files = field(default_factory=dict)
    directories: set[str] = field(default_factory=set)

    def make_directory(self, path: str) -> None:
        for each in (*_above(path), path):
            if each in self.files:
                raise Refused
            self.directories.add(each)

    def write(self, path: str, content: str, *, merges: bool) -> None:
        if path in self.directories:
            raise Refused
        if "/" in path:
            self.make_directory(posixpath.dirname(path))
        if merges and path in self.files:
            content = yaml.safe_dump(_over(yaml.safe_load(self.files[path]), yaml.safe_load(content)))
        self.files[path] = content


class Refused(Exception):
    """The generator would stop."""


def judged(copies: Sequence[Copy], sources: Mapping[str, Files]) -> Files:
    made = Made()
    for copy in copies:
        files = sources[copy.alias]
        for source, to in list(_selected(copy, files, made)):
            if source in files:
                made.write(to, files[source], merges=copy.strategy is CopyStrategy.MERGE)
            elif to != ".":
                made.make_directory(to)
    return made.files


def _selected(copy: Copy, files: Files, made: Made) -> Iterator[tuple[str, str]]:
    """Each file and directory that is copied, and where to."""
    if re.search(r"[*?\[\]]", copy.pattern):
        yield from _by_pattern(copy, files)
        return
    path = posixpath.normpath(copy.pattern)
    name, into = posixpath.basename(path), posixpath.join(copy.to, posixpath.basename(path))
    if path in files:
        at = posixpath.normpath(copy.to)
        is_directory = at == "." or copy.to.endswith("/") or at in made.directories
        if not _is_excluded(path, "", copy.exclude):
            yield path, posixpath.normpath(into if is_directory else copy.to)
    elif path == "." or _is_directory(path, files):
        start = "" if path == "." else f"{path}/"
        target = posixpath.join(copy.to, "" if path == "." else name)
        yield from _whole(start, target, "" if path == "." else path, copy.exclude, files)
    else:
        raise Refused


def _by_pattern(copy: Copy, files: Files) -> Iterator[tuple[str, str]]:
    names = [_name_pattern(name) for name in copy.pattern.split("/")]
    matching = sorted(
        path
        for path in _everything(files)
        if len(path.split("/")) == len(names)
        and all(name.fullmatch(part) for name, part in zip(names, path.split("/"), strict=True))
    )
    fixed = copy.pattern.split("/")
    wild = next(at for at, name in enumerate(fixed) if re.search(r"[*?\[\]]", name))
    base = "/".join(fixed[:wild])
    kept = [path for path in matching if not _is_excluded(path, base, copy.exclude)]
    if not kept:
        raise Refused
    prefix = copy.pattern[: -len("**")] if copy.pattern.endswith("/**") else ""
    for path in kept:
        to = posixpath.normpath(posixpath.join(copy.to, path.removeprefix(prefix)))
        if path in files:
            yield path, to
        else:
            yield from _whole(f"{path}/", to, base, copy.exclude, files)


def _whole(start: str, to: str, base: str, exclude: Sequence[str], files: Files) -> Iterator[tuple[str, str]]:
    """A directory with all that is in it, but for what is excluded or lies in a directory that is."""
    yield start.removesuffix("/"), posixpath.normpath(to)
    for path in sorted(_everything(files)):
        if path.startswith(start):
            inside = [above for above in (*_above(path), path) if above.startswith(start)]
            if not any(_is_excluded(each, base, exclude) for each in inside):
                yield path, posixpath.normpath(posixpath.join(to, path.removeprefix(start)))


def _everything(files: Files) -> set[str]:
    return set(files) | {above for path in files for above in _above(path)}


def _is_excluded(path: str, base: str, patterns: Sequence[str]) -> bool:
    below = path.removeprefix(f"{base}/") if base else path
    for pattern in patterns:
        wanted = _path_pattern(pattern)
        if wanted.fullmatch(path) or wanted.fullmatch(below):
            return True
        if "/" not in pattern and wanted.fullmatch(posixpath.basename(path)):
            return True
    return False


def _over(below: Any, above: Any) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return below | {key: _over(below.get(key), value) for key, value in above.items()}


def _is_directory(path: str, files: Files) -> bool:
    return any(each.startswith(f"{posixpath.normpath(path)}/") for each in files)


def _above(path: str) -> list[str]:
    names = path.split("/")
    return ["/".join(names[:count]) for count in range(1, len(names))]


def _name_pattern(pattern: str) -> re.Pattern[str]:
    """Of one name: `**` is no more than `*`."""
    return re.compile("".join({"*": "[^/]*", "?": "[^/]"}.get(c, re.escape(c)) for c in pattern))


def _path_pattern(pattern: str) -> re.Pattern[str]:
    """Of a path: `**` is any directories, none among them."""
    text = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"/\*\*", "(?:/.*)?")
    return re.compile(text.replace(r"\*", "[^/]*"))


NAMES = st.sampled_from(["a", "b", "c.yaml", "d.md", "docs"])
TEXTS = st.sampled_from(["{x: 1}", "{x: 2, k: {z: 1}}", "{k: {z: [1, 2], w: 3}}", "{k: 1}"])
DEEP = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
"""With names and file names alike, so that now one is in the way of the other."""
PATTERNS = st.sampled_from(
    [
        *("a", "a/", "a/b", "c.yaml", "a/c.yaml", "docs", ".", "gone"),
        *("**", "*", "a/**", "*/b", "a/*", "*.yaml", "a/*.yaml", "**/c.yaml", "a/**/c.yaml", "?", "*/*/*"),
    ]
)
TO = st.sampled_from(["", "a", "a/", "out", "out/", "out/c.yaml", "c.yaml", "a/b/"])
EXCLUDES = st.lists(
    st.sampled_from(["*.md", "docs", "**/docs/**", "b/**", "a/b", "a/**", "c.yaml", "*/d.md", "**/c.yaml"]),
    max_size=2,
)


@st.composite
def trees(draw: st.DrawFn) -> Files:
    files: Files = {}
    for path in draw(st.lists(DEEP, min_size=1, max_size=6, unique=True)):
        if not _is_directory(path, files) and not any(above in files for above in _above(path)):
            files[path] = draw(TEXTS)
    return files


@st.composite
def operations(draw: st.DrawFn) -> Copy:
    strategy = draw(st.sampled_from([CopyStrategy.OVERWRITE, CopyStrategy.OVERWRITE, CopyStrategy.MERGE]))
    alias = draw(st.sampled_from(["repo", "other"]))
    return Copy(alias, draw(PATTERNS), draw(TO), tuple(draw(EXCLUDES)), strategy)


@settings(deadline=None, max_examples=400)
@given(repo=trees(), other=trees(), copies=st.lists(operations(), min_size=1, max_size=3))
def test_what_is_composed_is_what_copying_by_hand_gives(
    repo: Files, other: Files, copies: list[Copy]
) -> None:
    sources: dict[str, Holding] = {
        "repo": Source(ArtifactTree(MemoryTree(repo), is_composed=True)),
        "other": Source(ArtifactTree(MemoryTree(other), is_composed=True)),
    }
    try:
        wanted = judged(copies, {"repo": repo, "other": other})
    except Refused:
        wanted = None
    try:
        tree = compose(composition(*copies), sources)
    except Unrenderable:
        assert wanted is None
    else:
        assert wanted is not None
        found = {path: yaml.safe_load(text) for path, text in contents(tree).items()}
        assert found == {path: yaml.safe_load(text) for path, text in wanted.items()}
