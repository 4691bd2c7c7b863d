"""Rules of `plugins`, `jsonnet` and `kustomize` in `config.yaml`."""

import pytest

from bot.config import Config, ConfigError, parse_operator
from bot.model.programs import Plugin, Program


def read(text: str) -> Config:
    return parse_operator(text.encode(), "config.yaml")


def problem(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text)
    return "; ".join(str(found) for found in caught.value.problems)


def test_a_plugin_is_called_by_its_name_and_version() -> None:
    found = read(
        "plugins:\n"
        "  cue: {command: [/opt/cue/render, --strict], read: [/opt/cue], env: {PATH: /bin}, reads: path, forks: true}\n"
        "  tanka: {command: [/opt/tk], version: v1.0, discover: {fileName: ./tk*.json, glob: '**/x'}, edition: '2'}\n"
        "jsonnet: {command: [/opt/jsonnet]}\n"
        "kustomize: {command: [/opt/kustomize, build], reads: path}\n"
    ).programs()
    assert found.plugins == (
        Plugin(
            "cue",
            Program(
                ("/opt/cue/render", "--strict"),
                read=("/opt/cue",),
                env={"PATH": "/bin"},
                reads_whole_tree=False,
                is_for_forks=True,
            ),
        ),
        Plugin("tanka-v1.0", Program(("/opt/tk",), edition="2"), "./tk*.json", "**/x"),
    )
    assert found.jsonnet == Program(("/opt/jsonnet",))
    assert found.kustomize == Program(("/opt/kustomize", "build"), reads_whole_tree=False)


def test_without_any_there_are_none() -> None:
    assert not read("{}").programs()


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [
        ("{}", "command: is required"),
        ("{command: []}", "at least 1 item"),
        ("{command: [render]}", "'render' must be an absolute path"),
        ("{command: [/opt/../etc/x]}", "must be an absolute path without .."),
        ("{command: [/opt/x], read: [usr]}", "read[0]: 'usr' must be an absolute path"),
        ("{command: [/opt/x], read: [/]}", "read[0]: must be a directory below /"),
        ("{command: [/opt/x], reads: all}", "must be 'tree' or 'path'"),
        ("{command: [/opt/x], env: {a-b: c}}", "'a-b' does not fit"),
        ("{command: [/opt/x], discover: {fileName: ../x}}", "must be a pattern below the source's directory"),
        ("{command: [/opt/x], discover: {glob: /x}}", "must be a pattern below the source's directory"),
        ('{command: [/opt/x], env: {A: "a\\0b"}}', "zero byte"),
    ],
)
def test_a_plugin_that_could_not_run_as_it_is_meant_is_refused(plugin: str, reason: str) -> None:
    assert reason in problem(f"plugins:\n  cue: {plugin}\n")


def test_two_plugins_are_not_called_alike() -> None:
    text = "plugins: {a: {command: [/x/y], version: b}, a-b: {command: [/x/y]}}"
    assert "two of them are called 'a-b'" in problem(text)


@pytest.mark.parametrize("name", ["'../x'", "a/b", "'-a'", "''"])
def test_a_name_that_no_plugin_can_have_is_refused(name: str) -> None:
    assert "plugins" in problem(f"plugins: {{{name}: {{command: [/x/y]}}}}")
