"""What `kustomize edit` does to a kustomization, in the order in which Argo CD runs it, as one function of data.

An overlay of Argo CD is what `kustomize.py` makes of a source: fields of its own, `edits` among none of Flux's.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.render.errors import Unrenderable

_GENERATED: Mapping[str, Any] = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization"}
_KEEP = "*"
_IMAGE = ("newName", "newTag", "digest")


def edited(
    kustomization: Mapping[str, Any], overlay: Mapping[str, Any], components: Iterable[str]
) -> dict[str, Any]:
    """`components` are those of the overlay that exist. Raises `Unrenderable` where `kustomize edit` refuses."""
    result = {**_GENERATED, **kustomization}
    result |= {name: overlay[name] for name in ("namePrefix", "nameSuffix") if overlay.get(name)}
    if overlay.get("images"):
        result["images"] = _images(result, overlay["images"])
        result.pop("imageTags", None)
    if overlay.get("replicas"):
        result["replicas"] = _replicas(result, overlay["replicas"])
    if overlay.get("commonLabels"):
        _label(result, overlay)
    if overlay.get("commonAnnotations"):
        added, force = overlay["commonAnnotations"], bool(overlay.get("forceCommonAnnotations"))
        result["commonAnnotations"] = _added(
            result.get("commonAnnotations"), added, "annotation", force=force
        )
    if overlay.get("namespace"):
        result["namespace"] = overlay["namespace"]
    if overlay.get("patches"):
        result["patches"] = [*_list(result, "patches"), *overlay["patches"]]
    named = list(dict.fromkeys([*_list(result, "components"), *components]))
    if named:
        result["components"] = named
    return result


def image(text: str) -> dict[str, str]:
    """One image as `kustomize edit set image` reads it: `[NAME=]IMAGE[:TAG][@DIGEST]`. Raises `Unrenderable`."""
    name, equals, value = text.partition("=")
    new_name, tag, digest = _split(value if equals else text)
    if new_name == text:
        raise Unrenderable(
            f"{text[:200]!r} names no other image; write NAME=NEWNAME, NAME:TAG, NAME@DIGEST or both together"
        )
    found = {"name": name, "newName": new_name} if equals else {"name": new_name}
    found |= {"newTag": tag} if tag else {}
    return found | ({"digest": digest} if digest else {})


def _split(text: str) -> tuple[str, str, str]:
    """Name, tag and digest; a colon before the first slash belongs to the registry's host."""
    slash = max(text.find("/"), 0)
    at, colon = text.find("@", slash), text.find(":", slash)
    if at >= 0 and (colon < 0 or at < colon):
        return text[:at], "", text[at:].removeprefix("@")
    if at >= 0:
        return text[:colon], text[colon:at].removeprefix(":"), text[at:].removeprefix("@")
    return (text[:colon], text[colon + 1 :], "") if colon >= 0 else (text, "", "")


def _images(kustomization: Mapping[str, Any], wanted: Iterable[str]) -> list[dict[str, Any]]:
    """An image of the same name is replaced whole, but for what `*` keeps; of equal names among the others the first counts."""
    images: dict[str, dict[str, Any]] = {}
    for text in wanted:
        found = image(text)
        images[found["name"]] = dict(found)
    for present in (*_list(kustomization, "images"), *_list(kustomization, "imageTags")):
        name = present.get("name", "") if isinstance(present, dict) else None
        if name is None:
            raise Unrenderable("images of the kustomization must be a list of mappings")
        known = images.get(name)
        if known is None:
            images[name] = dict(present)
        elif any(known.get(field) == _KEEP for field in _IMAGE):
            kept = {field: present.get(field, "") for field in _IMAGE if known.get(field) == _KEEP}
            images[name] = {**known, **kept}
    return [_without_marks(images[name]) for name in sorted(images)]


def _without_marks(found: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if not (key in _IMAGE and value in (_KEEP, ""))}


def _replicas(kustomization: Mapping[str, Any], wanted: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found = {each["name"]: dict(each) for each in wanted}
    for present in _list(kustomization, "replicas"):
        if not isinstance(present, dict):
            raise Unrenderable("replicas of the kustomization must be a list of mappings")
        found.setdefault(present.get("name", ""), dict(present))
    return [found[name] for name in sorted(found)]


def _label(result: dict[str, Any], overlay: Mapping[str, Any]) -> None:
    added, force = overlay["commonLabels"], bool(overlay.get("forceCommonLabels"))
    if not overlay.get("labelWithoutSelector"):
        result["commonLabels"] = _added(result.get("commonLabels"), added, "label", force=force)
        return
    templates = bool(overlay.get("labelIncludeTemplates"))
    labels = [dict(each) if isinstance(each, dict) else each for each in _list(result, "labels")]
    for each in labels:
        if not isinstance(each, dict):
            raise Unrenderable("labels of the kustomization must be a list of mappings")
        if not each.get("includeSelectors") and bool(each.get("includeTemplates")) is templates:
            each["pairs"] = _added(each.get("pairs"), added, "label", force=force)
            break
    else:
        labels.append({"pairs": dict(added), **({"includeTemplates": True} if templates else {})})
    result["labels"] = labels


def _added(present: Any, added: Mapping[str, str], kind: str, *, force: bool) -> dict[str, Any]:
    known = present if isinstance(present, dict) else {}
    there = next((key for key in sorted(added) if key in known), None)
    if there is not None and not force:
        field = "forceCommonLabels" if kind == "label" else "forceCommonAnnotations"
        raise Unrenderable(
            f"the {kind} {there[:200]!r} is in the kustomization already; kustomize.{field}: true overrides it"
        )
    return {**known, **added}


def _list(kustomization: Mapping[str, Any], name: str) -> list[Any]:
    value = kustomization.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Unrenderable(f"{name} of the kustomization must be a list")
    return value
