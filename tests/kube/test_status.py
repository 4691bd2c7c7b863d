"""The server's refusals become types, and lose the values they quote."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Temporary, UserError
from bot.kube import errors
from bot.kube.status import error_of, without_values


def body(message: str = "", reason: str = "", *causes: tuple[str, str, str], **details: object) -> bytes:
    listed = [{"field": f, "reason": r, "message": m} for f, r, m in causes]
    return json.dumps(
        {"kind": "Status", "message": message, "reason": reason, "details": {"causes": listed, **details}}
    ).encode()


IMMUTABLE = 'Invalid value: {"matchLabels":{"a":"b"}}: field is immutable'
ROWS = [
    (401, body("Unauthorized", "Unauthorized"), errors.Unauthorized, UserError),
    (403, body("no", "Forbidden"), errors.Forbidden, UserError),
    (403, body("no", "Forbidden", ("", "NamespaceTerminating", "x")), errors.NamespaceTerminating, Temporary),
    (404, body("not found", "NotFound"), errors.NotFound, UserError),
    (404, b"404 page not found\n", errors.NotFound, UserError),
    (409, body("modified", "Conflict"), errors.Conflict, Temporary),
    (409, body("exists", "AlreadyExists"), errors.AlreadyExists, UserError),
    (409, body("c", "Conflict", (".spec", "FieldManagerConflict", 'conflict with "helm" using v1')), errors.FieldConflict, UserError),
    (422, body("bad", "Invalid", ("spec.x", "FieldValueInvalid", "Required value")), errors.Invalid, UserError),
    (422, body(f"Deployment is invalid: {IMMUTABLE}", "Invalid", ("spec.selector", "FieldValueInvalid", IMMUTABLE)), errors.Immutable, UserError),
    (400, body("strict decoding error: unknown field", "BadRequest"), errors.Invalid, UserError),
    (400, body('admission webhook "a" denied the request: no'), errors.WebhookRefused, UserError),
    (403, body('admission webhook "a" denied the request: no'), errors.WebhookRefused, UserError),
    (422, body("ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no", "Invalid"), errors.WebhookRefused, UserError),
    (400, body('admission webhook "a" does not support dry run'), errors.DryRunRefused, UserError),
    (500, body('failed calling webhook "a": context deadline exceeded'), errors.WebhookFailed, Temporary),
    (413, body("too large", "RequestEntityTooLarge"), errors.TooLarge, UserError),
    (429, body("slow down", retryAfterSeconds=7), errors.TooManyRequests, Temporary),
    (500, body("etcd", "InternalError"), errors.ServerFailed, Temporary),
    (500, body("failed to create typed patch object (a/b; apps/v1, Kind=D): .spec.x: field not declared in schema"), errors.Invalid, UserError),
    (500, body("failed to convert new object (a/b; /v1, Kind=Secret) to proper version: illegal base64"), errors.Invalid, UserError),
    (503, b"<html>", errors.ServerFailed, Temporary),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "answer", "kind", "root"), ROWS, ids=[f"{r[0]}-{r[2].__name__}" for r in ROWS]
)
def test_every_answer_has_its_type(code: int, answer: bytes, kind: type, root: type) -> None:
    error = error_of(code, answer, "apply of x")
    assert type(error) is kind
    assert isinstance(error, root)
    assert error.status == code
    assert str(error).startswith("apply of x: ")


def test_the_server_s_wish_when_to_come_back_is_kept() -> None:
    error = error_of(429, body("slow down", retryAfterSeconds=7), "x")
    assert isinstance(error, Temporary)
    assert error.retry_after_s == 7


def test_a_field_conflict_names_the_managers() -> None:
    causes = [
        (
            ".spec.replicas",
            "FieldManagerConflict",
            'conflict with "hpa" with subresource "scale" using apps/v1',
        ),
        (".data.b", "FieldManagerConflict", 'conflict with "flux"'),
        (".data.a", "FieldManagerConflict", 'conflict with "argo \\"x\\"" using v1 at 2026-01-01T00:00:00Z'),
    ]
    error = error_of(409, body("Apply failed", "Conflict", *causes), "x")
    assert isinstance(error, errors.FieldConflict)
    assert error.managers == ('argo "x"', "flux", "hpa")
    assert error.appliers == ("flux",)
    assert error.causes[0].field == ".spec.replicas"


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ('Invalid value: "hunter2": must be short', "Invalid value: must be short"),
        (r'Invalid value: "a\"b: c": must be short', "Invalid value: must be short"),
        ('Invalid value: {"password":"hunter2"}: field is immutable', "Invalid value: field is immutable"),
        ("Invalid value: 17: must be less", "Invalid value: must be less"),
        (
            'Unsupported value: "hunter2": supported values: "A", "B"',
            'Unsupported value: supported values: "A", "B"',
        ),
        ('Duplicate value: "hunter2"', "Duplicate value"),
        ("Required value: name it", "Required value: name it"),
        ("expected string, got &value.valueUnstructured{Value:12}", "expected string, got something else"),
    ],
)
def test_quoted_values_are_cut_out(message: str, left: str) -> None:
    assert without_values(message) == left


@given(
    st.text(min_size=6, max_size=40).filter(
        lambda t: t.strip() == t and t not in "Invalid value must be short"
    )
)
def test_no_quoted_value_survives_whatever_is_in_it(secret: str) -> None:
    quoted = json.dumps(secret)
    assert secret not in without_values(f"spec.password: Invalid value: {quoted}: must be short")


def test_of_a_secret_only_field_and_reason_are_told() -> None:
    causes = [("data[hunter2-key]", "FieldValueInvalid", "hunter2 is not base64")]
    for answer in (body("hunter2", "Invalid", *causes), body("illegal base64: hunter2", "BadRequest")):
        error = error_of(422, answer, "apply of Secret a/b", is_secret=True)
        assert "hunter2 " not in str(error)
        assert "illegal" not in str(error)


def test_of_a_misshapen_secret_the_field_is_told_and_no_value() -> None:
    typed = "failed to create typed patch object (a/b; /v1, Kind=Secret): .data.key: expected string, got &value.valueUnstructured{Value:hunter2}"
    assert str(error_of(500, body(typed), "x", is_secret=True)) == "x: .data.key: expected string"


def test_messages_are_capped() -> None:
    assert len(error_of(400, body("x" * 100_000), "y").message) <= errors.MAX_MESSAGE_CHARS
