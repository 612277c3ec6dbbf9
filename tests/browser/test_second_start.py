"""What a host's browser fetches of Zoom's SDK: once for each version, and then nothing."""

import re
from urllib.parse import urlsplit

import pytest

from tests.settings import BUILD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SENT = re.compile(r'"GET /static/zoomsdk/(\S+)" (\d+) (\d+|-) ')


@pytest.fixture
def sent(portal):
    """What the server sent of the SDK since the last call: names and bytes, by its access log."""
    log = BUILD / f"server-{urlsplit(portal).port}.log"
    seen = len(log.read_text())

    def call():
        nonlocal seen
        text = log.read_text()[seen:]
        seen += len(text)
        return [(name, int(size.replace("-", "0"))) for name, _status, size in SENT.findall(text)]

    return call


def start(visit, meeting):
    visit.open("meetings:start", meeting.pk)
    visit.wait_for("ready")
    visit.start()


def test_a_second_start_fetches_nothing_of_the_sdk(sign_in, cast, meeting, sent):
    visit = sign_in(cast.alice)
    start(visit, meeting)
    first = sent()
    start(visit, meeting)
    second = sent()
    assert any(name.endswith(".wasm") for name, _size in first)
    assert len(first) == len(set(first))
    assert second == []
