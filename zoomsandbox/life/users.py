"""A user comes, changes and goes."""

from typing import Any

from zoomsandbox.life.meetings import remove_meeting
from zoomsandbox.state.accounts import Account, User
from zoomsandbox.state.world import World
from zoomsandbox.webhooks import events


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


async def remove_user(world: World, account: Account, user: User) -> None:
    """Gone from the account, with all meetings of that host."""
    del account.users[user.id]
    events.user_deleted(world, account, user)
    for meeting in list(world.meetings.values()):
        if (meeting.account_id, meeting.host_id) == (account.account_id, user.id):
            await remove_meeting(world, meeting)
