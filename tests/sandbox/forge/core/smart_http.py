"""Git over HTTP: git's own `http-backend` behind aiohttp, streamed both ways.

The invariant: what git says goes through untouched; this module decides nothing but where the bytes go.
"""

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from aiohttp import web

from tests.sandbox.forge.core.git import ENVIRONMENT
from tests.sandbox.forge.core.repositories import Repository

HOOKS = Path(__file__).parent / "hooks"
CHUNK_BYTES = 64 * 1024
MAX_HEADER_BYTES = 16 * 1024


def is_push(request: web.Request) -> bool:
    service = request.query.get("service") or request.path.rsplit("/", 1)[-1]
    return service == "git-receive-pack"


async def serve(
    request: web.Request, repository: Repository, path_info: str, refused: Mapping[str, str] | None = None
) -> web.StreamResponse:
    """What git answers; aiohttp ends the answer when the caller's handler returns it.

    `refused` are refs, or patterns of refs, that git does not let be pushed, each with what it is to say.
    """
    process = await asyncio.create_subprocess_exec(
        "git",
        "http-backend",
        env={**_cgi_environment(request, repository, path_info), **_refusing(refused or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    feeding = asyncio.create_task(_feed(request, process))
    try:
        return await _answer(request, process)
    finally:
        feeding.cancel()
        with suppress(asyncio.CancelledError, ConnectionError):
            await feeding
        if process.returncode is None:
            # http-backend has children of its own.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _cgi_environment(request: web.Request, repository: Repository, path_info: str) -> dict[str, str]:
    headers = request.headers
    return {
        **ENVIRONMENT,
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_PROJECT_ROOT": str(repository.store.path.resolve()),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": path_info,
        "QUERY_STRING": request.query_string,
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": headers.get("Content-Type", ""),
        # http-backend reads to the end of its input where no length is given: chunked bodies.
        "CONTENT_LENGTH": headers.get("Content-Length", ""),
        "HTTP_CONTENT_ENCODING": headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": headers.get("Git-Protocol", ""),
        "REMOTE_USER": "forge",
        "REMOTE_ADDR": request.remote or "",
    }


def _refusing(refused: Mapping[str, str]) -> dict[str, str]:
    """Settings for git alone, by its environment: a hook that knows nothing but what it is told here."""
    if not refused:
        return {}
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.hooksPath",
        "GIT_CONFIG_VALUE_0": str(HOOKS),
        "REFUSED_REFS": "\n".join(f"{pattern} {said}" for pattern, said in refused.items()),
    }


async def _feed(request: web.Request, process: asyncio.subprocess.Process) -> None:
    if process.stdin is None:
        raise RuntimeError("started without a pipe")
    # git may have heard enough and gone: its answer says why. Or the client has: then git is told that this was all.
    with suppress(ConnectionError):
        async for chunk in request.content.iter_chunked(CHUNK_BYTES):
            process.stdin.write(chunk)
            await process.stdin.drain()
    process.stdin.close()


async def _answer(request: web.Request, process: asyncio.subprocess.Process) -> web.StreamResponse:
    if process.stdout is None:
        raise RuntimeError("started without a pipe")
    response = web.StreamResponse()
    read_bytes = 0
    while line := (await process.stdout.readline()).decode("latin-1").strip():
        read_bytes += len(line)
        name, _, value = line.partition(": ")
        if name.lower() == "status":
            response.set_status(int(value.split(" ", 1)[0]))
        elif read_bytes <= MAX_HEADER_BYTES:
            response.headers.add(name, value)
    await response.prepare(request)
    is_heard = True
    while chunk := await process.stdout.read(CHUNK_BYTES):
        # A push goes on when nobody listens any more: its refs are moving.
        try:
            if is_heard:
                await response.write(chunk)
        except ConnectionError:
            is_heard = False
    # Only once git is gone are its refs final. The end of the answer is left to the caller, who has more to do before
    # the client may believe that the push is through.
    await process.wait()
    return response
