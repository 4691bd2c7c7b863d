"""What every engine takes and gives.

Invariant: a call never waits. It does at most about a minute of work, and says when to be called again.
"""

from dataclasses import dataclass
from typing import Protocol

from bot.engines.claims import Claims
from bot.kube.parent import Source
from bot.model.delivery import TargetDelivery
from bot.model.objects import ObjectId
from bot.model.rendering import ContentKey, MaskedRendering, Rendering
from bot.model.repo import Sha
from bot.model.target import Target


class Admits(Protocol):
    """The operator's `allow` for the cluster, narrowed to this repository, branch and path."""

    def __call__(self, identity: ObjectId, *, namespaced: bool) -> bool: ...


@dataclass(frozen=True, slots=True)
class Order:
    """One revision of one target, to be delivered. The same order is given again until the delivery is final.

    `rendering` is applied; `masked` is the same objects without secrets, in the same order, and is all that is ever
    compared or remembered. `attempt` distinguishes a retry of the same revision: another text starts anew.
    """

    source: Source
    target: Target
    revision: Sha
    rendering: Rendering
    masked: MaskedRendering
    claims: Claims
    admits: Admits
    content_key: ContentKey | None = None
    attempt: str = ""
    takeover: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """Where the delivery stands. `again_after_s` None: nothing more to do until something else happens."""

    delivery: TargetDelivery
    again_after_s: float | None = None
