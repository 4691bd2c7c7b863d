"""Redaction: a table of what must never reach a log line, and of what must stay readable."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from bot import log


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    out = io.StringIO()
    log.configure("debug", "json", out)
    yield out
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


SECRETS = [
    ("ghs_16C7e42F292c6912E7710c838347Ae178B4a", "16C7e42F"),
    ("ghp_abcdefghijklmnop0123", "abcdefgh"),
    ("github_pat_11ABCDEFG0abcdefghij_zzz", "11ABCDEFG"),
    ("glpat-Zx8-abcdefGHIJKL.01", "abcdefGHIJ"),
    ("xoxb-1234-5678-abcdefgh", "abcdefgh"),
    ("https://hooks.slack.com/services/T00/B00/XXXXsecretXXXX", "XXXXsecret"),
    ("AGE-SECRET-KEY-1QQQQQQQQQQQQ", "QQQQQQ"),
    ("AKIAIOSFODNN7EXAMPLE", "IOSFODNN"),
    ("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhcHAifQ.c2lnbmF0dXJl", "c2lnbmF0"),
    ("Authorization: Bearer abc.def-ghi_jkl", "abc.def"),
    ("authorization: basic dXNlcjpwYXNz", "dXNlcjpw"),
    ("clone https://x-access-token:tok3n-value@github.com/acme/fleet", "tok3n-value"),
    ("redis://:hunter2@db:6379/0", "hunter2"),
    ("https://justatoken@example.test/x", "justatoken"),
    ("dsn password=hunter2 host=db", "hunter2"),
    ('{"client_secret": "hunter2"}', "hunter2"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\n-----END RSA PRIVATE KEY-----\ntail", "MIIEabc"),
    ("-----BEGIN PRIVATE KEY-----\nMIIEcut off", "MIIEcut"),
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_no_credential_survives_redaction(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in log.redact(text)
    assert log.REDACTED in log.redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "the token: expired an hour ago",
        "ssh://git@github.com/acme/fleet.git",
        "https://github.com/acme/fleet/pull/7",
        "Secret prod/db is unchanged",
        "sha 0ac1817c7d7b4a9d8f1f2d3c4b5a697887766554",
    ],
)
def test_plain_sentences_stay_as_they_are(text: str) -> None:
    assert log.redact(text) == text


def test_text_around_a_secret_stays() -> None:
    assert log.redact("GET https://u:p@host/a failed") == "GET https://***@host/a failed"


def test_hostile_text_is_redacted_in_linear_time() -> None:
    for piece in ("a.", "-----BEGIN PRIVATE KEY-----", "https://", "password=", "bearer ", "eyJaaaaaaaaaa."):
        assert len(log.redact_capped(piece * 200_000)) < log.MAX_VALUE_CHARS + 100


def test_a_cut_never_uncovers_half_a_secret() -> None:
    assert "ghp_" not in log.redact_capped("x " * 47 + "ghp_" + "a" * 40, 100)


def test_fields_are_redacted_by_name_at_any_depth(stream: io.StringIO) -> None:
    structlog.get_logger("t").info(
        "asked", headers={"Authorization": "zzz", "n": [{"api_key": "yyy"}]}, accessToken="xxx"
    )
    assert not any(secret in stream.getvalue() for secret in ("xxx", "yyy", "zzz"))


def test_the_text_of_an_object_is_redacted_too(stream: io.StringIO) -> None:
    class Leaky:
        def __repr__(self) -> str:
            return "<Leaky password=hunter2>"

    structlog.get_logger("t").info("asked", what=Leaky())
    assert "hunter2" not in stream.getvalue()


def test_exceptions_are_redacted(stream: io.StringIO) -> None:
    try:
        raise RuntimeError("cannot reach redis://:hunter2@db")  # noqa: TRY301 - the test's whole point
    except RuntimeError:
        structlog.get_logger("t").exception("failed")
        logging.getLogger("lib").exception("failed too")
    first, second = lines(stream)
    assert "RuntimeError" in first["exception"]
    assert "RuntimeError" in second["exception"]
    assert "hunter2" not in stream.getvalue()


def test_the_standard_library_shares_the_line_and_the_bound_context(stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(run_id="r1"):
        logging.getLogger("lib").warning("token is %s", "ghp_abcdefghijkl", extra={"path": "a/b"})
    (line,) = lines(stream)
    assert line["run_id"] == "r1"
    assert line["path"] == "a/b"
    assert line["event"] == "token is ***"
    assert line["level"] == "warning"
    assert line["logger"] == "lib"


def test_a_huge_value_is_cut(stream: io.StringIO) -> None:
    structlog.get_logger("t").info("big", text="x" * 1_000_000, many=list(range(10_000)))
    assert len(stream.getvalue()) < log.MAX_VALUE_CHARS * 2
