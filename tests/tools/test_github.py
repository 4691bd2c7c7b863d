from __future__ import annotations

import base64
import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from tools.github import Package, extract
from tools.steps import ToolFailure


def pack(path: Path, **files: bytes) -> str:
    """Write an archive and return its checksum as npm writes it."""
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"package/{name}.json")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return "sha512-" + base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()


def test_only_the_wanted_file_is_taken(tmp_path: Path) -> None:
    integrity = pack(tmp_path / "a.tgz", wanted=b"{}", other=b"[]")
    into = tmp_path / "out"
    into.mkdir()
    extract(Package("p@1", integrity, "package/wanted.json", "w"), tmp_path / "a.tgz", into / "w")
    assert {path.name: path.read_bytes() for path in into.iterdir()} == {"w": b"{}"}


def test_a_package_with_another_checksum_is_refused_and_nothing_is_taken(tmp_path: Path) -> None:
    integrity = pack(tmp_path / "a.tgz", wanted=b"{}")
    pack(tmp_path / "a.tgz", wanted=b"{ }")
    with pytest.raises(ToolFailure, match="checksum differs"):
        extract(Package("p@1", integrity, "package/wanted.json", "w"), tmp_path / "a.tgz", tmp_path / "w")
    assert not (tmp_path / "w").exists()
