"""What every rendering of one process shares."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot.diff.mask import Mask
from bot.model.plan import Protection
from bot.model.rendering import Trust
from bot.planning.elsewhere import Elsewhere
from bot.planning.memory import Memory
from bot.render.builder import Builders
from bot.render.cache import RenderingCache
from bot.render.sandbox import Sandbox

if TYPE_CHECKING:
    from bot.model.programs import Programs
    from bot.render.applicationset import Templates


@dataclass(frozen=True, slots=True)
class Workshop:
    """`gate` bounds how many programs render at once.

    `tools` are the versions that take part in a content key, by program; `builders` render quickly and `templates`
    those of ApplicationSets, each for input of one trust.
    """

    sandbox: Sandbox
    protections: tuple[Protection, ...]
    tools: Mapping[str, str]
    mask: Mask
    cache: RenderingCache
    memory: Memory
    gate: asyncio.Semaphore
    elsewhere: Elsewhere = field(default_factory=Elsewhere)
    builders: Mapping[Trust, Builders] = field(default_factory=dict)
    templates: "dict[Trust, Templates]" = field(default_factory=dict)

    def for_forks(self) -> "Workshop":
        """The same for what strangers write: of the operator's programs it runs those that he lets it."""
        return replace(self, sandbox=replace(self.sandbox, programs=self.sandbox.programs.for_forks()))

    def sandbox_for(self, trust: Trust, *, decrypts: bool) -> Sandbox:
        """Where input of this trust is rendered, by the programs as they are now."""
        builders = self.builders.get(trust, Builders())
        if decrypts:
            # Values that may have been decrypted are shown to no program that stays; files are told apart by who builds.
            builders = replace(builders, helm=None)
        return replace(self.sandbox, builders=builders, programs=self._programs())

    def _programs(self) -> "Programs":
        """The operator's: one that is replaced while we run is another one."""
        if not self.sandbox.programs:
            return self.sandbox.programs
        from bot.render.plugin.run import as_of_now  # noqa: PLC0415 - few operators have any

        return as_of_now(self.sandbox.programs, self.sandbox.layers)

    def templates_for(self, trust: Trust) -> "Templates":
        """What renders the Go templates of ApplicationSets, for input of this trust."""
        from bot.render.applicationset import Templates  # noqa: PLC0415 - few repositories need it

        if trust not in self.templates:
            self.templates[trust] = Templates.here(self.sandbox.layers)
        return self.templates[trust]

    def close(self) -> None:
        """End the programs that stay. The workshop can be used again."""
        for builders in self.builders.values():
            builders.close()
        for templates in self.templates.values():
            templates.close()
