"""How the portal's web processes run: `gunicorn portal.wsgi` reads this file by itself.

Command line options win over it. What decides how many hosts can start at once is threads, not
processors: a start waits for Zoom, and meanwhile holds its thread.
"""

import gc
import re
from pathlib import Path
from typing import Any

import environ
from django.db import connections
from gunicorn.glogging import Logger

env = environ.Env()
env.read_env(Path(__file__).parent / ".env")


def _count(name: str, default: int) -> int:
    text: str = env.str(name, str(default))
    if not re.fullmatch(r"[1-9][0-9]{0,2}", text):
        raise ValueError(f"{name} must be a whole number from 1 to 999.")
    return int(text)


class PathLogger(Logger):  # type: ignore[misc]
    """Logs paths, without what is secret in an address, and no probe that went well."""

    def access(self, resp: Any, req: Any, environ: dict[str, Any], *args: Any) -> None:
        if environ["PATH_INFO"] not in ("/healthz", "/readyz") or not resp.status.startswith("200"):
            super().access(resp, req, environ, *args)

    def atoms(self, *args: Any, **options: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().atoms(*args, **options)
        # The link of a password mail ends in its key.
        path = re.sub(r"(/reset/key/).+", r"\1...", found["U"] or "", flags=re.DOTALL)
        # It is decoded: a line break in it would begin a line that looks like ours.
        found["U"] = re.sub(r"[\x00-\x1f\x7f-\x9f]", lambda found: f"%{ord(found[0]):02x}", path)
        return found


worker_class = "gthread"
workers = _count("WEB_WORKERS", 2)
threads = _count("WEB_THREADS", 32)

# Of a thread worker this watches the process alone. The deadline of a start is ZOOM_DEADLINE, that
# of a statement below.
timeout = 30
# A start that has begun may end: ZOOM_DEADLINE and the time to answer.
graceful_timeout = 20
# For clients without a proxy. One that keeps connections open fills the workers unevenly.
keepalive = 5
# A leak stays small. The jitter keeps the workers from restarting together.
max_requests = 20_000
max_requests_jitter = 4_000
# The code is loaded once: it stops here if something is wrong with it, all workers are of one
# version, also those that come after an upgrade of the files, and they share its memory. So an
# upgrade takes a restart; SIGHUP loads no new code.
preload_app = True
# The heartbeat is a file; on a disk that is busy it would be late, and the worker killed.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True

# Whom a proxy speaks for is told by BEHIND_PROXY, to Django. gunicorn believes nobody's headers.
forwarded_allow_ips = ""

# No query and no referrer: there are sign-in codes in them.
logger_class = PathLogger
accesslog = "-"
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %({content-length}o)s %(M)sms'

# libpq reads it: a page's statement ends and gives its thread back. Not in DATABASES, where it
# would end a migration too. A PgBouncer in between needs `ignore_startup_parameters = options`.
raw_env = [f"PGOPTIONS={env.str('PGOPTIONS', '-c statement_timeout=15s -c lock_timeout=10s')}"]


def pre_fork(server: Any, worker: Any) -> None:
    """What the loaded code opened is no worker's: two on one connection would mix their answers."""
    connections.close_all()
    # Collecting writes to every object it looks at, and what is written to is no longer shared.
    gc.freeze()
