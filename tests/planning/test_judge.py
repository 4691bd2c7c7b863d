"""Verdicts on the secrets in changed files, with the real sops program and keys made here."""

import base64
from pathlib import Path
from typing import Any

import pytest

from bot.git.repository import Repository
from bot.model.rendering import Diagnostic, Severity
from bot.planning import judge as judging
from bot.planning.judge import judge
from tests.git.repos import Work
from tests.render.agekeys import AgeKey, make_key
from tests.render.sopsfiles import encrypt

ERROR, WARNING, NOTICE = Severity.ERROR, Severity.WARNING, Severity.NOTICE
VALUE = "correct-horse-battery"
RULES = "creation_rules:\n  - path_regex: secrets/.*\\.yaml$\n    encrypted_regex: ^(data|stringData)$\n    age: {}\n"


@pytest.fixture(scope="module")
def key() -> AgeKey:
    return make_key()


@pytest.fixture
def work(tmp_path: Path, key: AgeKey) -> Work:
    work = Work.init(tmp_path / "work")
    work.commit({"README.md": "hello", ".sops.yaml": RULES.format(key.recipient)})
    return work


def secret(**values: str) -> str:
    lines = "".join(f"  {name}: {value}\n" for name, value in values.items())
    return f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n{lines}"


def sealed(key: AgeKey, **values: str) -> bytes:
    return encrypt(key, secret(**values).encode(), "yaml", "--encrypted-regex", "^(data|stringData)$")


async def verdicts(work: Work) -> list[Diagnostic]:
    async with Repository.open(work.path) as repository:
        trees = [
            await repository.tree(await repository.tree_of(await repository.resolve(revision)))
            for revision in ("HEAD~1", "HEAD")
        ]
        found = await judge(repository, *trees)
    assert VALUE not in repr(found)
    return list(found)


async def one(work: Work) -> tuple[Severity, str | None, str]:
    (found,) = await verdicts(work)
    return found.severity, found.file, found.message


async def test_a_file_that_a_rule_wants_encrypted_is_an_error(work: Work) -> None:
    work.commit({"secrets/db.yaml": secret(password=VALUE)})
    severity, file, message = await one(work)
    assert (severity, file) == (ERROR, "secrets/db.yaml")
    assert "stringData.password in plain text" in message
    assert "sops encrypt --in-place secrets/db.yaml" in message


async def test_a_rule_that_goes_with_the_same_change_still_counts(work: Work) -> None:
    (work.path / ".sops.yaml").unlink()
    work.commit({"secrets/db.yaml": secret(password=VALUE)})
    assert (await one(work))[0] is ERROR


async def test_a_secret_that_no_rule_names_is_a_warning_where_sops_is_used(work: Work) -> None:
    work.commit({"apps/db.yaml": secret(password=VALUE)})
    severity, file, message = await one(work)
    assert (severity, file) == (WARNING, "apps/db.yaml")
    assert "encrypts its secrets with SOPS" in message


async def test_a_repository_without_sops_hears_nothing(tmp_path: Path, key: AgeKey) -> None:
    work = Work.init(tmp_path / "work")
    work.commit({"README.md": "hello"})
    work.commit({"apps/db.yaml": secret(password=VALUE)})
    assert await verdicts(work) == []
    work.commit({"elsewhere.yaml": sealed(key, password=VALUE)})
    work.commit({"apps/other.yaml": secret(token=VALUE)})
    assert (await one(work))[0] is WARNING


@pytest.mark.parametrize(
    "value", ["changeme", "'<your password>'", "'{{ .Values.pw }}'", "${PW}", "REPLACE_ME"]
)
async def test_what_is_no_value_yet_is_no_secret(work: Work, value: str) -> None:
    work.commit({"apps/db.yaml": secret(password=value)})
    assert await verdicts(work) == []


async def test_a_warning_is_not_repeated_for_what_was_there_before(work: Work) -> None:
    work.commit({"apps/db.yaml": secret(password=VALUE)})
    work.commit({"apps/db.yaml": "# a comment\n" + secret(password=VALUE)})
    assert await verdicts(work) == []


async def test_an_encrypted_file_tells_keys_and_recipients(work: Work, key: AgeKey) -> None:
    work.commit({"secrets/db.yaml": sealed(key, password=VALUE, user="me")})
    assert await one(work) == (
        NOTICE,
        "secrets/db.yaml",
        f"encrypted with SOPS for age {key.recipient}: stringData.password, stringData.user",
    )
    work.commit({"secrets/db.yaml": sealed(key, password=VALUE, user="me")})
    assert "re-encrypted: all 2 values" in (await one(work))[2]


async def test_what_is_not_encrypted_any_more_is_an_error(work: Work, key: AgeKey) -> None:
    plain = secret(password=VALUE)
    work.commit({"apps/db.yaml": sealed(key, password=VALUE)})
    work.commit({"apps/db.yaml": plain})
    found = await verdicts(work)
    assert [(d.severity, d.file) for d in found] == [(ERROR, "apps/db.yaml"), (WARNING, "apps/db.yaml")]
    assert "is not any more" in found[0].message


async def test_a_plain_value_in_an_encrypted_file_is_an_error(work: Work, key: AgeKey) -> None:
    encrypted = sealed(key, password=VALUE).decode()
    work.commit({"secrets/db.yaml": encrypted.replace("stringData:", f"stringData:\n    token: {VALUE}")})
    severity, _, message = await one(work)
    assert severity is ERROR
    assert "is encrypted, but for stringData.token" in message


def manifest(kind: str, api: str, name: str = "db", **spec: Any) -> str:
    return f"{{apiVersion: {api}, kind: {kind}, metadata: {{name: {name}, namespace: app}}, spec: {spec}}}\n"


async def test_a_sealed_secret_that_is_not_sealed_is_an_error(work: Work) -> None:
    good = base64.b64encode(bytes(300)).decode()
    work.commit({"a.yaml": manifest("SealedSecret", "bitnami.com/v1alpha1", encryptedData={"pw": good})})
    assert await verdicts(work) == []
    work.commit({"a.yaml": manifest("SealedSecret", "bitnami.com/v1alpha1", encryptedData={"pw": VALUE})})
    severity, file, message = await one(work)
    assert (severity, file) == (ERROR, "a.yaml")
    assert "values that are not sealed, at pw" in message


async def test_a_sealed_secret_whose_scope_widens_is_a_warning(work: Work) -> None:
    good = base64.b64encode(bytes(300)).decode()
    text = manifest("SealedSecret", "bitnami.com/v1alpha1", encryptedData={"pw": good})
    work.commit({"a.yaml": text})
    wide = "annotations: {sealedsecrets.bitnami.com/cluster-wide: 'true'}, "
    work.commit({"a.yaml": text.replace("metadata: {", "metadata: {" + wide)})
    severity, _, message = await one(work)
    assert severity is WARNING
    assert "from strict to cluster-wide" in message


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
async def test_an_external_secret_without_a_store_is_an_error_unless_it_is_a_patch(
    work: Work, version: str
) -> None:
    data = [{"secretKey": "pw", "remoteRef": {"key": "db"}}]
    text = manifest("ExternalSecret", f"external-secrets.io/{version}", data=data)
    work.commit({"app/es.yaml": text})
    severity, file, message = await one(work)
    assert (severity, file) == (ERROR, "app/es.yaml")
    assert "names no store" in message
    work.commit(
        {
            "app/kustomization.yaml": "patches: [{path: patches/es.yaml}]\n",
            "app/patches/es.yaml": text,
        }
    )
    assert await verdicts(work) == []


async def test_a_rule_that_cannot_be_read_is_said(work: Work) -> None:
    work.commit({".sops.yaml": "creation_rules:\n  - path_regex: '(a'\n"})
    severity, file, message = await one(work)
    assert (severity, file) == (ERROR, ".sops.yaml")
    assert "creation_rules[0]" in message


async def test_a_flood_of_files_is_cut_and_said(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "MAX_FILES", 5)
    monkeypatch.setattr(judging, "MAX_VERDICTS", 3)
    work.commit({f"secrets/{n}.yaml": secret(password=VALUE) for n in range(9)})
    found = await verdicts(work)
    assert [d.severity for d in found] == [ERROR, ERROR, ERROR, WARNING]
    assert "3 more remarks" in found[-1].message
    monkeypatch.setattr(judging, "MAX_VERDICTS", 50)
    assert "4 changed files were not searched" in (await verdicts(work))[-1].message


async def test_a_hostile_pattern_costs_no_time(work: Work) -> None:
    work.commit(
        {
            ".sops.yaml": "creation_rules:\n  - path_regex: '(a*)*b$'\n",
            "a" * 200 + ".yaml": secret(password=VALUE),
        }
    )
    assert [d.severity for d in await verdicts(work)] == [WARNING]
