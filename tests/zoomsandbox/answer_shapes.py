"""What Zoom's answers look like, in our own words, each with where it is from."""

from tests.zoomsandbox.error_shapes import ERRORS
from tests.zoomsandbox.shapes import (
    COUNT,
    DAY,
    EMAIL,
    FLAG,
    LINK,
    MEETING_TYPE,
    NAME,
    NUMBER,
    PASSCODE,
    TEXT,
    TIME,
    USER_TYPE,
    UUID,
    Shape,
    many,
    page,
    record,
)

_USER = record(
    {
        "id": NAME,
        "email": EMAIL,
        "first_name": TEXT,
        "last_name": TEXT,
        "display_name": TEXT,
        "type": USER_TYPE,
        "status": {"enum": ["active", "inactive", "pending"]},
        "role_id": TEXT,
        "pmi": NUMBER,
        "timezone": TEXT,
        "created_at": TIME,
        "verified": {"enum": [0, 1]},
    }
)
_OCCURRENCE = record(
    {
        "occurrence_id": NAME,
        "start_time": TIME,
        "duration": COUNT,
        "status": {"enum": ["available", "deleted"]},
    }
)
_MEETING_SETTINGS = record(
    {
        "host_video": FLAG,
        "participant_video": FLAG,
        "join_before_host": FLAG,
        "jbh_time": {"enum": [0, 5, 10, 15]},
        "waiting_room": FLAG,
        "mute_upon_entry": FLAG,
        "approval_type": {"enum": [0, 1, 2]},
        "registration_type": {"enum": [1, 2, 3]},
        "auto_recording": {"enum": ["local", "cloud", "none"]},
        "meeting_authentication": FLAG,
        "alternative_hosts": TEXT,
        "alternative_hosts_email_notification": FLAG,
        "use_pmi": FLAG,
        "allow_multiple_devices": FLAG,
        "encryption_type": {"enum": ["enhanced_encryption", "e2ee"]},
    }
)
_MEETING = record(
    {
        "id": NUMBER,
        "uuid": UUID,
        "host_id": NAME,
        "host_email": EMAIL,
        "topic": TEXT,
        "agenda": TEXT,
        "type": MEETING_TYPE,
        "status": {"enum": ["waiting", "started"]},
        "duration": COUNT,
        "timezone": TEXT,
        "created_at": TIME,
        "start_url": {"type": "string", "pattern": r"^https?://.*[?&]zak=."},
        "join_url": LINK,
        "password": PASSCODE,
        "h323_password": {"type": "string", "pattern": "^[0-9]*$"},
        "pstn_password": {"type": "string", "pattern": "^[0-9]*$"},
        "encrypted_password": TEXT,
        "dynamic_host_key": TEXT,
        "creation_source": TEXT,
        "settings": _MEETING_SETTINGS,
    },
    {
        "start_time": TIME,
        "occurrences": many(_OCCURRENCE),
        "registration_url": LINK,
        "recurrence": record({"type": {"enum": [1, 2, 3]}, "repeat_interval": COUNT}),
    },
)
_LISTED_MEETING = record(
    {
        "id": NUMBER,
        "uuid": UUID,
        "host_id": NAME,
        "topic": TEXT,
        "type": MEETING_TYPE,
        "duration": COUNT,
        "timezone": TEXT,
        "created_at": TIME,
        "join_url": LINK,
        "start_time": TIME,
    }
)
_PARTICIPANT = record(
    {
        "id": TEXT,
        "user_id": TEXT,
        "name": TEXT,
        "user_email": TEXT,
        "join_time": TIME,
        "leave_time": TIME,
        "duration": COUNT,
        "status": {"enum": ["in_meeting", "in_waiting_room"]},
    }
)
_RECORDING = record(
    {
        "uuid": UUID,
        "id": NUMBER,
        "account_id": NAME,
        "host_id": NAME,
        "topic": TEXT,
        "start_time": TIME,
        "duration": COUNT,
        "total_size": COUNT,
        "recording_count": COUNT,
        "recording_files": many(
            record(
                {
                    "id": NAME,
                    "meeting_id": UUID,
                    "recording_start": TIME,
                    "recording_end": TIME,
                    "file_type": NAME,
                    "file_size": COUNT,
                    "download_url": LINK,
                    "status": NAME,
                }
            )
        ),
    }
)
ANSWERS: dict[str, Shape] = {
    "token": Shape(
        "Zoom, Server-to-Server OAuth (high; api_url medium)",
        record(
            {
                "access_token": NAME,
                "token_type": {"type": "string", "const": "bearer"},
                "expires_in": {"type": "integer", "const": 3600},
                "scope": TEXT,
                "api_url": LINK,
            }
        ),
    ),
    "zak": Shape("Zoom API reference, Users, Get a user's token (high)", record({"token": NAME})),
    "user": Shape("Zoom API reference, Users, Get a user (high)", _USER),
    "user list": Shape(
        "Zoom API reference, Users, List users; API pagination (high)",
        page("users", _USER, numbered=True),
    ),
    "new user": Shape(
        "Zoom API reference, Users, Create users (high)",
        record(
            {"id": NAME, "email": EMAIL, "first_name": TEXT, "last_name": TEXT, "type": USER_TYPE}
        ),
    ),
    "user settings": Shape(
        "Zoom API reference, Users, Get user settings (medium)",
        record(
            {
                "schedule_meeting": record({"join_before_host": FLAG}),
                "in_meeting": record({"waiting_room": FLAG}),
                "recording": record({"cloud_recording": FLAG, "auto_recording": TEXT}),
                "feature": record({"meeting_capacity": COUNT}),
            }
        ),
    ),
    "passcode rules": Shape(
        "Zoom API reference, Users, Get user settings, option meeting_security (high)",
        record(
            {
                "meeting_security": record(
                    {
                        "waiting_room": FLAG,
                        "meeting_password_requirement": record(
                            {"length": COUNT, "have_letter": FLAG, "have_number": FLAG}
                        ),
                    }
                )
            }
        ),
    ),
    "known address": Shape(
        "Zoom API reference, Users, Check a user email (medium)", record({"existed_email": FLAG})
    ),
    "meeting": Shape("Zoom API reference, Meetings, Create and Get a meeting (high)", _MEETING),
    "recurring meeting": Shape(
        "Zoom API reference, Meetings, Get a meeting: occurrences (high)",
        {**_MEETING, "required": [*_MEETING["required"], "occurrences", "recurrence"]},
    ),
    "meeting list": Shape(
        "Zoom API reference, Meetings, List meetings; API pagination (high)",
        page("meetings", _LISTED_MEETING, numbered=True),
    ),
    "upcoming meetings": Shape(
        "Zoom API reference, Meetings, List upcoming meetings (medium)",
        record({"total_records": COUNT, "meetings": many(_LISTED_MEETING)}),
    ),
    "registrant": Shape(
        "Zoom API reference, Meetings, Add a meeting registrant (high)",
        record(
            {
                "id": NUMBER,
                "registrant_id": NAME,
                "topic": TEXT,
                "start_time": TIME,
                "join_url": {"type": "string", "pattern": r"^https?://.*[?&]tk=."},
            }
        ),
    ),
    "registrant list": Shape(
        "Zoom API reference, Meetings, List meeting registrants (medium)",
        page(
            "registrants",
            record(
                {
                    "id": NAME,
                    "email": EMAIL,
                    "first_name": NAME,
                    "status": {"enum": ["approved", "pending", "denied"]},
                    "create_time": TIME,
                }
            ),
            numbered=True,
        ),
    ),
    "past meeting": Shape(
        "Zoom API reference, Meetings, Get past meeting details (high)",
        record(
            {
                "uuid": UUID,
                "id": NUMBER,
                "host_id": NAME,
                "type": {"enum": [0, 1, 2, 3, 4, 7, 8]},
                "topic": TEXT,
                "user_name": TEXT,
                "user_email": TEXT,
                "start_time": TIME,
                "end_time": TIME,
                "duration": COUNT,
                "total_minutes": COUNT,
                "participants_count": COUNT,
            }
        ),
    ),
    "instances": Shape(
        "Zoom API reference, Meetings, List past meeting instances (high)",
        record({"meetings": many(record({"uuid": UUID, "start_time": TIME}))}),
    ),
    "participants": Shape(
        "Zoom API reference, Meetings, Get past meeting participants (medium)",
        page("participants", _PARTICIPANT),
    ),
    "recordings": Shape("Zoom API reference, Get meeting recordings (medium)", _RECORDING),
    "recording list": Shape(
        "Zoom API reference, List all recordings (medium)",
        {
            "allOf": [page("meetings", _RECORDING), record({"from": DAY, "to": DAY})],
        },
    ),
    **ERRORS,
}
