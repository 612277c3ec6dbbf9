"""What is known of each call to Zoom before it is made."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    """`answers` are the statuses that mean yes. Not `repeatable`: a second one would do more."""

    name: str
    method: str
    answers: tuple[int, ...] = (200,)
    is_write: bool = False
    repeatable: bool = True
    asks_for_token: bool = False


REQUEST_ACCESS_TOKEN = Call("request_access_token", "POST", asks_for_token=True)
FETCH_USER_ZAK = Call("fetch_user_zak", "GET")
CREATE_MEETING = Call("create_meeting", "POST", (201, 200), is_write=True, repeatable=False)
GET_MEETING = Call("get_meeting", "GET")
UPDATE_MEETING = Call("update_meeting", "PATCH", (204,), is_write=True)
DELETE_MEETING = Call("delete_meeting", "DELETE", (204,), is_write=True)
# Not to be repeated: by then the meeting may have been started again.
END_MEETING = Call("end_meeting", "PUT", (204,), is_write=True, repeatable=False)
GET_USER = Call("get_user", "GET")
LIST_USERS = Call("list_users", "GET")
# Not to be repeated: what a second one came to would say nothing of the first.
CREATE_USER = Call("create_user", "POST", (201, 200), is_write=True, repeatable=False)
