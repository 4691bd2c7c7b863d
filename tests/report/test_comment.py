import re
from dataclasses import replace

import pytest

from bot.forge.base import TextLimit
from bot.model.plan import Plan, Protection, TargetPlan, TargetStatus
from bot.model.rendering import Diagnostic, Severity
from bot.model.target import EngineKind
from bot.report.comment import plan_comment, plan_values
from bot.report.ladder import Rung
from bot.report.templates import fill
from tests.report.build import (
    agrees_with_golden,
    config,
    deployment,
    everyday_plan,
    masked,
    named,
    plan,
    pull_context,
    target,
    target_plan,
    unknown,
)
from tests.report.plans import (
    HOSTILE,
    LINK,
    NEW_CHART,
    TAGS,
    alike_plan,
    bumped,
    flux_plan,
    hostile_plan,
    release,
    same,
)
from tests.report.reading import outside_code, outside_fences

GITHUB = TextLimit(65_536, 262_144)


def unchanged_plan() -> Plan:
    return plan(*(TargetPlan(target(name), TargetStatus.UNCHANGED) for name in ("apps", "infra")))


def test_objects_that_change_alike_are_told_together() -> None:
    assert agrees_with_golden("alike.md", plan_comment(alike_plan(), pull_context(), GITHUB))


def test_the_everyday_plan_reads_like_its_golden_file() -> None:
    assert agrees_with_golden("plan.md", plan_comment(everyday_plan(), pull_context(), GITHUB))


def test_the_plan_of_a_flux_repository_reads_like_its_golden_file() -> None:
    assert agrees_with_golden("flux.md", plan_comment(flux_plan(), pull_context(), GITHUB))


def test_nothing_rendered_changes_in_one_line() -> None:
    comment = plan_comment(unchanged_plan(), pull_context())
    first, *rest = [line for line in comment.splitlines() if line]
    assert first == "✅ **Changes nothing rendered: all 2 targets stay as they are.**"
    assert len(rest) == 1
    assert rest[0].startswith("<sub>")


def test_that_nothing_can_be_rendered_is_no_reassurance() -> None:
    broken = replace(unchanged_plan().targets[0], diagnostics=(Diagnostic(Severity.ERROR, "no such chart"),))
    comment = plan_comment(plan(broken))
    assert "Nothing that can be rendered changes; 1 of 1 target cannot be rendered" in comment.splitlines()[0]
    assert comment.startswith("❔")


def test_without_a_pull_request_the_sides_are_named() -> None:
    comment = plan_comment(unchanged_plan())
    assert "`pull request` compared with `9e8d7c6b5a`" in comment


def test_the_first_line_has_verdict_and_totals() -> None:
    first = plan_comment(everyday_plan(), pull_context()).splitlines()[0]
    assert first == (
        "❓ **1 target cannot be planned; 4 of 7 targets change: 1 object added, 6 changed, 2 removed.**"
    )


def test_the_same_change_in_several_targets_is_shown_once() -> None:
    old, new = masked(deployment()), masked(deployment(replicas=5))
    comment = plan_comment(plan(*(target_plan(target(cluster=f"c{i}"), old, new) for i in range(37))))
    assert comment.count("spec.replicas") == 1
    assert "the same in 37 targets" in comment


def test_one_new_chart_in_many_clusters_is_shown_once() -> None:
    comment = plan_comment(plan(*(bumped(f"c{i:02}") for i in range(37))))
    assert (
        comment.count("| `chart podinfo` | `6.5.0` `aaaaaaaaaaaa` | `6.6.1` `bbbbbbbbbbbb` | 37 targets |")
        == 1
    )
    assert comment.count("@@ ") == 2
    assert comment.count("| `ghcr.io/stefanprodan/podinfo` |") == 1


def test_a_long_table_of_targets_is_folded_and_whole() -> None:
    comment = plan_comment(plan(*(bumped(f"c{i:02}") for i in range(37)), same(release("idle:helm"))))
    table = comment[comment.index("<details>") : comment.index("</details>")]
    assert "<summary>37 targets that change</summary>" in table
    assert all(f"`c{i:02}`" in table for i in range(37))
    assert "1 target unchanged." in comment.replace(table, "")


def test_another_chart_without_another_object_is_a_line() -> None:
    comment = plan_comment(plan(*(same(release(cluster=f"c{i}"), NEW_CHART) for i in range(7))))
    assert comment.startswith("✅ **Changes nothing rendered: all 7 targets stay as they are.**")
    assert "Another chart, and yet the same objects: `c0/podinfo/podinfo:helm`" in comment
    assert "and 2 more\n" in comment


def test_a_change_that_differs_in_the_namespace_only_is_the_same() -> None:
    targets = [
        target_plan(
            target(cluster=name),
            masked(deployment(namespace=name)),
            masked(deployment(replicas=5, namespace=name)),
        )
        for name in ("staging", "production")
    ]
    comment = plan_comment(plan(*targets))
    assert "the same in 2 targets" in comment
    assert "**Deployment** `web`" in comment


def test_deleting_a_namespace_is_said_before_anything_else() -> None:
    old = masked(named("Namespace", "shop"), config("x"))
    comment = plan_comment(plan(target_plan(target(), old, None)))
    assert "> [!CAUTION]" in comment
    assert "Namespace `shop` in `production/apps`: everything in the namespace is deleted" in comment
    assert comment.index("[!CAUTION]") < comment.index("| target |")


def test_a_namespace_that_is_not_pruned_is_said_to_stay() -> None:
    old = masked(named("Namespace", "shop"))
    comment = plan_comment(plan(target_plan(target(prune=False), old, None)))
    assert "pruning is off, so it stays" in comment


def test_an_unknown_target_has_file_reason_and_way_out() -> None:
    comment = plan_comment(everyday_plan(), pull_context())
    assert "`clusters/production/search/kustomization.yaml:4`: resources names" in comment
    assert "copy it inside" in comment
    assert "**Next:** mend what can be mended here and push" in comment


def test_reasons_that_are_not_shown_are_counted() -> None:
    many = [Diagnostic(Severity.ERROR, f"reason {i}") for i in range(7)]
    few = unknown(target("few"), *many[:3])
    shown = plan_comment(plan(unknown(target("many"), *many), few))
    assert "reason 2\n>   - and 4 more reasons\n" in shown
    assert shown.count("more reason") == 1


def test_where_no_cluster_is_known_there_is_no_column_for_it() -> None:
    old, new = masked(deployment()), masked(deployment(replicas=5))
    comment = plan_comment(plan(target_plan(target(cluster=""), old, new)))
    assert "| | target | objects |\n|---|---|---|\n| ✏️ | `apps` | ~1 |\n" in comment


def test_many_targets_unknown_for_one_reason_are_gathered() -> None:
    reason = Diagnostic(Severity.ERROR, "no such file", "base/kustomization.yaml", 3)
    comment = plan_comment(plan(*(unknown(target(cluster=f"c{i:02}"), reason) for i in range(37))))
    assert comment.count("no such file") == 1
    assert "and 32 more" in comment


def test_one_reason_in_many_files_is_said_once_and_names_none_of_them() -> None:
    reasons = [
        Diagnostic(Severity.ERROR, "spec.postBuild is not supported yet", f"{i}.yaml", i) for i in (1, 2)
    ]
    comment = plan_comment(plan(*(unknown(target(f"t{d.line}"), d) for d in reasons)))
    assert comment.count("spec.postBuild is not supported yet") == 1
    assert "1.yaml" not in comment


def test_what_is_wrong_with_the_change_is_said_first_and_once() -> None:
    leak = Diagnostic(Severity.ERROR, "stringData.password lies open", "apps/db/secret.yaml", 7)
    comment = plan_comment(replace(everyday_plan(), diagnostics=(leak,)), pull_context())
    assert comment.startswith("❌ **1 error; 1 target cannot be planned; ")
    assert comment.index("`apps/db/secret.yaml:7`: stringData.password lies open") < comment.index(
        "[!WARNING]"
    )
    assert comment.count("lies open") == 1


def test_who_applies_is_said() -> None:
    old, new = masked(deployment()), masked(deployment(replicas=5))
    flux = plan(target_plan(target(engine=EngineKind.FLUX), old, new))
    direct = plan(target_plan(target(), old, new))
    nobody = plan(target_plan(target(cluster=""), old, new))
    assert "once merged, Flux applies this.\n" in plan_comment(flux)
    assert "once merged, Longshore applies this, and the outcome is told here." in plan_comment(direct)
    assert "once merged" not in plan_comment(nobody)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"is_stale": True}, "being planned again"),
        ({"is_fork": True}, "From a fork"),
        ({"is_draft": True}, "still a draft"),
    ],
)
def test_the_state_of_the_pull_request_is_said(state: dict[str, bool], words: str) -> None:
    old, new = masked(deployment()), masked(deployment(replicas=5))
    changed = plan(target_plan(target(), old, new))
    assert words in plan_comment(changed, pull_context(**state))
    assert words not in plan_comment(changed, pull_context())


def test_protections_are_named_only_where_one_is_missing() -> None:
    whole = plan(protections=(Protection("landlock", active=True),))
    assert "landlock" not in plan_comment(whole)
    assert "Rendered without" not in plan_comment(whole)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_and_values_stay_in_their_place(text: str) -> None:
    comment = plan_comment(hostile_plan(text), pull_context(base_ref=text), GITHUB)
    comment.encode()
    assert "octocat" not in outside_code(comment).replace("@\u200boctocat", "")
    read = LINK.sub("", TAGS.sub("", outside_code(comment)))
    assert not re.search(r"@\w", read)
    assert not re.search(r"#\w|GH-\d", read)
    assert "<" not in read
    assert not re.search(r"(?<!\\)\]\(", read.replace("> [!", "> ["))
    assert "://" not in read
    assert "www." not in read
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x09\x0b-\x1f]", comment)
    assert not any(line.startswith("/") for line in read.splitlines())
    rows = [line for line in outside_fences(comment).splitlines() if line.startswith("|")]
    assert rows
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}
    assert "\n# heading" not in outside_fences(comment)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_version_or_value_is_still_told(text: str) -> None:
    comment = plan_comment(hostile_plan(text), pull_context())
    assert "(hook: " in comment
    assert "Another chart, and yet the same objects: " in comment
    assert "What is declared changes like this." in comment
    assert "known, though not all of it: " not in comment
    shorter = fill("plan_summary.md.j2", **plan_values(hostile_plan(text), pull_context(), Rung.FIELDS))
    assert "known, though not all of it: " in shorter
    assert "@octocat" not in outside_code(outside_fences(shorter))
    assert comment.count("It is not the whole effect, which is unknown") == 2


def test_a_secret_is_nowhere() -> None:
    comment = plan_comment(everyday_plan(), pull_context())
    assert "hunter2" not in comment
    assert comment.count("<masked ") == 2
