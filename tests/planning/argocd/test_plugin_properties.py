"""What holds for every change of repositories that the operator's programs render: brute force agrees, and nothing that
was kept or reused says otherwise than what is found from nothing.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.discover.repository import RepositoryIdentity
from bot.model.programs import Plugin, Programs
from bot.planning.exhaustive import ExhaustiveRenderings
from bot.planning.expand import expand_both
from bot.planning.expansion import Finding, Mode
from bot.planning.renderings import Renderings
from bot.planning.verify import verify
from tests.planning.argocd.declared import URL, application
from tests.planning.conftest import config_map, kustomization
from tests.planning.repositories import Content, Files, Link
from tests.planning.test_properties import Story, is_found_from_nothing, telling, tries
from tests.render.plugin.programs import jsonnet, needs_confinement, shell

pytestmark = needs_confinement

_ALL = "for f in *.yaml; do echo ---; cat $f; done; cat ../lib/more.yaml 2>/dev/null || true"
_TOLD = (
    "printf 'kind: ConfigMap\\napiVersion: v1\\nmetadata: {name: told}\\ndata: {a: \"%s\", n: %s}\\n' "
    '"$ARGOCD_ENV_A" "$ARGOCD_APP_NAME"; ls | sed "s/^/# /"'
)
PROGRAMS = Programs(
    (
        Plugin("all", shell(_ALL)),
        Plugin("told", shell(_TOLD, reads_whole_tree=False)),
        Plugin("claims", shell(_ALL, reads_whole_tree=False), glob="**/claimed"),
        Plugin("fails", shell("test ! -e broken && echo '{kind: A, apiVersion: v1, metadata: {name: a}}'")),
    ),
    jsonnet(reads_whole_tree=False),
)
FINDING = Finding(Mode.ARGOCD, RepositoryIdentity.of([URL]))
DIRECTORIES = ("one", "two", "lib")
BLOCKS: tuple[Mapping[str, Any], ...] = (
    {},
    {"plugin": {"name": "all"}},
    {"plugin": {"name": "told"}},
    {"plugin": {"name": "told", "env": [{"name": "A", "value": "x-$ARGOCD_APP_NAMESPACE"}]}},
    {"plugin": {"name": "fails"}},
    {"plugin": {"name": "claims"}},
    {"plugin": {"name": "nobody"}},
    {"plugin": {}},
    {"directory": {"recurse": True}},
    {"directory": {"jsonnet": {"libs": ["lib"], "tlas": [{"name": "t", "value": "1"}]}}},
)
CONTENTS: tuple[tuple[str, Content], ...] = (
    *((f"{place}/cm.yaml", config_map(f"cm-{place}", value)) for place in DIRECTORIES for value in "12"),
    ("lib/more.yaml", config_map("more")),
    ("lib/more.yaml", config_map("more", "2")),
    ("lib/shared.libsonnet", '{v: "1"}'),
    ("lib/shared.libsonnet", '{v: "2"}'),
    ("one/deep/claimed", "1"),
    ("two/claimed", "1"),
    ("one/broken", ""),
    ("one/kustomization.yaml", kustomization("cm.yaml")),
    ("two/link.yaml", Link("../lib/more.yaml")),
    ("two/out.yaml", Link("../../out.yaml")),
    ("one/made.jsonnet", '{apiVersion: "v1", kind: "ConfigMap", metadata: {name: "j"}, data: import "shared.libsonnet"}'),
    ("two/made.jsonnet", 'function(t="0") [{apiVersion: "v1", kind: "ConfigMap", metadata: {name: "t"}, data: {t: t}}]'),
    ("two/child.yaml", application("child", "lib")),
    ("two/child.jsonnet", application("other", "lib")),
    ("README.md", "1"),
    ("README.md", "2"),
)  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[Files]:
    names = ("first", "second")
    files: dict[str, Content] = dict(draw(st.lists(st.sampled_from(CONTENTS), min_size=4, max_size=10)))
    files |= {f"apps/{name}.yaml": draw(applications(name)) for name in names}
    trees: list[Files] = [dict(files)]
    for _ in range(draw(st.integers(1, 2))):
        for path, content in draw(st.lists(st.sampled_from(CONTENTS), min_size=1, max_size=3)):
            if files.get(path) == content:
                del files[path]
            else:
                files[path] = content
        if draw(st.booleans()):
            name = draw(st.sampled_from(names))
            files[f"apps/{name}.yaml"] = draw(applications(name))
        trees.append(dict(files))
    return trees


def applications(name: str) -> st.SearchStrategy[str]:
    return st.builds(
        lambda path, block: application(name, path, **block),
        st.sampled_from(DIRECTORIES),
        st.sampled_from(BLOCKS),
    )


@asynccontextmanager
async def with_programs(trees: list[Files]) -> AsyncIterator[Story]:
    async with telling(trees) as story:
        sandbox = replace(story.workshop.sandbox, programs=PROGRAMS)
        yield replace(story, workshop=replace(story.workshop, sandbox=sandbox))


@tries(6)
@given(trees=histories())
def test_brute_force_comes_to_the_same_verdict(trees: list[Files]) -> None:
    async def check() -> None:
        async with with_programs(trees) as story:
            for base, head in story.steps():
                plan = await story.plan(base, head, FINDING)
                async with ExhaustiveRenderings.open(story.workshop) as exhaustive:
                    found = await verify(story.repository, plan, FINDING, exhaustive)
                assert found.disagreements == ()

    asyncio.run(check())


@tries(10)
@given(trees=histories())
def test_what_is_found_from_what_was_known_is_what_is_found_from_nothing(trees: list[Files]) -> None:
    async def check() -> None:
        async with with_programs(trees) as story:
            for base, head in story.steps():
                before, after = [await story.repository.tree(side.tree) for side in (base, head)]
                known, found = await expand_both(
                    story.repository, before, after, FINDING, Renderings(story.workshop)
                )
                assert await is_found_from_nothing(story, base, FINDING, known, found)
                assert await is_found_from_nothing(story, head, FINDING, found, known)

    asyncio.run(check())
