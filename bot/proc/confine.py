"""What a confined program may touch, and the launcher that holds it to that.

The launcher is a separate Python process that confines itself and then becomes the program. `preexec_fn` would save
its dozen milliseconds, but it runs our code between fork and exec of a process with threads, which deadlocks when another thread
holds a lock, and it turns the cheap vfork into a copy of our page tables. A confinement that the kernel had when it
was probed and refuses later is an error, never a program that runs with less.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
_THREADS = 16
"""Of one process, as programs of Go have them."""
_LAUNCHER = Path(__file__).with_name("_launch.py")
"""Never imported here: it brings `ctypes` along, which only the launcher's own process needs."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Resource limits of one process.

    Without `processes` a program can start nothing but itself, where Landlock holds. With it, so many may run at once: none
    of them can leave the process group, make a socket or change a file's attributes, all are watched, and `memory_bytes` is also what they may have together. The
    kernel's RLIMIT_NPROC does not hold root, and counts all that its user runs: it is set only where a namespace has a
    count of its own.
    """

    memory_bytes: int = 1024 * MIB
    """Private memory. The address space may be four times that: Go reserves far more than it uses."""
    cpu_s: int = 60
    file_bytes: int = 64 * MIB
    open_files: int = 256
    processes: int = 0


@dataclass(frozen=True, slots=True)
class Layers:
    """The kernel's layers that are used: what `bot.proc.sandbox.probe` found to hold here."""

    landlock_abi: int = 0
    network_namespace: bool = False


@dataclass(frozen=True, slots=True)
class Confinement:
    """Grants: everything below `read` may be read, below `write` read and written, `execute` names files that may be
    executed. Nothing else may be opened where Landlock holds, and nothing may be connected to unless `network`.
    """

    layers: Layers
    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()
    execute: tuple[Path, ...] = ()
    network: bool = False
    limits: Limits = Limits()


def launcher(confinement: Confinement, env: Mapping[str, str], argv: Sequence[str]) -> list[str]:
    """The command line that confines itself and then becomes `argv`. It names variables of `env`, not their values."""
    limits = confinement.limits
    options = [
        f"abi={confinement.layers.landlock_abi}",
        f"limit=DATA:{limits.memory_bytes}",
        f"limit=AS:{4 * limits.memory_bytes}",
        f"limit=CPU:{limits.cpu_s}",
        f"limit=FSIZE:{limits.file_bytes}",
        f"limit=NOFILE:{limits.open_files}",
        "limit=CORE:0",
        *(["family"] if limits.processes else []),
        *(f"read={path}" for path in confinement.read),
        *(f"write={path}" for path in confinement.write),
        *(f"execute={path}" for path in confinement.execute),
        *(f"env={name}" for name in env),
    ]
    if not confinement.network:
        options.append("no-network")
        if confinement.layers.network_namespace:
            options.append("namespace")
            if limits.processes:
                # NB: counted in the namespace alone; elsewhere it would count all that our user runs. Threads count too.
                options.append(f"limit=NPROC:{_THREADS * limits.processes}")
    return [*launch_command(), *options, "--", *argv]


def launch_command() -> list[str]:
    """Isolated and without site packages: nothing of the user's runs, and it starts in half the time."""
    return [sys.executable, "-I", "-S", "-B", str(_LAUNCHER)]
