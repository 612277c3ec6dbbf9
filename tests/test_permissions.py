"""Every route x actor x object -> status, and nobody reads the other tenant.

The routes come from the live URL configuration. A route that the tables below do not name fails the
build: whoever adds one says who may use it.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from portal.audit import record
from tests.factories import (
    IdentityProviderFactory,
    InvitationFactory,
    MeetingDefaultsFactory,
    StartAttemptFactory,
    TomorrowReportRowFactory,
    WebhookEventFactory,
    ZoomAccountFactory,
    ZoomUserAssignmentFactory,
    ZoomUserFactory,
)
from tests.sessions import sign_in
from tests.shared import let_create, share_account

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

ACTORS = ("anonymous", "alice", "bob", "sam", "mia", "ada", "carol", "gus", "operator")
ACME = {"alice", "bob", "sam", "mia", "ada"}
# Allowed to ask Zoom; no Zoom answers in these tests.
ZOOM_ASKED = 502

# --- who may -------------------------------------------------------------------------------

Rule = Callable[[str, str], int]


def public(actor: str, obj: str) -> int:
    return 200


def signed_in_page(actor: str, obj: str) -> int:
    return 302 if actor == "anonymous" else 200


def signed_in_api(actor: str, obj: str) -> int:
    return 403 if actor == "anonymous" else 200


def _meeting(allowed: dict[str, set[str]], ok: int, anonymous: int) -> Rule:
    """`allowed`: who may have alice's meeting ("own") and bob's ("sibling's")."""

    def rule(actor: str, obj: str) -> int:
        if actor == "anonymous":
            return anonymous
        if obj == "none":
            return 404
        if obj == "foreign":
            return ok if actor == "carol" else 403 if actor == "gus" else 404
        if actor not in ACME:
            return 404
        return ok if actor in allowed[obj] else 403

    return rule


SEES = {"own": {"alice", "bob", "sam"}, "sibling's": {"bob", "sam"}}
STARTS = {"own": {"alice", "bob"}, "sibling's": {"bob"}}


def not_allowed(status: int = 405) -> Rule:
    return lambda actor, obj: status


def closed_page(actor: str, obj: str) -> int:
    """A method the page does not have; the sign-in comes first."""
    return 302 if actor == "anonymous" else 405


def _provider(ok: int = 401, members_only: bool = False) -> Rule:
    """acme's identity provider ("own") and globex's. 401: in these tests, none of them answers."""

    def rule(actor: str, obj: str) -> int:
        if not members_only:
            return 404 if obj == "none" else ok
        if actor == "anonymous":
            return 302
        mine = "own" if actor in ACME else "foreign" if actor in ("carol", "gus") else ""
        return ok if obj == mine else 404

    return rule


# --- pages and API: route -> method -> rule ------------------------------------------------

PAGES: dict[str, dict[str, Rule]] = {
    "home": {"get": lambda actor, obj: 302},
    "meetings:list": {"get": signed_in_page, "post": closed_page},
    "meetings:schedule": {
        "get": signed_in_page,
        # An empty form: let in, and told what is missing.
        "post": lambda actor, obj: 302 if actor == "anonymous" else 422,
    },
    "meetings:detail": {"get": _meeting(SEES, 200, 302), "post": closed_page},
    "meetings:discard": {
        "get": closed_page,
        # Zoom has confirmed these meetings, so they stay and the page says so.
        "post": _meeting(SEES, 302, 302),
    },
    "meetings:start": {
        "get": _meeting(STARTS, 200, 302),
        "post": _meeting(STARTS, ZOOM_ASKED, 302),
        "put": closed_page,
    },
    # An empty form: let in, and told that it is nothing.
    "meetings:start_trace": {"get": closed_page, "post": _meeting(STARTS, 400, 302)},
    # The cast's organizations have not switched it on.
    "meetings:start_on_behalf": {
        "get": _meeting({"own": set(), "sibling's": set()}, 403, 302),
        "post": _meeting({"own": set(), "sibling's": set()}, 403, 302),
        "put": closed_page,
    },
    "meetings:open_in_app": {
        "get": closed_page,
        # Bob, alternative host of alice's meeting, is sent to the join link without asking Zoom.
        "post": lambda actor, obj: (
            303 if (actor, obj) == ("bob", "own") else _meeting(STARTS, ZOOM_ASKED, 302)(actor, obj)
        ),
    },
    "api-meeting-list": {
        "get": signed_in_api,
        # An empty form is no JSON: let in, and told so.
        "post": lambda actor, obj: 403 if actor == "anonymous" else 415,
    },
    "api-meeting-detail": {
        "get": _meeting(SEES, 200, 403),
        "put": lambda actor, obj: 403 if actor == "anonymous" else 405,
        "delete": lambda actor, obj: 403 if actor == "anonymous" else 405,
    },
    "api-meeting-start": {
        "get": lambda actor, obj: 403 if actor == "anonymous" else 405,
        "post": _meeting(STARTS, ZOOM_ASKED, 403),
    },
    # Whoever signed in: a delivery that Zoom did not sign is refused, and no session lets it in.
    "zoomauth:webhook": {
        "get": not_allowed(),
        "put": not_allowed(),
        "delete": not_allowed(),
        "post": lambda actor, obj: 404 if obj == "none" else 401,
    },
    # An invitation is for whoever holds its link; without one there is nothing to see or to take.
    "invitation:open": {"get": public, "post": not_allowed(422), "put": not_allowed()},
    "invitation:accept": {"get": not_allowed(302), "post": not_allowed(302)},
    "invitation:change_person": {"get": not_allowed(), "post": not_allowed(302)},
    # The holder of a Zoom user needs no account either, only the link.
    "host_link:open": {"get": public, "post": not_allowed(422), "put": not_allowed()},
    "host_link:answer": {"get": not_allowed(302), "post": not_allowed(302), "put": not_allowed()},
    # Programs ask, without a session, and read names of parts.
    "healthz": {"get": public, "post": not_allowed(), "put": not_allowed()},
    "readyz": {"get": public, "post": not_allowed(), "put": not_allowed()},
    "api-schema": {"get": signed_in_api},
    "api-docs": {"get": signed_in_api},
    # allauth redirects those who are signed in away from the sign-in pages.
    "account_login": {"get": lambda actor, obj: 200 if actor == "anonymous" else 302},
    "account_logout": {"get": lambda actor, obj: 302 if actor == "anonymous" else 200},
    "account_signup": {"get": lambda actor, obj: 200 if actor == "anonymous" else 302},
    "account_inactive": {"get": public},
    "account_reauthenticate": {"get": signed_in_page},
    "account_change_password": {"get": signed_in_page},
    "account_reset_password": {"get": public},
    "account_reset_password_done": {"get": public},
    "account_reset_password_from_key": {"get": public},
    "account_reset_password_from_key_done": {"get": public},
}

# How people sign in is their own. Of these nobody has a second factor, a link or a passkey.
_AFRESH = {"get": lambda actor, obj: 302}  # asks who they are, also those who are signed in
PAGES |= {
    "identity:account": {"get": signed_in_page, "post": closed_page},
    "identity:unlink": {
        "get": closed_page,
        "post": lambda actor, obj: 302 if actor == "anonymous" else 404,
    },
    "identity:link": {"get": closed_page, "post": _provider(members_only=True)},
    # An organization's own sign-in page is public to whoever has its address.
    "openid_connect_login": {"get": _provider(ok=200), "post": _provider()},
    # 401: nobody began this sign-in.
    "openid_connect_callback": {"get": _provider(), "post": not_allowed()},
    "usersessions_list": {"get": signed_in_page},
    "mfa_index": {"get": signed_in_page},
    "mfa_list_webauthn": {"get": signed_in_page},
    "mfa_authenticate": _AFRESH,
    "mfa_login_webauthn": _AFRESH,
    "mfa_reauthenticate": _AFRESH,
    "mfa_reauthenticate_webauthn": _AFRESH,
    "mfa_activate_totp": _AFRESH,
    "mfa_deactivate_totp": {"get": lambda actor, obj: 302 if actor == "anonymous" else 404},
    "mfa_add_webauthn": _AFRESH,
    "mfa_edit_webauthn": _AFRESH,
    "mfa_remove_webauthn": _AFRESH,
    "mfa_generate_recovery_codes": _AFRESH,
    "mfa_view_recovery_codes": {"get": lambda actor, obj: 302 if actor == "anonymous" else 404},
    "mfa_download_recovery_codes": {"get": lambda actor, obj: 302 if actor == "anonymous" else 404},
}

# --- the admin: model -> what an organization's admin and the operator may -----------------


@dataclass(frozen=True)
class AdminPolicy:
    org_admin: frozenset[str]
    operator: frozenset[str]


def may(org_admin: str = "", operator: str = "") -> AdminPolicy:
    return AdminPolicy(frozenset(org_admin.split()), frozenset(operator.split()))


ADMIN: dict[str, AdminPolicy] = {
    "portal.organization": may("view change", "view add change"),
    # The membership that is visited is not the visitor's own.
    "portal.membership": may("view change", "view add change"),
    "portal.invitation": may("view add", "view add"),
    "portal.user": may("", "view add change"),
    "portal.identityprovider": may("view add change", ""),
    "portal.auditevent": may("view", "view"),
    "zoomauth.zoomaccount": may("view add change", "view add change"),
    "zoomauth.zoomconnection": may("view", "view add change delete"),
    "zoomauth.zoomuserassignment": may("view", "view add change delete"),
    # Those of the shared accounts. An organization's admins see theirs among its hosts.
    "zoomauth.zoomuser": may("", "view"),
    "zoomauth.webhookevent": may("view", "view"),
    # Hosts come by links to Zoom users, and not by a form.
    "meetings.host": may("view change", ""),
    "meetings.meeting": may("view", ""),
    "meetings.meetingdefaults": may("view add change", ""),
    # It names people and meetings.
    "meetings.startattempt": may("view", ""),
    "meetings.tomorrowreport": may("view", ""),
}
ADMIN_SITE = {"index", "login", "logout", "password_change", "password_change_done", "autocomplete",
              "jsi18n", "app_list"}  # fmt: skip
ADMIN_EXTRA = {"portal_invitation_list", "portal_invitation_send_again",
               "portal_invitation_take_back", "zoomauth_zoomaccount_check",
               "zoomauth_zoomaccount_guide", "zoomauth_zoomaccount_users",
               "zoomauth_zoomaccount_users_progress", "auth_user_password_change",
               "meetings_host_matching", "meetings_host_create", "meetings_host_progress",
               "meetings_host_link",
               "meetings_host_unlink", "meetings_host_withdraw",
               "meetings_meeting_explain", "meetings_tomorrowreport_run",
               "meetings_startattempt_find",
               "portal_auditevent_export"}  # fmt: skip


# --- the live URL configuration ------------------------------------------------------------


def _routes(resolver: URLResolver, namespace: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _routes(entry, inner)
        elif isinstance(entry, URLPattern) and entry.name:
            yield f"{namespace}{entry.name}"
        elif isinstance(entry, URLPattern):
            yield f"{namespace}(unnamed) {entry.pattern}"


ROUTES = sorted(set(_routes(get_resolver())))
# Django's catch-all and a redirect of old admin addresses have no name and show nothing.
UNNAMED = {route for route in ROUTES if "(unnamed)" in route}


def _admin_routes() -> set[str]:
    verbs = ("changelist", "add", "history", "delete", "change")
    models = {f"admin:{label.replace('.', '_')}_{verb}" for label in ADMIN for verb in verbs}
    return models | {f"admin:{name}" for name in ADMIN_SITE | ADMIN_EXTRA}


def test_every_route_is_classified():
    known = set(PAGES) | _admin_routes()
    assert sorted(set(ROUTES) - known - UNNAMED) == []


def test_only_the_admin_has_unnamed_routes():
    assert all(route.startswith("admin:") for route in UNNAMED)


def test_every_row_of_the_tables_is_a_route():
    optional = {"admin:password_change", "admin:password_change_done"}
    assert sorted((set(PAGES) | _admin_routes()) - set(ROUTES) - optional) == []


def test_every_registered_model_is_classified():
    assert {model._meta.label_lower for model in admin.site._registry} == set(ADMIN)


# --- the cells -----------------------------------------------------------------------------


def _client(cast: Any, actor: str) -> Client:
    client = Client(raise_request_exception=True)
    if actor != "anonymous":
        sign_in(client, getattr(cast, actor))
    return client


def _reverse(route: str, key: Any) -> str:
    for kwargs in (
        {}, {"meeting_id": key}, {"account_id": key}, {"key": "no-such-key"},
        {"uidb36": "1", "key": "no-such-key"}, {"provider_id": key}, {"link_id": 1}, {"pk": 1},
    ):  # fmt: skip
        try:
            return reverse(route, kwargs=kwargs)
        except NoReverseMatch:
            continue
    raise AssertionError(f"no address for {route}")


@pytest.fixture
def keys(cast: Any) -> dict[str, Any]:
    return {
        "own": cast.meeting.pk,
        "sibling's": cast.bobs_meeting.pk,
        "foreign": cast.carols_meeting.pk,
        "none": uuid.uuid4(),
    }


@pytest.fixture
def account_keys(cast: Any) -> dict[str, Any]:
    """For routes that name a Zoom account; nobody's sibling has another one."""
    return {
        "own": cast.acme_account.pk,
        "foreign": cast.globex_account.pk,
        "none": uuid.uuid4(),
    }


@pytest.fixture
def provider_keys(cast: Any) -> dict[str, Any]:
    """For routes that name an identity provider."""
    own, foreign = (
        IdentityProviderFactory(organization=organization, issuer="https://127.0.0.1").pk
        for organization in (cast.acme, cast.globex)
    )
    return {"own": own, "foreign": foreign, "none": uuid.uuid4()}


@pytest.fixture
def canaries(cast: Any) -> dict[str, list[str]]:
    """What nobody of the other tenant may ever read."""
    return {
        "acme": [
            "lecture", "seminar", "alice@acme", "bob@acme", str(cast.acme.pk), "acme-account",
            str(cast.acme_account.pk), str(cast.alice_host.pk),
        ],
        "globex": [
            "secret board meeting", "carol@globex", str(cast.globex.pk), "globex-account",
            str(cast.globex_account.pk), str(cast.carol_host.pk),
        ],
    }  # fmt: skip


def _assert_no_canary(actor: str, body: str, canaries: dict[str, list[str]], where: str) -> None:
    hidden = [] if actor in ("anonymous",) else ["acme" if actor in ("carol", "gus") else "globex"]
    if actor in ("anonymous", "operator"):
        hidden = ["acme", "globex"]
    for tenant in hidden:
        for canary in canaries[tenant]:
            assert canary not in body, f"{actor} reads {canary!r} at {where}"


CSRF = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("route", PAGES)
def test_pages_and_api(
    cast, keys, account_keys, provider_keys, canaries, route, actor, record_property
):
    cells = 0
    keys = account_keys if route == "zoomauth:webhook" else keys
    if route.startswith(("openid_connect_", "identity:link")):
        keys = provider_keys
    for method, rule in PAGES[route].items():
        for obj in keys:
            client = _client(cast, actor)
            address = _reverse(route, keys[obj])
            answer = getattr(client, method)(address)
            where = f"{method} {route} ({obj})"
            assert answer.status_code == rule(actor, obj), f"{actor}: {where}"
            body = b"".join(answer).decode() if answer.streaming else answer.content.decode()
            _assert_no_canary(actor, body, canaries, where)
            cells += 1
            if str(keys[obj]) not in address:
                break
    record_property("G1.cells", cells)


def test_foreign_and_missing_meetings_look_alike(cast, keys):
    client = _client(cast, "alice")
    for route in ("meetings:detail", "meetings:start", "api-meeting-detail"):
        foreign, none = (
            CSRF.sub("", client.get(_reverse(route, keys[obj])).content.decode())
            for obj in ("foreign", "none")
        )
        assert foreign == none


ADMIN_VERBS = {"changelist": "view", "add": "add", "change": "view", "history": "view",
               "delete": "delete"}  # fmt: skip


@pytest.fixture
def admin_objects(cast: Any) -> dict[str, dict[str, Any]]:
    def both(acme: Any, globex: Any) -> dict[str, Any]:
        return {"own": acme.pk, "foreign": globex.pk, "none": uuid.uuid4()}

    events = [
        record("test.canary", organization=organization, actor=actor, target=meeting)
        for organization, actor, meeting in (
            (cast.acme, cast.alice, cast.meeting),
            (cast.globex, cast.carol, cast.carols_meeting),
        )
    ]
    return {
        "portal.organization": both(cast.acme, cast.globex),
        "portal.membership": both(cast.alice_host.membership, cast.carol_host.membership),
        "portal.user": both(cast.alice, cast.carol),
        "portal.invitation": both(
            *(
                InvitationFactory(
                    organization=organization, email=f"new@{organization.name}.example"
                )
                for organization in (cast.acme, cast.globex)
            )
        ),
        "portal.identityprovider": both(
            *(
                IdentityProviderFactory(organization=organization)
                for organization in (cast.acme, cast.globex)
            )
        ),
        "portal.auditevent": both(*events),
        "zoomauth.zoomaccount": both(cast.acme_account, cast.globex_account),
        "zoomauth.zoomconnection": both(cast.acme.zoom_connection, cast.globex.zoom_connection),
        "zoomauth.zoomuserassignment": both(
            *(
                ZoomUserAssignmentFactory(organization=organization)
                for organization in (cast.acme, cast.globex)
            )
        ),
        "zoomauth.zoomuser": both(
            *(ZoomUserFactory(account__organization=None) for _organization in range(2))
        ),
        "zoomauth.webhookevent": both(
            *(
                WebhookEventFactory(account=account)
                for account in (cast.acme_account, cast.globex_account)
            )
        ),
        "meetings.host": both(cast.alice_host, cast.carol_host),
        "meetings.meeting": both(cast.meeting, cast.carols_meeting),
        "meetings.meetingdefaults": both(
            *(MeetingDefaultsFactory(organization=one) for one in (cast.acme, cast.globex))
        ),
        "meetings.startattempt": both(
            *(
                StartAttemptFactory(meeting=meeting)
                for meeting in (cast.meeting, cast.carols_meeting)
            )
        ),
        "meetings.tomorrowreport": both(
            *(
                TomorrowReportRowFactory(meeting=meeting).report
                for meeting in (cast.meeting, cast.carols_meeting)
            )
        ),
    }


def _expected_in_admin(actor: str, label: str, verb: str, obj: str) -> int:
    if actor == "anonymous":
        return 302
    if actor not in ("ada", "gus", "operator"):
        return 302
    policy = ADMIN[label]
    allowed = policy.operator if actor == "operator" else policy.org_admin
    if verb in ("changelist", "add"):
        return 200 if ADMIN_VERBS[verb] in allowed else 403
    if verb == "delete" and "delete" not in allowed:
        return 403
    mine = {"ada": "own", "gus": "foreign"}
    visible = obj != "none" and (actor == "operator" or mine[actor] == obj)
    if not allowed:
        # Django looks for the object first when it shows a history.
        return 302 if verb == "history" else 403
    # 302: Django's answer to an object that is not there.
    return 200 if visible else 302


@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("label", sorted(ADMIN))
def test_admin(cast, admin_objects, canaries, label, actor, record_property):
    cells = 0
    name = label.replace(".", "_")
    for verb in ADMIN_VERBS:
        keyed = verb not in ("changelist", "add")
        for obj, key in admin_objects[label].items():
            address = reverse(f"admin:{name}_{verb}", args=[key] if keyed else [])
            # A new session each time: messages about the cell before would be shown in this one.
            answer = _client(cast, actor).get(address)
            where = f"{verb} {label} ({obj})"
            assert answer.status_code == _expected_in_admin(actor, label, verb, obj), (
                f"{actor}: {where}"
            )
            if actor != "operator":
                _assert_no_canary(actor, answer.content.decode(), canaries, where)
            cells += 1
            if not keyed:
                break
    record_property("G1.cells", cells)


def test_the_connection_check_is_a_post_for_its_own_admins(cast):
    address = reverse("admin:zoomauth_zoomaccount_check", args=[cast.acme_account.pk])
    statuses = {actor: _client(cast, actor).post(address).status_code for actor in ACTORS}
    allowed = {actor for actor, status in statuses.items() if status == 200}
    assert allowed == {"ada", "operator"}


def test_the_last_connection_check_is_for_its_own_admins(cast):
    address = reverse("admin:zoomauth_zoomaccount_check", args=[cast.acme_account.pk])
    statuses = {actor: _client(cast, actor).get(address).status_code for actor in ACTORS}
    assert {actor for actor, status in statuses.items() if status == 200} == {"ada", "operator"}


def test_the_guide_is_for_whoever_may_enter_the_admin(cast):
    address = reverse("admin:zoomauth_zoomaccount_guide")
    statuses = {actor: _client(cast, actor).get(address).status_code for actor in ACTORS}
    allowed = {actor for actor, status in statuses.items() if status == 200}
    assert allowed == {"ada", "gus", "operator"}


def test_the_users_of_a_shared_account_are_for_the_operator_alone(cast):
    shared = ZoomAccountFactory(organization=None)
    for route in ("users", "users_progress"):
        for account, allowed in ((shared, {"operator"}), (cast.acme_account, set())):
            address = reverse(f"admin:zoomauth_zoomaccount_{route}", args=[account.pk])
            statuses = {actor: _client(cast, actor).get(address).status_code for actor in ACTORS}
            assert {actor for actor, status in statuses.items() if status == 200} == allowed


def test_creating_a_zoom_user_is_for_admins_whom_the_operator_lets(cast):
    address = reverse("admin:meetings_host_create")

    def allowed():
        statuses = {actor: _client(cast, actor).get(address).status_code for actor in ACTORS}
        return {actor for actor, status in statuses.items() if status == 200}

    assert allowed() == set()
    share_account(cast)
    assert allowed() == set()
    let_create(cast.acme)
    assert allowed() == {"ada"}
