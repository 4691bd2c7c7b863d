from dataclasses import replace

from bot.model.danger import Loss
from bot.model.flux import FluxSettings
from bot.model.plan import ImageChange, MaterialChange, TargetPlan, TargetStatus
from bot.model.refs import ObjectRef
from bot.model.rendering import Diagnostic, MaskedRendering, Severity
from bot.report import reasons, view
from tests.report.build import deployment, masked, named, plan, target, target_plan, unknown
from tests.report.plans import (
    NEW_CHART,
    bumped,
    chart,
    flux_plan,
    migration,
    of,
    release,
    release_object,
    same,
    stamped,
)

IMAGE = ImageChange("ghcr.io/stefanprodan/podinfo:6.5.0", "ghcr.io/stefanprodan/podinfo:6.6.1")


def claims(*names: str) -> list[dict[str, object]]:
    return [named("PersistentVolumeClaim", name) for name in names]


def test_an_image_that_values_name_in_parts_is_among_the_images() -> None:
    objects = masked(release_object("6.5.0", "6.5.x")), masked(release_object("6.6.1", "6.5.x"))
    [use] = view.images(plan(target_plan(target(), *objects)))
    assert use.change == IMAGE


def test_where_a_chart_makes_a_workload_of_the_values_only_the_workload_is_named() -> None:
    [use] = view.images(flux_plan())
    assert use.change == IMAGE
    assert [str(t) for t in use.targets] == [
        "production/podinfo/podinfo:helm", "staging/podinfo/podinfo:helm",
    ]  # fmt: skip


def test_a_workload_on_one_cluster_does_not_stand_for_another_cluster() -> None:
    objects = masked(release_object("6.5.0", "6.5.x")), masked(release_object("6.6.1", "6.5.x"))
    here, there = target("apps"), target("apps", "staging")
    [use] = view.images(plan(bumped("production"), target_plan(here, *objects), target_plan(there, *objects)))
    assert [str(t) for t in use.targets] == ["production/podinfo/podinfo:helm", "staging/apps"]


def test_one_new_chart_is_one_row_and_another_version_before_is_another() -> None:
    newer = MaterialChange(chart("6.4.0"), NEW_CHART.new)
    first = MaterialChange(None, chart("1.0.0", "a"))
    targets = (
        of(same(release(cluster=c)), change)
        for c, change in zip("abc", (NEW_CHART, newer, NEW_CHART), strict=True)
    )
    uses = view.materials(plan(*targets, of(same(release(cluster="d")), first)))
    assert [(use.change, len(use.targets)) for use in uses] == [(first, 1), (newer, 1), (NEW_CHART, 2)]  # fmt: skip


def test_only_targets_with_the_same_objects_are_told_to_be_made_anew() -> None:
    broken = replace(unknown(release("x:helm"), Diagnostic(Severity.ERROR, "x")), materials=(NEW_CHART,))
    anew = view.made_anew(
        plan(bumped("a"), same(release(cluster="b"), NEW_CHART), same(release(cluster="c")), broken)
    )
    assert [t.target.id.cluster for t in anew] == ["b"]


def test_an_annotation_is_a_hook_only_where_helm_renders() -> None:
    added = masked(migration("a:1"))
    by_helm, by_kustomize = target_plan(release(), None, added), target_plan(target(), None, added)
    [helm], [kustomize] = view.groups(plan(by_helm)), view.groups(plan(by_kustomize))
    assert (len(helm.hooks), len(helm.lasting)) == (1, 0)
    assert (len(kustomize.hooks), len(kustomize.lasting)) == (0, 1)
    assert len(view.groups(plan(by_helm, by_kustomize))) == 2


def test_a_hook_that_a_chart_has_no_more_deletes_nothing() -> None:
    hook = named(
        "PersistentVolumeClaim",
        "data",
        metadata={"name": "data", "annotations": {"helm.sh/hook": "pre-install"}},
    )
    assert view.dangers(plan(target_plan(release(), masked(hook), None))) == ()
    assert len(view.dangers(plan(target_plan(target(), masked(hook), None)))) == 1


def test_many_deletions_of_one_kind_are_one_line() -> None:
    old = masked(*claims(*(f"data-{i:02}" for i in range(20))), named("Namespace", "shop"))
    namespaces, data = view.dangers(
        plan(target_plan(target(), old, None), target_plan(target("b"), old, None))
    )
    assert (namespaces.loss, len(namespaces.ids)) == (Loss.NAMESPACE, 1)
    assert (data.loss, len(data.ids), len(data.targets)) == (Loss.STORAGE, 20, 2)


def test_a_few_deletions_each_say_where() -> None:
    dangers = view.dangers(
        plan(
            target_plan(target("a"), masked(*claims("x")), None),
            target_plan(target("b"), masked(*claims("y")), None),
        )
    )
    assert [(d.ids[0].name, str(d.targets[0])) for d in dangers] == [
        ("x", "production/a"),
        ("y", "production/b"),
    ]


def test_what_is_kept_is_not_gathered_with_what_is_deleted() -> None:
    old = masked(*claims("a", "b", "c", "d"))
    dangers = view.dangers(
        plan(target_plan(target("a"), old, None), target_plan(target("b", prune=False), old, None))
    )
    assert [(len(d.ids), d.is_kept) for d in dangers] == [(4, False), (4, True)]


def test_what_is_known_of_unknown_targets_is_gathered_below_their_reason() -> None:
    [found] = reasons.unknowns(flux_plan())
    assert len(found.targets) == 3
    assert [(len(d.targets), len(d.fields)) for d in found.declared] == [(2, 4), (1, 1)]


def test_a_workload_that_changes_is_no_danger() -> None:
    assert (
        view.dangers(plan(target_plan(target(), masked(deployment()), masked(deployment(replicas=5))))) == ()
    )


def test_objects_that_only_carry_another_chart_version_are_gathered_and_still_counted() -> None:
    kinds = ("Service", "ServiceAccount", "ConfigMap")
    old, new = masked(*stamped("a-1", *kinds)), masked(*stamped("a-2", *kinds))
    [group] = view.groups(plan(target_plan(release(), old, new)))
    assert ([c.id.kind for c in group.stamped], group.lasting) == (sorted(kinds), ())
    assert group.first.counts.changed == 3


def test_one_object_of_another_chart_version_is_shown_like_any_other() -> None:
    [group] = view.groups(
        plan(target_plan(release(), masked(*stamped("a-1", "Service")), masked(*stamped("a-2", "Service"))))
    )
    assert (len(group.stamped), len(group.lasting)) == (0, 1)


def test_a_label_of_pods_or_another_field_is_never_passed_over() -> None:
    def side(version: str) -> MaskedRendering:
        label = {"metadata": {"labels": {"helm.sh/chart": f"a-{version}"}}}
        pods = named("Deployment", "web", "apps/v1", spec={"template": label})
        services = (named("Service", name, spec={"port": version}) for name in "ab")
        return masked(
            pods, *({**s, "metadata": {**label["metadata"], "name": s["metadata"]["name"]}} for s in services)
        )

    [group] = view.groups(plan(target_plan(release(), side("1"), side("2"))))
    assert (len(group.stamped), [len(alike) for alike in group.lasting]) == (0, [2, 1])


def test_only_objects_in_which_exactly_the_same_changes_are_told_together() -> None:
    def side(team: str, port: int) -> MaskedRendering:
        labelled = (("Service", "a"), ("Deployment", "a"), ("Service", "b"))
        objects = (named(kind, name, spec={"team": team}) for kind, name in labelled)
        return masked(*objects, named("Service", "c", spec={"team": team, "port": port}))

    new = masked(named("ConfigMap", "new"), named("ConfigMap", "newer"))
    [group] = view.groups(plan(target_plan(target(), side("x", 1), side("y", 2))))
    assert [[str(c.id.name) for c in alike] for alike in group.lasting] == [["a", "a", "b"], ["c"]]
    [group] = view.groups(plan(target_plan(target(), None, new)))
    assert [len(alike) for alike in group.lasting] == [1, 1]


def written_in_old(name: str) -> TargetPlan:
    ref = ObjectRef("HelmRelease", "media", name)
    said = Diagnostic(Severity.NOTICE, f"{ref} is written in v2beta1", f"{name}.yaml", 2)
    where = target(name, flux=FluxSettings(ref, "helm.toolkit.fluxcd.io/v2beta1"))
    return TargetPlan(where, TargetStatus.CHANGED, diagnostics=(said,))


def test_what_is_remarked_of_many_objects_in_the_same_words_is_said_once() -> None:
    planned = [written_in_old(name) for name in ("plex", "sonarr", "radarr")]
    [few, _] = reasons.remarks(plan(*planned[:2]))
    assert few.diagnostic.message == "HelmRelease media/plex is written in v2beta1"
    [many] = reasons.remarks(plan(*planned))
    assert many.diagnostic.message == "HelmRelease media/plex and 2 more, each: is written in v2beta1"
    assert [name.name for name in many.targets] == ["plex", "sonarr", "radarr"]
