"""What a program makes of a directory: Jsonnet, and config management plugins."""

from oracles.argocd.app import App

NAMED, FINDING = "told", "finding-v1"
MARK = "mark.finding"


def jsonnet(app: App) -> None:
    app.files["made.jsonnet"] = (
        '{apiVersion: "v1", kind: "ConfigMap", metadata: {name: "made"}, data: {sum: "" + (1 + 2)}}\n'
    )


def jsonnet_forms(app: App) -> None:
    """One object, a list with nothing in it, a kind with items, numbers of every size, and what is passed over."""
    one = '{apiVersion: "v1", kind: "ConfigMap", metadata: {name: "%s"}, data: {}}'
    app.files |= {
        "many.jsonnet": f"[{one % 'many-first'}, null, {one % 'many-second'}]",
        "list.jsonnet": f'{{apiVersion: "v1", kind: "List", items: [{one % "listed"}]}}',
        "letters.jsonnet": (
            '{apiVersion: "v1", kind: "ConfigMap", metadata: {name: "letters"}, '
            "data: {text: 'é\\u2028\\n\\ttab <>&', quoted: std.toString({a: 1.0, b: 1e6, c: 0.5, d: 1e-7})}}"
        ),
        "library.libsonnet": "error 'never evaluated by itself'",
        "skipped.jsonnet": "// +argocd:skip-file-rendering\nerror 'skipped'",
        "none.jsonnet": "[]",
    }


def jsonnet_options(app: App) -> None:
    """Variables with the build environment in them, and libraries of which the last one counts."""
    app.files |= {
        "asked.jsonnet": (
            "function(text, code=[]) {apiVersion: 'v1', kind: 'ConfigMap', metadata: {name: 'asked'}, data: {text: text, "
            "code: std.toString(code), outer: std.extVar('outer'), sum: '' + std.extVar('sum'), "
            "beside: import 'beside.libsonnet', lib: import 'shared.libsonnet', raw: importstr 'only.txt'}}"
        ),
        "beside.libsonnet": '"beside"',
        "/first/shared.libsonnet": '"first"',
        "/first/only.txt": "in the first",
        "/second/shared.libsonnet": '"second"',
        "/second/beside.libsonnet": '"second"',
    }
    app.options["jsonnet"] = {
        "tlas": [
            {"name": "text", "value": "--of $ARGOCD_APP_NAME=${ARGOCD_APP_NAMESPACE}"},
            {"name": "code", "value": "[1, 2]", "code": True},
        ],
        "extVars": [
            {"name": "outer", "value": "a=b $$ARGOCD_APP_NAME"},
            {"name": "sum", "value": "1 + 2", "code": True},
        ],
        "libs": app.pick.choice([["first", "second"], ["/second", "first"], ["./first"], ["first", "gone"]]),
    }


def named_plugin(app: App) -> None:
    """With everything that it can be told."""
    app.source["plugin"] = {
        "name": NAMED,
        "env": [
            {"name": "FOO", "value": "bar-$ARGOCD_APP_NAME"},
            {"name": "EMPTY", "value": "[$NOBODY]"},
            {"name": "KUBE", "value": "${KUBE_VERSION}"},
        ],
        "parameters": [
            {"name": "some.text", "string": "a<b>&c"},
            {"name": "files", "array": ["x", "y"]},
            {"name": "nothing", "array": []},
            {"name": "image", "map": {"tag.name": "v1", "Other": "o"}},
        ],
    }


def bare_plugin(app: App) -> None:
    app.source["plugin"] = {"name": NAMED}


def plugin_to_be_found(app: App) -> None:
    """By an empty block, or by none at all."""
    app.files[f"inner/{MARK}"] = ""
    if app.pick.random() < 0.5:
        app.source["plugin"] = {}


FEATURES = {
    "directory: jsonnet": jsonnet,
    "directory: jsonnet, its forms": jsonnet_forms,
    "directory: jsonnet, its options": jsonnet_options,
    "plugin: named, with env and parameters": named_plugin,
    "plugin: named alone": bare_plugin,
    "plugin: found by its files": plugin_to_be_found,
}
