"""Verdicts on secrets in plain text."""

import pytest

from bot.model.rendering import Diagnostic, Severity
from bot.policy.secrets import judge_file
from bot.render.sops.rules import examine, parse_rules

PLANTED = "hunter2-planted-plain-text"
SECRET = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\nstringData: {{pw: {PLANTED}}}\n".encode()
KUBERNETES = b"encrypted_regex: ^(data|stringData)$"


def judged(path: str, data: bytes, *rules: bytes, uses_sops: bool = True) -> tuple[Diagnostic, ...]:
    text = b"creation_rules:\n" + b"".join(b"- {%s}\n" % rule for rule in rules)
    found = judge_file(examine(path, data, parse_rules(text, ".sops.yaml")), uses_sops=uses_sops)
    assert PLANTED not in repr(found)
    assert all(d.file == path for d in found)
    return found


def test_a_secret_that_a_rule_for_its_path_wants_encrypted_is_an_error() -> None:
    (found,) = judged("prod/db.yaml", SECRET, b"path_regex: ^prod/, " + KUBERNETES)
    assert found.severity is Severity.ERROR
    assert found.line == 1
    for part in (
        "Secret db",
        "stringData.pw",
        ".sops.yaml (creation_rules[0])",
        "sops encrypt --in-place prod/db.yaml",
    ):
        assert part in found.message


@pytest.mark.parametrize("rule", [KUBERNETES, b"path_regex: ^other/, " + KUBERNETES])
def test_a_secret_beside_encrypted_ones_is_a_warning(rule: bytes) -> None:
    (found,) = judged("prod/db.yaml", SECRET, rule)
    assert found.severity is Severity.WARNING
    assert "stringData.pw" in found.message


def test_nothing_is_said_where_sops_is_not_used() -> None:
    assert judged("db.yaml", SECRET, uses_sops=False) == ()


def test_a_file_that_is_named_by_a_rule_and_is_plain_is_an_error() -> None:
    (found,) = judged("prod.env", f"TOKEN={PLANTED}\n".encode(), rb"path_regex: \.env$")
    assert found.severity is Severity.ERROR
    assert "TOKEN" in found.message


def test_manifests_that_a_broad_rule_covers_need_no_encryption() -> None:
    config = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: b}\n"
    for rule in (rb"path_regex: .*\.yaml$, ", b"path_regex: ^prod/, ", b""):
        assert judged("prod/c.yaml", config, rule + KUBERNETES) == ()


def test_literals_have_another_way_out_than_encrypting_the_kustomization() -> None:
    generator = f"secretGenerator:\n- {{name: g, literals: [token={PLANTED}]}}\n".encode()
    (found,) = judged("app/kustomization.yaml", generator, KUBERNETES)
    assert found.severity is Severity.WARNING
    assert "move them to an encrypted file" in found.message


def test_plain_text_in_an_encrypted_file_is_an_error() -> None:
    data = f"stringData: {{pw: {PLANTED}}}\nsops: {{mac: 'ENC[x', encrypted_regex: ^stringData$}}\n".encode()
    (found,) = judged("db.yaml", data, uses_sops=False)
    assert found.severity is Severity.ERROR
    assert "stringData.pw" in found.message


def test_names_of_files_are_quoted_for_the_shell_and_lists_are_short() -> None:
    keys = "".join(f"KEY{i}=1\n" for i in range(50)).encode()
    (found,) = judged("a b;c.env", keys, rb"path_regex: \.env$")
    assert "'a b;c.env'" in found.message
    assert "and 44 more" in found.message
