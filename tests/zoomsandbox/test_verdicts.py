"""Who is let in by the Web SDK, beyond signature, passcode and ZAK, and where hosts may be."""

from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from tests.sandbox import ACME, GLOBEX
from tests.zoomsandbox.joining import make_claims, make_form, sign, wire

ELSEWHERE = (200, "Can not be host in other account's meeting.")
IN_PROGRESS = (3000, "Already has other meetings in progress.")
REGISTER = (3099, "This meeting requires registration.")


@pytest.fixture
def join(ask, fetch_zak):
    """Ask as a host of this meeting, or as a guest without a ZAK."""

    def call(meeting, user="alice", **changes):
        return ask(make_form(meeting, fetch_zak(user), **changes))

    return call


@pytest.fixture
def visit(ask):
    def call(meeting, **changes):
        signature = sign(make_claims(meeting["id"], role=0))
        form = {"signature": signature, "ulsm": "0", "userName": "Guest", **changes}
        return ask(make_form(meeting, **form))

    return call


def start(sandbox, meeting):
    sandbox.session.get(meeting["start_url"], timeout=10)


# --- The app and the account ------------------------------------------------------------------


def test_key_of_no_app_is_a_wrong_key(join, meeting):
    signature = sign(make_claims(meeting["id"], appKey="invented"))
    answer = join(meeting, signature=signature, apiKey="invented")
    assert wire(answer) == (200, "The api key is wrong.")


def test_credentials_of_the_rest_app_are_an_invalid_signature(join, meeting):
    claims = make_claims(meeting["id"], appKey=ACME["client_id"])
    signature = sign(claims, ACME["client_secret"])
    answer = join(meeting, signature=signature, apiKey=ACME["client_id"])
    assert wire(answer) == (200, "Invalid signature.")


def test_deactivated_sdk_app_lets_nobody_in(sandbox, join, meeting):
    sandbox.change_account(sdk_app_active=False)
    assert wire(join(meeting)) == (200, "The account don't enable API.")


@pytest.mark.parametrize(
    ("least", "accepted"),
    [("6.2.0", True), ("6.2", True), ("6.1.9", True), ("", True), ("6.2.1", False), ("10", False)],
)
def test_sdk_below_the_minimum_version_is_refused(sandbox, join, meeting, least, accepted):
    sandbox.change_account(min_sdk_version=least)
    answer = join(meeting, cv="6.2.0")
    assert answer["status"] is accepted
    assert accepted or wire(answer)[1].startswith("The current sdk version is no longer supported")


def test_stand_in_has_no_version_and_is_never_too_old(sandbox, join, meeting):
    sandbox.change_account(min_sdk_version="99.0.0")
    assert join(meeting, cv="stand-in")["status"] is True


def test_host_whose_settings_forbid_the_web_client_is_refused(sandbox, join, meeting):
    off = {"in_meeting": {"show_a_join_from_your_browser_link": False}}
    sandbox.change_user("alice", settings=off)
    assert wire(join(meeting)) == (3000, "Not support start or join meeting from web.")


def test_meeting_encrypted_end_to_end_is_for_no_browser(create, join):
    meeting = create(settings={"encryption_type": "e2ee"}).json()
    code, message = wire(join(meeting))
    assert (code, message[:24]) == (3000, "Unable join from browser")


# --- One meeting at a time --------------------------------------------------------------------


def test_host_cannot_start_a_second_meeting(sandbox, create, join, meeting):
    start(sandbox, meeting)
    assert wire(join(create().json())) == ELSEWHERE


def test_host_may_start_again_when_the_first_has_ended(sandbox, create, join, meeting):
    start(sandbox, meeting)
    sandbox.end(meeting["id"])
    assert join(create().json())["status"] is True


def test_host_joins_the_same_meeting_from_another_tab(sandbox, join, meeting):
    start(sandbox, meeting)
    assert join(meeting)["status"] is True


def test_host_who_left_while_guests_stay_still_has_that_meeting(sandbox, create, join, meeting):
    page = sandbox.session.get(meeting["start_url"], timeout=10).url
    sandbox.session.get(f"{meeting['join_url']}&name=Guest", timeout=10)
    sandbox.session.post(f"{page}/leave", timeout=10)
    assert wire(join(create().json())) == ELSEWHERE


def test_alternative_host_may_start_while_the_host_is_elsewhere(sandbox, create, join, meeting):
    start(sandbox, create().json())
    assert join(meeting, "bob")["status"] is True


def test_alternative_host_who_hosts_elsewhere_is_refused(sandbox, create, join, meeting):
    start(sandbox, create(host="bob").json())
    assert wire(join(meeting, "bob")) == IN_PROGRESS


def test_host_is_free_while_an_alternative_host_runs_their_meeting(
    sandbox, create, enter, join, meeting
):
    other = create().json()
    answers = enter(join(meeting, "bob"), lambda hello: join(other))
    assert answers["status"] is True


def test_host_in_a_meeting_of_another_account_counts_for_nothing(sandbox, meeting):
    sandbox.globex(users=ACME["users"])
    start(sandbox, meeting)
    token = sandbox.ask_token(GLOBEX).json()["access_token"]
    foreign = sandbox.api("POST", "/users/alice/meetings", token, json={}).json()
    start(sandbox, foreign)
    assert len(sandbox.rooms()) == 2


def test_second_of_two_tickets_is_turned_away_at_the_socket(sandbox, create, enter, join, meeting):
    first, second = join(meeting), join(create().json())

    async def try_the_other(socket):
        number = second["result"]["meetingNumber"]
        async with (
            aiohttp.ClientSession() as client,
            client.ws_connect(
                f"{sandbox.url}/wc/api/{number}", params={"auth": second["result"]["auth"]}
            ) as other,
        ):
            return await other.receive_json(timeout=5)

    hello = enter(first, lambda hello: try_the_other)
    assert (hello["evt"], hello["body"]) == (4098, {"res": 3005})
    assert sandbox.ledger("web.socket")[-1]["detail"]["verdict"] == "refused"


def test_start_link_to_a_second_meeting_is_refused(sandbox, create, meeting):
    start(sandbox, meeting)
    answer = sandbox.session.get(create().json()["start_url"], timeout=10)
    assert answer.status_code == 409
    assert len(sandbox.rooms()) == 1


# --- The end after forty minutes --------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "running"), [(2399, 1), (2400, 0)])
@pytest.mark.parametrize("because", ["licence", "plan"])
def test_basic_meeting_ends_after_forty_minutes(sandbox, meeting, because, seconds, running):
    sandbox.freeze()
    if because == "licence":
        sandbox.change_user("alice", type=1)
    else:
        sandbox.change_account(plan="free")
    start(sandbox, meeting)
    sandbox.clock(seconds)
    assert len(sandbox.rooms()) == running


def test_licensed_meeting_goes_on(sandbox, meeting):
    start(sandbox, meeting)
    sandbox.clock(3 * 3600)
    assert len(sandbox.rooms()) == 1


def test_end_after_forty_minutes_is_told_for_that_moment(sandbox, token, meeting):
    sandbox.freeze()
    sandbox.change_user("alice", type=1)
    start(sandbox, meeting)
    sandbox.clock(3000)
    sandbox.settle()
    past = sandbox.api("GET", f"/past_meetings/{meeting['id']}", token).json()
    assert past["duration"] == 40
    [event] = sandbox.events("meeting.ended")
    assert event["payload"]["object"]["end_time"] == past["end_time"]


def test_end_after_forty_minutes_closes_the_socket(sandbox, enter, join, meeting):
    sandbox.change_user("alice", type=1)

    def doing(hello):
        sandbox.clock(2400)
        return lambda socket: socket.receive(timeout=5)

    assert enter(join(meeting), doing).type is aiohttp.WSMsgType.CLOSE


# --- Guests -----------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["meeting", "account"])
def test_guest_has_to_be_signed_in_where_that_is_asked(sandbox, create, visit, fetch_zak, by):
    meeting = create(settings={"meeting_authentication": by == "meeting"}).json()
    if by == "account":
        asked = {"meeting_security": {"only_authenticated_can_join_from_webclient": True}}
        sandbox.change_user("alice", settings=asked)
    start(sandbox, meeting)
    assert wire(visit(meeting)) == (3100, "Require login")
    assert visit(meeting, ztk=fetch_zak("sam"))["status"] is True


def test_guest_without_registration_is_asked_for_it(sandbox, create, visit):
    meeting = create(settings={"approval_type": 0}).json()
    start(sandbox, meeting)
    assert wire(visit(meeting)) == REGISTER


def register(sandbox, token, meeting):
    body = {"first_name": "Gina", "email": "gina@elsewhere.example"}
    path = f"/meetings/{meeting['id']}/registrants"
    return sandbox.api("POST", path, token, json=body).json()


def test_registered_guest_is_let_in_and_known(sandbox, token, create, visit, enter):
    meeting = create(settings={"approval_type": 0}).json()
    registrant = register(sandbox, token, meeting)
    start(sandbox, meeting)
    tk = registrant["join_url"].partition("tk=")[2].partition("&")[0]
    enter(visit(meeting, tk=tk), lambda hello: None)
    sandbox.end(meeting["id"])
    path = f"/past_meetings/{meeting['id']}/participants"
    guest = sandbox.api("GET", path, token).json()["participants"][1]
    assert guest["registrant_id"] == registrant["registrant_id"]


def test_cancelled_registration_is_void(sandbox, token, create, visit):
    meeting = create(settings={"approval_type": 0}).json()
    registrant = register(sandbox, token, meeting)
    body = {"action": "cancel", "registrants": [{"id": registrant["registrant_id"]}]}
    sandbox.api("PUT", f"/meetings/{meeting['id']}/registrants/status", token, json=body)
    start(sandbox, meeting)
    tk = registrant["join_url"].partition("tk=")[2].partition("&")[0]
    assert wire(visit(meeting, tk=tk)) == (124, "Token has expired.")


def test_host_needs_no_registration(create, join):
    assert join(create(settings={"approval_type": 0}).json())["status"] is True


@pytest.mark.parametrize(
    ("settings", "let_in"),
    [
        ({"join_before_host": True}, True),
        ({"join_before_host": True, "waiting_room": True}, False),
        ({"join_before_host": True, "jbh_time": 5}, False),
        ({"join_before_host": False}, False),
    ],
)
def test_guest_before_the_host(create, visit, settings, let_in):
    meeting = create(start_time="2050-01-01T10:00:00Z", settings=settings).json()
    assert visit(meeting)["status"] is let_in


@pytest.mark.parametrize(("minutes", "let_in"), [(4, True), (6, False)])
def test_guest_may_come_so_many_minutes_before_the_start(create, visit, minutes, let_in):
    start_time = datetime.now(UTC) + timedelta(minutes=minutes)
    settings = {"join_before_host": True, "jbh_time": 5}
    meeting = create(start_time=f"{start_time:%Y-%m-%dT%H:%M:%SZ}", settings=settings).json()
    assert visit(meeting)["status"] is let_in


def test_what_the_guest_brings_is_kept(sandbox, token, visit, enter, meeting):
    start(sandbox, meeting)
    mine = {"userEmail": "gina@elsewhere.example", "customerKey": "k" * 40}
    enter(visit(meeting, **mine), lambda hello: None)
    sandbox.wait_until(lambda: len(sandbox.events("meeting.participant_left")) == 1)
    [left] = sandbox.events("meeting.participant_left")
    person = left["payload"]["object"]["participant"]
    assert (person["email"], person["customer_key"]) == ("gina@elsewhere.example", "k" * 36)


def test_expired_number_does_not_exist(sandbox, create, ask):
    meeting = create().json()
    now = int(sandbox.clock(32 * 86_400))
    claims = make_claims(meeting["id"], iat=now - 60, exp=now + 7200, tokenExp=now + 7200)
    assert wire(ask(make_form(meeting, signature=sign(claims))))[0] == 3001
