"""ConfigMaps and Secrets that the targets of a cluster declare, as they render, with every secret value masked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.git.repository import Repository
from bot.git.tree import Tree
from bot.model.objects import Manifest
from bot.model.rendering import ContentKey
from bot.model.target import TargetId
from bot.planning.expansion import Traced
from bot.planning.renderings import Renderings

_PATHSPECS = ("*.yaml", "*.yml", "*.json")
_GENERATED = re.compile(r"-[a-z0-9]{10}$")
_Place = tuple[str, str]
"""Kind and name."""


@dataclass(frozen=True, slots=True)
class Declared:
    manifest: Manifest
    by: TargetId


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a cluster while one of its targets is looked at: its targets in the order they were found, and
    the one that declares it.
    """

    targets: Sequence[Traced]
    parent: Traced | None = None


class Declarations:
    """Looks objects up in the renderings of one tree. What was found once is not searched for again.

    `is_settled` is False where somebody who may declare something could not be rendered this time.
    """

    def __init__(self, repository: Repository, tree: Tree, renderings: Renderings) -> None:
        self._repository = repository
        self.tree = tree
        self.renderings = renderings
        self._files: dict[str, frozenset[str]] = {}
        self._held: dict[ContentKey, Mapping[_Place, list[Manifest]]] = {}
        self._found: dict[tuple[str, str, str, str], Declared] = {}
        self._unrendered: dict[TargetId, frozenset[str]] = {}
        self.is_settled = True

    async def find(self, kind: str, namespace: str, name: str, known: Known) -> Declared | None:
        """What declares the object: the target that declares who asks, else the first of the cluster that does.

        An object without a namespace counts as well: where it goes is for whoever applies it to say.
        """
        if known.parent is not None:
            found = await self._in(known.parent, kind, namespace, name)
            if found is not None:
                return found
        if not known.targets:
            return None
        place = (known.targets[0].target.id.cluster, kind, namespace, name)
        if place not in self._found:
            found = await self._search(kind, namespace, name, known.targets)
            if found is None:
                return None
            self._found[place] = found
        return self._found[place]

    async def _search(self, kind: str, namespace: str, name: str, among: Sequence[Traced]) -> Declared | None:
        files = await self._mentioning(name)
        for traced in among:
            if traced.is_from_elsewhere or not files.isdisjoint(traced.files):
                found = await self._in(traced, kind, namespace, name)
                if found is not None:
                    return found
        return None

    async def _in(self, traced: Traced, kind: str, namespace: str, name: str) -> Declared | None:
        for manifest in (await self._declared(traced)).get((kind, name), ()):
            if (manifest.get("metadata") or {}).get("namespace", "") in ("", namespace):
                return Declared(manifest, traced.target.id)
        return None

    async def why_missing(self, kind: str, name: str) -> str:
        """For what nobody declares, as far as that is known."""
        files = await self._mentioning(name)
        hiding = sorted(
            str(target) for target, read in self._unrendered.items() if not files.isdisjoint(read)
        )
        if hiding:
            return f"{kind} {name} may be declared by {hiding[0]}, which cannot be rendered"
        return f"{kind} {name} is not declared in this repository"

    async def _declared(self, traced: Traced) -> Mapping[_Place, list[Manifest]]:
        known = self._held.get(traced.key)
        if known is None:
            known = {}
            rendering = await self.renderings.masked(self.tree, traced)
            if rendering.failed:
                # NB: what might pass must not be remembered as if nobody declared anything.
                self._unrendered[traced.target.id] = traced.files
                self.is_settled &= rendering.is_lasting or traced.trace.is_refused
            for found in rendering.objects:
                if not found.id.group and found.id.kind in {"ConfigMap", "Secret"}:
                    known.setdefault((found.id.kind, found.id.name), []).append(found.manifest)
            self._held[traced.key] = known
        return known

    async def _mentioning(self, name: str) -> frozenset[str]:
        """Files in which the name stands, or what it is before a generator puts a hash behind it."""
        if name not in self._files:
            needles = tuple(dict.fromkeys((name, stem(name))))
            self._files[name] = await self._repository.grep(self.tree.id, needles, _PATHSPECS)
        return self._files[name]


def stem(name: str) -> str:
    """Without the hash that a generator puts behind a name."""
    return _GENERATED.sub("", name)
