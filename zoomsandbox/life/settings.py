"""What a user's settings say, where they say something."""

from zoomsandbox.state.accounts import User


def get_setting(user: User, section: str, name: str, default: bool) -> bool:
    """One switch of Zoom's user settings; ``default`` is Zoom's own."""
    found = user.settings.get(section)
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, bool) else default
