"""Static files over HTTP: isolated, compressed, cached for ever, and no more than needed."""

import gzip

import pytest
import requests
from django.conf import settings

from portal.staticfiles import HashedStaticFiles

# The portal behind them asks for the test database.
pytestmark = pytest.mark.django_db

SDK = f"/static/{settings.ZOOM_SDK_PREFIX}"
ENTRY = f"{SDK}/zoom-meeting-{settings.ZOOM_SDK_VERSION}.min.js"
WORKER = f"{SDK}/lib/av/video_s.min.js"
WASM = f"{SDK}/lib/av/video.simd.wasm"
FOREVER = "max-age=315360000, public, immutable"
# Too small to gain anything, or compressed already.
BARE = {".png", ".jpg", ".mp3", ".cur", ".wav", ".bin", ".gz"}


def get(served, path, **headers):
    answer = requests.get(f"{served}{path}", headers=headers, timeout=30)
    assert answer.status_code in (200, 304), path
    return answer


def hashed(served, name):
    """The address of one of our files, as the sign-in page has it."""
    page = get(served, "/accounts/login/").text
    stem, _, ending = name.rpartition(".")
    found = page.partition(f"/static/{stem}.")[2].partition('"')[0]
    assert found.endswith(ending)
    return f"/static/{stem}.{found}"


@pytest.mark.parametrize("path", [ENTRY, WORKER, WASM], ids=["entry", "worker", "wasm"])
class TestTheSdksFiles:
    def test_run_in_an_isolated_page_and_in_its_workers(self, served, path):
        headers = get(served, path).headers
        assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"

    def test_are_kept_by_browsers_for_ever(self, served, path):
        assert get(served, path).headers["Cache-Control"] == FOREVER

    def test_travel_compressed(self, served, path):
        answer = get(served, path, **{"Accept-Encoding": "gzip"})
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert int(answer.headers["Content-Length"]) < len(answer.content)

    def test_travel_plain_to_who_cannot_read_that(self, served, path):
        answer = get(served, path, **{"Accept-Encoding": "identity"})
        assert "Content-Encoding" not in answer.headers

    def test_are_not_sent_twice(self, served, path):
        tag = get(served, path).headers["ETag"]
        answer = get(served, path, **{"If-None-Match": tag})
        assert (answer.status_code, answer.content) == (304, b"")

    def test_are_what_they_say(self, served, path):
        headers = get(served, path).headers
        kind = "application/wasm" if path == WASM else "text/javascript"
        assert headers["Content-Type"].partition(";")[0] == kind
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_our_files_have_their_hash_in_the_name_and_are_kept_for_ever(served):
    assert get(served, hashed(served, "css/portal.css")).headers["Cache-Control"] == FOREVER


def test_our_files_without_a_hash_are_asked_for_again(served):
    answer = get(served, "/static/css/portal.css")
    assert answer.headers["Cache-Control"] == "max-age=60, public"


def test_other_files_are_not_isolated(served):
    headers = get(served, hashed(served, "css/portal.css")).headers
    assert "Cross-Origin-Embedder-Policy" not in headers


@pytest.mark.parametrize(
    "name",
    ["zoom-meeting-embedded-ES5.min.js", "zoomus-websdk.umd.min.js"],
)
def test_what_the_page_never_loads_is_not_there(served, name):
    assert (settings.NODE_MODULES / "@zoom/meetingsdk/dist" / name).exists()
    assert requests.get(f"{served}{SDK}/{name}", timeout=30).status_code == 404


def test_all_of_the_sdk_that_gains_by_it_is_compressed(served):
    folder = settings.STATIC_ROOT / settings.ZOOM_SDK_PREFIX
    plain = [f for f in folder.rglob("*") if f.is_file() and f.suffix not in BARE]
    without = [f for f in plain if not f.with_name(f"{f.name}.gz").exists()]
    assert len(plain) > 140
    # Some are shorter than what compressing adds.
    assert [f.name for f in without if len(gzip.compress(f.read_bytes())) < f.stat().st_size] == []


@pytest.fixture
def storage(tmp_path):
    """A folder in which one file of the SDK has been collected."""
    storage = HashedStaticFiles(location=tmp_path, base_url="/static/")
    (tmp_path / "zoomsdk").mkdir()
    (tmp_path / "zoomsdk/a.js").write_text("//# sourceMappingURL=a.js.map\n" + "x();" * 500)
    return storage


def collect(storage):
    return list(storage.post_process({"zoomsdk/a.js": (storage, "zoomsdk/a.js")}))


def test_the_sdks_names_stay_and_a_missing_source_map_stops_nothing(storage):
    assert collect(storage) == [("zoomsdk/a.js", "zoomsdk/a.js.gz", True)]
    assert storage.url("zoomsdk/a.js") == "/static/zoomsdk/a.js"


def test_what_is_compressed_already_is_left(storage):
    collect(storage)
    assert collect(storage) == []


def test_what_has_changed_is_compressed_anew(storage, tmp_path):
    collect(storage)
    (tmp_path / "zoomsdk/a.js").write_text("y();" * 500)
    collect(storage)
    assert gzip.decompress((tmp_path / "zoomsdk/a.js.gz").read_bytes()) == b"y();" * 500


def test_a_dry_run_writes_nothing(storage, tmp_path):
    paths = {"zoomsdk/a.js": (storage, "zoomsdk/a.js")}
    assert list(storage.post_process(paths, dry_run=True)) == []
    assert [f.name for f in (tmp_path / "zoomsdk").iterdir()] == ["a.js"]
