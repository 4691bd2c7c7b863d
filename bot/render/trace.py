"""What a target reads: the question that costs no rendering."""

from types import MappingProxyType

from bot.model.rendering import Trace
from bot.model.target import Target
from bot.model.tree import TreeReader
from bot.render.ground import Remotes
from bot.render.walker import Walk

_NOTHING: Remotes = MappingProxyType({})


def trace(tree: TreeReader, target: Target, remotes: Remotes = _NOTHING) -> Trace:
    """Everything that rendering the target reads or looks for in this tree. Never raises, and renders nothing.

    `remotes` are what lies elsewhere and is at hand. The trace's own `remotes` name what there is besides: who fetches
    those may ask again, and may then be told of more.
    """
    return Walk(tree, target, remotes).run()
