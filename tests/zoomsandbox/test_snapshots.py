"""Keeping the state and bringing it back, here and as a file for another sandbox."""

import copy
import dataclasses
import json
import typing

import pytest

from tests.sandbox import ACME, Sandbox
from tests.webhook_receiver import Receiver
from zoomsandbox.state import archive
from zoomsandbox.state.archive import ArchiveError, dump, dump_world, load, load_world, seal
from zoomsandbox.state.world import World


@pytest.fixture(autouse=True)
def _no_snapshots(sandbox):
    yield
    for one in sandbox.control("GET", "snapshots"):
        sandbox.control("DELETE", f"snapshots/{one['name']}")


def get_all(sandbox):
    """What the controls tell of the state."""
    names = ("accounts", "meetings", "zaks", "ledger", "faults", "events", "deliveries")
    return {name: sandbox.control("GET", name) for name in names}


def get_status(sandbox, token):
    return sandbox.api("GET", "/users", token).status_code


# --- Here -------------------------------------------------------------------------------------


def test_what_was_kept_comes_back(sandbox, meeting, fetch_zak):
    fetch_zak()
    sandbox.fault("users.get", "status", status=503, times=3)
    before = get_all(sandbox)
    sandbox.snapshot("monday")
    sandbox.reset()
    assert get_all(sandbox) != before
    sandbox.restore("monday")
    assert get_all(sandbox) == before


def test_what_came_after_the_snapshot_is_gone(sandbox, create):
    sandbox.snapshot("monday")
    create(topic="Later")
    sandbox.restore("monday")
    assert sandbox.meetings() == []


def test_a_snapshot_does_not_change_with_the_state(sandbox, meeting):
    sandbox.snapshot("monday")
    sandbox.change_account(plan="free")
    sandbox.change_user("alice", display_name="Alicia")
    sandbox.restore("monday")
    account = next(a for a in sandbox.accounts() if a["account_id"] == "acme-account")
    assert (account["plan"], account["users"][0]["display_name"]) == ("unlimited", "Alice Acme")


def test_a_snapshot_can_be_restored_twice(sandbox, meeting):
    sandbox.snapshot("monday")
    for _ in range(2):
        sandbox.delete_meeting(meeting["id"])
        sandbox.restore("monday")
        assert len(sandbox.meetings()) == 1


def test_tokens_work_as_before(sandbox, token):
    sandbox.snapshot("monday")
    sandbox.reset()
    assert get_status(sandbox, token) == 401
    sandbox.restore("monday")
    assert get_status(sandbox, token) == 200


def test_tokens_given_out_later_do_not_work(sandbox, token):
    sandbox.snapshot("monday")
    later = sandbox.ask_token().json()["access_token"]
    sandbox.restore("monday")
    assert (get_status(sandbox, token), get_status(sandbox, later)) == (200, 401)


def test_a_zak_and_a_start_link_work_as_before(sandbox, meeting):
    sandbox.snapshot("monday")
    sandbox.reset()
    assert sandbox.session.get(meeting["start_url"], timeout=10).status_code == 404
    sandbox.restore("monday")
    assert sandbox.session.get(meeting["start_url"], timeout=10).status_code == 200
    assert sandbox.people(meeting["id"]) == [("Alice Acme", "host")]


def test_a_meeting_can_be_changed_as_before(sandbox, token, meeting):
    sandbox.snapshot("monday")
    sandbox.restore("monday")
    address = f"/meetings/{meeting['id']}"
    assert sandbox.api("PATCH", address, token, json={"topic": "New"}).status_code == 204
    assert sandbox.api("GET", address, token).json()["topic"] == "New"


def test_numbers_of_calls_go_on_from_where_they_were(sandbox, token):
    sandbox.snapshot("monday")
    last = sandbox.ledger()[-1]["seq"]
    get_status(sandbox, token)
    sandbox.restore("monday")
    get_status(sandbox, token)
    assert sandbox.ledger()[-1]["seq"] == last + 1


def test_the_clock_is_turned_as_far_as_it_was(sandbox):
    sandbox.clock(5_000)
    sandbox.snapshot("monday")
    sandbox.reset()
    sandbox.restore("monday")
    assert sandbox.control("GET", "clock")["offset"] == pytest.approx(5_000, abs=5)


def test_tokens_have_aged_by_the_turned_clock(sandbox, token):
    sandbox.clock(3_000)
    sandbox.snapshot("monday")
    sandbox.reset()
    sandbox.restore("monday")
    assert get_status(sandbox, token) == 200
    sandbox.clock(700)
    assert get_status(sandbox, token) == 401


def test_a_clock_that_stood_still_stands_where_it_stood(sandbox):
    stood_at = sandbox.freeze()
    sandbox.snapshot("monday")
    sandbox.reset()
    sandbox.restore("monday")
    clock = sandbox.control("GET", "clock")
    assert (clock["now"], clock["is_frozen"]) == (stood_at, True)


def test_meetings_that_went_on_have_ended_after_the_restore(sandbox, token, meeting):
    sandbox.session.get(meeting["start_url"], timeout=10)
    sandbox.snapshot("monday")
    sandbox.reset()
    sandbox.restore("monday")
    assert sandbox.rooms() == []
    told = [event["event"] for event in sandbox.events()]
    assert told[-2:] == ["meeting.participant_left", "meeting.ended"]
    again = sandbox.api("GET", f"/meetings/{meeting['id']}", token).json()
    assert again["uuid"] != meeting["uuid"]


def test_meetings_that_go_on_now_end(sandbox, meeting):
    sandbox.snapshot("monday")
    page = sandbox.session.get(meeting["start_url"], timeout=10).url
    sandbox.restore("monday")
    assert sandbox.rooms() == []
    assert sandbox.session.get(page, timeout=10).status_code == 410


def test_a_scenario_is_over_after_a_restore(sandbox):
    sandbox.snapshot("monday")
    sandbox.play("a-bad-monday")
    sandbox.restore("monday")
    assert (sandbox.plays(), sandbox.faults()) == ([], [])


@pytest.fixture
def receiver():
    with Receiver.running(ACME["webhook_secret"]) as receiver:
        yield receiver


def test_a_retry_that_was_planned_is_made(sandbox, create, receiver):
    sandbox.subscribe(receiver.url)
    receiver.statuses = [503]
    create(topic="Told later")
    sandbox.settle()
    sandbox.snapshot("monday")
    sandbox.reset()
    sandbox.clock(400)
    assert receiver.events == ["meeting.created"]
    sandbox.restore("monday")
    sandbox.clock(400)
    assert receiver.events == ["meeting.created"] * 2


def test_what_was_held_back_is_sent_after_the_next(sandbox, create, receiver):
    sandbox.subscribe(receiver.url)
    sandbox.delivery_fault("meeting.created", "disorder")
    create(topic="First")
    sandbox.snapshot("monday")
    sandbox.reset()
    sandbox.restore("monday")
    token = sandbox.ask_token().json()["access_token"]
    sandbox.api("POST", "/users/alice/meetings", token, json={"topic": "Second"})
    sandbox.settle()
    assert [post.about["topic"] for post in receiver.posts] == ["Second", "First"]


def test_an_endpoint_is_validated_again_at_its_time(sandbox, receiver):
    sandbox.subscribe(receiver.url)
    sandbox.snapshot("monday")
    sandbox.restore("monday")
    sandbox.clock(73 * 3600)
    assert len(sandbox.deliveries("endpoint.url_validation")) == 2


# --- Names ------------------------------------------------------------------------------------


def test_snapshots_are_listed_with_what_is_in_them(sandbox, meeting):
    sandbox.snapshot("monday")
    (listed,) = sandbox.control("GET", "snapshots")
    found = [listed[name] for name in ("name", "accounts", "meetings", "calls")]
    assert found == ["monday", 2, 1, 2]


def test_the_same_name_replaces(sandbox, create):
    sandbox.snapshot("monday")
    create()
    sandbox.snapshot("monday")
    assert [one["meetings"] for one in sandbox.control("GET", "snapshots")] == [1]


def test_a_reset_leaves_snapshots_alone(sandbox):
    sandbox.snapshot("monday")
    sandbox.reset()
    assert len(sandbox.control("GET", "snapshots")) == 1


def test_a_deleted_snapshot_is_gone(sandbox):
    sandbox.snapshot("monday")
    sandbox.control("DELETE", "snapshots/monday")
    with pytest.raises(RuntimeError, match="404"):
        sandbox.restore("monday")


@pytest.mark.parametrize("name", ["", "a/b", "../x", "a b", ".", "x" * 65, "é", "a\n"])
def test_a_name_that_is_none_is_refused(sandbox, name):
    with pytest.raises(RuntimeError, match="400"):
        sandbox.snapshot(name)


def test_there_are_at_most_fifty(sandbox):
    for number in range(50):
        sandbox.snapshot(f"s{number}")
    with pytest.raises(RuntimeError, match="50 snapshots already"):
        sandbox.snapshot("one-more")
    sandbox.snapshot("s0")


# --- As a file --------------------------------------------------------------------------------


@pytest.fixture
def file(sandbox, meeting):
    """The snapshot of a sandbox with one meeting, as JSON."""
    sandbox.snapshot("monday")
    return sandbox.control("GET", "snapshots/monday/file")


def upload(sandbox, content):
    """The answer to a file sent in."""
    body = content if isinstance(content, str) else json.dumps(content)
    address = f"{sandbox.url}/_control/snapshots/sent/file"
    return sandbox.session.post(address, data=body, timeout=10)


def test_a_file_says_that_its_secrets_are_invented(file):
    assert "secrets are invented" in file["note"]


def test_a_file_can_be_sent_in_and_restored(sandbox, token, file):
    sandbox.reset()
    assert upload(sandbox, file).status_code == 200
    assert sandbox.meetings() == []
    sandbox.restore("sent")
    assert len(sandbox.meetings()) == 1
    assert get_status(sandbox, token) == 200


def test_a_file_larger_than_other_bodies_may_be_is_taken(sandbox, file):
    file["state"]["crashes"] = [{"call": "a", "traceback": "x" * 3_000_000}]
    assert upload(sandbox, seal(file)).status_code == 200


def test_another_sandbox_begins_with_a_file(sandbox, token, file, tmp_path):
    state = tmp_path / "state.json"
    state.write_text(json.dumps(file))
    with Sandbox.running(state=state) as other:
        assert get_all(other) == get_all(sandbox)
        assert get_status(other, token) == 200


def damage(file, how):
    """The file with one thing wrong, and otherwise as a sandbox writes it."""
    wrong = copy.deepcopy(file)
    state = wrong["state"]
    account = state["accounts"]["acme-account"]["$Account"]
    match how:
        case "version":
            wrong["zoom_sandbox"] = 2
        case "no state":
            del wrong["state"]
        case "offset":
            wrong["clock_offset"] = "late"
        case "unknown part":
            state["colour"] = "red"
        case "part of the process":
            state["public_url"] = "https://evil.example"
        case "wrong part":
            state["meetings"] = []
        case "wrong member":
            account["plan"] = "gold"
        case "unknown member":
            account["colour"] = "red"
        case "member missing":
            del account["client_id"]
        case "wrong item":
            state["accounts"]["x"] = 5
        case "unknown class":
            state["runs"] = [{"$Path": {"a": "/etc/passwd"}}]
        case "no date":
            state["crashes"] = [{"$datetime": "yesterday"}]
        case "unhashable":
            state["writes"] = {"$Counter": [[["a"], 1]]}
        case "plan":
            wrong["planned"] = [[0, "os.system", ["true"]]]
        case "plan's moment":
            wrong["planned"] = [["soon", "revalidate", []]]
        case "held":
            wrong["held"] = {"x": 5}
        case "deep":
            for _ in range(900):
                state["crashes"] = [state["crashes"]]
    return seal(wrong)


DAMAGES = (
    "version", "no state", "offset", "unknown part", "part of the process", "wrong part",
    "wrong member", "unknown member", "member missing", "wrong item", "unknown class", "no date",
    "unhashable", "plan", "plan's moment", "held", "deep",
)  # fmt: skip


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_file_is_refused_and_changes_nothing(sandbox, file, how):
    before = get_all(sandbox)
    answer = upload(sandbox, damage(file, how))
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert get_all(sandbox) == before


def test_an_edited_file_is_refused(sandbox, file):
    file["state"]["seq"] += 1
    answer = upload(sandbox, file)
    assert (answer.status_code, answer.json()["error"]) == (400, "it is not as a sandbox wrote it")


def test_a_file_may_be_written_in_another_way(sandbox, file):
    text = json.dumps(dict(reversed(file.items())), indent=4, ensure_ascii=False)
    assert upload(sandbox, text).status_code == 200


def test_the_undamaged_file_is_taken(sandbox, file):
    assert upload(sandbox, damage(file, "nothing")).status_code == 200


@pytest.mark.parametrize("content", ["", "[]", "5", "{", "[" * 100_000, '{"a": NaN}', "null"])
def test_what_is_no_file_of_a_sandbox_is_refused(sandbox, content):
    assert upload(sandbox, content).status_code == 400


# --- Nothing is left out ----------------------------------------------------------------------


def test_every_part_of_the_world_is_kept_or_left_out_on_purpose():
    world = World()
    kept = set(dump_world(world)["state"])
    assert kept | archive.NOT_ARCHIVED == set(vars(world))


def test_every_part_that_is_kept_has_a_type():
    hints = typing.get_type_hints(World)
    assert set(dump_world(World())["state"]) <= set(hints)


def find_records(hint, found):
    """The dataclasses that a type hint speaks of, and those that theirs speak of."""
    if isinstance(hint, type) and dataclasses.is_dataclass(hint) and hint not in found:
        found.add(hint)
        for inner in typing.get_type_hints(hint).values():
            find_records(inner, found)
    for inner in typing.get_args(hint):
        find_records(inner, found)
    return found


def test_every_dataclass_of_the_state_can_be_kept():
    hints = typing.get_type_hints(World)
    found = set()
    for name in dump_world(World())["state"]:
        find_records(hints[name], found)
    assert found
    assert found <= set(archive.RECORDS.values())


def test_what_cannot_be_kept_is_said():
    world = World()
    world.crashes = [object()]
    with pytest.raises(TypeError, match="a object cannot be kept"):
        dump_world(world)


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, 2.5, None, True, "x"]},
        {("a", 1): {"b": ()}},
        {"$tuple": 1},
        {"$a": 1, "b": 2},
        {1: 2},
        {"nested": {"deep": [({"x"}, frozenset({1}))]}},
        b"\x00\xff",
        "\ud800",
    ],
    ids=range(8),
)
def test_a_value_comes_back_as_it_was(value):
    again = load(json.loads(json.dumps(dump(value))))
    assert (again, type(again)) == (value, type(value))


def test_nothing_is_loaded_when_something_is_wrong():
    world = World()
    world.seq = 7
    saved = dump_world(world) | {"planned": []}
    saved["state"]["seq"] = "eight"
    with pytest.raises(ArchiveError, match="seq"):
        load_world(world, seal(saved))
    assert world.seq == 7
