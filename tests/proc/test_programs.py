from pathlib import Path

import pytest

from bot.errors import UserError
from bot.proc import programs
from bot.proc.errors import ProgramMissing


def install(directory: Path, name: str, version: str = "1.0") -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / name
    file.write_text(f"#!/bin/sh\necho v{version}\n")
    file.chmod(0o755)
    return file


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.delenv("LONGSHORE_KUSTOMIZE", raising=False)


def test_the_variable_wins_over_the_pinned_tool_and_that_over_the_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    on_path = install(tmp_path / "path", "kustomize")
    assert programs.find("kustomize") == on_path
    pinned = install(programs.tools_dir(), "kustomize")
    assert programs.find("kustomize") == pinned
    named = install(tmp_path / "own", "kustomize-custom")
    monkeypatch.setenv("LONGSHORE_KUSTOMIZE", str(named))
    assert programs.find("kustomize") == named


def test_a_missing_program_says_how_to_get_it() -> None:
    with pytest.raises(ProgramMissing, match=r"make tools.*LONGSHORE_KUSTOMIZE"):
        programs.find("kustomize")


def test_a_variable_that_names_nothing_is_not_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install(tmp_path / "path", "kustomize")
    for name in ("typo", "path"):
        monkeypatch.setenv("LONGSHORE_KUSTOMIZE", str(tmp_path / name))
        with pytest.raises(ProgramMissing, match="LONGSHORE_KUSTOMIZE names"):
            programs.find("kustomize")


def test_caches_lie_at_an_absolute_place_below_the_users_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for relative in ("", "cache"):
        monkeypatch.setenv("XDG_CACHE_HOME", relative)
        assert programs.cache_dir() == tmp_path / ".cache/longshore"


def test_who_has_no_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("os.getuid", lambda: 4_000_000_000)
    with pytest.raises(UserError, match="set HOME"):
        programs.cache_dir()


async def test_the_version_is_the_files_and_is_asked_again_when_that_changes(tmp_path: Path) -> None:
    install(tmp_path / "path", "kustomize", "5.8.1")
    assert await programs.version("kustomize") == "5.8.1"
    install(tmp_path / "path", "kustomize", "5.10.0")
    assert await programs.version("kustomize") == "5.10.0"
