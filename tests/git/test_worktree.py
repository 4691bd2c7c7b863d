"""The working tree as a tree: what counts, and that nothing of the user's changes."""

import asyncio
import hashlib
import os
import time
from pathlib import Path

import pytest

from bot.git import worktree
from bot.git.errors import NotARepository, WorkingTreeUnreadable
from bot.git.repository import Repository
from bot.git.tree import Tree
from bot.git.worktree import Snapshot, snapshot
from bot.model.tree import EntryKind
from tests.git.repos import Work, contents

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize %d\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, so that no setting of whoever runs the tests plays a part."""
    (tmp_path / "home").mkdir()
    for name in ("XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return tmp_path / "home"


async def taken(work: Work) -> tuple[Snapshot, dict[str, bytes]]:
    """The snapshot, and the bytes of every file and link in it."""
    async with Repository.open(work.path) as repository:
        result = await snapshot(repository)
        return result, _files(await repository.tree(result.tree), "")


def _files(tree: Tree, path: str) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name, entry in tree.listing(path):
        below = f"{path}/{name}" if path else name
        if entry.kind is EntryKind.TREE:
            found |= _files(tree, below)
        elif entry.kind is EntryKind.LINK:
            found[below] = os.fsencode(tree.read_link(below))
        else:
            found[below] = b"<submodule>" if entry.kind is EntryKind.SUBMODULE else tree.read(below)
    return found


async def test_a_clean_working_tree_is_its_commits_tree(work: Work) -> None:
    work.commit({"a": "1", "d/b": "2"})
    assert (await taken(work))[0] == Snapshot(work.git("rev-parse", "HEAD^{tree}"))  # type: ignore[arg-type]


async def test_takes_what_is_on_disk_but_for_what_is_ignored(work: Work) -> None:
    work.commit(
        {
            "same": "1",
            "changed": "1",
            "gone": "1",
            "staged": "1",
            ".gitignore": "*.log\nout/\n",
            "kept.log": "1",
        }
    )
    work.git("add", "-f", "kept.log")
    work.git("commit", "-q", "-m", "tracked though ignored")
    work.write(
        {"changed": "2", "new/file": "n", "x.log": "no", "out/x": "no", "staged": "2", "kept.log": "2"}
    )
    work.git("add", "staged")
    work.write({"staged": "3"})
    (work.path / "gone").unlink()
    (work.path / "link").symlink_to("/etc/passwd")
    (work.path / os.fsdecode(b"caf\xe9")).write_bytes(b"l")
    result, files = await taken(work)
    assert files == {
        ".gitignore": b"*.log\nout/\n",
        "same": b"1",
        "changed": b"2",
        "staged": b"3",
        "kept.log": b"2",
        "new/file": b"n",
        "link": b"/etc/passwd",
        "caf\udce9": b"l",
    }
    assert result.remarks == ()


async def test_directories_files_and_links_may_take_each_others_place(work: Work) -> None:
    work.commit({"dir/a": "1", "dir/b": "1", "file": "1", "other/x": "1"})
    for path in ("dir/a", "dir/b", "file", "other/x"):
        (work.path / path).unlink()
    (work.path / "dir").rmdir()
    (work.path / "other").rmdir()
    work.write({"dir": "now a file", "file/inside": "now a directory"})
    (work.path / "other").symlink_to("file")
    _, files = await taken(work)
    assert files == {"dir": b"now a file", "file/inside": b"now a directory", "other": b"file"}


async def test_an_executable_bit_counts(work: Work) -> None:
    work.commit({"run": "x"})
    (work.path / "run").chmod(0o755)
    async with Repository.open(work.path) as repository:
        entry = (await repository.tree((await snapshot(repository)).tree)).entry("run")
    assert entry is not None
    assert entry.mode == "100755"


async def test_nothing_in_the_users_repository_changes(work: Work) -> None:
    work.commit({f"f{n}": "1" for n in range(20)})
    work.write({"f1": "2", "new": "n"})
    (work.path / "f3").touch()
    before = contents(work.path)
    await taken(work)
    assert contents(work.path) == before


async def test_a_change_of_the_same_size_within_the_same_tick_is_seen(work: Work) -> None:
    for number in range(5):
        work.commit({"a": f"one{number}"})
        work.write({"a": f"two{number}"})
        _, files = await taken(work)
        assert files["a"] == f"two{number}".encode()
        work.git("checkout", "-q", "--", "a")


async def test_submodules_count_by_their_recorded_commit(work: Work, tmp_path: Path) -> None:
    library = Work.init(tmp_path / "lib")
    library.commit({"l": "1"})
    work.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library.path), "lib")
    work.commit()
    recorded = work.git("rev-parse", "HEAD:lib")
    Work(work.path / "lib").commit({"l": "2"})
    work.write({"lib/untracked": "x"})
    Work.init(work.path / "stray").commit({"inside": "x"})
    async with Repository.open(work.path) as repository:
        tree = await repository.tree((await snapshot(repository)).tree)
    entry = tree.entry("lib")
    assert entry is not None
    assert (entry.kind, entry.id) == (EntryKind.SUBMODULE, recorded)
    assert tree.entry("stray") is None


async def test_lfs_files_count_as_the_pointers_git_would_store(work: Work, home: Path) -> None:
    old, new = b"old" * 1000, b"new" * 1000
    pointers = {
        name: POINTER % (hashlib.sha256(c).hexdigest().encode(), len(c))
        for name, c in {"o": old, "n": new}.items()
    }
    work.commit(
        {
            "a.bin": pointers["o"],
            "b.bin": pointers["o"],
            "empty.bin": "",
            ".gitattributes": "*.bin filter=lfs\n",
        }
    )
    (home / ".gitconfig").write_text(
        '[filter "lfs"]\n\tclean = false\n\tprocess = false\n\trequired = true\n'
    )
    work.write({"a.bin": old, "c.bin": new, "empty.bin": ""})
    os.utime(work.path / "empty.bin", (1, 1))
    result, files = await taken(work)
    assert (files["a.bin"], files["b.bin"], files["c.bin"]) == (pointers["o"], pointers["o"], pointers["n"])
    assert files["empty.bin"] == b""
    assert result.remarks == ()


async def test_files_of_other_filters_stay_as_recorded_and_are_named(work: Work) -> None:
    work.commit(
        {
            "secret": "encrypted",
            ".gitattributes": "secret* filter=crypt\nplain filter=undefined\n",
            "plain": "1",
        }
    )
    work.git("config", "filter.crypt.clean", "false")
    work.write({"secret": "plaintext!", "secret2": "plaintext!", "plain": "2"})
    result, files = await taken(work)
    assert files["secret"] == b"encrypted"
    assert "secret2" not in files
    assert files["plain"] == b"2"
    assert [remark.file for remark in result.remarks] == ["secret", "secret2"]
    assert "'crypt' is a program" in result.remarks[0].message


async def test_the_users_own_ignore_file_and_line_endings_hold(work: Work, home: Path) -> None:
    work.commit({"a": "1"})
    (home / ".gitconfig").write_text("[core]\n\tautocrlf = input\n\texcludesFile = ~/mine\n")
    (home / "mine").write_text("*.swp\n")
    (work.path / ".git/info/exclude").write_text("local\n")
    work.write({"x.swp": "no", "local": "no", "text": "one\r\ntwo\r\n"})
    _, files = await taken(work)
    assert files == {"a": b"1", "text": b"one\ntwo\n"}
    (home / ".gitconfig").unlink()
    work.write({".config": ""})
    (home / ".config/git").mkdir(parents=True)
    (home / ".config/git/ignore").write_text(".config\n")
    assert (await taken(work))[1] == {"a": b"1", "text": b"one\r\ntwo\r\n", "x.swp": b"no"}


async def test_a_merge_in_progress_counts_as_it_is_on_disk(work: Work) -> None:
    work.commit({"a": "1\n"})
    work.git("checkout", "-q", "-b", "topic")
    work.commit({"a": "2\n"})
    work.git("checkout", "-q", "main")
    work.commit({"a": "3\n"})
    with pytest.raises(AssertionError):
        work.git("merge", "-q", "topic")
    assert (await taken(work))[1]["a"] == (work.path / "a").read_bytes()


async def test_a_linked_work_tree_and_a_split_index_and_a_sparse_checkout_are_read(
    work: Work, tmp_path: Path
) -> None:
    work.commit({"in/a": "1", "out/b": "1"})
    linked = Work(tmp_path / "linked")
    work.git("worktree", "add", "-q", "--detach", str(linked.path))
    linked.write({"in/a": "linked"})
    assert (await taken(linked))[1] == {"in/a": b"linked", "out/b": b"1"}
    work.git("update-index", "--split-index")
    work.write({"in/a": "split"})
    assert (await taken(work))[1] == {"in/a": b"split", "out/b": b"1"}
    work.git("update-index", "--no-split-index")
    work.git("checkout", "-q", "-f")
    work.git("sparse-checkout", "set", "--cone", "--sparse-index", "in")
    assert not (work.path / "out").exists()
    work.write({"in/a": "sparse"})
    assert (await taken(work))[1] == {"in/a": b"sparse", "out/b": b"1"}


async def test_a_repository_without_any_commit_has_a_working_tree(work: Work) -> None:
    work.write({"a": "1"})
    assert (await taken(work))[1] == {"a": b"1"}


async def test_a_bare_repository_has_none(tmp_path: Path) -> None:
    bare = Work.init(tmp_path / "bare", "--bare")
    async with Repository.open(bare.path) as repository:
        with pytest.raises(NotARepository, match="no working tree"):
            await snapshot(repository)


async def test_what_cannot_be_looked_at_is_never_taken_for_unchanged(work: Work) -> None:
    work.commit({"apps/web/a.yaml": "1", "b.yaml": "2"})
    (work.path / "apps/web/a.yaml").unlink()
    (work.path / "apps/web").rmdir()
    (work.path / "apps/web").symlink_to("web")
    with pytest.raises(WorkingTreeUnreadable, match=r"apps/web/a\.yaml: Too many levels"):
        await taken(work)


async def test_an_index_that_cannot_be_read_is_named(work: Work) -> None:
    work.commit({"a.yaml": "1"})
    index = work.path / ".git/index"
    async with Repository.open(work.path) as repository:
        index.unlink()
        index.mkdir()
        with pytest.raises(WorkingTreeUnreadable, match=r"/\.git/index cannot be read"):
            await snapshot(repository)


async def test_far_too_much_is_refused_or_left_out_by_name(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    work.commit({"a": "1"})
    work.write({"b": "22", "c": "333"})
    monkeypatch.setattr(worktree, "MAX_FILE_BYTES", 2)
    result, files = await taken(work)
    assert files == {"a": b"1", "b": b"22"}
    assert [remark.file for remark in result.remarks] == ["c"]
    monkeypatch.setattr(worktree, "MAX_TOTAL_BYTES", 1)
    with pytest.raises(WorkingTreeUnreadable, match="gitignore"):
        await taken(work)
    monkeypatch.setattr(worktree, "MAX_FILES", 1)
    with pytest.raises(WorkingTreeUnreadable, match="2 files"):
        await taken(work)


async def test_an_unchanged_tree_of_thousands_of_files_is_quick(work: Work) -> None:
    work.commit({f"d{n % 50}/f{n}": str(n) for n in range(3000)})
    await asyncio.sleep(0.05)
    work.git("update-index", "-q", "--really-refresh")
    started = time.monotonic()
    await taken_only(work)
    # 60 ms on an idle machine; the allowance is for a busy one.
    assert time.monotonic() - started < 2


async def taken_only(work: Work) -> Snapshot:
    async with Repository.open(work.path) as repository:
        return await snapshot(repository)
