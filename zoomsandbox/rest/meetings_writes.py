"""The hundred writes a day.

Source: Zoom API, Rate limits: a hundred meeting creates and updates a day for each host, anew at
00:00 UTC. Whether refused calls count is not documented: here those do that pass the check of the
token, and deleting does not count. Seen answers carried no Retry-After, only the ordinary counters.
"""

from zoomsandbox.rest.errors import ZoomRefusal
from zoomsandbox.state.accounts import Account, User
from zoomsandbox.state.world import World

DAILY_WRITES = 100


def count_write(world: World, account: Account, host: User) -> None:
    """Raises ZoomRefusal with status 429 beyond the hundredth of the day."""
    key = (f"{account.account_id}/{host.id}", world.today())
    world.writes[key] += 1
    if world.writes[key] <= DAILY_WRITES:
        return
    message = (
        f"You have exceeded the daily rate limit ({DAILY_WRITES}) of Meeting Create/Update API "
        "requests permitted for this particular user. You may resume these requests at GMT "
        "00:00:00."
    )
    raise ZoomRefusal(429, 429, message)
