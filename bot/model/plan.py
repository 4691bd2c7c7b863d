"""What one change does, per target: the result of comparing two sides, and the stable shape behind the JSON format.

Everything in a plan is masked already: no secret value can be in it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bot.model.objects import Digest, ObjectId
from bot.model.rendering import Diagnostic, Material
from bot.model.repo import Sha, TreeId
from bot.model.target import Target


class Action(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    MOVED = "moved"


class FieldOp(StrEnum):
    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field: `path` reads like `spec.template.spec.containers[name=web].image`; `old`/`new` are masked JSON values."""

    path: str
    op: FieldOp
    old: Any = None
    new: Any = None


@dataclass(frozen=True, slots=True)
class ImageChange:
    """One image for another, both written out: `ghcr.io/acme/web:1.4.1`."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """`old_name` is set where a generated name (`web-config-<hash>`) changed with its content, or an object moved
    namespace or name; `from_target`/`to_target` name the other side of a move between targets. `hook` is the object's
    annotation `helm.sh/hook`, as it will be (as it was, where the object goes); it has a meaning where Helm renders the
    target. `images` are those that the object's values name in parts, as `repository` and `tag`.
    """

    action: Action
    id: ObjectId
    api_version: str
    fields: tuple[FieldChange, ...] = ()
    old_name: str | None = None
    from_target: str | None = None
    to_target: str | None = None
    hook: str = ""
    images: tuple[ImageChange, ...] = ()


class TargetStatus(StrEnum):
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Counts:
    """`left` are those declared no more that stay in the cluster all the same, apart from the `removed`."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    moved: int = 0
    left: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.added + other.added,
            self.changed + other.changed,
            self.removed + other.removed,
            self.moved + other.moved,
            self.left + other.left,
        )

    @property
    def total(self) -> int:
        return self.added + self.changed + self.removed + self.moved + self.left

    @classmethod
    def of(cls, changes: tuple[ObjectChange, ...]) -> "Counts":
        return cls(**{action.value: sum(c.action is action for c in changes) for action in Action})


@dataclass(frozen=True, slots=True)
class MaterialChange:
    """What a target is made of from elsewhere, on either side; None where that side has none of this name."""

    old: Material | None
    new: Material | None


@dataclass(frozen=True, slots=True)
class TargetPlan:
    """What happens to one target. `base_digest`/`head_digest` are None where that side has no complete rendering
    (absent, unknown, or unchanged without having been rendered). `moved_from` is the name or path that a moved one had.
    `materials` are those that differ, by name. `declared` are the fields of the target's own declaration (a release's
    chart, version and values) that differ, filled where the target is unknown: what is known all the same.
    """

    target: Target
    status: TargetStatus
    changes: tuple[ObjectChange, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    base_digest: Digest | None = None
    head_digest: Digest | None = None
    moved_from: str = ""
    materials: tuple[MaterialChange, ...] = ()
    declared: tuple[FieldChange, ...] = ()

    @property
    def counts(self) -> Counts:
        return Counts.of(self.changes)


@dataclass(frozen=True, slots=True)
class Protection:
    """One layer between a renderer and the machine, and whether it holds here (`landlock`, `no-network`, ...)."""

    name: str
    active: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of the comparison: the commit where there is one, always the tree."""

    label: str
    tree: TreeId
    sha: Sha | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """`targets` is sorted by cluster and name. `diagnostics` concern the change as a whole (a finder's remarks)."""

    base: Side
    head: Side
    targets: tuple[TargetPlan, ...]
    protections: tuple[Protection, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def counts(self) -> Counts:
        return sum((t.counts for t in self.targets), Counts())

    @property
    def changed(self) -> tuple[TargetPlan, ...]:
        """Targets that this change does something to, as far as is known."""
        return tuple(
            t for t in self.targets if t.status not in {TargetStatus.UNCHANGED, TargetStatus.UNKNOWN}
        )

    def with_status(self, *statuses: TargetStatus) -> tuple[TargetPlan, ...]:
        return tuple(t for t in self.targets if t.status in statuses)
