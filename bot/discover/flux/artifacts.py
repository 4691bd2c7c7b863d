"""Artifacts that an ArtifactGenerator makes in the cluster, as what they are composed of.

The tables are the CRD of source-watcher 2.2. What the generator would refuse, and what cannot be followed, is a sentence.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from bot.discover.fields import mapping, text
from bot.discover.flux.specs import TEXT
from bot.discover.names import NAME, NAMESPACE
from bot.discover.schema import Fields, ListOf, MapOf, Shape, Text, shown
from bot.model.objects import Manifest
from bot.model.refs import ObjectRef
from bot.model.target import Composition, Copy, CopyStrategy, Ingredient, Output

GENERATOR = "ArtifactGenerator"
ARTIFACT = "ExternalArtifact"
_PAUSED = "source.extensions.fluxcd.io/reconcile"
_ALIAS = r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?"
_OF_ALIAS = Text(pattern=f"@{_ALIAS}", says="@ and an alias", at_most=64)
_FROM = Text(pattern=f"@{_ALIAS}/.*", says="@ALIAS/PATH", at_least=1, at_most=1024)
_COPY: dict[str, Shape] = {
    "from": _FROM,
    "to": Text(pattern="@artifact/.*", says="@artifact/PATH", at_least=1, at_most=1024),
    "exclude": ListOf(TEXT),
    "strategy": Text(tuple(CopyStrategy)),
}
_OUTPUT: dict[str, Shape] = {
    "name": Text(at_least=1, at_most=253),
    "revision": _OF_ALIAS,
    "originRevision": _OF_ALIAS,
    "copy": ListOf(Fields(_COPY, ("from", "to"))),
}
_SOURCE: dict[str, Shape] = {
    "alias": Text(pattern=_ALIAS, says="an alias", at_most=63),
    "kind": Text(("Bucket", "GitRepository", "OCIRepository", "HelmChart", ARTIFACT)),
    "name": NAME,
    "namespace": NAMESPACE,
}
GENERATOR_SPEC = Fields(
    {
        "commonMetadata": Fields({"labels": MapOf(TEXT), "annotations": MapOf(TEXT)}),
        "sources": ListOf(Fields(_SOURCE, ("alias", "kind", "name"))),
        "pathPattern": Text(pattern=f"@{_ALIAS}/.*", says="@ALIAS/PATTERN", at_most=1024),
        "artifacts": ListOf(Fields(_OUTPUT, ("name", "copy"))),
    },
    ("sources", "artifacts"),
)
_VARIABLE = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Generator:
    """One that is declared."""

    ref: ObjectRef
    spec: Manifest

    def outputs(self, name: str) -> tuple[Output, ...]:
        """Those that can be the artifact of this name: more than one only where a path pattern gives the names."""
        makes = may_make if text(self.spec, "pathPattern") else str.__eq__
        return tuple(
            Output(text(each, "name"), tuple(map(_copy, each.get("copy", ()))))
            for each in self.spec.get("artifacts", ())
            if makes(text(each, "name"), name)
        )

    def source(self, alias: str) -> ObjectRef | None:
        for each in self.spec.get("sources", ()):
            if text(each, "alias") == alias:
                return ObjectRef(
                    text(each, "kind"), text(each, "namespace") or self.ref.namespace, text(each, "name")
                )
        return None


def is_paused(manifest: Manifest) -> bool:
    annotations = mapping(mapping(manifest.get("metadata")).get("annotations"))
    return text(annotations, _PAUSED).lower() == "disabled"


def generator_problem(spec: Manifest) -> str:
    """What the controller refuses beside what is not of its type; empty for nothing."""
    sources, outputs = spec.get("sources", ()), spec.get("artifacts", ())
    aliases, names = [text(each, "alias") for each in sources], [text(each, "name") for each in outputs]
    revisions = (text(each, "revision").removeprefix("@") for each in outputs)
    problems = (
        *(f"spec.{field} is empty" for field in ("sources", "artifacts") if not spec.get(field)),
        *("spec.artifacts: one has nothing to copy" for each in outputs if not each.get("copy")),
        *(f"two of its sources have the alias {alias}" for alias in _twice(aliases)),
        *(f"two of its artifacts are called {shown(name)}" for name in _twice(names)),
        *(f"revision: no source has the alias {each}" for each in revisions if each and each not in aliases),
    )
    return problems[0] if problems else ""


def composed_of(
    generator: Generator,
    name: str,
    outputs: tuple[Output, ...],
    ingredient: Callable[[str, ObjectRef], Ingredient | str],
) -> Composition | str:
    """The artifact, or why it cannot be followed. `ingredient` reads a source, by its alias, or says why not."""
    pattern = text(generator.spec, "pathPattern")
    aliases = [copy.alias for output in outputs for copy in output.copies]
    if pattern:
        aliases.append(_alias(pattern))
    ingredients = []
    for alias in dict.fromkeys(aliases):
        ref = generator.source(alias)
        if ref is None:
            return f"it copies from @{alias}, and none of its sources has that alias"
        found = ingredient(alias, ref)
        if isinstance(found, str):
            return found
        ingredients.append(found)
    return Composition(generator.ref, name, tuple(ingredients), outputs, pattern)


def may_make(template: str, name: str) -> bool:
    """Whether an output called so can be one of this name, whatever its variables are."""
    parts = _VARIABLE.split(template)
    if len(parts) == 1:
        return name == template
    at = len(parts[0])
    if not name.startswith(parts[0]):
        return False
    for part in parts[1:-1]:
        at = name.find(part, at + 1)
        if at < 0:
            return False
        at += len(part)
    return name.endswith(parts[-1]) and at + 1 <= len(name) - len(parts[-1])


def _copy(spec: Manifest) -> Copy:
    source = text(spec, "from")
    return Copy(
        _alias(source),
        source.partition("/")[2],
        text(spec, "to").removeprefix("@artifact/"),
        tuple(spec.get("exclude", ())),
        CopyStrategy(text(spec, "strategy") or CopyStrategy.OVERWRITE),
    )


def _alias(source: str) -> str:
    return source.partition("/")[0].removeprefix("@")


def _twice(names: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            yield name
        seen.add(name)
