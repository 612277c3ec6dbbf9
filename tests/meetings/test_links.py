"""To which addresses a browser may be sent."""

import pytest

from zoomauth.services import is_zoom_link


@pytest.mark.parametrize(
    "url",
    ["https://zoom.us/j/1", "https://us02web.zoom.us/s/1?zak=x", "https://zoom.us:443/j/1"],
)
def test_zooms_own_addresses_are_followed(url):
    assert is_zoom_link(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "zoom.us/j/1",
        "javascript:alert(1)//zoom.us",
        "http://zoom.us/j/1",
        "https://zoom.us.evil.example/",
        "https://evilzoom.us/",
        "https://evil.example\\@zoom.us/j/1",
        "https://zoom.us@evil.example/",
        "https://zoom.us:8443/",
        "https://zoom.us\n.evil.example/",
        "https://[",
        "http://localhost/j/1",
    ],
)
def test_all_others_are_not(url):
    assert not is_zoom_link(url)
