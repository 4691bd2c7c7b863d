"""Generators made of generators."""

from typing import Any

from oracles.argocd.sets import Set, elements


def _matrix(*generators: dict[str, Any]) -> dict[str, Any]:
    return {"matrix": {"generators": list(generators)}}


def _merge(keys: list[str], *generators: dict[str, Any]) -> dict[str, Any]:
    return {"merge": {"mergeKeys": keys, "generators": list(generators)}}


def matrix(made: Set) -> None:
    made.generators = [_matrix(elements({"a": "1"}, {"a": "2"}), elements({"b": "p"}, {"b": "q"}))]
    made.app_name = f"{made.at('a')}-{made.at('b')}"
    made.names = {"1-p", "1-q", "2-p", "2-q"}


def git_by_clusters(made: Set) -> None:
    selector = {"matchExpressions": [{"key": "env", "operator": "Exists"}]}
    made.generators = [
        _matrix(made.git(directories=[{"path": "sets/[ab]*"}]), {"clusters": {"selector": selector}})
    ]
    made.app_name = f"{made.at('path', 'basename')}-{made.at('name')}"
    made.source = made.script.source(made.at("path", "path") if made.is_go else "{{path}}")
    made.template = {"spec": {"destination": {"name": made.at("name"), "namespace": made.script.name}}}
    made.names = {f"{path}-{cluster}" for path in ("alpha", "beta") for cluster in ("staging", "production")}


def templated_second(made: Set) -> None:
    """The second generator uses what the first one found."""
    made.generators = [
        _matrix(
            elements({"env": "staging", "where": "sets"}),
            made.pick.choice(
                [
                    {"clusters": {"selector": {"matchLabels": {"env": made.at("env")}}}},
                    elements({"name": f"{made.at('env')}"}),
                ]
            ),
        )
    ]
    made.app_name = f"{made.at('name')}-{made.at('env')}"
    made.names = {"staging-staging"}


def templated_git(made: Set) -> None:
    made.generators = [
        _matrix(elements({"where": "sets"}), made.git(directories=[{"path": f"{made.at('where')}/a*"}]))
    ]
    made.app_name = made.at("path", "basename")
    made.names = {"alpha"}


def same_key(made: Set) -> None:
    """The first one's value wins, and maps are laid over one another: only in Go templates."""
    made.is_go = True
    made.generators = [
        _matrix(
            elements({"name": "first", "map": {"a": "1", "both": "first"}}),
            elements({"name": "second", "map": {"b": "2", "both": "second"}}),
        )
    ]
    made.app_name = "{{.name}}"
    made.notes = {"map": "{{ toJson .map }}"}
    made.names = {"first"}


def merge(made: Set) -> None:
    base = elements({"k": "1", "v": "base"}, {"k": "2", "v": "base"}, {"k": "3", "v": "base"})
    over = elements({"k": "1", "v": "over", "w": "new"}, {"k": "9", "v": "nobody"})
    made.generators = [_merge(["k"], base, over, elements({"k": "3", "v": "last"}))]
    made.app_name = f"{made.at('k')}-{made.at('v')}"
    made.notes = {"new": made.at("w")}
    made.names = {"1-over", "2-base", "3-last"}


def merge_keys(made: Set) -> None:
    base = elements({"k": "1", "l": "1"}, {"k": "1", "l": "2"})
    made.generators = [
        _merge(["k", "l"], base, elements({"k": "1", "l": "2", "v": "x"}, {"k": "1", "v": "no"}))
    ]
    made.app_name = f"{made.at('k')}-{made.at('l')}"
    made.notes = {"value": made.at("v")}
    made.names = {"1-1", "1-2"}


def merge_clusters(made: Set) -> None:
    """In Go templates the controller panics over it, and says nothing."""
    made.is_go = False
    selector = {"matchExpressions": [{"key": "env", "operator": "Exists"}]}
    over = {"name": "staging", "values.replicas": "5"}
    made.generators = [
        _merge(
            ["name"],
            {"clusters": {"selector": selector, "values": {"replicas": "1", "kept": "y"}}},
            elements(over),
        )
    ]
    made.app_name = made.at("name")
    made.notes = {"replicas": made.at("values.replicas"), "kept": made.at("values.kept")}
    made.names = {"staging", "production"}


def merge_maps(made: Set) -> None:
    made.is_go = True
    made.generators = [
        _merge(["k"], elements({"k": "1", "m": {"a": "1", "b": "1"}}), elements({"k": "1", "m": {"b": "2"}}))
    ]
    made.app_name = "{{.k}}"
    made.notes = {"map": "{{ toJson .m }}"}
    made.names = {"1"}


def nested(made: Set) -> None:
    inner = made.pick.choice([_matrix(elements({"b": "1"}, {"b": "2"}), elements({"c": "x"})),
                              _merge(["b"], elements({"b": "1", "c": "x"}, {"b": "2", "c": "y"}), elements({"b": "2", "c": "x"}))])  # fmt: skip
    made.generators = [_matrix(elements({"a": "1"}), inner)]
    made.app_name = f"{made.at('a')}-{made.at('b')}-{made.at('c')}"
    made.names = {"1-1-x", "1-2-x"}


def child_selector(made: Set) -> None:
    chosen = {**elements({"a": "1"}, {"a": "2"}), "selector": {"matchLabels": {"a": "2"}}}
    made.generators = [_matrix(chosen, elements({"b": "p"}))]
    made.app_name = f"{made.at('a')}-{made.at('b')}"
    made.names = {"2-p"}


FEATURES = {
    "matrix": matrix,
    "matrix: git by clusters": git_by_clusters,
    "matrix: templated by the first": templated_second,
    "matrix: git templated by the first": templated_git,
    "matrix: the same key twice": same_key,
    "matrix: nested": nested,
    "matrix: selector of a child": child_selector,
    "merge": merge,
    "merge: several keys": merge_keys,
    "merge: clusters and list": merge_clusters,
    "merge: maps": merge_maps,
}
