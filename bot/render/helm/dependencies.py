"""What a chart in the tree needs beside its own files, and how it is put into `charts/`, as source-controller does."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.model.release import Chart, ChartKind
from bot.model.semver import BadRange, BadVersion, parse_range, parse_version
from bot.model.target import Target
from bot.model.tree import TreeReader
from bot.render.errors import Unrenderable
from bot.render.helm.files import Budget, ChartFiles, unpack
from bot.render.helm.found import Found, chart_tree, find, find_chart, load
from bot.render.helm.inputs import Archive
from bot.render.helm.metadata import Dependency, metadata, missing
from bot.render.paths import join

_REMOTE = ("http://", "https://", "oci://")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A chart that has to be fetched; its archive is handed in under `key`. `problem` is why nobody can fetch it."""

    key: str
    chart: Chart
    problem: str = ""


def wanted_dependencies(tree: TreeReader, target: Target) -> tuple[Wanted, ...]:
    """The dependencies of a chart in the tree that lie in repositories, conditions and tags left aside.

    `tree` is the one that the chart lies in. Never raises: a chart that cannot be read wants nothing, and rendering it
    says why.
    """
    release = target.release
    if release is None or release.chart.kind is not ChartKind.TREE:
        return ()
    seen = chart_tree(tree, target)
    try:
        found = find_chart(seen, release.chart)
        if found.archive or found.is_missing or found.is_packed:
            return ()
        files = load(seen, found, Budget())
        needed = missing(files, metadata(files))
    except Unrenderable:
        return ()
    return tuple(_wanted(dependency) for dependency in needed if not dependency.is_local)


def local_charts(tree: TreeReader, found: Found, dependencies: tuple[Dependency, ...]) -> list[Found]:
    """Where the chart's own tree holds charts that it depends on, for a trace. Raises `Unrenderable`."""
    return [
        find(tree, _local_path(found.path, dependency))
        for dependency in dependencies
        if dependency.is_local and dependency.repository
    ]


def with_dependencies(
    tree: TreeReader, found: Found, files: ChartFiles, given: Mapping[str, Archive], budget: Budget
) -> ChartFiles:
    """The chart with everything that was missing in its `charts/`. Raises `Unrenderable`."""
    result = dict(files)
    for dependency in missing(files, metadata(files)):
        if dependency.is_local:
            place(result, _local(tree, found, dependency, budget))
        else:
            place(result, archived(dependency, given, budget))
    return result


def place(files: ChartFiles, added: ChartFiles) -> None:
    """Put a chart into `charts/`, whatever is there already."""
    number = len(files)
    for path, data in added.items():
        files[f"charts/added-{number}/{path}"] = data


def must_fit(dependency: Dependency, added: ChartFiles) -> None:
    """Raises `Unrenderable` where a local chart's version is not one that is asked for."""
    version = metadata(added).version
    try:
        fits = parse_range(dependency.version).admits(parse_version(version))
    except (BadRange, BadVersion) as error:
        raise Unrenderable(f"the dependency {dependency.key[:80]!r}: {error}") from None
    if not fits:
        raise Unrenderable(
            f"the dependency {dependency.key[:80]!r} has the version {version[:80]}, "
            f"which {dependency.version[:80]!r} does not admit"
        )


def archive_files(archive: Archive, budget: Budget) -> ChartFiles:
    """Raises `Unrenderable` for what is wrong with the archive, or gone."""
    try:
        data = archive.path.read_bytes()
    except OSError as error:
        raise Unrenderable(f"the fetched chart cannot be read: {error.strerror}") from None
    return unpack(data, budget)


def _wanted(dependency: Dependency) -> Wanted:
    address = dependency.repository
    if not address.startswith(_REMOTE):
        chart = Chart(ChartKind.REPOSITORY, dependency.name, address, dependency.version)
        return Wanted(
            dependency.key, chart, f"{address[:200]!r} is no address that Flux takes for a repository"
        )
    if address.startswith("oci://"):
        url = f"{address.rstrip('/')}/{dependency.name}"
        return Wanted(dependency.key, Chart(ChartKind.OCI, url=url, version=dependency.version))
    return Wanted(dependency.key, Chart(ChartKind.REPOSITORY, dependency.name, address, dependency.version))


def _local(tree: TreeReader, found: Found, dependency: Dependency, budget: Budget) -> ChartFiles:
    if not dependency.repository:
        raise Unrenderable(
            f"the dependency {dependency.key[:80]!r} names no repository, and is not in charts/"
        )
    at = find(tree, _local_path(found.path, dependency))
    if at.is_missing:
        raise Unrenderable(
            f"the dependency {dependency.key[:80]!r} ({dependency.repository[:200]}) does not exist",
            file=at.path,
        )
    files = load(tree, at, budget)
    must_fit(dependency, files)
    return files


def archived(dependency: Dependency, given: Mapping[str, Archive], budget: Budget) -> ChartFiles:
    """The fetched chart of a dependency. Raises `Unrenderable`."""
    archive = given.get(dependency.key)
    if archive is None:
        raise Unrenderable(
            f"the dependency {dependency.key[:80]!r} from {dependency.repository[:200]} was not fetched"
        )
    return archive_files(archive, budget)


def _local_path(chart: str, dependency: Dependency) -> str:
    try:
        address = urlsplit(dependency.repository)
    except ValueError:
        raise Unrenderable(f"the dependency {dependency.key[:80]!r} has no readable path") from None
    # `file://../common` has `..` for its host, as far as an address goes.
    try:
        return join(chart, f"{address.netloc}{address.path}".lstrip("/") or ".")
    except Unrenderable as error:
        raise Unrenderable(
            f"the dependency {dependency.key[:80]!r} ({dependency.repository[:200]}) {error.message}"
        ) from None
