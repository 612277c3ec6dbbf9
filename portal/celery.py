"""The Celery app, and how it behaves wherever it runs.

Which tasks run when is in `settings.CELERY_BEAT_SCHEDULE`. Rows in the database say what is to be
done, so a message may be lost, come twice, or wait: each task looks at its row first, and a sweep
finds what no message speaks of. Starting a meeting neither publishes nor reads here.
"""

import os
from typing import Any

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

# What hosts would wait for, what takes its time with Zoom, and what Zoom tells; mail and whatever
# else is short goes to `celery`. A worker that is given no queue takes from all of them.
QUEUES = ("celery", "refresh", "sync", "webhooks")
ROUTES = {
    "zoomauth.tasks.*token*": {"queue": "refresh"},
    "zoomauth.tasks.*webhook*": {"queue": "webhooks"},
    "zoomauth.tasks.*check*": {"queue": "sync"},
    "zoomauth.tasks.*import*": {"queue": "sync"},
    "meetings.tasks.*report*": {"queue": "sync"},
}
# When a message that nobody has acknowledged is handed out again: above the longest time limit, and
# above the longest wait of a task that is spread.
VISIBILITY_SECONDS = 1800
# While no worker runs, what comes again anyway must not pile up.
_BEAT_EXPIRY_SECONDS = 600

_BEHAVIOUR: dict[str, Any] = {
    # A worker or beat outlives any outage of its broker.
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "task_publish_retry": False,
    "task_ignore_result": True,
    "task_serializer": "json",
    "accept_content": ["json"],
    # A task is done when it has ended, not when it was handed out.
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "task_soft_time_limit": 50,
    "task_time_limit": 60,
    # At a worker's cold end (SIGQUIT): how long it may finish before its messages go back.
    "worker_soft_shutdown_timeout": 15.0,
    "worker_hijack_root_logger": False,
    "task_queues": {name: {"exchange": name, "routing_key": name} for name in QUEUES},
    "task_routes": ROUTES,
}
# Whoever publishes learns soon that the broker is not there. Without the timeouts one that accepts
# and is silent holds a page for ever; without `max_retries`, which are kombu's own below those of
# Celery, one that refuses holds it for six seconds.
_REDIS: dict[str, Any] = {
    "max_retries": 0,
    "socket_connect_timeout": 1,
    "socket_timeout": 2,
    "health_check_interval": 25,
    "visibility_timeout": VISIBILITY_SECONDS,
}


def _behaviour() -> dict[str, Any]:
    """Read when the settings have been, and stronger than they are."""
    is_redis = settings.CELERY_BROKER_URL.startswith(("redis:", "rediss:"))
    return {
        **_BEHAVIOUR,
        # SQLAlchemy, the broker without one, would take them for its own and refuse them.
        "broker_transport_options": _REDIS if is_redis else {},
        "beat_schedule": {
            name: {**entry, "options": {"expires": _BEAT_EXPIRY_SECONDS}}
            for name, entry in settings.CELERY_BEAT_SCHEDULE.items()
        },
    }


app = Celery("greenroom")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.add_defaults(_behaviour)
app.autodiscover_tasks()
