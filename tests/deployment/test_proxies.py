"""The proxies that serve static files in the portal's place say the same of them as it does."""

import contextlib
import os
import shutil
import signal
import subprocess
import time

import pytest
import requests
from django.conf import settings

from tests.deployment.test_static_files import ENTRY, SDK, WASM, hashed
from tests.server import ROOT, free_port, running
from tests.settings import BUILD

# The portal behind them asks for the test database.
pytestmark = pytest.mark.django_db

CADDYFILE = (ROOT / "deploy/Caddyfile").read_text()
NGINX_CONF = (ROOT / "deploy/nginx.conf").read_text()
SAME = (
    "Cross-Origin-Embedder-Policy",
    "Cross-Origin-Resource-Policy",
    "Cache-Control",
    "Content-Encoding",
    "X-Content-Type-Options",
)


def replace_once(text, changes):
    """A test that no longer finds what it replaces would test something else."""
    for before, after in changes.items():
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return text


def caddy(port, portal, folder):
    here = "{\n\tdefault_bind 127.0.0.1\n\tadmin off\n\tservers {"
    file = folder / "Caddyfile"
    file.write_text(replace_once(CADDYFILE, {"{\n\tservers {": here}))
    environment = {
        "BASE_URL": f"http://localhost:{port}",
        "PORTAL": f"127.0.0.1:{portal}",
        "STATIC_FOLDER": str(settings.STATIC_ROOT),
        "HOME": str(folder),
    }
    return ["caddy", "run", "--config", str(file), "--adapter", "caddyfile"], environment


def nginx(port, portal, folder):
    site = replace_once(
        NGINX_CONF,
        {
            "listen 443 ssl;": f"listen 127.0.0.1:{port};",
            "server_name greenroom.example;": "server_name localhost;",
            "    ssl_certificate /etc/ssl/greenroom.pem;\n": "",
            "    ssl_certificate_key /etc/ssl/greenroom.key;\n": "",
            "/var/log/nginx/greenroom.log": str(folder / "access.log"),
            "127.0.0.1:8000": f"127.0.0.1:{portal}",
            # $host has no port, and these do not run at the usual one.
            "proxy_set_header Host $host;": "proxy_set_header Host $http_host;",
        },
    ).replace("/srv/greenroom/build/static", str(settings.STATIC_ROOT))
    kinds = "application/wasm wasm; application/javascript js; text/css css;"
    folders = "".join(
        f"{kind}_temp_path {folder / kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    file = folder / "nginx.conf"
    # As root it gives its workers to somebody who may not read a test's folder.
    user = "user root;" if os.getuid() == 0 else ""
    file.write_text(
        f"{user} daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ types {{ {kinds} }} {folders}\n{site}\n}}"
    )
    return ["nginx", "-c", str(file), "-e", str(folder / "error.log")], {}


@pytest.fixture(scope="module", params=[caddy, nginx], ids=["caddy", "nginx"])
def proxied(request, django_db_setup, tmp_path_factory):
    """The address of a proxy with the portal behind it, and that of the portal itself."""
    if shutil.which(request.param.__name__) is None:
        pytest.skip(f"no {request.param.__name__} here")
    port = free_port()
    base = f"http://localhost:{port}"
    with running(base=base, BEHIND_PROXY="true") as portal:
        folder = tmp_path_factory.mktemp("proxy")
        command, environment = request.param(port, portal.rpartition(":")[2], folder)
        with (BUILD / f"proxy-{port}.log").open("w") as log:
            process = subprocess.Popen(
                command, env={**os.environ, **environment}, stdout=log, stderr=log
            )
        try:
            _wait_for(base, process)
            yield base, portal
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(15)


def _wait_for(base, process):
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(requests.ConnectionError):
            requests.get(f"{base}/static/nothing", timeout=5)
            return
        time.sleep(0.1)
    raise RuntimeError("the proxy did not start; see build/proxy-*.log")


def ask(base, path, host):
    headers = {"Accept-Encoding": "gzip", "Host": host.removeprefix("http://")}
    answer = requests.get(f"{base}{path}", headers=headers, timeout=30)
    assert answer.status_code == 200, path
    return answer


@pytest.mark.parametrize("which", [ENTRY, WASM, f"{SDK}/ui/zoom-meetingsdk.css", "ours"])
def test_a_static_file_has_the_same_headers_and_content(proxied, which):
    base, portal = proxied
    path = hashed(base, "css/portal.css") if which == "ours" else which
    here, there = ask(base, path, base), ask(portal, path, base)
    assert {name: here.headers.get(name) for name in SAME} == {
        name: there.headers.get(name) for name in SAME
    }
    assert here.content == there.content
    kinds = {answer.headers["Content-Type"].partition(";")[0] for answer in (here, there)}
    assert kinds in ({"application/wasm"}, {"text/css"}, {"text/javascript"}, {
        "text/javascript", "application/javascript"
    })  # fmt: skip


@pytest.mark.parametrize("path", [f"{SDK}/nothing.js", "/static/css/x.0123456789ab.css"])
def test_what_is_not_there_is_not_kept_for_ever(proxied, path):
    answer = requests.get(f"{proxied[0]}{path}", timeout=30)
    assert answer.status_code == 404
    assert "immutable" not in answer.headers.get("Cache-Control", "")


def test_a_page_comes_through(proxied):
    answer = ask(proxied[0], "/accounts/login/", proxied[0])
    assert "csrfmiddlewaretoken" in answer.text


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_are_not_for_outside(proxied, path):
    assert requests.get(f"{proxied[0]}{path}", timeout=30).status_code == 404
