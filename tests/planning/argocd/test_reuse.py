"""What the head of a change takes over from its base where Argo CD delivers, and what it must not."""

from typing import Any

import pytest

from bot.discover.repository import RepositoryIdentity
from bot.model.plan import TargetStatus
from bot.planning.expansion import Finding
from tests.planning.argocd.declared import (
    URL,
    application,
    application_set,
    cluster,
    listed,
    project,
)
from tests.planning.conftest import Bench, config_map, kustomization
from tests.planning.test_reuse import taken_over

EDGE = "https://edge.example.test"
EVERY_APP = {"git": {"repoURL": URL, "revision": "HEAD", "directories": [{"path": "apps/*"}]}}
OF_DIRECTORIES: dict[str, Any] = {
    "metadata": {"name": "{{path.basename}}"},
    "spec": {
        "project": "team",
        "source": {"repoURL": URL, "targetRevision": "HEAD", "path": "{{path}}"},
        "destination": {"server": EDGE, "namespace": "shop"},
    },
}
ALL = {"root", "dirs:set", "lists:set", "one", "two", "first", "own"}


@pytest.fixture
def fleet(bench: Bench) -> Bench:
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    bench.work.commit(
        {
            "bootstrap/root.yaml": application("root", "argocd", directory={"recurse": True}),
            "argocd/dirs.yaml": application_set("dirs", EVERY_APP, template=OF_DIRECTORIES),
            "argocd/lists.yaml": application_set("lists", listed({"name": "first", "path": "lists/first"})),
            "argocd/edge.yaml": cluster("edge", EDGE),
            "argocd/team.yaml": project("team"),
            "argocd/own.yaml": application("own", "own"),
            **{
                f"{home}/{file}": text
                for home in ("apps/one", "apps/two", "lists/first", "own")
                for file, text in (
                    ("kustomization.yaml", kustomization("map.yaml")),
                    ("map.yaml", config_map("map")),
                )
            },
        }
    )
    return bench


async def test_a_file_that_nothing_reads_leaves_all_of_them(fleet: Bench) -> None:
    assert await taken_over(fleet, {"README.md": "hello"}) == ALL


async def test_a_file_of_one_application_leaves_its_set_and_its_siblings_as_they_were(fleet: Bench) -> None:
    assert await taken_over(fleet, {"apps/one/map.yaml": config_map("map", "2")}) == ALL - {"one"}


async def test_a_new_directory_is_looked_at_by_the_set_that_lists_it_alone(fleet: Bench) -> None:
    changed = {"apps/three/kustomization.yaml": kustomization()}
    assert await taken_over(fleet, changed) == ALL - {"dirs:set"}


async def test_a_file_that_becomes_a_directory_is_looked_at_by_the_set(fleet: Bench) -> None:
    fleet.work.commit({"apps/four": "a file"})
    fleet.work.git("rm", "-q", "apps/four")
    assert await taken_over(fleet, {"apps/four/kustomization.yaml": kustomization()}) == ALL - {"dirs:set"}


async def test_a_cluster_that_is_called_otherwise_has_everything_read_again(fleet: Bench) -> None:
    assert await taken_over(fleet, {"argocd/edge.yaml": cluster("brink", EDGE)}) == set()


async def test_a_project_that_forbids_more_has_everything_judged_again(fleet: Bench) -> None:
    changed = {"argocd/team.yaml": project("team", sourceRepos=["https://git.example.test/other"])}
    assert await taken_over(fleet, changed) == set()


async def test_a_template_that_says_more_is_generated_again(fleet: Bench) -> None:
    spec: dict[str, Any] = {**OF_DIRECTORIES["spec"], "syncPolicy": {"automated": {}}}
    changed = application_set("dirs", EVERY_APP, template={**OF_DIRECTORIES, "spec": spec})
    assert await taken_over(fleet, {"argocd/dirs.yaml": changed}) == ALL - {"root", "dirs:set", "one", "two"}


async def test_a_set_that_generates_nothing_is_asked_again_each_time(fleet: Bench) -> None:
    nowhere = {"git": {"repoURL": URL, "revision": "HEAD", "directories": [{"path": "nowhere/*"}]}}
    fleet.work.commit({"argocd/none.yaml": application_set("none", nowhere, template=OF_DIRECTORIES)})
    assert await taken_over(fleet, {"README.md": "hello"}) == ALL


async def test_applications_of_one_overlay_share_a_rendering_and_each_is_told_of_it_where_it_stands(
    fleet: Bench,
) -> None:
    fleet.work.commit(
        {
            "argocd/again.yaml": application("again", "own"),
            "own/kustomization.yaml": kustomization("map.yaml", "hook.yaml"),
            "own/hook.yaml": config_map("never").replace(
                "metadata: {", "metadata: {annotations: {argocd.argoproj.io/hook: Skip}, "
            ),
        }
    )
    fleet.work.commit({"own/map.yaml": config_map("map", "2")})
    plan = await fleet.plan()
    changed = [each for each in plan.targets if each.status is TargetStatus.CHANGED]
    assert {each.target.id.name for each in changed} == {"argocd/own", "argocd/again"}
    assert len([name for name in fleet.rendered if name.endswith(("/own", "/again"))]) == 2  # sides
    for each in changed:
        assert {d.file for d in each.diagnostics} == {each.target.origin.file}


async def test_an_override_for_one_application_is_for_that_one_alone(fleet: Bench) -> None:
    fleet.work.commit({"argocd/again.yaml": application("again", "own")})
    fleet.work.commit({"own/.argocd-source-again.yaml": "kustomize: {namePrefix: new-}\n"})
    plan, verified = await fleet.verified()
    assert verified.disagreements == ()
    statuses = {each.target.id.name: each.status.value for each in plan.targets}
    assert (statuses["argocd/again"], statuses["argocd/own"]) == ("changed", "unchanged")
