"""AppProjects that are declared, by name. They lie in Argo CD's own namespace, whatever that of an Application is."""

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from bot.discover.argocd.objects import Identity
from bot.discover.argocd.project_spec import PROJECT
from bot.discover.objects import Malformed
from bot.discover.spec import Spec
from bot.model.argocd import ArgoRef
from bot.model.objects import Manifest

DEFAULT = "default"
"""Argo CD makes it when it is installed, and it allows everything until somebody says otherwise."""
_WILDCARDS = re.compile(r"[*?\[{\\]")
_MOST_ENTRIES = 1_000
_MOST_PATTERN_CHARS = 16_384
"""Of all patterns with wildcards. Every Application is held against every one of them."""


@dataclass(frozen=True, slots=True)
class Project:
    """`spec` is what of it is of its type. `unknown_because` is why a cluster would not take it as it is written."""

    ref: ArgoRef
    spec: Manifest
    unknown_because: str = ""


@dataclass(frozen=True, slots=True)
class Projects:
    """A name has several where it is declared more than once, each differently: nobody knows which of them counts."""

    declared: Mapping[str, tuple[Project, ...]]

    @classmethod
    def of(cls, manifests: Iterable[Manifest]) -> "Projects":
        found: dict[str, list[Project]] = defaultdict(list)
        for manifest in manifests:
            project = read(manifest)
            if project is not None and project not in found[project.ref.name]:
                found[project.ref.name].append(project)
        return cls({name: tuple(several) for name, several in found.items() if several})

    def named(self, name: str) -> tuple[Project, ...]:
        """Every declaration of it; empty where there is none, or where one of them cannot be read."""
        several = self.declared.get(name, ())
        return () if any(each.unknown_because for each in several) else several

    def why_missing(self, name: str) -> str:
        """A hint where others are declared and this one is not; empty otherwise: it may be declared elsewhere."""
        if name == DEFAULT or not self.declared or name in self.declared:
            return ""
        near = difflib.get_close_matches(name, self.declared, n=1)
        return "is declared nowhere in this repository" + (f" (did you mean {near[0]}?)" if near else "")


def read(manifest: Manifest) -> Project | None:
    """None for one that has no name."""
    try:
        identity = Identity.of(manifest)
    except Malformed:
        return None
    spec = Spec.of(manifest, PROJECT)
    return Project(identity.ref, spec.fields, identity.problem or spec.problem or _why_too_much(spec.fields))


def _why_too_much(fields: Manifest) -> str:
    for name, value in fields.items():
        if isinstance(value, list) and len(value) > _MOST_ENTRIES:
            return f"spec.{name} has {len(value)} entries: Longshore reads at most {_MOST_ENTRIES}"
    places = (place.values() for place in fields.get("destinations", ()))
    patterns = chain(fields.get("sourceRepos", ()), fields.get("sourceNamespaces", ()), *places)
    if sum(len(pattern) for pattern in patterns if _WILDCARDS.search(pattern)) > _MOST_PATTERN_CHARS:
        return f"its patterns have more than {_MOST_PATTERN_CHARS} characters, which Longshore does not try"
    return ""
