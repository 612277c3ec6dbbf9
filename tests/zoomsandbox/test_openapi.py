"""The description of the controls: valid, complete, and true of what they answer."""

import json
import re

import pytest
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from zoomsandbox.app import make_app
from zoomsandbox.state.world import World


@pytest.fixture
def document(sandbox):
    return sandbox.control("GET", "openapi.json")


def get_registered():
    """Method and path of every route below ``/_control/`` but the one for what is unknown."""
    routes = make_app(World()).router.routes()
    found = {(route.method.lower(), route.resource.canonical) for route in routes if route.resource}
    return {
        (method, path)
        for method, path in found
        if path.startswith("/_control/") and method not in ("*", "head")
    }


def get_described(document):
    return {
        (method, path) for path, operations in document["paths"].items() for method in operations
    }


def find_mistakes(document, schema, value):
    """What is wrong with the value by a schema of the document."""
    whole = {**schema, "components": document["components"]}
    return [error.message for error in Draft202012Validator(whole).iter_errors(value)]


def get_answer_schema(document, method, path):
    operation = document["paths"][f"/_control/{path}"][method]
    return operation["responses"]["200"]["content"]["application/json"]["schema"]


def test_every_control_is_described_and_nothing_else(document):
    assert get_described(document) == get_registered()


def test_there_are_controls_to_describe():
    assert len(get_registered()) > 30


def test_the_document_is_valid_openapi(document):
    assert document["openapi"] == "3.1.0"
    validate_schema(document)


def test_an_invalid_document_is_noticed(document):
    document["paths"]["/_control/reset"]["post"]["responses"] = "none"
    with pytest.raises(Exception, match="none"):
        validate_schema(document)


def test_every_schema_is_valid(document):
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere(document):
    wanted = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert wanted == set(document["components"]["schemas"])


def test_every_operation_has_an_id_of_its_own(document):
    ids = [o["operationId"] for path in document["paths"].values() for o in path.values()]
    assert len(ids) == len(set(ids))


def test_every_operation_has_a_summary_of_one_line(document):
    summaries = [o["summary"] for path in document["paths"].values() for o in path.values()]
    assert all(0 < len(summary) < 100 for summary in summaries)


def test_every_name_in_a_path_is_a_parameter(document):
    for path, operations in document["paths"].items():
        for operation in operations.values():
            told = [p["name"] for p in operation["parameters"] if p["in"] == "path"]
            assert told == re.findall(r"\{(\w+)\}", path)


@pytest.fixture
def scene(sandbox, meeting, fetch_zak, token):
    """Something of everything that can be listed."""
    fetch_zak()
    sandbox.api("GET", "/users", "invented")
    sandbox.session.get(meeting["start_url"], timeout=10)
    sandbox.fault("users.get", "status", status=503, body={"code": 1}, times=2)
    sandbox.delivery_fault("meeting.started", "lose")
    sandbox.play("a-bad-monday")
    sandbox.snapshot("openapi")
    yield sandbox
    sandbox.stop_plays()
    sandbox.control("DELETE", "snapshots/openapi")


def test_every_list_answers_as_described(document, scene):
    paths = [path for method, path in get_registered() if method == "get" and "{" not in path]
    for path in sorted(set(paths) - {"/_control/certificate"}):
        name = path.removeprefix("/_control/")
        answer = scene.control("GET", name)
        schema = get_answer_schema(document, "get", name)
        assert find_mistakes(document, schema, answer) == [], path


def test_the_lists_that_were_looked_at_are_not_empty(scene):
    names = ("accounts", "meetings", "rooms", "zaks", "ledger", "faults", "events", "snapshots")
    assert [name for name in names if not scene.control("GET", name)] == []


@pytest.mark.parametrize(
    ("method", "path", "described", "body"),
    [
        ("POST", "accounts", "accounts", {"account_id": "new", "client_id": "a",
            "client_secret": "b", "sdk_client_id": "c", "sdk_client_secret": "d"}),
        ("PATCH", "accounts/acme-account", "accounts/{account}", {"plan": "pro"}),
        ("PATCH", "users/alice", "users/{user}", {"status": "inactive"}),
        ("POST", "clock", "clock", {"advance": 1}),
        ("POST", "settle", "settle", None),
        ("POST", "faults", "faults", {"kind": "latency", "call": "users.*"}),
        ("POST", "rooms/1/end", "rooms/{number}/end", None),
        ("GET", "ledger/counts", "ledger/counts", None),
        ("POST", "reset", "reset", None),
    ],
)  # fmt: skip
def test_an_action_answers_as_described(sandbox, document, method, path, described, body):
    answer = sandbox.control(method, path, body)
    schema = get_answer_schema(document, method.lower(), described)
    assert find_mistakes(document, schema, answer) == []


def test_another_answer_would_be_noticed(document):
    schema = get_answer_schema(document, "get", "accounts")
    assert find_mistakes(document, schema, [{"account_id": 5}])


def test_a_refusal_answers_as_described(sandbox, document):
    address = f"{sandbox.url}/_control/accounts"
    answer = sandbox.session.post(address, json={}, timeout=10)
    refusals = document["paths"]["/_control/accounts"]["post"]["responses"]
    schema = refusals[str(answer.status_code)]["content"]["application/json"]["schema"]
    assert answer.status_code == 400
    assert find_mistakes(document, schema, answer.json()) == []


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "{",
        "nonsense",
        '{"account_id": 5}',
        '{"account_id": "a", "client_id": "b", "client_secret": null}',
        '{"date_skew": NaN}',
        '{"date_skew": 1e400}',
        '{"plan": ["pro"]}',
        '{"users": [{"id": "x", "email": "y", "display_name": "z", "type": true}]}',
        '{"colour": "red"}',
        "[" * 100_000,
        "9" * 5_000,
        "\ud800".encode("utf-8", "surrogatepass"),
    ],
    ids=range(13),
)
def test_what_the_document_does_not_allow_is_refused_with_400(sandbox, body):
    for method, path in (("POST", "accounts"), ("PATCH", "accounts/acme-account")):
        answer = sandbox.session.request(
            method, f"{sandbox.url}/_control/{path}", data=body, timeout=10
        )
        assert answer.status_code == 400
        assert answer.json()["error"]


def test_an_unknown_charset_is_refused_with_400(sandbox):
    header = {"Content-Type": "application/json; charset=klingon"}
    address = f"{sandbox.url}/_control/faults"
    answer = sandbox.session.post(address, data="{}", headers=header, timeout=10)
    assert answer.status_code == 400


def test_a_query_the_document_does_not_have_is_refused(sandbox):
    with pytest.raises(RuntimeError, match="400"):
        sandbox.control("GET", "ledger", sience=3)
