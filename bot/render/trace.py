"""What a target reads: the question that costs no rendering."""

from bot.model.rendering import Trace
from bot.model.target import Target
from bot.model.tree import TreeReader
from bot.render.walker import Walk


def trace(tree: TreeReader, target: Target) -> Trace:
    """Everything that rendering the target reads or looks for in this tree. Never raises, and renders nothing."""
    return Walk(tree, target).run()
