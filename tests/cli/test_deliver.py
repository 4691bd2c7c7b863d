"""`longshore deliver`: every answer is either left where it counts or refused with the reason."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from bot.cli import main


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """One repository with named branches; one cluster, which is not there."""
    kubeconfig = tmp_path / "kubeconfig"
    cluster = {"server": "https://127.0.0.1:9"}
    context = {"cluster": "c", "user": "u"}
    kubeconfig.write_text(
        yaml.safe_dump(
            {
                "clusters": [{"name": "c", "cluster": cluster}],
                "users": [{"name": "u", "user": {"token": "t"}}],
                "contexts": [{"name": "x", "context": context}],
                "current-context": "x",
            }
        )
    )
    file = tmp_path / "config.yaml"
    allow = [{"repository": "acme/fleet", "namespaces": ["shop"]}]
    file.write_text(
        yaml.safe_dump(
            {
                "dataDir": str(tmp_path / "data"),
                "forges": {"hub": {"token": "${env:TOKEN}", "webhookSecrets": ["${env:HOOK}"]}},
                "repositories": [{"forge": "hub", "repository": "acme/fleet", "branches": ["main"]}],
                "clusters": {
                    "lost": {"kubeconfig": str(kubeconfig), "environment": "staging", "allow": allow}
                },
            }
        )
    )
    return file


def deliver(config: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["deliver", *words, "--config", str(config)])


def test_a_branch_that_is_not_delivered_is_refused(config: Path) -> None:
    result = deliver(config, "acme/fleet@mian")
    assert result.exit_code == 1
    assert "'mian' is not a delivery branch of acme/fleet" in result.output
    assert "main" in result.output


def test_without_a_store_it_says_when_the_branch_is_looked_at(config: Path) -> None:
    result = deliver(config, "acme/fleet@main")
    assert (result.exit_code, result.output.count("next sweep")) == (0, 1)


def test_a_cluster_that_does_not_answer_is_named_and_keeps_nobody_else_from_being_asked(config: Path) -> None:
    result = deliver(config, "acme/fleet@main", "--retry")
    assert "cluster lost is left out" in result.output
    assert "Nothing has failed that a cluster knows of." in result.output


def test_one_answer_at_a_time(config: Path) -> None:
    assert "one of" in deliver(config, "acme/fleet@main", "--retry", "--accept", "a" * 40).output


def test_an_answer_for_a_branch_that_may_be_delivered_nowhere_is_refused(config: Path) -> None:
    text = yaml.safe_load(config.read_text())
    text["clusters"]["lost"]["allow"] = [{"repository": "acme/fleet"}]
    config.write_text(yaml.safe_dump(text))
    result = deliver(config, "acme/fleet@main", "--accept", "a" * 40)
    assert result.exit_code == 1
    assert "nothing may be delivered from acme/fleet@main to any cluster" in result.output
