"""The ZAK alone, for tests that ask nothing about the signature that comes with it."""

from zoomauth.services import fetch_keys


def fetch_zak(*, organization, zoom_user_id) -> str:
    keys = fetch_keys(
        organization=organization, zoom_user_id=zoom_user_id, meeting_number=81234567890, role=1
    )
    return keys.zak
