"""What a plan says, what it never says, and how it meets what was not meant well."""

import base64
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.forge import Mishap, Seen
from tests.sandbox.forge.core.people import Role
from tests.stories.manifests import (
    NS,
    config_map,
    deployment,
    document,
    kustomization,
    secret,
    target,
    team,
    thing,
)
from tests.stories.story import PLAN
from tests.stories.town import Town

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

APP = {
    ".longshore.yaml": team(target("app")),
    "app/settings.yaml": config_map("settings", NS, level="1"),
}
CHANGE = {"app/settings.yaml": config_map("settings", NS, level="2")}


async def test_a_change_to_nothing_rendered_is_one_line(town: Town) -> None:
    story = await town.story("nothing", APP)
    pull = await story.open({"README.md": "Only words.\n"})
    body = await story.planned(pull, "Changes nothing rendered", conclusion="success")
    lines = [line for line in body.splitlines()[1:] if line.strip() and not line.startswith("<sub>")]
    assert lines == ["✅ **Changes nothing rendered: the one target stays as it is.**"]


async def test_no_secret_is_anywhere_but_in_git_and_in_the_cluster(either_town: Town) -> None:
    story = await either_town.story("secrets")
    words = {f"{story.name}-{word}" for word in ("alpha", "bravo", "charlie", "delta", "echo-not-applied")}
    alpha, bravo, charlie, delta, echo = sorted(words)
    await story.push(
        {
            ".longshore.yaml": team(target("app", renderer="kustomize")),
            "app/kustomization.yaml": kustomization("secret.yaml", "web.yaml", namespace=NS),
            "app/secret.yaml": secret("credentials", password=alpha),
            "app/web.yaml": deployment("web"),
        }
    )
    await story.delivered()
    encoded = base64.b64encode(charlie.encode()).decode()
    web = deployment("web").replace(
        "- name: main", f"- env: [{{name: DB_PASSWORD, value: {delta}}}]\n        name: main"
    )
    pull = await story.open(
        {
            "app/secret.yaml": secret("credentials", password=bravo)
            + "---\n"
            + thing("Secret", "more", data={"token": encoded}),
            "app/web.yaml": web,
        }
    )
    body = await story.planned(pull, "credentials", "DB_PASSWORD")
    assert "masked" in body
    await story.delivered(await story.merge(pull))
    # And what the API server refuses is quoted by it, value included.
    broken = thing("Secret", "broken", data={"token": f"{echo} is not base64!"})
    pull = await story.open(
        {
            "app/broken.yaml": broken,
            "app/kustomization.yaml": kustomization("secret.yaml", "web.yaml", "broken.yaml", namespace=NS),
        }
    )
    await story.planned(pull)
    await story.delivered(await story.merge(pull), "failure")

    hidden = {*words, *(base64.b64encode(word.encode()).decode().rstrip("=")[:-1] for word in words)}
    places = {"GitHub": story.everything_said(), "log": either_town.bot.log.text}
    places |= {str(path): text for path, text in kept(either_town.bot.data_dir)}
    found = [(place, word) for place, text in places.items() for word in hidden if word in text]
    assert found == []
    assert (await story.live("secrets/credentials") or {})["data"]["password"] == base64.b64encode(
        bravo.encode()
    ).decode()


async def test_hostile_names_and_values_stay_in_their_fence_and_call_nobody(town: Town) -> None:
    story = await town.story("hostile", APP)
    hostile = (
        "</details>\n```\n@octocat <img src=x onerror=alert(1)> [x](javascript:alert(1)) \u202egnp.exe |a|b|"
    )
    pull = await story.open(
        {
            "app/settings.yaml": config_map(
                "settings", NS, level=hostile, **{"more.md": "```\n# Title\n```"}
            ),
            "app/@octocat `x` | <b>.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: [1\n",
        }
    )
    body = await story.planned(pull, conclusion="failure")
    await town.forge.push(story.repo, pull.head, {"app/@octocat `x` | <b>.yaml": None})
    body += await story.planned(pull, "settings", conclusion="success")
    outside = outside_fences(body)
    assert "<img" not in outside
    assert "javascript:" not in outside
    assert "\u202e" not in body
    assert not any(word.startswith("@") for line in outside.splitlines() for word in line.split())


async def test_a_pull_request_from_a_fork_is_planned_where_renderers_are_confined(town: Town) -> None:
    story = await town.story("fork", APP)
    fork = await town.forge.fork(story.repo, f"{story.name}-mallory")
    await town.forge.push(fork, "change", story.own(CHANGE))
    pull = await town.forge.open_pull(story.repo, "change", source=fork, author=f"{story.name}-mallory")
    await story.planned(pull, "From a fork", "1 of 1 target changes")


async def test_a_pull_request_from_a_fork_is_refused_with_words_where_the_operator_wants_none(
    restless_town: Town,
) -> None:
    story = await restless_town.story("nofork", APP)
    fork = await restless_town.forge.fork(story.repo, f"{story.name}-mallory")
    await restless_town.forge.push(fork, "change", story.own(CHANGE))
    pull = await restless_town.forge.open_pull(
        story.repo, "change", source=fork, author=f"{story.name}-mallory"
    )
    body = await story.planned(pull, "pull requests from forks are not rendered", conclusion="neutral")
    assert "switched plans for forks off" in body
    ours = await story.open(CHANGE)
    await story.planned(ours, "1 of 1 target changes")


async def test_somebody_elses_comment_with_our_marker_is_left_alone(either_town: Town) -> None:
    story = await either_town.story("copied", APP)
    first = await story.open(CHANGE)
    stolen = await story.planned(first)
    await either_town.forge.close_pull(first)
    pull = await either_town.forge.open_pull(story.repo, first.head)
    copied = await either_town.forge.comment(pull, stolen, author="mallory")
    await story.planned(pull, "1 of 1 target changes")
    assert copied in pull.comments
    assert copied.body == stolen


async def test_a_deleted_comment_is_written_again_at_the_next_look(town: Town) -> None:
    story = await town.story("deleted", APP)
    pull = await story.open(CHANGE)
    await story.planned(pull)
    await town.forge.delete_comment(story.said(pull, "plan")[0])
    await story.push({"README.md": "Words.\n"})
    await story.planned(pull, "1 of 1 target changes")


async def test_a_plan_that_a_merge_overtakes_does_not_say_that_nothing_changes(town: Town) -> None:
    story = await town.story("overtaken", APP)
    await story.delivered()
    pull = await story.open(CHANGE)
    before = await story.planned(pull, "1 of 1 target changes")
    sight = town.sight

    async def merge_behind_its_back(seen: Seen) -> None:
        if (
            pull.is_open
            and seen.phase == "after"
            and seen.method == "GET"
            and sight.is_reading(pull, seen.path)
        ):
            town.forge.faults.on_request.remove(merge_behind_its_back)
            town.forge.faults.deliver(Mishap.DROP, sight.events.pull, sight.events.merged)
            await story.merge(pull)

    town.forge.faults.on_request.append(merge_behind_its_back)
    async with story.looked_at("plan", story.key(pull)):
        await town.forge.edit_pull(pull, title="Looked at once more")
        await story.push({"README.md": "Words.\n"})
    await story.until(lambda: pull.is_merged, "it is merged")
    await story.delivered()
    assert [comment.body for comment in story.said(pull, "plan")] == [before]


async def test_a_check_that_is_asked_for_again_is_answered(github_town: Town) -> None:
    story = await github_town.story("rerun", APP)
    pull = await story.open(CHANGE)
    await story.planned(pull)
    asked = story.verdict(pull.head_sha, PLAN)
    assert asked is not None
    assert asked.run is not None
    github_town.github.rerequest(asked.run)

    def answered() -> bool:
        newest = story.verdict(pull.head_sha, PLAN)
        return newest is not None and newest.run is not asked.run and newest.conclusion == "success"

    await story.until(answered, "a run of its own answers")


async def test_an_emoji_on_the_plan_asks_for_it_again(gitlab_town: Town) -> None:
    """What a button on a check run is on GitHub."""
    story = await gitlab_town.story("again", APP)
    pull = await story.open(CHANGE)
    await story.planned(pull)
    [comment] = story.said(pull, "plan")
    first = story.verdict(pull.head_sha, PLAN)
    async with story.looked_at("plan", story.key(pull)):
        await gitlab_town.gitlab.react(comment, "repeat", "mallory")
    assert story.verdict(pull.head_sha, PLAN) == first
    gitlab_town.gitlab.give_role(story.repo, "dora", Role.WRITE)
    await gitlab_town.gitlab.react(comment, "repeat", "dora")

    def answered() -> bool:
        newest = story.verdict(pull.head_sha, PLAN)
        return newest is not None and newest != first and newest.conclusion == "success"

    await story.until(answered, "a verdict of its own answers whoever may push")
    assert story.said(pull, "plan") == [comment]


async def test_every_mistake_in_the_teams_file_is_told_where_it_is(town: Town) -> None:
    story = await town.story("mistakes", APP)
    wrong = document(
        {
            "targets": [
                {"name": "app", "cluster": "staging", "path": "../app"},
                {"name": "app2", "cluster": "stagin", "path": "app"},
                {"name": "app3", "cluster": "staging", "path": "app", "dependsOn": ["ap"], "prun": False},
            ]
        }
    )
    pull = await story.open({".longshore.yaml": wrong})
    await story.planned(pull, conclusion="failure")
    verdict = story.verdict(pull.head_sha, PLAN)
    assert verdict is not None
    body = story.said(pull, "plan")[0].body
    for word in ("prun", "path"):
        assert word in body
    if verdict.run is not None:
        lines = {(a["path"], a["start_line"]) for a in verdict.run.annotations}
        assert (".longshore.yaml", 4) in lines
    fixed = wrong.replace("../app", "app").replace("  prun: false\n", "")
    await story.push({".longshore.yaml": fixed}, pull.head)
    await story.planned(pull, "staging", conclusion="failure")
    body = story.said(pull, "plan")[0].body
    assert "stagin" in body, "a cluster that was not given"
    assert "ap" in body


async def test_a_cluster_that_was_not_given_is_not_reached(town: Town) -> None:
    story = await town.story("notgiven", APP)
    pull = await story.open(
        {".longshore.yaml": team(target("app"), target("other", cluster="elsewhere", path="app"))}
    )
    await story.planned(pull, "elsewhere", conclusion="failure")


async def test_a_base_branch_that_is_gone_is_said(town: Town) -> None:
    story = await town.story("baseless", APP)
    pull = await story.open(CHANGE)
    await story.planned(pull)
    await town.forge.force(story.repo, "main", None)
    # GitHub closes the pull requests onto a branch that is deleted, GitLab does not.
    assert pull.is_open is (town.app is None)
    await town.forge.force(story.repo, "main", pull.base_sha)
    if not pull.is_open:
        await town.forge.reopen_pull(pull)
    await story.planned(pull, "1 of 1 target changes")


async def test_the_first_commit_of_an_empty_repository_is_delivered(town: Town) -> None:
    story = await town.story("empty")
    await story.push({**APP, "app/settings.yaml": config_map("settings", NS, level="1")})
    await story.delivered()
    assert await story.data("settings") == {"level": "1"}


async def test_the_teams_file_is_judged_on_the_pull_request_that_brings_it(town: Town) -> None:
    story = await town.story("brings", {"README.md": "Nothing yet.\n"})
    pull = await story.open(
        {".longshore.yaml": team(target("app")), "app/settings.yaml": config_map("settings", NS)}
    )
    await story.planned(pull, "1 object added", conclusion="success")
    await story.delivered(await story.merge(pull))
    assert await story.data("settings") == {"key": "value"}


async def test_a_plan_too_long_for_the_forge_is_shortened_and_says_so(town: Town) -> None:
    story = await town.story("long", APP)
    words = {f"key-{n}": "word " * 40 for n in range(8)}
    many = {"app/many.yaml": "---\n".join(config_map(f"many-{n:03}", NS, **words) for n in range(120))}
    pull = await story.open(many)
    body = await story.planned(pull, "120 objects added", "Shortened")
    assert len(body) <= 65_536


def kept(directory: Path) -> Iterator[tuple[Path, str]]:
    """Everything that the bot keeps on disk, unpacked; but the mirrors, which are Git."""
    for path in sorted(directory.rglob("*")):
        if path.is_file() and "mirrors" not in path.parts:
            raw = path.read_bytes()
            yield path, raw.decode(errors="replace")
            if path.suffix == ".rendering" or b"longshore-" in raw[:40]:
                yield path, zlib.decompress(raw.partition(b"\n")[2]).decode(errors="replace")


def outside_fences(body: str) -> str:
    """The lines of a comment that are not code."""
    lines, fence = [], ""
    for line in body.splitlines()[1:]:
        mark = line[: len(line) - len(line.lstrip("`"))]
        if fence:
            fence = "" if line.strip() == fence else fence
        elif len(mark) >= 3:
            fence = mark
        else:
            lines.append("".join(line.split("`")[::2]))
    return "\n".join(lines)
