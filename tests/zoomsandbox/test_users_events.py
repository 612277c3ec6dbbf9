"""Whatever happens to a user by Zoom's API is told as an event."""

import pytest

NEW = {"action": "custCreate", "user_info": {"email": "new@acme.example", "type": 1}}
HEIR = "transfer_meeting=true&transfer_email=bob@acme.example"


@pytest.fixture
def tell(sandbox, token):
    """Make one call and give back the events that follow, by name."""

    def call(method, path, body=None):
        before = len(sandbox.control("GET", "events"))
        assert sandbox.api(method, path, token, json=body).status_code in (201, 204)
        return {event["event"]: event["payload"] for event in events_after(sandbox, before)}

    return call


def events_after(sandbox, before):
    return sandbox.control("GET", "events")[before:]


@pytest.mark.parametrize(
    ("method", "path", "body", "names"),
    [
        ("POST", "/users", NEW, {"user.created"}),
        ("PATCH", "/users/alice", {"dept": "Stage"}, {"user.updated"}),
        ("PATCH", "/users/alice", {}, set()),
        ("PATCH", "/users/alice", {"type": 2}, set()),
        ("PATCH", "/users/alice/settings", {"in_meeting": {"chat": False}}, {
            "user.settings_updated"
        }),
        ("PUT", "/users/sam/status", {"action": "deactivate"}, {"user.deactivated"}),
        ("PUT", "/users/sam/status", {"action": "clock_in"}, set()),
        ("DELETE", "/users/alice?action=delete", None, {"user.deleted"}),
        ("DELETE", "/users/alice", None, {"user.disassociated"}),
    ],
)  # fmt: skip
def test_every_write_is_told(tell, method, path, body, names):
    assert tell(method, path, body).keys() == names


def test_how_a_user_was_made_is_told(tell):
    assert tell("POST", "/users", NEW)["user.created"]["creation_type"] == "custCreate"


def test_a_lost_licence_is_told(tell):
    told = tell("PUT", "/users/alice/status", {"action": "deactivate"})
    assert told["user.updated"]["object"]["type"] == 1
    assert "user.deactivated" in told


def test_activating_is_told(sandbox, tell):
    sandbox.change_user("alice", status="inactive")
    told = tell("PUT", "/users/alice/status", {"action": "activate"})
    assert told.keys() == {"user.activated"}


def test_a_transferred_meeting_is_told_with_both_hosts(tell, meeting):
    told = tell("DELETE", f"/users/alice?{HEIR}")
    assert told.keys() == {"meeting.updated", "user.disassociated"}
    assert told["meeting.updated"]["old_object"]["host_id"] == "alice"
    assert told["meeting.updated"]["object"]["host_id"] == "bob"


@pytest.mark.parametrize("operation", ["change_password", "sign_out_from_all_devices"])
def test_signing_out_everywhere_is_told_with_its_cause(sandbox, operation):
    sandbox.sign_out("alice", operation)
    [event] = events_after(sandbox, 0)
    assert event["event"] == "user.updated"
    assert event["payload"]["operation"] == operation
