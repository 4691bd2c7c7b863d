"""Answers are JSON, also refusals: the person who reads them does so in a forge's list of deliveries."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from aiohttp import web

_NO_HEADERS: Mapping[str, str] = {}


class Refusal(Exception):
    """A request that is not served. `result` is the word for it in metrics and log."""

    def __init__(
        self, status: HTTPStatus, result: str, message: str, *, headers: Mapping[str, str] = _NO_HEADERS
    ) -> None:
        super().__init__(message)
        self.status = status
        self.result = result
        self.message = message
        self.headers = headers


def answer(
    status: HTTPStatus, fields: Mapping[str, Any], headers: Mapping[str, str] = _NO_HEADERS
) -> web.Response:
    body = msgspec.json.encode(fields)
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)


def refuse(status: HTTPStatus, message: str, headers: Mapping[str, str] = _NO_HEADERS) -> web.Response:
    return answer(status, {"error": message}, headers)
