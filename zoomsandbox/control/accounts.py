"""Controls for accounts and their users."""

import dataclasses
from typing import Annotated, Any, Literal

from zoomsandbox.control.framework import Ask, Control, NotThereError
from zoomsandbox.control.shapes import Bounds, Many, Record, answer_of, body_of, changes_of
from zoomsandbox.life.meetings import remove_meeting
from zoomsandbox.life.users import SignOut, change_user, end_sign_ins, remove_user
from zoomsandbox.state.accounts import Account, User
from zoomsandbox.state.world import World

SECRETS = ("client_secret", "sdk_client_secret", "webhook_secret")
STATUS = Literal["active", "inactive", "pending"]
# Until the year 9999, the last that dates can be written in.
MOMENT = Annotated[float, Bounds(0, 253_402_300_799)]
_USER = {"status": STATUS, "type": Literal[1, 2, 4, 99], "created_at": MOMENT}
_ACCOUNT = {
    "scope_code": Literal[4711, 104, 201],
    "date_skew": Annotated[float, Bounds(-1e9, 1e9)],
}
NEW_USER = body_of(User, "NewUser", changed=_USER)
USER_CHANGES = changes_of(User, "UserChanges", without=("id",), changed=_USER)
NEW_ACCOUNT = body_of(
    Account, "NewAccount", without=("subscriptions",), changed={**_ACCOUNT, "users": Many(NEW_USER)}
)
ACCOUNT_CHANGES = changes_of(
    Account,
    "AccountChanges",
    without=("account_id", "users", "subscriptions"),
    changed=_ACCOUNT,
)
SIGN_OUT = Record("SignOut", {"operation": SignOut})
SHOWN_ACCOUNT = answer_of(Account, "ShownAccount", SECRETS, {"users": Many(User)})


async def list_accounts(ask: Ask) -> Any:
    """List the accounts with their users; no secrets."""
    return [_show(account) for account in ask.world.accounts.values()]


async def put_account(ask: Ask) -> Any:
    """Create an account or replace it.

    Tokens of one replaced stay, and so do the meetings of those users who stay; subscriptions do
    not.
    """
    users = [User(**fields) for fields in ask.body.pop("users", [])]
    account = Account(**ask.body, users={user.id: user for user in users})
    ask.world.accounts[account.account_id] = account
    await _drop_meetings_without_host(ask.world)
    return _show(account)


async def patch_account(ask: Ask) -> Any:
    """Change an account: its plan, its app's state, the scopes of tokens to come and so on."""
    account = ask.world.accounts.get(ask.path["account"])
    if account is None:
        raise NotThereError(f"no account {ask.path['account']}")
    for name, value in ask.body.items():
        setattr(account, name, value)
    return _show(account)


async def patch_user(ask: Ask) -> Any:
    """Change a user, by id or e-mail address, as somebody in Zoom's own portal would."""
    account, user = find_user(ask.world, ask.path["user"])
    change_user(ask.world, account, user, ask.body)
    return dataclasses.asdict(user)


async def delete_user(ask: Ask) -> Any:
    """Remove a user from the account, with all meetings of that host."""
    account, user = find_user(ask.world, ask.path["user"])
    await remove_user(ask.world, account, user)
    return {}


async def sign_out(ask: Ask) -> Any:
    """Sign a user out of Zoom, from all devices or by a new password: every ZAK of theirs ends."""
    account, user = find_user(ask.world, ask.path["user"])
    end_sign_ins(ask.world, account, user, ask.body["operation"])
    return {}


def find_user(world: World, key: str) -> tuple[Account, User]:
    """In whichever account; raises NotThereError."""
    for account in world.accounts.values():
        user = account.find_user(key)
        if user:
            return account, user
    raise NotThereError(f"no user {key}")


async def _drop_meetings_without_host(world: World) -> None:
    hosts = {
        (account.account_id, key) for account in world.accounts.values() for key in account.users
    }
    for meeting in list(world.meetings.values()):
        if (meeting.account_id, meeting.host_id) not in hosts:
            await remove_meeting(world, meeting)


def _show(account: Account) -> dict[str, Any]:
    shown = dataclasses.asdict(account)
    for name in SECRETS:
        del shown[name]
    return shown | {"users": list(shown["users"].values())}


CONTROLS = (
    Control("GET", "accounts", "Accounts", list_accounts, answer=Many(SHOWN_ACCOUNT)),
    Control("POST", "accounts", "Accounts", put_account, body=NEW_ACCOUNT, answer=SHOWN_ACCOUNT),
    Control(
        "PATCH",
        "accounts/{account}",
        "Accounts",
        patch_account,
        body=ACCOUNT_CHANGES,
        answer=SHOWN_ACCOUNT,
    ),
    Control("PATCH", "users/{user}", "Users", patch_user, body=USER_CHANGES, answer=User),
    Control("DELETE", "users/{user}", "Users", delete_user),
    Control("POST", "users/{user}/sign-out", "Users", sign_out, body=SIGN_OUT),
)
