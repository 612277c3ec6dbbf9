"""What is known of each call to Zoom before it is made."""

from dataclasses import dataclass
from enum import StrEnum


class Label(StrEnum):
    """Under which of an account's limits Zoom counts a call. Zoom API reference: Rate limits.

    The label of each call is on its own page in the reference.
    """

    LIGHT = "light"
    MEDIUM = "medium"
    HEAVY = "heavy"
    INTENSIVE = "resource-intensive"


@dataclass(frozen=True)
class Call:
    """`answers` are the statuses that mean yes. Not `repeatable`: a second one would do more.

    Without a `label` Zoom publishes no limit of it.
    """

    name: str
    method: str
    label: Label | None
    answers: tuple[int, ...] = (200,)
    is_write: bool = False
    repeatable: bool = True
    asks_for_token: bool = False


# Zoom's staff: no limit on tokens a day (Zoom Developer Forum 84334).
REQUEST_ACCESS_TOKEN = Call("request_access_token", "POST", None, asks_for_token=True)
FETCH_USER_ZAK = Call("fetch_user_zak", "GET", Label.LIGHT)
CREATE_MEETING = Call(
    "create_meeting", "POST", Label.MEDIUM, (201, 200), is_write=True, repeatable=False
)
GET_MEETING = Call("get_meeting", "GET", Label.LIGHT)
UPDATE_MEETING = Call("update_meeting", "PATCH", Label.LIGHT, (204,), is_write=True)
DELETE_MEETING = Call("delete_meeting", "DELETE", Label.LIGHT, (204,), is_write=True)
# Not to be repeated: by then the meeting may have been started again.
END_MEETING = Call("end_meeting", "PUT", Label.LIGHT, (204,), is_write=True, repeatable=False)
GET_USER = Call("get_user", "GET", Label.LIGHT)
LIST_USERS = Call("list_users", "GET", Label.MEDIUM)
# Not to be repeated: what a second one came to would say nothing of the first.
CREATE_USER = Call("create_user", "POST", Label.LIGHT, (201, 200), is_write=True, repeatable=False)
