"""YAML in which an anchor is given out again: from there on it is the later one, as Go has it.

People who copy a block take its anchors along. libyaml's own composer refuses such a file; this one is slower, and is
used for such files only.
"""

from typing import Any, TypeVar

import yaml
from yaml.composer import Composer

_Loader = TypeVar("_Loader", bound=yaml.CSafeLoader)


class _RepeatedAnchors(Composer, yaml.CSafeLoader):
    """Composes in Python what libyaml parses. Goes in front of a loader of libyaml's."""

    def __init__(self, data: bytes) -> None:
        Composer.__init__(self)
        super(Composer, self).__init__(data)

    def compose_node(self, parent: Any, index: Any) -> Any:
        if not self.check_event(yaml.AliasEvent):
            self.anchors.pop(getattr(self.peek_event(), "anchor", None), None)
        return super().compose_node(parent, index)


def allows_repeated(loader_of: type[_Loader]) -> type[_Loader]:
    """The same loader for files in which an anchor occurs more than once."""
    return type(f"{loader_of.__name__}OfRepeatedAnchors", (_RepeatedAnchors, loader_of), {})
