"""`longshore plan` decrypts only where a person says so in so many words."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.proc.programs import find
from tests.git.repos import Work
from tests.render.agekeys import AgeKey, make_key
from tests.render.sopsfiles import encrypt

PLANTED = "hunter2-planted-plain-text"
KUSTOMIZATION = """apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app, namespace: flux-system}
spec:
  path: ./app
  prune: true
  sourceRef: {kind: GitRepository, name: flux-system}
  decryption: {provider: sops}
"""


@pytest.fixture
def key() -> AgeKey:
    return make_key()


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: AgeKey) -> Work:
    for program in ("kustomize", "sops"):
        monkeypatch.setenv(f"LONGSHORE_{program.upper()}", str(find(program)))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("SOPS_AGE_KEY_FILE", raising=False)
    work = Work.init(tmp_path / "work")
    work.commit({"clusters/live/app.yaml": KUSTOMIZATION, "app/kustomization.yaml": "resources: []\n"})
    work.write({"app/kustomization.yaml": "resources: [s.yaml]\n", "app/s.yaml": secret(key, PLANTED)})
    return work


def secret(key: AgeKey, value: str) -> bytes:
    text = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\nstringData: {{pw: {value}}}\n"
    return encrypt(key, text.encode(), "yaml", "--encrypted-regex", "^stringData$")


def plan(work: Work, *options: str) -> Result:
    return CliRunner().invoke(main, ["plan", "--repo", str(work.path), "--base", "HEAD", *options])


def key_file(directory: Path, text: str) -> Path:
    file = directory / "keys.txt"
    file.write_text(text)
    return file


def test_without_a_key_the_ciphertext_is_planned(
    work: Work, tmp_path: Path, key: AgeKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(key_file(tmp_path, key.secret)))
    monkeypatch.setenv("SOPS_AGE_KEY", key.secret)
    found = plan(work)
    assert found.exit_code == 0, found.output
    assert "<encrypted " in found.output
    assert "<masked " not in found.output


@pytest.mark.parametrize("verify", [(), ("--verify",)])
@pytest.mark.parametrize("named", [True, False])
def test_with_a_key_the_values_are_compared_and_never_shown(
    work: Work,
    tmp_path: Path,
    key: AgeKey,
    monkeypatch: pytest.MonkeyPatch,
    named: bool,
    verify: tuple[str, ...],
) -> None:
    file = key_file(tmp_path, f"# created: today\n{make_key().secret}\n{key.secret}\n")
    monkeypatch.setenv("SOPS_AGE_KEY_FILE", str(file))
    found = plan(work, *(("--sops-age-key-file", str(file)) if named else ("--decrypt",)), *verify)
    assert found.exit_code == 0, found.output
    assert "<masked " in found.output
    assert "<encrypted " not in found.output
    assert PLANTED not in found.output
    kept = b"".join(file.read_bytes() for file in (tmp_path / "cache").rglob("*") if file.is_file())
    assert key.secret.encode() not in kept
    assert PLANTED.encode() not in kept


def test_decrypt_without_the_variable_says_what_is_missing(work: Work) -> None:
    found = plan(work, "--decrypt")
    assert found.exit_code == 1
    assert "SOPS_AGE_KEY_FILE" in found.output


@pytest.mark.parametrize("text", ["", "AGE-SECRET-KEY-1NOTAKEY", "ssh-ed25519 AAAA"])
def test_a_file_that_holds_no_key_is_refused_without_a_word_of_it(
    work: Work, tmp_path: Path, text: str
) -> None:
    found = plan(work, "--sops-age-key-file", str(key_file(tmp_path, text)))
    assert found.exit_code == 1
    assert f"{tmp_path}" in found.output
    assert "age key file" in found.output
    assert not text or text not in found.output
