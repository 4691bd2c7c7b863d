"""Reads objects through one persistent `git cat-file`, and remembers the latest blobs.

Sizes are asked before contents, so a blob above the cap is never taken into memory, and requests go out many at a
time, so that a thousand small files cost a handful of round trips.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.git.command import Git
from bot.git.environment import offline
from bot.git.errors import BlobTooLarge, GitFailed, MissingObject
from bot.model.repo import BlobId, Sha
from bot.proc.errors import ProgramError, ProgramFailed
from bot.proc.pipe import PipedProgram

MIB = 1024 * 1024

_REQUESTS_AT_ONCE = 500
"""Their lines fit a pipe's 64 KiB, so that we are never stuck writing while git is stuck answering."""

_BYTES_AT_ONCE = 8 * MIB


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """`blob_bytes` caps one file, `cache_bytes` all the blobs remembered for one repository."""

    blob_bytes: int = 16 * MIB
    cache_bytes: int = 32 * MIB


class ObjectReader:
    """Safe to use from several threads; they take turns."""

    def __init__(self, git_dir: Path, limits: ReadLimits) -> None:
        self._git = Git(git_dir, offline())
        self._limits = limits
        self._lock = threading.Lock()
        self._program: PipedProgram | None = None
        self._cache: OrderedDict[BlobId, bytes] = OrderedDict()
        self._cached_bytes = 0

    def read(self, blob: BlobId, shown: str) -> bytes:
        """A blob's bytes; `shown` is the path that errors name. Raises `BlobTooLarge`, `MissingObject`."""
        with self._lock:
            cached = self._recall(blob)
            if cached is not None:
                return cached
            for found, size_bytes in self._sizes([blob]):
                if size_bytes is None:
                    raise MissingObject(
                        f"the content of {shown} ({blob[:12]}) is not in this repository",
                        hint="a partial clone needs it fetched first: `git fetch --refetch --no-filter`",
                    )
                if size_bytes > self._limits.blob_bytes:
                    raise BlobTooLarge(
                        f"{shown} has {size_bytes} bytes, more than the {self._limits.blob_bytes} that are read",
                        hint="keep large files out of what is deployed",
                    )
                return self._contents([(found, size_bytes)])[0]
        raise AssertionError("every request is answered")

    def prefetch(self, blobs: Sequence[BlobId], limits: ReadLimits | None = None) -> None:
        """Remember these, as far as the cache holds them; missing and too large ones are passed over.

        `limits` may be narrower than the reader's own: it ends then when so many bytes have been read.
        """
        bounds = limits or self._limits
        left = bounds.cache_bytes
        with self._lock:
            wanted = [blob for blob in dict.fromkeys(blobs) if blob not in self._cache]
            for start in range(0, len(wanted), _REQUESTS_AT_ONCE):
                sizes = self._sizes(wanted[start : start + _REQUESTS_AT_ONCE])
                small = [(b, size) for b, size in sizes if size is not None and size <= bounds.blob_bytes]
                for batch in _batches(small):
                    self._contents(batch)
                left -= sum(size for _, size in small)
                if limits is not None and left <= 0:
                    return

    def peeled(self, sha: Sha, kind: str) -> str:
        """The id of the `commit` or `tree` that the object leads to, empty where it leads to none here."""
        with self._lock, self._conversation("info", [f"{sha}^{{{kind}}}"]) as program:
            answer = program.read_line().split()
        return answer[0].decode() if len(answer) == 3 and answer[1] == kind.encode() else ""

    def close(self) -> None:
        """End the program. Reading again afterwards would start a new one."""
        with self._lock:
            self._stop()

    def _sizes(self, blobs: Sequence[BlobId]) -> list[tuple[BlobId, int | None]]:
        with self._conversation("info", blobs) as program:
            answers = [program.read_line().split() for _ in blobs]
        return [
            (blob, int(answer[2]) if len(answer) == 3 and answer[1] == b"blob" else None)
            for blob, answer in zip(blobs, answers, strict=True)
        ]

    def _contents(self, blobs: Sequence[tuple[BlobId, int]]) -> list[bytes]:
        contents = []
        with self._conversation("contents", [blob for blob, _ in blobs]) as program:
            for blob, size_bytes in blobs:
                header = program.read_line()
                if header != f"{blob} blob {size_bytes}".encode():
                    raise MissingObject(f"blob {blob} is damaged", hint="run `git fsck`")
                content = program.read_exactly(size_bytes + 1)[:-1]
                self._remember(blob, content)
                contents.append(content)
        return contents

    @contextmanager
    def _conversation(self, verb: str, blobs: Sequence[str]) -> Iterator[PipedProgram]:
        """Ask, and let the caller read the answers. One that breaks off takes the program with it: whatever came
        next would be the answer to an older question.
        """
        try:
            yield self._ask(verb, blobs)
        except ProgramFailed:
            self._stop()
            raise MissingObject("git stopped over a damaged object", hint="run `git fsck`") from None
        except ProgramError as error:
            self._stop()
            raise GitFailed(f"reading objects failed: {error.message}") from None
        except BaseException:
            self._stop()
            raise

    def _ask(self, verb: str, blobs: Sequence[str]) -> PipedProgram:
        if self._program is None or not self._program.is_alive:
            argv = self._git.argv("cat-file", "--batch-command", "--buffer")
            self._program = PipedProgram(argv, env=self._git.environment)
        self._program.write("".join([*(f"{verb} {blob}\n" for blob in blobs), "flush\n"]).encode())
        return self._program

    def _stop(self) -> None:
        if self._program is not None:
            self._program.close()
            self._program = None

    def _recall(self, blob: BlobId) -> bytes | None:
        content = self._cache.get(blob)
        if content is not None:
            self._cache.move_to_end(blob)
        return content

    def _remember(self, blob: BlobId, content: bytes) -> None:
        self._cache[blob] = content
        self._cached_bytes += len(content)
        while self._cached_bytes > self._limits.cache_bytes:
            _, dropped = self._cache.popitem(last=False)
            self._cached_bytes -= len(dropped)


def _batches(blobs: Sequence[tuple[BlobId, int]]) -> Iterator[list[tuple[BlobId, int]]]:
    batch: list[tuple[BlobId, int]] = []
    total_bytes = 0
    for blob, size_bytes in blobs:
        if batch and total_bytes + size_bytes > _BYTES_AT_ONCE:
            yield batch
            batch, total_bytes = [], 0
        batch.append((blob, size_bytes))
        total_bytes += size_bytes
    if batch:
        yield batch
