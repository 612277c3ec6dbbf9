"""One process of the herd: reads a list of accounts, asks Zoom once as each, writes what came.

It has eight connections to PostgreSQL, as behind a pool, because a server allows a hundred for
everybody; SQLite takes all threads at once. Settings come from the environment: this module must
not import `tests.settings`, which would set another one.
"""

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import django

django.setup()

from django.db import connection  # noqa: E402
from django_scopes import scopes_disabled  # noqa: E402

from zoomauth.accounts import ask  # noqa: E402
from zoomauth.errors import ZoomError  # noqa: E402
from zoomauth.models import ZoomAccount  # noqa: E402

CONNECTIONS = 8
PATIENCE = 120

_slots = threading.BoundedSemaphore(CONNECTIONS if connection.vendor == "postgresql" else 1000)


def call(key: str, together: threading.Barrier) -> str:
    together.wait(PATIENCE)
    with _slots, scopes_disabled():
        try:
            account = ZoomAccount.objects.select_related("access_token").get(pk=key)
            ask(account, lambda client, token: client.list_users(access_token=token))
        except ZoomError as error:
            return error.slug
        else:
            return "answered"
        finally:
            connection.close()


def answer(keys: list[str]) -> list[str]:
    together = threading.Barrier(len(keys))
    with ThreadPoolExecutor(len(keys)) as pool:
        return list(pool.map(call, keys, [together] * len(keys)))


if __name__ == "__main__":
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(json.loads(line))) + "\n")
        sys.stdout.flush()
