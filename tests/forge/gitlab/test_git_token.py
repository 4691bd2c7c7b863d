"""Git is read with the token too, and a token may be replaced at any moment."""

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.cli.world import open_world
from bot.config import Config
from bot.git.errors import AuthenticationFailed
from bot.loops.world import World as Worker
from tests.forge.gitlab.conftest import FLEET, PATH, World
from tests.loops.conftest import running_store
from tests.sandbox.forge.core.faults import Seen


async def worker(world: World, stack: AsyncExitStack, tmp_path: Path, token: Path) -> Worker:
    forge = {
        "kind": "gitlab",
        "gitUrl": world.gitlab.url,
        "token": f"${{file:{token}}}",
        "webhookSecrets": ["${env:HOOK_SECRET}"],
    }
    config = {
        "dataDir": str(tmp_path / "data"),
        "forges": {"lab": forge},
        "repositories": [{"forge": "lab", "repository": PATH}],
    }
    store = await stack.enter_async_context(running_store(tmp_path / "store"))
    return await stack.enter_async_context(open_world(Config.model_validate(config), store))


def revoke_before_git(world: World, then: Path | None) -> list[str]:
    """The token ends between what the API is asked and what git is; `then` gets the one that takes its place."""
    asked: list[str] = []

    def look(seen: Seen) -> None:
        if seen.phase == "before" and seen.path.endswith("/info/refs"):
            asked.append(seen.path)
            if then is not None and not world.token.is_revoked:
                then.write_text(world.gitlab.project_token(world.fleet, "next").bearer.text)
            world.token.is_revoked = True

    world.gitlab.faults.on_request.append(look)
    return asked


async def test_a_token_that_is_replaced_just_before_git_uses_it_is_read_again_and_nobody_is_told(
    world: World, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text(world.token.bearer.text)
    async with AsyncExitStack() as stack:
        lab = await worker(world, stack, tmp_path, token)
        asked = revoke_before_git(world, token)
        async with lab.mirror(FLEET) as repository:
            assert (await repository.branch("main")).sha == await world.head()
    assert len(asked) >= 2


async def test_a_token_that_is_refused_with_none_in_its_place_is_told_after_one_try(
    world: World, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text(world.token.bearer.text)
    async with AsyncExitStack() as stack:
        lab = await worker(world, stack, tmp_path, token)
        asked = revoke_before_git(world, None)
        with pytest.raises(AuthenticationFailed):
            async with lab.mirror(FLEET):
                pass
    # git itself asks once without credentials being called for, and once more where it is refused.
    assert len(asked) <= 2
