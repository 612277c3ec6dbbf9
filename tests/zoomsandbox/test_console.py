"""The console: what each page tells, what its forms do, and what nobody is shown."""

import re

import pytest
import requests

from tests.sandbox import ACME
from zoomsandbox.console.framework import NAVIGATION, Visit
from zoomsandbox.console.hiding import hide_secrets
from zoomsandbox.console.live import describe
from zoomsandbox.console.routes import PAGES
from zoomsandbox.state.world import World

STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def get(sandbox, path):
    return sandbox.session.get(f"{sandbox.url}{path}", timeout=10)


def read(sandbox, path):
    """The page's text, without its markup."""
    answer = get(sandbox, path)
    assert answer.status_code == 200, path
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", answer.text))


def send(sandbox, path, /, **form):
    """Send a form of the console, as a browser does."""
    header = {"Origin": sandbox.url}
    return sandbox.session.post(f"{sandbox.url}{path}", data=form, headers=header, timeout=10)


@pytest.fixture
def room(sandbox, meeting):
    """Alice in her meeting by the page; what is in the page's address is a secret of hers."""
    return sandbox.session.get(meeting["start_url"], timeout=10).url


# --- What the pages tell ----------------------------------------------------------------------


def test_every_page_of_the_navigation_is_there_and_marks_itself(sandbox):
    for path, name in NAVIGATION.items():
        assert f'<a href="{path}" aria-current="page">{name}</a>' in get(sandbox, path).text


def test_the_first_page_tells_who_is_in_which_meeting(sandbox, meeting, room):
    text = read(sandbox, "/")
    assert re.search(rf"Weekly {meeting['id']} , acme-account, since .* Alice Acme , host", text)


def test_the_first_page_says_how_to_begin(sandbox):
    said = "There is no account yet"
    assert said not in read(sandbox, "/")
    sandbox.reset()
    assert said in read(sandbox, "/")


def test_the_first_page_tells_of_defects_of_its_own():
    world = World()
    visit = Visit(request=None, world=world)
    assert "report it" not in describe(visit)
    world.crashes.append({"call": "users.get", "traceback": "ZeroDivisionError"})
    assert "The sandbox itself failed once. Please report it." in describe(visit)


def test_accounts_are_listed_with_plan_and_state(sandbox):
    sandbox.change_account(plan="pro", app_state="revoked", single_token=True)
    text = read(sandbox, "/_console/accounts")
    assert "acme-account pro authorization revoked ends earlier ones 3 0" in text


def test_an_account_is_shown_with_its_scopes(sandbox):
    sandbox.change_account(scopes=["user:read:user:admin"])
    text = read(sandbox, "/_console/accounts/acme-account")
    assert "Scopes user:read:user:admin Subscriptions" in text


def test_an_account_may_have_any_name(sandbox):
    sandbox.account(account_id="a/b?c<d>")
    (path,) = re.findall(
        r'href="(/_console/accounts/[^"]+)"', get(sandbox, "/_console/accounts").text
    )[-1:]
    assert "a/b?c&lt;d&gt;" in get(sandbox, path).text


def test_users_are_listed_and_filtered_by_account(sandbox):
    assert "Carol Globex active Licensed" in read(sandbox, "/_console/users")
    assert "Carol" not in read(sandbox, "/_console/users?account=acme-account")


def test_meetings_are_listed_with_their_state(sandbox, meeting, room):
    assert f"Weekly started {meeting['id']}" in read(sandbox, "/_console/meetings")


def test_calls_are_filtered(sandbox, token):
    sandbox.api("GET", "/users/nobody", token)
    assert "oauth.token" in read(sandbox, "/_console/calls")
    text = read(sandbox, "/_console/calls?call=users.*&status=4xx")
    assert "users.get" in text
    assert "oauth.token" not in text.partition("the latest first")[2]


def test_older_calls_are_on_the_next_page(sandbox, token):
    for _ in range(100):
        sandbox.api("GET", "/users", token)
    page = get(sandbox, "/_console/calls").text
    (older,) = re.findall(r'href="(/_console/calls\?[^"]+)"', page)
    assert "oauth.token" not in page
    assert "oauth.token" in read(sandbox, older)


def test_a_call_is_shown_with_all_that_is_known(sandbox, token):
    sandbox.api("GET", "/users/nobody", token)
    entry = sandbox.ledger("users.get")[0]
    text = read(sandbox, f"/_console/calls/{entry['seq']}")
    assert "/v2/users/nobody" in text
    assert "User does not exist" in text


def test_faults_are_listed_and_every_kind_is_explained(sandbox):
    sandbox.fault("users.get", "status", status=503, times=2, name="outage")
    text = read(sandbox, "/_console/faults")
    assert "status outage users.get any planted 0 of 2 status 503" in text
    explained = text.partition("The kinds")[2]
    assert [kind for kind in sandbox.fault_kinds() if kind not in explained] == []


def test_events_are_listed_and_shown(sandbox, meeting):
    page = get(sandbox, "/_console/webhooks").text
    (path,) = re.findall(r'href="(/_console/webhooks/[^"]+)"', page)
    assert '"event": "meeting.created"' in get(sandbox, path).text.replace("&quot;", '"')


def test_deliveries_are_listed_with_their_outcome(sandbox, create):
    sandbox.subscribe("http://127.0.0.1:9/closed")
    text = read(sandbox, "/_console/webhooks")
    assert re.search(
        r"endpoint.url_validation none \w*Error: .* 1 - http://127.0.0.1:9/closed", text
    )


def test_the_clock_is_shown(sandbox):
    sandbox.clock(3_600)
    assert "Ahead of this machine 1:00:00" in read(sandbox, "/_console/clock")


def test_every_control_is_listed(sandbox):
    text = read(sandbox, "/_console/controls")
    paths = sandbox.control("GET", "openapi.json")["paths"]
    assert [path for path in paths if path not in text] == []


@pytest.mark.parametrize(
    "path", ["calls/999999", "calls/x", "accounts/nobody", "webhooks/1-meeting.started"]
)
def test_what_is_not_there_is_said(sandbox, path):
    answer = get(sandbox, f"/_console/{path}")
    assert answer.status_code == 404
    assert "There is no such" in answer.text


# --- What forms do ----------------------------------------------------------------------------


def test_a_meeting_is_ended(sandbox, meeting, room):
    answer = send(sandbox, "/_console/meetings/end", number=meeting["id"], back="/")
    assert sandbox.rooms() == []
    assert answer.url == f"{sandbox.url}/?done=end"
    assert '<p class="notice" role="status">The meeting has ended' in answer.text


def test_a_form_leads_back_to_pages_of_the_console_only(sandbox, meeting, room):
    form = {"number": meeting["id"], "back": "https://evil.example/"}
    answer = send(sandbox, "/_console/meetings/end", **form)
    assert answer.url == f"{sandbox.url}/_console/meetings?done=end"


def test_an_account_is_changed(sandbox):
    send(
        sandbox,
        "/_console/accounts/acme-account/change",
        plan="pro",
        app_state="disabled",
        tokens="one",
    )
    account = sandbox.accounts()[0]
    told = (account["plan"], account["app_state"], account["single_token"])
    assert told == ("pro", "disabled", True)


def test_a_change_that_is_not_offered_changes_nothing(sandbox):
    path = "/_console/accounts/acme-account/change"
    answer = send(sandbox, path, plan="gold", app_state="active", tokens="one")
    assert answer.status_code == 400
    assert 'role="alert"' in answer.text
    assert sandbox.accounts()[0]["plan"] == "unlimited"


def test_a_user_is_deactivated_and_activated(sandbox):
    for name, status in (("deactivate", "inactive"), ("activate", "active")):
        send(sandbox, f"/_console/users/{name}", account="acme-account", user="alice")
        assert sandbox.accounts()[0]["users"][0]["status"] == status


def test_a_fault_is_planted_with_what_was_filled_in(sandbox):
    send(
        sandbox, "/_console/faults/plant",
        kind="status", call="users.get", account="", times="2", status="503", body='{"code": 9}',
        seconds="", path=" ", after="yes",
    )  # fmt: skip
    (fault,) = sandbox.faults()
    told = [fault[name] for name in ("call", "times", "status", "body", "after", "path")]
    assert told == ["users.get", 2, 503, {"code": 9}, True, ""]


def test_a_fault_that_cannot_be_is_explained_and_the_form_kept(sandbox):
    answer = send(sandbox, "/_console/faults/plant", kind="drop", call="users.get", status="503")
    assert answer.status_code == 400
    assert "drop does not heed status" in answer.text
    assert '<option value="drop" selected>' in answer.text
    assert 'name="status" value="503"' in answer.text
    assert sandbox.faults() == []


def test_faults_are_cleared(sandbox):
    sandbox.fault("*", "status")
    send(sandbox, "/_console/faults/clear")
    assert sandbox.faults() == []


def test_a_scenario_is_played_and_stopped(sandbox):
    send(sandbox, "/_console/faults/play", scenario="a-bad-monday", on="acme-account")
    assert [play["name"] for play in sandbox.plays()] == ["a-bad-monday"]
    assert "Scenarios being played" in read(sandbox, "/_console/faults")
    send(sandbox, "/_console/faults/stop")
    assert sandbox.plays() == []


def test_the_clock_is_turned(sandbox):
    send(sandbox, "/_console/clock/turn", amount="2", unit="3600")
    assert sandbox.control("GET", "clock")["offset"] == pytest.approx(7_200, abs=5)


@pytest.mark.parametrize("amount", ["", "soon", "-1", "nan", "inf", "1e300"])
def test_a_turn_that_is_none_is_refused(sandbox, amount):
    assert send(sandbox, "/_console/clock/turn", amount=amount, unit="60").status_code == 400
    assert sandbox.control("GET", "clock")["offset"] == pytest.approx(0, abs=5)


def test_the_clock_is_stopped_and_started(sandbox):
    for name, is_frozen in (("freeze", True), ("run", False)):
        send(sandbox, f"/_console/clock/{name}")
        assert sandbox.control("GET", "clock")["is_frozen"] is is_frozen


def test_the_state_is_kept_and_restored_and_forgotten(sandbox, meeting):
    send(sandbox, "/_console/snapshots/take", name="monday")
    send(sandbox, "/_console/snapshots/reset")
    assert sandbox.meetings() == []
    send(sandbox, "/_console/snapshots/restore", name="monday")
    assert len(sandbox.meetings()) == 1
    send(sandbox, "/_console/snapshots/delete", name="monday")
    assert sandbox.control("GET", "snapshots") == []


def test_a_snapshots_bad_name_is_explained(sandbox):
    answer = send(sandbox, "/_console/snapshots/take", name="a/b")
    assert answer.status_code == 400
    assert "A snapshot&#x27;s name is" in answer.text


ACTIONS = [
    f"{page.address}/{name}".replace("{account}", "acme-account")
    for page in PAGES
    for name in page.actions
]


def test_there_are_forms_to_guard():
    assert len(ACTIONS) >= 15


@pytest.mark.parametrize("origin", [None, "null", "http://localhost:8000", "https://evil.example"])
@pytest.mark.parametrize("path", ACTIONS)
def test_a_form_of_another_site_is_refused(sandbox, path, origin):
    headers = {"Origin": origin} if origin else {}
    answer = sandbox.session.post(f"{sandbox.url}{path}", headers=headers, timeout=10)
    assert answer.status_code == 403


def test_a_form_by_a_name_that_leads_here_is_refused(sandbox):
    headers = {"Host": "evil.example", "Origin": "http://evil.example"}
    path = f"{sandbox.url}/_console/snapshots/reset"
    assert sandbox.session.post(path, headers=headers, timeout=10).status_code == 403
    assert len(sandbox.accounts()) == 2


@pytest.mark.parametrize("path", ACTIONS)
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=a", b"--a\r\nnonsense"),
        ("application/x-www-form-urlencoded; charset=klingon", b"a=%ff"),
        ("application/x-www-form-urlencoded", b"name=%00&amount=%ff&kind=%00"),
    ],
    ids=range(4),
)
def test_a_form_that_is_none_brings_nothing_down(sandbox, path, content_type, body):
    headers = {"Origin": sandbox.url, "Content-Type": content_type}
    answer = sandbox.session.post(
        f"{sandbox.url}{path}", data=body, headers=headers, timeout=10, allow_redirects=False
    )
    assert answer.status_code < 500
    assert sandbox.crashes() == []


# --- What nobody is shown ---------------------------------------------------------------------


def find_pages(sandbox):
    """Every page of the console that a link of it leads to, with its address and text."""
    found, waiting = {}, ["/"]
    while waiting:
        path = waiting.pop()
        if path in found or (not path.startswith(("/_console", "/?")) and path != "/"):
            continue
        answer = get(sandbox, path)
        assert answer.status_code == 200, path
        found[path] = answer
        waiting += [
            link.replace("&amp;", "&") for link in re.findall('href="([^"]+)"', answer.text)
        ]
    return found


@pytest.fixture
def full(sandbox, token, meeting, room, fetch_zak):
    """A bit of everything, with secrets of every kind."""
    sandbox.subscribe("http://127.0.0.1:9/closed")
    sandbox.api("GET", f"/meetings/{meeting['id']}", token)
    sandbox.api("PATCH", f"/meetings/{meeting['id']}", token, json={"password": "Changed_9*"})
    sandbox.snapshot("full")
    yield sandbox
    sandbox.control("DELETE", "snapshots/full")


def test_no_page_shows_a_secret(full, token, meeting, room, fetch_zak):
    texts = {path: answer.text for path, answer in find_pages(full).items()}
    secrets = [
        token, fetch_zak(), meeting["password"], "Changed_9*", meeting["encrypted_password"],
        room.rpartition("/")[2], *(zak["value"] for zak in full.zaks()),
        *(ACME[name] for name in ACME if name.endswith("secret")),
        meeting["start_url"].rpartition("=")[2], meeting["join_url"].rpartition("=")[2],
    ]  # fmt: skip
    leaks = [(path, s) for path, text in texts.items() for s in secrets if s in text]
    assert len(texts) > 20
    assert leaks == []


def test_a_secret_on_a_page_would_be_noticed(full, token):
    full.api("GET", f"/users/{token}", token)
    texts = [answer.text for answer in find_pages(full).values()]
    assert any(token in text for text in texts)


@pytest.mark.parametrize(
    "name",
    ["token", "access_token", "ZAK", "client_secret", "passWord", "pwd", "start_url", "join_url"],
)
def test_what_is_named_like_a_secret_is_hidden_at_any_depth(name):
    assert "abc" not in hide_secrets({"a": [{"b": {name: "abc"}}]})


@pytest.mark.parametrize("name", ["zak_kind", "zak_user_id", "zak_sent", "signature_verified"])
def test_facts_about_a_secret_are_shown(name):
    assert "abc" in hide_secrets({name: "abc"})


# --- How the pages are made -------------------------------------------------------------------


def test_every_page_has_the_strict_policy(full):
    for path, answer in find_pages(full).items():
        assert answer.headers["Content-Security-Policy"] == STRICT, path
        assert answer.headers["Cache-Control"] == "no-store"


def test_no_page_has_script_or_style_in_it(full):
    for path, answer in find_pages(full).items():
        scripts = re.findall("<script[^>]*>[^<]*</script>", answer.text)
        assert scripts == ['<script src="/_pages/pages.js" defer></script>'], path
        assert not re.search(r"<style| style=|\son\w+=|javascript:", answer.text), path


def test_what_comes_from_outside_is_escaped(sandbox, create, token):
    evil = '"><script>x</script>'
    create(topic=evil)
    sandbox.api("GET", f"/users/{evil}", token)
    sandbox.change_user("alice", display_name=evil, email=evil)
    sandbox.fault("*", "status", name=evil, times=0)
    for path, answer in find_pages(sandbox).items():
        assert "<script>x" not in answer.text, path


def test_odd_text_brings_no_page_down(sandbox, create, token):
    for topic in ("\ud800", "\x00", "{}", "{0.__class__}", "%s", "\u202e", "x" * 200):
        create(topic=topic)
    sandbox.api("PATCH", "/users/bob", token, data='{"first_name": "\\ud800"}')
    sandbox.account(account_id="{0}%s\x00\u202e", client_id="{}")
    assert len(find_pages(sandbox)) > 20
    assert sandbox.crashes() == []


@pytest.mark.parametrize(
    "query",
    ["call=%ff", "account=%ed%a0%80", "until=9" + "9" * 5000, "status=[", "call=[", "done=%00"],
)
def test_odd_questions_bring_no_page_down(sandbox, token, query):
    for path in NAVIGATION:
        assert get(sandbox, f"{path}?{query}").status_code == 200
    assert sandbox.crashes() == []


@pytest.mark.parametrize("path", NAVIGATION)
def test_live_parts_can_be_fetched_alone(sandbox, path):
    live = re.findall('data-live="([^"]+)"', get(sandbox, path).text)
    for address in live:
        part = get(sandbox, address.replace("&amp;", "&"))
        assert part.status_code == 200
        assert "<html" not in part.text
    assert len(live) == (0 if path == "/_console/controls" else 1)


def test_looking_at_the_console_is_no_call(sandbox):
    sandbox.clear_ledger()
    for path in NAVIGATION:
        get(sandbox, path)
    assert sandbox.calls() == []


def test_the_console_is_open_to_any_program(sandbox):
    assert requests.get(f"{sandbox.url}/", timeout=10).status_code == 200
