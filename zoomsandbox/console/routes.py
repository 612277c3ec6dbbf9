"""Every page of the console."""

from zoomsandbox.console import (
    accounts,
    calls,
    clock,
    controls,
    faults,
    live,
    meetings,
    snapshots,
    users,
    webhooks,
)

PAGES = (
    live.PAGE,
    accounts.PAGE,
    accounts.ONE,
    users.PAGE,
    meetings.PAGE,
    calls.PAGE,
    calls.ONE,
    faults.PAGE,
    webhooks.PAGE,
    webhooks.ONE,
    clock.PAGE,
    snapshots.PAGE,
    controls.PAGE,
)
ROUTES = tuple(route for page in PAGES for route in page.as_routes())
