import json
from pathlib import Path

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from bot.model.rendering import Diagnostic, Severity
from bot.model.target import EngineKind, Found, RendererKind
from bot.report.plan_json import plan_data, plan_json
from tests.report.build import (
    agrees_with_golden,
    everyday_plan,
    masked,
    named,
    plan,
    target,
    target_plan,
    unknown,
)
from tests.report.plans import HOSTILE, flux_plan, hostile_plan

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/plan.schema.json").read_text())


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_every_plan_is_valid_by_the_published_schema() -> None:
    moved = target_plan(target(), masked(named("Service", "a")), masked(named("Service", "b")))
    for planned in (
        everyday_plan(),
        flux_plan(),
        plan(),
        plan(moved),
        *(hostile_plan(text) for text in HOSTILE),
    ):
        Draft202012Validator(SCHEMA).validate(json.loads(plan_json(planned)))


def test_every_kind_of_target_is_in_the_published_schema() -> None:
    described = SCHEMA["$defs"]["target"]["properties"]
    for field, kinds in (("renderer", RendererKind), ("engine", EngineKind), ("found", Found)):
        assert set(described[field]["enum"]) == {kind.value for kind in kinds}


def test_the_everyday_plan_reads_like_its_golden_file() -> None:
    assert agrees_with_golden("plan.json", plan_json(everyday_plan()))


def test_the_plan_of_a_flux_repository_reads_like_its_golden_file() -> None:
    assert agrees_with_golden("flux.json", plan_json(flux_plan()))


def test_old_and_new_are_there_where_they_mean_something() -> None:
    (shown,) = plan_data(everyday_plan())["targets"][-1]["objects"]
    assert {tuple(field) for field in shown["fields"]} == {("path", "op", "new")}


def test_a_file_name_that_is_no_text_is_still_json() -> None:
    odd = plan(unknown(target(), Diagnostic(Severity.ERROR, "bad", "\udc80.yaml", 1)))
    assert json.loads(plan_json(odd).encode())["targets"][0]["diagnostics"][0]["file"] == "\ufffd.yaml"


def test_no_secret_is_in_it() -> None:
    assert "hunter2" not in plan_json(everyday_plan())
