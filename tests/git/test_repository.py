"""Revisions, histories and merges of repositories as people leave them."""

import asyncio
from pathlib import Path

import pytest

from bot.git import command
from bot.git.errors import (
    EmptyRepository,
    GitTooOld,
    HistoryTooShallow,
    MissingObject,
    NoDefaultBranch,
    NotARepository,
    UnknownRevision,
    UnrelatedHistories,
)
from bot.git.repository import MergeResult, Repository
from bot.git.worktree import snapshot
from bot.model.repo import Sha, TreeId
from bot.proc import programs
from bot.proc.private import own_directory
from tests.git.repos import Work, contents


async def test_a_directory_without_repository_is_said(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(NotARepository):
            async with Repository.open(path):
                pass


async def test_an_empty_repository_is_said(work: Work) -> None:
    async with Repository.open(work.path) as repository:
        for revision in ("HEAD", "main", "nonsense"):
            with pytest.raises(EmptyRepository):
                await repository.resolve(revision)
        with pytest.raises(EmptyRepository):
            await repository.default_branch()


async def test_opens_from_a_subdirectory_a_linked_work_tree_and_a_bare_clone(
    work: Work, tmp_path: Path
) -> None:
    head = work.commit({"sub/dir/a": "1"})
    work.git("worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    work.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    places = {
        work.path / "sub/dir": work.path,
        tmp_path / "linked" / "sub": tmp_path / "linked",
        tmp_path / "bare.git": None,
        work.path / ".git": None,
    }
    for path, worktree in places.items():
        async with Repository.open(path) as repository:
            assert repository.location.worktree == worktree
            assert await repository.resolve("HEAD") == head
            assert (await repository.tree(await repository.tree_of(Sha(head)))).read("sub/dir/a") == b"1"


async def test_resolves_branches_tags_and_shas_and_nothing_that_is_no_commit(work: Work) -> None:
    head = work.commit({"a": "1"})
    work.git("tag", "-a", "-m", "tag", "v1")
    async with Repository.open(work.path) as repository:
        for revision in ("main", "v1", "HEAD", head, head[:8], "main~0"):
            assert await repository.resolve(revision) == head
        for revision in (
            "",
            "-h",
            "--all",
            "HEAD:a",
            "HEAD^{tree}",
            "0" * 40,
            "a\nb",
            "a\0b",
            "main^{/x}",
            "@{-9}",
            "HEAD@{500}",
            "HEAD^@",
        ):
            with pytest.raises(UnknownRevision):
                await repository.resolve(revision)
        work.commit({"a": "2"})
        with pytest.raises(UnknownRevision):
            await repository.resolve("HEAD~1..HEAD")


async def test_a_branch_is_not_a_tag_of_the_same_name(work: Work) -> None:
    old = work.commit({"a": "1"})
    work.git("tag", "main")
    new = work.commit({"a": "2"})
    async with Repository.open(work.path) as repository:
        assert (await repository.branch("main")).sha == new
        assert await repository.resolve("main") == old
        for name in ("other", "main~1", "main@{0}", "../heads/main", ""):
            with pytest.raises(UnknownRevision):
                await repository.branch(name)


async def test_only_what_a_branch_or_tag_contains_is_reachable(work: Work) -> None:
    kept = Sha(work.commit({"a": "1"}))
    stray = Sha(work.commit({"a": "2"}))
    work.git("update-ref", "refs/pull/1/head", stray)
    work.git("reset", "-q", "--hard", "HEAD~1")
    async with Repository.open(work.path) as repository:
        assert await repository.is_reachable(kept)
        assert await repository.contains(stray)
        assert not await repository.is_reachable(stray)


async def test_the_default_branch_is_the_remotes_then_main_or_master_then_head(
    work: Work, tmp_path: Path
) -> None:
    head = work.commit({"a": "1"})
    work.git("branch", "-m", "trunk")
    work.git("clone", "-q", ".", str(tmp_path / "clone"))
    clone = Work(tmp_path / "clone")
    work.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))

    async def default(path: Path) -> tuple[str, str]:
        async with Repository.open(path) as repository:
            branch = await repository.default_branch()
            assert branch.sha == head
            return branch.name, branch.ref

    assert await default(work.path) == ("trunk", "HEAD")
    assert await default(clone.path) == ("trunk", "refs/remotes/origin/HEAD")
    work.git("branch", "master")
    assert await default(work.path) == ("master", "refs/heads/master")
    work.git("branch", "main")
    assert await default(work.path) == ("main", "refs/heads/main")
    clone.git("checkout", "-q", "-b", "main")
    clone.git("remote", "set-head", "origin", "--delete")
    assert await default(clone.path) == ("main", "refs/heads/main")


async def test_no_default_branch_is_said_with_the_way_out(work: Work) -> None:
    work.commit({"a": "1"})
    work.git("branch", "-m", "topic")
    work.git("symbolic-ref", "HEAD", "refs/heads/unborn")
    async with Repository.open(work.path) as repository:
        with pytest.raises(NoDefaultBranch, match="set-head"):
            await repository.default_branch()


async def test_a_merge_is_computed_and_a_conflict_names_its_files(work: Work) -> None:
    work.commit({"a": "1\n", "b": "1\n", "gone": "1\n"})
    work.git("checkout", "-q", "-b", "clean")
    clean = Sha(work.commit({"b": "2\n", "ünï côde": "x"}))
    work.git("checkout", "-q", "-b", "clash", "main")
    (work.path / "gone").unlink()
    clash = Sha(work.commit({"a": "clash\n"}))
    work.git("checkout", "-q", "main")
    base = Sha(work.commit({"a": "base\n", "gone": "kept\n"}))
    async with Repository.open(work.path) as repository:
        merged = await repository.merge_tree(base, clean)
        assert merged.tree is not None
        assert not merged.conflicts
        tree = await repository.tree(merged.tree)
        assert (tree.read("a"), tree.read("b")) == (b"base\n", b"2\n")
        changed = await repository.changed_paths(await repository.tree_of(base), merged.tree)
        assert changed == {"b", "ünï côde"}
        assert await repository.merge_tree(base, clash) == MergeResult(None, ("a", "gone"))
        assert await repository.merge_tree(base, base) == MergeResult(await repository.tree_of(base))


async def test_listed_trees_differ_where_git_says_they_do(work: Work) -> None:
    before = Sha(
        work.commit({"same": "1\n", "file": "1\n", "becomes/a/file": "1\n", "run": "#!\n", "gone/x": "1\n"})
    )
    for name in ("file", "becomes/a/file", "gone/x"):
        (work.path / name).unlink()
    for name in ("becomes/a", "becomes", "gone"):
        (work.path / name).rmdir()
    (work.path / "run").chmod(0o755)
    (work.path / "link").symlink_to("same")
    after = Sha(work.commit({"file/becomes": "1\n", "becomes": "1\n"}))
    async with Repository.open(work.path) as repository:
        one, other = await repository.tree_of(before), await repository.tree_of(after)
        told = await repository.changed_paths(one, other)
        trees = await repository.tree(one), await repository.tree(other)
        assert trees[0].differs_from(trees[1]) == trees[1].differs_from(trees[0]) == told
        assert await repository.changed_paths(one, other) == told
        assert told == {"file", "file/becomes", "becomes/a/file", "becomes", "run", "gone/x", "link"}


@pytest.mark.parametrize("odd", ["main", "", "0" * 39, f"{'0' * 40}\ncontents HEAD", "HEAD^{tree}"])
async def test_only_a_whole_commit_id_has_a_tree(work: Work, odd: str) -> None:
    work.commit({"a": "1\n"})
    async with Repository.open(work.path) as repository:
        with pytest.raises(UnknownRevision):
            await repository.tree_of(Sha(odd))
        assert not await repository.contains(Sha(odd))


async def test_unrelated_histories_are_said(work: Work) -> None:
    one = Sha(work.commit({"a": "1"}))
    work.git("checkout", "-q", "--orphan", "other")
    other = Sha(work.commit({"b": "1"}))
    async with Repository.open(work.path) as repository:
        assert await repository.merge_base(one, other) is None
        with pytest.raises(UnrelatedHistories):
            await repository.merge_tree(one, other)


async def test_histories(work: Work) -> None:
    first = Sha(work.commit(message="first"))
    work.git("checkout", "-q", "-b", "topic")
    topic = Sha(work.commit({"a": "1"}, "topic \x1b[31m\nbody"))
    work.git("checkout", "-q", "main")
    work.git("merge", "-q", "--no-ff", "-m", "merge", "topic")
    head = Sha(work.head())
    async with Repository.open(work.path) as repository:
        assert await repository.merge_base(head, topic) == topic
        assert await repository.is_ancestor(first, head)
        assert not await repository.is_ancestor(head, first)
        assert [c.sha for c in await repository.first_parents(head, 10)] == [head, first]
        merge = (await repository.first_parents(head, 1))[0]
        assert (merge.parents, merge.author, merge.subject) == ((first, topic), "Ada", "merge")


async def test_a_shallow_clone_reads_what_it_has_and_does_not_guess(work: Work, tmp_path: Path) -> None:
    old = Sha(work.commit({"a": "1"}))
    work.git("branch", "topic")
    for number in range(3):
        work.commit({"a": str(number)})
    url = f"file://{work.path}"
    work.git("clone", "-q", "--depth=1", "--no-single-branch", url, str(tmp_path / "shallow"))
    async with Repository.open(tmp_path / "shallow") as repository:
        head = await repository.resolve("HEAD")
        assert (await repository.tree(await repository.tree_of(head))).read("a") == b"2"
        assert len(await repository.first_parents(head, 10)) == 1
        topic = (await repository.branch("topic")).sha
        assert topic == old
        for question in (repository.merge_base(head, topic), repository.merge_tree(head, topic)):
            with pytest.raises(HistoryTooShallow, match="unshallow"):
                await question
        with pytest.raises(HistoryTooShallow):
            await repository.is_ancestor(topic, head)


async def test_a_partial_clone_is_not_fetched_behind_anyones_back(work: Work, tmp_path: Path) -> None:
    work.commit({"a": "1"})
    work.git("config", "uploadpack.allowFilter", "true")
    work.git(
        "clone", "-q", "--bare", "--filter=blob:none", f"file://{work.path}", str(tmp_path / "partial.git")
    )
    before = contents(tmp_path / "partial.git")
    async with Repository.open(tmp_path / "partial.git") as repository:
        tree = await repository.tree(await repository.tree_of(await repository.resolve("main")))
        with pytest.raises(MissingObject, match="refetch"):
            tree.read("a")
    assert contents(tmp_path / "partial.git") == before


async def test_borrowed_objects_are_followed_further(work: Work, tmp_path: Path) -> None:
    head = Sha(work.commit({"a": "1"}))
    borrower = Work.init(tmp_path / "borrower")
    (borrower.path / ".git/objects/info").mkdir(exist_ok=True)
    (borrower.path / ".git/objects/info/alternates").write_text("../../../work/.git/objects\n")
    borrower.git("update-ref", "refs/heads/main", head)
    async with Repository.open(borrower.path) as repository:
        tree = await repository.tree(await repository.tree_of(await repository.resolve("main")))
        assert tree.read("a") == b"1"


async def test_a_repository_may_lie_under_any_name(tmp_path: Path) -> None:
    work = Work.init(tmp_path / '"odd: name;\\ \udce9 #')
    head = Sha(work.commit({"a": "1"}))
    async with Repository.open(work.path) as repository:
        assert (await repository.tree(await repository.tree_of(head))).read("a") == b"1"
        assert (await snapshot(repository)).tree == await repository.tree_of(head)


async def test_a_sha256_repository_is_read_alike(tmp_path: Path) -> None:
    work = Work.init(tmp_path / "work", "--object-format=sha256")
    head = Sha(work.commit({"a": "1", "b": "1"}))
    (work.path / "a").unlink()
    async with Repository.open(work.path) as repository:
        assert (await repository.merge_tree(head, head)).tree == await repository.tree_of(head)
        tree = await repository.tree((await snapshot(repository)).tree)
        assert tree.entry("a") is None
        assert tree.read("b") == b"1"


async def test_grep_finds_bytes_not_patterns(work: Work) -> None:
    work.commit(
        {
            "a.yaml": "kind: Kustomization\n",
            "b/c.yaml": b"\xff\x00 x.y*z \n",
            "b/d.txt": "kind: Kustomization",
            "e": "xyyz",
        }
    )
    async with Repository.open(work.path) as repository:
        tree = await repository.tree_of(await repository.resolve("main"))
        assert await repository.grep(tree, ["Kustomization"], ["*.yaml"]) == {"a.yaml"}
        assert await repository.grep(tree, ["x.y*z", "kind:"]) == {"a.yaml", "b/c.yaml", "b/d.txt"}
        assert await repository.grep(tree, ["absent"]) == frozenset()


async def test_a_tree_that_is_not_there_is_said(work: Work) -> None:
    work.commit({"a": "1"})
    async with Repository.open(work.path) as repository:
        with pytest.raises(MissingObject):
            await repository.tree(TreeId("1" * 40))


async def test_nothing_that_a_repository_configures_is_ever_run(work: Work, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\necho $0 $@ >> {witness}\ncat\n")
    trap.chmod(0o755)
    base = Sha(
        work.commit({"a": "1\n", "b.txt": "1\n", ".gitattributes": "* filter=trap diff=trap merge=trap\n"})
    )
    work.git("checkout", "-q", "-b", "topic")
    head = Sha(work.commit({"a": "2\n"}))
    work.git("checkout", "-q", "main")
    base = Sha(work.commit({"a": "3\n"}))
    for hook in ("post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc"):
        (work.path / ".git/hooks").mkdir(exist_ok=True)
        (work.path / ".git/hooks" / hook).symlink_to(trap)
    settings = (
        *(
            "core.fsmonitor",
            "filter.trap.clean",
            "filter.trap.smudge",
            "filter.trap.process",
            "diff.external",
        ),
        *("diff.trap.textconv", "diff.trap.command", "merge.trap.driver", "core.pager", "core.sshCommand"),
        *("core.editor", "core.askPass", "core.alternateRefsCommand", "uploadpack.packObjectsHook"),
    )
    for setting in settings:
        work.git("config", "--local", setting, str(trap))
    work.write({"a": "on disk\n", "new": "x\n"})
    async with Repository.open(work.path) as repository:
        await repository.default_branch()
        await repository.is_reachable(head)
        assert (await repository.merge_tree(base, head)).conflicts == ("a",)
        one, other = await repository.tree_of(base), await repository.tree_of(head)
        await repository.changed_paths(one, other)
        await repository.grep(one, ["3"])
        await repository.first_parents(head, 5)
        (await repository.tree(one)).read("a")
        await snapshot(repository)
    assert not witness.exists(), witness.read_text()
    work.git("status")
    assert witness.exists(), "the traps are no traps"


async def test_an_old_git_is_said(work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 2.37.4\n")
    old.chmod(0o755)
    monkeypatch.setenv("LONGSHORE_GIT", str(old))
    assert await programs.version("git") == "2.37.4"
    with pytest.raises(GitTooOld, match=r"2\.38"):
        await command.require_version()


async def test_nothing_is_left_behind_and_the_repository_is_untouched(
    work: Work,
) -> None:
    lying_about = sorted(own_directory().iterdir())
    base = Sha(work.commit({"a": "1\n", "b": "1\n"}))
    work.git("checkout", "-q", "-b", "topic")
    head = Sha(work.commit({"a": "2\n"}))
    work.git("checkout", "-q", "main")
    base = Sha(work.commit({"b": "2\n"}))
    before = contents(work.path)
    async with Repository.open(work.path) as repository:
        merged = await repository.merge_tree(base, head)
        assert merged.tree is not None
        assert sorted(own_directory().iterdir()) != lying_about
        trees = await asyncio.gather(*(repository.tree(merged.tree) for _ in range(3)))
        assert trees[0].read("a") == b"2\n"
    assert contents(work.path) == before
    assert sorted(own_directory().iterdir()) == lying_about
