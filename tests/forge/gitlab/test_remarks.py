"""Remarks on a commit of a strict GitLab, and the sticky one above them."""

from bot.forge.marker import MarkerKind, Place, Seal
from bot.forge.sticky import StickyRemarks
from bot.model.repo import Sha
from tests.forge.gitlab.conftest import FLEET, World

SEAL = Seal([b"0123456789abcdef"])


async def test_a_remark_is_made_when_it_is_wanted_and_edited_from_then_on(world: World) -> None:
    on = world.forge.commit_remarks
    assert on is not None
    sticky, sha = StickyRemarks(world.forge, on, SEAL), await world.head()
    assert await sticky.put(FLEET, sha, "All is well", wanted=False) is None
    made = await sticky.put(FLEET, sha, "It failed\n/close", wanted=True)
    assert made is not None
    assert made.url.endswith(f"/acme/platform/fleet/-/commit/{sha}#note_{made.id}")
    world.requests.clear()
    assert await sticky.put(FLEET, sha, "It failed\n/close", wanted=True) == made
    assert world.writes == []
    well = await sticky.put(FLEET, sha, "All is well", wanted=False)
    assert well is not None
    assert well.id == made.id
    assert [remark.body.partition("\n")[2] for remark in await on.remarks(FLEET, sha)] == ["All is well"]


async def test_a_remark_is_ours_at_its_own_commit_only(world: World) -> None:
    on = world.forge.commit_remarks
    assert on is not None
    sticky, first = StickyRemarks(world.forge, on, SEAL), await world.head()
    made = await sticky.put(FLEET, first, "It failed", wanted=True)
    assert made is not None
    await world.gitlab.push(world.fleet, "main", {"b.yaml": b""})
    second = await world.head()
    await on.create_remark(FLEET, second, made.body)
    other = await sticky.put(FLEET, second, "It failed here", wanted=True)
    assert other is not None
    assert len(await on.remarks(FLEET, second)) == 2
    assert SEAL.read(Place(FLEET, 0), MarkerKind.DELIVERY, made.body) is None
    assert SEAL.read(Place(FLEET, 0, first), MarkerKind.DELIVERY, made.body) == {"revision": first}


async def test_a_commit_nobody_knows_has_no_remarks(world: World) -> None:
    on = world.forge.commit_remarks
    assert on is not None
    assert await on.remarks(FLEET, Sha("f" * 40)) == []
