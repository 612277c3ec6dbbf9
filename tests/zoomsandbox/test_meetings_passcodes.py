"""Passcodes of meetings: Zoom's rules, the account's, and those that Zoom makes."""

import re

import pytest

OFF = {"schedule_meeting": {"require_password_for_scheduling_new_meetings": False}}
INSTANT_OFF = {"schedule_meeting": {"require_password_for_instant_meetings": False}}


def change(sandbox, token, meeting, **fields):
    path = f"/meetings/{meeting['id']}"
    answer = sandbox.api("PATCH", path, token, json=fields)
    return answer, sandbox.api("GET", path, token).json()


def test_passcode_is_made_when_none_is_given(create):
    assert create().json()["password"]


@pytest.mark.parametrize("password", ["eleven11111", "space d", "ümlaut", "semi;", "a!b", 5])
def test_passcode_against_the_rules_is_refused(create, password):
    answer = create(password=password)
    assert (answer.status_code, answer.json()["code"]) == (400, 300)
    assert answer.json()["errors"][0]["field"] == "password"


def test_passcode_within_the_rules_is_kept(create):
    assert create(password="aB3@-_*xyz").json()["password"] == "aB3@-_*xyz"


RULES = [
    ({"length": 8}, "abcdef1", "abcdefg1"),
    ({"have_letter": True}, "123456", "12345a"),
    ({"have_number": True}, "abcdef", "abcde1"),
    ({"have_special_character": True}, "abcde1", "abcd-1"),
    ({"have_upper_and_lower_characters": True}, "abcdef", "abCdef"),
    ({"only_allow_numeric": True}, "12a", "130"),
    ({"consecutive_characters_length": 4}, "x1234", "x1235"),
    ({"consecutive_characters_length": 4}, "xaaaa", "xaaab"),
    ({"consecutive_characters_length": 4}, "x4321", "x4320"),
]


@pytest.mark.parametrize(("rules", "wrong", "right"), RULES)
def test_account_asks_more_of_passcodes(sandbox, create, rules, wrong, right):
    sandbox.change_account(passcode_rules=rules)
    assert create(password=wrong).json()["errors"][0]["field"] == "password"
    assert create(password=right).json()["password"] == right


@pytest.mark.parametrize("rules", [rules for rules, _, _ in RULES])
def test_passcode_made_by_zoom_meets_the_accounts_rules(sandbox, create, rules):
    sandbox.change_account(passcode_rules=rules)
    for _ in range(3):
        assert create(password=create().json()["password"]).status_code == 201


def test_passcode_made_by_zoom_meets_all_rules_at_once(sandbox, create):
    rules = {"length": 10, "have_letter": True, "have_number": True, "have_special_character": True}
    sandbox.change_account(passcode_rules={**rules, "have_upper_and_lower_characters": True})
    made = create().json()["password"]
    wanted = ("[a-z]", "[A-Z]", "[0-9]", "[@_*-]")
    assert len(made) == 10
    assert all(re.search(characters, made) for characters in wanted)


@pytest.mark.parametrize("rules", [{"length": "long"}, {"length": 99}, {"have_letter": "yes"}])
def test_odd_rules_of_an_account_do_no_harm(sandbox, create, rules):
    sandbox.change_account(passcode_rules=rules)
    assert create().status_code == 201


def test_host_who_need_not_have_a_passcode_has_none(sandbox, create):
    sandbox.change_user("alice", settings=OFF)
    meeting = create(password="").json()
    assert meeting["password"] == meeting["encrypted_password"] == ""
    assert "pwd=" not in meeting["join_url"]


def test_instant_meetings_have_a_switch_of_their_own(sandbox, create):
    sandbox.change_user("alice", settings=INSTANT_OFF)
    assert create(type=1).json()["password"] == ""
    assert create(type=2).json()["password"]


def test_default_password_asks_for_one_where_none_is_needed(sandbox, create):
    sandbox.change_user("alice", settings=OFF)
    assert create(default_password=True).json()["password"]
    assert create(default_password="yes").json()["code"] == 300


def test_empty_passcode_is_replaced_where_one_is_needed(create):
    assert create(password="").json()["password"]


def test_passcode_that_is_needed_cannot_be_taken_away(sandbox, token, meeting):
    answer, after = change(sandbox, token, meeting, password="")
    assert (answer.status_code, after["password"]) == (400, meeting["password"])


def test_passcode_that_is_not_needed_can_be_taken_away(sandbox, token, meeting):
    sandbox.change_user("alice", settings=OFF)
    answer, after = change(sandbox, token, meeting, password="")
    assert (answer.status_code, after["password"]) == (204, "")


def test_new_passcode_makes_new_links(sandbox, token, meeting):
    _, after = change(sandbox, token, meeting, password="other")
    assert after["password"] == "other"
    assert after["encrypted_password"] != meeting["encrypted_password"]


def test_old_passcode_sent_again_keeps_the_links(sandbox, token, meeting):
    _, after = change(sandbox, token, meeting, password=meeting["password"], topic="Daily")
    assert after["join_url"] == meeting["join_url"]


@pytest.mark.parametrize("passcode", ["123456", "a_B*1"])
def test_passcode_for_telephones_has_digits_only(create, passcode):
    meeting = create(password=passcode).json()
    assert meeting["h323_password"] == meeting["pstn_password"]
    assert meeting["h323_password"].isdecimal()
    assert (meeting["h323_password"] == passcode) is passcode.isdecimal()
