"""Variables that Flux substitutes after the build."""

from oracles.flux.app import App
from oracles.workload import own_kind

_TEMPLATE = {
    "plain": "${name}",
    "within": "a ${name} b ${name}",
    "default": "${missing:=fallback}",
    "default-dash": "${missing:-other}",
    "empty-default": "${missing:=}",
    "nested": "${missing:=${name}}",
    "escaped": "$${name}",
    "no-braces": "$name and $$",
    "upper": "${name^^}",
    "first": "${name^}",
    "lower": "${name,,}",
    "length": "l${#name}",
    "sub": "${name:1:2}",
    "from": "${name:2}",
    "strip": "${name#s}",
    "strip-all": "${path##*/}",
    "strip-end": "${path%/*}",
    "replace": "${name/o/0}",
    "replace-all": "${path//\\//_}",
    "number": "n${number}",
    "quoted": '"${number}"',
    "lines": "one ${name}\ntwo ${number}\n",
}


_VALUES = (
    *(
        "true",
        "off",
        "y",
        "5",
        "007",
        "0x10",
        "0o17",
        "1_000",
        "1.0",
        "1e3",
        ".5",
        "12:30",
        "+1",
        "-0",
        "~",
        "null",
    ),
    *(
        "2026-01-31",
        "2026-01-31T10:00:00Z",
        "=",
        "<<",
        "v1",
        "a b",
        "[1, two]",
        "{a: 1}",
        "!!str 5",
        "&a 1",
        "''",
    ),
)


def inline(app: App) -> None:
    _use(app)
    _merge(app, {"name": "shop", "path": "a/b/c", "number": app.pick.choice(["5", "0x5"])})


def types(app: App) -> None:
    """Where a variable stands alone and without quotes, YAML decides anew what it is."""
    gadget, definition = own_kind(app.name, app.home)
    values = {name: app.pick.choice(_VALUES) for name in ("first", "second", "third")}
    gadget["spec"] |= {"bare": {name: f"${{{name}}}" for name in values}, "quoted": f"q{_VALUES[0]}"}
    app.objects["gadget.yaml"] = [gadget, definition]
    app.bare |= {f"${{{name}}}" for name in values} | {"${replicas:=0}"}
    app.object("Deployment")["spec"]["replicas"] = "${replicas:=0}"
    _merge(app, values)


def from_config_map(app: App) -> None:
    """Two declared in Git beside the Kustomization; inline wins, then the later one."""
    _use(app)
    first = _variables(app, "first", {"name": "first", "path": "x/web", "number": "7"})
    second = _variables(app, "second", {"name": "second"})
    app.script.write("clusters/test/variables.yaml", first, second)
    sources = [
        {"kind": "ConfigMap", "name": f"{app.name}-first"},
        {"kind": "ConfigMap", "name": f"{app.name}-second"},
    ]
    build = app.spec.setdefault("postBuild", {})
    build["substituteFrom"] = [*sources, *build.get("substituteFrom", ())]
    if app.pick.random() < 0.5:
        build.setdefault("substitute", {})["number"] = "1"


def optional(app: App) -> None:
    """A source that neither Git nor the cluster has."""
    _use(app)
    build = app.spec.setdefault("postBuild", {})
    nowhere = {"kind": "ConfigMap", "name": "nowhere", "optional": True}
    build["substituteFrom"] = [*build.get("substituteFrom", ()), nowhere]
    _merge(app, {"name": "shop", "path": "a/b/c", "number": "5"})


def from_cluster(app: App) -> None:
    """A source that only the cluster has: its values cannot be known here."""
    _use(app)
    values = {"name": "live", "path": "p/q", "number": "3"}
    app.script.given.append(_variables(app, "live", values))
    build = app.spec.setdefault("postBuild", {})
    build["substituteFrom"] = [
        *build.get("substituteFrom", ()),
        {"kind": "ConfigMap", "name": f"{app.name}-live"},
    ]


def from_secret(app: App) -> None:
    _use(app)
    secret = {"apiVersion": "v1", "kind": "Secret",
              "metadata": {"name": f"{app.name}-hidden", "namespace": app.home},
              "stringData": {"name": "s3cr3t-name", "path": "s/t", "number": "9"}}  # fmt: skip
    app.script.write("clusters/test/hidden.yaml", secret)
    build = app.spec.setdefault("postBuild", {})
    build["substituteFrom"] = [
        *build.get("substituteFrom", ()),
        {"kind": "Secret", "name": f"{app.name}-hidden"},
    ]


def substitute_always(app: App) -> None:
    config = app.object("ConfigMap")
    config["data"]["always"] = "${missing:=always} $${kept}"
    app.spec.setdefault("postBuild", {})["substituteStrategy"] = app.pick.choice(["Always", "WithVariables"])


def _use(app: App) -> None:
    """A fair part of the grammar; all of it has tables of its own."""
    names = app.pick.sample(sorted(_TEMPLATE), k=12)
    config = app.object("ConfigMap")
    config["data"] |= {f"v-{name}": _TEMPLATE[name] for name in names}
    config["metadata"]["labels"]["variable"] = "${name}"
    app.spec.setdefault("postBuild", {})


def _merge(app: App, values: dict[str, str]) -> None:
    build = app.spec.setdefault("postBuild", {})
    build["substitute"] = {**build.get("substitute", {}), **values}


def _variables(app: App, name: str, data: dict[str, str]) -> dict[str, object]:
    metadata = {"name": f"{app.name}-{name}", "namespace": app.home}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


FEATURES = {
    "postBuild.substitute": inline,
    "postBuild: values that become numbers": types,
    "postBuild.substituteFrom: ConfigMap in Git": from_config_map,
    "postBuild.substituteFrom: optional, nowhere": optional,
    "postBuild.substituteFrom: Secret in Git": from_secret,
    "postBuild.substituteFrom: only in the cluster": from_cluster,
    "postBuild.substituteStrategy": substitute_always,
}
