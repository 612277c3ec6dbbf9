"""A user comes, changes and goes."""

from typing import Any, Literal

from zoomsandbox.life.meetings import remove_meeting, tell_of_change
from zoomsandbox.state.accounts import Account, User
from zoomsandbox.state.world import World
from zoomsandbox.webhooks import events

SignOut = Literal["change_password", "sign_out_from_all_devices"]


def add_user(world: World, account: Account, user: User, action: str = "create") -> None:
    account.users[user.id] = user
    events.user_created(world, account, user, action)


def change_user(world: World, account: Account, user: User, changes: dict[str, Any]) -> None:
    """Set these attributes; a change of status has events of its own."""
    old = {name: getattr(user, name) for name in changes if getattr(user, name) != changes[name]}
    for name, value in changes.items():
        setattr(user, name, value)
    before = old.pop("status", None)
    if old:
        events.user_updated(world, account, user, old)
    if before is not None and user.status == "active":
        events.user_activated(world, account, user)
    elif before == "active":
        events.user_deactivated(world, account, user)


def end_sign_ins(
    world: World, account: Account, user: User, operation: SignOut | None = None
) -> None:
    """Every ZAK of the user ends (Zoom, ZAK). ``operation`` is why, if Zoom tells apps of it."""
    mine = (account.account_id, user.id)
    for value in [v for v, zak in world.zaks.items() if (zak.account_id, zak.user_id) == mine]:
        del world.zaks[value]
    if operation:
        events.user_signed_out(world, account, user, operation)


def hand_over_meetings(world: World, account: Account, user: User, heir: User) -> None:
    """All meetings of this host get another."""
    for meeting in world.meetings.values():
        if (meeting.account_id, meeting.host_id) == (account.account_id, user.id):
            meeting.host_id = heir.id
            others = meeting.alternative_hosts
            meeting.alternative_hosts = tuple(one for one in others if one != heir.id)
            tell_of_change(world, meeting, {"host_id": user.id})


async def remove_user(world: World, account: Account, user: User, action: str = "delete") -> None:
    """Gone from the account, with all meetings of that host; ``disassociate`` leaves the user."""
    del account.users[user.id]
    if action == "disassociate":
        events.user_disassociated(world, account, user)
    else:
        events.user_deleted(world, account, user)
    for meeting in list(world.meetings.values()):
        if (meeting.account_id, meeting.host_id) == (account.account_id, user.id):
            await remove_meeting(world, meeting)
