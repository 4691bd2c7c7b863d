"""When a refusal is about rate, and how long to wait."""

import pytest

from bot.forge.github.limits import wait_after

NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("status", "headers", "message", "expected"),
    [
        pytest.param(429, {"retry-after": "30"}, "", 30, id="named"),
        pytest.param(403, {"retry-after": "30"}, "", 30, id="named, as 403"),
        pytest.param(429, {}, "", 60, id="not named"),
        pytest.param(429, {"retry-after": "soon"}, "", 60, id="nonsense"),
        pytest.param(429, {"retry-after": "0"}, "", 1, id="at once"),
        pytest.param(429, {"retry-after": "99999999"}, "", 3600, id="absurd"),
        pytest.param(
            403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000090"}, "", 90, id="hourly"
        ),
        pytest.param(403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, "", 1, id="reset passed"),
        pytest.param(403, {"x-ratelimit-remaining": "0"}, "", 60, id="reset unknown"),
        pytest.param(
            403,
            {"x-ratelimit-remaining": "4000"},
            "You have exceeded a secondary rate limit. Please wait.",
            60,
            id="secondary, by message",
        ),
        pytest.param(
            403,
            {"x-ratelimit-remaining": "4000"},
            "Resource not accessible by integration",
            None,
            id="permission",
        ),
        pytest.param(404, {"retry-after": "30"}, "", None, id="not a refusal"),
        pytest.param(200, {}, "", None, id="good"),
    ],
)
def test_wait(status: int, headers: dict[str, str], message: str, expected: float | None) -> None:
    assert wait_after(status, headers, message, now=NOW) == expected
