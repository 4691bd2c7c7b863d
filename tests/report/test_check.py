from dataclasses import replace

from bot.forge.base import TextLimit
from bot.forge.reports import Conclusion
from bot.model.plan import Plan, TargetPlan, TargetStatus
from bot.model.rendering import Diagnostic, MaskedRendering, Severity
from bot.report.check import CheckLimits, plan_check, planning_check
from bot.report.comment import plan_comment
from bot.report.terminal import plan_text
from tests.report.build import (
    agrees_with_golden,
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
from tests.report.plans import huge_plan

LIMITS = CheckLimits(TextLimit(65_535, 65_535), TextLimit(65_535, 65_535))


def conclusion(planned: Plan) -> Conclusion | None:
    return plan_check(planned, pull_context(), LIMITS).conclusion


def test_unknown_is_never_a_success() -> None:
    reason = Diagnostic(Severity.ERROR, "no such file", "a.yaml", 1)
    assert conclusion(plan(unknown(target(), reason))) is Conclusion.FAILURE
    assert conclusion(everyday_plan()) is Conclusion.FAILURE


def test_an_error_in_the_files_is_said_and_never_a_success() -> None:
    broken = Diagnostic(Severity.ERROR, "does not parse", ".longshore.yaml", 2)
    unsure = plan(TargetPlan(target(), TargetStatus.UNCHANGED), diagnostics=(broken,))
    assert conclusion(unsure) is Conclusion.FAILURE
    assert plan_check(unsure, pull_context(), LIMITS).title == "1 error; the one target stays as it is"


def test_an_error_in_what_is_rendered_is_never_a_success_and_is_told_once() -> None:
    changed = target_plan(target(), masked(deployment()), masked(deployment(replicas=3)))
    forbidden = Diagnostic(Severity.ERROR, "Application shop holds what its project forbids", "shop.yaml", 4)
    planned = plan(replace(changed, diagnostics=(forbidden,)))
    assert conclusion(planned) is Conclusion.FAILURE
    assert plan_check(planned, pull_context(), LIMITS).title.startswith("1 error; 1 of 1 target changes")
    assert plan_text(planned).count("error: shop.yaml:4: Application shop holds") == 1
    assert plan_comment(planned, pull_context()).count("holds what its project forbids") == 1


def test_changes_and_no_changes_are_a_success() -> None:
    changed = target_plan(target(), masked(deployment()), masked(deployment(replicas=3)))
    assert conclusion(plan(changed)) is Conclusion.SUCCESS
    assert conclusion(plan(TargetPlan(target(), TargetStatus.UNCHANGED))) is Conclusion.SUCCESS


def test_a_dangerous_deletion_is_neutral_unless_nothing_prunes_it() -> None:
    gone = masked(named("Namespace", "shop"))
    assert conclusion(plan(target_plan(target(), gone, None))) is Conclusion.NEUTRAL
    assert conclusion(plan(target_plan(target(prune=False), gone, None))) is Conclusion.SUCCESS


def test_the_title_fits_where_only_a_status_can_be_set() -> None:
    words = plan_check(huge_plan(), pull_context(), LIMITS)
    assert len(words.title) <= 140


def test_files_at_fault_are_annotated_once() -> None:
    reason = Diagnostic(Severity.ERROR, "no such file: \u202ex", "base/kustomization.yaml", 3)
    words = plan_check(plan(*(unknown(target(cluster=c), reason) for c in "ab")), pull_context(), LIMITS)
    (annotation,) = words.annotations
    assert (annotation.path, annotation.line, annotation.severity) == (
        "base/kustomization.yaml", 3, Severity.ERROR,
    )  # fmt: skip
    assert "\u202e" not in annotation.message


def test_what_was_wrong_before_and_stays_so_is_not_annotated() -> None:
    reason = Diagnostic(Severity.NOTICE, "no such file", "base/kustomization.yaml", 3)
    stays = TargetPlan(target(), TargetStatus.UNCHANGED, diagnostics=(reason,))
    assert plan_check(plan(stays), pull_context(), LIMITS).annotations == ()


def test_summary_and_text_share_what_the_comment_says() -> None:
    words = plan_check(everyday_plan(), pull_context(), LIMITS)
    assert agrees_with_golden("check.md", f"{words.title}\n\n---\n{words.summary}\n---\n{words.text}\n")
    assert "Shortened" not in words.summary


def test_a_huge_plan_fits_into_the_check() -> None:
    words = plan_check(huge_plan(), pull_context(), LIMITS)
    assert len(words.summary.encode()) <= 65_535
    assert 1000 < len(words.text.encode()) <= 65_535


def test_many_targets_that_change_differently_are_still_listed_in_the_check() -> None:
    def side(name: int, value: str) -> MaskedRendering:
        return masked(*(named("ConfigMap", f"c{name}-{i}", data={"k": f"{value * 9}{i}"}) for i in range(40)))

    many = plan(*(target_plan(target(f"t{t}"), side(t, "a"), side(t, "b")) for t in range(120)))
    words = plan_check(many, pull_context(), LIMITS)
    assert "<code>production/t79</code>" in words.text
    assert "and 40 more targets that change differently" in words.text


def test_a_base_that_moved_sets_the_check_running_again() -> None:
    words = planning_check(pull_context(is_stale=True))
    assert (words.conclusion, words.title) == (None, "The base moved; planning again")


def test_an_annotation_names_a_file_that_is_no_utf_8_in_signs_a_forge_takes() -> None:
    reason = Diagnostic(Severity.ERROR, "no such file", "n\udcff.yaml", 1)
    [annotation] = plan_check(plan(unknown(target(), reason)), pull_context(), LIMITS).annotations
    assert annotation.path == "n\\udcff.yaml"
