"""`spec.templatePatch`, once it is rendered: a strategic merge of it into one Application, as the controller does it.

Of the Application's types only the finalizers are merged as a list; every other list is replaced.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from bot.render.applicationset.application import APPLICATION, APPLICATION_SPEC, METADATA
from bot.render.applicationset.errors import NotKnown, Ungenerated
from bot.render.applicationset.leaves import first_document
from bot.render.applicationset.shapes import Fields, ListOf, MapOf, Raw, Shape, admitted, shown, written

FIELD = "spec.templatePatch"
_PATCHED = Fields(
    {"metadata": METADATA, "spec": APPLICATION_SPEC, "operation": Raw(is_mapping=True), "status": Raw()}
)
_MERGED_LISTS = frozenset({"finalizers"})
_DIRECTIVE, _RETAIN = "$patch", "$retainKeys"
_ORDER, _DELETE_FROM = "$setElementOrder/", "$deleteFromPrimitiveList/"

Mapped = dict[str, Any]


def patched(application: Mapped, text: str) -> Mapped:
    """The Application with the patch in it; its project stays. Raises `Ungenerated`."""
    patch = _parsed(text)
    admitted(patch, _PATCHED, FIELD, is_partial=True)
    project = application["spec"].get("project", "")
    merged = _merged(written(application, APPLICATION), patch, _PATCHED, FIELD)
    found: Mapped = admitted(merged, _PATCHED, FIELD, is_partial=True)
    found.pop("status", None)
    found.setdefault("metadata", {})
    found.setdefault("spec", {})["project"] = project
    return found


def _parsed(text: str) -> Mapped:
    try:
        is_json = text.strip().startswith("{")
        value = (
            msgspec.json.decode(text) if is_json else first_document(text.encode("utf-8", "surrogateescape"))
        )
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        raise Ungenerated("renders to text that begins like JSON and is none", FIELD) from None
    except NotKnown as error:
        raise Ungenerated(f"renders to text that is no YAML: {error.message}", FIELD) from None
    if value is not None and not isinstance(value, dict):
        raise Ungenerated("must render to a mapping", FIELD)
    return value or {}


def _merged(original: Mapped, patch: Mapped, shape: Shape, at: str) -> Mapped:
    if _DIRECTIVE in patch:
        return _directed(patch, at)
    original = dict(_retained(original, patch, at))
    for key in sorted(patch):
        value, field = patch[key], f"{at}.{shown(key)}"
        if key == _RETAIN:
            continue
        if key.startswith(_ORDER):
            raise Ungenerated(f"uses {_ORDER}, which Longshore does not read", at)
        if key.startswith(_DELETE_FROM):
            _delete(original, key.removeprefix(_DELETE_FROM), value, shape, field)
        elif value is None:
            original.pop(key, None)
        else:
            _put(original, key, value, shape, field)
    return original


def _put(original: Mapped, key: str, value: Any, shape: Shape, at: str) -> None:
    known = original.get(key)
    if isinstance(known, dict) and isinstance(value, dict):
        original[key] = _merged(known, value, _below(shape, key, at), at)
    elif isinstance(known, list) and isinstance(value, list):
        _below(shape, key, at)
        original[key] = _joined(known, value) if key in _MERGED_LISTS and shape is METADATA else value
    else:
        kept, is_kept = _without_directives(_without_nulls(value))
        if is_kept:
            original[key] = kept
        else:
            original.pop(key, None)


def _below(shape: Shape, key: str, at: str) -> Shape:
    """What lies at the key. Raises `Ungenerated` where the controller knows no type and gives up."""
    if isinstance(shape, Fields) and key in shape.fields:
        return shape.fields[key]
    if isinstance(shape, Raw | MapOf):
        raise Ungenerated(
            "Argo CD cannot merge this with what the template has there already",
            at,
            hint="leave one out",
        )
    return Raw()


def _directed(patch: Mapped, at: str) -> Mapped:
    match patch[_DIRECTIVE]:
        case "replace":
            return {key: value for key, value in patch.items() if key != _DIRECTIVE}
        case "delete":
            return {}
        case _:
            raise Ungenerated("must be replace or delete", f"{at}.{_DIRECTIVE}")


def _retained(original: Mapped, patch: Mapped, at: str) -> Mapped:
    keys = patch.get(_RETAIN)
    if keys is None:
        return original
    if not isinstance(keys, list) or any(
        key not in keys
        for key, value in patch.items()
        if value is not None and key != _RETAIN and not key.startswith((_ORDER, _DELETE_FROM))
    ):
        raise Ungenerated("must name every key of the patch", f"{at}.{_RETAIN}")
    return {key: value for key, value in original.items() if key in keys}


def _delete(original: Mapped, key: str, gone: Any, shape: Shape, at: str) -> None:
    known = original.get(key)
    if not isinstance(known, list) or not isinstance(gone, list):
        return
    below = _below(shape, key, at)
    if isinstance(below, ListOf) and isinstance(below.item, Fields):
        raise Ungenerated("these are no plain values", at)
    original[key] = [each for each in known if each not in gone]


def _joined(known: Sequence[Any], added: Sequence[Any]) -> list[Any]:
    """Both lists without doubles: each keeps its own order, and what only one has comes where it can."""
    patch = list(dict.fromkeys(added))
    left = [each for each in dict.fromkeys(known) if each not in patch]
    found = []
    while left and patch:
        is_before = patch[0] in known and known.index(left[0]) < known.index(patch[0])
        found.append((left if is_before else patch).pop(0))
    return [*found, *left, *patch]


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def _without_directives(value: Any) -> tuple[Any, bool]:
    """The value, and whether it stays: a mapping with a directive in it does not."""
    if isinstance(value, dict):
        if _DIRECTIVE in value:
            return None, False
        pairs: Mapping[str, tuple[Any, bool]] = {
            key: _without_directives(each) for key, each in value.items()
        }
        return {key: kept for key, (kept, is_kept) in pairs.items() if is_kept}, True
    if isinstance(value, list):
        items = [_without_directives(each) for each in value]
        return [kept for kept, is_kept in items if is_kept], True
    return value, True
