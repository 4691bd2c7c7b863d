"""Which target declares which object, over every target of one cluster.

Invariant: unknown is not absent. Where any target of the cluster could not be rendered, nobody can say that an object
is declared no more. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.kube.applyset import STATE_NAMESPACE, Parent
from bot.kube.parent import Identity
from bot.model.objects import ObjectId
from bot.model.rendering import MaskedRendering, Rendering
from bot.model.repo import RepoId
from bot.model.target import TargetId

_Name = tuple[str, str, str]
_Kind = tuple[str, str]
_PLACES = ("metadata.name", "metadata.namespace")


@dataclass(frozen=True, slots=True)
class Claims:
    """`members` names the targets by the ApplySet id their objects carry; `gone` holds the ids of vanished targets.

    `vague` are the targets that declare an object of a kind whose name or namespace is not known here.
    """

    declared: Mapping[_Name, tuple[tuple[str, TargetId], ...]] = field(default_factory=dict)
    vague: Mapping[_Kind, tuple[TargetId, ...]] = field(default_factory=dict)
    unknown: tuple[TargetId, ...] = ()
    members: Mapping[str, TargetId] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()

    @classmethod
    def of(
        cls,
        repo: RepoId,
        renderings: Mapping[TargetId, Rendering | MaskedRendering | None],
        *,
        vanished: Iterable[Identity] = (),
        namespace: str = STATE_NAMESPACE,
    ) -> "Claims":
        """Every target of one cluster with its complete rendering; None, or a failed rendering, where there is none."""
        declared: dict[_Name, list[tuple[str, TargetId]]] = {}
        vague: dict[_Kind, list[TargetId]] = {}
        for target, rendering in renderings.items():
            for obj in rendering.objects if rendering else ():
                declared.setdefault(_name(obj.id), []).append((obj.id.namespace, target))
            for hole in rendering.holes if rendering else ():
                if hole.field in _PLACES:
                    vague.setdefault((hole.object.group, hole.object.kind), []).append(target)
        return cls(
            {name: tuple(claims) for name, claims in declared.items()},
            {kind: tuple(dict.fromkeys(targets)) for kind, targets in vague.items()},
            tuple(t for t, rendering in renderings.items() if rendering is None or rendering.failed),
            {Parent.of(repo, target, namespace).id: target for target in renderings},
            frozenset(identity.parent.id for identity in vanished),
        )

    def claimants(self, identity: ObjectId) -> tuple[TargetId, ...]:
        """The targets that declare this object, or might: a namespace that either side leaves out matches any."""
        return tuple(
            target
            for namespace, target in self.declared.get(_name(identity), ())
            if not namespace or not identity.namespace or namespace == identity.namespace
        )

    def why_not_gone(self, identity: ObjectId) -> str:
        """Why it cannot be said that no target declares this object any more; empty when it can."""
        if claimants := self.claimants(identity):
            return f"is declared by target {claimants[0]}"
        if self.unknown:
            return f"may be declared by target {self.unknown[0]}, which cannot be rendered now"
        if vague := self._vague(identity):
            return f"may be declared by target {vague[0]}, of which not every name is known here"
        return ""

    def why_not_movable(self, applyset: str, identity: ObjectId) -> str:
        """Why an object that carries another set's id may not be taken from it; empty when it may."""
        if applyset in self.gone:
            return ""
        holder = self.members.get(applyset)
        if holder is None:
            return f"belongs to another ApplySet ({applyset})"
        if holder in self.unknown:
            return f"belongs to target {holder}, which cannot be rendered now and may still declare it"
        if holder in self.claimants(identity):
            return f"is declared by target {holder} as well"
        if holder in self._vague(identity):
            return f"belongs to target {holder}, of which not every name is known here, and may be declared by it"
        return ""

    def _vague(self, identity: ObjectId) -> tuple[TargetId, ...]:
        return self.vague.get((identity.group, identity.kind), ())


def _name(identity: ObjectId) -> _Name:
    return (identity.group, identity.kind, identity.name)
