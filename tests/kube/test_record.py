"""A record is read back whole, or not at all."""

import zlib
from datetime import UTC, datetime

import msgspec
import pytest

from bot.kube.record import (
    MAX_NOTE_CHARS,
    MAX_NOTES,
    Attempt,
    Entry,
    Guarded,
    Past,
    Record,
    RecordUnreadable,
    bounded,
    decode,
    encode,
)
from bot.model.delivery import Failure, ObjectResult, Outcome, Phase, PruneGuard
from bot.model.objects import Digest, ObjectId

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WEB = ObjectId("apps", "Deployment", "shop", "web")


def make_record() -> Record:
    guard = Guarded.of(PruneGuard(Digest("sha256:1"), (WEB,), "nothing is rendered"))
    attempt = Attempt("a" * 40, "sha256:2", "retry-1", AT, AT, Phase.BLOCKED, guard=guard, cleared=["x y"])
    entry = Entry("apps", "Deployment", "shop", "web", "uid", "12", 3, "fields", "rendered", "created")
    return Record(
        1,
        4,
        "v1.36",
        "a" * 40,
        "sha256:2",
        "key",
        AT,
        AT,
        attempt,
        [Past("b", "c", AT, Phase.FAILED)],
        [entry],
    )


def test_comes_back_as_it_was() -> None:
    record = make_record()
    assert decode(encode(record), "here") == record
    assert record.inventory[WEB].uid == "uid"


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"not compressed",
        zlib.compress(b"not json"),
        zlib.compress(b"{}"),
        zlib.compress(msgspec.json.encode({"version": 2})),
        zlib.compress(b'{"version": 1, "entries": "none"}'),
        encode(make_record())[:-9],
    ],
)
def test_what_cannot_be_read_is_an_error_that_names_the_way_out(blob: bytes) -> None:
    with pytest.raises(RecordUnreadable, match="ConfigMap state/longshore-apps") as caught:
        decode(blob, "ConfigMap state/longshore-apps")
    assert "delete it" in caught.value.hint


def test_results_are_bounded_and_failures_kept_first() -> None:
    ids = [ObjectId("", "ConfigMap", "shop", f"c{n}") for n in range(MAX_NOTES + 5)]
    results = [ObjectResult(i, Outcome.PRUNED) for i in ids]
    results.append(ObjectResult(WEB, Outcome.FAILED, Failure.INVALID, "x" * 10_000))
    notes, omitted = bounded(results)
    assert (len(notes), omitted) == (MAX_NOTES, 6)
    assert notes[0].result().failure is Failure.INVALID
    assert len(notes[0].message) == MAX_NOTE_CHARS
