"""A change takes no more charts than any repository needs, from no more places, and not more bytes of them."""

import pytest

from bot.model.release import Chart, ChartKind
from bot.model.rendering import Trace, TraceEntry, TraceKind
from bot.model.repo import TreeId
from bot.planning.room import MOST_CHART_BYTES, MOST_CHARTS, MOST_INDEXES, ChartRoom, TraceRoom
from bot.render.errors import Unrenderable

HERE = TreeId("of one side")


def listed(place: int, name: str = "web") -> Chart:
    return Chart(ChartKind.REPOSITORY, name, f"https://charts-{place}.example.test", "1.0.0")


def refused(room: ChartRoom, chart: Chart) -> str:
    with pytest.raises(Unrenderable) as caught:
        room.admit(chart)
    return caught.value.message


def test_of_so_many_helm_repositories_a_chart_is_taken_and_of_no_other() -> None:
    room = ChartRoom()
    for place in range(MOST_INDEXES):
        room.admit(listed(place))
    assert refused(room, listed(MOST_INDEXES)) == "the chart lies in one of more than 200 Helm repositories"
    room.admit(listed(0, "another of a repository that was read"))
    room.admit(Chart(ChartKind.OCI, url="oci://registry.example.test/web", version="1.0.0"))


def test_so_many_charts_are_taken_and_no_other() -> None:
    room = ChartRoom()
    for number in range(MOST_CHARTS):
        room.admit(listed(0, f"chart-{number}"))
    assert refused(room, listed(0)) == "the chart is one of more than 1000"
    room.admit(listed(0, "chart-0"))


def test_charts_and_indexes_count_by_their_bytes_and_once() -> None:
    room = ChartRoom()
    room.admit(listed(0))
    for _ in range(3):
        room.note("https://charts-0.example.test", MOST_CHART_BYTES)
    room.admit(listed(1))
    room.note("sha256:1", 1)
    assert "more than 2 GiB, with the indexes that name them" in refused(room, listed(2))
    room.admit(listed(1))


def test_what_many_targets_read_is_told_by_one_entry_and_counts_for_each() -> None:
    room = TraceRoom(5)
    first, second = (
        room.admit(HERE, Trace(tuple(TraceEntry(name, TraceKind.FILE, "100644", "1") for name in "ab")))
        for _ in "12"
    )
    assert all(one is other for one, other in zip(first.entries, second.entries, strict=True))
    with pytest.raises(Unrenderable, match="more than 5 files"):
        room.admit(HERE, first)
    with pytest.raises(Unrenderable, match="narrow down"):
        room.require(HERE)
    room.admit(TreeId("of the other side"), first)
