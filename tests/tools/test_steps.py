from __future__ import annotations

import io
import sys

import pytest

from tools.steps import NO_BETTER_IDEA, Command, Progress, ToolFailure, run


def python(code: str) -> Command:
    return Command("counting", [sys.executable, "-c", code])


def test_a_failure_shows_the_last_lines_only() -> None:
    with pytest.raises(ToolFailure) as caught:
        run(python("import sys; [print('line', n) for n in range(50)]; sys.exit(3)"), Progress(io.StringIO()))
    assert caught.value.said.splitlines() == [f"line {number}" for number in range(30, 50)]
    assert "exit status 3" in caught.value.what
    assert caught.value.way_out == NO_BETTER_IDEA


@pytest.mark.parametrize(
    ("said", "way_out"),
    [
        ("dial tcp: lookup proxy: no such host", "cannot be reached"),
        ("write /tmp/x: no space left on device", "disk is full"),
        ("compile: signal: killed", "memory ran out"),
        ("verifying module: checksum mismatch", "restore tools/go/"),
    ],
)
def test_a_known_cause_has_its_own_way_out(said: str, way_out: str) -> None:
    with pytest.raises(ToolFailure) as caught:
        run(python(f"import sys; print({said!r}); sys.exit(1)"), Progress(io.StringIO()))
    assert way_out in caught.value.way_out


def test_long_work_says_now_and_then_that_it_goes_on() -> None:
    out = io.StringIO()
    run(python("import time; time.sleep(1.2)"), Progress(out, keep_alive_s=0.3))
    assert out.getvalue().splitlines()[0].startswith("counting: ")


def test_lines_that_are_progress_are_counted_and_not_returned() -> None:
    said = run(
        python("print('a/b'); print('two words')"),
        Progress(io.StringIO()),
        is_progress=lambda line: "/" in line,
    )
    assert said == "two words"
