"""What a worker holds after ten thousand refreshes: a lost kilobyte each would be ten megabytes."""

import json
import os
import subprocess
import sys

from django.utils import timezone

from benchmarks.crowd import make_crowd
from benchmarks.load import ROOT
from benchmarks.report import Figure, at_most, exactly, told
from benchmarks.zoom import zoom_sandbox
from tests.server import environment
from zoomauth.models import AccessToken
from zoomauth.refresh_duty import give_duties

REFRESHES = int(os.environ.get("BENCH_REFRESHES", "10000"))
ACCOUNTS = 50


def measure_memory() -> list[Figure]:
    """From the first tenth of the refreshes, when all that is made once is made, to the last."""
    with zoom_sandbox() as zoom:
        make_crowd(zoom, organizations=ACCOUNTS, hosts=1)
        give_duties(timezone.now())
        keys = [str(key) for key in AccessToken.objects.values_list("pk", flat=True)]
        parts = _work({"accounts": keys, "refreshes": REFRESHES})
    refreshed = sum(part["refreshed"] for part in parts)
    settled, last = parts[0]["pss"], parts[-1]["pss"]
    return [
        exactly("sweep.refreshes", refreshed, "tokens", REFRESHES),
        told("sweep.worker_memory", last, "MB"),
        at_most("sweep.worker_growth", (last / settled - 1) * 100, "%", 5),
    ]


def _work(plan: dict[str, object]) -> list[dict[str, float]]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.refreshing"],
        cwd=ROOT,
        env=environment(LOG_LEVEL="WARNING"),
        input=json.dumps(plan),
        stdout=subprocess.PIPE,
        text=True,
        timeout=900,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]
