"""Flux repositories: from the bootstrap downwards, to the fixpoint, with nothing dropped."""

from dataclasses import replace

import pytest

from bot.discover.repository import RepositoryIdentity
from bot.model.plan import Plan
from bot.planning.expansion import Finding
from tests.planning.conftest import Bench, config_map, kustomization, statuses, target

URL = "https://git.example.test/acme/fleet"
SOURCE = f"""apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {{name: flux-system, namespace: flux-system}}
spec: {{url: {URL}, interval: 1m}}
"""


def flux(name: str, path: str, more: str = "", source: str = "flux-system") -> str:
    return f"""apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: {name}, namespace: flux-system}}
spec:
  interval: 1m
  path: ./{path}
  prune: true
  sourceRef: {{kind: GitRepository, name: {source}}}
{more}"""


CLUSTERS = {
    f"clusters/{cluster}/flux-system/{name}": content
    for cluster in ("staging", "production")
    for name, content in {
        "gotk-sync.yaml": f"{SOURCE}---\n{flux('flux-system', f'clusters/{cluster}')}",
        "kustomization.yaml": kustomization("gotk-sync.yaml"),
    }.items()
}
FLEET = {
    **CLUSTERS,
    "clusters/staging/apps.yaml": flux("apps", "apps/staging"),
    "clusters/production/apps.yaml": flux("apps", "apps/production"),
    "apps/base/kustomization.yaml": kustomization("cm.yaml"),
    "apps/base/cm.yaml": config_map("web"),
    "apps/staging/kustomization.yaml": kustomization("../base"),
    "apps/production/kustomization.yaml": kustomization("../base"),
}


@pytest.fixture
def fleet(bench: Bench) -> Bench:
    bench.finding = Finding(repository=RepositoryIdentity.of([URL]))
    bench.work.commit(FLEET)
    return bench


async def test_each_cluster_has_its_own_targets_from_its_bootstrap(fleet: Bench) -> None:
    fleet.work.commit({"apps/staging/kustomization.yaml": kustomization("../base", more="namePrefix: s-\n")})
    assert statuses(await fleet.plan()) == {
        "production/flux-system/apps": "unchanged",
        "production/flux-system/flux-system": "unchanged",
        "staging/flux-system/apps": "changed",
        "staging/flux-system/flux-system": "unchanged",
    }


async def test_a_kustomization_that_renders_kustomizations_is_followed(fleet: Bench) -> None:
    fleet.work.commit(
        {
            "clusters/staging/apps.yaml": flux("apps", "apps/tree"),
            "apps/tree/kustomization.yaml": kustomization("leaf.yaml", more="namePrefix: team-\n"),
            "apps/tree/leaf.yaml": flux("leaf", "apps/staging"),
        }
    )
    plan = await fleet.plan()
    assert statuses(plan)["staging/flux-system/team-leaf"] == "added"
    leaf = target(plan, "flux-system/team-leaf", "staging").target
    assert leaf.path == "apps/staging"


async def test_a_new_application_shows_all_it_brings(fleet: Bench) -> None:
    fleet.work.commit(
        {
            "clusters/staging/more.yaml": flux("more", "more"),
            "more/cm.yaml": config_map("more", namespace="shop"),
        }
    )
    plan = await fleet.plan()
    assert statuses(plan)["staging/flux-system/more"] == "added"
    assert [c.id.name for c in target(plan, "flux-system/more", "staging").changes] == ["more"]
    assert statuses(plan)["staging/flux-system/flux-system"] == "changed"


async def test_fields_of_the_kustomization_shape_what_it_renders(fleet: Bench) -> None:
    shaped = "  targetNamespace: shop\n  images: [{name: nginx, newTag: '2'}]\n  commonMetadata: {labels: {team: a}}\n"
    fleet.work.commit({"clusters/staging/apps.yaml": flux("apps", "apps/staging", shaped)})
    plan = await fleet.plan()
    changed = target(plan, "flux-system/apps", "staging")
    assert {change.id.namespace for change in changed.changes} >= {"shop"}


async def test_of_two_that_are_called_alike_each_is_told_by_its_own_file(fleet: Bench) -> None:
    unplaced = {
        place: flux("twin", path).replace(", namespace: flux-system}", "}")
        for place, path in (("one", "apps/staging"), ("two", "apps/production"))
    }
    fleet.work.commit(
        {
            "clusters/staging/kustomization.yaml": kustomization(
                "flux-system", "../../parts/one", "../../parts/two"
            ),
            **{
                f"parts/{place}/kustomization.yaml": kustomization("ks.yaml", more=f"namespace: {place}\n")
                for place in unplaced
            },
            **{
                f"parts/{place}/ks.yaml": text.replace(
                    "name: flux-system}", "name: flux-system, namespace: flux-system}"
                )
                for place, text in unplaced.items()
            },
        }
    )
    plan = await fleet.plan()
    found = {place: target(plan, f"{place}/twin", "staging").target.origin.file for place in ("one", "two")}
    assert found == {"one": "parts/one/ks.yaml", "two": "parts/two/ks.yaml"}


async def test_another_repository_makes_the_target_unknown_with_the_reason(fleet: Bench) -> None:
    other = SOURCE.replace("name: flux-system", "name: other").replace("acme/fleet", "acme/other")
    fleet.work.commit({"clusters/staging/other.yaml": f"{other}---\n{flux('other', 'x', source='other')}"})
    plan = await fleet.plan()
    unknown = target(plan, "flux-system/other", "staging")
    assert unknown.status.value == "unknown"
    said = unknown.diagnostics[0].message
    assert said.startswith("its source, GitRepository flux-system/other (clusters/staging/other.yaml): ")
    assert "is another repository" in said


async def test_what_is_generated_of_the_repository_is_unknown_whatever_changes(fleet: Bench) -> None:
    generated = flux("made", "staging", source="made").replace(
        "kind: GitRepository", "kind: ExternalArtifact"
    )
    fleet.work.commit({"clusters/staging/made.yaml": generated})
    fleet.work.commit({"apps/base/cm.yaml": config_map("web", "2")})
    plan, verification = await fleet.verified()
    assert verification.disagreements == ()
    assert statuses(plan)["staging/flux-system/made"] == "unknown"
    assert statuses(await fleet.plan("HEAD", "HEAD"))["staging/flux-system/made"] == "unchanged"


async def test_children_of_a_parent_that_cannot_be_rendered_are_kept(fleet: Bench) -> None:
    parent = flux("apps", "apps/tree", "  deletionPolicy: Never\n")
    fleet.work.commit(
        {
            "clusters/staging/apps.yaml": parent,
            "apps/tree/kustomization.yaml": kustomization("leaf.yaml"),
            "apps/tree/leaf.yaml": flux("leaf", "apps/staging"),
        }
    )
    plan = await fleet.plan()
    assert statuses(plan)["staging/flux-system/apps"] == "unknown"
    assert statuses(plan)["staging/flux-system/leaf"] == "added"
    assert any("planned as their files stand" in d.message for d in plan.diagnostics)


async def test_a_circle_of_kustomizations_ends(fleet: Bench) -> None:
    fleet.work.commit(
        {
            "clusters/staging/a.yaml": flux("a", "loop/a"),
            "loop/a/b.yaml": flux("b", "loop/b"),
            "loop/b/a.yaml": flux("a", "loop/a"),
        }
    )
    assert statuses(await fleet.plan())["staging/flux-system/b"] == "added"


async def test_without_a_bootstrap_the_roots_are_what_no_other_reads(bench: Bench) -> None:
    bench.work.commit(
        {
            "clusters/home/apps.yaml": flux("apps", "apps"),
            "apps/kustomization.yaml": kustomization("ks.yaml"),
            "apps/ks.yaml": flux("web", "web"),
            "web/cm.yaml": config_map("web"),
        }
    )
    bench.work.commit({"web/cm.yaml": config_map("web", "2")})
    assert statuses(await bench.plan()) == {
        "home/flux-system/apps": "unchanged",
        "home/flux-system/web": "changed",
    }


async def test_flux_that_a_change_brings_to_a_plain_repository_is_found(bench: Bench) -> None:
    bench.work.commit({"web/kustomization.yaml": kustomization("cm.yaml"), "web/cm.yaml": config_map("web")})
    bench.work.commit({"web/cm.yaml": config_map("web", "2")})
    assert statuses(await bench.plan()) == {"web": "changed"}
    bench.work.commit({"clusters/home/apps.yaml": flux("apps", "web"), "README.md": "Flux now."})
    assert statuses(await bench.plan()) == {"home/flux-system/apps": "added"}


async def test_what_nothing_refers_to_and_names_no_namespace_is_not_in_use(bench: Bench) -> None:
    leaf = flux("web", "web").replace(", namespace: flux-system}", "}")
    used = {
        "clusters/home/apps.yaml": flux("apps", "apps"),
        "apps/kustomization.yaml": kustomization("ks.yaml", more="namespace: shop\n"),
        "apps/ks.yaml": leaf,
        "web/cm.yaml": config_map("web"),
    }
    bench.work.commit(used)
    bench.work.commit({"apps/kustomization.yaml": kustomization("cm.yaml"), "apps/cm.yaml": config_map("c")})
    plan = await bench.plan()
    assert statuses(plan) == {"home/flux-system/apps": "changed", "home/shop/web": "removed"}
    (remark,) = plan.diagnostics
    assert (remark.file, remark.severity.value) == ("apps/ks.yaml", "notice")
    bench.work.git("rm", "-q", "clusters/home/apps.yaml")
    bench.work.commit()
    assert statuses(await bench.plan())["web"] == "added"


async def test_a_name_that_is_no_text_makes_its_target_unknown_and_no_other(fleet: Bench) -> None:
    fleet.work.commit(
        {"clusters/staging/odd.yaml": flux("odd", "odd"), "odd/caf\udce9.yaml": config_map("odd")}
    )
    plan, verification = await fleet.verified()
    assert verification.disagreements == ()
    assert statuses(plan)["staging/flux-system/odd"] == "unknown"
    (diagnostic,) = target(plan, "flux-system/odd", "staging").diagnostics
    assert "it is not UTF-8" in diagnostic.message
    diagnostic.message.encode()


async def test_a_flux_file_that_does_not_parse_is_said_and_passed_over(fleet: Bench) -> None:
    fleet.work.commit({"stray.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\n a: [\n"})
    plan = await fleet.plan()
    assert set(statuses(plan).values()) == {"unchanged"}
    assert [d.file for d in plan.diagnostics] == ["stray.yaml"]


async def test_a_child_whose_file_breaks_is_unknown_not_removed(fleet: Bench) -> None:
    fleet.work.commit({"clusters/staging/apps.yaml": flux("apps", "apps/staging") + "  broken: [\n"})
    plan = await fleet.plan()
    assert statuses(plan)["staging/flux-system/apps"] == "unknown"
    assert statuses(plan)["production/flux-system/apps"] == "unchanged"


async def test_what_a_parent_that_cannot_be_rendered_may_still_declare_is_unknown(fleet: Bench) -> None:
    fleet.work.git("rm", "-q", "clusters/staging/apps.yaml")
    fleet.work.commit({"clusters/staging/kustomization.yaml": kustomization("flux-system", "gone.yaml")})
    apps = target(await fleet.plan(), "flux-system/apps", "staging")
    assert apps.status == "unknown"
    [why] = [d.message for d in apps.diagnostics]
    assert why.startswith(
        "what becomes of it is not known: staging/flux-system/flux-system, which declares it,"
    )


async def test_what_is_declared_no_more_goes_though_another_target_cannot_be_rendered(fleet: Bench) -> None:
    fleet.work.commit(
        {
            "clusters/staging/more.yaml": flux("more", "more"),
            "more/kustomization.yaml": kustomization("child.yaml", "gone.yaml"),
            "more/child.yaml": flux("child", "apps/base"),
        }
    )
    fleet.work.git("rm", "-q", "clusters/staging/apps.yaml")
    fleet.work.commit()
    plan, verified = await fleet.verified()
    assert verified.disagreements == ()
    assert statuses(plan)["staging/flux-system/apps"] == "removed"
    assert statuses(plan)["staging/flux-system/child"] == "unchanged"


async def test_a_source_that_one_rendering_brings_is_known_to_all(fleet: Bench) -> None:
    def bringing(name: str) -> dict[str, str]:
        source = SOURCE.replace("name: flux-system", f"name: {name}")
        return {
            f"clusters/staging/{name}.yaml": flux(name, name),
            f"{name}/kustomization.yaml": kustomization("all.yaml", more="namePrefix: my-\n"),
            f"{name}/all.yaml": f"{source}---\n{flux(f'{name}-leaf', f'{name}-leaf', source=f'my-{name}')}",
            f"{name}-leaf/cm.yaml": config_map(name),
        }

    fleet.work.commit({**bringing("a"), **bringing("b"), **bringing("c")})
    found = statuses(await fleet.plan())
    assert {found[f"staging/flux-system/my-{name}-leaf"] for name in "abc"} == {"added"}


async def test_the_source_of_a_root_that_no_file_declares_is_this_repository(bench: Bench) -> None:
    """An operator in the cluster made it, under a name of its own."""
    bench.work.commit(
        {
            "kubernetes/flux/cluster/ks.yaml": flux("apps", "kubernetes/apps", source="home"),
            "kubernetes/apps/web.yaml": flux("web", "web", source="home"),
            "kubernetes/apps/far.yaml": flux("far", "web", source="other"),
            "web/cm.yaml": config_map("web"),
        }
    )
    bench.work.commit({"web/cm.yaml": config_map("web", "2")})
    plan, verified = await bench.verified()
    assert verified.disagreements == ()
    assert statuses(plan) == {
        "flux-system/apps": "unchanged",
        "flux-system/far": "unknown",
        "flux-system/web": "changed",
    }
    assert [d.message for d in plan.diagnostics] == [
        "GitRepository flux-system/home is declared in no file: it is taken for this repository"
    ]
    [why] = target(plan, "flux-system/far").diagnostics
    assert "GitRepository flux-system/other, is not declared" in why.message


async def test_a_source_that_no_file_declares_is_not_this_repository_where_its_path_is_not_here(
    bench: Bench,
) -> None:
    bench.work.commit({"ks.yaml": flux("apps", "elsewhere", source="home"), "web/cm.yaml": config_map("web")})
    bench.work.commit({"elsewhere/cm.yaml": config_map("web")})
    there = await bench.plan()
    assert statuses(there) == {"flux-system/apps": "unknown"}
    back = await bench.plan("HEAD", "HEAD~1")
    assert statuses(back) == {"flux-system/apps": "unknown"}


async def test_a_password_in_a_sources_url_is_not_repeated(fleet: Bench) -> None:
    other = SOURCE.replace("name: flux-system", "name: other").replace(
        URL, "https://bot:hunter2@git.example.test/acme/other"
    )
    fleet.work.commit({"clusters/staging/other.yaml": f"{other}---\n{flux('other', 'x', source='other')}"})
    unknown = target(await fleet.plan(), "flux-system/other", "staging")
    assert "https://git.example.test/acme/other" in unknown.diagnostics[0].message


def settings(**values: str) -> str:
    data = ", ".join(f"{name}: '{value}'" for name, value in values.items())
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings, namespace: flux-system}}\ndata: {{{data}}}\n"


VARIABLES = (
    "  postBuild:\n    substitute: {tier: gold}\n    substituteFrom: [{kind: ConfigMap, name: settings}]\n"
)


@pytest.fixture
def varied(fleet: Bench) -> Bench:
    """Both clusters take the same application with settings of their own, declared after it in the alphabet."""
    for cluster, domain in (("staging", "stage.test"), ("production", "live.test")):
        fleet.work.write(
            {
                f"clusters/{cluster}/apps.yaml": flux("apps", f"apps/{cluster}", VARIABLES),
                f"clusters/{cluster}/vars.yaml": flux("vars", f"vars/{cluster}"),
                f"vars/{cluster}/settings.yaml": settings(domain=domain),
            }
        )
    fleet.work.commit({"apps/base/cm.yaml": config_map("web", "${tier}.${domain}")})
    return fleet


def value_of(plan: Plan, cluster: str) -> tuple[object, object]:
    (change,) = target(plan, "flux-system/apps", cluster).changes
    (changed,) = change.fields
    return changed.old, changed.new


async def test_variables_come_from_the_settings_of_the_cluster_itself(varied: Bench) -> None:
    varied.work.commit({"apps/base/cm.yaml": config_map("web", "${tier}-${domain}")})
    plan, verification = await varied.verified()
    assert value_of(plan, "staging") == ("gold.stage.test", "gold-stage.test")
    assert value_of(plan, "production") == ("gold.live.test", "gold-live.test")
    assert verification.disagreements == ()


async def test_a_changed_variable_changes_what_uses_it_and_nothing_else(varied: Bench) -> None:
    varied.work.commit({"vars/staging/settings.yaml": settings(domain="new.test")})
    plan, verification = await varied.verified()
    assert value_of(plan, "staging") == ("gold.stage.test", "gold.new.test")
    assert statuses(plan)["production/flux-system/apps"] == "unchanged"
    assert verification.disagreements == ()


async def test_a_source_that_nobody_declares_leaves_its_variables_open_and_says_so(varied: Bench) -> None:
    varied.work.git("rm", "-q", "clusters/staging/vars.yaml")
    varied.work.commit()
    changed = target(await varied.plan(), "flux-system/apps", "staging")
    assert changed.status.value == "changed"
    assert [f.new for c in changed.changes for f in c.fields] == ["gold.${domain}"]
    assert any(
        "ConfigMap settings is not declared in this repository" in d.message for d in changed.diagnostics
    )


SECRET = """apiVersion: v1
kind: Secret
metadata: {{name: settings, namespace: flux-system}}
stringData: {{domain: '{value}'}}
"""


async def test_a_secret_variable_is_never_shown_and_its_change_is(varied: Bench) -> None:
    from_secret = VARIABLES.replace("ConfigMap", "Secret")
    varied.work.commit(
        {
            "clusters/staging/apps.yaml": flux("apps", "apps/staging", from_secret),
            "vars/staging/settings.yaml": SECRET.format(value="hidden-one"),
        }
    )
    varied.work.commit({"vars/staging/settings.yaml": SECRET.format(value="hidden-two")})
    plan = await varied.plan()
    old, new = value_of(plan, "staging")
    assert old != new
    assert str(old).startswith("gold.${domain}<masked ")
    assert "hidden" not in repr(plan)


async def test_a_variable_that_is_missing_makes_the_target_unknown(varied: Bench) -> None:
    varied.work.commit({"apps/base/cm.yaml": config_map("web", "${nowhere}")})
    plan = await varied.plan()
    assert statuses(plan)["staging/flux-system/apps"] == "unknown"
    assert "nowhere" in target(plan, "flux-system/apps", "staging").diagnostics[0].message


async def test_an_older_flux_makes_a_variable_that_is_missing_empty(varied: Bench) -> None:
    varied.finding = replace(varied.finding, is_strict=False)
    varied.work.commit({"apps/base/cm.yaml": config_map("web", "a${nowhere}")})
    plan, verification = await varied.verified()
    assert verification.disagreements == ()
    assert value_of(plan, "staging")[1] == "a"


async def test_a_bootstrap_that_reads_itself_is_of_this_repository_whatever_the_remotes_are(
    fleet: Bench,
) -> None:
    fleet.finding = Finding(repository=RepositoryIdentity.of(["https://git.example.test/me/fork"]))
    fleet.work.commit({"apps/base/cm.yaml": config_map("web", "2")})
    plan, verification = await fleet.verified()
    assert verification.disagreements == ()
    assert statuses(plan)["staging/flux-system/apps"] == "changed"
    assert any("no remote of this repository" in d.message for d in plan.diagnostics)


async def test_what_a_source_does_not_check_out_is_not_there(fleet: Bench) -> None:
    def sparse(*directories: str) -> dict[str, str]:
        more = f", sparseCheckout: [{', '.join(directories)}]"
        source = SOURCE.replace("name: flux-system", "name: part").replace(URL, URL + more)
        return {"clusters/staging/part.yaml": f"{source}---\n{flux('part', 'parts', source='part')}"}

    parts = {f"parts/{name}/cm.yaml": config_map(name, namespace="shop") for name in "ab"}
    fleet.work.commit({**parts, **sparse("parts", "clusters")})
    fleet.work.commit(sparse("parts/a", "clusters"))
    plan, verification = await fleet.verified()
    assert verification.disagreements == ()
    part = target(plan, "flux-system/part", "staging")
    assert part.status.value == "changed"
    assert [(change.action.value, change.id.name) for change in part.changes] == [("removed", "b")]
    fleet.work.commit({"parts/kustomization.yaml": kustomization("a/cm.yaml", "../apps/base")})
    _, verification = await fleet.verified()
    assert verification.disagreements == ()
    fleet.work.git("mv", "clusters/production", "production")
    fleet.work.commit(sparse("parts/a", "clusters/production"))
    gone = target(await fleet.plan(), "flux-system/part", "staging")
    assert gone.status.value == "unknown"
    assert (
        "spec.sparseCheckout names 'clusters/production', which does not exist" in gone.diagnostics[0].message
    )
