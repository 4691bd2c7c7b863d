"""`python -m tests.sandbox.forge [--forge github|gitlab] --dir DIR [--port N]`: a stand-in by itself, to push to.

Prints one JSON line with where it is and what opens it, and runs until it is interrupted. `DIR` must be empty: all
state but the git objects is in memory and does not outlive the process.
"""

import argparse
import asyncio
import json
import signal
from contextlib import suppress
from pathlib import Path

from tests.sandbox.forge import Level, StandInGitHub, StandInGitLab

# On GitLab a group owns nothing by itself: this person is its owner, and the token is theirs.
PERSON = "alice"


async def serve(kind: str, directory: Path, port: int, repository_name: str) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    standin = StandInGitLab if kind == "gitlab" else StandInGitHub
    async with standin.running(directory, port=port) as forge:
        owner = repository_name.partition("/")[0]
        repository = await forge.create_repo(repository_name, files={"README.md": "# Fleet\n"})
        if isinstance(forge, StandInGitLab):
            forge.give_level(owner, PERSON, Level.OWNER)
            owner = PERSON
        facts = {
            "url": forge.url,
            "api_url": forge.api_url,
            "clone_url": forge.clone_url(repository),
            "token": forge.token(owner),
        }
        print(json.dumps(facts), flush=True)  # noqa: T201 - this line is the command's answer
        await stopped.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.sandbox.forge")
    parser.add_argument(
        "--forge", choices=["github", "gitlab"], default="github", help="which one to stand in for"
    )
    parser.add_argument("--dir", type=Path, required=True, help="an empty directory for the repositories")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument(
        "--repository", default="octo/fleet", help="the first repository (default: octo/fleet)"
    )
    options = parser.parse_args()
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(options.forge, options.dir, options.port, options.repository))


if __name__ == "__main__":
    main()
