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


def foreign_user(account_id: str) -> ZoomRefusal:
    """The user is another account's. Code, status and sentence are those seen."""
    return ZoomRefusal(400, 1010, f"User not belong to this account: {account_id}.")


def not_active(user_id: str) -> ZoomRefusal:
    """For a deactivated user, where Zoom's answer is not documented: a guess."""
    return ZoomRefusal(400, 300, f"User is not active: {user_id}.")


def not_accepted(user_id: str) -> ZoomRefusal:
    """For a pending user, where Zoom's answer is not documented: a guess at one of two codes."""
    return ZoomRefusal(400, 1120, f"The invitation was not accepted yet: {user_id}.")


def no_such_meeting(number: object) -> ZoomRefusal:
    return ZoomRefusal(404, 3001, f"Meeting does not exist: {number}.")
