import re
import shlex

import pytest

from bot.forge.base import TextLimit
from bot.forge.reports import Conclusion, DeploymentState
from bot.model.delivery import Failure, Health, ObjectHealth, ObjectResult, Outcome, Phase, PruneGuard
from bot.model.objects import Digest, ObjectId
from bot.report import outcomes
from bot.report.check import CheckLimits
from bot.report.delivery import delivery_check, delivery_comment, deployment_words
from tests.report.build import (
    agrees_with_golden,
    delivered,
    delivery_context,
    ids,
    troubled_delivery,
)
from tests.report.plans import HOSTILE, TAGS
from tests.report.reading import outside_code, outside_fences
from tests.report.test_comment import GITHUB

LIMITS = CheckLimits(TextLimit(65_535, 65_535), TextLimit(65_535, 65_535))


def test_a_troubled_delivery_reads_like_its_golden_file() -> None:
    assert agrees_with_golden(
        "delivery.md", delivery_comment(troubled_delivery(), delivery_context(), GITHUB)
    )


def test_all_delivered_reads_like_its_golden_file() -> None:
    results = tuple(ObjectResult(i, Outcome.CREATED) for i in ids("a", "b"))
    both = [delivered(results=results), delivered(cluster="staging", results=results)]
    assert agrees_with_golden("delivered.md", delivery_comment(both, delivery_context(before=None, pulls=())))


@pytest.mark.parametrize("failure", Failure)
def test_every_failure_has_words_and_a_way_out_of_its_own(failure: Failure) -> None:
    result = ObjectResult(ids("a")[0], Outcome.FAILED, failure, "the server's words")
    comment = delivery_comment([delivered(phase=Phase.FAILED, results=(result,))], delivery_context())
    assert outcomes.FAILURES[failure] in comment
    assert outcomes.ADVICE[failure] in comment
    assert "the server's words" in comment
    assert len(set(outcomes.ADVICE.values())) == len(Failure)


def test_a_guard_names_what_would_go_and_the_exact_command() -> None:
    comment = delivery_comment(troubled_delivery(), delivery_context())
    assert "ConfigMap `shop/three`" in comment
    assert f"longshore deliver github:acme/fleet@main --allow-prune sha256:{'5e' * 32}\n" in comment


def test_the_command_cannot_be_made_to_run_another() -> None:
    branch = "x;rm -rf $HOME`id`"
    comment = delivery_comment(troubled_delivery(), delivery_context(branch=branch))
    line = next(line for line in comment.splitlines() if line.startswith("longshore deliver"))
    assert shlex.split(line)[2] == f"github:acme/fleet@{branch}"


@pytest.mark.parametrize(
    ("phases", "conclusion", "state"),
    [
        ([Phase.DELIVERED, Phase.DELIVERED], Conclusion.SUCCESS, DeploymentState.SUCCESS),
        ([Phase.DELIVERED, Phase.CHECKING], None, DeploymentState.RUNNING),
        ([Phase.DELIVERED, Phase.FAILED], Conclusion.FAILURE, DeploymentState.FAILURE),
        ([Phase.FAILED, Phase.APPLYING], None, DeploymentState.FAILURE),
        ([Phase.DELIVERED, Phase.UNKNOWN], Conclusion.FAILURE, DeploymentState.ERROR),
        ([Phase.BLOCKED], Conclusion.ACTION_REQUIRED, DeploymentState.QUEUED),
        ([Phase.BLOCKED, Phase.FAILED], Conclusion.FAILURE, DeploymentState.FAILURE),
        ([Phase.WAITING], None, DeploymentState.QUEUED),
        ([Phase.HANDED_OVER], Conclusion.NEUTRAL, DeploymentState.INACTIVE),
        ([Phase.HANDED_OVER, Phase.DELIVERED], Conclusion.SUCCESS, DeploymentState.SUCCESS),
    ],
)
def test_check_and_deployment_say_how_it_stands(
    phases: list[Phase], conclusion: Conclusion | None, state: DeploymentState
) -> None:
    deliveries = [delivered(f"t{i}", phase) for i, phase in enumerate(phases)]
    assert delivery_check(deliveries, delivery_context(), LIMITS).conclusion is conclusion
    assert deployment_words(deliveries).state is state


def test_the_description_of_a_deployment_fits() -> None:
    words = deployment_words(
        [delivered(f"t{i}", phase) for i, phase in enumerate(Phase) for _ in range(9999)]
    )
    assert len(words.description) <= 140


def test_what_failed_is_listed_before_what_is_slow() -> None:
    health = (
        ObjectHealth(ids("slow")[0], Health.IN_PROGRESS),
        ObjectHealth(ids("broken")[0], Health.FAILED),
        ObjectHealth(ids("fine")[0], Health.CURRENT),
    )
    comment = delivery_comment([delivered(phase=Phase.CHECKING, health=health)], delivery_context())
    assert comment.index("broken") < comment.index("slow")
    assert "fine" not in comment


@pytest.mark.parametrize("limit", [20_000, 3_000, 700])
def test_a_huge_delivery_fits_and_breaks_nothing(limit: int) -> None:
    failed = tuple(
        ObjectResult(i, Outcome.FAILED, Failure.INVALID, "no " * 400) for i in ids(*map(str, range(500)))
    )
    many = [delivered(f"t{i}", Phase.FAILED, results=failed) for i in range(60)]
    comment = delivery_comment(many, delivery_context(), TextLimit(limit, limit))
    text = outside_fences(comment)
    assert len(comment.encode()) <= limit
    assert text.count("<details") == text.count("</details>")
    assert comment.startswith("❌ **60 targets failed")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_and_messages_stay_in_their_place(text: str) -> None:
    id_ = ObjectId("", text, text, text)
    hostile = delivered(
        text,
        Phase.FAILED,
        cluster=text,
        reason=text,
        results=(
            ObjectResult(id_, Outcome.FAILED, Failure.INVALID, text),
            ObjectResult(id_, Outcome.KEPT, message=text),
            ObjectResult(id_, Outcome.CREATED),
        ),
        health=(ObjectHealth(id_, Health.FAILED, text),),
        guard=PruneGuard(Digest("sha256:00"), (id_,), text),
    )
    comment = delivery_comment([hostile], delivery_context(pulls=(), branch=text), GITHUB)
    comment.encode()
    read = TAGS.sub("", outside_code(comment)).replace("[check](https://forge.example/acme/fleet/runs/8)", "")
    assert not re.search(r"@\w|#\w|GH-\d", read)
    assert "<" not in read
    assert "://" not in read
    assert not any(line.startswith("/") for line in read.splitlines())


def test_a_target_that_differs_from_its_plan_is_named() -> None:
    context = delivery_context(surprises=("staging/apps", "staging/`odd`"))
    comment = delivery_comment([delivered()], context)
    assert "Rendered otherwise than the plan showed" in comment
    assert "`staging/apps`" in comment
