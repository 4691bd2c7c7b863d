"""Programs that may start others: none gets away, and together they are held to the same as one."""

import asyncio
import os
import resource
import time
from pathlib import Path

import pytest

from bot.proc.confine import MIB, Confinement, Layers, Limits
from bot.proc.errors import ProgramTooGreedy
from bot.proc.run import Command, Completed, run
from bot.proc.sandbox import layers
from tests.proc.test_sandbox import PYTHON, PYTHON_FILES

FAMILY = Limits(memory_bytes=256 * MIB, file_bytes=0, processes=20)


async def attempt(script: str, *, held: Layers | None = None, limits: Limits = FAMILY) -> Completed:
    granted = tuple(path for path in (*PYTHON_FILES, Path("/usr"), Path("/bin")) if path.exists())
    confinement = Confinement(
        layers() if held is None else held,
        read=granted,
        write=(Path("/dev/null"),),
        execute=(PYTHON, *(path for path in granted if path.is_dir())),
        limits=limits,
    )
    return await run(Command([PYTHON, "-I", "-S", "-c", script], confinement=confinement, timeout_s=20))


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


async def test_it_may_start_what_it_was_granted_and_throw_output_away() -> None:
    done = await attempt("import os; print(os.system('echo said; echo lost >/dev/null'))")
    assert done.stdout == b"said\n0\n"


@pytest.mark.parametrize("held", [Layers(), None], ids=["without layers", "with all there are"])
@pytest.mark.parametrize("call", ["os.setsid()", "os.setpgid(0, 0)"])
async def test_no_process_leaves_its_group(call: str, held: Layers | None) -> None:
    script = f"import os\nif os.fork():\n  os.wait()\nelse:\n  try:\n    {call}\n  except PermissionError:\n    print('held', flush=True)"
    assert (await attempt(script, held=held)).stdout == b"held\n"


@pytest.mark.parametrize("held", [Layers(), None], ids=["without layers", "with all there are"])
@pytest.mark.parametrize("family", ["AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK"])
async def test_no_process_makes_a_socket(family: str, held: Layers | None) -> None:
    script = (
        "import _socket, os\n"
        f"try:\n  _socket.socket(_socket.{family}, _socket.SOCK_DGRAM)\nexcept PermissionError:\n  print('held')\n"
        "print(len(_socket.socketpair()))"
    )
    assert (await attempt(script, held=held)).stdout == b"held\n2\n"


@pytest.mark.parametrize("held", [Layers(), None], ids=["without layers", "with all there are"])
@pytest.mark.parametrize(
    "call",
    [
        *("os.chmod(FILE, 0)", "os.chown(FILE, -1, -1)", "os.lchown(FILE, -1, -1)", "os.utime(FILE)"),
        *("os.truncate(FILE, 0)", "os.setxattr(FILE, 'user.a', b'b')", "os.removexattr(FILE, 'user.a')"),
    ],
)
async def test_no_files_attributes_are_changed(tmp_path: Path, call: str, held: Layers | None) -> None:
    """Landlock knows of none of it."""
    file = tmp_path / "file"
    file.write_text("content")
    before = file.stat()
    script = f"import os\ntry:\n  {call.replace('FILE', repr(str(file)))}\nexcept PermissionError:\n  print('held')"
    assert (await attempt(script, held=held)).stdout == b"held\n"
    after = file.stat()
    assert (after.st_mode, after.st_mtime_ns, after.st_size) == (before.st_mode, before.st_mtime_ns, 7)


async def test_what_is_left_behind_is_ended_with_it() -> None:
    child = int(
        (
            await attempt(
                "import os, time\nif os.fork(): os._exit(0)\nprint(os.getpid(), flush=True)\ntime.sleep(60)"
            )
        ).stdout
    )
    until = time.monotonic() + 5
    while is_alive(child) and time.monotonic() < until:  # noqa: ASYNC110 - nobody tells of the end of a stranger
        await asyncio.sleep(0.02)
    assert not is_alive(child)


async def test_what_is_left_behind_without_our_pipes_is_ended_too() -> None:
    script = (
        "import os, time\nchild = os.fork()\nif child: print(child, flush=True); os._exit(0)\n"
        "for pipe in range(3): os.close(pipe)\ntime.sleep(60)"
    )
    child = int((await attempt(script)).stdout)
    until = time.monotonic() + 5
    while is_alive(child) and time.monotonic() < until:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.02)
    assert not is_alive(child)


@pytest.mark.parametrize("held", [Layers(), None], ids=["without layers", "with all there are"])
@pytest.mark.parametrize(
    "call",
    [
        "resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (1, 1))",
        "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
        "os.sched_setaffinity(os.getppid(), {0})",
        "os.sched_setscheduler(os.getppid(), os.SCHED_IDLE, os.sched_param(0))",
        "os.kill(os.getppid(), 0)",
    ],
)
async def test_nothing_is_done_to_whoever_started_it(call: str, held: Layers | None) -> None:
    script = f"import os, resource\ntry:\n  {call}\nexcept PermissionError:\n  print('held')"
    before = resource.getrlimit(resource.RLIMIT_NOFILE), os.getpriority(os.PRIO_PROCESS, 0)
    assert (await attempt(script, held=held)).stdout == b"held\n"
    assert (resource.getrlimit(resource.RLIMIT_NOFILE), os.getpriority(os.PRIO_PROCESS, 0)) == before


async def test_its_own_limits_and_children_are_its_own() -> None:
    script = (
        "import os, resource, signal, time\nresource.prlimit(0, resource.RLIMIT_NOFILE, (64, 64))\nchild = os.fork()\n"
        "if not child: time.sleep(60)\nos.kill(child, signal.SIGKILL); print(os.wait()[1])"
    )
    scoped = layers().landlock_abi >= 6
    if scoped:
        assert (await attempt(script)).stdout == b"9\n"
    assert (await attempt(script.partition("child =")[0] + "print('set')")).stdout == b"set\n"


async def test_nothing_of_it_stays_in_the_kernels_memory() -> None:
    script = (
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "print(libc.shmget(0, 4096, 0o1600), libc.semget(0, 1, 0o1600), libc.msgget(0, 0o1600), ctypes.get_errno())"
    )
    assert (await attempt(script, held=Layers())).stdout == b"-1 -1 -1 1\n"


async def test_a_program_that_starts_itself_many_times_is_ended_in_seconds() -> None:
    """Many, and not without end: where nobody but the watch holds it, a mistake of ours must not take the machine along."""
    began = time.monotonic()
    with pytest.raises(ProgramTooGreedy, match="more than 20 processes at once") as caught:
        await attempt("import os, time\nfor doubled in range(7): os.fork()\ntime.sleep(15)", held=Layers())
    assert time.monotonic() - began < 15
    assert caught.value.program == PYTHON.name
    until = time.monotonic() + 10
    while running(b"for doubled in range") and time.monotonic() < until:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.02)
    assert not running(b"for doubled in range")


async def test_memory_is_counted_together() -> None:
    """Each of them has less than one may have."""
    script = "import os, time\nfor _ in range(4):\n  if not os.fork():\n    held = b'1' * (100 << 20); time.sleep(15)\ntime.sleep(15)"
    with pytest.raises(ProgramTooGreedy, match="256 MiB of memory together"):
        await attempt(script)


async def test_one_program_alone_is_left_to_itself() -> None:
    alone = Limits(memory_bytes=256 * MIB, file_bytes=0)
    script = "import os\nif os.fork():\n  os.wait()\nelse:\n  os.setsid()\n  print('left', flush=True)"
    assert (await attempt(script, held=Layers(), limits=alone)).stdout == b"left\n"


def running(script: bytes) -> list[str]:
    return [each.name for each in Path("/proc").iterdir() if is_of(each, script)]


def is_of(process: Path, script: bytes) -> bool:
    """Whether it is a process that runs this."""
    try:
        return (
            process.name.isdigit()
            and script in (process / "cmdline").read_bytes()
            and is_alive(int(process.name))
        )
    except OSError:
        return False
