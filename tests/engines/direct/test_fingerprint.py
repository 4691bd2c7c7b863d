"""Metadata alone proves an object clean, or a dry run is asked."""

from typing import Any

import pytest

from bot.engines.direct.fingerprint import Verdict, announced, confirmed, fingerprint, outcome_of, verdict
from bot.kube.record import Entry
from bot.kube.resources import ObjectMeta
from bot.model.delivery import Outcome
from bot.model.objects import ObjectId

WEB = ObjectId("apps", "Deployment", "shop", "web")


def live(fields: str = "f:spec", **override: Any) -> ObjectMeta:
    entry = {"manager": "longshore", "operation": "Apply", "apiVersion": "apps/v1", "fieldsV1": {fields: {}}}
    metadata = {
        "name": "web",
        "uid": "u1",
        "resourceVersion": "5",
        "generation": 2,
        "managedFields": [entry],
        **override,
    }
    return ObjectMeta.of({"metadata": metadata})


def known(**override: Any) -> Entry:
    return fingerprint(WEB, live(**override), "rendered", "longshore")


ROWS = [
    ("no object", known(), None, "rendered", Verdict.MISSING),
    ("never seen", None, live(), "rendered", Verdict.PENDING),
    ("being deleted", known(), live(deletionTimestamp="2026-01-01T00:00:00Z"), "rendered", Verdict.TERMINATING),
    ("made again", known(), live(uid="u2"), "rendered", Verdict.RECREATED),
    ("declared anew", known(), live(), "other", Verdict.PENDING),
    ("untouched", known(), live(), "rendered", Verdict.CLEAN),
    ("status changed", known(), live(resourceVersion="6"), "rendered", Verdict.CLEAN),
    ("spec changed", known(), live(resourceVersion="6", generation=3), "rendered", Verdict.SUSPECT),
    ("a label of ours taken", known(), live("f:less", resourceVersion="6"), "rendered", Verdict.SUSPECT),
    ("managedFields cleared", known(), live(resourceVersion="6", managedFields=[]), "rendered", Verdict.SUSPECT),
    ("kind without generation", known(generation=None), live(resourceVersion="6", generation=None), "rendered", Verdict.SUSPECT),
    ("never ours", known(managedFields=[]), live(managedFields=[], resourceVersion="6"), "rendered", Verdict.SUSPECT),
]  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "seen", "rendered", "said"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS]
)
def test_says_clean_only_where_it_is_proven(
    entry: Entry | None, seen: ObjectMeta | None, rendered: str, said: Verdict
) -> None:
    assert verdict(entry, seen, rendered, "longshore") is said


def test_an_announced_write_is_judged_again_and_keeps_what_it_announced() -> None:
    before = announced(known(), WEB, Outcome.CONFIGURED)
    assert verdict(before, live(), "rendered", "longshore") is Verdict.PENDING
    assert outcome_of(before) is None
    assert outcome_of(confirmed(known(), before, Outcome.UNCHANGED)) is Outcome.CONFIGURED


def test_a_new_object_is_announced_without_uid() -> None:
    assert announced(None, WEB, Outcome.CREATED).uid == ""
