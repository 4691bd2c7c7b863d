"""Which of the kernel's protections hold on this machine: not what it claims, but what a child found on trying.

The answer is asked for once per process. It decides which layers a confinement uses, and is shown in every plan.
"""

import subprocess
import tempfile
from functools import lru_cache

from bot.model.plan import Protection
from bot.proc.confine import Layers, launch_command

PROBE_TIMEOUT_S = 10.0


@lru_cache(maxsize=1)
def layers() -> Layers:
    """The layers to confine programs with here. The first call takes about 20 ms."""
    found = _probe()
    return Layers(
        landlock_abi=int(found.get("abi", 0)) if found.get("files") == "1" else 0,
        network_namespace=found.get("namespace") == "1",
    )


@lru_cache(maxsize=1)
def protections() -> tuple[Protection, ...]:
    """What stands between a confined program and the machine, for people to read."""
    found = _probe()
    held = layers()
    tcp = held.landlock_abi > 0 and found.get("tcp") == "1"
    files = "reads only the files it was given, starts no other program"
    network = "no network interface" if held.network_namespace else "no TCP connection (UDP is not covered)"
    without = found.get("namespace-error", "the probe found it open")
    return (
        Protection(
            "landlock",
            held.landlock_abi > 0,
            f"{files} (Landlock ABI {held.landlock_abi})" if held.landlock_abi else "not available here",
        ),
        Protection(
            "no-network",
            held.network_namespace or tcp,
            network if held.network_namespace or tcp else f"not available here: {without}",
        ),
        Protection("limits", active=True, detail="memory, CPU time, file size and open files are bounded"),
    )


@lru_cache(maxsize=1)
def _probe() -> dict[str, str]:
    """An empty answer, when the probe itself cannot run, means that nothing holds."""
    with tempfile.NamedTemporaryFile() as secret:
        try:
            answer = subprocess.run(
                [*launch_command(), "probe", secret.name],
                env={},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=PROBE_TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return {}
    lines = answer.stdout.decode(errors="replace").splitlines()
    return {key: value for key, _, value in (line.partition("=") for line in lines)}
