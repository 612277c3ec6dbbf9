"""What Zoom's webhooks look like, as JSON Schemas in our own words.

Source: Zoom, Webhooks reference; the types of ``object.id`` are those of Zoom's own library (high).
"""

from tests.zoomsandbox.shapes import (
    COUNT,
    EMAIL,
    LINK,
    MEETING_TYPE,
    MILLISECONDS,
    NAME,
    NUMBER,
    NUMBER_AS_TEXT,
    TEXT,
    TIME,
    USER_TYPE,
    UUID,
    Schema,
    Shape,
    many,
    record,
)

_OPERATOR = {"operator": EMAIL, "operator_id": NAME}
_PLAN = {"id": NUMBER, "uuid": UUID, "host_id": NAME, "topic": TEXT, "type": MEETING_TYPE}
_RUN = {
    "id": NUMBER_AS_TEXT,
    "uuid": UUID,
    "host_id": NAME,
    "topic": TEXT,
    "type": MEETING_TYPE,
    "start_time": TIME,
    "timezone": TEXT,
    "duration": COUNT,
}
_PERSON = {
    "user_id": NAME,
    "user_name": NAME,
    "id": TEXT,
    "participant_uuid": NAME,
    "email": TEXT,
    "registrant_id": TEXT,
    "participant_user_id": TEXT,
}
_OPERATION: Schema = {"enum": ["all", "single"]}
_USER = {"id": NAME, "email": EMAIL, "first_name": TEXT, "last_name": TEXT, "type": USER_TYPE}


def event(name: str, payload: dict[str, Schema], sure: str = "high") -> Shape:
    return Shape(
        f"Zoom, Webhooks reference, {name} ({sure})",
        record(
            {
                "event": {"type": "string", "const": name},
                "event_ts": MILLISECONDS,
                "payload": record({"account_id": NAME, **payload}),
            }
        ),
    )


def about(members: dict[str, Schema], **payload: Schema) -> dict[str, Schema]:
    return {**payload, "object": record(members)}


_ALL = (
    event("meeting.created", {**_OPERATOR, **about(_PLAN, operation=_OPERATION)}),
    event(
        "meeting.updated",
        {
            **_OPERATOR,
            **about({"id": NUMBER}, scope=_OPERATION, time_stamp=MILLISECONDS),
            "old_object": record({"id": NUMBER}),
        },
    ),
    event("meeting.deleted", {**_OPERATOR, **about(_PLAN, operation=_OPERATION)}),
    event(
        "meeting.registration_created",
        about({**_PLAN, "registrant": record({"id": NAME, "email": EMAIL, "first_name": NAME})}),
        sure="medium",
    ),
    event("meeting.started", about(_RUN)),
    event("meeting.ended", about({**_RUN, "end_time": TIME})),
    event(
        "meeting.participant_joined",
        about({**_RUN, "participant": record({**_PERSON, "join_time": TIME})}),
    ),
    event(
        "meeting.participant_left",
        about(
            {**_RUN, "participant": record({**_PERSON, "leave_time": TIME, "leave_reason": NAME})}
        ),
    ),
    event(
        "recording.completed",
        about(
            {
                **_PLAN,
                "start_time": TIME,
                "duration": COUNT,
                "recording_files": many(record({"id": NAME, "download_url": LINK})),
            }
        ),
    ),
    event("user.created", {**_OPERATOR, **about(_USER, creation_type=NAME)}),
    event("user.updated", {**_OPERATOR, **about({"id": NAME}, time_stamp=MILLISECONDS)}),
    event("user.deactivated", {**_OPERATOR, **about(_USER)}),
    event("user.activated", {**_OPERATOR, **about(_USER)}),
    event("user.deleted", {**_OPERATOR, **about(_USER)}),
)
EVENTS = {shape.schema["properties"]["event"]["const"]: shape for shape in _ALL}
CHALLENGE = Shape(
    "Zoom, Using webhooks, Validate your webhook endpoint (high)",
    record(
        {
            "event": {"type": "string", "const": "endpoint.url_validation"},
            "event_ts": MILLISECONDS,
            "payload": record({"plainToken": NAME}),
        }
    ),
)
DELIVERY_HEADERS = Shape(
    "Zoom, Using webhooks, Verify webhook events (high)",
    record(
        {
            "x-zm-signature": {"type": "string", "pattern": "^v0=[0-9a-f]{64}$"},
            "x-zm-request-timestamp": {"type": "string", "pattern": "^[0-9]{10}$"},
            "content-type": {"type": "string", "pattern": "^application/json"},
        }
    ),
)
