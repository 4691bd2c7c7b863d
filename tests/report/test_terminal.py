import json
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from bot.model.plan import TargetPlan, TargetStatus
from bot.model.rendering import Diagnostic, Severity
from bot.report.comment import plan_comment
from bot.report.plan_json import plan_json
from bot.report.terminal import plan_text
from tests.report.build import (
    agrees_with_golden,
    deployment,
    everyday_plan,
    masked,
    plan,
    target,
    target_plan,
    unknown,
)
from tests.report.plans import HOSTILE, alike_plan, flux_plan, hostile_plan


def test_objects_that_change_alike_are_told_together() -> None:
    assert agrees_with_golden("alike.txt", plan_text(alike_plan(), width=60))


def test_the_everyday_plan_reads_like_its_golden_file() -> None:
    assert agrees_with_golden("plan.txt", plan_text(everyday_plan()))


def test_the_plan_of_a_flux_repository_reads_like_its_golden_file() -> None:
    assert agrees_with_golden("flux.txt", plan_text(flux_plan()))


def test_colours_only_when_asked() -> None:
    assert "\x1b" not in plan_text(everyday_plan())
    coloured = plan_text(everyday_plan(), colour=True)
    assert re.sub(r"\x1b\[\d+m", "", coloured) == plan_text(everyday_plan())


def test_no_line_is_wider_than_the_terminal() -> None:
    text = plan_text(everyday_plan(), width=60)
    assert max(len(line) for line in text.splitlines()) <= 60
    assert "copy it\n" in text or "copy it inside" in text.replace("\n      ", " ")


def test_no_name_is_cut_in_a_narrow_terminal() -> None:
    old, new = masked(deployment("a")), masked(deployment("b"))
    alike = [target_plan(target(f"a-service-with-a-name-{i}"), old, new) for i in range(5)]
    reason = Diagnostic(Severity.ERROR, "no chart", f"{'deep/' * 20}release.yaml", 3)
    lost = unknown(target("another-service-with-a-long-name"), reason)
    text = plan_text(plan(*alike, lost), width=50)
    assert f"    {'deep/' * 20}release.yaml:3:\n      no chart\n" in text
    assert " ".join(plan_text(plan(*alike, lost)).split()) == " ".join(text.split())


def test_what_differs_at_the_end_of_a_long_line_is_seen() -> None:
    image = f"registry.example.com/{'team/' * 8}web"
    old, new = (masked(deployment(f"{image}:{tag}")) for tag in ("1.25", "1.26"))
    text = plan_text(plan(target_plan(target(), old, new)), width=60)
    assert max(len(line) for line in text.splitlines()) <= 60
    assert text.count("web:1.25") == text.count("web:1.26") == 1


def test_what_is_wrong_with_the_change_is_said_first_and_once() -> None:
    leak = Diagnostic(Severity.ERROR, "lies open", "secret.yaml", 7)
    text = plan_text(replace(everyday_plan(), diagnostics=(leak,)))
    assert text.index("error: secret.yaml:7: lies open") < text.index("? production/search: unknown")
    assert text.count("lies open") == 1


def test_what_cannot_be_rendered_anyway_is_listed_with_its_reasons() -> None:
    broken = [
        TargetPlan(
            target(f"t{i}"),
            TargetStatus.UNCHANGED,
            diagnostics=(Diagnostic(Severity.ERROR, f"no chart {i}"),),
        )
        for i in range(7)
    ]
    text = plan_text(plan(*broken))
    assert text.startswith("Nothing that can be rendered changes; 7 of 7 targets cannot be rendered\n")
    assert "  production/t4: no chart 4\n  and 2 more reasons (--format json has all)\n" in text


def test_nothing_to_do_is_one_line() -> None:
    text = plan_text(plan(TargetPlan(target(), TargetStatus.UNCHANGED)))
    assert text == "Changes nothing rendered: the one target stays as it is\n"


@pytest.mark.parametrize("text", HOSTILE)
def test_no_value_commands_the_terminal(text: str) -> None:
    shown = plan_text(hostile_plan(text), colour=True, width=100)
    assert not re.search("[\x00-\x09\x0b-\x1a\x1c-\x1f\x7f\u202a-\u202e]", shown)
    assert not re.search(r"\x1b(?!\[(?:0|1|2|31|32|33|36)m)", shown)
    shown.encode()


def test_text_and_json_load_neither_templates_nor_forge() -> None:
    program = (
        "import sys, bot.report.terminal, bot.report.plan_json, bot.report.comment;"
        "print([m for m in sys.modules if m.startswith(('jinja2', 'bot.forge'))])"
    )
    shown = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert shown.stdout.strip() == "[]"


def test_where_a_moved_target_came_from_is_said() -> None:
    moved = plan(TargetPlan(target("live"), TargetStatus.MOVED, moved_from="overlays/live"))
    assert "> production/live: moved from overlays/live, with the same objects\n" in plan_text(moved)
    assert "| moved from `overlays/live` |" in plan_comment(moved)
    assert json.loads(plan_json(moved))["targets"][0]["movedFrom"] == "overlays/live"


@pytest.mark.parametrize(("status", "words"), [(TargetStatus.ADDED, "new"), (TargetStatus.REMOVED, "goes")])
def test_a_target_that_holds_nothing_is_named_as_well(status: TargetStatus, words: str) -> None:
    assert f"production/empty ({words}): no objects" in plan_text(plan(TargetPlan(target("empty"), status)))
