"""Users for people: licence and status, with a switch for the status."""

from zoomsandbox.console.forms import button, choice, form, submit
from zoomsandbox.console.framework import MissingError, Page, Visit
from zoomsandbox.console.markup import Html, badge, code, element, join, table
from zoomsandbox.life.users import change_user
from zoomsandbox.state.accounts import Account, User

LICENCES = {1: "Basic", 2: "Licensed", 4: "Unassigned", 99: "None"}
ROLES = {"0": "owner", "1": "admin", "2": "member"}


def filter_form(visit: Visit) -> Html:
    accounts = {"": "any", **{one: one for one in visit.world.accounts}}
    return form(
        "/_console/users",
        choice("account", "Account", accounts, visit.request.query.get("account", "")),
        submit("Filter"),
        method="get",
        kind="filter",
    )


def describe(visit: Visit) -> Html:
    wanted = visit.request.query.get("account") or None
    rows = [
        (
            user.display_name,
            badge(user.status, "good" if user.status == "active" else "bad"),
            LICENCES.get(user.type, user.type),
            ROLES.get(user.role_id, user.role_id),
            user.email,
            code(user.id),
            account.account_id,
            _switch(account, user),
        )
        for account in visit.world.accounts.values()
        for user in account.users.values()
        if wanted in (None, account.account_id)
    ]
    heads = ("Name", "Status", "Licence", "Role", "E-mail", "Id", "Account", "Action")
    return table("Users", heads, rows)


def _switch(account: Account, user: User) -> Html:
    label = "Deactivate" if user.status == "active" else "Activate"
    return button(
        f"/_console/users/{label.lower()}",
        join(label, element("span", f" {user.display_name}", class_="unseen")),
        "small",
        account=account.account_id,
        user=user.id,
    )


async def activate(visit: Visit) -> None:
    account, user = _find(visit)
    change_user(visit.world, account, user, {"status": "active"})


async def deactivate(visit: Visit) -> None:
    account, user = _find(visit)
    change_user(visit.world, account, user, {"status": "inactive"})


def _find(visit: Visit) -> tuple[Account, User]:
    account = visit.world.accounts.get(visit.filled.get("account", ""))
    user = account.users.get(visit.filled.get("user", "")) if account else None
    if account is None or user is None:
        raise MissingError("There is no such user.")
    return account, user


PAGE = Page(
    "/_console/users",
    "Users",
    before=filter_form,
    live=describe,
    actions={"activate": activate, "deactivate": deactivate},
    done={"activate": "The user is active.", "deactivate": "The user is inactive."},
)
