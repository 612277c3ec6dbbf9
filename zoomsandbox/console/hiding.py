"""What the console shows of things that may hold secrets, although they are invented ones.

A screen is seen by others, is photographed and is pasted into bug reports; and whoever learns it
here that secrets may be shown, learns it wrong.
"""

import json
import re
from typing import Any

HIDDEN = "hidden"
# Members whose values are secret, or lead into a meeting, whatever they hold.
NAMES = re.compile(
    r"secret|token|zak|passw|passcode|pwd|signature|authorization|start_url|join_url|host_key"
    r"|api_?key|auth$",
    re.IGNORECASE,
)
# Harmless though named so: facts about a secret, not the secret.
HARMLESS = re.compile(r"(_sent|_kind|_verified|_user_id|_type|_source|_rules|single_token)$")


def hide_secrets(value: Any) -> str:
    """The value as JSON for people, secrets replaced."""
    return json.dumps(_hide(value), indent=2, ensure_ascii=False, default=str)


def _hide(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _hide_member(str(name), member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_hide(item) for item in value]
    return value


def _hide_member(name: str, member: Any) -> Any:
    if NAMES.search(name) and not HARMLESS.search(name) and member not in (None, "", False, True):
        return HIDDEN
    return _hide(member)
