"""Where a source of an Application lies: in the repository at hand, in another one, in a registry, among charts.

The order of the questions is that of Argo CD's repo-server: `oci://` first, then a chart, then Git.
"""

import re
from dataclasses import dataclass, field

from bot.discover.argocd.context import ArgoContext
from bot.discover.argocd.revisions import git_ref, is_followed, is_range, is_version, spelled
from bot.discover.argocd.urls import is_helm_oci
from bot.discover.fields import text
from bot.discover.repository import without_login
from bot.discover.schema import shown
from bot.model.objects import Manifest
from bot.model.release import Chart, ChartKind
from bot.model.target import GitSource, OciSource

_OCI = "oci://"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_CHART_NAME = re.compile(r"[-A-Za-z0-9_./]+")


@dataclass(frozen=True, slots=True)
class Place:
    """The tree of the repository at hand where none of `git`, `oci` and `chart` is set. `path` is the directory in it.

    `remarks` are for people.
    """

    path: str = ""
    git: GitSource | None = None
    oci: OciSource | None = None
    chart: Chart | None = None
    unknown_because: str = ""
    remarks: tuple[str, ...] = field(default=(), compare=False)

    @property
    def reference(self) -> GitSource | None:
        """What a value file that names this source is read from, None for what is no repository."""
        return None if self.oci or self.chart else self.git or GitSource("")


def place_of(source: Manifest, at: str, context: ArgoContext) -> Place:
    """`source` is clean; `at` is its path in the manifest."""
    if not text(source, "repoURL").strip():
        return Place(unknown_because=f"{at}.repoURL is empty: write the URL of the repository")
    if text(source, "repoURL").startswith(_OCI):
        return _artifact(source, at)
    if text(source, "chart"):
        return _chart(source, at)
    return _git(source, at, context)


def _git(source: Manifest, at: str, context: ArgoContext) -> Place:
    path, problem = _path(text(source, "path"), at)
    url, revision, prefix = (text(source, name) for name in ("repoURL", "targetRevision", "tagPrefix"))
    if prefix:
        return Place(
            unknown_because=f"{at}.tagPrefix is {shown(prefix)}: Longshore does not look for such tags"
        )
    if not context.is_here(url):
        return Place(path, GitSource(without_login(url.strip()), git_ref(revision)), unknown_because=problem)
    wanted = spelled(revision, context.default_branch)
    if is_followed(wanted, context.branch):
        return Place(path, unknown_because=problem)
    into = context.branch or "the branch that is planned"
    remark = f"follows {shown(revision or wanted)} in {at}.targetRevision: what is merged into {into} does not reach it"
    git = GitSource(without_login(url.strip()), git_ref(wanted))
    return Place(path, git, unknown_because=problem, remarks=(remark,))


def _path(written: str, at: str) -> tuple[str, str]:
    """The directory, and why Argo CD does not take it. It joins the path to the root, and looks where that leads."""
    if written.startswith("/"):
        return (
            "",
            f"{at}.path is {shown(written)}: it must not begin with a slash, it begins at the root anyway",
        )
    parts: list[str] = []
    for part in written.split("/"):
        if part == ".." and not parts:
            return "", f"{at}.path is {shown(written)}, which leads out of the repository"
        if part == "..":
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts), ""


def _artifact(source: Manifest, at: str) -> Place:
    """Files of a registry; a chart in `chart` is not looked at, as Argo CD does not either."""
    path, problem = _path(text(source, "path"), at)
    revision = text(source, "targetRevision")
    if not revision:
        problem = f"{at}.targetRevision is missing: an artifact needs a tag, a digest or a range of versions"
    is_digest, is_wide = bool(_DIGEST.fullmatch(revision)), is_range(revision)
    oci = OciSource(
        without_login(text(source, "repoURL").strip()).rstrip("/"),
        tag="" if is_digest or is_wide else revision,
        semver=revision if is_wide else "",
        digest=revision if is_digest else "",
    )
    remarks = (
        (f"has {at}.chart beside an oci:// URL: Argo CD does not look at it",) if source.get("chart") else ()
    )
    return Place(path, oci=oci, unknown_because=problem, remarks=remarks)


def _chart(source: Manifest, at: str) -> Place:
    url, name = without_login(text(source, "repoURL").strip()), text(source, "chart")
    revision = text(source, "targetRevision")
    is_oci, problem = is_helm_oci(url), _chart_problem(name, revision, at)
    is_tag = bool(revision) and not (is_version(revision) or is_range(revision))
    if is_tag and not is_oci and not problem:
        problem = (
            f"{at}.targetRevision is {shown(revision)}, which is neither a version nor a range of versions"
        )
    return Place(
        chart=Chart(
            ChartKind.OCI if is_oci else ChartKind.REPOSITORY,
            name="" if is_oci else name,
            url=f"{_OCI}{url.strip('/')}/{name.strip('/')}" if is_oci else url,
            version="" if is_tag or revision == "*" else revision,
            tag=revision if is_tag and is_oci else "",
        ),
        unknown_because=problem,
        remarks=(f"has {at}.path beside a chart: Argo CD does not look at it",) if source.get("path") else (),
    )


def _chart_problem(name: str, revision: str, at: str) -> str:
    if not revision:
        return f"{at}.targetRevision is missing: a chart needs a version or a range of versions"
    if not _CHART_NAME.fullmatch(name) or ".." in name:
        return f"{at}.chart is {shown(name)}: letters, digits, '-', '_', '.' and '/' are allowed"
    return ""
