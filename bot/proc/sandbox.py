"""Which of the kernel's protections hold on this machine: not what it claims, but what a child found on trying.

The answer is asked for once per process. It decides which layers a confinement uses, and is shown in every plan
(`bot.proc.protections`).
"""

import subprocess
import tempfile
from functools import lru_cache

from bot.proc.confine import Layers, launch_command

PROBE_TIMEOUT_S = 10.0


@lru_cache(maxsize=1)
def layers() -> Layers:
    """The layers to confine programs with here. The first call takes about 20 ms."""
    found = probe()
    return Layers(
        landlock_abi=int(found.get("abi", 0)) if found.get("files") == "1" else 0,
        network_namespace=found.get("namespace") == "1",
    )


@lru_cache(maxsize=1)
def probe() -> dict[str, str]:
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
