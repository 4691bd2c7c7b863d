"""What the web process loads to verify a webhook, and what it does not."""

import json
import subprocess
import sys

LIGHT = (
    "bot.forge.dialects",
    "bot.forge.opening",
    "bot.forge.sticky",
    "bot.forge.github.settings",
    "bot.forge.gitlab.settings",
)
HEAVY = {"aiohttp", "gidgethub", "gitlab", "re2", "jwt", "cryptography", "requests", "yarl"}


def test_what_the_web_process_needs_loads_no_client_library() -> None:
    program = f"import json, sys, {', '.join(LIGHT)}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, timeout=30)
    assert HEAVY.isdisjoint(json.loads(done.stdout))
