"""Where Argo CD starts: what somebody applied by hand, since nothing that is found reads its file."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bot.discover.objects import DeclaredObject


def roots(candidates: Sequence[DeclaredObject], reads: Mapping[int, frozenset[str]]) -> list[DeclaredObject]:
    """The objects to begin with; `reads` tells the files that what each candidate declares reads, by its index.

    One that reads its own file is a root if no other reads it. Of a circle the one that lies highest is taken.
    """
    declared: dict[str, list[int]] = defaultdict(list)
    for index, found in enumerate(candidates):
        declared[found.file or ""].append(index)
    read = {index: files & declared.keys() for index, files in reads.items()}
    readers = Counter(file for files in read.values() for file in files)
    chosen = [
        index
        for index, found in enumerate(candidates)
        if readers[found.file or ""] == ((found.file or "") in read[index])
    ]
    reached: set[int] = set()
    _reach(chosen, read, declared, reached)
    for index in sorted(range(len(candidates)), key=lambda index: _height(candidates[index])):
        if index not in reached:
            chosen.append(index)
            _reach([index], read, declared, reached)
    return [candidates[index] for index in sorted(chosen)]


def _reach(
    start: Iterable[int],
    read: Mapping[int, Iterable[str]],
    declared: dict[str, list[int]],
    reached: set[int],
) -> None:
    """Adds to `reached` all that these lead to. What a file declares is looked at once, however many read it."""
    stack = list(start)
    while stack:
        index = stack.pop()
        if index not in reached:
            reached.add(index)
            for file in read[index]:
                stack += declared.pop(file, ())


def _height(found: DeclaredObject) -> tuple[int, str]:
    file = found.file or ""
    return file.count("/"), file
