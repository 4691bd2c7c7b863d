"""A plan laid out for a page: the pieces that the templates put words around.

Everything here is either ours (counts, signs), a name still to be neutralised by the template, or a finished block.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.model.plan import Action, ObjectChange, Plan, TargetPlan, TargetStatus
from bot.report import escape, phrases, view
from bot.report.hunks import Line, lines
from bot.report.ladder import Rung, TooLong

OBJECT_ICONS = {Action.ADDED: "🆕", Action.CHANGED: "✏️", Action.REMOVED: "🗑️", Action.MOVED: "➡️"}
DIGEST_CHARS = 19


@dataclass(frozen=True, slots=True)
class Row:
    icon: str
    name: str
    cluster: str
    changes: str
    moved_from: str


@dataclass(frozen=True, slots=True)
class ObjectItem:
    icon: str
    action: str
    kind: str
    name: str
    note: str
    diff: str
    paths: tuple[str, ...]
    more_paths: int


@dataclass(frozen=True, slots=True)
class GroupItem:
    icon: str
    names: tuple[str, ...]
    more_names: int
    count: int
    totals: str
    objects: tuple[ObjectItem, ...]
    more_objects: int


@dataclass(frozen=True, slots=True)
class ImageItem:
    name: str
    old: str
    new: str
    where: tuple[str, ...]


def rows(plan: Plan) -> list[Row]:
    """One row for each target that does not stay as it is, unknown ones first."""
    touched = [t for t in plan.targets if t.status is not TargetStatus.UNCHANGED]
    touched.sort(key=lambda t: t.status is not TargetStatus.UNKNOWN)
    return [
        Row(phrases.ICONS[t.status], t.target.id.name, t.target.id.cluster, _row_words(t), t.moved_from)
        for t in touched
    ]


def group_items(groups: Sequence[view.Group], rung: Rung, room: int | None) -> list[GroupItem]:
    """The groups with as much of each object as the rung shows. Raises `TooLong` once `room` is used up."""
    budget = _Budget(room)
    return [_group(group, rung, budget) for group in groups]


def image_item(change: view.ImageChange) -> ImageItem:
    (old_name, old_tag), (new_name, new_tag) = _split(change.old), _split(change.new)
    where = tuple(str(t) for t in change.targets)
    if old_name != new_name:
        return ImageItem("", change.old, change.new, where)
    return ImageItem(new_name, old_tag, new_tag, where)


class _Budget:
    """Characters left; spending them early keeps a hopeless rung from being written to its end."""

    def __init__(self, room: int | None) -> None:
        self._room = room

    def spend(self, text: str) -> str:
        if self._room is not None:
            self._room -= len(text)
            if self._room < 0:
                raise TooLong
        return text


def _row_words(target: TargetPlan) -> str:
    if target.status is TargetStatus.UNKNOWN:
        return "unknown"
    words = phrases.short_totals(target.counts)
    named = {TargetStatus.ADDED: "new", TargetStatus.REMOVED: "goes", TargetStatus.MOVED: "moved"}
    return " ".join(word for word in (named.get(target.status, ""), words) if word)


def _group(group: view.Group, rung: Rung, budget: _Budget) -> GroupItem:
    names = tuple(str(t.target.id) for t in group.targets)
    return GroupItem(
        icon=phrases.ICONS[group.first.status],
        names=names[:10],
        more_names=max(0, len(names) - 10),
        count=len(names),
        totals=phrases.totals(group.first.counts),
        objects=tuple(
            _object(change, group.one_namespace, rung, budget) for change in group.changes[: rung.objects]
        ),
        more_objects=max(0, len(group.changes) - rung.objects),
    )


def _object(change: ObjectChange, one_namespace: bool, rung: Rung, budget: _Budget) -> ObjectItem:  # noqa: FBT001
    paths = tuple(f.path for f in change.fields if f.path) if change.action is Action.CHANGED else ()
    return ObjectItem(
        icon=OBJECT_ICONS[change.action],
        action=change.action.value,
        kind=change.id.kind,
        name=budget.spend(phrases.object_name(change.id, with_namespace=one_namespace)),
        note=phrases.went_where(change),
        diff=budget.spend(_diff(lines(change, rung.bounds))) if rung.bounds and change.fields else "",
        paths=paths[: rung.paths],
        more_paths=max(0, len(paths) - rung.paths) if rung.paths else 0,
    )


def _diff(shown: list[Line]) -> str:
    if not shown:
        return ""
    marks = {"@": "@@ {} @@", "+": "+ {}", "-": "- {}", " ": "  {}", "…": "… {}"}
    # A path may hold what a text may: a line end in it would start a line of its own.
    return escape.fence(
        "\n".join(marks[line.sign].format(line.text.replace("\n", "\\n")) for line in shown), "diff"
    )


def _split(image: str) -> tuple[str, str]:
    name, at, digest = image.partition("@")
    path, slash, last = name.rpartition("/")
    last, colon, tag = last.partition(":")
    short = digest[:DIGEST_CHARS]
    return f"{path}{slash}{last}", f"{tag}{at}{short}" if colon or at else "(no tag)"
