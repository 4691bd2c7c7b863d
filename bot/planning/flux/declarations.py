"""ConfigMaps and Secrets that the targets of a cluster declare, as they render, with every secret value masked."""

import re
from collections.abc import Iterable, Mapping

from bot.git.repository import Repository
from bot.git.tree import Tree
from bot.model.objects import Manifest
from bot.model.rendering import ContentKey, TraceKind
from bot.planning.expansion import Traced
from bot.planning.renderings import Renderings

_PATHSPECS = ("*.yaml", "*.yml", "*.json")
_GENERATED = re.compile(r"-[a-z0-9]{10}$")
_Place = tuple[str, str]
"""Kind and name."""


class Declarations:
    """Looks objects up in the renderings of one tree. A name is searched for once."""

    def __init__(self, repository: Repository, tree: Tree, renderings: Renderings) -> None:
        self._repository = repository
        self.tree = tree
        self.renderings = renderings
        self._files: dict[str, frozenset[str]] = {}
        self._held: dict[ContentKey, Mapping[_Place, list[Manifest]]] = {}

    async def find(self, kind: str, namespace: str, name: str, among: Iterable[Traced]) -> Manifest | None:
        """The first of this kind and name that one of these targets declares, in their order.

        One without a namespace counts as well: where it goes is for whoever applies it to say.
        """
        files = await self._mentioning(name)
        for traced in among:
            read = (e.path for e in traced.trace.entries if e.kind is TraceKind.FILE)
            if not traced.is_from_elsewhere and files.isdisjoint(read):
                continue
            for manifest in (await self._declared(traced)).get((kind, name), ()):
                if (manifest.get("metadata") or {}).get("namespace", "") in ("", namespace):
                    return manifest
        return None

    async def _declared(self, traced: Traced) -> Mapping[_Place, list[Manifest]]:
        known = self._held.get(traced.key)
        if known is None:
            known = {}
            for found in (await self.renderings.masked(self.tree, traced)).objects:
                if not found.id.group and found.id.kind in {"ConfigMap", "Secret"}:
                    known.setdefault((found.id.kind, found.id.name), []).append(found.manifest)
            self._held[traced.key] = known
        return known

    async def _mentioning(self, name: str) -> frozenset[str]:
        """Files in which the name stands, or what it is before a generator puts a hash behind it."""
        if name not in self._files:
            needles = tuple(dict.fromkeys((name, _GENERATED.sub("", name))))
            self._files[name] = await self._repository.grep(self.tree.id, needles, _PATHSPECS)
        return self._files[name]
