"""The stand-in of the quick tests says nothing that a real Gitea does not say: every field, and of the same type."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

import pytest

from oracles.gitea.fleet import Fleet
from oracles.gitea.town import BOT, Town
from tests.forge.github.test_gitea import DELIVERIES, REPOSITORY, SHA, answers, status
from tests.sandbox.receiver import Receiver
from tests.stories.patience import until

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]

STATUS = {"context": "longshore/plan", "state": "success", "description": "x", "target_url": ""}


def _unheard_of(said: Any, real: Any, where: str) -> Iterator[str]:
    """What the stand-in says and the real one does not, by where it is; of a list the first item counts."""
    if type(said) is not type(real):
        yield f"{where} is {real!r}, and not {said!r}"
    elif isinstance(said, dict):
        for key, value in said.items():
            if key in real:
                yield from _unheard_of(value, real[key], f"{where}.{key}")
            else:
                yield f"{where}.{key} is not there"
    elif isinstance(said, list) and said:
        yield from _unheard_of(said[0], real[0] if real else None, f"{where}[]")


async def test_it_answers_as_gitea_does(town: Town, receiver: Receiver) -> None:
    fleet = await Fleet.founded(town, "stand-in", hook_url=receiver.url)
    merged = await fleet.merge((await fleet.open({"a": "1\n"}))["number"])
    await fleet.open({"b": "1\n"})
    await town.bot_api.post(f"/repos/{fleet.path}/statuses/{merged}", STATUS)
    found: list[str] = []
    for path, said in answers([status(1, **STATUS)]).items():
        below = path if path == "/user" else f"/repos/{fleet.path}{path.replace(SHA, merged)}"
        found += _unheard_of(said, await town.bot_api.get(below), path)
    assert BOT in "".join(answers([]))
    assert found == []


async def test_it_delivers_as_gitea_does(town: Town, receiver: Receiver) -> None:
    fleet = await Fleet.founded(town, "delivers", hook_url=receiver.url)
    await fleet.push({"README.md": "Other.\n"}, "other", since="main")
    pull = await fleet.open({"a": "1\n"}, base="other")
    await fleet.edit(pull["number"], base="main")
    await fleet.push({"a": "2\n"}, pull["head"]["ref"])
    # Gitea looks for what a push moved later, and not any more once that is merged.
    await _heard(receiver, {"pull_request.synchronized"})
    await fleet.say(pull["number"], "/plan")
    await fleet.merge(pull["number"])
    await _heard(receiver, DELIVERIES.keys())
    found: list[str] = []
    for name, said in DELIVERIES.items():
        found += _unheard_of({**said, "repository": REPOSITORY}, receiver.payload(name), name)
    assert found == []


async def _heard(receiver: Receiver, names: AbstractSet[str]) -> None:
    await until(lambda: names <= set(receiver.names), f"{names}", dump=lambda: str(receiver.names))
