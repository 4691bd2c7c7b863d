"""AppProjects that are declared, by name. They lie in Argo CD's own namespace, whatever that of an Application is."""

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from bot.discover.argocd.global_projects import Lender, laid_over
from bot.discover.argocd.objects import Identity, texts
from bot.discover.argocd.project_spec import PROJECT
from bot.discover.objects import Malformed
from bot.discover.spec import Spec
from bot.model.objects import Manifest
from bot.model.refs import ObjectRef

DEFAULT = "default"
"""Argo CD makes it when it is installed, and it allows everything until somebody says otherwise."""
_WILDCARDS = re.compile(r"[*?\[{\\]")
_LONGEST = 80
_MOST_ENTRIES = 1_000
_MOST_PATTERN_CHARS = 16_384
"""Of all patterns with wildcards. Every Application is held against every one of them."""


@dataclass(frozen=True, slots=True)
class Project:
    """`spec` is what of it is of its type. `unknown_because` is why a cluster would not take it as it is written."""

    ref: ObjectRef
    spec: Manifest
    unknown_because: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Projects:
    """A name has several where it is declared more than once, each differently: nobody knows which of them counts."""

    declared: Mapping[str, tuple[Project, ...]]

    @classmethod
    def of(cls, manifests: Iterable[Manifest], lenders: Iterable[Lender] = ()) -> "Projects":
        """`lenders` are the global projects of the same control plane."""
        found: dict[str, list[Project]] = defaultdict(list)
        for manifest in manifests:
            project = read(manifest)
            if project is not None and project not in found[project.ref.name]:
                found[project.ref.name].append(project)
        known = {name: tuple(several) for name, several in found.items() if several}
        by_name = tuple(lenders)
        return cls(
            {name: tuple(_lent(each, by_name, known) for each in several) for name, several in known.items()}
        )

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


def _lent(project: Project, lenders: Iterable[Lender], known: Mapping[str, Sequence[Project]]) -> Project:
    """The project with what global projects add to it. One that is not declared here may add anything."""
    lent: list[Manifest] = []
    for lender in lenders:
        if project.unknown_because or not lender.lends_to(project.ref.name, project.labels):
            continue
        declared = known.get(lender.name, ())
        if len(declared) != 1 or declared[0].unknown_because:
            why = f"the global project {lender.name[:_LONGEST]} adds to it, and is not declared here once"
            return replace(project, unknown_because=why)
        lent.append(declared[0].spec)
    if not lent:
        return project
    spec = laid_over(project.spec, lent)
    return replace(project, spec=spec, unknown_because=_why_too_much(spec))


def read(manifest: Manifest) -> Project | None:
    """None for one that has no name."""
    try:
        identity = Identity.of(manifest)
    except Malformed:
        return None
    spec = Spec.of(manifest, PROJECT)
    why = identity.problem or spec.problem or _why_too_much(spec.fields)
    return Project(identity.ref, spec.fields, why, texts(manifest, "labels"))


def _why_too_much(fields: Manifest) -> str:
    for name, value in fields.items():
        if isinstance(value, list) and len(value) > _MOST_ENTRIES:
            return f"spec.{name} has {len(value)} entries: Longshore reads at most {_MOST_ENTRIES}"
    places = (place.values() for place in fields.get("destinations", ()))
    patterns = chain(fields.get("sourceRepos", ()), fields.get("sourceNamespaces", ()), *places)
    if sum(len(pattern) for pattern in patterns if _WILDCARDS.search(pattern)) > _MOST_PATTERN_CHARS:
        return f"its patterns have more than {_MOST_PATTERN_CHARS} characters, which Longshore does not try"
    return ""
