"""The digests a plan was made of, carried by its comment, so that a delivery can say whether it does the same.

Short, because a marker has little room: what is missing is not compared, and never counts as equal.
"""

from collections.abc import Mapping

from bot.model.objects import Digest
from bot.model.plan import Plan
from bot.model.target import EngineKind, Target, TargetId

_SHORT = 12
_MAX_CHARS = 6_000


def plan_stamp(plan: Plan) -> dict[str, str]:
    """`targets`: each target of ours that changes with the beginning of its digest, as many as fit."""
    words: list[str] = []
    room = _MAX_CHARS
    for target in plan.changed:
        if target.head_digest is not None and _may_be_delivered(target.target):
            word = f"{target.target.id}={_short(target.head_digest)}"
            room -= len(word) + 1
            if room < 0:
                break
            words.append(word)
    return {"targets": " ".join(words)}


def differs(stamp: Mapping[str, str], target: TargetId, delivered: Digest) -> bool:
    """Whether the plan promised another digest for the target than the one that was delivered."""
    planned = dict(word.rpartition("=")[::2] for word in stamp.get("targets", "").split())
    promised = planned.get(str(target))
    return promised is not None and promised != _short(delivered)


def _may_be_delivered(target: Target) -> bool:
    """By us, and to somewhere. The names of these are plain, since configuration wrote them."""
    return bool(target.id.cluster) and target.engine is EngineKind.DIRECT


def _short(digest: Digest) -> str:
    return digest.removeprefix("sha256:")[:_SHORT]
