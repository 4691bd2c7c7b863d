"""How GitLab says no: most refusals have a `message`, those of the parameter check and of tokens an `error`."""

from collections.abc import Mapping, Sequence
from typing import Any


class ApiError(Exception):
    """An answer that ends the request."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def message(status: int, text: Any) -> ApiError:
    return ApiError(status, {"message": text})


def bad_request(text: str = "") -> ApiError:
    return message(400, f"400 Bad request - {text}" if text else "400 Bad request")


def bad_parameters(*faults: str) -> ApiError:
    return ApiError(400, {"error": ", ".join(faults)})


def invalid(fields: Mapping[str, Sequence[str]]) -> ApiError:
    """What a model's own validation says, field by field."""
    return message(400, {name: list(faults) for name, faults in fields.items()})


def unauthorized() -> ApiError:
    return message(401, "401 Unauthorized")


def invalid_token(description: str) -> ApiError:
    return ApiError(401, {"error": "invalid_token", "error_description": description})


def insufficient_scope(*scopes: str) -> ApiError:
    said = "The request requires higher privileges than provided by the access token."
    scope = " ".join(scopes)
    return ApiError(403, {"error": "insufficient_scope", "error_description": said, "scope": scope})


def forbidden(reason: str = "") -> ApiError:
    return message(403, f"403 Forbidden - {reason}" if reason else "403 Forbidden")


def not_found(what: str = "") -> ApiError:
    return message(404, f"404 {what} Not Found" if what else "404 Not Found")


def not_allowed(reason: str = "") -> ApiError:
    return message(405, reason or "405 Method Not Allowed")


def conflict(text: Any) -> ApiError:
    return message(409, text)


def unprocessable(text: Any) -> ApiError:
    return message(422, text)
