"""The Application as the controller writes it, and whether the API server would take it."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.model.objects import Manifest
from bot.render.applicationset.application import APPLICATION
from bot.render.applicationset.errors import Ungenerated
from bot.render.applicationset.selector import is_domain, is_label_value, is_qualified_name
from bot.render.applicationset.shapes import shown, written

_MAX_ANNOTATIONS = 256 * 1024
_FILTERS = ("exclude", "include")


def finished(application: Mapping[str, Any], namespace: str) -> Manifest:
    """The manifest. It lies in the namespace of the ApplicationSet, whatever its template says."""
    plain = written(
        {"metadata": application.get("metadata", {}), "spec": _normalized(application["spec"])}, APPLICATION
    )
    metadata = {key: value for key, value in plain["metadata"].items() if key != "namespace"}
    made: Manifest = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {**metadata, **({"namespace": namespace} if namespace else {})},
        "spec": plain["spec"],
    }
    if application.get("operation"):
        made["operation"] = application["operation"]
    return made


def _normalized(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Without what says nothing. Only a single source is looked at, as the controller does."""
    found = dict(spec)
    policy = found.get("syncPolicy")
    if policy is not None and not any(
        policy.get(name) or (name in policy and name != "syncOptions")
        for name in ("automated", "syncOptions", "retry", "managedNamespaceMetadata")
    ):
        del found["syncPolicy"]
    if not found.get("sources") and "source" in found:
        found["source"] = _normalized_source(found["source"])
    return found


def _normalized_source(source: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(source)
    for way in ("helm", "kustomize"):
        if way in found and not any(found[way].values()):
            del found[way]
    directory = found.get("directory")
    if directory is not None and not (directory.get("recurse") or any(directory.get("jsonnet", {}).values())):
        kept = {name: directory[name] for name in _FILTERS if directory.get(name)}
        if kept:
            found["directory"] = kept
        else:
            del found["directory"]
    return found


def check(applications: Sequence[Manifest]) -> None:
    """Raises `Ungenerated` for what neither the controller nor the API server would take."""
    names: set[str] = set()
    for each in applications:
        name = each["metadata"].get("name", "")
        if name in names:
            raise Ungenerated(
                f"two of its Applications have the name {shown(name)}, and Argo CD takes neither",
                "spec.template.metadata.name",
            )
        names.add(name)
        _check(each, name)


def _check(application: Manifest, name: str) -> None:
    metadata, at = application["metadata"], "spec.template.metadata"
    if not is_domain(name):
        what = (
            f"{shown(name)} is no name that an Application can have" if name else "an Application has no name"
        )
        raise Ungenerated(what, f"{at}.name")
    for key, value in metadata.get("labels", {}).items():
        if not is_qualified_name(key) or not is_label_value(value):
            raise Ungenerated(f"the Application {name} cannot have the label {shown(key)}", f"{at}.labels")
    annotations = metadata.get("annotations", {})
    for key in annotations:
        if not is_qualified_name(key.lower()):
            raise Ungenerated(
                f"the Application {name} cannot have the annotation {shown(key)}", f"{at}.annotations"
            )
    if sum(len(key) + len(value) for key, value in annotations.items()) > _MAX_ANNOTATIONS:
        raise Ungenerated(f"the annotations of the Application {name} are too large", f"{at}.annotations")
    for finalizer in metadata.get("finalizers", ()):
        if not is_qualified_name(finalizer):
            raise Ungenerated(
                f"the Application {name} cannot have the finalizer {shown(finalizer)}", f"{at}.finalizers"
            )
    if not application["spec"].get("project"):
        raise Ungenerated(f"the Application {name} has no project", "spec.template.spec.project")
