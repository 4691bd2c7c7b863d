"""Rules of `.longshore.yaml`."""

import pytest

from bot.config import ConfigError, parse_team
from bot.model.target import EngineKind, RendererKind, TargetId


def problems(text: str, clusters: dict[str, object] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_team(text.encode(), ".longshore.yaml", clusters)
    return [str(problem) for problem in caught.value.problems]


def test_a_target_needs_only_name_cluster_and_path() -> None:
    team = parse_team(b"targets: [{name: web, cluster: staging, path: ./apps//web/}]", ".longshore.yaml")
    target = team.targets[0].target(".longshore.yaml", 1)
    assert target.id == TargetId("staging", "web")
    assert target.path == "apps/web"
    assert (target.renderer, target.engine) == (RendererKind.KUSTOMIZE, EngineKind.DIRECT)
    assert (target.prune, target.wait, target.timeout_s) == (True, True, 300.0)


def test_names_are_unique_within_a_cluster() -> None:
    text = "targets:\n- {name: web, cluster: a, path: x}\n- {name: web, cluster: b, path: x}\n- {name: web, cluster: a, path: z}\n"
    assert problems(text) == [
        ".longshore.yaml:4: targets[2].name: 'web' on 'a' is declared at targets[0] already"
    ]


def test_dependencies_name_targets_of_the_same_cluster_and_form_no_circle() -> None:
    text = """
targets:
- {name: a, cluster: c, path: a, dependsOn: [b]}
- {name: b, cluster: c, path: b, dependsOn: [a]}
- {name: d, cluster: c, path: d, dependsOn: [zzz]}
"""
    assert problems(text) == [
        ".longshore.yaml:3: targets[0].dependsOn: 'a' depends on itself",
        ".longshore.yaml:4: targets[1].dependsOn: 'b' depends on itself",
        ".longshore.yaml:5: targets[2].dependsOn: no target of 'c' is called 'zzz'; known: a, b, d",
    ]


def test_a_cluster_that_was_not_given_is_named_with_the_nearest() -> None:
    text = "targets: [{name: web, cluster: prodution, path: x}]"
    assert problems(text, {"production": None, "staging": None}) == [
        ".longshore.yaml:1: targets[0].cluster: no cluster is called 'prodution'; did you mean 'production'?"
    ]


@pytest.mark.parametrize("path", ["/etc", "../x", "a/../../b"])
def test_a_path_stays_inside_the_repository(path: str) -> None:
    (problem,) = problems(f"targets: [{{name: web, cluster: c, path: {path}}}]")
    assert "inside the repository" in problem


@pytest.mark.parametrize("text", ["30s", "10m", "1h30m", "500ms"])
def test_durations_are_written_with_units(text: str) -> None:
    team = parse_team(f"targets: [{{name: w, cluster: c, path: p, timeout: {text}}}]".encode(), "f")
    assert team.targets[0].timeout == {"30s": 30, "10m": 600, "1h30m": 5400, "500ms": 0.5}[text]
