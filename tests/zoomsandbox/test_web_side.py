"""What Zoom answers the Web SDK, and who is in the room after it."""

import time
from typing import Any

import aiohttp
import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sandbox import ACME, GLOBEX
from tests.zoomsandbox.joining import SECRET, make_claims, make_form, sign, wire

WIRE = {
    "signature": (200, "Invalid signature."),
    "expired": (200, "The signature has expired."),
    "number": (200, "The meeting number is wrong."),
    "role": (200, "The role is not applicable."),
    "zak": (3136, "Token error"),
    "gone": (3001, "Meeting does not exist."),
    "passcode": (3004, "Wrong passcode."),
    "early": (3008, "The meeting has not started."),
    "not host": (3003, "You are not the meeting host."),
    "inactive": (1001, "Meeting host is inactive."),
}


def test_host_with_a_live_zak_is_let_in(sandbox, ask, meeting, fetch_zak):
    answer = ask(make_form(meeting, fetch_zak("alice")))
    assert (answer["status"], answer["errorCode"]) == (True, 0)
    [entry] = sandbox.ledger("web.info")
    assert entry["detail"]["verdict"] == "ok"
    assert entry["detail"]["zak_user_id"] == "alice"


def test_alternative_host_is_let_in(sandbox, ask, meeting, fetch_zak):
    assert ask(make_form(meeting, fetch_zak("bob")))["status"] is True
    assert sandbox.ledger("web.info")[0]["detail"]["standing"] == "alternative host"


def test_ledger_has_claims_and_no_secret(sandbox, ask, meeting, fetch_zak):
    zak = fetch_zak("alice")
    form = make_form(meeting, zak)
    ask(form)
    [entry] = sandbox.ledger("web.info")
    assert entry["detail"]["claims"]["mn"] == str(meeting["id"])
    for secret in (zak, form["signature"], SECRET, meeting["password"]):
        assert secret not in str(sandbox.ledger())


def test_another_secret_is_an_invalid_signature(ask, meeting, fetch_zak):
    signature = sign(make_claims(meeting["id"]), ACME["client_secret"])
    form = make_form(meeting, fetch_zak(), signature=signature)
    assert wire(ask(form)) == WIRE["signature"]


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_another_algorithm_is_an_invalid_signature(ask, meeting, fetch_zak):
    for algorithm, key in (("none", None), ("HS512", SECRET)):
        signature = jwt.encode(make_claims(meeting["id"]), key, algorithm)
        form = make_form(meeting, fetch_zak(), signature=signature)
        assert wire(ask(form)) == WIRE["signature"]


@pytest.mark.parametrize("signature", ["", "x", "a.b.c", "e30.e30.e30"])
def test_what_is_no_jwt_is_an_invalid_signature(ask, meeting, signature):
    assert wire(ask(make_form(meeting, signature=signature))) == WIRE["signature"]


def test_expired_signature_is_told_as_expired(sandbox, ask, meeting, fetch_zak):
    form = make_form(meeting, fetch_zak(ttl=90_000))
    sandbox.clock(7141)
    assert wire(ask(form)) == WIRE["expired"]


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"iat": int(time.time()) + 3600}, "signature"),
        ({"iat": None}, "signature"),
        ({"iat": "now"}, "signature"),
        ({"exp": None}, "signature"),
        ({"tokenExp": None}, "signature"),
        ({"tokenExp": 1}, "signature"),
        ({"appKey": None}, "signature"),
        ({"appKey": "globex-sdk"}, "signature"),
        ({"mn": None}, "number"),
        ({"mn": 81234567890}, "number"),
        ({"mn": "81234567890"}, "number"),
        ({"role": None}, "role"),
        ({"role": "1"}, "role"),
        ({"role": True}, "role"),
        ({"role": 2}, "role"),
        ({"role": 1.0}, "role"),
    ],
)
def test_wrong_claim_is_refused_in_the_sdks_words(ask, meeting, fetch_zak, changes, verdict):
    signature = sign(make_claims(meeting["id"], **changes))
    form = make_form(meeting, fetch_zak(), signature=signature)
    assert wire(ask(form)) == WIRE[verdict]


@pytest.mark.parametrize(("life", "accepted"), [(1800, False), (1801, True)])
def test_life_of_exactly_1800_seconds_is_too_short(ask, meeting, fetch_zak, life, accepted):
    issued = int(time.time())
    claims = make_claims(meeting["id"], iat=issued, exp=issued + life, tokenExp=issued + life)
    form = make_form(meeting, fetch_zak(), signature=sign(claims))
    assert ask(form)["status"] is accepted


@pytest.mark.parametrize(("life", "accepted"), [(172_800, True), (172_801, False)])
def test_life_of_more_than_two_days_is_too_long(ask, meeting, fetch_zak, life, accepted):
    issued = int(time.time())
    claims = make_claims(meeting["id"], iat=issued, exp=issued + life, tokenExp=issued + life)
    form = make_form(meeting, fetch_zak(), signature=sign(claims))
    assert ask(form)["status"] is accepted


def test_missing_zak_is_a_token_error(ask, meeting):
    assert wire(ask(make_form(meeting))) == WIRE["zak"]


def test_zak_of_a_colleague_is_told_as_not_the_hosts(ask, meeting, fetch_zak):
    assert wire(ask(make_form(meeting, fetch_zak("sam")))) == WIRE["not host"]


def test_foreign_zak_is_a_token_error(sandbox, ask, meeting, foreign_token):
    query = {"type": "zak"}
    zak = sandbox.api("GET", "/users/carol/token", foreign_token, params=query).json()["token"]
    assert wire(ask(make_form(meeting, zak))) == WIRE["zak"]


def test_zak_of_the_same_user_id_in_another_account_is_a_token_error(sandbox, ask, meeting):
    sandbox.globex(users=ACME["users"])
    token = sandbox.ask_token(GLOBEX).json()["access_token"]
    query = {"type": "zak"}
    zak = sandbox.api("GET", "/users/alice/token", token, params=query).json()["token"]
    assert wire(ask(make_form(meeting, zak))) == WIRE["zak"]


def test_another_key_than_the_signatures_is_an_invalid_signature(ask, meeting, fetch_zak):
    form = make_form(meeting, fetch_zak(), apiKey="globex-sdk")
    assert wire(ask(form)) == WIRE["signature"]


def test_body_that_is_no_text_is_a_bad_request(sandbox):
    header = {"Content-Type": "application/x-www-form-urlencoded"}
    address = f"{sandbox.url}/api/v1/wc/info"
    answer = sandbox.session.post(address, data=b"\xff", headers=header, timeout=10)
    assert answer.status_code == 400


def test_deprecated_kind_of_token_is_no_zak(ask, meeting, fetch_zak):
    assert wire(ask(make_form(meeting, fetch_zak(kind="token")))) == WIRE["zak"]


def test_expired_zak_is_a_token_error(sandbox, ask, meeting, fetch_zak):
    form = make_form(meeting, fetch_zak(ttl=60))
    sandbox.clock(61)
    assert wire(ask(form)) == WIRE["zak"]


def test_zak_of_a_deactivated_alternative_host_is_a_token_error(sandbox, ask, meeting, fetch_zak):
    form = make_form(meeting, fetch_zak("bob"))
    sandbox.change_user("bob", status="inactive")
    assert wire(ask(form)) == WIRE["zak"]


def test_meeting_of_a_deactivated_host_is_told_so(sandbox, ask, meeting, fetch_zak):
    form = make_form(meeting, fetch_zak())
    sandbox.change_user("alice", status="inactive")
    assert wire(ask(form)) == WIRE["inactive"]


def test_unknown_meeting_does_not_exist(ask, meeting, fetch_zak):
    unknown = {**meeting, "id": 81234567890}
    assert wire(ask(make_form(unknown, fetch_zak()))) == WIRE["gone"]


def test_meeting_gone_at_zoom_does_not_exist(sandbox, ask, meeting, fetch_zak):
    form = make_form(meeting, fetch_zak())
    sandbox.delete_meeting(meeting["id"])
    assert wire(ask(form)) == WIRE["gone"]


def test_meeting_of_another_account_does_not_exist(ask, meeting, fetch_zak):
    claims = make_claims(meeting["id"], appKey="globex-sdk")
    signature = sign(claims, GLOBEX["sdk_client_secret"])
    form = make_form(meeting, fetch_zak(), signature=signature, apiKey="globex-sdk")
    assert wire(ask(form)) == WIRE["gone"]


def test_other_number_than_signed_is_wrong(ask, meeting, fetch_zak):
    form = make_form(meeting, fetch_zak(), meetingNumber="81234567890")
    assert wire(ask(form)) == WIRE["number"]


@pytest.mark.parametrize("passcode", ["", "nope", "A_B*1"])
def test_wrong_passcode_is_told_as_3004(ask, meeting, fetch_zak, passcode):
    form = make_form(meeting, fetch_zak(), passWord=passcode)
    assert wire(ask(form)) == WIRE["passcode"]


def test_participant_waits_for_the_host(ask, meeting):
    signature = sign(make_claims(meeting["id"], role=0))
    form = make_form(meeting, signature=signature, ulsm="0")
    assert wire(ask(form)) == WIRE["early"]


def test_participant_comes_in_after_the_host(sandbox, ask, enter, meeting):
    sandbox.session.get(meeting["start_url"], timeout=10)
    signature = sign(make_claims(meeting["id"], role=0))
    answer = ask(make_form(meeting, signature=signature, ulsm="0", userName="Guest"))
    people = enter(answer, lambda hello: sandbox.people(meeting["id"]))
    assert people == [("Alice Acme", "host"), ("Guest", "participant")]


SHIFT = st.integers().filter(bool)
ODD = st.none() | st.booleans() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
# For each claim a change that makes it wrong: a shift of a number, or another value.
SHIFTS = {
    "iat": st.integers(min_value=120) | st.integers(max_value=-172_800),
    "exp": SHIFT,
    "tokenExp": SHIFT,
    "role": st.integers(max_value=-2) | st.integers(min_value=1),
}
OTHERS = {"mn": st.from_regex(r"[0-9]{9,11}", fullmatch=True), "appKey": st.text()}


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), name=st.sampled_from(sorted(SHIFTS | OTHERS)), odd=st.booleans())
def test_any_one_claim_mutated_is_refused(ask, meeting, fetch_zak, data, name, odd):
    claims = make_claims(meeting["id"])
    if odd:
        claims[name] = data.draw(ODD)
    elif name in SHIFTS:
        claims[name] += data.draw(SHIFTS[name])
    else:
        claims[name] = data.draw(OTHERS[name])
    form = make_form(meeting, fetch_zak(), signature=sign(claims))
    assert ask(form)["status"] is False


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.integers(0, 10**6))
def test_any_character_changed_after_signing_is_refused(ask, meeting, fetch_zak, place):
    form = make_form(meeting, fetch_zak())
    text = form["signature"]
    # The last character of a part may hold padding bits that decode to the same bytes.
    place %= text.rindex(".") - 1
    form["signature"] = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
    assert ask(form)["status"] is False


def test_room_lists_the_host_while_the_socket_is_open(sandbox, ask, enter, meeting, fetch_zak):
    answer = ask(make_form(meeting, fetch_zak()))
    people = enter(answer, lambda hello: sandbox.people(meeting["id"]))
    assert people == [("Alice", "host")]
    sandbox.wait_until(lambda: sandbox.rooms() == [])


def test_first_message_is_the_one_the_sdk_waits_for(ask, enter, meeting, fetch_zak):
    hello = enter(ask(make_form(meeting, fetch_zak())), lambda hello: hello)
    assert (hello["evt"], hello["body"]["res"], hello["body"]["bHost"]) == (4098, 0, True)


def test_socket_entry_says_whose_zak_came(sandbox, ask, enter, meeting, fetch_zak):
    zak = fetch_zak("bob")
    enter(ask(make_form(meeting, zak)), lambda hello: None, zak=zak)
    [entry] = sandbox.ledger("web.socket")
    assert (entry["status"], entry["detail"]["zak_user_id"]) == (101, "bob")


def test_end_of_the_meeting_closes_the_socket(sandbox, ask, enter, meeting, fetch_zak):
    def doing(hello: Any) -> Any:
        sandbox.end(meeting["id"])
        return lambda socket: socket.receive(timeout=5)

    message = enter(ask(make_form(meeting, fetch_zak())), doing)
    assert message.type is aiohttp.WSMsgType.CLOSE


def test_host_of_the_stand_in_ends_for_all(sandbox, ask, enter, meeting, fetch_zak):
    async def end(socket: Any) -> None:
        await socket.send_json({"standIn": "end"})
        while (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.TEXT:
            pass

    answer = ask(make_form(meeting, fetch_zak(), cv="stand-in"))
    enter(answer, lambda hello: end)
    assert sandbox.rooms() == []


def test_socket_without_admission_is_refused(sandbox, meeting):
    address = f"{sandbox.url}/wc/api/{meeting['id']}?auth=invented"
    assert sandbox.session.get(address, timeout=10).status_code == 403


def test_admission_is_for_one_meeting(sandbox, ask, create, meeting, fetch_zak):
    ticket = ask(make_form(meeting, fetch_zak()))["result"]["auth"]
    address = f"{sandbox.url}/wc/api/{create().json()['id']}?auth={ticket}"
    assert sandbox.session.get(address, timeout=10).status_code == 403


def test_secrets_in_a_url_are_recorded_and_not_answered(sandbox, meeting, fetch_zak):
    address = f"{sandbox.url}/api/v1/wc/info"
    query = make_form(meeting, fetch_zak())
    assert sandbox.session.get(address, params=query, timeout=10).status_code == 404
    assert sandbox.ledger("web.info")[0]["detail"]["reason"] == "secrets in a URL"


def test_any_other_path_gets_an_empty_answer_for_every_origin(sandbox):
    answer = sandbox.session.post(f"{sandbox.url}/wc/refresh_tokens", timeout=10)
    assert (answer.status_code, answer.json()) == (200, {})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_preflight_is_answered_and_not_in_the_ledger(sandbox):
    answer = sandbox.session.options(f"{sandbox.url}/wc/refresh_tokens", timeout=10)
    assert answer.status_code == 204
    assert sandbox.ledger() == []


def test_tls_port_answers_with_zooms_host_names(sandbox, meeting, fetch_zak, tmp_path):
    answer = sandbox.session.get(f"{sandbox.url}/_control/certificate", timeout=10)
    (tmp_path / "ca.pem").write_bytes(answer.content)
    address = f"https://localhost:{sandbox.tls_port}/api/v1/wc/info"
    form = make_form(meeting, fetch_zak())
    info = sandbox.session.post(
        address, data=form, headers={"Host": "zoom.us"}, verify=tmp_path / "ca.pem", timeout=10
    ).json()
    assert "rwcsandbox.zoom.us" in info["result"]["encryptedRWC"]
