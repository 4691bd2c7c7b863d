"""What the sandbox gives, for people to read."""

from functools import lru_cache

from bot.model.plan import Protection
from bot.proc.sandbox import layers, probe


@lru_cache(maxsize=1)
def protections() -> tuple[Protection, ...]:
    """What stands between a confined program and the machine, for people to read."""
    found = probe()
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
