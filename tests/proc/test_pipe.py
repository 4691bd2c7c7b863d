import sys
import time
from pathlib import Path

import pytest

from bot.proc.confine import Confinement
from bot.proc.errors import ProgramFailed, ProgramMissing, ProgramTimeout
from bot.proc.pipe import PipedProgram
from bot.proc.sandbox import layers

ECHO = "import sys\nfor l in sys.stdin.buffer: sys.stdout.buffer.write(l); sys.stdout.buffer.flush()"


def python(script: str, *, timeout_s: float = 20) -> PipedProgram:
    return PipedProgram([Path(sys.executable), "-I", "-S", "-c", script], timeout_s=timeout_s)


def test_answers_questions_one_after_the_other() -> None:
    with python(ECHO) as echo:
        for question in (b"one", b"two"):
            echo.write(question + b"\n")
            assert echo.read_line() == question
        echo.write(b"abcdef\n")
        assert echo.read_exactly(3) == b"abc"
        assert echo.read_line() == b"def"


def test_large_answers_come_whole() -> None:
    with python("import sys; sys.stdout.buffer.write(b'x' * 3_000_000); sys.stdin.read()") as program:
        assert program.read_exactly(3_000_000) == b"x" * 3_000_000


def test_closing_ends_the_program() -> None:
    program = python(ECHO)
    assert program.is_alive
    program.close()
    program.close()
    assert not program.is_alive


def test_a_silent_program_is_given_up_and_ended() -> None:
    program = python("import time; time.sleep(30)", timeout_s=0.2)
    started = time.monotonic()
    with pytest.raises(ProgramTimeout):
        program.read_line()
    assert time.monotonic() - started < 3
    assert not program.is_alive


def test_a_program_that_takes_no_input_is_given_up() -> None:
    program = python("import time; time.sleep(30)", timeout_s=0.2)
    with pytest.raises(ProgramTimeout):
        program.write(b"x" * 1_000_000)


def test_a_program_that_ends_early_is_an_error_for_every_later_call() -> None:
    program = python("pass")
    with pytest.raises(ProgramFailed):
        program.read_line()
    with pytest.raises(ProgramFailed):
        program.write(b"x")
    with pytest.raises(ProgramFailed):
        program.read_exactly(1)


def test_a_line_without_end_is_refused() -> None:
    program = python("import sys; sys.stdout.write('x' * 1_000_000); sys.stdin.read()")
    with pytest.raises(ProgramFailed):
        program.read_line(max_bytes=1000)


def test_a_missing_program_is_said() -> None:
    with pytest.raises(ProgramMissing):
        PipedProgram(["/no/such/program"])


def test_a_confined_one_answers_and_opens_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("value")
    script = "import sys\nfor l in sys.stdin:\n try: open(l.strip()).read(); print('read')\n except PermissionError: print('refused')\n sys.stdout.flush()"
    held = layers()
    interpreter = Path(sys.executable).resolve()
    system = tuple(path for path in map(Path, ("/usr", "/lib", "/lib64", sys.base_prefix)) if path.exists())
    confinement = Confinement(held, read=system, execute=(interpreter, *system))
    argv: list[str | Path] = [interpreter, "-I", "-S", "-c", script]
    with PipedProgram(argv, timeout_s=20, confinement=confinement) as program:
        program.write(f"{secret}\n".encode())
        assert program.read_line() == (b"refused" if held.landlock_abi else b"read")
