"""The operator's programs in the plan loop: configured in `config.yaml`, and run for strangers only where he says so."""

from typing import Any

import pytest

from bot.model.steps import Done
from tests.loops.conftest import House
from tests.planning.argocd.declared import application
from tests.render.plugin.programs import needs_confinement, python
from tests.sandbox.forge.core.conversations import Pull
from tests.stories.manifests import Files

pytestmark = needs_confinement

PROGRAM = python("config_map('made', text=open('a.txt').read())", reads_whole_tree=False)
CHANGE: Files = {"made/a.txt": "two"}


def plugins(**more: Any) -> dict[str, Any]:
    mine = {"command": list(PROGRAM.command), "read": list(PROGRAM.read), "reads": "path", **more}
    return {"plugins": {"mine": mine}}


async def started(house: House, **config: Any) -> None:
    await house.open(**config)
    url = f"{house.github.url}/acme/fleet"
    made = application("made", "made", url=url, plugin={"name": "mine"})
    await house.push({"apps/made.yaml": made, "made/a.txt": "one"})


async def of_a_stranger(house: House) -> Pull:
    fork = await house.github.fork(house.repository, "mallory")
    await house.github.push(fork, "change", dict(CHANGE))
    return await house.github.open_pull(house.repository, "change", source=fork, author="mallory")


async def planned(house: House, pull: Pull) -> str:
    assert await house.plan(pull) == Done()
    [comment] = pull.comments
    return comment.body


async def test_a_change_of_what_a_plugin_reads_is_planned(house: House) -> None:
    await started(house, **plugins())
    said = await planned(house, await house.pull(CHANGE))
    assert "1 of 1 target changes" in said
    assert "data.text" in said


@pytest.mark.parametrize("forks", [False, True])
async def test_for_a_stranger_it_runs_only_where_the_operator_says_so(house: House, forks: bool) -> None:
    await started(house, **plugins(forks=forks))
    said = await planned(house, await of_a_stranger(house))
    assert "From a fork" in said
    assert ("1 of 1 target changes" in said) is forks
    assert ("does not run for pull requests from forks" in said) is not forks


async def test_the_operators_answer_is_seen_by_the_next_look(house: House) -> None:
    await started(house)
    pull = await house.pull(CHANGE)
    assert "is rendered by the plugin" in await planned(house, pull)
    await house.open(**plugins())
    assert "data.text" in await planned(house, pull)
