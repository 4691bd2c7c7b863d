"""How GitHub says no."""

from collections.abc import Mapping

DOCUMENTATION_URL = "https://docs.github.com/rest"


class ApiError(Exception):
    """An answer that ends the request."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: list[dict[str, object]] | None = None,
        headers: Mapping[str, str] | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body: dict[str, object] = {
            "message": message,
            "documentation_url": DOCUMENTATION_URL,
            "status": str(status),
            **(extra or {}),
        }
        if errors:
            self.body["errors"] = errors


def bad_credentials() -> ApiError:
    return ApiError(401, "Bad credentials")


def not_found() -> ApiError:
    return ApiError(404, "Not Found")


def forbidden(message: str) -> ApiError:
    return ApiError(403, message)


def invalid(resource: str, field: str, code: str = "invalid") -> ApiError:
    return ApiError(422, "Validation Failed", errors=[{"resource": resource, "field": field, "code": code}])


def refused(resource: str, message: str) -> ApiError:
    """A 422 whose reason is a sentence rather than a field."""
    return ApiError(
        422, "Validation Failed", errors=[{"resource": resource, "code": "custom", "message": message}]
    )


def unprocessable(message: str) -> ApiError:
    return ApiError(422, message)
