"""`.sops.yaml`, and what stands in plain text against it."""

import base64
import subprocess
from pathlib import Path

import pytest

from bot.proc.programs import find
from bot.render.go_regex import MAX_PATTERN_CHARS, BadPattern, go_regex
from bot.render.sops.rules import RuleFile, SecretFile, examine, nearest, parse_rules
from tests.render.agekeys import make_key
from tests.render.sopsfiles import encrypt

RULES = rb"""
creation_rules:
  - path_regex: \.sops\.ya?ml$
    encrypted_regex: ^(data|stringData)$
    age: age1x
  - path_regex: ^clusters/prod/
    encrypted_regex: ^(data|stringData)$
  - path_regex: \.env$
  - age: age1x
"""
SECRET = b"apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {user: admin, url: 'x${PW}'}\n"


def rules(text: bytes = RULES, file: str = ".sops.yaml") -> RuleFile:
    found = parse_rules(text, file)
    assert found.problems == ()
    return found


def place(path: str, found: RuleFile) -> str | None:
    rule = found.rule_for(path)
    return rule.place if rule else None


def looked_at(path: str, data: bytes, found: RuleFile | None = None) -> SecretFile:
    return examine(path, data, found or rules())


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("clusters/prod/db.sops.yaml", 0),
        ("clusters/prod/db.yaml", 1),
        ("apps/clusters/prod/db.yaml", 3),
        ("prod.env", 2),
        ("\udcff.env", 2),
    ],
)
def test_the_first_rule_that_is_found_in_the_path_wins(path: str, expected: int) -> None:
    assert place(path, rules()) == f"creation_rules[{expected}]"


def test_sops_takes_the_rule_that_we_take(tmp_path: Path) -> None:
    recipients = [make_key().recipient for _ in range(3)]
    text = "creation_rules:\n" + "".join(
        f"- {{path_regex: '{regex}', age: {recipient}}}\n"
        for regex, recipient in zip([r"^a/.*\.yaml$", r"(?i)SECRET\.", "."], recipients, strict=True)
    )
    (tmp_path / ".sops.yaml").write_text(text)
    found = rules(text.encode())
    for path in ("a/x.yaml", "b/a/x.yaml", "b/my-secret.json"):
        command = [str(find("sops")), "encrypt", "--input-type", "json", "--filename-override", path]
        done = subprocess.run(
            command, input=b"{}", cwd=tmp_path, env={}, capture_output=True, timeout=30, check=True
        )
        assert recipients[int((place(path, found) or "")[-2])].encode() in done.stdout


def test_paths_are_relative_to_the_nearest_rules() -> None:
    outer, inner = rules(), rules(b"creation_rules: [{path_regex: ^db}]", "apps/.sops.yaml")
    assert nearest([outer, inner], "apps/db.yaml") is inner
    assert nearest([outer, inner], "applications/db.yaml") is outer
    assert nearest([inner], "db.yaml") is None
    assert place("apps/db.yaml", inner) == "creation_rules[0]"
    assert place("apps/x/db.yaml", inner) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"creation_rules: {}", "must be a list"),
        (b"creation_rules: [x]", "creation_rules[0]: must be a mapping"),
        (b"creation_rules: [{path_regex: [a]}]", "path_regex must be text"),
        (b"creation_rules: [{path_regex: (?=a)}]", "creation_rules[0]: invalid perl operator"),
        (b"creation_rules: [{path_regex: a}, {path_regex: (}]", "creation_rules[1]: missing )"),
        (b"creation_rules: [{encrypted_regex: '['}]", "creation_rules[0]: missing ]"),
        (b"creation_rules: [{encrypted_regex: a, encrypted_suffix: b}]", "only one of"),
        (b"creation_rules: [", ""),
    ],
)
def test_what_sops_refuses_is_a_problem_with_file_and_field(text: bytes, said: str) -> None:
    (problem,) = parse_rules(text, "a/.sops.yaml").problems
    assert said in problem.message
    assert problem.file == "a/.sops.yaml"


@pytest.mark.parametrize("text", [b"", b"[]", b"x", b"stores: {yaml: {indent: 2}}"])
def test_rules_may_be_absent(text: bytes) -> None:
    assert place("a.yaml", rules(text)) is None


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        (r"\Qa.b\E$", "x/a.b", True),
        (r"(?i)SECRET", "my-secret", True),
        (r"[[:digit:]]+\z", "v1", True),
        (r"(?P<n>a)|b", "b", True),
        (r"(a+)+$", "a" * 5000 + "b", False),
    ],
)
def test_patterns_mean_what_they_mean_in_go(pattern: str, text: str, expected: bool) -> None:
    assert go_regex(pattern).matches(text) is expected


@pytest.mark.parametrize(
    "pattern", ["(", "(?<=a)b", r"(a)\1", "a" * (MAX_PATTERN_CHARS + 1), "(a{900}){900}"]
)
def test_patterns_that_go_or_our_bounds_refuse_do_not_compile(pattern: str) -> None:
    with pytest.raises(BadPattern):
        go_regex(pattern)


def test_a_secret_in_plain_text_is_found_with_its_keys_and_line() -> None:
    file = looked_at("clusters/prod/db.yaml", b"kind: ConfigMap\n---\n" + SECRET)
    assert file.rule == ".sops.yaml (creation_rules[1])"
    assert file.is_covered_by_path
    assert not file.is_named
    (secret,) = file.secrets
    assert (secret.name, secret.keys, secret.line) == ("db", ("stringData.user",), 3)
    assert secret.is_wanted_encrypted


def test_secrets_in_lists_and_literals_of_generators_are_found() -> None:
    listed = b"apiVersion: v1\nkind: List\nitems:\n- " + SECRET.replace(b"\n", b"\n  ").rstrip()
    assert [s.name for s in looked_at("x.yaml", listed).secrets] == ["db"]
    generator = b"secretGenerator:\n- {name: gen, literals: [token=x, empty=]}\n"
    (secret,) = looked_at("kustomization.yaml", generator).secrets
    assert (secret.name, secret.keys) == ("gen (secretGenerator)", ("literals.token",))


@pytest.mark.parametrize("value", [b"${TOKEN}", b"", b"ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]"])
def test_references_and_ciphertext_are_not_plain_text(value: bytes) -> None:
    assert looked_at("s.yaml", SECRET.replace(b"admin", b"'" + value + b"'")).secrets == ()
    data = (
        b"apiVersion: v1\nkind: Secret\ndata: {a: '" + base64.b64encode(value + b" sops_mac=ENC[") + b"'}\n"
    )
    assert looked_at("s.yaml", data).secrets == ()


def test_an_encrypted_file_holds_no_plain_secret() -> None:
    data = encrypt(make_key(), SECRET, "yaml", "--encrypted-regex", "^(data|stringData)$")
    file = looked_at("db.sops.yaml", data)
    assert file.is_encrypted
    assert (file.plain_keys, file.exposed, file.secrets) == ((), (), ())


def test_a_value_added_to_an_encrypted_file_is_exposed() -> None:
    data = encrypt(make_key(), SECRET, "yaml", "--encrypted-regex", "^(data|stringData)$")
    edited = data.replace(b"stringData:\n", b"stringData:\n    added: plain\n")
    assert looked_at("db.sops.yaml", edited).exposed == ("stringData.added",)


@pytest.mark.parametrize(
    ("path", "data", "keys"),
    [
        ("db.sops.yaml", b"data: {a: 1}\nother: 2\n", ("data.a",)),
        ("db.sops.yaml", b"other: 2\n", ()),
        ("prod.env", b"A=1\n# no\nB=\n", ("A",)),
    ],
)
def test_the_rule_says_which_keys_of_a_named_file_are_plain(
    path: str, data: bytes, keys: tuple[str, ...]
) -> None:
    file = looked_at(path, data)
    assert file.is_named
    assert file.plain_keys == keys


def test_the_rules_themselves_are_never_to_be_encrypted() -> None:
    assert (
        looked_at(".sops.yaml", RULES, rules(rb"creation_rules: [{path_regex: \.sops\.yaml$}]")).plain_keys
        == ()
    )


def test_a_file_of_bytes_is_plain_as_a_whole() -> None:
    found = rules(rb"creation_rules: [{path_regex: \.pem$}]")
    assert looked_at("tls.pem", b"\x00", found).plain_keys == ("its content",)


@pytest.mark.parametrize("path", ["clusters/prod/README.md", "clusters/prod/db.yaml", "apps/db.yaml"])
def test_a_rule_for_a_directory_or_for_everything_names_no_file(path: str) -> None:
    assert not looked_at(path, b"a: 1\n").is_named


@pytest.mark.parametrize(
    "data", [b"", b"a: [", b"- 1\n", b"\xff\xfe", b"kind: Secret\nmetadata: 1\n", b"items: 1\n"]
)
def test_files_of_any_shape_are_examined(data: bytes) -> None:
    for path in ("x.sops.yaml", "x.json", "x.env", "x.ini", "x.bin"):
        assert looked_at(path, data).path == path
    assert examine("x.yaml", data, None).rule == ""
