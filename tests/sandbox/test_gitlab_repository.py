"""Files, commits and branches of the stand-in GitLab, by the API and by git."""

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.forge import Level, Tier
from tests.sandbox.gituser import Git
from tests.sandbox.laboratory import Laboratory


async def commit(lab: Laboratory, *actions: dict[str, Any], **more: Any) -> Any:
    project = await lab.project()
    wanted = {
        "branch": "bot",
        "start_branch": "main",
        "commit_message": "m",
        "actions": list(actions),
        **more,
    }
    return await lab.ask(project.commits.create, wanted)


async def refused(lab: Laboratory, status: int, *actions: dict[str, Any], **more: Any) -> str:
    project = await lab.project()
    wanted = {
        "branch": "bot",
        "start_branch": "main",
        "commit_message": "m",
        "actions": list(actions),
        **more,
    }
    return await lab.refused(status, project.commits.create, wanted)


async def paths(lab: Laboratory, ref: str) -> set[str]:
    project = await lab.project()
    listing = await lab.ask(project.repository_tree, ref=ref, recursive=True, get_all=True)
    return {entry["path"] for entry in listing if entry["type"] == "blob"}


async def test_commit_of_several_actions_is_one_commit(lab: Laboratory) -> None:
    made = await commit(
        lab,
        {
            "action": "create",
            "file_path": "n/new",
            "content": base64.b64encode(b"\0x").decode(),
            "encoding": "base64",
        },
        {"action": "update", "file_path": "a.yaml", "content": "a: 2\n"},
        {"action": "move", "file_path": "c.yaml", "previous_path": "dir/b.yaml"},
        {"action": "chmod", "file_path": "a.yaml", "execute_filemode": True},
        author_name="Bot",
        author_email="bot@example.test",
    )
    assert made.author_name == "Bot"
    assert await paths(lab, "bot") == {"n/new", "a.yaml", "c.yaml"}
    project = await lab.project()
    file = await lab.ask(project.files.get, "a.yaml", ref="bot")
    assert (file.decode(), file.execute_filemode) == (b"a: 2\n", True)
    assert await lab.ask(project.files.raw, "n/new", ref="bot") == b"\0x"
    assert file.last_commit_id == made.id


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ({"action": "create", "file_path": "a.yaml", "content": "x"}, "already exists"),
        ({"action": "update", "file_path": "none.yaml", "content": "x"}, "doesn't exist"),
        ({"action": "delete", "file_path": "none.yaml"}, "doesn't exist"),
        ({"action": "move", "file_path": "x", "previous_path": "none.yaml"}, "doesn't exist"),
        ({"action": "create", "file_path": "../x", "content": "x"}, "directory traversal"),
        (
            {"action": "update", "file_path": "a.yaml", "content": "x", "last_commit_id": "0" * 40},
            "has changed since",
        ),
    ],
)
async def test_one_impossible_action_leaves_nothing_of_the_commit(
    lab: Laboratory, action: dict[str, Any], said: str
) -> None:
    first = {"action": "create", "file_path": "first", "content": "x"}
    assert said in await refused(lab, 400, first, action)
    assert await lab.repository.store.resolve("refs/heads/bot") is None


async def test_branch_that_exists_is_not_started_anew(lab: Laboratory) -> None:
    action = {"action": "update", "file_path": "a.yaml", "content": "a: 2\n"}
    await commit(lab, action)
    assert "already exists" in await refused(lab, 400, action)
    await commit(lab, {**action, "content": "a: 3\n"}, force=True)
    assert len(await lab.repository.store.commits("main..bot")) == 1


async def test_commit_is_a_push_that_moves_its_merge_request(lab: Laboratory) -> None:
    pull = await lab.pull("bot")
    action = {"action": "update", "file_path": "a.yaml", "content": "a: 2\n"}
    project = await lab.project()
    made = await lab.ask(
        project.commits.create, {"branch": "bot", "commit_message": "m", "actions": [action]}
    )
    assert pull.head_sha == made.id


async def test_protected_branch_takes_no_commits_from_developers(lab: Laboratory) -> None:
    lab.gitlab.protect_branch(lab.repository, "main")
    lab.gitlab.give_level(lab.repository, "carol", Level.DEVELOPER)
    project = await lab.project(lab.client(lab.gitlab.token("carol")))
    wanted = {
        "branch": "main",
        "commit_message": "m",
        "actions": [{"action": "delete", "file_path": "a.yaml"}],
    }
    said = await lab.refused(403, project.commits.create, wanted)
    assert "not allowed to push into this branch" in said


async def test_protected_branch_takes_no_pushes_from_developers(lab: Laboratory, tmp_path: Path) -> None:
    lab.gitlab.protect_branch(lab.repository, "main")
    lab.gitlab.give_level(lab.repository, "carol", Level.DEVELOPER)
    carol = Git(tmp_path / "carol", lab.gitlab.token("carol"))
    await carol("clone", "-q", lab.gitlab.clone_url(lab.repository), ".")
    (carol.directory / "a.yaml").write_text("a: 2\n")
    await carol("commit", "-qam", "Two")
    code, said = await carol.try_("push", "-q", "origin", "HEAD:main")
    assert code != 0
    assert "not allowed to push code to protected branches" in said
    await carol("push", "-q", "origin", "HEAD:mine")


@pytest.mark.parametrize(
    ("scopes", "may_read"), [(("read_repository",), True), (("read_api",), True), (("read_user",), False)]
)
async def test_scope_says_what_git_may_do(
    lab: Laboratory, tmp_path: Path, scopes: tuple[str, ...], may_read: bool
) -> None:
    git = Git(tmp_path / "git", lab.gitlab.token("alice", scopes=scopes))
    url = lab.gitlab.clone_url(lab.repository)
    code, _ = await git.try_("clone", "-q", url, ".")
    assert (code == 0) is may_read
    if may_read:
        code, said = await git.try_("push", "-q", "origin", "HEAD:refs/heads/mine")
        assert code != 0, said


async def test_repository_is_served_under_its_name_with_git_at_the_end_only(
    lab: Laboratory, tmp_path: Path
) -> None:
    git = Git(tmp_path / "git", lab.token.bearer.text)
    url = lab.gitlab.clone_url(lab.repository).removesuffix(".git")
    code, _ = await git.try_("ls-remote", url)
    assert code != 0


async def test_tree_of_what_is_not_there_is_404(lab: Laboratory) -> None:
    project = await lab.project()
    await lab.refused(404, project.repository_tree, path="nowhere", get_all=True)
    await lab.refused(404, project.repository_tree, ref="nowhere", get_all=True)
    await lab.refused(404, project.files.get, "nowhere", ref="main")


async def test_comparison_counts_from_where_they_parted_unless_straight(lab: Laboratory) -> None:
    await lab.pull()
    await lab.gitlab.push(lab.repository, "main", {"c.yaml": "c: 1\n"})
    project = await lab.project()
    parted = await lab.ask(project.repository_compare, "main", "change")
    assert [diff["new_path"] for diff in parted["diffs"]] == ["a.yaml"]
    straight = await lab.ask(project.repository_compare, "main", "change", straight=True)
    assert sorted(diff["new_path"] for diff in straight["diffs"]) == ["a.yaml", "c.yaml"]


async def test_branch_is_made_and_deleted_unless_something_needs_it(lab: Laboratory) -> None:
    project = await lab.project()
    made = await lab.ask(project.branches.create, {"branch": "feature/x", "ref": "main"})
    assert (await lab.ask(project.branches.get, "feature/x")).commit["id"] == made.commit["id"]
    assert "already exists" in await lab.refused(
        400, project.branches.create, {"branch": "feature/x", "ref": "main"}
    )
    await lab.ask(made.delete)
    await lab.refused(404, project.branches.get, "feature/x")
    await lab.refused(405, project.branches.get("main", lazy=True).delete)


async def test_protection_names_levels_and_on_paid_tiers_people(lab: Laboratory) -> None:
    project = await lab.project()
    made = await lab.ask(project.protectedbranches.create, {"name": "release/*", "push_access_level": 0})
    assert made.push_access_levels[0]["access_level_description"] == "No one"
    assert not hasattr(made, "code_owner_approval_required")
    await lab.refused(409, project.protectedbranches.create, {"name": "release/*"})
    lab.gitlab.tier = Tier.PREMIUM
    person = [{"user_id": lab.gitlab.user("alice").id}]
    made = await lab.ask(project.protectedbranches.create, {"name": "main", "allowed_to_merge": person})
    assert made.merge_access_levels[0]["user_id"] == lab.gitlab.user("alice").id
    await lab.gitlab.push(lab.repository, "release/1", {"a": "1"})
    assert (await lab.ask(project.branches.get, "release/1")).protected is True


async def test_project_is_made_and_named_once(lab: Laboratory) -> None:
    alice = lab.client(lab.gitlab.token("alice"))
    made = await lab.ask(alice.projects.create, {"name": "mine", "initialize_with_readme": True})
    assert (made.path_with_namespace, made.empty_repo) == ("alice/mine", False)
    said = await lab.refused(400, alice.projects.create, {"name": "mine"})
    assert "has already been taken" in said
