"""One view: whoever is signed in gets a ZAK, asked for with a token from the environment.

Without everything the portal adds: no meeting, no permission, no keeper of tokens, no signature,
no audit, no deadline.
"""

import functools
import json
import os

import requests
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.http import require_POST

# By the domain of the person's address, as JSON.
TOKENS: dict[str, str] = json.loads(os.environ.get("BARE_TOKENS", "{}"))
URL = os.environ.get("ZOOM_API_URL", "")


@functools.cache
def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=32))
    return session


@require_POST
@login_required
def zak(request: HttpRequest) -> HttpResponse:
    domain = request.user.email.partition("@")[2]
    answer = _session().get(
        f"{URL}/users/{request.user.email}/token",
        params={"type": "zak", "ttl": 7200},
        headers={"Authorization": f"Bearer {TOKENS[domain]}"},
        timeout=10,
    )
    answer.raise_for_status()
    return JsonResponse({"zak": answer.json()["token"]})


urlpatterns = [path("zak/", zak)]
