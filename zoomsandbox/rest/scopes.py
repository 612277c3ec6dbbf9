"""Which scopes open which call.

Source: Zoom API reference, granular scopes, and the classic scopes beside them on each call's page.
A call is named by its granular scope in the ``:admin`` form; the form without ``:admin`` and the
classic scope open it too.
"""

from collections.abc import Collection

from zoomsandbox.rest.errors import ZoomRefusal
from zoomsandbox.state.accounts import ALL_SCOPES, Account

FAMILIES = {"user": "user", "meeting": "meeting", "cloud_recording": "recording"}
# The one classic name that does not follow the others' rule.
SPECIAL = {"user:read:zak:admin": "user_zak:read"}


def get_classic_scope(scope: str) -> str:
    """The classic scope over a granular one of the ``:admin`` form."""
    if scope in SPECIAL:
        return SPECIAL[scope]
    family, action, *_ = scope.split(":")
    # Writing, updating and deleting were one.
    return f"{FAMILIES[family]}:{'read' if action == 'read' else 'write'}:admin"


def _list_forms(scope: str) -> tuple[str, ...]:
    return scope, scope.removesuffix(":admin"), get_classic_scope(scope)


OPENERS: dict[str, tuple[str, ...]] = {scope: _list_forms(scope) for scope in ALL_SCOPES}


def check_scope(account: Account, granted: Collection[str], scope: str) -> None:
    """Raises ZoomRefusal unless one of the granted scopes opens the call.

    The sentence is what tells: it came with code 4711, and with 104 and 201 too.
    """
    if scope in granted or any(opener in granted for opener in OPENERS[scope]):
        return
    message = f"Invalid access token, does not contain scopes:[{scope}]."
    raise ZoomRefusal(400, account.scope_code, message)
