"""Targets whose files an ArtifactGenerator puts together: planned as what they are made of."""

from typing import Any

import pytest
import yaml

from bot.discover.repository import RepositoryIdentity
from bot.planning.expansion import Finding
from tests.planning.conftest import Bench, config_map, kustomization, statuses, target
from tests.planning.test_flux import CLUSTERS, URL


def generator(*artifacts: dict[str, Any], name: str = "split", more: dict[str, Any] | None = None) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "source.extensions.fluxcd.io/v1beta1",
            "kind": "ArtifactGenerator",
            "metadata": {"name": name, "namespace": "flux-system"},
            "spec": {
                "sources": [{"alias": "repo", "kind": "GitRepository", "name": "flux-system"}],
                "artifacts": list(artifacts),
                **(more or {}),
            },
        }
    )


def output(name: str, **copies: str) -> dict[str, Any]:
    """`to_DIRECTORY="PATTERN"`, the artifact's root being `to`."""
    return {
        "name": name,
        "copy": [
            {
                "from": f"@repo/{pattern}",
                "to": f"@artifact/{to.removeprefix('to').strip('_')}/".replace("//", "/"),
            }
            for to, pattern in copies.items()
        ],
    }


def of_artifact(name: str, path: str, artifact: str) -> str:
    return f"""apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: {name}, namespace: flux-system}}
spec:
  interval: 1m
  path: ./{path}
  prune: true
  sourceRef: {{kind: ExternalArtifact, name: {artifact}}}
"""


def split(cluster: str) -> str:
    return generator(
        output("infra", to="infrastructure/**"),
        output("apps", to_base="apps/base/**", to_overlay=f"apps/{cluster}/**"),
    )


FLEET = {
    **CLUSTERS,
    **{
        f"clusters/{cluster}/{name}": content
        for cluster in ("staging", "production")
        for name, content in {
            "artifacts.yaml": split(cluster),
            "apps.yaml": of_artifact("apps", "overlay", "apps"),
            "infra.yaml": of_artifact("infra", "configs", "infra"),
        }.items()
    },
    "apps/base/kustomization.yaml": kustomization("cm.yaml"),
    "apps/base/cm.yaml": config_map("web"),
    "apps/staging/kustomization.yaml": kustomization("../base"),
    "apps/production/kustomization.yaml": kustomization("../base"),
    "infrastructure/configs/issuer.yaml": config_map("issuer"),
}
GENERATORS = ("clusters/production/artifacts.yaml", "clusters/staging/artifacts.yaml")
CHANGED = "staging/flux-system/apps"
WHY = "ArtifactGenerator flux-system/split cannot make the artifact infra"


@pytest.fixture
def fleet(bench: Bench) -> Bench:
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    bench.work.commit(FLEET)
    return bench


async def changed(fleet: Bench) -> dict[str, str]:
    """The targets that do not stay as they are; brute force says the same."""
    plan, verification = await fleet.verified()
    assert verification.disagreements == ()
    return {name: status for name, status in statuses(plan).items() if status != "unchanged"}


async def test_a_file_changes_the_targets_whose_artifacts_it_is_copied_into(fleet: Bench) -> None:
    fleet.work.commit({"apps/base/cm.yaml": config_map("web", "2")})
    assert await changed(fleet) == {CHANGED: "changed", "production/flux-system/apps": "changed"}


async def test_a_file_of_one_clusters_directory_changes_that_clusters_target(fleet: Bench) -> None:
    fleet.work.commit({"apps/staging/kustomization.yaml": kustomization("../base", more="namePrefix: s-\n")})
    assert await changed(fleet) == {CHANGED: "changed"}


async def test_a_file_that_is_copied_nowhere_changes_nothing(fleet: Bench) -> None:
    fleet.work.commit({"apps/elsewhere/cm.yaml": config_map("x"), "configs/cm.yaml": config_map("y")})
    assert await changed(fleet) == {}


async def test_a_directory_that_moves_with_its_generators_changes_no_target_of_it(fleet: Bench) -> None:
    fleet.work.git("mv", "infrastructure", "platform")
    texts = {path: FLEET[path].replace("infrastructure", "platform") for path in GENERATORS}
    fleet.work.commit(texts)
    assert await changed(fleet) == {
        "production/flux-system/flux-system": "changed",
        "staging/flux-system/flux-system": "changed",
    }


async def test_a_generator_that_copies_something_else_changes_its_targets(fleet: Bench) -> None:
    fleet.work.commit(
        {
            "apps/base2/kustomization.yaml": kustomization("cm.yaml"),
            "apps/base2/cm.yaml": config_map("web", "2"),
        }
    )
    other = generator(
        output("infra", to="infrastructure/**"),
        output("apps", to_base="apps/base2/**", to_overlay="apps/staging/**"),
    )
    fleet.work.commit({"clusters/staging/artifacts.yaml": other})
    assert await changed(fleet) == {CHANGED: "changed", "staging/flux-system/flux-system": "changed"}


async def test_an_artifact_that_cannot_be_made_leaves_its_targets_unknown(fleet: Bench) -> None:
    fleet.work.git("rm", "-q", "infrastructure/configs/issuer.yaml")
    fleet.work.commit()
    plan = await fleet.plan()
    got = target(plan, "flux-system/infra", "staging")
    assert got.status.value == "unknown"
    assert [(d.message, d.file) for d in got.diagnostics] == [
        (f"{WHY}: @repo/infrastructure/**: no file of the source matches", "clusters/staging/infra.yaml")
    ]
    assert target(plan, "flux-system/apps", "staging").status.value == "unchanged"


async def test_remarks_name_the_files_of_the_repository(fleet: Bench) -> None:
    fleet.work.commit({"apps/base/kustomization.yaml": kustomization("cm.yaml", "missing.yaml")})
    got = target(await fleet.plan(), "flux-system/apps", "staging")
    assert [(d.file, d.line) for d in got.diagnostics] == [("apps/base/kustomization.yaml", 1)]


async def test_an_ignore_file_hides_what_would_be_copied(fleet: Bench) -> None:
    fleet.work.commit(
        {
            "apps/base/more.yaml": config_map("more"),
            "apps/base/kustomization.yaml": kustomization("cm.yaml", "more.yaml"),
        }
    )
    fleet.work.commit({".sourceignore": "more.yaml\n"})
    assert await changed(fleet) == {CHANGED: "unknown", "production/flux-system/apps": "unknown"}


async def test_what_a_composed_target_renders_may_be_targets_again(fleet: Bench) -> None:
    fleet.work.commit(
        {
            "apps/staging/kustomization.yaml": kustomization("../base", "child.yaml"),
            "apps/staging/child.yaml": of_artifact("child", "configs", "infra"),
        }
    )
    plan = await fleet.plan()
    got = target(plan, "flux-system/child", "staging")
    assert got.status.value == "added"
    assert got.target.origin.file == "apps/staging/child.yaml"


async def test_an_artifact_that_no_generator_makes_stays_unknown(fleet: Bench) -> None:
    fleet.work.commit({"clusters/staging/other.yaml": of_artifact("other", "x", "others")})
    got = target(await fleet.plan(), "flux-system/other", "staging")
    assert got.diagnostics[0].message == (
        "its source is the ExternalArtifact flux-system/others, which something in the cluster makes: "
        "no ArtifactGenerator that is declared here does"
    )


async def test_a_generator_beside_it_that_makes_the_same_leaves_it_unknown(fleet: Bench) -> None:
    fleet.work.commit({"clusters/staging/again.yaml": generator(output("apps", to="apps/**"), name="again")})
    got = target(await fleet.plan(), "flux-system/apps", "staging")
    assert got.status.value == "unknown"
    assert "may be made by more than one: " in got.diagnostics[0].message


async def test_each_cluster_has_its_own_generator_where_nothing_says_who_applies_it(bench: Bench) -> None:
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    bench.work.commit({path: text for path, text in FLEET.items() if "/flux-system/" not in path})
    bench.work.commit({"apps/staging/kustomization.yaml": kustomization("../base", more="namePrefix: s-\n")})
    assert await changed(bench) == {CHANGED: "changed"}


async def test_only_what_a_change_may_have_touched_is_looked_at_again(fleet: Bench) -> None:
    await fleet.plan("HEAD", "HEAD")
    fleet.work.commit({"apps/staging/kustomization.yaml": kustomization("../base", more="namePrefix: s-\n")})
    fleet.rendered.clear()
    await fleet.plan()
    assert set(fleet.rendered) <= {CHANGED}


async def test_a_path_pattern_makes_a_target_of_every_directory(fleet: Bench) -> None:
    each = {"name": "app-{app}", "copy": [{"from": "@repo/teams/{app}/**", "to": "@artifact/"}]}
    fleet.work.commit(
        {
            "clusters/staging/teams.yaml": generator(
                each, name="teams", more={"pathPattern": "@repo/teams/{app}"}
            ),
            "clusters/staging/team-a.yaml": of_artifact("team-a", "", "app-a"),
            "clusters/staging/team-b.yaml": of_artifact("team-b", "", "app-b"),
            "teams/a/cm.yaml": config_map("a"),
            "teams/b/cm.yaml": config_map("b"),
        }
    )
    fleet.work.commit({"teams/a/cm.yaml": config_map("a", "2")})
    assert await changed(fleet) == {"staging/flux-system/team-a": "changed"}


CHART = {
    "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    "charts/web/values.yaml": "size: 1\n",
    "charts/web/templates/cm.yaml": config_map("web").replace("'1'", "'{{ .Values.size }}'"),
    "charts/web-staging.yaml": "size: 2\n",
}


async def test_a_release_takes_its_chart_from_an_artifact(fleet: Bench) -> None:
    copies = [
        {"from": "@repo/charts/web", "to": "@artifact/"},
        {"from": "@repo/charts/web-staging.yaml", "to": "@artifact/web/values.yaml", "strategy": "Merge"},
    ]
    release = """apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: web, namespace: flux-system}
spec:
  interval: 1m
  chartRef: {kind: ExternalArtifact, name: web}
"""
    fleet.work.commit(
        {
            **CHART,
            "clusters/staging/chart.yaml": generator({"name": "web", "copy": copies}, name="chart"),
            "clusters/staging/release.yaml": release,
        }
    )
    fleet.work.commit({"charts/web-staging.yaml": "size: 3\n"})
    plan = await fleet.plan()
    got = target(plan, "flux-system/web:helm", "staging")
    assert [(c.id.name, [f.new for f in c.fields]) for c in got.changes] == [("web", ["3"])]
    assert await changed(fleet) == {"staging/flux-system/web:helm": "changed"}
