"""Selectors over labels: those of Kubernetes for clusters, and the controller's own for what a generator gave.

They differ in one thing: the controller's may ask for a value that is no label's.
"""

import re
from collections.abc import Mapping
from typing import Any

from bot.render.applicationset.errors import Ungenerated
from bot.render.applicationset.shapes import shown

_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", re.ASCII)
_DOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)
_MAX_DOMAIN = 253

Labels = Mapping[str, str]


def is_qualified_name(text: str) -> bool:
    """Whether the text may be the key of a label: a name, with a domain and a slash before it or without."""
    domain, slash, name = text.rpartition("/")
    if "/" in domain or not _NAME.fullmatch(name):
        return False
    return not slash or is_domain(domain)


def is_label_value(text: str) -> bool:
    return not text or _NAME.fullmatch(text) is not None


def is_domain(text: str) -> bool:
    return len(text) <= _MAX_DOMAIN and _DOMAIN.fullmatch(text) is not None


def selects(selector: Mapping[str, Any], labels: Labels) -> bool:
    """Whether labels are selected. The selector has passed `check`."""
    plain = selector.get("matchLabels", {}).items()
    return all(labels.get(key) == value for key, value in plain) and all(
        _holds(each, labels) for each in selector.get("matchExpressions", ())
    )


def check(selector: Mapping[str, Any], at: str, *, any_value: bool) -> None:
    """Raises `Ungenerated` for a selector that the controller refuses. `any_value`: also one that no label can have."""
    for key, value in selector.get("matchLabels", {}).items():
        field = f"{at}.matchLabels.{shown(key)}"
        _check_key(key, field)
        _check_value(value, field, any_value=any_value)
    for index, each in enumerate(selector.get("matchExpressions", ())):
        field = f"{at}.matchExpressions[{index}]"
        _check_key(each.get("key", ""), f"{field}.key")
        values = each.get("values", ())
        if each.get("operator", "") not in ("In", "NotIn", "Exists", "DoesNotExist"):
            raise Ungenerated("must be In, NotIn, Exists or DoesNotExist", f"{field}.operator")
        if bool(values) is (each.get("operator", "") in ("Exists", "DoesNotExist")):
            needs = "must not have" if values else "needs"
            raise Ungenerated(f"{needs} values", f"{field}.values")
        for value in values:
            _check_value(value, f"{field}.values", any_value=any_value)


def _holds(expression: Mapping[str, Any], labels: Labels) -> bool:
    key, values = expression.get("key", ""), expression.get("values", ())
    match expression.get("operator", ""):
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case _:
            return key not in labels


def _check_key(key: str, field: str) -> None:
    if not is_qualified_name(key):
        raise Ungenerated(f"{shown(key)} cannot be the key of a label", field)


def _check_value(value: str, field: str, *, any_value: bool) -> None:
    if not any_value and not is_label_value(value):
        raise Ungenerated(f"{shown(value)} cannot be the value of a label", field)
