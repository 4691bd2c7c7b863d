"""What the figures were taken on: without it they mean nothing."""

import asyncio
import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

from bot.proc.programs import version


def surroundings() -> str:
    """One sentence. The load is the one before the bench began."""
    found = re.search(
        r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE
    )
    processor = found[1].strip() if found else platform.machine()
    programs = ", ".join([f"{name} {asyncio.run(version(name))}" for name in ("git", "kustomize")])
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({processor}), load {os.getloadavg()[0]:.1f} before the "
        f"start, Linux {platform.release()}, Python {platform.python_version()}, {programs}."
    )
