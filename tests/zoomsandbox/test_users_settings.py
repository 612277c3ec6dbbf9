"""A user's settings."""

import pytest


@pytest.fixture
def settings(sandbox, token):
    """Alice's settings, all or one subject of them."""

    def call(option=None):
        return sandbox.api("GET", "/users/alice/settings", token, params={"option": option}).json()

    return call


@pytest.fixture
def change(sandbox, token):
    def call(body, option=None):
        query = {"option": option}
        return sandbox.api("PATCH", "/users/alice/settings", token, params=query, json=body)

    return call


def test_settings_come_by_section(settings):
    assert {"schedule_meeting", "in_meeting", "recording", "feature"} <= set(settings())


def test_meeting_security_comes_alone(settings):
    security = settings("meeting_security")
    assert set(security) == {"meeting_security"}
    assert security["meeting_security"]["meeting_password"] is True


def test_meeting_authentication_comes_alone(settings):
    answer = settings("meeting_authentication")
    assert (answer["meeting_authentication"], answer["authentication_options"]) == (False, [])


def test_another_option_is_refused(sandbox, token):
    answer = sandbox.api("GET", "/users/alice/settings?option=secrets", token)
    assert answer.json()["errors"][0]["field"] == "option"


def test_rules_of_the_account_are_the_requirement_for_passcodes(sandbox, settings):
    sandbox.change_account(passcode_rules={"length": 8, "have_number": True})
    requirement = settings("meeting_security")["meeting_security"]["meeting_password_requirement"]
    assert (requirement["length"], requirement["have_number"]) == (8, True)
    assert requirement["have_letter"] is False


def test_a_change_is_told_afterwards(settings, change):
    answer = change({"in_meeting": {"waiting_room": True}})
    assert (answer.status_code, answer.content) == (204, b"")
    assert settings()["in_meeting"]["waiting_room"] is True
    assert settings()["in_meeting"]["chat"] is True


def test_changes_add_up(settings, change):
    change({"in_meeting": {"waiting_room": True}})
    change({"in_meeting": {"chat": False}})
    found = settings()["in_meeting"]
    assert (found["waiting_room"], found["chat"]) == (True, False)


def test_meeting_security_is_changed_by_its_option(settings, change):
    change({"meeting_security": {"waiting_room": True}}, "meeting_security")
    assert settings("meeting_security")["meeting_security"]["waiting_room"] is True


def test_meeting_authentication_is_changed_by_its_option(settings, change):
    change({"meeting_authentication": True}, "meeting_authentication")
    assert settings("meeting_authentication")["meeting_authentication"] is True


def test_passcodes_switched_off_are_not_made(sandbox, change, create):
    assert create().json()["password"]
    change({"meeting_security": {"meeting_password": False}}, "meeting_security")
    assert create().json()["password"] == ""


def test_the_requirement_for_passcodes_is_the_accounts(change):
    body = {"meeting_security": {"meeting_password_requirement": {"length": 3}}}
    answer = change(body, "meeting_security")
    field = answer.json()["errors"][0]["field"]
    assert field == "meeting_security.meeting_password_requirement"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"in_meeting": {"chat": "yes"}}, "in_meeting.chat"),
        ({"in_meeting": {"chat": 1}}, "in_meeting.chat"),
        ({"in_meeting": []}, "in_meeting"),
        ({"feature": {"meeting_capacity": True}}, "feature.meeting_capacity"),
        ({"recording": {"auto_recording": None}}, "recording.auto_recording"),
    ],
)
def test_a_value_of_another_kind_is_refused_and_nothing_is_changed(settings, change, body, field):
    before = settings()
    answer = change({"telephony": {"third_party_audio": True}, **body})
    assert answer.json()["errors"][0]["field"] == field
    assert settings() == before


def test_unknown_settings_are_ignored(settings, change):
    before = settings()
    assert change({"moon": {"phase": 1}, "in_meeting": {"moon": 1}}).status_code == 204
    assert settings() == before


def test_settings_of_others_stay(sandbox, token, change):
    change({"in_meeting": {"chat": False}})
    found = sandbox.api("GET", "/users/bob/settings", token).json()
    assert found["in_meeting"]["chat"] is True


@pytest.mark.parametrize(
    "junk", [{"in_meeting": 1}, {"in_meeting": {"chat": "x"}}, {"meeting_security": []}]
)
def test_settings_that_control_garbled_are_told_as_zooms_own(sandbox, settings, junk):
    before = settings(), settings("meeting_security")
    sandbox.change_user("alice", settings=junk)
    assert (settings(), settings("meeting_security")) == before
