"""What all generators and all templates of one ApplicationSet may cost together."""

import asyncio
import time
from typing import Any

import pytest

from bot.render.applicationset import Templates, context, generate
from bot.render.applicationset import templates as bounds
from tests.render.applicationset.sets import HERE, MemoryWorld, application_set, go_set, made, problem


async def test_braces_without_an_end_are_read_in_a_time_that_their_number_bounds() -> None:
    elements = "[{list: {elements: [{name: a}]}}]"
    begun = time.process_time()
    for text in ("{{" * 500_000, "{{\n" * 300_000 + "}}", "{{a}}" * 100_000):
        await generate(application_set(elements, path="x" + text), MemoryWorld(), Templates())
    assert time.process_time() - begun < 5


async def test_many_patterns_over_many_directories_make_the_set_unknown_and_let_others_work() -> None:
    patterns = ", ".join(f"{{path: 'd/*x{i}*'}}" for i in range(2_000))
    world = MemoryWorld({f"d/name-of-a-directory-{i}/x": "" for i in range(2_000)})
    for kind in ("directories", "files"):
        manifest = application_set(f"[{{git: {{repoURL: {HERE}, revision: '', {kind}: [{patterns}]}}}}]")
        asked = asyncio.create_task(problem(manifest, world))
        longest = await longest_wait(asked)
        assert "more to look through than Longshore does" in await asked
        assert longest < 2


async def longest_wait(asked: asyncio.Task[Any]) -> float:
    """Seconds of work for which others had to wait for their turn."""
    longest = 0.0
    while not asked.done():
        begun = time.thread_time()
        await asyncio.sleep(0.01)
        longest = max(longest, time.thread_time() - begun)
    return longest


async def test_the_steps_of_all_calls_count_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "MAX_STEPS", 1_000)
    world = MemoryWorld({f"d/a{i}/x": "" for i in range(20)})
    for calls, is_known in ((2, True), (100, False)):
        outer = ", ".join(f"{{n: '{i}'}}" for i in range(calls))
        inner = f"{{git: {{repoURL: {HERE}, revision: '', directories: [{{path: 'd/a{{{{n}}}}'}}, {{path: 'd/a?'}}]}}}}"
        manifest = application_set(
            f"[{{matrix: {{generators: [{{list: {{elements: [{outer}]}}}}, {inner}]}}}}]",
            name="{{n}}-{{path.basename}}",
        )
        found = await generate(manifest, world, Templates())
        assert bool(found.applications) is is_known
        assert is_known or "more to look through" in found.problem


async def test_templates_get_a_time_for_all_of_a_set_and_not_for_each_question(
    templates: Templates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "ALL_S", 0.02)
    outer = ", ".join(f"{{n: n{i}}}" for i in range(200))
    slow = "{{ range until 20000 }}{{ end }}"
    manifest = go_set(
        f"[{{matrix: {{generators: [{{list: {{elements: [{outer}]}}}}, {{list: {{elementsYaml: '[{{name: \"{{{{.n}}}}{slow}\"}}]'}}}}]}}}}]"
    )
    assert "rendering all its templates takes more than" in await problem(manifest, templates=templates)
    monkeypatch.setattr(bounds, "ALL_S", 20.0)
    for _ in range(2):  # the next set has its own
        assert len((await made(manifest, templates=templates)).applications) == 200
