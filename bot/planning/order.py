"""What is wrong with the order that targets ask for: circles, and waiting for what is not there."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from bot.model.rendering import Diagnostic, Severity
from bot.model.target import Target, TargetId
from bot.planning.expansion import Traced

_SHOWN = 6


def new_troubles(
    before: Mapping[TargetId, Traced], after: Mapping[TargetId, Traced]
) -> tuple[Diagnostic, ...]:
    """What a change brings; what was wrong before and stays so is for no reviewer of the change."""
    waiting = _waiting(after)
    if not waiting or (waiting == _waiting(before) and before.keys() == after.keys()):
        return ()
    known = set(_troubles(before))
    return tuple(
        Diagnostic(Severity.WARNING, message, target.origin.file, target.origin.line)
        for message, target in _troubles(after).items()
        if message not in known
    )


def _waiting(targets: Mapping[TargetId, Traced]) -> dict[TargetId, tuple[str, ...]]:
    return {name: t.target.depends_on for name, t in targets.items() if t.target.depends_on}


def _troubles(targets: Mapping[TargetId, Traced]) -> dict[str, Target]:
    """A sentence for each trouble, with a target to point to."""
    clusters: dict[str, dict[str, Target]] = defaultdict(dict)
    for name, traced in sorted(targets.items()):
        clusters[name.cluster][name.name] = traced.target
    found: dict[str, Target] = {}
    for known in clusters.values():
        for target in known.values():
            for awaited in target.depends_on:
                if awaited not in known:
                    found[f"{target.id} waits for {awaited}, which is not declared here"] = target
        for circle in _circles({name: target.depends_on for name, target in known.items()}):
            way = " → ".join((*circle[:_SHOWN], *(["…"] if len(circle) > _SHOWN else []), circle[0]))
            found[f"dependsOn goes in a circle, so none of these is ever delivered: {way}"] = known[circle[0]]
    return found


def _circles(waits: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """A circle for each set of names that wait for one another, beginning with its first name."""
    circles: list[tuple[str, ...]] = []
    done: set[str] = set()
    for start in waits:
        path: dict[str, Iterator[str]] = {}
        following = start if start not in done else None
        while following is not None or path:
            if following is not None:
                path[following] = iter(waits.get(following, ()))
            name = next(reversed(path))
            following = next((each for each in path[name] if each not in done), None)
            if following is None:
                done.add(name)
                del path[name]
            elif following in path:
                circle = list(path)[list(path).index(following) :]
                first = circle.index(min(circle))
                circles.append((*circle[first:], *circle[:first]))
                following = None
    return list(dict.fromkeys(circles))
