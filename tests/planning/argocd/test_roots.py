"""Where a search begins: with as few as lead to everything, however they refer to one another."""

import time
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from hypothesis import given
from hypothesis import strategies as st

from bot.discover.objects import DeclaredObject
from bot.planning.argocd.roots import roots

MANY = 2_000


def declared(*files: str) -> list[DeclaredObject]:
    return [DeclaredObject({"kind": "Application"}, file, 1) for file in files]


def begun(files: list[str], reads: Mapping[int, AbstractSet[str]]) -> list[str | None]:
    known = {index: frozenset(reads.get(index, ())) for index in range(len(files))}
    return [found.file for found in roots(declared(*files), known)]


def test_who_is_read_by_another_is_no_root_and_who_reads_only_itself_is() -> None:
    assert begun(["root", "child"], {0: {"root", "child"}}) == ["root"]


def test_of_a_circle_the_one_that_lies_highest_is_taken() -> None:
    assert begun(["a/b/c", "a/b", "z"], {0: {"a/b"}, 1: {"z"}, 2: {"a/b/c"}}) == ["z"]


def test_two_in_one_file_are_both_roots_unless_one_reads_it() -> None:
    assert begun(["both", "both"], {}) == ["both", "both"]
    assert begun(["both", "both"], {0: {"both"}}) == ["both"]


def test_thousands_that_hold_one_another_are_no_trouble() -> None:
    pairs = [f"{index}" for index in range(MANY)]
    each_other = {index: {f"{index ^ 1}"} for index in range(MANY)}
    all_of_them = frozenset(pairs)
    everybody = dict.fromkeys(range(MANY), all_of_them)
    started = time.process_time()
    assert len(begun(pairs, each_other)) == MANY // 2
    assert begun(pairs, everybody) == ["0"]
    assert time.process_time() - started < 10


graphs = st.integers(1, 6).flatmap(
    lambda size: st.tuples(
        st.lists(st.sampled_from("abcd"), min_size=size, max_size=size),
        st.dictionaries(st.integers(0, size - 1), st.sets(st.sampled_from("abcde"))),
    )
)


@given(graphs)
def test_everything_is_led_to_and_who_is_read_by_nobody_else_is_a_root(
    graph: tuple[list[str], dict[int, set[str]]],
) -> None:
    files, reads = graph
    candidates = declared(*files)
    known = {index: frozenset(reads.get(index, ())) for index in range(len(files))}
    begun_with = roots(candidates, known)
    chosen = [i for i, found in enumerate(candidates) if any(found is each for each in begun_with)]
    assert led_to(chosen, files, known) == set(range(len(files)))
    unread = {i for i, file in enumerate(files) if not any(file in known[j] for j in known if j != i)}
    assert unread <= set(chosen)


def led_to(start: list[int], files: list[str], reads: dict[int, frozenset[str]]) -> set[int]:
    found = set(start)
    while more := {i for i, file in enumerate(files) if any(file in reads[j] for j in found)} - found:
        found |= more
    return found
