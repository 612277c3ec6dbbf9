"""Accounts for people: plan, state of the app, tokens, scopes, subscriptions; never a secret."""

import typing
from urllib.parse import quote

from zoomsandbox.console.forms import choice, form, submit
from zoomsandbox.console.framework import MissingError, MistakeError, Page, Visit
from zoomsandbox.console.markup import (
    Html,
    badge,
    code,
    facts,
    heading,
    join,
    link,
    listing,
    moment,
    paragraph,
    table,
)
from zoomsandbox.state.accounts import Account, AppState, Plan, Subscription

APP_STATES = {
    "active": "active",
    "disabled": "disabled by its owner",
    "disabled_by_admin": "disabled by an administrator",
    "revoked": "authorization revoked",
}
TOKENS = {"many": "leaves earlier ones alive", "one": "ends earlier ones"}


def describe(visit: Visit) -> Html:
    rows = [
        (
            link(f"/_console/accounts/{quote(account.account_id, safe='')}", account.account_id),
            account.plan,
            _show_state(account),
            TOKENS["one" if account.single_token else "many"],
            len(account.users),
            len(account.subscriptions),
        )
        for account in visit.world.accounts.values()
    ]
    heads = ("Account", "Plan", "App", "A new token", "Users", "Subscriptions")
    how = "None yet. Make one with POST /_control/accounts."
    return table("Accounts", heads, rows, how)


def _show_state(account: Account) -> Html:
    state = account.app_state
    return badge(APP_STATES[state], "good" if state == "active" else "bad")


def _show_sdk_state(account: Account) -> Html:
    return badge("active", "good") if account.sdk_app_active else badge("deactivated", "bad")


def describe_one(visit: Visit) -> Html:
    account = _find(visit)
    alive = [
        token
        for token in visit.world.tokens.values()
        if token.account_id == account.account_id and token.expires_at > visit.world.now()
    ]
    users = f"/_console/users?account={quote(account.account_id)}"
    return join(
        facts(
            [
                ("Plan", account.plan),
                ("App", _show_state(account)),
                ("Meeting SDK app", _show_sdk_state(account)),
                ("Client id", code(account.client_id)),
                ("SDK client id", code(account.sdk_client_id)),
                ("Licences", "no limit" if account.seats is None else account.seats),
                ("A new token", TOKENS["one" if account.single_token else "many"]),
                ("Tokens alive", len(alive)),
                (
                    "Users",
                    link(users, len(account.users)),
                ),
                ("me in a path", account.me),
            ]
        ),
        heading("Scopes"),
        listing(map(code, account.scopes), "None: every call is refused."),
        _describe_subscriptions(account.subscriptions),
    )


def _describe_subscriptions(subscriptions: list[Subscription]) -> Html:
    rows = [
        (code(one.url), ", ".join(one.events), _show_validity(one), one.failed_validations)
        for one in subscriptions
    ]
    heads = ("URL", "Events", "Validated (UTC)", "Failed validations")
    return table("Subscriptions", heads, rows)


def _show_validity(subscription: Subscription) -> Html:
    if subscription.disabled:
        return badge("disabled", "bad")
    if subscription.validated_at is None:
        return badge("not validated", "bad")
    return moment(subscription.validated_at)


def change_form(visit: Visit) -> Html:
    account = _find(visit)
    tokens = "one" if account.single_token else "many"
    return join(
        heading("Change"),
        form(
            f"/_console/accounts/{quote(account.account_id, safe='')}/change",
            choice("plan", "Plan", typing.get_args(Plan), account.plan, "Sets the rate limits."),
            choice("app_state", "App", APP_STATES, account.app_state),
            choice("tokens", "A new token", TOKENS, tokens),
            submit("Change"),
            kind="filter",
        ),
        paragraph(link("/_console/accounts", "All accounts")),
    )


async def change(visit: Visit) -> None:
    account = _find(visit)
    plan, state, tokens = (visit.filled.get(name) for name in ("plan", "app_state", "tokens"))
    if plan not in typing.get_args(Plan) or state not in APP_STATES or tokens not in TOKENS:
        raise MistakeError("Choose one of what is offered.")
    account.plan = typing.cast("Plan", plan)
    account.app_state = typing.cast("AppState", state)
    account.single_token = tokens == "one"


def _find(visit: Visit) -> Account:
    account = visit.world.accounts.get(visit.request.match_info["account"])
    if account is None:
        raise MissingError("There is no such account.")
    return account


PAGE = Page("/_console/accounts", "Accounts", live=describe)
ONE = Page(
    "/_console/accounts/{account}",
    "Account {}",
    live=describe_one,
    after=change_form,
    actions={"change": change},
    done={"change": "Changed."},
)
