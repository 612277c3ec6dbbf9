"""The portal under its own server line, with static files as production has them."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from tests.server import running


@pytest.fixture(scope="session")
def served(django_db_setup: None) -> Iterator[str]:
    """The address of gunicorn processes on the test database."""
    if not (settings.NODE_MODULES / "@zoom/meetingsdk/dist").is_dir():
        pytest.skip("no Zoom SDK here: npm ci")
    with running(workers=2, threads=4) as address:
        yield address
