"""Is a live object still what we last made it? Answered from metadata alone.

Invariant: `clean` is only said where the API server's own bookkeeping proves it; anything else is asked by a dry run.
Pure. (The rules and their holes: section 9 of the project's notes on apply; `docs/architecture.md` sums them up.)
"""

from enum import StrEnum

import msgspec

from bot.kube.fields import fields_hash
from bot.kube.record import Entry
from bot.kube.resources import ObjectMeta
from bot.model.delivery import Outcome
from bot.model.objects import ObjectId


class Verdict(StrEnum):
    MISSING = "missing"
    """Not there, or without our label."""
    TERMINATING = "terminating"
    RECREATED = "recreated"
    PENDING = "pending"
    """What is declared has changed since, or was never confirmed."""
    CLEAN = "clean"
    SUSPECT = "suspect"


def verdict(  # noqa: PLR0911 - one line a rule
    entry: Entry | None, live: ObjectMeta | None, rendered: str, manager: str
) -> Verdict:
    """`rendered` is the hash of what is declared now, `live` what a list by our label brought."""
    if live is None:
        return Verdict.MISSING
    if live.is_terminating:
        return Verdict.TERMINATING
    if entry is None:
        return Verdict.PENDING
    if entry.uid and entry.uid != live.uid:
        return Verdict.RECREATED
    if entry.rendered != rendered:
        return Verdict.PENDING
    if entry.resource_version == live.resourceVersion:
        return Verdict.CLEAN
    # NB: whoever changes a field takes its ownership, so an unchanged entry means that nobody touched our fields;
    # what our own manager changed would show in the generation.
    same_generation = bool(live.generation) and entry.generation == live.generation
    if same_generation and entry.fields and entry.fields == fields_hash(live, manager):
        return Verdict.CLEAN
    return Verdict.SUSPECT


def fingerprint(identity: ObjectId, live: ObjectMeta, rendered: str, manager: str) -> Entry:
    """The entry to remember for an object that is as declared now."""
    return Entry(
        identity.group,
        identity.kind,
        identity.namespace,
        identity.name,
        uid=live.uid,
        resource_version=live.resourceVersion,
        generation=live.generation or 0,
        fields=fields_hash(live, manager),
        rendered=rendered,
    )


_ANNOUNCED = "?"


def announced(entry: Entry | None, identity: ObjectId, outcome: Outcome) -> Entry:
    """The entry before a write: whatever becomes of this process, the object will be found in the inventory."""
    said = _ANNOUNCED + outcome.value
    if entry is None:
        fresh = Entry(identity.group, identity.kind, identity.namespace, identity.name)
        return msgspec.structs.replace(fresh, outcome=said)
    return msgspec.structs.replace(entry, rendered="", outcome=said)


def confirmed(entry: Entry, before: Entry | None, outcome: Outcome) -> Entry:
    """The entry after its object was seen to be as declared.

    What this attempt did to the object earlier, or announced before it was cut short, stays its outcome.
    """
    earlier = before.outcome.removeprefix(_ANNOUNCED) if before else ""
    kept = earlier if earlier and outcome is Outcome.UNCHANGED else outcome.value
    return msgspec.structs.replace(entry, outcome=kept)


def outcome_of(entry: Entry) -> Outcome | None:
    """What the current attempt is known to have done to the object."""
    if not entry.outcome or entry.outcome.startswith(_ANNOUNCED):
        return None
    return Outcome(entry.outcome)
