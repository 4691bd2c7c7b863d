"""How much memory a program takes together with everything that it starts."""

import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_EVERY_S = 0.01
_TIMEOUT_S = 600.0


def peak_mib(argv: Sequence[str | Path], env: Mapping[str, str], cwd: Path | None = None) -> float:
    """The most that the program and its descendants took at one time, shared pages counted by share (PSS).

    Looking costs time: what is looked at is not timed. How it ends is not asked.
    """
    peak_kib = 0
    process = subprocess.Popen(
        [str(part) for part in argv],
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    watchdog = threading.Timer(_TIMEOUT_S, process.kill)
    watchdog.start()
    try:
        while process.poll() is None:
            peak_kib = max(peak_kib, sum(map(_share_kib, _family(process.pid))))
            time.sleep(_EVERY_S)
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
    return peak_kib / 1024


def _family(pid: int) -> list[int]:
    """The process and its descendants; who ends meanwhile is left out.

    So is who has been started and is no other program yet: until then its memory is its parent's, and would count twice.
    """
    found, waiting = [], [(pid, b"")]
    while waiting:
        member, parents = waiting.pop()
        try:
            line = Path(f"/proc/{member}/cmdline").read_bytes()
            threads = [*Path(f"/proc/{member}/task").iterdir()]
            children = " ".join((thread / "children").read_text(encoding="ascii") for thread in threads)
        except OSError:
            continue
        if line != parents:
            found.append(member)
            waiting += [(int(child), line) for child in children.split()]
    return found


def _share_kib(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
