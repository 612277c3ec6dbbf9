"""The two ways in which Zoom says no."""

from typing import Any

from aiohttp import web


class ZoomRefusal(Exception):
    """A REST answer other than success: ``{code, message}``, for validation also ``errors``.

    Source: Zoom API reference, Error definitions.
    """

    def __init__(
        self,
        status: int,
        code: int,
        message: str,
        *,
        field: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code: int | str = code
        self.headers = headers or {}
        self.body: dict[str, Any] = {"code": code, "message": message}
        if field:
            self.body = {
                "code": code,
                "message": "Validation Failed.",
                "errors": [{"field": field, "message": message}],
            }

    def as_response(self) -> web.Response:
        return web.json_response(self.body, status=self.status, headers=self.headers)


class OAuthRefusal(ZoomRefusal):
    """The token endpoint's own shape, ``{reason, error}``.

    Source: Zoom, Server-to-Server OAuth and its troubleshooting article.
    """

    def __init__(self, error: str, reason: str, status: int = 400) -> None:
        super().__init__(status, 0, reason)
        self.code = error
        self.body = {"reason": reason, "error": error}


def invalid(field: str, message: str = "Invalid field.") -> ZoomRefusal:
    return ZoomRefusal(400, 300, message, field=field)


def no_such_user(key: str) -> ZoomRefusal:
    return ZoomRefusal(404, 1001, f"User does not exist: {key}.")


def no_such_meeting(number: object) -> ZoomRefusal:
    return ZoomRefusal(404, 3001, f"Meeting does not exist: {number}.")
