"""From what Helm wrote to a rendering: identities, namespaces, holes, and what a person should know of them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.model.objects import Manifest, Object, ObjectId
from bot.model.release import Release
from bot.model.rendering import Diagnostic, Hole, Rendering, Severity
from bot.model.target import Target
from bot.render.errors import Unrenderable
from bot.render.helm.actions import API_VERSIONS, LOOKUP, VOLATILE, asks_for
from bot.render.helm.chart import version_mark
from bot.render.helm.output import is_hook, is_test
from bot.render.helm.postrender import NO_HOOKS, SEPARATE, crds_labelled, with_namespace
from bot.render.helm.run import Run
from bot.render.helm.scope import Scopes
from bot.render.helm.unknown import with_holes

_GROUP = "helm.toolkit.fluxcd.io"
_MOST_REMARKS = 20
_MOST_FILES = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What the chart's files and values call: functions that are volatile, and questions to the cluster by file."""

    volatile: frozenset[str]
    cluster: Mapping[str, tuple[str, ...]]


def asked(run: Run) -> Asked:
    """Templates and whatever a template may evaluate: files of the chart, and the values themselves."""
    volatile: frozenset[str] = frozenset()
    cluster: dict[str, tuple[str, ...]] = {LOOKUP: (), API_VERSIONS: ()}
    values = {"the values": run.values.json}
    for path, data in {**run.files, **values}.items():
        if b"{{" not in data:
            continue
        text = data.decode("utf-8", "surrogateescape")
        volatile |= asks_for(text, VOLATILE)
        for question in asks_for(text, frozenset(cluster)):
            cluster[question] += (path,)
    return Asked(volatile, cluster)


def objects_of(
    manifests: Sequence[Manifest], crds: Sequence[Manifest], release: Release
) -> tuple[tuple[Object, ...], tuple[ObjectId, ...]]:
    """Every object once, those of `crds/` first, and which those are. Raises `Unrenderable`."""
    kept = [manifest for manifest in manifests if not is_test(manifest)]
    scopes = Scopes((*crds, *kept))
    found: dict[ObjectId, Object] = {}
    for manifest in kept:
        item = _object(with_namespace(manifest, release.namespace, scopes))
        if item.id not in found:
            found[item.id] = item
        elif not _may_occur_twice(item, found[item.id], release):
            raise Unrenderable(f"the chart renders {item.id} twice")
        elif is_hook(found[item.id].manifest):
            found[item.id] = item
    own = {item.id: item for item in map(_object, crds_labelled(crds, release))}
    first = [item for item in own.values() if item.id not in found]
    return (*first, *found.values()), tuple(item.id for item in first)


def finished(
    objects: tuple[Object, ...],
    crds: tuple[ObjectId, ...],
    volatile: Iterable[Hole],
    run: Run,
    target: Target,
) -> Rendering:
    """The rendering, with a hole for everything in it that is not known."""
    shown, unknown = with_holes(objects, run.values.placeholders)
    holes = (*volatile, *unknown, *_of_the_release(run, unknown))
    remarks = placed((*_left_out(run), *_not_known(holes)), target)
    mark = version_mark(run.release.chart)
    shown, marked = with_holes(shown, (mark,) if mark else ())
    return Rendering(shown, remarks, (*holes, *marked), chart_crds=crds)


def placed(remarks: Iterable[Diagnostic], target: Target) -> tuple[Diagnostic, ...]:
    """What has no place in a file is said of the release."""
    origin = target.origin
    return tuple(r if r.file else replace(r, file=origin.file, line=origin.line) for r in remarks)


def about_the_cluster(
    questions: Mapping[str, tuple[str, ...]], run: Run, places: Mapping[str, str]
) -> Iterator[Diagnostic]:
    """What templates ask a cluster for that nobody asked."""
    if run.has_remote_schema and not run.release.skips_schema:
        yield Diagnostic(
            Severity.NOTICE, "the values were not checked: the chart's schema refers to another server"
        )
    for question, says in (
        (LOOKUP, "`lookup`, which finds nothing here; in the cluster it may"),
        (
            API_VERSIONS,
            "`.Capabilities.APIVersions`, and this cluster's are not known: Helm's own were taken",
        ),
    ):
        files = questions[question]
        if files and not (question == API_VERSIONS and run.facts.api_versions):
            more = f" and {len(files) - _MOST_FILES} more" if len(files) > _MOST_FILES else ""
            named = ", ".join(places.get(file, file) for file in files[:_MOST_FILES])
            yield Diagnostic(
                Severity.NOTICE, f"the chart asks for {says} ({named}{more})", places.get(files[0])
            )


def _object(manifest: Manifest) -> Object:
    try:
        return Object.of(manifest)
    except ValueError as error:
        raise Unrenderable(f"the chart renders what is no Kubernetes object: {error}") from None


def _may_occur_twice(one: Object, other: Object, release: Release) -> bool:
    """A hook may be another object's double, unless everything passes through kustomize at once."""
    hooks = is_hook(one.manifest) or is_hook(other.manifest)
    return hooks and release.post_render_strategy in (NO_HOOKS, SEPARATE)


def _of_the_release(run: Run, seen: Iterable[Hole]) -> Iterator[Hole]:
    """Unknown values that no object shows, as far as that can be told: the release as a whole depends on them."""
    labels = run.release.labels
    release = ObjectId(
        _GROUP, "HelmRelease", run.release.home, labels.get(f"{_GROUP}/name", run.release.name)
    )
    shown = {hole.name for hole in seen}
    for name, unknown in run.values.left_out:
        yield Hole(release, "spec.valuesFrom", name, unknown.reason, unknown.version)
    for placeholder in run.values.placeholders:
        if placeholder.name not in shown:
            unknown = placeholder.unknown
            yield Hole(release, "spec.valuesFrom", placeholder.name, unknown.reason, unknown.version)


def _left_out(run: Run) -> Iterator[Diagnostic]:
    for name, unknown in run.values.left_out[:_MOST_REMARKS]:
        yield Diagnostic(
            Severity.WARNING,
            f"rendered without {name}, which is not known here: {unknown.reason}; what its values change is not shown",
        )


def _not_known(holes: Iterable[Hole]) -> Iterator[Diagnostic]:
    counted = Counter((hole.name, hole.reason) for hole in holes if hole.object.group != _GROUP)
    for (name, reason), number in sorted(counted.items())[:_MOST_REMARKS]:
        fields = "1 field holds" if number == 1 else f"{number} fields hold"
        yield Diagnostic(Severity.NOTICE, f"{fields} ${{{name}}}, which is not known here: {reason}")
    for hole in holes:
        if hole.object.group == _GROUP and hole.field == "spec.valuesFrom" and hole.name.isidentifier():
            yield Diagnostic(
                Severity.WARNING,
                f"no field shows ${{{hole.name}}}, which is not known here ({hole.reason}), and still any may depend on it",
            )
