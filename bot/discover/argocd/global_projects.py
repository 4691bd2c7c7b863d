"""Projects that lend their rules to others: `globalProjects` of argocd-cm, as its controller lays them over a project."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.discover.fields import mapping, text
from bot.model.objects import Manifest

_ADDED = (
    "clusterResourceWhitelist",
    "clusterResourceBlacklist",
    "namespaceResourceWhitelist",
    "namespaceResourceBlacklist",
    "syncWindows",
    "sourceRepos",
    "destinations",
)


@dataclass(frozen=True, slots=True)
class Lender:
    """A project, and the labels of those that it lends its rules to."""

    name: str
    selector: Manifest

    @classmethod
    def of(cls, entry: Manifest) -> "Lender":
        return cls(text(entry, "projectName"), mapping(entry.get("labelSelector")))

    def lends_to(self, name: str, labels: Mapping[str, str]) -> bool:
        return name != self.name and _selects(self.selector, labels)


def laid_over(spec: Manifest, lent: Sequence[Manifest]) -> Manifest:
    """The spec with the lists of the others behind its own; a list that nobody has stays away."""
    every = (spec, *lent)
    added = {
        name: [entry for each in every for entry in each.get(name, ())]
        for name in _ADDED
        if any(name in each for each in every)
    }
    return {**spec, **added}


def _selects(selector: Manifest, labels: Mapping[str, str]) -> bool:
    """One that cannot be read selects nothing."""
    plain = mapping(selector.get("matchLabels")).items()
    return all(labels.get(key) == value for key, value in plain) and all(_held(selector, labels))


def _held(selector: Manifest, labels: Mapping[str, str]) -> Iterator[bool]:
    expressions: Any = selector.get("matchExpressions") or ()
    if not isinstance(expressions, list | tuple):
        yield False
        return
    for each in map(mapping, expressions):
        key, values = text(each, "key"), each.get("values") or ()
        if not isinstance(values, list | tuple):
            yield False
            continue
        match each.get("operator"):
            case "In":
                yield key in labels and labels[key] in values
            case "NotIn":
                yield key not in labels or labels[key] not in values
            case "Exists":
                yield key in labels
            case "DoesNotExist":
                yield key not in labels
            case _:
                yield False
