"""The plan for a terminal, read from top to bottom: the verdict, what is unknown, what is deleted, then every object.

The invariant: no character of a manifest reaches the terminal as a command to it.
"""

import textwrap
from collections.abc import Iterator, Sequence

from bot.model.plan import Action, ObjectChange, Plan, TargetStatus
from bot.model.rendering import Diagnostic, Severity
from bot.model.target import TargetId
from bot.report import phrases, reasons, view
from bot.report.escape import one_line, visible
from bot.report.hunks import Bounds, Line, field_lines, lines
from bot.report.notes import notes

BOUNDS = Bounds(lines_per_field=60, lines_per_object=400)
DECLARED_BOUNDS = Bounds(lines_per_field=20, lines_per_object=60)
MIN_WIDTH = 40
MAX_STANDING = 5
"""So many reasons why targets that stay as they are cannot be rendered."""

_RED, _GREEN, _YELLOW, _CYAN, _BOLD, _DIM = "31", "32", "33", "36", "1", "2"
_COLOURS = {Action.ADDED: _GREEN, Action.CHANGED: _YELLOW, Action.REMOVED: _RED, Action.MOVED: _CYAN}
_LINE_COLOURS = {"+": _GREEN, "-": _RED, "@": _CYAN, "…": _DIM, " ": ""}


def plan_text(plan: Plan, *, colour: bool = False, width: int | None = None) -> str:
    """Text ending in a line end. Lines longer than `width` go on in the next one; None leaves that to the terminal."""
    return "".join(f"{line}\n" for line in _Printer(colour, width).plan(plan))


class _Printer:
    def __init__(self, colour: bool, width: int | None) -> None:  # noqa: FBT001 - named by the only caller
        self._colour = colour
        self._width = None if width is None else max(width, MIN_WIDTH)

    def plan(self, plan: Plan) -> Iterator[str]:
        yield from self._sentence(_BOLD, phrases.verdict(plan))
        sections = (
            self._wrong(plan),
            self._unknown(plan),
            self._dangers(plan),
            self._materials(plan),
            self._groups(plan),
            self._empty(plan),
            self._foot(plan),
        )
        for section in sections:
            shown = list(section)
            if shown:
                yield ""
                yield from shown

    def _wrong(self, plan: Plan) -> Iterator[str]:
        for error in reasons.errors(plan):
            yield from self._sentence(_RED, f"error: {_told(error)}")

    def _unknown(self, plan: Plan) -> Iterator[str]:
        for unknown in reasons.unknowns(plan):
            yield from self._sentence(_RED, f"? {self._targets(unknown.targets)}: unknown")
            for reason in unknown.reasons:
                yield from self._sentence("", f"    {_told(reason)}")
            if unknown.more:
                yield f"    and {phrases.count(unknown.more, 'more reason')}"
            for declared in unknown.declared:
                where = (
                    f", in {self._targets(declared.targets)}" if declared.targets != unknown.targets else ""
                )
                yield from self._sentence("", f"    {phrases.KNOWN}{where}:")
                for line in field_lines(declared.fields, DECLARED_BOUNDS):
                    yield from self._line(line)

    def _dangers(self, plan: Plan) -> Iterator[str]:
        for danger in view.dangers(plan):
            names = phrases.listed([one_line(phrases.object_name(id_)) for id_ in danger.ids], 3)
            many = f"{len(danger.ids)} x " if len(danger.ids) > 1 else ""
            what = f"{many}{one_line(danger.ids[0].kind)} {names}"
            where = self._targets(danger.targets)
            verb = "no longer declares" if danger.stay else "deletes"
            yield from self._sentence(_RED, f"! {verb} {what} in {where}: {phrases.loss(danger)}")

    def _materials(self, plan: Plan) -> Iterator[str]:
        for use in view.materials(plan):
            name, change = one_line(phrases.material_name(use.change)), phrases.material_change(use.change)
            where = self._targets(use.targets)
            yield from self._sentence("", f"{name}: {one_line(change)} in {where}")

    def _groups(self, plan: Plan) -> Iterator[str]:
        for at, group in enumerate(view.groups(plan)):
            if at:
                yield ""
            targets = self._targets(tuple(t.target.id for t in group.targets))
            same = f" (the same in {len(group.targets)} targets)" if len(group.targets) > 1 else ""
            status = {TargetStatus.ADDED: " (new)", TargetStatus.REMOVED: " (goes)"}.get(
                group.first.status, ""
            )
            totals = phrases.group_totals(group.counts, len(group.hooks))
            yield from self._sentence(_BOLD, f"{targets}{status}: {totals}{same}")
            for alike in group.lasting:
                yield from self._object(alike, group)
            if group.stamped:
                yield from self._stamped(group)
            if group.hooks:
                yield from self._sentence("", f"  {phrases.HOOKS}:")
            for change in group.hooks:
                yield from self._object((change,), group)

    def _empty(self, plan: Plan) -> Iterator[str]:
        """Targets that come or go and hold no object."""
        for status, word in ((TargetStatus.ADDED, "new"), (TargetStatus.REMOVED, "goes")):
            names = tuple(t.target.id for t in plan.with_status(status) if not t.changes)
            if names:
                yield from self._sentence(_BOLD, f"{self._targets(names)} ({word}): no objects")

    def _stamped(self, group: view.Group) -> Iterator[str]:
        fields = group.stamped[0].fields
        labels = ", ".join(one_line(f"{view.STAMPS[f.path]} {f.old} -> {f.new}") for f in fields)
        names = [one_line(f"{change.id.kind} {self._name(change, group)}") for change in group.stamped]
        told = f"{phrases.stamped(len(names))} {labels}: {phrases.listed(names, 10)}"
        yield from self._sentence(_YELLOW, f"  ~ {told}")

    def _object(self, alike: Sequence[ObjectChange], group: view.Group) -> Iterator[str]:
        """One object, or several that change alike."""
        change = alike[0]
        names = [one_line(f"{each.id.kind} {self._name(each, group)}") for each in alike]
        note = one_line(notes(change, is_hook=view.is_hook(group.first, change), stay=group.stay))
        sign, colour = phrases.SIGNS[change.action], _COLOURS[change.action]
        if len(names) > 1:
            yield from self._sentence(colour, f"  {sign} {phrases.same_in(len(names))}: {', '.join(names)}")
        else:
            told = f"{names[0]} ({note})" if note else names[0]
            yield from self._sentence(colour, f"  {sign} {told}")
        for line in lines(change, BOUNDS):
            yield from self._line(line)

    def _name(self, change: ObjectChange, group: view.Group) -> str:
        return phrases.object_name(change.id, with_namespace=group.one_namespace)

    def _line(self, line: Line) -> Iterator[str]:
        """A field's path, or a line of its content, where spaces count and what differs may be at the end."""
        colour, text = _LINE_COLOURS[line.sign], _inside(line.text)
        if line.sign == "@":
            yield from self._sentence(colour, f"      {text}")
            return
        indent = " " * 12
        room = self._width - len(indent) if self._width else len(text) or 1
        pieces = [text[at : at + room] for at in range(0, len(text), room)] or [""]
        yield self._paint(colour, f"        {line.sign} {pieces[0]}".rstrip())
        yield from (self._paint(colour, f"{indent}{piece}".rstrip()) for piece in pieces[1:])

    def _foot(self, plan: Plan) -> Iterator[str]:
        unchanged = len(plan.with_status(TargetStatus.UNCHANGED))
        if unchanged and unchanged < len(plan.targets):
            yield f"{phrases.count(unchanged, 'target')} unchanged"
        if anew := view.made_anew(plan):
            names = self._targets(tuple(target.target.id for target in anew))
            yield from self._sentence("", f"{phrases.made_anew(anew)}: {names}")
        yield from self._standing(reasons.standing(plan))
        for target in plan.with_status(TargetStatus.MOVED):
            origin = f"moved from {one_line(target.moved_from)}" if target.moved_from else "moved"
            yield from self._sentence(
                "", f"> {self._targets((target.target.id,))}: {origin}, with the same objects"
            )
        for remark in reasons.remarks(plan):
            where = f" ({self._targets(remark.targets)})" if remark.targets else ""
            colour = _DIM if remark.diagnostic.severity is Severity.NOTICE else _YELLOW
            yield from self._sentence(
                colour, f"{remark.diagnostic.severity}: {_told(remark.diagnostic)}{where}"
            )
        missing = [one_line(p.name) for p in plan.protections if not p.active]
        if missing:
            yield from self._sentence(_YELLOW, f"rendered without {phrases.listed(missing)}")

    def _standing(self, unknowns: tuple[reasons.Unknown, ...]) -> Iterator[str]:
        if unknowns:
            number = sum(len(each.targets) for each in unknowns)
            yield from self._sentence("", f"{phrases.cannot_be_rendered(number)}:")
        for each in unknowns[:MAX_STANDING]:
            yield from self._sentence(_DIM, f"  {self._targets(each.targets)}: {_told(each.reasons[0])}")
        if len(unknowns) > MAX_STANDING:
            rest = phrases.count(len(unknowns) - MAX_STANDING, "more reason")
            yield f"  and {rest} (--format json has all)"

    def _targets(self, targets: tuple[TargetId, ...]) -> str:
        return phrases.listed([one_line(str(target)) for target in targets])

    def _paint(self, colour: str, text: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colour and colour else text

    def _sentence(self, colour: str, text: str) -> Iterator[str]:
        """Words are never cut: they go on in the next line. A name or an address wider than that stays in one piece."""
        words = text.lstrip()
        indent = " " * (len(text) - len(words))
        wrapper = textwrap.TextWrapper(
            self._width or len(text) + 1,
            initial_indent=indent,
            subsequent_indent=f"{indent}  ",
            break_on_hyphens=False,
            break_long_words=False,
        )
        yield from (self._paint(colour, line) for line in wrapper.wrap(words))


def _told(diagnostic: Diagnostic) -> str:
    """`file:line: message`."""
    place = f"{diagnostic.file}:{diagnostic.line}" if diagnostic.line else diagnostic.file
    message = one_line(diagnostic.message, 2000)
    return f"{one_line(place)}: {message}" if place else message


def _inside(text: str) -> str:
    return visible(text).replace("\n", "\\n").replace("\t", "    ")
