"""`make bench`: prints a table of figures and writes build/bench.json.

Runs the portal as production does (gunicorn, threads) on the best database that answers, against
the Zoom sandbox with a fixed latency.
"""

import os
import sys
from datetime import timedelta

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"

import django

django.setup()

from django.conf import settings
from django.test.utils import (
    get_runner,
    setup_test_environment,
    teardown_test_environment,
)
from django.utils import timezone

from benchmarks.report import Figure, write_report
from benchmarks.sandbox import measure_sandbox
from benchmarks.start import measure_start
from meetings.services.schedule import Plan, schedule_meeting
from portal.tenancy import across_all_organizations
from tests.cast import make_cast
from tests.sandbox import Sandbox
from tests.server import collect_static, running


def measure() -> list[Figure]:
    with Sandbox.running(public_url="https://zoom.us") as zoom, across_all_organizations():
        zoom.account()
        settings.ZOOM_API_URL = f"{zoom.url}/v2"
        settings.ZOOM_OAUTH_URL = f"{zoom.url}/oauth/token"
        cast = make_cast()
        plan = Plan(cast.alice_host, "Bench", timezone.now() + timedelta(hours=1), 60)
        meeting = schedule_meeting(plan=plan, user=cast.alice, key=cast.meeting.pk)
        with running(workers=2, threads=16, LOG_LEVEL="WARNING") as base:
            return measure_start(base, str(meeting.pk), zoom)


def main() -> int:
    collect_static()
    setup_test_environment()
    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        return write_report("bench", [*measure_sandbox(), *measure()])
    finally:
        runner.teardown_databases(databases)
        teardown_test_environment()


if __name__ == "__main__":
    sys.exit(main())
