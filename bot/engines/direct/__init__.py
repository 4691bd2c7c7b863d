"""We apply: dry run first, in stages, writing only what differs; then prune, then wait for health."""

from bot.engines.direct.engine import DirectEngine, Removal

__all__ = ["DirectEngine", "Removal"]
