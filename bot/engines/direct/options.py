"""How the direct engine works, for all targets of a cluster alike."""

from dataclasses import dataclass, field

from bot.engines.direct.prune import Limits
from bot.kube.applyset import STATE_NAMESPACE


@dataclass(frozen=True, slots=True)
class Options:
    """`field_manager` must be unique to this installation: what it owns is what Longshore believes to have written."""

    field_manager: str = "longshore"
    state_namespace: str = STATE_NAMESPACE
    concurrency: int = 16
    limits: Limits = field(default_factory=Limits)
