from pathlib import Path

import pytest

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
    monkeypatch.setenv("LONGSHORE_KUSTOMIZE", str(tmp_path / "typo"))
    with pytest.raises(ProgramMissing, match="LONGSHORE_KUSTOMIZE names"):
        programs.find("kustomize")


async def test_the_version_is_the_files_and_is_asked_again_when_that_changes(tmp_path: Path) -> None:
    install(tmp_path / "path", "kustomize", "5.8.1")
    assert await programs.version("kustomize") == "5.8.1"
    install(tmp_path / "path", "kustomize", "5.10.0")
    assert await programs.version("kustomize") == "5.10.0"
