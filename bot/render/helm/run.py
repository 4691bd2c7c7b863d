"""One run of `helm template` over a chart that is put together for it, with the values on its standard input."""

import re
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from gzip import GzipFile
from io import BytesIO
from pathlib import Path

from bot.model.release import CrdPolicy, Release
from bot.render.errors import Unrenderable
from bot.render.helm.inputs import ClusterFacts
from bot.render.helm.values import ReleaseValues
from bot.render.helm.words import Said, said
from bot.render.sandbox import ARCHIVE, Sandbox, helm_archive, helm_template

CHART = "chart"
_SMALL_BYTES = 128 * 1024
NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
KUBE_VERSION = re.compile(r"v?[0-9]+\.[0-9]+(\.[0-9]+)?[-+.0-9A-Za-z]*")
API_VERSION = re.compile(r"[A-Za-z0-9./-]{1,300}")
_REMOTE_REFERENCE = re.compile(rb'"\$ref"\s*:\s*"https?://')
_SCHEMA = re.compile(r"(charts/[^/]+/)*values\.schema\.json")


@dataclass(frozen=True, slots=True)
class Run:
    """What to render. `files` are the chart's, for Helm's words and for what must be known beforehand."""

    release: Release
    values: ReleaseValues
    facts: ClusterFacts
    files: Mapping[str, bytes]

    @property
    def has_remote_schema(self) -> bool:
        return has_remote_schema(self.files)

    @property
    def has_crds(self) -> bool:
        return {self.release.install_crds, self.release.upgrade_crds} != {CrdPolicy.SKIP}


def has_remote_schema(files: Mapping[str, bytes]) -> bool:
    """Whether checking the values would ask the network, which a renderer does not have."""
    return any(_SCHEMA.fullmatch(path) and _REMOTE_REFERENCE.search(data) for path, data in files.items())


def packed(files: Mapping[str, bytes]) -> bytes:
    """The chart as an archive. Helm takes all files of one as they are: what is to be ignored is not among them."""
    listed = tuple(files.items())
    return _small_archive(listed) if sum(map(len, files.values())) <= _SMALL_BYTES else _archive(listed)


@lru_cache(maxsize=16)
def _small_archive(files: tuple[tuple[str, bytes], ...]) -> bytes:
    """Remembered: a chart is rendered once for each cluster that it goes to."""
    return _archive(files)


def _archive(files: Iterable[tuple[str, bytes]]) -> bytes:
    archive = BytesIO()
    with (
        GzipFile(fileobj=archive, mode="wb", compresslevel=1, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as chart,
    ):
        for name, data in files:
            member = tarfile.TarInfo(f"{CHART}/{name}")
            member.size = len(data)
            chart.addfile(member, BytesIO(data))
    return archive.getvalue()


def write_chart(files: Mapping[str, bytes], directory: Path) -> None:
    """Write the chart as a directory. Raises `Unrenderable` where the file system does not take a name."""
    made: set[Path] = set()
    for path, data in files.items():
        place = directory / path
        try:
            if place.parent not in made:
                place.parent.mkdir(parents=True, exist_ok=True)
                made.add(place.parent)
            place.write_bytes(data)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "its name is none"
            raise Unrenderable(f"the chart's file {path[:200]} cannot be written down: {reason}") from None


async def template(run: Run, archive: bytes, sandbox: Sandbox, places: Mapping[str, str]) -> bytes:
    """Render the chart in `archive`. Raises `Unrenderable`, with the file in the tree by `places` where it lies there."""
    failed: list[Said] = []

    def explain(stderr: str, root: str) -> str:
        failed.append(said(stderr, run.files, root))
        return failed[0].message

    try:
        return await helm_archive(archive, _arguments(run, ARCHIVE), run.values.json, sandbox, explain)
    except Unrenderable as error:
        if not failed:
            raise
        file = places.get(failed[0].source.partition("/")[2])
        raise Unrenderable(error.message, file=file, line=failed[0].line if file else None) from None


async def template_in(run: Run, root: Path, sandbox: Sandbox) -> bytes:
    """Render the chart that lies open in `root`. Raises `Unrenderable`."""
    words = root, _arguments(run, CHART), run.values.json, sandbox
    return await helm_template(*words, lambda stderr: said(stderr, run.files, str(root)).message)


def _arguments(run: Run, chart: str) -> list[str]:
    """Every name is checked here: none of them can be taken for another option. Raises `Unrenderable`."""
    release, facts = run.release, run.facts
    if not NAME.fullmatch(release.name) or len(release.name) > 53:
        raise Unrenderable(f"{release.name[:80]!r} is no name that Helm takes for a release")
    if not NAMESPACE.fullmatch(release.namespace) or len(release.namespace) > 63:
        raise Unrenderable(f"{release.namespace[:80]!r} is no name of a namespace")
    kube_version = release.kube_version or facts.kube_version
    if not KUBE_VERSION.fullmatch(kube_version):
        raise Unrenderable(f"{kube_version[:80]!r} is no version of Kubernetes")
    arguments = [
        release.name,
        f"./{chart}",
        f"--namespace={release.namespace}",
        f"--kube-version={kube_version}",
        "--include-crds" if run.has_crds else "--skip-crds",
    ]
    api_versions = release.api_versions or facts.api_versions
    arguments += [f"--api-versions={name}" for name in api_versions if API_VERSION.fullmatch(name)]
    arguments += [f"--set={line}" for line in run.values.integers]
    if not release.has_hooks:
        arguments.append("--no-hooks")
    if release.skips_schema or run.has_remote_schema:
        arguments.append("--skip-schema-validation")
    return arguments
