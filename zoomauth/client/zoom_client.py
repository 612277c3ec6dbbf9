"""ZoomClient: what the portal asks of Zoom."""

import base64
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Literal, TypeVar
from urllib.parse import quote

from django.views.decorators.debug import sensitive_variables

from zoomauth.client import calls
from zoomauth.client.answers import (
    AccessTokenAnswer,
    Zak,
    ZoomMeeting,
    ZoomUser,
    ZoomUserPage,
    parse_access_token,
    parse_meeting,
    parse_nothing,
    parse_user,
    parse_user_page,
    parse_zak,
)
from zoomauth.client.calls import Call
from zoomauth.client.deadline import Deadline, Gate
from zoomauth.client.drafts import MeetingChanges, MeetingDraft, make_meeting_body
from zoomauth.client.fields import PRINTABLE
from zoomauth.client.verdicts import Heard, hear, judge
from zoomauth.client.wire import Answer, Request, ask
from zoomauth.errors import (
    FieldError,
    ZoomAccessTokenRejected,
    ZoomCredentialsRejected,
    ZoomError,
    ZoomInputRefused,
)

logger = logging.getLogger(__package__)

T = TypeVar("T")

ZAK_TTL_SECONDS: Final = 7200
LARGEST_PAGE: Final = 300

_SCHEDULED = 2  # Zoom API reference: Meetings, Create a meeting, `type`
_LICENSED = 2  # Zoom API reference: Users, Create users, `type`


@dataclass(frozen=True)
class ZoomClient:
    """Zoom's REST API, for as long as one deadline lasts.

    Every method asks once and raises a ZoomError unless the answer is the documented one; each
    failure is logged as one warning without secrets. All clients of a process share connections.
    """

    api_url: str
    oauth_url: str
    connect_timeout: float
    read_timeout: float
    deadline: Deadline
    # Told of every answer, whatever it was. The connection check listens.
    listener: Callable[[Heard], None] | None = field(default=None, repr=False, compare=False)
    # Asked before each call: the error with which it is refused here, without asking Zoom.
    permit: Callable[[Call], ZoomError | None] = field(
        default=lambda call: None, repr=False, compare=False
    )
    # What must still hold at the moment in which a request leaves.
    gate: Gate = field(default=nullcontext, repr=False, compare=False)

    def behind(self, gate: Gate) -> "ZoomClient":
        """The same client, sending nothing unless `gate` opens; raises what `gate` raises."""
        return replace(self, gate=gate)

    @sensitive_variables()
    def request_access_token(
        self, *, account_id: str, client_id: str, client_secret: str
    ) -> AccessTokenAnswer:
        """A new Server-to-Server access token.

        Zoom docs: Server-to-Server OAuth. The parameters go into the body: Zoom began to refuse
        them in the query, where they would also end up in logs.
        """
        call = calls.REQUEST_ACCESS_TOKEN
        if not all(PRINTABLE.fullmatch(text) for text in (account_id, client_id, client_secret)):
            raise _logged(ZoomCredentialsRejected(call=call.name))
        pair = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        request = Request(
            url=self.oauth_url,
            authorization=f"Basic {pair}",
            form={"grant_type": "account_credentials", "account_id": account_id},
        )
        return self._call(call, request, parse_access_token)

    @sensitive_variables()
    def fetch_user_zak(
        self, *, access_token: str, zoom_user_id: str, ttl_seconds: int = ZAK_TTL_SECONDS
    ) -> Zak:
        """A ZAK of this user, good for `ttl_seconds`.

        Zoom API reference: Users, Get a user's token. It is a GET; without `type` Zoom answers
        with a token of another kind, and without `ttl` the life depends on the kind of user.
        """
        call = calls.FETCH_USER_ZAK
        path = f"/users/{_user_part(call, zoom_user_id)}/token"
        query = {"type": "zak", "ttl": str(ttl_seconds)}
        return self._call_api(call, path, access_token, parse_zak, query=query)

    @sensitive_variables()
    def create_meeting(
        self, *, access_token: str, zoom_user_id: str, draft: MeetingDraft
    ) -> ZoomMeeting:
        """Schedule a meeting for this host. A second call makes a second meeting.

        Zoom API reference: Meetings, Create a meeting. 100 creations and updates per host and day.
        """
        call = calls.CREATE_MEETING
        path = f"/users/{_user_part(call, zoom_user_id)}/meetings"
        body = {"type": _SCHEDULED, **make_meeting_body(draft)}
        return self._call_api(call, path, access_token, parse_meeting, body=body)

    @sensitive_variables()
    def get_meeting(self, *, access_token: str, meeting_number: int) -> ZoomMeeting:
        """The meeting as it is now, with a fresh `start_url`.

        Zoom API reference: Meetings, Get a meeting.
        """
        path = _meeting_path(meeting_number)
        return self._call_api(calls.GET_MEETING, path, access_token, parse_meeting)

    @sensitive_variables()
    def update_meeting(
        self, *, access_token: str, meeting_number: int, changes: MeetingDraft | MeetingChanges
    ) -> None:
        """Change what `changes` names; a whole draft replaces all that a draft can say.

        Zoom API reference: Meetings, Update a meeting. It counts towards the host's 100 a day.
        """
        path = _meeting_path(meeting_number)
        body = make_meeting_body(changes)
        self._call_api(calls.UPDATE_MEETING, path, access_token, parse_nothing, body=body)

    @sensitive_variables()
    def delete_meeting(self, *, access_token: str, meeting_number: int) -> None:
        """Delete the meeting. Zoom API reference: Meetings, Delete a meeting."""
        path = _meeting_path(meeting_number)
        self._call_api(calls.DELETE_MEETING, path, access_token, parse_nothing)

    @sensitive_variables()
    def end_meeting(self, *, access_token: str, meeting_number: int) -> None:
        """End the run that is on. Zoom API reference: Meetings, Update meeting status."""
        path = f"{_meeting_path(meeting_number)}/status"
        body = {"action": "end"}
        self._call_api(calls.END_MEETING, path, access_token, parse_nothing, body=body)

    @sensitive_variables()
    def get_user(self, *, access_token: str, id_or_email: str) -> ZoomUser:
        """One user of the account. Zoom API reference: Users, Get a user."""
        path = f"/users/{_user_part(calls.GET_USER, id_or_email)}"
        return self._call_api(calls.GET_USER, path, access_token, parse_user)

    @sensitive_variables()
    def list_users(
        self,
        *,
        access_token: str,
        status: Literal["active", "inactive", "pending"] = "active",
        page_size: int = LARGEST_PAGE,
        next_page_token: str = "",
    ) -> ZoomUserPage:
        """One page of the account's users with this status; a page token lives 15 minutes.

        Zoom API reference: Users, List users. Only one status can be listed at a time.
        """
        query = {"status": status, "page_size": str(page_size)}
        if next_page_token:
            query["next_page_token"] = next_page_token
        parse = partial(parse_user_page, listed_as=status)
        return self._call_api(calls.LIST_USERS, "/users", access_token, parse, query=query)

    @sensitive_variables()
    def create_user(self, *, access_token: str, email: str, display_name: str) -> ZoomUser:
        """Make a licensed user without a sign-in at Zoom (`custCreate`).

        Zoom API reference: Users, Create users; Zoom ISV, Create a user, which names action and
        type. Nobody is invited and nothing has to be accepted, so the user is active at once.
        """
        info = {"email": email, "type": _LICENSED, "display_name": display_name}
        body = {"action": "custCreate", "user_info": info}
        parse = partial(parse_user, listed_as="active")
        return self._call_api(calls.CREATE_USER, "/users", access_token, parse, body=body)

    @sensitive_variables()
    def _call_api(
        self,
        call: Call,
        path: str,
        access_token: str,
        parse: Callable[[Mapping[str, Any]], T],
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> T:
        if not PRINTABLE.fullmatch(access_token):
            raise _logged(ZoomAccessTokenRejected(call=call.name))
        request = Request(
            url=self.api_url.rstrip("/") + path,
            authorization=f"Bearer {access_token}",
            query=query or {},
            body=body,
        )
        return self._call(call, request, parse)

    @sensitive_variables()
    def _call(self, call: Call, request: Request, parse: Callable[[Mapping[str, Any]], T]) -> T:
        """The one way to Zoom. `ask` and `judge` give errors as values; here they are raised."""
        if (refused := self.permit(call)) is not None:
            raise _logged(refused)
        began = time.monotonic()
        timeouts = (self.connect_timeout, self.read_timeout)
        answer = ask(call, request, timeouts, self.deadline, self.gate)
        outcome = answer if isinstance(answer, ZoomError) else judge(call, answer, parse)
        if self.listener and isinstance(answer, Answer):
            self.listener(hear(call, answer, datetime.now(UTC), outcome))
        if isinstance(outcome, ZoomError):
            raise _logged(outcome, began)
        return outcome


def _logged(error: ZoomError, began: float | None = None) -> ZoomError:
    milliseconds = 0 if began is None else round((time.monotonic() - began) * 1000)
    logger.warning("%s: %s, %d ms", type(error).__name__, error, milliseconds)
    return error


def _user_part(call: Call, id_or_email: str) -> str:
    """A user in a path. `me` would be the owner of the app, whoever was meant.

    A part of dots would climb up the path, quoted or not: requests undoes the quoting.
    """
    if not PRINTABLE.fullmatch(id_or_email) or id_or_email in ("me", ".", ".."):
        problem = FieldError("zoom_user_id", "Neither the id nor the e-mail address of a user.")
        raise _logged(ZoomInputRefused(call=call.name, fields=(problem,)))
    return quote(id_or_email, safe="")


def _meeting_path(meeting_number: int) -> str:
    return f"/meetings/{int(meeting_number)}"
