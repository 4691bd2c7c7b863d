"""Reading a request's body within bounds of size, time and, over all requests together, memory."""

import asyncio
from http import HTTPStatus

from aiohttp import web

from bot.web.answers import Refusal

LARGE_BYTES = 1 << 20
MAX_LARGE_AT_ONCE = 4
READ_TIMEOUT_S = 10.0
"""A forge gives up after ten seconds itself."""


class BodyReader:
    """At most `MAX_LARGE_AT_ONCE` bodies are larger than `LARGE_BYTES` at any moment; others wait for their turn."""

    def __init__(self, max_bytes: int, timeout_s: float = READ_TIMEOUT_S) -> None:
        self._max_bytes = max_bytes
        self._timeout_s = timeout_s
        self._room = asyncio.Semaphore(MAX_LARGE_AT_ONCE)

    async def read(self, request: web.Request) -> bytes:
        """The raw body. Raises Refusal: 413, or 408 where it came too slowly or not whole."""
        if (request.content_length or 0) > self._max_bytes:
            raise self._too_large()
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._collect(request)
        except TimeoutError:
            raise Refusal(HTTPStatus.REQUEST_TIMEOUT, "too_slow", "the body came too slowly") from None
        except (web.RequestPayloadError, ConnectionError) as error:
            raise Refusal(HTTPStatus.REQUEST_TIMEOUT, "cut_off", "the body broke off") from error

    async def _collect(self, request: web.Request) -> bytes:
        body = bytearray()
        has_room = False
        try:
            async for chunk in request.content.iter_any():
                if len(body) + len(chunk) > self._max_bytes:
                    raise self._too_large()
                if not has_room and len(body) + len(chunk) > LARGE_BYTES:
                    await self._room.acquire()
                    has_room = True
                body += chunk
            return bytes(body)
        finally:
            if has_room:
                self._room.release()

    def _too_large(self) -> Refusal:
        message = f"the body is larger than {self._max_bytes} bytes"
        return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", message)
