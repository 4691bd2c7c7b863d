import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from bot.aio import run as run_loop
from bot.proc.confine import MIB, Confinement, Limits
from bot.proc.errors import ProgramFailed, ProgramMissing, ProgramOutputTooLarge, ProgramTimeout
from bot.proc.run import Command, run
from bot.proc.sandbox import layers

PYTHON = Path(sys.executable)
SH = Path("/bin/sh")


def shell(script: str, **options: object) -> Command:
    return Command([SH, "-c", script], **options)  # type: ignore[arg-type]


async def test_gives_back_what_the_program_wrote_and_how_it_ended() -> None:
    done = await run(shell("cat; echo oops >&2; exit 3", stdin=b"hello", accept=frozenset({3})))
    assert (done.exit_code, done.stdout, done.stderr) == (3, b"hello", b"oops\n")


async def test_inherits_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONGSHORE_TEST_TOKEN", "s3cret")
    done = await run(Command(["/usr/bin/env"], env={"NAMED": "1"}))
    assert done.stdout == b"NAMED=1\n"


async def test_an_unaccepted_exit_code_is_an_error_that_keeps_the_words_apart() -> None:
    with pytest.raises(ProgramFailed) as caught:
        await run(shell("echo s3cret >&2; exit 7"))
    assert caught.value.exit_code == 7
    assert caught.value.stderr == "s3cret\n"
    assert "s3cret" not in str(caught.value)


async def test_a_missing_program_is_said() -> None:
    with pytest.raises(ProgramMissing, match="nowhere cannot be started"):
        await run(Command(["/no/such/nowhere"]))


async def test_a_timeout_kills_the_whole_group(tmp_path: Path) -> None:
    started = time.monotonic()
    with pytest.raises(ProgramTimeout):
        await run(shell(f"sleep 30 & echo $! > {tmp_path}/child; wait", timeout_s=0.5))
    assert time.monotonic() - started < 5
    assert_gone(int((tmp_path / "child").read_text()))


async def test_a_child_that_leaves_the_group_and_holds_our_pipe_cannot_keep_us() -> None:
    started = time.monotonic()
    with pytest.raises(ProgramTimeout):
        await run(shell("setsid sleep 4 & exit 0", timeout_s=0.5, env={"PATH": os.defpath}))
    assert time.monotonic() - started < 3


async def test_what_a_dead_program_leaves_running_does_not_keep_us() -> None:
    started = time.monotonic()
    with pytest.raises(ProgramFailed) as caught:
        await run(shell("sleep 30 & kill -9 $$", timeout_s=20))
    assert caught.value.exit_code == -9
    assert time.monotonic() - started < 5


async def test_cancelling_kills_the_whole_group(tmp_path: Path) -> None:
    task = asyncio.create_task(run(shell(f"sleep 30 & echo $! > {tmp_path}/child; echo; wait")))
    pid = await asyncio.to_thread(pid_in, tmp_path / "child")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert_gone(pid)


async def test_too_much_output_ends_the_program() -> None:
    with pytest.raises(ProgramOutputTooLarge):
        await run(shell("while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaa; done", max_stdout_bytes=100_000))


async def test_only_the_end_of_the_error_output_is_kept() -> None:
    done = await run(shell("head -c 500000 /dev/zero >&2; printf end >&2", max_stderr_bytes=10))
    assert done.stderr == b"\0" * 7 + b"end"


async def test_a_program_that_does_not_read_its_input_is_no_error() -> None:
    done = await run(shell("exit 0", stdin=b"x" * 1_000_000))
    assert done.exit_code == 0


async def test_a_confined_program_cannot_take_more_memory_than_granted() -> None:
    script = "import sys\ntry:\n  bytearray(400 * 1024 * 1024)\nexcept MemoryError:\n  sys.exit(9)"
    limits = Limits(memory_bytes=200 * MIB)
    done = await run(
        Command([PYTHON, "-I", "-S", "-c", script], confinement=python(limits), accept=frozenset({9}))
    )
    assert done.exit_code == 9


async def test_a_confined_program_cannot_burn_more_processor_time_than_granted() -> None:
    argv: list[str | Path] = [PYTHON, "-I", "-S", "-c", "while True: pass"]
    with pytest.raises(ProgramFailed) as caught:
        await run(Command(argv, confinement=python(Limits(cpu_s=1)), timeout_s=30))
    assert caught.value.exit_code < 0


async def test_a_confined_program_gets_the_named_variables_and_no_other() -> None:
    script = "import os; print(sorted(os.environ.items()))"
    done = await run(
        Command(
            [PYTHON, "-I", "-S", "-X", "utf8", "-c", script],
            env={"LC_ALL": "C.UTF-8", "TOKEN": "t"},
            confinement=python(Limits()),
        )
    )
    assert done.stdout.decode().strip() == "[('LC_ALL', 'C.UTF-8'), ('TOKEN', 't')]"


def python(limits: Limits) -> Confinement:
    """Everything readable: these tests are about limits, not about files."""
    real = Path(os.path.realpath(PYTHON))
    return Confinement(layers(), read=(Path("/"),), execute=(Path("/"), real), limits=limits)


def pid_in(file: Path) -> int:
    for _ in range(500):
        if file.exists() and file.read_text():
            return int(file.read_text())
        time.sleep(0.01)
    raise AssertionError("the program did not start")


def assert_gone(pid: int) -> None:
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return
        if state == "Z":
            return
        time.sleep(0.02)
    pytest.fail(f"process {pid} is still there")


async def test_cancelling_at_any_moment_ends_at_once_and_leaves_nothing() -> None:
    for hesitation in range(60):
        task = asyncio.create_task(run(Command([sys.executable, "-c", "import time; time.sleep(60)"])))
        for _ in range(hesitation % 12):
            await asyncio.sleep(0)
        await asyncio.sleep(hesitation / 10_000)
        task.cancel()
        await asyncio.wait({task}, timeout=20)
        assert task.cancelled()


def test_what_fails_while_programs_are_started_ends_the_loop_in_order() -> None:
    async def fails(hesitation: int) -> None:
        for _ in range(hesitation):
            await asyncio.sleep(0)
        raise LookupError

    async def main(hesitation: int) -> None:
        sleeper = Command([sys.executable, "-c", "import time; time.sleep(60)"])
        await asyncio.gather(fails(hesitation), run(sleeper), run(sleeper))

    for hesitation in range(12):
        began = time.monotonic()
        with pytest.raises(LookupError):
            run_loop(main(hesitation))
        assert time.monotonic() - began < 20
