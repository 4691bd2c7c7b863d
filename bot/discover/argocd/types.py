"""What a source says of its own type, as the controller hands it to the renderer.

Of a single source empty blocks count as absent. Of several they do not: there the controller cleans a copy.
"""

from collections.abc import Callable, Mapping

from bot.discover.fields import mapping
from bot.model.objects import Manifest

_NO_REASON = frozenset(
    {
        "forceCommonLabels",
        "forceCommonAnnotations",
        "commonAnnotationsEnvsubst",
        "labelWithoutSelector",
        "labelIncludeTemplates",
    }
)
"""Fields that only say how others of the block are meant."""

_SAYS_NOTHING: Mapping[str, Callable[[Manifest], bool]] = {
    "kustomize": lambda block: not any(value for name, value in block.items() if name not in _NO_REASON),
    "helm": lambda block: (
        not any(value for name, value in block.items() if name != "valuesObject")
        and "valuesObject" not in block
    ),
    "directory": lambda block: (
        not (
            any(block.get(name) for name in ("recurse", "include", "exclude", "disableExtensionFilter"))
            or any(mapping(block.get("jsonnet")).values())
        )
    ),
}
_TYPES = ("kustomize", "helm", "directory", "plugin")


def normalised(source: Manifest) -> Manifest:
    """Without the blocks that say nothing; an empty `plugin` does: that one is to be found."""
    return {
        name: value
        for name, value in source.items()
        if name not in _SAYS_NOTHING or not _SAYS_NOTHING[name](mapping(value))
    }


def why_no_type(source: Manifest, at: str) -> str:
    """Why Argo CD cannot tell how the source is rendered, and what else it refuses in a block."""
    several = [name for name in _TYPES if name in source]
    if len(several) > 1:
        return f"{at} has {' and '.join(several)}: a source is of one type, keep one of them"
    for index, replica in enumerate(mapping(source.get("kustomize")).get("replicas", ())):
        count = replica.get("count")
        if isinstance(count, bool) or not isinstance(count, int | str):
            return f"{at}.kustomize.replicas[{index}].count must be a whole number"
    return ""
