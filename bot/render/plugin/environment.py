"""What a config management plugin finds in its environment: what Argo CD's repo-server hands over, and nothing else of it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from bot.model.manifests import canonical_json
from bot.render.argocd.environment import STAND_INS, Environment
from bot.render.argocd.fields import Fields
from bot.render.argocd.versions import as_told
from bot.render.helm.inputs import ClusterFacts

_NOT_IN_NAMES = re.compile(r"[^A-Z0-9_]")
_ESCAPED = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}
_MAX_BYTES = 1 << 20


def plugin_environment(known: Environment, source: Any, facts: ClusterFacts) -> dict[str, str]:
    """`source` is `spec.source.plugin`, None where the source does not have it. Raises `Unrenderable` naming the field.

    What nobody knows yet, the commit above all, has a stand-in that is found again in what is printed.
    """
    made = build_environment(known)
    made["KUBE_VERSION"] = as_told(facts.kube_version)
    made["KUBE_API_VERSIONS"] = ",".join(facts.api_versions)
    build = Environment(dict(made))
    options = Fields("plugin", source)
    if source is not None:
        for entry in options.each("env"):
            name, value = entry.text("name"), build.substituted(entry.text("value"))
            if not name or "=" in name or "\0" in name:
                raise entry.bad("name", f"{name[:80]!r} cannot be the name of a variable")
            made[f"ARGOCD_ENV_{name}"] = value
        parameters = [_parameter(entry) for entry in options.each("parameters")]
        made["ARGOCD_APP_PARAMETERS"] = _go_json(parameters) if parameters else "null"
        for parameter in parameters:
            made.update(_variables(parameter))
    if sum(len(name) + len(value) for name, value in made.items()) > _MAX_BYTES:
        raise options.bad("env", f"and parameters make more than {_MAX_BYTES >> 20} MiB")
    return made


def build_environment(known: Environment) -> dict[str, str]:
    """What everything that Argo CD runs over a source finds there."""
    return {name: found.text for name, found in STAND_INS.items()} | dict(known.values)


def _parameter(entry: Fields) -> Mapping[str, Any]:
    """As Argo CD writes it: only what is set, and what is set to nothing as empty."""
    made: dict[str, Any] = {"name": entry.text("name")}
    if entry.anything("string") is not None:
        made["string"] = entry.text("string")
    if entry.anything("map") is not None:
        made["map"] = entry.pairs("map")
    if entry.anything("array") is not None:
        made["array"] = list(entry.texts("array"))
    return made


def _variables(parameter: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    name = f"PARAM_{_escaped(parameter['name'])}"
    if "string" in parameter:
        yield name, parameter["string"]
    for key, value in sorted(parameter.get("map", {}).items()):
        yield f"{name}_{_escaped(key)}", value
    for index, value in enumerate(parameter.get("array", ())):
        yield f"{name}_{index}", value


def _escaped(name: str) -> str:
    """NB: letter by letter, as in Go: none becomes two."""
    return _NOT_IN_NAMES.sub("_", "".join(upper if len(upper := c.upper()) == 1 else c for c in name))


def _go_json(value: Any) -> str:
    """As Go's encoder writes it: sorted keys, and what means something to HTML as its number."""
    return canonical_json(msgspec.to_builtins(value)).decode().translate(_ESCAPED)
