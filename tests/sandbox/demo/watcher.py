"""Telling what moves in the clusters while it moves."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.sandbox.demo.clusters import Cluster, Seen, Sight
from tests.sandbox.demo.narrator import Narrator

POLL_S = 0.3


@dataclass(slots=True)
class Watcher:
    """`watch` runs until it is cancelled; `last` is what it saw last."""

    narrator: Narrator
    cluster: Cluster
    last: Sight = field(default_factory=dict)

    async def watch(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(POLL_S)

    async def look(self) -> Sight:
        before, self.last = self.last, await self.cluster.sight()
        for sign, texts in differences(before, self.last).items():
            self.narrator.moved(sign, f"{self.cluster.name}: {_by_kind(texts)}")
        return self.last


def differences(before: Sight, after: Sight) -> dict[str, list[str]]:
    """What to tell, by sign: `+` came, `~` is to be otherwise, `-` went, `ok` is ready now."""
    told: dict[str, list[str]] = defaultdict(list)
    for sign, text in _told(before, after):
        told[sign].append(text)
    return dict(told)


def _told(before: Sight, after: Sight) -> Iterator[tuple[str, str]]:
    nothing = Seen(generation=0)
    for name in sorted(before.keys() - after.keys()):
        yield "-", name
    for name, now in sorted(after.items()):
        was = before.get(name, nothing)
        if was is nothing:
            yield "+", name
        elif now.generation != was.generation:
            yield "~", name
        if now.is_ready and not (was.is_ready and was.note == now.note):
            yield "ok", f"{name} ({now.note})"


def _by_kind(texts: list[str]) -> str:
    """`Deployment api, web; Service web`."""
    names: dict[str, list[str]] = defaultdict(list)
    for text in texts:
        kind, _, name = text.partition(" ")
        names[kind].append(name)
    return "; ".join(f"{kind} {', '.join(some)}" for kind, some in names.items())
