"""What would applying one object do? The API server's answer, to a dry run.

Invariant: nothing is written here but managedFields that no apply could get past, and an object that is not ours to
change is refused before it is even dry-run.
"""

from dataclasses import dataclass
from typing import Any

from bot.engines.claims import Claims
from bot.engines.direct.failures import failed, failure_of
from bot.engines.direct.ownership import is_ours, named, opposing, owned_elsewhere
from bot.engines.direct.prepare import Wanted
from bot.engines.direct.scrub import scrubbed
from bot.errors import Temporary
from bot.kube.applyset import Parent
from bot.kube.client import ApplyOptions, KubeClient
from bot.kube.errors import FieldConflict, Invalid, KubeError, NotFound
from bot.kube.fields import fields_hash, taken_over, unserved_versions
from bot.kube.resources import ObjectMeta
from bot.model.delivery import Failure, ObjectResult, Outcome
from bot.model.objects import Manifest


class NotYetServed(Temporary):
    """The CRD is there, but the server does not serve its kind yet."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Who judges: the cluster, our parent in it, and what the target may take from others."""

    client: KubeClient
    parent: Parent
    manager: str
    claims: Claims
    takeover: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """What has to be done to one object. `live` is set where nothing has."""

    wanted: Wanted
    outcome: Outcome
    live: ObjectMeta | None = None
    force: bool = False
    adoption: list[dict[str, Any]] | None = None


async def judged(judge: Judge, wanted: Wanted, *, is_member: bool) -> Planned | ObjectResult:
    """The plan for one object, or why there is none. `is_member`: the survey has seen it. Raises Temporary."""
    try:
        if not is_member and await _would_create(judge, wanted):
            return Planned(wanted, Outcome.CREATED)
        live = await judge.client.find(wanted.resource, wanted.id.namespace, wanted.id.name)
        if live is None:
            await _dry_run(judge, wanted, force=False)
            return Planned(wanted, Outcome.CREATED)
        return await _judged_live(judge, wanted, live)
    except Temporary:
        raise
    except KubeError as error:
        if isinstance(error, NotFound) and wanted.is_new_kind:
            raise NotYetServed(f"{wanted.id.kind} is not served yet", retry_after_s=1.0) from error
        return refused(wanted, error)


async def _would_create(judge: Judge, wanted: Wanted) -> bool:
    """Whether the object is to be made. A refusal of what exists already is looked into with the live object at hand."""
    try:
        dry = await _dry_run(judge, wanted, force=False)
    except (FieldConflict, Invalid):
        return False
    # An object that does not exist has no resourceVersion yet.
    return not dry["metadata"].get("resourceVersion")


async def _judged_live(judge: Judge, wanted: Wanted, live: Manifest) -> Planned | ObjectResult:
    meta = ObjectMeta.of(live)
    if not judge.takeover and (
        reason := owned_elsewhere(meta, wanted.manifest, wanted.id, judge.parent.id, judge.claims)
    ):
        return failed(wanted.id, Failure.OWNED_ELSEWHERE, f"{reason} (remove it there)")
    adoption = taken_over(live, judge.manager)
    force = judge.takeover
    try:
        dry = await _dry_run(judge, wanted, force=force)
    except FieldConflict as conflict:
        if others := opposing(conflict, ours=is_ours(meta, judge.parent.id)):
            return _conflicting(wanted, conflict, others)
        force = True
        dry = await _dry_run(judge, wanted, force=True)
    except Invalid:
        if not await _repaired(judge, wanted, live):
            raise
        dry = await _dry_run(judge, wanted, force=True)
    if adoption is None and not drifted(live, dry):
        # Values that were changed and changed back: ours again only when applied once more.
        if fields_hash(meta, judge.manager) == fields_hash(ObjectMeta.of(dry), judge.manager):
            return Planned(wanted, Outcome.UNCHANGED, live=meta)
        return Planned(wanted, Outcome.UNCHANGED, force=force)
    return Planned(wanted, Outcome.CONFIGURED, force=force, adoption=adoption)


async def _dry_run(judge: Judge, wanted: Wanted, *, force: bool) -> Manifest:
    options = ApplyOptions(judge.manager, force=force, dry_run=True)
    return await judge.client.apply(wanted.resource, wanted.manifest, options)


async def _repaired(judge: Judge, wanted: Wanted, live: Manifest) -> bool:
    """Mend managedFields written in a version that is no longer served; False where that is not the trouble."""
    served = await judge.client.discovery.versions(wanted.resource.group)
    repair = unserved_versions(live, served)
    if repair is None:
        return False
    await judge.client.patch(wanted.resource, wanted.id.namespace, wanted.id.name, repair)
    return True


def drifted(live: Manifest, dry: Manifest) -> bool:
    """Whether the server would change anything that counts: both sides come from it, so defaults cancel out."""
    for part in ("labels", "annotations"):
        if (live["metadata"].get(part) or {}) != (dry["metadata"].get(part) or {}):
            return True
    return _substance(live) != _substance(dry)


def _substance(manifest: Manifest) -> Manifest:
    return {k: v for k, v in manifest.items() if k not in {"metadata", "status"}}


def refused(wanted: Wanted, error: KubeError) -> ObjectResult:
    """The failure of one object, in words that hold nothing secret."""
    message = scrubbed(str(error), wanted.manifest, wanted.masked)
    return failed(wanted.id, failure_of(error), message)


def _conflicting(wanted: Wanted, conflict: FieldConflict, others: list[str]) -> ObjectResult:
    fields = ", ".join(cause.field for cause in conflict.causes[:5] if cause.field)
    return failed(
        wanted.id,
        Failure.CONFLICT,
        f"{named(others)} owns {fields or 'fields of it'} (take these fields out of Git)",
    )
