"""A real Gitea as a process on loopback, with a database, repositories and settings in a directory of its own.

Invariant: after the block neither the process nor anything outside of the directory is left of it.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from oracles.gitea.api import Api, Refused
from oracles.processes import OracleMissing, component
from tests.sandbox.cluster.ports import LOOPBACK, Reservation
from tests.sandbox.cluster.process import Component
from tests.stories.patience import until
from tools.locate import build_dir, find
from tools.programs import GITEA

ADMINISTRATOR = "root-of-gitea"
_START_S = 120.0
_SETTINGS = """\
APP_NAME = oracle
RUN_MODE = prod
RUN_USER = {user}
WORK_PATH = {directory}
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true
[server]
HTTP_ADDR = {host}
HTTP_PORT = {port}
ROOT_URL = http://{host}:{port}/
STATIC_ROOT_PATH = {static}
DISABLE_SSH = true
OFFLINE_MODE = true
[database]
DB_TYPE = sqlite3
PATH = {directory}/gitea.db
[security]
INSTALL_LOCK = true
SECRET_KEY = of-no-use-to-anybody
PASSWORD_HASH_ALGO = pbkdf2$1$8
ALLOWED_HOST_LIST = loopback
[service]
DISABLE_REGISTRATION = true
[indexer]
ISSUE_INDEXER_TYPE = db
[actions]
ENABLED = false
[packages]
ENABLED = false
[session]
PROVIDER = memory
[log]
MODE = console
LEVEL = warn
"""


@dataclass(frozen=True, slots=True)
class Gitea:
    """`administrator` may do everything; `component` raises by `check` when the process has ended."""

    url: str
    administrator: Api
    component: Component


@asynccontextmanager
async def running(directory: Path) -> AsyncIterator[Gitea]:
    """Raises OracleMissing where it is not built."""
    with Reservation() as reserved:
        port = reserved.port
    settings = directory / "app.ini"
    static = build_dir(GITEA)
    user = await _output("id", "-un")
    text = _SETTINGS.format(user=user, directory=directory, host=LOOPBACK, port=port, static=static)
    settings.write_text(text, encoding="utf-8")
    await _command(directory, "migrate")
    token = await _administrator(directory)
    server = component("gitea", "gitea", ["web", "--config", str(settings)], {}, directory)
    url = f"http://{LOOPBACK}:{port}"
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        gitea = Gitea(url, Api(session, f"{url}/api/v1", token), server)
        await server.start()
        try:
            await until(lambda: _is_up(gitea), "Gitea answers", within_s=_START_S)
            yield gitea
        finally:
            await server.kill()


async def _administrator(directory: Path) -> str:
    """A user who may do everything; gives a token with every right."""
    who = ["--username", ADMINISTRATOR, "--random-password", "--email", f"{ADMINISTRATOR}@example.invalid"]
    token = ["--access-token", "--access-token-name", "oracle", "--access-token-scopes", "all"]
    make = ["admin", "user", "create", "--admin", "--must-change-password=false"]
    said = await _command(directory, *make, *who, *token)
    found = re.search(r"\b[0-9a-f]{40}\b", said)
    assert found, f"no token in:\n{said}"
    return found[0]


async def _command(directory: Path, *words: str) -> str:
    program = find("gitea")
    if program is None:
        raise OracleMissing("gitea is not built yet; build it once with: python tools/build.py gitea")
    return await _output(str(program), *words, "--config", str(directory / "app.ini"))


async def _output(*words: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    said = output.decode(errors="replace").strip()
    assert process.returncode == 0, f"{' '.join(words)}:\n{said}"
    return said


async def _is_up(gitea: Gitea) -> bool:
    gitea.component.check()
    try:
        return bool((await gitea.administrator.get("/version"))["version"])
    except (aiohttp.ClientError, Refused):
        return False
