"""Where an ApplicationSet takes its parameters from."""

import json

import yaml

from oracles.argocd.sets import Set, elements


def list_elements(made: Set) -> None:
    made.generators = [
        elements({"name": "one", "tier": "x"}, {"name": "two", "tier": "", "values": {"deep": "v"}})
    ]
    made.app_name = made.at("name")
    made.notes = {"tier": made.at("tier"), "missing": made.at("values.deep")}
    made.names = {"one", "two"}


def list_elements_yaml(made: Set) -> None:
    made.generators = [
        {"list": {"elements": [{"name": "plain"}], "elementsYaml": "- {name: given, number: 2}\n"}}
    ]
    made.app_name = made.at("name")
    made.notes = {"number": made.at("number")}
    made.names = {"plain", "given"}


def list_types(made: Set) -> None:
    """Other values than texts are only taken in Go templates."""
    made.is_go = True
    made.generators = [elements({"name": "one", "int": 1, "big": 12345678901, "float": 1.5, "yes": True,
                                 "map": {"k": "v"}, "list": ["x"], "none": None})]  # fmt: skip
    made.app_name = "{{.name}}"
    made.notes = {key: f"{{{{.{key}}}}}" for key in ("int", "big", "float", "yes", "map", "list", "none")}
    made.names = {"one"}


def directories(made: Set) -> None:
    patterns, names = made.pick.choice(
        [
            (["sets/*"], {"alpha", "beta", "gamma-x"}),
            (["sets/**"], {"alpha", "beta", "gamma-x"}),
            (["sets/[ab]*"], {"alpha", "beta"}),
            (["sets/*/*", "sets/beta"], {"deeper", "beta"}),
        ]
    )
    made.generators = [made.git(directories=[{"path": pattern} for pattern in patterns])]
    _of_path(made, names)


def excluded_directories(made: Set) -> None:
    made.generators = [
        made.git(
            directories=[{"path": "sets/beta", "exclude": True}, {"path": "sets/*"}, {"path": "sets/nowhere"}]
        )
    ]
    _of_path(made, {"alpha", "gamma-x"})


def prefixed_directories(made: Set) -> None:
    made.generators = [made.git(directories=[{"path": "sets/a*"}], pathParamPrefix="my")]
    made.app_name = made.at("my", "path", "basename")
    made.notes = {"mine": made.at("my.path.basename"), "plain": made.at("path")}
    made.names = {"alpha"}


def _of_path(made: Set, names: set[str]) -> None:
    made.app_name = made.at("path", "basenameNormalized")
    made.source = made.script.source(made.at("path", "path") if made.is_go else "{{path}}")
    first = "{{index .path.segments 0}}" if made.is_go else "{{path[0]}}{{path[9]}}{{ path.basename }}"
    made.notes = {"base": made.at("path.basename"), "first": first}
    made.names = names


def files(made: Set) -> None:
    """Of YAML and JSON, one with a list."""
    script = made.script
    script.files |= {
        "settings/one/config.yaml": yaml.safe_dump({"app": {"name": "one"}, "count": 3, "truth": True, "none": None,
                                                    "list": ["a"], "part": 1.5, "path": "overwritten"}),
        "settings/two/config.json": json.dumps({"app": {"name": "two"}, "count": 4}),
        "settings/three/config.yaml": yaml.safe_dump([{"app": {"name": "three"}}, {"app": {"name": "four"}}]),
    }  # fmt: skip
    made.generators = [made.git(files=[{"path": "settings/**/config.*"}])]
    made.app_name = made.at("app", "name")
    made.notes = {
        key: made.at(key) for key in ("count", "truth", "none", "part", "path.basename", "path.filename")
    }
    made.notes["directory"] = made.at("path.path") if made.is_go else "{{path}}"
    made.names = {"one", "two", "three", "four"}


def chosen_files(made: Set) -> None:
    files(made)
    wanted = [{"path": "settings/*.yaml"}, {"path": "settings/three/*", "exclude": True}]
    made.generators = [made.git(files=wanted)]
    made.names = {"one"}


def clusters(made: Set) -> None:
    made.generators = [{"clusters": {}}]
    _of_clusters(made, {"in-cluster", "staging", "production"})


def selected_clusters(made: Set) -> None:
    selector, names = made.pick.choice(
        [
            ({"matchLabels": {"env": "staging"}}, {"staging"}),
            ({"matchExpressions": [{"key": "env", "operator": "Exists"}]}, {"staging", "production"}),
            ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["one"]}]}, {"production"}),
            ({"matchLabels": {"argocd.argoproj.io/secret-type": "cluster"}}, {"staging", "production"}),
        ]
    )
    made.generators = [{"clusters": {"selector": selector, "values": {"full": f"{made.at('name')}-x"}}}]
    _of_clusters(made, names)
    made.notes["value"] = made.at("values.full")


def _of_clusters(made: Set, names: set[str]) -> None:
    made.app_name = made.at("nameNormalized")
    made.notes = {"label": made.at("metadata.labels.tier"), "note": made.at("metadata.annotations.domain")}
    made.notes |= {"project": made.at("project"), "missing": made.at("metadata.labels.none")}
    made.template = {"spec": {"destination": {"server": made.at("server"), "namespace": made.script.name}}}
    made.names = names


def flat_list(made: Set) -> None:
    made.is_go = True
    made.generators = [{"clusters": {"flatList": True, "selector": {"matchLabels": {"tier": "one"}}}}]
    made.app_name = "flat"
    made.notes = {"all": "{{ range .clusters }}{{ .name }} {{ .metadata.labels.env }} {{ end }}"}
    made.names = {"flat"}


def several(made: Set) -> None:
    """One generator after the other, of which one has nothing."""
    made.generators = [
        elements({"name": "one"}),
        made.git(directories=[{"path": "none/*"}]),
        elements({"name": "two"}),
    ]
    made.app_name = made.at("name")
    made.names = {"one", "two"}


def selector(made: Set) -> None:
    made.generators = [
        {**elements({"name": "one", "env": "a"}, {"name": "two", "env": "b"}, {"name": "three"}),
         "selector": {"matchExpressions": [{"key": "env", "operator": "NotIn", "values": ["a"]}]}}
    ]  # fmt: skip
    made.app_name = made.at("name")
    made.names = {"two", "three"}


def nothing(made: Set) -> None:
    made.generators = [made.pick.choice([elements(), made.git(directories=[{"path": "none/*"}])])]
    made.app_name = made.at("name")


def empty_cluster_selection(made: Set) -> None:
    made.generators = [{"clusters": {"selector": {"matchLabels": {"env": "nowhere"}}}}]
    made.app_name = made.at("name")


FEATURES = {
    "list": list_elements,
    "list: elementsYaml": list_elements_yaml,
    "list: types": list_types,
    "git directories": directories,
    "git directories: exclude": excluded_directories,
    "git directories: pathParamPrefix": prefixed_directories,
    "git files": files,
    "git files: exclude": chosen_files,
    "clusters": clusters,
    "clusters: selector, values": selected_clusters,
    "clusters: flatList": flat_list,
    "clusters: none selected": empty_cluster_selection,
    "several generators": several,
    "generator: selector": selector,
    "generator: nothing": nothing,
}
