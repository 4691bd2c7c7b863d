"""The git of a person in tests: a token, and a directory of their own."""

import asyncio
import base64
import os
from pathlib import Path


class Git:
    def __init__(self, directory: Path, token: str | None) -> None:
        self.directory = directory
        directory.mkdir(exist_ok=True)
        self._arguments = ["-c", "user.name=Bob", "-c", "user.email=bob@example.test"]
        if token is not None:
            basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
            self._arguments += ["-c", f"http.extraHeader=Authorization: Basic {basic}"]

    async def try_(self, *arguments: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            "git",
            *self._arguments,
            *arguments,
            cwd=self.directory,
            env={"PATH": os.environ["PATH"], "HOME": str(self.directory), "GIT_TERMINAL_PROMPT": "0"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    async def __call__(self, *arguments: str) -> str:
        code, output = await self.try_(*arguments)
        assert code == 0, output
        return output.strip()
