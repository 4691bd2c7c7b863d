"""What a repository says of things that lie elsewhere, and what a plan says of them."""

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from bot.git.foreign import ForeignRepositories
from bot.model.hosts import Hosts
from bot.model.plan import Plan, TargetPlan
from bot.model.rendering import Material, Severity
from bot.planning.elsewhere import Elsewhere
from bot.planning.once import Late
from bot.registry import Downloads, Limits
from tests.git.conftest import CREDENTIALS
from tests.planning.conftest import target
from tests.planning.test_releases import release

LOOPBACK = Hosts(("127.0.0.1:*",))
FILES = "application/vnd.cncf.flux.content.v1.tar+gzip"


def elsewhere(home: Path, hosts: Hosts = LOOPBACK, limits: Limits | None = None) -> Elsewhere:
    return Elsewhere(
        Late(lambda: Downloads(home / "charts", hosts, limits=limits)),
        Late(lambda: ForeignRepositories(home / "git", hosts, lambda _: CREDENTIALS)),
    )


def source(kind: str, name: str, spec: str, namespace: str = "flux-system") -> str:
    return (
        f"apiVersion: source.toolkit.fluxcd.io/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
        f"spec: {{interval: 1h, {spec}}}\n"
    )


def from_chart(kind: str, version: str, more: str = "", name: str = "far") -> str:
    """A release of chart `web` of the source `far`."""
    source_ref = f"sourceRef: {{kind: {kind}, name: far}}"
    return release(name, more, chart=f"chart: {{spec: {{chart: web, version: '{version}', {source_ref}}}}}")


def packed(files: Mapping[str, str]) -> bytes:
    """As `flux push artifact` packs a directory."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(plain.getvalue(), mtime=0)


def errors(planned: TargetPlan) -> list[str]:
    return [d.message for d in planned.diagnostics if d.severity is Severity.ERROR]


def warnings(planned: TargetPlan) -> list[str]:
    return [d.message for d in planned.diagnostics if d.severity is Severity.WARNING]


def made_of(planned: TargetPlan) -> list[tuple[str, tuple[str, str] | None, tuple[str, str] | None]]:
    """What from elsewhere becomes another, or comes, or goes: name, and version and digest on either side."""

    def side(material: Material | None) -> tuple[str, str] | None:
        return (material.version, material.digest) if material else None

    return [
        (one.name, side(change.old), side(change.new))
        for change in planned.materials
        if (one := change.new or change.old)
    ]


def new_values(plan: Plan, name: str) -> list[object]:
    """What fields of the target's objects become."""
    return [f.new for c in target(plan, name, "staging").changes for f in c.fields]
