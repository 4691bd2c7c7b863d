"""A bare repository on disk, driven by git's plumbing.

The invariant: no work tree and no configuration of the machine or the user takes part.
"""

import asyncio
import os
import re
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.sandbox.forge.core.git_objects import (
    ABSENT,
    COMMIT_FORMAT,
    COUNTED,
    Commit,
    File,
    FileChange,
    Files,
    Identity,
    Patch,
    parsed_changes,
    parsed_commit,
    parsed_modes,
)

TIMEOUT_S = 1800
"""The loop of a forge stands still while tests with a loop of their own run, and this goes on. What hangs is ended by the
timeout of the test that waits for it."""

# Nothing of this can be in the name of a ref; git would take it for an expression.
NO_NAME = re.compile(r"^-|[\s~^:?*\[\\]|\.\.|@\{")

ENVIRONMENT: Mapping[str, str] = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": os.devnull,
    "LC_ALL": "C.UTF-8",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
}

# What GitHub lets a client fetch: partial clones, and any commit by its id.
SERVED = """
[http]
\treceivepack = true
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[receive]
\tdenyDeleteCurrent = false
\tdenyNonFastForwards = false
[gc]
\tauto = 0
"""


class GitError(Exception):
    """git answered with an error."""


class MergeConflictError(GitError):
    """Two histories change the same lines."""


@dataclass(frozen=True, slots=True)
class GitStore:
    path: Path

    @classmethod
    async def create(cls, path: Path, default_branch: str, read_only_refs: str) -> "GitStore":
        store = cls(_made(path))
        await store.run("init", "-q", "--bare", "--template=", f"--initial-branch={default_branch}", ".")
        _configure(path, read_only_refs)
        return store

    async def share_objects_of(self, other: "GitStore") -> None:
        alternates = self.path / "objects" / "info" / "alternates"
        alternates.parent.mkdir(exist_ok=True)
        alternates.write_text(f"{other.path.resolve() / 'objects'}\n")

    async def run(
        self, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None
    ) -> str:
        return (await self.run_bytes(*arguments, stdin=stdin, env=env)).decode("utf-8", "surrogateescape")

    async def run_bytes(
        self, *arguments: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None
    ) -> bytes:
        code, stdout, stderr = await self._execute(arguments, stdin, env)
        if code != 0:
            raise GitError(f"git {' '.join(arguments)}: {stderr.decode(errors='replace').strip()}")
        return stdout

    async def _execute(
        self, arguments: Sequence[str], stdin: bytes | None, env: Mapping[str, str] | None
    ) -> tuple[int, bytes, bytes]:
        process = await asyncio.create_subprocess_exec(
            "git",
            *arguments,
            cwd=self.path,
            env={**ENVIRONMENT, **(env or {})},
            stdin=asyncio.subprocess.PIPE if stdin is not None else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            stdout, stderr = await asyncio.wait_for(process.communicate(stdin), TIMEOUT_S)
        except BaseException:
            if process.returncode is None:
                process.kill()
                await process.wait()
            raise
        return process.returncode or 0, stdout, stderr

    # Reading

    async def refs(self, *patterns: str) -> dict[str, str]:
        listing = await self.run("for-each-ref", "--format=%(objectname) %(refname)", *patterns)
        return {ref: sha for sha, ref in (line.split(" ", 1) for line in listing.splitlines())}

    async def resolve(self, revision: str, kind: str = "commit") -> str | None:
        """The object id of a branch, tag, full ref or sha, looked up in GitHub's order."""
        if not revision or NO_NAME.search(revision):
            return None
        spellings = [revision] if re.fullmatch(r"[0-9a-f]{4,40}", revision) else []
        spellings += [f"refs/heads/{revision}", f"refs/tags/{revision}", f"refs/{revision}", revision]
        asked = "".join(f"{spelling}^{{{kind}}}\n" for spelling in spellings)
        answers = await self.run(
            "cat-file",
            "--batch-check=%(objectname) %(objecttype)",
            stdin=asked.encode("utf-8", "surrogateescape"),
        )
        found = (line.rpartition(" ") for line in answers.splitlines())
        return next((sha for sha, _, found_kind in found if found_kind == kind), None)

    async def commits(self, *revisions: str, limit: int | None = None, skip: int = 0) -> list[Commit]:
        bounds = [f"--skip={skip}", *([f"--max-count={limit}"] if limit is not None else [])]
        log = await self.run("log", f"--format={COMMIT_FORMAT}", *bounds, *revisions)
        return [parsed_commit(entry.lstrip("\n")) for entry in log.split("\0\x1e")[:-1]]

    async def commit(self, sha: str) -> Commit:
        return (await self.commits(sha, limit=1))[0]

    async def count(self, *revisions: str) -> int:
        return int(await self.run("rev-list", "--count", *revisions))

    async def merge_base(self, one: str, other: str) -> str | None:
        code, stdout, _ = await self._execute(("merge-base", one, other), None, None)
        return stdout.decode().strip() if code == 0 else None

    async def is_ancestor(self, older: str, newer: str) -> bool:
        code, _, _ = await self._execute(("merge-base", "--is-ancestor", older, newer), None, None)
        return code == 0

    async def changes(self, base: str, head: str) -> list[FileChange]:
        listing = await self.run("diff-tree", "-r", "-M", "-z", *COUNTED, base, head)
        return parsed_changes(listing)

    async def root(self, sha: str) -> list[FileChange]:
        """What a commit without parents changes: everything it holds."""
        listing = await self.run("diff-tree", "--root", "--no-commit-id", "-r", "-z", *COUNTED, sha)
        return parsed_changes(listing)

    async def patches(self, base: str, head: str) -> list[Patch]:
        """Each changed file with its hunks, as a review shows it."""
        modes = parsed_modes(
            await self.run("diff-tree", "-r", "-M", "-z", "--raw", "--abbrev=40", base, head)
        )
        found: list[Patch] = []
        for change in await self.changes(base, head):
            paths = [path for path in (change.previous_path, change.path) if path]
            text = await self.run("diff", "-M", "--no-color", base, head, "--", *paths)
            hunks = text[text.index("\n@@") + 1 :] if "\n@@" in text else ""
            found.append(Patch(change, hunks, *modes[change.path]))
        return found

    async def read(self, blob: str) -> bytes:
        return await self.run_bytes("cat-file", "blob", blob)

    async def entries(self, treeish: str, *paths: str, recursive: bool = False) -> list[tuple[str, ...]]:
        """(mode, type, sha, size, path) of each entry."""
        listing = await self.run("ls-tree", "-z", "-l", *(["-r", "-t"] if recursive else []), treeish, *paths)
        rows = (row.partition("\t") for row in listing.split("\0") if row)
        return [(*facts.split(), path) for facts, _, path in rows]

    # Writing

    async def set_ref(self, ref: str, sha: str | None, expected: str | None = None) -> None:
        """Move, create or (None) delete a ref; `expected` makes it a compare-and-swap, ABSENT meaning new."""
        guard = [expected] if expected is not None else []
        if sha is None:
            await self.run("update-ref", "-d", ref, *guard)
        else:
            await self.run("update-ref", ref, sha, *guard)

    async def fetch_objects(self, source: "GitStore", sha: str, ref: str) -> None:
        await self.run("fetch", "-q", "--no-tags", str(source.path.resolve()), f"+{sha}:{ref}")

    async def commit_tree(
        self, tree: str, parents: Sequence[str], message: str, author: Identity, date: str | None = None
    ) -> str:
        arguments = ["commit-tree", tree, *(flag for parent in parents for flag in ("-p", parent))]
        sha = await self.run(*arguments, stdin=_text(message), env=_signature(author, author, date))
        return sha.strip()

    async def commit_files(self, files: Files, message: str, author: Identity, *, parent: str | None) -> str:
        """One commit on top of `parent` with these files written, or removed where the content is None."""
        blobs = await self._write_blobs({path: file for path, file in files.items() if file is not None})
        lines = [f"{mode} {sha}\t{path}" for path, (mode, sha) in blobs.items()]
        lines += [f"0 {ABSENT}\t{path}" for path, content in files.items() if content is None]
        tree = await self.tree_with(parent, lines)
        return await self.commit_tree(tree, [parent] if parent else [], message, author)

    async def tree_with(self, base: str | None, index_lines: Sequence[str]) -> str:
        """`base` changed by lines of `git update-index --index-info`."""
        async with self._private_index() as env:
            if base is not None:
                await self.run("read-tree", base, env=env)
            lines = b"".join(f"{line}\0".encode("utf-8", "surrogateescape") for line in index_lines)
            await self.run("update-index", "-z", "--index-info", stdin=lines, env=env)
            return (await self.run("write-tree", env=env)).strip()

    async def _write_blobs(self, files: Mapping[str, str | bytes | File]) -> dict[str, tuple[str, str]]:
        """One git process for any number of files, by way of its fast-import marks."""
        if not files:
            return {}
        stream: list[bytes] = []
        modes: dict[str, str] = {}
        for mark, (path, given) in enumerate(files.items(), start=1):
            file = given if isinstance(given, File) else File(_text(given))
            modes[path] = file.mode
            stream += [f"blob\nmark :{mark}\ndata {len(file.content)}\n".encode(), file.content, b"\n"]
        with tempfile.TemporaryDirectory(dir=self.path) as directory:
            marks = Path(directory) / "marks"
            await self.run("fast-import", "--quiet", f"--export-marks={marks}", stdin=b"".join(stream))
            written = _marked(marks)
        return {path: (modes[path], written[f":{mark}"]) for mark, path in enumerate(files, start=1)}

    @asynccontextmanager
    async def _private_index(self) -> AsyncIterator[dict[str, str]]:
        with tempfile.TemporaryDirectory(dir=self.path) as directory:
            yield {"GIT_INDEX_FILE": str(Path(directory) / "index")}

    async def merged_tree(self, ours: str, theirs: str) -> str:
        code, stdout, stderr = await self._execute(
            ("merge-tree", "--write-tree", "--allow-unrelated-histories", ours, theirs), None, None
        )
        if code == 1:
            raise MergeConflictError(f"{theirs} conflicts with {ours}")
        if code != 0:
            raise GitError(stderr.decode(errors="replace").strip())
        return stdout.decode().split("\n", 1)[0]

    async def picked_tree(self, onto: str, commit: Commit, author: Identity) -> str:
        """The tree of `commit` cherry-picked onto `onto`: a three-way merge whose base we make up.

        git 2.39 cannot be told the merge base, so three commits are made between which it finds the right one.
        """
        base = await self.commit_tree(f"{commit.parents[0]}^{{tree}}", [], "base", author)
        ours = await self.commit_tree(f"{onto}^{{tree}}", [base], "ours", author)
        theirs = await self.commit_tree(commit.tree, [base], "theirs", author)
        return await self.merged_tree(ours, theirs)


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True)
    return directory


def _configure(directory: Path, read_only_refs: str) -> None:
    with (directory / "config").open("a") as config:
        config.write(f"{SERVED}[receive]\n\thideRefs = {read_only_refs}\n")


def _marked(marks: Path) -> dict[str, str]:
    return dict(line.split() for line in marks.read_text().splitlines())


def _text(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _signature(author: Identity, committer: Identity, date: str | None) -> dict[str, str]:
    signature = {
        "GIT_AUTHOR_NAME": author.name,
        "GIT_AUTHOR_EMAIL": author.email,
        "GIT_COMMITTER_NAME": committer.name,
        "GIT_COMMITTER_EMAIL": committer.email,
    }
    return {**signature, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date} if date else signature
