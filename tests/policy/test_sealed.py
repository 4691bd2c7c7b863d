"""SealedSecrets: what they say, and what is wrong with them."""

import base64
from typing import Any

import pytest

from bot.model.rendering import Severity
from bot.policy.sealed import Scope, SealedSecret, describe_sealed, judge_sealed

SEALED = base64.b64encode(b"\x02\x00" + b"x" * 600).decode()
PREFIX = "sealedsecrets.bitnami.com/"


def manifest(scope: str = "", template: dict[str, str] | None = None, **data: Any) -> dict[str, Any]:
    return {
        "apiVersion": "bitnami.com/v1alpha1",
        "kind": "SealedSecret",
        "metadata": {
            "name": "db",
            "namespace": "app",
            "annotations": {f"{PREFIX}{scope}": "true"} if scope else None,
        },
        "spec": {
            "encryptedData": data or {"password": SEALED},
            "template": {"metadata": {"annotations": template}},
        },
    }


def sealed(*arguments: Any, **data: Any) -> SealedSecret:
    found = describe_sealed(manifest(*arguments, **data))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("scope", "expected"),
    [("", Scope.STRICT), ("namespace-wide", Scope.NAMESPACE_WIDE), ("cluster-wide", Scope.CLUSTER_WIDE)],
)
def test_keys_and_scope_are_described(scope: str, expected: Scope) -> None:
    found = sealed(scope, b=SEALED, a=SEALED)
    assert (found.keys, found.scope, found.unsealed, found.adopts) == (("a", "b"), expected, (), False)
    assert judge_sealed(found, None, "db.yaml") == ()


def test_adopting_an_existing_secret_is_described() -> None:
    assert sealed("", {f"{PREFIX}managed": "true"}).adopts


def test_a_template_that_widens_the_scope_is_an_error() -> None:
    (found,) = judge_sealed(sealed("", {f"{PREFIX}cluster-wide": "true"}), None, "db.yaml")
    assert found.severity is Severity.ERROR
    assert "CVE-2026-22728" in found.message
    assert f"{PREFIX}cluster-wide" in found.message
    assert found.file == "db.yaml"


def test_a_template_that_says_what_the_object_says_is_fine() -> None:
    assert judge_sealed(sealed("cluster-wide", {f"{PREFIX}cluster-wide": "true"}), None, None) == ()


def test_plain_text_in_place_of_ciphertext_is_an_error_that_does_not_quote_it() -> None:
    (found,) = judge_sealed(sealed(good=SEALED, bad="hunter2", number=1), None, None)
    assert found.severity is Severity.ERROR
    assert "bad, number" in found.message
    assert "hunter2" not in found.message


def test_widening_the_scope_is_a_warning_and_narrowing_is_not() -> None:
    strict, wide = sealed(), sealed("namespace-wide")
    (found,) = judge_sealed(wide, strict, None)
    assert found.severity is Severity.WARNING
    assert judge_sealed(strict, wide, None) == ()


@pytest.mark.parametrize("spec", [None, "x", {"encryptedData": []}, {"template": {"metadata": 1}}])
def test_any_shape_is_described(spec: Any) -> None:
    found = describe_sealed({**manifest(), "spec": spec})
    assert found is not None
    assert found.keys == ()


@pytest.mark.parametrize(
    "other", [{}, {"apiVersion": "v1", "kind": "SealedSecret", "metadata": {"name": "x"}}]
)
def test_other_objects_are_none(other: dict[str, Any]) -> None:
    assert describe_sealed(other) is None
