"""What generators may learn of all that an owner has on the forge that their repository lives on, and nothing else."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from bot.config import Config
from bot.forge.errors import ForgeError, ForgeUnavailable
from bot.forge.github.forge import GitHubForge, open_github
from bot.forge.github.settings import GitHubSettings
from bot.forge.gitlab.forge import GitLabForge, open_gitlab
from bot.forge.gitlab.settings import GitLabSettings
from bot.forge.listings import ListedRepository, OwnedBy
from bot.loops import asking
from bot.loops.asking import Asking
from bot.model.repo import RepoId
from bot.planning import asked
from bot.planning.asked import Answers
from bot.render.applicationset import NotKnown
from bot.render.applicationset.providers import OwnerAsked, PullsAsked, pulls_asked
from tests.sandbox.forge import StandInGitHub, StandInGitLab
from tests.sandbox.forge.core.faults import Seen
from tests.sandbox.forge.core.people import Role
from tests.sandbox.forge.core.repositories import Repository

FILES = {"k8s/a.yaml": b""}


@dataclass
class Acme:
    """An owner of `acme/fleet` and `acme/web`, on one forge. `ask` gives a repository's way to it."""

    hands: StandInGitHub | StandInGitLab
    kind: str
    way: Callable[..., Asking]
    forge: GitHubForge | GitLabForge
    requests: list[str]
    known: dict[str, Repository] = field(default_factory=dict)

    def owner(self, name: str = "acme", **more: object) -> OwnerAsked:
        return OwnerAsked(self.kind, self.hands.url, name, **more)  # type: ignore[arg-type]

    async def add(self, path: str, *, open_to_us: bool = True) -> Repository:
        made = self.known[path] = await self.hands.create_repo(path, files=FILES)
        if open_to_us:
            self.hands.give_role(made, "delivery-bot", Role.WRITE)
        return made

    def pulls(self, owner: str, name: str) -> PullsAsked:
        """What a generator without labels asks for."""
        place = {"owner": owner, "repo": name} if self.kind == "github" else {"project": f"{owner}/{name}"}
        return pulls_asked({self.kind: {**place, "api": self.hands.url}})

    def move(self, repository: Repository, owner: str) -> None:
        if isinstance(self.hands, StandInGitHub):
            self.hands.forge.rename(repository, repository.name, self.hands.user(owner))
        else:
            self.hands.rename(repository, f"{owner}/{repository.name}")


def _config(url: str, kind: str, asks: tuple[str, ...]) -> Config:
    forge = {"kind": kind, "gitUrl": url, "token": "${env:TOKEN}", "webhookSecrets": ["${env:HOOK}"]}
    repository = {"forge": "hub", "repository": "acme/fleet", "argocd": {"asks": list(asks)}}
    return Config.model_validate({"forges": {"hub": forge}, "repositories": [repository]})


async def _opened(hands: StandInGitHub | StandInGitLab, stack: AsyncExitStack) -> Acme:
    requests: list[str] = []

    def note(seen: Seen) -> None:
        if seen.phase == "before":
            requests.append(seen.path)

    hands.faults.on_request.append(note)
    token = hands.token("delivery-bot")
    forge: GitHubForge | GitLabForge
    if isinstance(hands, StandInGitHub):
        kind = "github"
        hands.create_org("acme")
        settings = GitHubSettings("hub", token=token, api_url=hands.api_url, git_url=hands.url)
        forge = await stack.enter_async_context(open_github(settings))
    else:
        kind = "gitlab"
        lab = GitLabSettings("hub", lambda: token, hands.api_url, hands.url)
        forge = await stack.enter_async_context(open_gitlab(lab))

    def way(*asks: str) -> Asking:
        config = _config(hands.url, kind, asks)
        return Asking(RepoId("hub", "acme/fleet"), config.repositories[0], config.forges["hub"], forge)

    made = Acme(hands, kind, way, forge, requests)
    await made.add("acme/fleet")
    await made.add("acme/web")
    requests.clear()
    return made


@pytest.fixture(params=["github", "gitlab"])
async def acme(
    request: pytest.FixtureRequest, github: StandInGitHub, gitlab: StandInGitLab
) -> AsyncIterator[Acme]:
    async with AsyncExitStack() as stack:
        yield await _opened(github if request.param == "github" else gitlab, stack)


@pytest.fixture
async def group(gitlab: StandInGitLab) -> AsyncIterator[Acme]:
    async with AsyncExitStack() as stack:
        yield await _opened(gitlab, stack)


async def names(way: Asking, of: OwnerAsked) -> list[str]:
    return sorted(each.name for each in await way.repositories(of))


async def test_an_owner_is_listed_whom_the_operator_named_as_a_whole(acme: Acme) -> None:
    for pattern in ("acme/*", "ACME/*", "*/*"):
        assert await names(acme.way("other/x", pattern), acme.owner()) == ["fleet", "web"]
        assert await names(acme.way(pattern), acme.owner("Acme")) == ["fleet", "web"]


@pytest.mark.parametrize(
    "asks",
    [
        (),
        ("acme/web",),
        ("acme/web-*", "acme/fleet"),
        ("acme/*-web",),
        ("acmes/*",),
        ("acm/*",),
        ("acme/?*x",),
    ],
)
async def test_nobody_is_asked_for_an_owner_that_was_not_named_as_a_whole(
    acme: Acme, asks: tuple[str, ...]
) -> None:
    with pytest.raises(NotKnown, match="all repositories of an owner") as refused:
        await acme.way(*asks).repositories(acme.owner())
    assert "OWNER/*" in refused.value.hint
    assert acme.requests == []


async def test_no_other_forge_is_asked(acme: Acme) -> None:
    other = "gitlab" if acme.kind == "github" else "github"
    for of in (
        OwnerAsked(acme.kind, "https://evil.example/", "acme"),
        OwnerAsked(other, acme.hands.url, "acme"),
    ):
        with pytest.raises(NotKnown, match="another forge"):
            await acme.way("*/*").repositories(of)
    assert acme.requests == []


async def test_a_repository_gives_its_branches_and_what_lies_there(acme: Acme) -> None:
    await acme.hands.push(acme.known["acme/web"], "next", {"draft": b""})
    way = acme.way("acme/*")
    (web,) = (each for each in await way.repositories(acme.owner()) if each.name == "web")
    (main,) = await way.branches(web, every=False, limit=10)
    assert (main.name, main.sha) == ("main", await acme.hands.head(acme.known["acme/web"]))
    both = {each.name: each for each in await way.branches(web, every=True, limit=10)}
    assert both["main"] == main
    assert [await way.has_path(both[name], "draft") for name in ("main", "next")] == [False, True]
    assert await way.has_path(main, "k8s")


async def test_what_may_not_be_asked_about_is_not_looked_into_either(acme: Acme) -> None:
    (web,) = (each for each in await acme.way("acme/*").repositories(acme.owner()) if each.name == "web")
    (main,) = await acme.way("acme/*").branches(web, every=False, limit=10)
    acme.requests.clear()
    for way in (acme.way(), acme.way("acme/shop")):
        with pytest.raises(NotKnown, match="another repository"):
            await way.branches(web, every=False, limit=10)
        with pytest.raises(NotKnown, match="another repository"):
            await way.has_path(main, "k8s")
    assert acme.requests == []


async def test_a_path_that_was_left_tells_nothing_of_where_the_repository_went(acme: Acme) -> None:
    moved = await acme.add("acme/moved")
    await acme.hands.push(moved, "x", {"x.yaml": b""})
    await acme.hands.open_pull(moved, "x", "A secret plan")
    asked_for = acme.pulls("acme", "moved")
    (pull,) = await acme.way("acme/*").pull_requests(asked_for)
    assert pull.title == "A secret plan"
    acme.move(moved, "secret")
    with pytest.raises(NotKnown, match="another repository") as refused:
        await acme.way("acme/*").pull_requests(asked_for)
    assert "secret" not in refused.value.message + refused.value.hint
    assert await acme.way("acme/*", "secret/moved").pull_requests(asked_for) == (pull,)
    assert await names(acme.way("acme/*"), acme.owner()) == ["fleet", "web"]


async def test_more_than_longshore_takes_is_unknown_and_never_a_part(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "MOST_REPOSITORIES", 2)
    assert await names(acme.way("acme/*"), acme.owner()) == ["fleet", "web"]
    await acme.add("acme/shop")
    with pytest.raises(NotKnown, match="more than 2 repositories"):
        await acme.way("acme/*").repositories(acme.owner())


async def test_what_turning_pages_gives_twice_is_one(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    way, listings = acme.way("acme/*"), acme.forge.listings

    class Doubled:
        async def repositories(self, wanted: OwnedBy, *, limit: int) -> list[ListedRepository]:
            return [*await listings.repositories(wanted, limit=limit)] * 2

    monkeypatch.setattr(acme.forge, "_listings", Doubled())
    assert await names(way, acme.owner()) == ["fleet", "web"]


async def test_an_owner_that_is_not_shown_to_us_is_an_error_and_not_without_repositories(acme: Acme) -> None:
    for owner in ("nobody", "acme/../acme", ""):
        with pytest.raises((ForgeError, NotKnown)):
            await acme.way("*/*").repositories(acme.owner(owner))


async def test_an_answer_holds_for_the_whole_piece_of_work(acme: Acme) -> None:
    answers = Answers(acme.way("acme/*"))
    first = await answers.repositories(acme.owner())
    branches = [await answers.branches(each, every=True) for each in first]
    assert [await answers.has_path(each[0], "k8s") for each in branches] == [True, True]
    await acme.add("acme/shop")
    await acme.hands.push(acme.known["acme/web"], "next", {"draft": b""})
    acme.requests.clear()
    assert await answers.repositories(acme.owner()) == first
    assert [await answers.branches(each, every=True) for each in first] == branches
    assert acme.requests == []
    await answers.end()


async def test_there_is_an_end_to_looking_into_repositories(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asked, "MOST_LOOKS", 3)
    answers = Answers(acme.way("acme/*"))
    repositories = await answers.repositories(acme.owner())
    (branch, *_), _ = [await answers.branches(each, every=False) for each in repositories]
    assert await answers.has_path(branch, "k8s")
    assert await answers.has_path(branch, "k8s")
    with pytest.raises(NotKnown, match="more than 3 looks") as refused:
        await answers.has_path(branch, "other")
    assert "repositoryMatch" in refused.value.hint
    await answers.end()


async def test_there_is_an_end_to_branches(acme: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "MOST_BRANCHES", 2)
    answers = Answers(acme.way("acme/*"))
    repositories = await answers.repositories(acme.owner())
    for each in repositories:
        await answers.branches(each, every=True)
    with pytest.raises(NotKnown, match="more than 2 branches"):
        await answers.branches(repositories[0], every=False)
    await answers.end()


async def test_a_forge_that_is_slow_is_waited_for_no_longer_than_once(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = acme.way("acme/*")
    repositories = await way.repositories(acme.owner())
    monkeypatch.setattr(way, "_patience", asking._Patience(0.0))
    for each in repositories:
        with pytest.raises(ForgeUnavailable, match="are not known yet"):
            await way.branches(each, every=False, limit=10)


async def test_what_others_share_is_told_only_where_it_may_be_asked_about(
    group: Acme, gitlab: StandInGitLab
) -> None:
    gitlab.share(await group.add("other/lent"), "acme")
    shared = group.owner(with_shared=True)
    with pytest.raises(NotKnown, match="repositories of other owners") as refused:
        await group.way("acme/*").repositories(shared)
    assert "lent" not in refused.value.message + refused.value.hint
    assert await names(group.way("acme/*"), group.owner()) == ["fleet", "web"]
    assert await names(group.way("acme/*", "other/lent"), shared) == ["fleet", "lent", "web"]


async def test_groups_below_are_the_owners_too(group: Acme) -> None:
    await group.add("acme/platform/shop")
    assert await names(group.way("acme/*"), group.owner(with_below=True)) == ["fleet", "shop", "web"]
    assert await names(group.way("acme/platform/*"), group.owner("acme/platform")) == ["shop"]
    with pytest.raises(NotKnown, match="all repositories of an owner"):
        await group.way("acme/platform/*").repositories(group.owner(with_below=True))
