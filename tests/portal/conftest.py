"""People with an authenticator app."""

from collections.abc import Callable

import pytest

from portal.models import User
from tests.second_factors import App, give_app


@pytest.fixture
def with_app() -> Callable[[User], App]:
    """Give somebody an authenticator app and recovery codes: `with_app(cast.ada).code()`."""
    return give_app
