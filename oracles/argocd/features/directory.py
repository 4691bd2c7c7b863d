"""A directory that is read as it is."""

import json
from typing import Any

from bot.model.objects import Manifest
from oracles.argocd.app import App
from oracles.documents import documents_text
from tests.sandbox.forge.core.git_objects import File

_MARK = "+argocd:skip-file-rendering"


def config(name: str, **data: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data or {"is": name}}


def text(*documents: Manifest) -> str:
    return documents_text(documents)


def forms(app: App) -> None:
    """Every form in which a file may hold objects."""
    app.files |= {
        "short.yml": text(config("short")),
        "object.json": json.dumps(config("json", number="1e3")),
        "two.yaml": text(config("two-first"), config("two-second")),
        "list.yaml": text(
            {"apiVersion": "v1", "kind": "List", "items": [config("listed"), config("listed-too")]}
        ),
        "kindlist.yaml": text(
            {"apiVersion": "v1", "kind": "ConfigMapList", "items": [config("of-its-kind")]}
        ),
        "empty.yaml": "",
        "comment.yaml": "# nothing\n---\n# and nothing\n",
        "UPPER.YAML": text(config("never-read")),
        "note.txt": "apiVersion: none",
        ".dot.yaml": text(config("dotted")),
    }


def _nest(app: App) -> None:
    places = ("inner/a.yaml", "inner/deeper/b.yml", ".hidden/c.yaml", "other/inner/d.json")
    for place in places:
        name = place.strip(".").replace("/", "-").rpartition(".")[0]
        is_json = place.endswith(".json")
        app.files[place] = json.dumps(config(name)) if is_json else text(config(name))


def recurse(app: App) -> None:
    _nest(app)
    app.options["recurse"] = True


def without_recurse(app: App) -> None:
    _nest(app)


def include(app: App) -> None:
    recurse(app)
    app.options["include"] = app.pick.choice(
        [
            "*.yaml",
            "inner/*",
            "**/*.yaml",
            "{inner/a.yaml,*.json}",
            "?nner/*",
            "[io]*",
            "config.yaml",
            "*/*/*",
        ]
    )


def exclude(app: App) -> None:
    recurse(app)
    app.options["exclude"] = app.pick.choice(
        ["*.json", "inner/*", "a.yaml", "*/a.yaml", "**/deeper/**", "{inner/**,.hidden/*}", "[", "*"]
    )


def skip_marker(app: App) -> None:
    app.files |= {
        "skipped.yaml": f"# {_MARK}\n{text(config('skipped'))}",
        "skipped-late.yaml": f"{text(config('late'))}#{_MARK}\n",
        "skipped-by-value.yaml": text(config("by-value", note=f"no {_MARK} here")),
        "kept.yaml": f"# argocd:skip-file-rendering\n{text(config('kept'))}",
    }


def no_objects(app: App) -> None:
    """Files that are no objects and are passed over."""
    app.files |= {
        "values.yaml": "replicas: 3\nlist: [1, 2]\n",
        "words.yaml": "just words\n",
        "numbers.yaml": "- 1\n- 2\n",
        "broken.yaml": "a: [b\n",
    }


def twice(app: App) -> None:
    """The last one counts, by the order of files."""
    first, last = config("twice", which="first"), config("twice", which="last")
    app.files |= {"m-first.yaml": text(first), "n-last.yaml": text(last)}
    if app.pick.random() < 0.5:
        last["metadata"] = {**last["metadata"], "namespace": app.script.name}
        app.files["n-last.yaml"] = text(last)


def old_yaml(app: App) -> None:
    """What YAML 1.1 makes of plain scalars."""
    lines = [
        "on: kept",
        "octal: 017",
        "new: 0o17",
        "hex: 0x1F",
        "float: 1e3",
        "under: 1_000",
        "time: 12:30:45",
    ]
    lines += ["day: 2020-01-31", "tilde: ~", "quoted: 'yes'", "again: first", "again: last"]
    body = "\n".join(f"  {line}" for line in lines)
    app.files["old.yaml"] = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: old}}\ndata:\n{body}\n"
    app.files["merge.yaml"] = (
        "x: &x {a: '1'}\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: merged}\ndata:\n  <<: *x\n  b: '2'\n"
    )


def link(app: App) -> None:
    app.files |= {
        "/shared/linked.yaml": text(config("linked")),
        "/shared/folder/never.yaml": text(config("never")),
        "linked.yaml": File(b"../../shared/linked.yaml", "120000"),
        "folder": File(b"../../shared/folder", "120000"),
        "dangling.yaml": File(b"../../shared/none.yaml", "120000"),
    }
    app.options["recurse"] = app.pick.choice([True, False])


def odd_places(app: App) -> None:
    """Cluster-scoped with a namespace, namespaced without one, and kinds that the cluster does not know."""
    namespace: dict[str, Any] = {"apiVersion": "v1", "kind": "Namespace"}
    namespace["metadata"] = {"name": f"{app.script.name}-made", "namespace": "ignored"}
    unknown = {"apiVersion": "example.invalid/v1", "kind": "Unheard", "metadata": {"name": "of"}}
    app.files |= {"places.yaml": text(namespace, unknown, config("placed"))}


FEATURES = {
    "directory: forms of files": forms,
    "directory: without recurse": without_recurse,
    "directory: recurse": recurse,
    "directory: include": include,
    "directory: exclude": exclude,
    "directory: skip-file marker": skip_marker,
    "directory: files that are no objects": no_objects,
    "directory: one object twice": twice,
    "directory: YAML 1.1": old_yaml,
    "directory: links": link,
    "directory: namespaces": odd_places,
}
