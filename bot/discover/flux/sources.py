"""The sources that Flux's objects name, and which of them is this repository."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bot.discover.flux.artifacts import GENERATOR, GENERATOR_SPEC, Generator, generator_problem, is_paused
from bot.discover.flux.objects import Identity
from bot.discover.flux.source_specs import OLD_SOURCES, SOURCES
from bot.discover.objects import Malformed
from bot.discover.repository import RepositoryIdentity
from bot.discover.spec import Spec
from bot.model.objects import Manifest
from bot.model.refs import ObjectRef
from bot.model.target import Output


@dataclass(frozen=True, slots=True)
class DeclaredSource:
    """`unknown_because` is set where the cluster would not take it as it is written."""

    ref: ObjectRef
    spec: Manifest
    unknown_because: str = ""
    is_old: bool = False
    is_paused: bool = False

    @property
    def is_suspended(self) -> bool:
        return self.is_paused or self.spec.get("suspend") is True


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources that one cluster gets, by their names; those of another cluster may bear the same names.

    A name has several where it is declared more than once in different ways: nobody knows which of them the cluster has.
    `here` are GitRepositories that are taken for the repository at hand, whatever is declared.
    """

    declared: Mapping[ObjectRef, tuple[DeclaredSource, ...]]
    repository: RepositoryIdentity
    here: frozenset[ObjectRef] = frozenset()

    @classmethod
    def of(
        cls,
        manifests: Iterable[Manifest],
        repository: RepositoryIdentity,
        fallback: Iterable[Manifest] = (),
        here: Iterable[ObjectRef] = (),
    ) -> "Sources":
        """`manifests` are what is delivered; `fallback` counts for names that they do not declare.

        What has no name, or is no source, is left out.
        """
        found = _by_name(manifests)
        return cls(_by_name(fallback) | found, repository, frozenset(here))

    def source_of(self, kind: str, namespace: str, name: str) -> tuple[DeclaredSource, ...]:
        """Every declaration of that source; empty where there is none.

        One that is written without a namespace is taken for the one that is looked for: what places it is not read.
        """
        return self.declared.get(ObjectRef(kind, namespace, name)) or self.declared.get(
            ObjectRef(kind, "", name), ()
        )

    def generators_of(
        self, artifact: ObjectRef
    ) -> tuple[tuple[DeclaredSource, Generator, tuple[Output, ...]], ...]:
        """Every generator that may make the artifact, with what of it would be; they make it in their own namespace."""
        found = []
        for ref, several in self.declared.items():
            if ref.kind == GENERATOR and ref.namespace in ("", artifact.namespace):
                for source in several:
                    generator = Generator(replace(ref, namespace=artifact.namespace), source.spec)
                    outputs = generator.outputs(artifact.name)
                    found += [(source, generator, outputs)] if outputs else []
        return tuple(found)

    def namespaces_of(self, ref: ObjectRef) -> list[str]:
        """In which namespaces there is one of its kind and name."""
        return sorted({k.namespace for k in self.declared if (k.kind, k.name) == (ref.kind, ref.name)})

    def why_missing(self, ref: ObjectRef) -> str:
        """The sentence for a source that is declared nowhere, with the namespaces in which there is one of its name."""
        elsewhere = self.namespaces_of(ref)
        looked = f"its source, {ref}, is not declared in this repository"
        if not elsewhere:
            return looked
        return f"{looked}; one of that name is in namespace {' and '.join(elsewhere[:3])}: name that in the reference"


def why_ambiguous(ref: ObjectRef, count: int) -> str:
    return f"{ref} is declared {count} times, each differently: keep one of them"


def _by_name(manifests: Iterable[Manifest]) -> dict[ObjectRef, tuple[DeclaredSource, ...]]:
    found: dict[ObjectRef, list[DeclaredSource]] = defaultdict(list)
    for manifest in manifests:
        source = _declared(manifest)
        if source is not None and source not in found[source.ref]:
            found[source.ref].append(source)
    return {ref: tuple(several) for ref, several in found.items() if several}


def _declared(manifest: Manifest) -> DeclaredSource | None:
    try:
        identity = Identity.of(manifest)
    except Malformed:
        return None
    if identity.ref.kind == GENERATOR:
        spec = Spec.of(manifest, GENERATOR_SPEC)
        why = identity.problem or spec.problem or generator_problem(spec.fields)
        return DeclaredSource(identity.ref, spec.fields, why, is_paused=is_paused(manifest))
    shape = (OLD_SOURCES if identity.is_old else SOURCES).get(identity.ref.kind)
    if shape is None:
        return None
    spec = Spec.of(manifest, shape)
    return DeclaredSource(identity.ref, spec.fields, identity.problem or spec.problem, identity.is_old)
