"""Where Argo CD starts: what somebody applied by hand, since nothing that is found reads its file."""

from collections.abc import Mapping, Sequence

from bot.discover.objects import DeclaredObject


def roots(candidates: Sequence[DeclaredObject], reads: Mapping[int, frozenset[str]]) -> list[DeclaredObject]:
    """The objects to begin with; `reads` tells the files that what each candidate declares reads, by its index.

    One that reads its own file is a root if no other reads it. Of a circle the one that lies highest is taken.
    """
    readers = {
        index: {other for other, files in reads.items() if other != index and found.file in files}
        for index, found in enumerate(candidates)
    }
    chosen = [index for index, who in readers.items() if not who]
    reached = _reached(chosen, readers)
    rest = sorted(readers.keys() - reached, key=lambda index: _height(candidates[index]))
    for index in rest:
        if index not in reached:
            chosen.append(index)
            reached |= _reached([index], readers)
    return [candidates[index] for index in sorted(chosen)]


def _reached(chosen: Sequence[int], readers: Mapping[int, set[int]]) -> set[int]:
    declared = {index: {other for other, who in readers.items() if index in who} for index in readers}
    seen: set[int] = set()
    stack = list(chosen)
    while stack:
        index = stack.pop()
        if index not in seen:
            seen.add(index)
            stack += declared[index]
    return seen


def _height(found: DeclaredObject) -> tuple[int, str]:
    file = found.file or ""
    return file.count("/"), file
