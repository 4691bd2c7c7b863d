"""`python -m tests.sandbox.forge --dir DIR [--port N]`: the stand-in GitHub by itself, to look at and to push to.

Prints one JSON line with where it is and what opens it, and runs until it is interrupted. `DIR` must be empty: all
state but the git objects is in memory and does not outlive the process.
"""

import argparse
import asyncio
import json
import signal
from contextlib import suppress
from pathlib import Path

from tests.sandbox.forge.server import StandInGitHub


async def serve(directory: Path, port: int, repository_name: str) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with StandInGitHub.running(directory, port=port) as github:
        owner = repository_name.partition("/")[0]
        repository = await github.create_repo(repository_name, files={"README.md": "# Fleet\n"})
        facts = {
            "url": github.url,
            "api_url": github.api_url,
            "clone_url": github.clone_url(repository),
            "token": github.token(owner),
        }
        print(json.dumps(facts), flush=True)  # noqa: T201 - this line is the command's answer
        await stopped.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox.forge")
    parser.add_argument("--dir", type=Path, required=True, help="an empty directory for the repositories")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument(
        "--repository", default="octo/fleet", help="the first repository (default: octo/fleet)"
    )
    options = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(options.dir, options.port, options.repository))


if __name__ == "__main__":
    main()
