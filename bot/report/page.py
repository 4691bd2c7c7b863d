"""A plan laid out for a page: the pieces that the templates put words around.

Everything here is either ours (counts, signs), a name still to be neutralised by the template, or a finished block.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from bot.model.plan import Action, FieldChange, FieldOp, ObjectChange, Plan, TargetPlan, TargetStatus
from bot.model.target import TargetId
from bot.report import escape, phrases, view
from bot.report.hunks import Line, field_lines, lines
from bot.report.ladder import Rung, TooLong
from bot.report.notes import notes
from bot.report.reasons import Declared, Unknown
from bot.report.stays import Stay, staying

OBJECT_ICONS = {Action.ADDED: "🆕", Action.CHANGED: "✏️", Action.REMOVED: "🗑️", Action.MOVED: "➡️"}
DIGEST_CHARS = 19
MAX_NAMES = 5
MAX_STAMPED = 10
MAX_KNOWN_CHARS = 40


@dataclass(frozen=True, slots=True)
class Row:
    icon: str
    name: str
    cluster: str
    changes: str
    moved_from: str


@dataclass(frozen=True, slots=True)
class ObjectItem:
    """One object, or several that change alike: `names` by kind."""

    icon: str
    action: str
    count: int
    names: tuple[tuple[str, tuple[str, ...]], ...]
    more_names: int
    note: str
    diff: str
    paths: tuple[str, ...]
    more_paths: int


@dataclass(frozen=True, slots=True)
class KnownField:
    """One field; `old` and `new` are empty where they are not short, or not the same everywhere."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class GroupItem:
    icon: str
    names: tuple[str, ...]
    more_names: int
    count: int
    totals: str
    objects: tuple[ObjectItem, ...]
    stamped: tuple[tuple[str, str], ...]
    stamps: tuple[KnownField, ...]
    more_stamped: int
    hooks: tuple[ObjectItem, ...]
    more_objects: int


@dataclass(frozen=True, slots=True)
class ImageItem:
    name: str
    old: str
    new: str
    where: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MaterialItem:
    """`old` and `new` are version and short digest, without what there is not; empty where a side has none."""

    name: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    where: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeclaredItem:
    names: tuple[str, ...]
    more_names: int
    fields: int
    diff: str


def rows(plan: Plan) -> list[Row]:
    """One row for each target that does not stay as it is, unknown ones first."""
    touched = [t for t in plan.targets if t.status is not TargetStatus.UNCHANGED]
    touched.sort(key=lambda t: t.status is not TargetStatus.UNKNOWN)
    stays = staying(plan)
    return [
        Row(
            phrases.ICONS[t.status],
            t.target.id.name,
            t.target.id.cluster,
            _row_words(t, stays.get(t.target.id)),
            t.moved_from,
        )
        for t in touched
    ]


def group_items(groups: Sequence[view.Group], rung: Rung, room: int | None) -> list[GroupItem]:
    """The groups with as much of each object as the rung shows. Raises `TooLong` once `room` is used up."""
    budget = _Budget(room)
    return [_group(group, rung, budget) for group in groups]


def image_item(use: view.ImageUse) -> ImageItem:
    (old_name, old_tag), (new_name, new_tag) = _split(use.change.old), _split(use.change.new)
    where = tuple(str(t) for t in use.targets)
    if old_name != new_name:
        return ImageItem("", use.change.old, use.change.new, where)
    return ImageItem(new_name, old_tag, new_tag, where)


def material_item(use: view.MaterialUse) -> MaterialItem:
    where = tuple(str(t) for t in use.targets)
    old, new = phrases.exact(use.change.old), phrases.exact(use.change.new)
    return MaterialItem(phrases.material_name(use.change), old, new, where)


def known_fields(unknown: Unknown) -> list[KnownField]:
    """What changes in the declarations of unknown targets, each path once."""
    alike: dict[str, list[FieldChange]] = defaultdict(list)
    for declared in unknown.declared:
        for field in declared.fields:
            alike[field.path].append(field)
    return [_known(path, fields) for path, fields in alike.items() if path]


def declared_item(declared: Declared, rung: Rung) -> DeclaredItem:
    names, more = _names(declared.targets)
    return DeclaredItem(
        names, more, len(declared.fields), _diff(field_lines(declared.fields, rung.declared_bounds))
    )


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


def _row_words(target: TargetPlan, stay: Stay | None) -> str:
    if target.status is TargetStatus.UNKNOWN:
        return "unknown"
    words = phrases.short_totals(view.counts(target, stay))
    named = {TargetStatus.ADDED: "new", TargetStatus.REMOVED: "goes", TargetStatus.MOVED: "moved"}
    hooks = sum(view.is_hook(target, change) for change in target.changes)
    told = f"({phrases.count(hooks, 'hook')})" if hooks else ""
    return " ".join(word for word in (named.get(target.status, ""), words, told) if word)


def _known(path: str, fields: Sequence[FieldChange]) -> KnownField:
    first = fields[0]
    if first.op is not FieldOp.REPLACE or any(field != first for field in fields):
        return KnownField(path, "", "")
    old, new = (side if isinstance(side, str) else json.dumps(side) for side in (first.old, first.new))
    is_short = max(len(old), len(new)) <= MAX_KNOWN_CHARS
    return KnownField(path, old, new) if is_short else KnownField(path, "", "")


def _names(targets: Sequence[TargetId]) -> tuple[tuple[str, ...], int]:
    return tuple(str(t) for t in targets[:MAX_NAMES]), max(0, len(targets) - MAX_NAMES)


def _group(group: view.Group, rung: Rung, budget: _Budget) -> GroupItem:
    names, more_names = _names(tuple(t.target.id for t in group.targets))
    lasting, stamped, hooks = group.lasting[: rung.objects], group.stamped, group.hooks
    shown = hooks[: rung.objects - len(lasting)]
    told = sum(len(alike) for alike in lasting) + len(stamped) + len(shown)
    return GroupItem(
        icon=phrases.ICONS[group.first.status],
        names=names,
        more_names=more_names,
        count=len(group.targets),
        totals=phrases.group_totals(group.counts, len(hooks)),
        objects=tuple(_object(alike, group, rung, budget) for alike in lasting),
        hooks=tuple(_object((change,), group, rung, budget) for change in shown),
        stamped=tuple((change.id.kind, _name(change, group)) for change in stamped[:MAX_STAMPED]),
        stamps=tuple(KnownField(view.STAMPS[f.path], str(f.old), str(f.new)) for f in stamped[0].fields)
        if stamped
        else (),
        more_stamped=max(0, len(stamped) - MAX_STAMPED),
        more_objects=len(group.first.changes) - told,
    )


def _object(alike: Sequence[ObjectChange], group: view.Group, rung: Rung, budget: _Budget) -> ObjectItem:
    change = alike[0]
    names: dict[str, list[str]] = defaultdict(list)
    for each in alike[: rung.names]:
        names[each.id.kind].append(budget.spend(_name(each, group)))
    paths = tuple(f.path for f in change.fields if f.path) if change.action is Action.CHANGED else ()
    return ObjectItem(
        icon=OBJECT_ICONS[change.action],
        action=change.action.value,
        count=len(alike),
        names=tuple((kind, tuple(named)) for kind, named in names.items()),
        more_names=max(0, len(alike) - rung.names),
        note=notes(change, is_hook=view.is_hook(group.first, change), stay=group.stay),
        diff=budget.spend(_diff(lines(change, rung.bounds))) if rung.bounds and change.fields else "",
        paths=paths[: rung.paths],
        more_paths=max(0, len(paths) - rung.paths) if rung.paths else 0,
    )


def _name(change: ObjectChange, group: view.Group) -> str:
    return phrases.object_name(change.id, with_namespace=group.one_namespace)


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
