"""One repository, opened for reading: revisions, histories, merges and trees.

Refs are looked up in the repository itself; everything else runs in a scratch directory beside it, so that opening,
merging and reading change nothing in the repository and run no program its configuration names.
"""

import asyncio
import re
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

from bot.git.command import Git, require_version
from bot.git.environment import offline
from bot.git.errors import (
    EmptyRepository,
    GitFailed,
    GitTimeout,
    HistoryTooShallow,
    NoDefaultBranch,
    UnknownRevision,
    UnrelatedHistories,
)
from bot.git.history import LOG_FORMAT, Commit, parse_log
from bot.git.location import Location, locate
from bot.git.objects import ObjectReader, ReadLimits
from bot.git.scratch import borrowing
from bot.git.tree import Tree
from bot.model.repo import Sha, TreeId

FORGE_HEADS = "refs/forge/heads/"
FORGE_PULLS = "refs/forge/pull/"
"""Where a mirror keeps the forge's branches, and the heads of its pull requests by number."""

_PUBLIC = ("refs/heads/", "refs/remotes/", FORGE_HEADS, "refs/tags/")
_DEFAULT_BRANCHES = (
    *("refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master"),
    *("refs/heads/main", "refs/heads/master"),
)
_REF_NAME = re.compile(r"(?!.*(?:\.\.|@\{))[^\s~^:?*\[\\]{1,250}")
_WHOLE_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
"""To git always the object itself, whatever branches and tags are called."""
_TREES_KEPT = 4


@dataclass(frozen=True, slots=True)
class MergeResult:
    """`tree` is None when the two do not merge; `conflicts` then names the files, sorted."""

    tree: TreeId | None
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch by the name people use (`main`), the ref behind it, and its commit."""

    name: str
    ref: str
    sha: Sha


class Repository:
    """Made by `Repository.open`; usable until that context ends, from one event loop.

    `Tree`s it hands out may be read from any thread, also until that context ends.
    """

    def __init__(self, location: Location, git_dir: Path, objects: ObjectReader) -> None:
        self.location = location
        self.scratch_dir = git_dir
        self._refs = Git(location.git_dir, offline())
        self._git = Git(git_dir, offline())
        self._objects = objects
        self._trees: OrderedDict[TreeId, Tree] = OrderedDict()

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path, limits: ReadLimits = ReadLimits()) -> "AsyncIterator[Repository]":  # noqa: B008 - frozen
        """Open the repository at or above `path`: a bare one, a work tree, a linked work tree, a subdirectory.

        Raises `NotARepository`, `GitTooOld`.
        """
        _, location = await asyncio.gather(require_version(), locate(path))
        with (
            borrowing(
                location.objects, object_format=location.object_format, shallow=location.shallow
            ) as git_dir,
            closing(ObjectReader(git_dir, limits)) as objects,
        ):
            yield cls(location, git_dir, objects)

    async def resolve(self, revision: str) -> Sha:
        """The commit that a branch, tag, sha or any git revision names. In a mirror, the forge's branches too.

        Raises `EmptyRepository`, `UnknownRevision`.
        """
        if commit := await self._peeled(Sha(revision), "commit"):
            return Sha(commit)
        if revision and not revision.startswith("-") and revision.isprintable():
            for name in (revision, f"forge/heads/{revision}"):
                found = await self._ref(name)
                if _WHOLE_SHA.fullmatch(found):
                    return Sha(found)
        if not await self._refs.ask("rev-list", "--all", "--max-count=1"):
            raise EmptyRepository("the repository has no commit yet", hint="make the first commit")
        fetch = "git fetch --unshallow" if self.location.shallow else "git fetch"
        raise UnknownRevision(
            f"no commit is called {revision!r} here",
            hint=f"fetch it first (`{fetch}`), or check the spelling with `git rev-parse`",
        )

    async def _ref(self, name: str) -> str:
        """What git makes of it: nothing, a commit, or two of them for a range."""
        try:
            return await self._refs.ask("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        except GitTimeout:
            raise
        except GitFailed as error:
            if error.stderr:
                raise
            return ""  # without a word: it lies beyond the reflog

    async def branch(self, name: str) -> Branch:
        """The branch of exactly this name: the forge's in a mirror, else the local, else `origin`'s one.

        `resolve` would prefer a tag of the same name. Raises `UnknownRevision`.
        """
        if _REF_NAME.fullmatch(name):
            for prefix in (FORGE_HEADS, "refs/heads/", "refs/remotes/origin/"):
                sha = await self._refs.ask("rev-parse", "--verify", "--quiet", f"{prefix}{name}^{{commit}}")
                if sha:
                    return Branch(name, prefix + name, Sha(sha))
        raise UnknownRevision(f"there is no branch {name!r}", hint="was it deleted or renamed?")

    async def pull_head(self, number: int) -> Sha:
        """The head of a pull request as the mirror last fetched it. Raises `UnknownRevision`."""
        sha = await self._refs.ask("rev-parse", "--verify", "--quiet", f"{FORGE_PULLS}{number}^{{commit}}")
        if not sha:
            raise UnknownRevision(f"the head of pull request {number} has not been fetched")
        return Sha(sha)

    async def is_reachable(self, sha: Sha) -> bool:
        """Whether a branch or tag contains the commit. A pull request's head does not count.

        Forks share a forge's object store, so a sha alone says nothing about where a commit came from.
        """
        if not await self.contains(sha):
            return False
        return bool(await self._refs.run("for-each-ref", "--count=1", f"--contains={sha}", *_PUBLIC))

    async def contains(self, sha: Sha) -> bool:
        """Whether the commit itself is here."""
        return bool(await self._peeled(sha, "commit"))

    async def default_branch(self) -> Branch:
        """`origin/HEAD`, else `main` or `master` (the remote's before the local), else what `HEAD` is at.

        Raises `EmptyRepository`, `NoDefaultBranch`.
        """
        output = await self._refs.run(
            "for-each-ref", "--format=%(refname)%00%(objectname)", *_DEFAULT_BRANCHES
        )
        found = dict(line.split("\0") for line in output.decode("utf-8", "surrogateescape").splitlines())
        for ref in _DEFAULT_BRANCHES:
            if ref in found:
                return Branch(await self._short_name(ref), ref, Sha(found[ref]))
        try:
            sha = await self.resolve("HEAD")
        except UnknownRevision as error:
            raise NoDefaultBranch(
                "no default branch: there is no origin/HEAD, main or master, and HEAD is at no commit",
                hint="name the base yourself, or run `git remote set-head origin --auto`",
            ) from error
        return Branch(await self._short_name("HEAD"), "HEAD", sha)

    async def _short_name(self, ref: str) -> str:
        target = await self._refs.ask("symbolic-ref", "--quiet", ref)
        return re.sub("^refs/(heads|remotes/origin)/", "", target or ref)

    async def remote_urls(self) -> tuple[str, ...]:
        """Where the repository was cloned from and is pushed to, as its configuration spells it."""
        lines = (await self._refs.ask("config", "--get-regexp", r"^remote\..*\.(push)?url$")).splitlines()
        return tuple(dict.fromkeys(line.partition(" ")[2] for line in lines))

    async def merge_base(self, one: Sha, other: Sha) -> Sha | None:
        """The best common ancestor, None for unrelated histories. Raises `HistoryTooShallow`."""
        answer = await self._git.ask("merge-base", one, other)
        if not answer and self.location.shallow:
            raise _too_shallow(f"the common ancestor of {one[:12]} and {other[:12]}")
        return Sha(answer) if answer else None

    async def is_ancestor(self, ancestor: Sha, descendant: Sha) -> bool:
        """Raises `HistoryTooShallow` where a no could be the clone's fault."""
        code, _ = await self._git.attempt("merge-base", "--is-ancestor", ancestor, descendant, accept=(0, 1))
        if code and self.location.shallow:
            raise _too_shallow(f"whether {ancestor[:12]} is an ancestor of {descendant[:12]}")
        return code == 0

    async def tree_of(self, revision: Sha) -> TreeId:
        """The tree of a commit. Raises `UnknownRevision`."""
        answer = await self._peeled(revision, "tree")
        if not answer:
            raise UnknownRevision(f"commit {revision} is not here", hint="fetch it first")
        return TreeId(answer)

    async def _peeled(self, sha: Sha, kind: str) -> str:
        """What the object itself leads to, without a process of its own for the question. Empty for all but whole ids."""
        if not _WHOLE_SHA.fullmatch(sha):
            return ""
        return await asyncio.to_thread(self._objects.peeled, sha, kind)

    async def merge_tree(self, base: Sha, head: Sha) -> MergeResult:
        """What merging `head` into `base` would give, without touching either.

        Raises `UnrelatedHistories`, `HistoryTooShallow`.
        """
        if await self.merge_base(base, head) is None:
            raise UnrelatedHistories(f"{base[:12]} and {head[:12]} have no common ancestor")
        code, output = await self._git.attempt(
            "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", base, head, accept=(0, 1)
        )
        tree, *conflicts = output.decode("utf-8", "surrogateescape").rstrip("\0").split("\0")
        return MergeResult(None, tuple(sorted(set(conflicts)))) if code else MergeResult(TreeId(tree))

    async def changed_paths(self, one: TreeId, other: TreeId) -> frozenset[str]:
        """Files that differ between two trees; a rename is two of them."""
        if one == other:
            return frozenset()
        if one in self._trees and other in self._trees:
            return await asyncio.to_thread(self._trees[one].differs_from, self._trees[other])
        return _paths(await self._git.run("diff-tree", "-r", "-z", "--no-renames", "--name-only", one, other))

    async def first_parents(self, tip: Sha, limit: int) -> tuple[Commit, ...]:
        """`tip` and its first parents, newest first, at most `limit`: a branch as its merges made it."""
        what = (f"--max-count={limit}", "--first-parent", tip, "--")
        return parse_log(await self._git.run("log", "-z", "--encoding=UTF-8", LOG_FORMAT, *what))

    async def tree(self, tree: TreeId) -> Tree:
        """List a tree. The last few are kept: asking again costs nothing. Raises `MissingObject`, `MalformedTree`."""
        if tree in self._trees:
            self._trees.move_to_end(tree)
            return self._trees[tree]
        listing = await self._git.run("ls-tree", "-r", "-t", "-z", "--full-tree", tree)
        self._trees[tree] = made = Tree(tree, listing, self._objects)
        while len(self._trees) > _TREES_KEPT:
            self._trees.popitem(last=False)
        return made

    async def grep(
        self, tree: TreeId, needles: Sequence[str], pathspecs: Sequence[str] = ()
    ) -> frozenset[str]:
        """Files of the tree that hold any of the needles, byte for byte. `pathspecs` are git's (`*.yaml`)."""
        if not needles:
            raise ValueError("grep needs something to look for")
        patterns = [argument for needle in needles for argument in ("-e", needle)]
        code, output = await self._git.attempt(
            *(
                "grep",
                "--no-textconv",
                "--text",
                "--files-with-matches",
                "-z",
                "--full-name",
                "--fixed-strings",
            ),
            *(*patterns, tree, "--", *pathspecs),
            accept=(0, 1),
        )
        if code:
            return frozenset()
        return frozenset(path.partition(":")[2] for path in _paths(output))


def _paths(output: bytes) -> frozenset[str]:
    return frozenset(output.decode("utf-8", "surrogateescape").split("\0")[:-1])


def _too_shallow(what: str) -> HistoryTooShallow:
    return HistoryTooShallow(
        f"this clone is too shallow to tell {what}",
        hint="run `git fetch --unshallow`, or check out with the whole history (fetch-depth: 0)",
    )
