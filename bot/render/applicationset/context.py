"""What generators of one ApplicationSet share: where they may look, how they render, and the notes of what they read."""

import asyncio
import hashlib
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bot.model.rendering import TraceEntry, TraceKind
from bot.model.tree import TreeEntry
from bot.render.applicationset.dialect import Dialect, Faulty, render_all
from bot.render.applicationset.errors import Ungenerated
from bot.render.applicationset.params import Params, Texts
from bot.render.applicationset.templates import Templates
from bot.render.applicationset.world import Ground, World

Found = TypeVar("Found")

MAX_SETS = 5_000
MAX_ENTRIES = 20_000
MAX_READ_BYTES = 64 * 1024 * 1024
MAX_STEPS = 2_000_000


@dataclass(slots=True)
class Context:
    """`namespace` is the ApplicationSet's. `is_open` once something took part that is not in the tree at hand."""

    world: World
    dialect: Dialect
    templates: Templates
    namespace: str
    options: tuple[str, ...] = ()
    is_open: bool = False
    _entries: dict[tuple[str, str, str], TraceEntry] = field(default_factory=dict)
    _grounds: dict[tuple[str, str], Ground] = field(default_factory=dict)
    _known: dict[Hashable, Any] = field(default_factory=dict)
    _sets: int = 0
    _read_bytes: int = 0
    _steps: int = 0

    @property
    def is_go(self) -> bool:
        return self.dialect.is_go

    @property
    def entries(self) -> tuple[TraceEntry, ...]:
        return tuple(sorted(self._entries.values()))

    def add(self, entry: TraceEntry, at: str) -> None:
        self._entries[entry.path, entry.kind.value, entry.id] = entry
        if len(self._entries) > MAX_ENTRIES:
            raise Ungenerated(f"reads more than {MAX_ENTRIES} files", at)

    def add_file(self, path: str, entry: TreeEntry, at: str) -> None:
        self.add(TraceEntry(path, TraceKind.FILE, entry.mode, entry.id), at)

    def add_listing(self, directories: Iterable[str], names: Iterable[str], at: str) -> None:
        """That these, and no others, were found in or below the directories."""
        text = "\0".join(sorted(names)).encode("utf-8", "surrogateescape")
        found = hashlib.sha256(text).hexdigest()
        for directory in directories:
            self.add(TraceEntry(directory, TraceKind.LISTING, "040000", found), at)

    def count(self, sets: int, at: str) -> None:
        """Raises `Ungenerated` once there are more sets of parameters than Longshore takes."""
        self._sets += sets
        if self._sets > MAX_SETS:
            raise Ungenerated(f"the generators give more than {MAX_SETS} sets of parameters", at)

    def count_bytes(self, size: int, at: str) -> None:
        """Raises `Ungenerated` once there is more to parse than Longshore takes."""
        self._read_bytes += size
        if self._read_bytes > MAX_READ_BYTES:
            raise Ungenerated(f"there is more than {MAX_READ_BYTES // 1024**2} MiB to read", at)

    def count_steps(self, steps: int, at: str) -> None:
        """Of looking through a tree: each entry, and each pattern that it is held against. Raises `Ungenerated`."""
        self._steps += steps
        if self._steps > MAX_STEPS:
            raise Ungenerated(
                "its git generators have more to look through than Longshore does",
                at,
                hint="let fewer patterns look through fewer directories",
            )

    async def remembered(self, key: Hashable, make: Callable[[], Found]) -> Found:
        """What was made for this key before: a matrix asks its second generator again and again. Made in a thread."""
        if key not in self._known:
            self._known[key] = await asyncio.to_thread(make)
        found: Found = self._known[key]
        return found

    async def ground(self, repo_url: str, revision: str) -> Ground:
        """The files that a URL and a revision lead to, asked for once. Raises `NotKnown`."""
        if (repo_url, revision) not in self._grounds:
            self._grounds[repo_url, revision] = await self.world.tree(repo_url, revision)
        found = self._grounds[repo_url, revision]
        self.is_open = self.is_open or not found.is_lasting
        return found

    async def with_values(self, sets: Sequence[Params], values: Mapping[str, str], at: str) -> None:
        """Add what the generator's `values` give, each rendered with the set's other parameters. In place."""
        if not values:
            return
        asked = {text: f"{at}.values.{name}" for name, text in values.items() if "{{" in text}
        for params, made in zip(sets, await render_all(self.dialect, asked, sets), strict=True):
            found = {name: made.get(text, text) for name, text in values.items()}
            if self.is_go:
                params["values"] = Texts(found)
            else:
                params.update({f"values.{name}": text for name, text in found.items()})

    async def known_values(self, values: Mapping[str, str], params: Params, at: str) -> dict[str, Any]:
        """The `values` of a generator that another one gives parameters: what lacks one is left for later."""
        texts = [text for text in values.values() if "{{" in text]
        if not texts:
            return dict(values)
        options = None
        if self.is_go:
            others = [each for each in self.options if not each.startswith("missingkey=")]
            options = [*others, "missingkey=error"]
        (row,) = await self.dialect.rendered(texts, [params], options)
        made = dict(zip(texts, row, strict=True))
        found = {}
        for name, text in values.items():
            result = made.get(text, text)
            if isinstance(result, Faulty):
                if not result.lacks_parameter:
                    raise Ungenerated(f"its template does not render: {result.reason}", f"{at}.values.{name}")
                result = text
            found[name] = result
        return found
