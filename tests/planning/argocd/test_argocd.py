"""Argo CD's repositories: from what was applied by hand downwards, to the fixpoint, with nothing dropped."""

import pytest

from bot.discover.repository import RepositoryIdentity
from bot.model.plan import Plan, TargetStatus
from bot.planning.expansion import Finding
from tests.planning.argocd.declared import URL, application, application_set, cluster, commit, listed
from tests.planning.conftest import Bench, config_map, kustomization, statuses, target

FLEET = {
    "bootstrap/root.yaml": application("root", "apps", namespace="argocd"),
    "apps/web.yaml": application("web", "web/overlay"),
    "apps/docs.yaml": application("docs", "docs"),
    "web/base/kustomization.yaml": kustomization("cm.yaml"),
    "web/base/cm.yaml": config_map("web"),
    "web/overlay/kustomization.yaml": kustomization("../base", more="namePrefix: eu-\n"),
    "docs/one.yaml": config_map("one"),
    "docs/deeper/two.yaml": config_map("two"),
}
DIRECTORIES = {"git": {"repoURL": URL, "revision": "HEAD", "directories": [{"path": "sites/*"}]}}
SITES = {
    "sets/sites.yaml": application_set(
        "sites",
        DIRECTORIES,
        template={
            "metadata": {"name": "{{path.basename}}"},
            "spec": {
                "project": "default",
                "source": {"repoURL": URL, "targetRevision": "HEAD", "path": "{{path}}"},
                "destination": {"server": "https://kubernetes.default.svc", "namespace": "shop"},
            },
        },
    ),
    "sites/north/cm.yaml": config_map("north"),
    "sites/south/cm.yaml": config_map("south"),
}


@pytest.fixture
def fleet(bench: Bench) -> Bench:
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    bench.work.commit(FLEET)
    return bench


@pytest.fixture
def sites(fleet: Bench) -> Bench:
    commit(fleet, SITES)
    return fleet


def said(plan: Plan, name: str, cluster: str = "in-cluster") -> str:
    return " | ".join(d.message for d in target(plan, name, cluster).diagnostics)


async def test_an_app_of_apps_is_followed_and_only_what_changes_shows(fleet: Bench) -> None:
    commit(fleet, {"web/base/cm.yaml": config_map("web", "2")})
    plan = await fleet.plan()
    assert statuses(plan) == {
        "in-cluster/argocd/docs": "unchanged",
        "in-cluster/argocd/root": "unchanged",
        "in-cluster/argocd/web": "changed",
    }
    (change,) = target(plan, "argocd/web", "in-cluster").changes
    assert (change.id.name, change.id.namespace) == ("eu-web", "shop")
    assert fleet.rendered.count("in-cluster/argocd/docs") == 0


async def test_a_directory_is_not_followed_downwards_unless_it_says_so(fleet: Bench) -> None:
    commit(fleet, {"apps/docs.yaml": application("docs", "docs", directory={"recurse": True})})
    plan = await fleet.plan()
    assert statuses(plan)["in-cluster/argocd/docs"] == "changed"
    assert [c.id.name for c in target(plan, "argocd/docs", "in-cluster").changes] == ["two"]
    assert statuses(plan)["in-cluster/argocd/root"] == "changed"


async def test_a_new_application_shows_all_that_it_brings(fleet: Bench) -> None:
    commit(fleet, {"apps/new.yaml": application("new", "new"), "new/cm.yaml": config_map("fresh")})
    plan = await fleet.plan()
    assert statuses(plan)["in-cluster/argocd/new"] == "added"
    assert [c.id.name for c in target(plan, "argocd/new", "in-cluster").changes] == ["fresh"]


async def test_an_application_that_is_declared_no_more_is_removed(fleet: Bench) -> None:
    commit(fleet, {"apps/docs.yaml": None})
    assert statuses(await fleet.plan())["in-cluster/argocd/docs"] == "removed"


async def test_what_its_own_parent_cannot_render_is_not_removed(fleet: Bench) -> None:
    commit(
        fleet, {"apps/docs.yaml": None, "apps/broken.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {"}
    )
    plan = await fleet.plan()
    assert statuses(plan) == {
        "in-cluster/argocd/docs": "unknown",
        "in-cluster/argocd/root": "unknown",
        "in-cluster/argocd/web": "unchanged",
    }


async def test_what_a_plugin_renders_is_unknown_wherever_the_change_is(fleet: Bench) -> None:
    commit(fleet, {"apps/made.yaml": application("made", "made", plugin={"name": "mine"}), "made/a.txt": "1"})
    commit(fleet, {"made/a.txt": "2"})
    plan = await fleet.plan()
    assert target(plan, "argocd/made", "in-cluster").status is TargetStatus.UNKNOWN
    assert "plugin 'mine'" in said(plan, "argocd/made")


async def test_every_directory_of_a_generator_is_an_application(sites: Bench) -> None:
    commit(sites, {"sites/west/cm.yaml": config_map("west")})
    plan = await sites.plan()
    assert statuses(plan)["in-cluster/argocd/west"] == "added"
    assert statuses(plan)["in-cluster/argocd/north"] == "unchanged"
    made = target(plan, "argocd/sites:set", "in-cluster")
    assert [(c.id.kind, c.id.name, c.action.value) for c in made.changes] == [
        ("Application", "west", "added")
    ]


async def test_a_generator_that_finds_nothing_makes_its_applications_unknown(sites: Bench) -> None:
    commit(sites, {"sites/north/cm.yaml": None, "sites/south/cm.yaml": None, "sites/README.md": "empty"})
    plan = await sites.plan()
    assert statuses(plan)["in-cluster/argocd/north"] == "unknown"
    assert statuses(plan)["in-cluster/argocd/sites:set"] == "unknown"
    assert "in-cluster/argocd/sites:set" in said(plan, "argocd/north")


async def test_a_generator_that_errs_makes_its_applications_unknown(sites: Bench) -> None:
    commit(sites, {"sets/sites.yaml": application_set("sites", {"matrix": {"generators": []}})})
    plan = await sites.plan()
    assert {statuses(plan)[f"in-cluster/argocd/{name}"] for name in ("north", "south")} == {"unknown"}


async def test_a_cluster_that_is_added_shows_every_application_it_brings(fleet: Bench) -> None:
    template = {
        "metadata": {"name": "web-{{name}}"},
        "spec": {
            "project": "default",
            "source": {"repoURL": URL, "targetRevision": "HEAD", "path": "web/overlay"},
            "destination": {"server": "{{server}}", "namespace": "shop"},
        },
    }
    selector = {"selector": {"matchLabels": {"stage": "live"}}}
    commit(
        fleet,
        {
            "sets/web.yaml": application_set("web", {"clusters": selector}, template=template),
            "clusters.yaml": cluster("eu", "https://eu.example.test", stage="live"),
        },
    )
    commit(fleet, {"more.yaml": cluster("us", "https://us.example.test", stage="live")})
    plan = await fleet.plan()
    assert statuses(plan)["us/argocd/web-us"] == "added"
    assert [c.id.name for c in target(plan, "argocd/web-us", "us").changes] == ["eu-web"]
    assert statuses(plan)["eu/argocd/web-eu"] == "unchanged"
    assert "very-hidden" not in repr(plan)


async def test_several_sources_are_one_target_with_values_from_another_source(fleet: Bench) -> None:
    chart = {
        "charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\n",
        "charts/web/values.yaml": "answer: no\n",
        "charts/web/templates/cm.yaml": (
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: chart}\ndata: {answer: '{{ .Values.answer }}'}\n"
        ),
    }
    helm = {"valueFiles": ["$values/env/eu.yaml"]}
    sources = [
        {"repoURL": URL, "targetRevision": "HEAD", "path": "charts/web", "helm": helm},
        {"repoURL": URL, "targetRevision": "HEAD", "path": "docs"},
        {"repoURL": URL, "targetRevision": "HEAD", "ref": "values"},
    ]
    commit(
        fleet,
        {
            **chart,
            "env/eu.yaml": "answer: one\n",
            "apps/both.yaml": application("both", spec={"sources": sources}),
        },
    )
    commit(fleet, {"env/eu.yaml": "answer: two\n"})
    plan, verified = await fleet.verified()
    (change,) = target(plan, "argocd/both", "in-cluster").changes
    assert (change.id.name, [f.new for f in change.fields]) == ("chart", ["two"])
    assert not verified.disagreements


async def test_flux_and_argo_cd_are_planned_side_by_side(fleet: Bench) -> None:
    kustomize = """apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 1m, path: ./clusters/eu, prune: true, sourceRef: {kind: GitRepository, name: flux-system}}
"""
    commit(
        fleet,
        {
            "clusters/eu/flux-system/gotk-sync.yaml": kustomize,
            "clusters/eu/flux-system/kustomization.yaml": kustomization("gotk-sync.yaml"),
            "clusters/eu/cm.yaml": config_map("flux", namespace="shop"),
        },
    )
    commit(
        fleet,
        {
            "clusters/eu/cm.yaml": config_map("flux", "2", namespace="shop"),
            "web/base/cm.yaml": config_map("web", "2"),
        },
    )
    found = statuses(await fleet.plan())
    assert found["eu/flux-system/flux-system"] == "changed"
    assert found["in-cluster/argocd/web"] == "changed"


async def test_a_chart_that_renders_applications_is_an_app_of_apps(fleet: Bench) -> None:
    """Its templates are no declarations by themselves: what they look like unrendered says nothing."""
    template = application("t", "docs").replace('"t"', '"{{ .Values.name }}"', 1)
    commit(
        fleet,
        {
            "apps/all.yaml": application("all", "charts/all", namespace="argocd"),
            "charts/all/Chart.yaml": "apiVersion: v2\nname: all\nversion: 1.0.0\n",
            "charts/all/values.yaml": "name: first\n",
            "charts/all/templates/app.yaml": template,
        },
    )
    commit(fleet, {"charts/all/values.yaml": "name: second\n"})
    plan, verified = await fleet.verified()
    assert statuses(plan)["in-cluster/argocd/second"] in {"added", "moved"}
    assert "in-cluster/argocd/t" not in statuses(plan)
    assert not verified.disagreements


async def test_applications_that_declare_one_another_are_found(fleet: Bench) -> None:
    commit(fleet, {"apps/root-again.yaml": application("root", "apps", namespace="argocd")})
    commit(fleet, {"docs/one.yaml": config_map("one", "2")})
    assert statuses(await fleet.plan())["in-cluster/argocd/docs"] == "changed"


@pytest.mark.parametrize(
    "change",
    [
        {"web/base/cm.yaml": config_map("web", "2")},
        {"apps/docs.yaml": None},
        {"apps/docs.yaml": application("docs", "web/overlay")},
        {"sites/east/cm.yaml": config_map("east")},
        {"sites/north/cm.yaml": None},
        {"sets/sites.yaml": application_set("sites", listed({"name": "n", "path": "sites/north"}))},
        {"bootstrap/root.yaml": None},
        {"README.md": "nothing"},
    ],
)
async def test_what_is_found_from_what_was_known_is_what_is_found_from_nothing(
    sites: Bench, change: dict[str, str | None]
) -> None:
    commit(sites, change)
    quick, fresh = await sites.expansions("HEAD~1", "HEAD")
    assert {n: t.key for n, t in quick.targets.items()} == {n: t.key for n, t in fresh.targets.items()}
    _, verified = await sites.verified()
    assert not verified.disagreements


async def test_nothing_is_rendered_where_nothing_changes(sites: Bench) -> None:
    commit(sites, {"README.md": "changed"})
    await sites.plan()
    sites.rendered.clear()
    commit(sites, {"README.md": "changed again"})
    plan = await sites.plan()
    assert set(statuses(plan).values()) == {TargetStatus.UNCHANGED.value}
    assert sites.rendered == []


async def test_a_fork_is_planned_though_its_manifests_name_upstream(fleet: Bench) -> None:
    fleet.finding = Finding(repository=RepositoryIdentity.of(["https://git.example.test/somebody/fleet"]))
    commit(fleet, {"web/base/cm.yaml": config_map("web", "2")})
    plan = await fleet.plan()
    assert statuses(plan)["in-cluster/argocd/web"] == "changed"
    assert any("git.example.test/acme/fleet is taken for it" in d.message for d in plan.diagnostics)


async def test_other_repositories_are_not_taken_for_this_one(fleet: Bench) -> None:
    fleet.finding = Finding(repository=RepositoryIdentity.of(["https://git.example.test/somebody/fleet"]))
    elsewhere = application("web", "not/here", url="https://git.example.test/acme/others")
    commit(
        fleet, dict.fromkeys(("bootstrap/root.yaml", "apps/docs.yaml"), None) | {"apps/web.yaml": elsewhere}
    )
    assert statuses(await fleet.plan())["in-cluster/argocd/web"] == "unknown"


async def test_a_cluster_whose_file_cannot_be_read_takes_no_application_along(fleet: Bench) -> None:
    template = {
        "metadata": {"name": "web-{{name}}"},
        "spec": {
            "project": "default",
            "source": {"repoURL": URL, "targetRevision": "HEAD", "path": "web/overlay"},
            "destination": {"server": "{{server}}", "namespace": "shop"},
        },
    }
    generator = {"clusters": {"selector": {"matchLabels": {"stage": "live"}}}}
    declared = {
        f"{name}.yaml": cluster(name, f"https://{name}.example.test", stage="live") for name in ("eu", "us")
    }
    commit(fleet, {"sets/web.yaml": application_set("web", generator, template=template), **declared})
    commit(fleet, {"us.yaml": declared["us.yaml"][:-2]})
    plan = await fleet.plan()
    found = statuses(plan)
    assert (found["us/argocd/web-us"], found["eu/argocd/web-eu"]) == ("unknown", "unknown")
    assert "us.yaml, which may declare a cluster, cannot be read" in said(plan, "argocd/web:set")


async def test_what_is_remarked_of_an_application_is_remarked_where_it_stands_now(fleet: Bench) -> None:
    old = application("web", "web/overlay", kustomize={"version": "v4.5.7"})
    commit(fleet, {"apps/web.yaml": old})
    await fleet.plan()
    commit(fleet, {"apps/web.yaml": None, "apps/moved.yaml": old, "web/base/cm.yaml": config_map("web", "2")})
    await fleet.plan()
    commit(fleet, {"web/base/cm.yaml": config_map("web")})
    told = target(await fleet.plan(), "argocd/web", "in-cluster").diagnostics
    assert [(d.file, "v4.5.7" in d.message) for d in told] == [("apps/moved.yaml", True)]


async def test_what_a_set_leaves_undone_is_remarked_once_and_where_the_set_stands_now(fleet: Bench) -> None:
    policy = {"syncPolicy": {"applicationsSync": "create-only"}}
    made = application_set("some", listed({"name": "n", "path": "docs"}), **policy)
    commit(fleet, {"sets/some.yaml": made})
    commit(fleet, {"README.md": "x", "sets/some.yaml": None, "sets/moved.yaml": made})
    quick, fresh = await fleet.expansions("HEAD~1", "HEAD")
    remarks = {name.name: traced.notices for name, traced in quick.targets.items()}
    assert remarks == {name.name: traced.notices for name, traced in fresh.targets.items()}
    assert {remark.file for remark in remarks["argocd/some:set"]} == {"sets/moved.yaml"}


async def test_a_set_that_never_finds_anything_is_as_it_was(fleet: Bench) -> None:
    """It is unknown where it comes to find nothing, and no noise ever after."""
    commit(fleet, {"sets/none.yaml": application_set("none", listed())})
    commit(fleet, {"web/base/cm.yaml": config_map("web", "2")})
    found = statuses(await fleet.plan())
    assert (found["in-cluster/argocd/none:set"], found["in-cluster/argocd/web"]) == ("unchanged", "changed")
