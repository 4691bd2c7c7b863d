"""A source's `kustomize` options as an overlay: the fields that `edits.py` lays over the kustomization, checked."""

import re
from typing import Any

from bot.model.target import Target
from bot.render.argocd.edits import image
from bot.render.argocd.environment import Environment
from bot.render.argocd.fields import Fields
from bot.render.argocd.versions import as_told, kube_version
from bot.render.errors import Unrenderable
from bot.render.helm.inputs import ClusterFacts

_NUMBER = re.compile(r"[+-]?[0-9]+")
_FLAGS = (
    "forceCommonLabels",
    "forceCommonAnnotations",
    "labelWithoutSelector",
    "labelIncludeTemplates",
    "ignoreMissingComponents",
)
_SELECTOR = ("group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector")


def overlay(options: Fields, environment: Environment) -> dict[str, Any]:
    """Only what is set. Raises `Unrenderable` with the field."""
    result: dict[str, Any] = {
        "namePrefix": options.text("namePrefix"),
        "nameSuffix": options.text("nameSuffix"),
        "namespace": options.text("namespace"),
        "images": _images(options, environment),
        "replicas": [_replica(each) for each in options.each("replicas")],
        "commonLabels": _pairs(options, "commonLabels", environment),
        "commonAnnotations": _pairs(
            options, "commonAnnotations", environment if options.flag("commonAnnotationsEnvsubst") else None
        ),
        "patches": [_patch(each) for each in options.each("patches")],
        "components": _components(options),
    }
    result |= {name: options.flag(name) for name in _FLAGS}
    if result["labelIncludeTemplates"] and not result["labelWithoutSelector"] and result["commonLabels"]:
        raise options.bad("labelIncludeTemplates", "needs labelWithoutSelector: true")
    return {name: value for name, value in result.items() if value}


def cluster_options(options: Fields) -> dict[str, Any]:
    """What the source says of the cluster to charts that the kustomization inflates. Raises `Unrenderable`."""
    found = {"kubeVersion": kube_version(options), "apiVersions": list(options.texts("apiVersions"))}
    return {name: value for name, value in found.items() if value}


def told_by(target: Target, facts: ClusterFacts) -> ClusterFacts:
    """The same of a concrete target, with what is known of its cluster for what the source leaves out."""
    return ClusterFacts(
        target.options.get("kubeVersion") or as_told(facts.kube_version),
        tuple(target.options.get("apiVersions") or facts.api_versions),
    )


def version_remark(options: Fields, target: Target) -> str:
    """What to say of another kustomize than ours, or nothing."""
    version = options.text("version")
    if not version:
        return ""
    said = f"{options.at}.version asks for kustomize {version[:40]}; it is rendered here with Longshore's own"
    about = target.argocd
    if about is not None and version in about.installation.kustomize_versions:
        return said
    return f"{said}, and Argo CD refuses it unless `kustomize.path.{version[:40]}` in argocd-cm registers it"


def _images(options: Fields, environment: Environment) -> list[str]:
    found = [environment.substituted(text) for text in options.texts("images")]
    for index, text in enumerate(found):
        if text.startswith("-"):
            raise options.bad(f"images[{index}]", f"{text[:200]!r} would be an option of kustomize")
        try:
            image(text)
        except Unrenderable as error:
            raise options.bad(f"images[{index}]", error.message) from None
    return found


def _replica(each: Fields) -> dict[str, Any]:
    name, count = each.text("name"), each.anything("count")
    if isinstance(count, str) and _NUMBER.fullmatch(count):
        count = int(count)
    if isinstance(count, float) and count.is_integer():
        count = int(count)
    if isinstance(count, bool) or not isinstance(count, int | type(None)):
        raise each.bad("count", "must be a whole number")
    if "=" in name or name.startswith("-"):
        raise each.bad("name", "is no name of an object")
    return {"name": name, "count": count or 0}


def _pairs(options: Fields, field: str, environment: Environment | None) -> dict[str, str]:
    """As arguments `KEY:VALUE`, in which the first colon counts and quotes around the value go."""
    result: dict[str, str] = {}
    for name, value in options.pairs(field).items():
        text = environment.substituted(value) if environment else value
        if not name or name.startswith("-"):
            raise options.bad(field, f"has {name[:80]!r}, which is no name")
        key, _, rest = f"{name}:{text}".partition(":")
        quoted = len(rest) > 1 and rest.startswith('"') and rest.endswith('"')
        result[key] = rest[1:-1] if quoted else rest
    return result


def _patch(each: Fields) -> dict[str, Any]:
    found: dict[str, Any] = {name: each.text(name) for name in ("path", "patch")}
    target = each.below("target")
    if each.anything("target") is not None:
        found["target"] = {name: target.text(name) for name in _SELECTOR if target.text(name)}
    options = each.mapping("options")
    if not all(isinstance(value, bool) for value in options.values()):
        raise each.bad("options", "must hold true or false only")
    found["options"] = dict(options)
    return {name: value for name, value in found.items() if value or name == "target"}


def _components(options: Fields) -> list[str]:
    found = list(options.texts("components"))
    for index, text in enumerate(found):
        if text.startswith("-"):
            raise options.bad(f"components[{index}]", f"{text[:200]!r} would be an option of kustomize")
    return found
