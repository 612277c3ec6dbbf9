"""Which scopes open which call, in all of Zoom's forms."""

import pytest

from zoomsandbox.state.accounts import ALL_SCOPES

# Every call that is here for users, with a scope that opens it: granular, so, and classic.
READ, WRITE = "user:read:admin", "user:write:admin"
USER_CALLS = [
    ("GET", "/users", "user:read:list_users:admin", READ),
    ("GET", "/users/alice", "user:read:user:admin", READ),
    ("GET", "/users/email?email=a@b.example", "user:read:email:admin", READ),
    ("GET", "/users/alice/settings", "user:read:settings:admin", READ),
    ("GET", "/users/alice/token?type=zak", "user:read:token:admin", READ),
    ("GET", "/users/me/zak", "user:read:zak:admin", "user_zak:read"),
    ("POST", "/users", "user:write:user:admin", WRITE),
    ("PATCH", "/users/alice", "user:update:user:admin", WRITE),
    ("PATCH", "/users/alice/settings", "user:update:settings:admin", WRITE),
    ("PUT", "/users/alice/status", "user:update:status:admin", WRITE),
    ("DELETE", "/users/alice", "user:delete:user:admin", WRITE),
    ("DELETE", "/users/alice/token", "user:delete:token:admin", WRITE),
]
MEETING_READ, MEETING_WRITE = "meeting:read:admin", "meeting:write:admin"
RECORDING_READ = "recording:read:admin"
MEETING, PAST = "/meetings/81234567890", "/past_meetings/81234567890"
MEETING_CALLS = [
    ("POST", "/users/alice/meetings", "meeting:write:meeting:admin", MEETING_WRITE),
    ("GET", "/users/alice/meetings", "meeting:read:list_meetings:admin", MEETING_READ),
    (
        "GET",
        "/users/alice/upcoming_meetings",
        "meeting:read:list_upcoming_meetings:admin",
        MEETING_READ,
    ),
    ("GET", MEETING, "meeting:read:meeting:admin", MEETING_READ),
    ("PATCH", MEETING, "meeting:update:meeting:admin", MEETING_WRITE),
    ("DELETE", MEETING, "meeting:delete:meeting:admin", MEETING_WRITE),
    ("PUT", f"{MEETING}/status", "meeting:update:status:admin", MEETING_WRITE),
    ("POST", f"{MEETING}/registrants", "meeting:write:registrant:admin", MEETING_WRITE),
    ("GET", f"{MEETING}/registrants", "meeting:read:list_registrants:admin", MEETING_READ),
    (
        "PUT",
        f"{MEETING}/registrants/status",
        "meeting:update:registrant_status:admin",
        MEETING_WRITE,
    ),
    ("GET", PAST, "meeting:read:past_meeting:admin", MEETING_READ),
    ("GET", f"{PAST}/instances", "meeting:read:list_past_instances:admin", MEETING_READ),
    ("GET", f"{PAST}/participants", "meeting:read:list_past_participants:admin", MEETING_READ),
    (
        "GET",
        "/users/alice/recordings",
        "cloud_recording:read:list_user_recordings:admin",
        RECORDING_READ,
    ),
    (
        "GET",
        f"{MEETING}/recordings",
        "cloud_recording:read:list_recording_files:admin",
        RECORDING_READ,
    ),
]
CALLS = [*USER_CALLS, *MEETING_CALLS]
OPENED = [
    (method, path, scope)
    for method, path, granular, classic in CALLS
    for scope in (granular, granular.removesuffix(":admin"), classic)
]


@pytest.fixture
def ask(sandbox):
    """Ask for something with a token that has these scopes only."""

    def call(method, path, scopes):
        sandbox.change_account(scopes=scopes)
        token = sandbox.ask_token().json()["access_token"]
        return sandbox.api(method, path, token, json={})

    return call


def lacks_scope(answer):
    return "does not contain scopes" in answer.text


@pytest.mark.parametrize(("method", "path", "scope", "classic"), CALLS)
def test_every_call_needs_its_own_scope(ask, method, path, scope, classic):
    answer = ask(method, path, [name for name in ALL_SCOPES if name != scope])
    assert answer.status_code == 400
    assert f"[{scope}]" in answer.json()["message"]


@pytest.mark.parametrize(("method", "path", "scope"), OPENED)
def test_any_form_of_the_scope_opens_the_call(ask, method, path, scope):
    assert not lacks_scope(ask(method, path, [scope]))


@pytest.mark.parametrize("scope", [WRITE, "user:read", "user:read:user", "meeting:read:admin"])
def test_other_scopes_do_not_open_it(ask, scope):
    assert lacks_scope(ask("GET", "/users/alice/token?type=zak", [scope]))


@pytest.mark.parametrize("code", [4711, 104, 201])
def test_the_sentence_comes_with_any_of_three_codes(sandbox, ask, code):
    sandbox.change_account(scope_code=code)
    sentence = "Invalid access token, does not contain scopes:[user:read:user:admin]."
    answer = ask("GET", "/users/alice", ["user:read:token:admin"])
    assert (answer.status_code, answer.json()) == (400, {"code": code, "message": sentence})


def test_added_scope_takes_a_new_token(sandbox):
    sandbox.change_account(scopes=["user:read:token:admin"])
    old = sandbox.ask_token().json()["access_token"]
    sandbox.change_account(scopes=["user:read:user:admin"])
    new = sandbox.ask_token().json()["access_token"]
    assert lacks_scope(sandbox.api("GET", "/users/alice", old))
    assert sandbox.api("GET", "/users/alice", new).status_code == 200


def test_a_new_account_has_every_scope(sandbox, token):
    assert set(sandbox.accounts()[0]["scopes"]) == set(ALL_SCOPES)


def test_every_scope_is_granular_and_of_the_admin_form():
    assert all(name.count(":") >= 3 and name.endswith(":admin") for name in ALL_SCOPES)
    assert len(set(ALL_SCOPES)) == len(ALL_SCOPES)


def test_every_scope_is_tried_here():
    assert {granular for _, _, granular, _ in CALLS} == set(ALL_SCOPES)
