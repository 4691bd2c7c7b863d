"""A developer's clone of the fleet: edits, commits, and pushes with the real git over HTTP."""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.sandbox.demo.narrator import DemoFailed

SEED = Path(__file__).resolve().parents[1] / "seed"
TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Checkout:
    directory: Path
    person: str

    async def start(self, url: str) -> str:
        """Put the seed on `main` and push it; the commit."""
        await asyncio.to_thread(shutil.copytree, SEED, self.directory)
        await self.git("init", "--quiet", "--initial-branch=main")
        await self.git("remote", "add", "origin", url)
        sha = await self.commit("The shop's fleet")
        await self.push("main")
        return sha

    async def branch(self, name: str) -> None:
        """A new branch from where main is now."""
        await self.git("fetch", "--quiet", "origin", "main")
        await self.git("switch", "--quiet", "--create", name, "FETCH_HEAD")

    def edit(self, file: str, before: str, after: str) -> None:
        path = self.directory / file
        text = path.read_text(encoding="utf-8")
        if before not in text:
            raise DemoFailed(f"the seed's {file} does not hold {before!r} any more")
        path.write_text(text.replace(before, after), encoding="utf-8")

    def remove(self, directory: str) -> None:
        shutil.rmtree(self.directory / directory)

    async def commit(self, message: str) -> str:
        await self.git("add", "--all")
        await self.git("commit", "--quiet", "--message", message)
        return await self.git("rev-parse", "HEAD")

    async def push(self, branch: str) -> None:
        await self.git("push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")

    async def git(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(
            *("git", *arguments),
            cwd=self.directory,
            env=self._environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        async with asyncio.timeout(TIMEOUT_S):
            output, _ = await process.communicate()
        text = output.decode(errors="replace").strip()
        if process.returncode != 0:
            raise DemoFailed(f"git {arguments[0]} failed: {text}")
        return text

    def _environment(self) -> dict[str, str]:
        """Nothing of the watcher's own settings: no hooks, signing keys or proxies of theirs take part."""
        who = {"NAME": self.person, "EMAIL": f"{self.person}@example.com"}
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.directory),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            **{f"GIT_{role}_{part}": text for role in ("AUTHOR", "COMMITTER") for part, text in who.items()},
        }
