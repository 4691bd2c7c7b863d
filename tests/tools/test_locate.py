from __future__ import annotations

from pathlib import Path

import pytest

from tools.locate import build_dir, find
from tools.programs import FAMILIES, KUBERNETES, family_of

ETCD = next(family for family in FAMILIES if family.name == "etcd")


def install(directory: Path, *programs: str, says: str = "") -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    for program in programs:
        path = directory / program
        path.write_text(f"#!/bin/sh\necho '{says}'\n")
        path.chmod(0o755)
    return directory


@pytest.fixture(autouse=True)
def bare_machine(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(install(tmp_path / "path")))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)


def test_nothing_is_found_on_a_bare_machine() -> None:
    assert find("kustomize") is None
    assert find("kube-apiserver") is None


def test_own_build_is_found() -> None:
    kustomize = family_of("kustomize")
    directory = install(build_dir(kustomize) / "bin", "kustomize")
    assert find("kustomize") == directory / "kustomize"


def test_the_named_program_comes_before_path_and_path_before_own_build(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(build_dir(family_of("kustomize")) / "bin", "kustomize")
    install(tmp_path / "path", "kustomize")
    assert find("kustomize") == tmp_path / "path" / "kustomize"
    monkeypatch.setenv("LONGSHORE_KUSTOMIZE", "/somewhere/kustomize")
    assert find("kustomize") == Path("/somewhere/kustomize")


def test_kubebuilder_assets_come_before_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("path", "assets"):
        install(tmp_path / place, *KUBERNETES.required)
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path / "assets"))
    assert find("kube-apiserver") == tmp_path / "assets" / "kube-apiserver"


def test_api_server_and_controllers_are_never_taken_from_different_places(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(install(tmp_path / "assets", "kube-apiserver", "kubectl")))
    own = install(build_dir(KUBERNETES) / "bin", *KUBERNETES.binaries)
    assert {program: find(program) for program in KUBERNETES.binaries} == {
        program: own / program for program in KUBERNETES.binaries
    }


@pytest.mark.parametrize(("version", "is_taken"), [("3.4.23", False), ("3.5.12", False), ("3.6.0", True)])
def test_an_etcd_too_old_for_the_api_server_is_passed_over(
    tmp_path: Path,
    version: str,
    is_taken: bool,
) -> None:
    install(tmp_path / "path", "etcd", says=f"etcd Version: {version}")
    assert (find("etcd") is not None) is is_taken


def test_own_links_in_path_are_not_mistaken_for_the_machines_programs(
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", str(install(cache / "bin", "kustomize")))
    assert find("kustomize") is None


def test_an_unknown_program_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no program is called 'kustomise'; known are .*kustomize"):
        find("kustomise")
