"""What Argo CD's controller makes of manifests: lists taken apart, namespaces given and taken, each object once.

Hooks, waves and sync options stay as they are: they are annotations, and so they show; hooks that never run are left
out. What Argo CD adds itself, its tracking label or annotation, is left out too: it says nothing of a change, and is the
same on both sides.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from bot.model.objects import Manifest, Object, ObjectId
from bot.model.rendering import Diagnostic, Severity
from bot.model.target import Target
from bot.render.argocd.hooks import OWN, SKIP, is_skipped, never_runs, why_not
from bot.render.errors import Unrenderable
from bot.render.helm.scope import Scopes

_MOST_REMARKS = 20
GENERATED = "*"
"""What stands in an identity for the part of a name that the API server makes up."""


@dataclass(frozen=True, slots=True)
class Settled:
    """`renamed` leads from the identity that a manifest had as it was rendered to the one that it has here.

    `repeated` are sentences of what is there more than once, `warnings` and `notices` of anything else.
    """

    objects: tuple[Object, ...]
    renamed: Mapping[ObjectId, ObjectId] = field(default_factory=dict)
    repeated: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def taken_apart(manifests: Iterable[Manifest]) -> Iterator[Manifest]:
    """Whatever has `items` is a list of objects, of which Argo CD takes one level. Raises `Unrenderable`."""
    for manifest in manifests:
        items = manifest.get("items")
        if isinstance(items, list):
            if not all(isinstance(item, dict) for item in items):
                raise Unrenderable("not a Kubernetes object: items of a list must be mappings")
            yield from items
        elif not ("items" in manifest and items is None and not manifest.keys() & {"spec", "status"}):
            yield manifest


def identified(manifests: Iterable[Manifest]) -> list[Manifest]:
    """All of them, each an object. Raises `Unrenderable`."""
    found = list(manifests)
    for manifest in found:
        _object(manifest, Counter())
    return found


def settled(manifests: Sequence[Manifest], namespace: str) -> Settled:
    """`namespace` is the destination's. Raises `Unrenderable` for what is no object."""
    scopes = Scopes(manifests)
    found: dict[ObjectId, Object] = {}
    renamed: dict[ObjectId, ObjectId] = {}
    times: Counter[ObjectId] = Counter()
    homeless: list[ObjectId] = []
    generated: Counter[ObjectId] = Counter()
    for manifest in manifests:
        placed, is_homeless = _placed(manifest, namespace, scopes)
        item = _object(placed, generated)
        if placed is not manifest:
            renamed[_object(manifest, Counter()).id] = item.id
        times[item.id] += 1
        found[item.id] = item
        if is_homeless:
            homeless.append(item.id)
    # Of two with one name the last counts, and if that never runs nothing is applied.
    idle = {one for one, item in found.items() if never_runs(item.manifest)}
    return Settled(
        tuple(item for item in found.values() if item.id not in idle),
        renamed,
        tuple(_repeated(times))[:_MOST_REMARKS],
        _without_namespace([one for one in homeless if one not in idle], namespace),
        tuple(islice(_on_hooks(found.values()), _MOST_REMARKS)),
    )


def said(done: Settled, target: Target) -> tuple[Diagnostic, ...]:
    """What a person should know of it, at the place where the Application stands."""
    place = target.origin.file, target.origin.line
    return (
        *(Diagnostic(Severity.WARNING, one, *place) for one in (*done.repeated, *done.warnings)),
        *(Diagnostic(Severity.NOTICE, one, *place) for one in done.notices),
    )


def _placed(manifest: Manifest, namespace: str, scopes: Scopes) -> tuple[Manifest, bool]:
    """The manifest where it belongs, and whether nothing says where that is."""
    metadata = manifest.get("metadata")
    if not isinstance(metadata, dict):
        return manifest, False
    present = metadata.get("namespace")
    if scopes.is_cluster_scoped(manifest):
        if not present:
            return manifest, False
        without = {name: value for name, value in metadata.items() if name != "namespace"}
        return {**manifest, "metadata": without}, False
    if present or not namespace:
        return manifest, not present
    return {**manifest, "metadata": {**metadata, "namespace": namespace}}, False


def _object(manifest: Manifest, generated: Counter[ObjectId]) -> Object:
    metadata = manifest.get("metadata")
    prefix = metadata.get("generateName") if isinstance(metadata, dict) else None
    try:
        if not (isinstance(prefix, str) and prefix) or (isinstance(metadata, dict) and metadata.get("name")):
            return Object.of(manifest)
        assert isinstance(metadata, dict)
        one = ObjectId.of({**manifest, "metadata": {**metadata, "name": f"{prefix}{GENERATED}"}})
    except ValueError as error:
        raise Unrenderable(f"not a Kubernetes object: {error}") from None
    generated[one] += 1
    number = generated[one]
    name = one.name if number == 1 else f"{one.name}{number}"
    return Object(ObjectId(one.group, one.kind, one.namespace, name), manifest)


def _on_hooks(found: Iterable[Object]) -> Iterator[str]:
    for item in found:
        if is_skipped(item.manifest):
            yield f"{item.id} is marked `{OWN}: {SKIP}`: Argo CD never applies it"
        elif never_runs(item.manifest) and (why := why_not(item.manifest)):
            yield f"{item.id} {why}"


def _repeated(times: Counter[ObjectId]) -> Iterator[str]:
    for one, number in times.items():
        if number > 1:
            yield f"{one} is declared {number} times; Argo CD applies the last one and warns"


def _without_namespace(homeless: Sequence[ObjectId], namespace: str) -> tuple[str, ...]:
    if not homeless or namespace:
        return ()
    more = f" and {len(homeless) - 1} more objects have" if len(homeless) > 1 else " has"
    return (
        f"{homeless[0]}{more} no namespace, and spec.destination.namespace names none: Argo CD does not sync that",
    )
