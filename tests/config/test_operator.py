"""Rules of `config.yaml`: every mistake at once, each with its place and the way out."""

import re
from pathlib import Path

import pytest

from bot.cli.config import EXAMPLE_TITLE
from bot.config import Config, ConfigError, load, parse_operator
from bot.config.clusters import Allow
from bot.config.example import example, fields
from bot.config.types import SecretRef, SecretUnreadable
from bot.model.objects import ObjectId

ROOT = Path(__file__).parents[2]
MINIMAL = """
forges:
  hub: {token: "${env:TOKEN}", webhookSecrets: ["${env:HOOK}"]}
clusters:
  staging: {environment: staging}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_operator(text.encode(), "config.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_every_field_is_read_by_somebody() -> None:
    code = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "bot").rglob("*.py"))
    names = {re.sub(r"(?<!^)(?=[A-Z])", "_", path.rpartition(".")[2]).lower() for path, _ in fields(Config)}
    assert [name for name in sorted(names) if not re.search(rf"\.{name}\b", code)] == []


def test_the_example_file_is_what_the_schema_says_and_is_valid() -> None:
    text = (ROOT / "config.example.yaml").read_text(encoding="utf-8")
    assert text == example(Config, EXAMPLE_TITLE)
    assert parse_operator(text.encode(), "config.example.yaml").clusters["staging"].environment == "staging"


def test_every_field_is_explained() -> None:
    assert [path for path, info in fields(Config) if not info.description] == []


def test_an_empty_file_is_a_valid_configuration() -> None:
    assert parse_operator(b"", "config.yaml") == Config()


def test_reports_every_mistake_with_its_line() -> None:
    text = (
        MINIMAL
        + """
schedules: {sweep: 10}
nope: 1
web:
  prot: 80
  port: many
"""
    )
    assert set(problems(text)) == {
        "config.yaml:11: web.port: must be a whole number",
        "config.yaml:10: web.prot: unknown key; did you mean 'port'?",
        "config.yaml:7: schedules.sweep: a duration needs a unit, for example 10s",
        (
            "config.yaml:8: nope: unknown key; known: clusters, dataDir, forges, jsonnet, kustomize, limits, plugins, prune, "
            "repositories, sandbox, schedules, secretKey, sources, store, web, worker"
        ),
    }


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("forges: []", "config.yaml:1: forges: must be a mapping of keys to values"),
        ("forges: [", "config.yaml:2: did not find expected node content"),
        ("repositories: {}", "config.yaml:1: repositories: must be a list"),
        ("dataDir: 3", "config.yaml:1: dataDir: must be a path"),
        (
            "clusters: {c: {allow: [{clusterScoped: sure}]}}",
            "config.yaml:1: clusters.c.allow[0].clusterScoped: must be true or false",
        ),
        (
            "web: {host: 3}",
            "config.yaml:1: web.host: must be a text; put what YAML takes for something else in quotes",
        ),
        (
            "forges: {hub: {kind: hub}}",
            "config.yaml:1: forges.hub.kind: must be 'github', 'gitlab' or 'gitea'",
        ),
        (
            "clusters: {c: {allow: [{paths: [/apps]}]}}",
            "config.yaml:1: clusters.c.allow[0].paths[0]: must be a path inside the repository, without a leading / and without ..",
        ),
    ],
)
def test_what_a_field_must_be_is_said_in_our_words(text: str, mistake: str) -> None:
    assert mistake in problems(text)


def test_a_path_that_is_allowed_may_be_written_as_people_write_it() -> None:
    allowed = Allow(repository="acme/fleet", paths=("./apps/", "clusters//staging"))
    assert allowed.admits_source("acme/fleet", "main", "apps")
    assert allowed.admits_source("acme/fleet", "main", "clusters/staging")
    assert not allowed.admits_source("acme/fleet", "main", "apps/web")


def test_names_the_nearest_cluster_and_forge() -> None:
    text = (
        MINIMAL
        + """
repositories:
  - forge: hbu
    repository: acme/fleet
    targets: [{name: web, cluster: stagin, path: apps}]
"""
    )
    assert problems(text) == [
        "config.yaml:8: repositories[0].forge: no forge is called 'hbu'; did you mean 'hub'?",
        "config.yaml:10: repositories[0].targets[0].cluster: no cluster is called 'stagin'; did you mean 'staging'?",
    ]


@pytest.mark.parametrize("pattern", ["acme/*", "acme/fleet-?", "acme/[a-z]"])
def test_a_number_is_of_one_repository_and_no_pattern(pattern: str) -> None:
    entry = f'repositories: [{{forge: hub, repository: "{pattern}", id: 4711}}]\n'
    (problem,) = problems(MINIMAL + entry)
    assert "`id` is the number of one repository" in problem


def test_a_secret_in_plain_text_is_refused_and_not_repeated() -> None:
    text = MINIMAL.replace('"${env:TOKEN}"', "ghp_do_not_repeat_me")
    (problem,) = problems(text)
    assert "write a reference" in problem
    assert "ghp_" not in problem


def test_a_forge_has_exactly_one_identity() -> None:
    (problem,) = problems('forges: {hub: {webhookSecrets: ["${env:HOOK}"]}}')
    assert problem == "config.yaml:1: forges.hub: give exactly one of `app` and `token`"


@pytest.mark.parametrize(
    "text",
    ["- a\n- b\n", "just text", "a: 1\n---\nb: 2\n", "a: [1\n", "a: 1\na: 2\n", "? [1]\n: 2\n"],
)
def test_what_is_no_single_mapping_is_one_clear_problem(text: str) -> None:
    (problem,) = problems(text)
    assert problem.startswith("config.yaml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.yaml: cannot be read: No such file"):
        load(tmp_path / "absent.yaml")


def test_reads_secrets_only_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TOKEN", " abc\n")
    assert SecretRef("${env:TOKEN}").read() == "abc"
    (tmp_path / "key").write_text("from-file\n")
    assert SecretRef(f"${{file:{tmp_path}/key}}").read() == "from-file"
    with pytest.raises(SecretUnreadable, match="NOT_SET is not set"):
        SecretRef("${env:NOT_SET}").read()
    with pytest.raises(SecretUnreadable, match="No such file"):
        SecretRef(f"${{file:{tmp_path}/none}}").read()


def allow(**override: object) -> Config:
    entry = {"repository": "acme/*", "namespaces": ["shop", "team-*"], **override}
    return Config.model_validate({"clusters": {"c": {"environment": "e", "allow": [entry]}}})


@pytest.mark.parametrize(
    ("repository", "branch", "path", "admitted"),
    [
        ("acme/fleet", "main", "apps/web", True),
        ("ACME/Fleet", "main", "apps/web", True),
        ("evil/fleet", "main", "apps/web", False),
        ("acme/fleet", "dev", "apps/web", False),
        ("acme/fleet", "main", "clusters/prod", False),
    ],
)
def test_a_cluster_admits_only_what_is_listed(
    repository: str, branch: str, path: str, admitted: bool
) -> None:
    rule = allow(paths=["apps/*"]).clusters["c"].allow[0]
    assert rule.admits_source(repository, branch, path) is admitted


@pytest.mark.parametrize(
    ("identity", "namespaced", "override", "admitted"),
    [
        (ObjectId("apps", "Deployment", "shop", "web"), True, {}, True),
        (ObjectId("apps", "Deployment", "kube-system", "web"), True, {}, False),
        (ObjectId("", "Namespace", "", "team-a"), False, {}, True),
        (ObjectId("", "Namespace", "", "kube-system"), False, {}, False),
        (ObjectId("rbac.authorization.k8s.io", "ClusterRole", "", "x"), False, {}, False),
        (ObjectId("rbac.authorization.k8s.io", "ClusterRole", "", "x"), False, {"clusterScoped": True}, True),
        (ObjectId("apps", "Deployment", "shop", "web"), True, {"kinds": ["Service"]}, False),
        (ObjectId("apps", "Deployment", "shop", "web"), True, {"kinds": ["*.apps"]}, True),
    ],
)
def test_a_cluster_admits_objects_by_namespace_and_kind(
    identity: ObjectId, namespaced: bool, override: dict[str, object], admitted: bool
) -> None:
    rule = allow(**override).clusters["c"].allow[0]
    assert rule.admits_object(identity, namespaced=namespaced) is admitted


def test_targets_that_would_never_be_looked_at_are_a_mistake() -> None:
    text = (
        MINIMAL
        + """
repositories:
  - forge: hub
    repository: acme/fleet
    discover: flux
    targets: [{name: a, cluster: staging, path: a}]
"""
    )
    (problem,) = problems(text)
    assert "`targets` are not looked at with `discover: flux`" in problem


def test_a_password_in_a_value_that_does_not_fit_is_not_repeated() -> None:
    text = "forges:\n  hub:\n    apiUrl: https://bot:hunter2@forge.test\n    webhookSecrets: ['${env:H}']\n"
    assert not [problem for problem in problems(text) if "hunter2" in problem]


def test_sources_name_hosts_and_who_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "hunter2")
    text = """
sources:
  hosts: [charts.example.com, "*.example.org", "127.0.0.1:5000", "*"]
  credentials:
    - {host: charts.example.com, username: robot, password: "${env:WORD}"}
    - {host: "registry.example.org:5000", token: "${env:WORD}"}
"""
    sources = parse_operator(text.encode(), "config.yaml").sources
    assert sources.allowed().why_not("oci://127.0.0.1:5000/app") == ""
    robot = sources.secrets().of("https://charts.example.com/index.yaml")
    assert robot is not None
    assert (robot.username, robot.secret) == ("robot", "hunter2")
    assert "hunter2" not in repr(sources.secrets())
    assert sources.secrets().of("oci://registry.example.org:5000/app") is not None
    assert sources.secrets().of("oci://registry.example.org/app") is None


@pytest.mark.parametrize(
    "entry",
    [
        "{host: a.example, username: robot}",
        '{host: a.example, password: "${env:WORD}"}',
        '{host: a.example, username: robot, password: "${env:WORD}", token: "${env:WORD}"}',
        "{host: a.example}",
        '{host: "*.example", token: "${env:WORD}"}',
        '{host: "https://a.example", token: "${env:WORD}"}',
        "{host: a.example, token: hunter2}",
    ],
)
def test_a_credential_is_one_way_to_be_known_to_one_host(entry: str) -> None:
    found = problems(f"sources: {{credentials: [{entry}]}}")
    assert found
    assert "hunter2" not in " ".join(found)


def test_nothing_is_fetched_unless_a_host_is_named() -> None:
    assert Config().sources.allowed().why_not("https://charts.example.com") != ""


@pytest.mark.parametrize("version", ['"1.34.2"', '"v1.31.5+k3s1"', '"v1.33.4-gke.1172000"', '"1.30"'])
def test_a_version_of_kubernetes_is_taken_as_clusters_say_it(version: str) -> None:
    text = MINIMAL.replace("environment: staging", f"environment: staging, kubeVersion: {version}")
    staging = parse_operator(text.encode(), "config.yaml").clusters["staging"]
    assert staging.kube_version == version.strip('"')


def test_a_version_of_kubernetes_that_yaml_takes_for_a_number_is_to_be_quoted() -> None:
    text = MINIMAL.replace("environment: staging", "environment: staging, kubeVersion: 1.30")
    assert problems(text) == [
        "config.yaml:5: clusters.staging.kubeVersion: write the version in quotes: YAML takes it for the number 1.3"
    ]


@pytest.mark.parametrize("name", ["apps", "--set=x", "apps/v1/Deployment/x", "apps/V1", "apps/v1,v2"])
def test_what_is_no_api_version_is_told(name: str) -> None:
    text = MINIMAL.replace("environment: staging", f'environment: staging, apiVersions: ["{name}"]')
    (problem,) = problems(text)
    assert problem.startswith("config.yaml:5: clusters.staging.apiVersions")


def test_an_entry_that_admits_no_object_gives_a_repository_the_cluster_and_nothing_to_write() -> None:
    text = MINIMAL.replace("environment: staging", "environment: staging, allow: [{repository: acme/fleet}]")
    staging = parse_operator(text.encode(), "config.yaml").clusters["staging"]
    assert staging.is_given_to("acme/fleet")
    assert not staging.is_given_to("acme/other")
    assert not staging.is_written_from("acme/fleet", "main")
