"""The demo's sent mail, as a page. It exists where mail goes to files on a developer's machine."""

import email.policy
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core import mail
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

_TO_FILES = "django.core.mail.backends.filebased.EmailBackend"
# Between two messages in one of the backend's files.
_RULE = b"-" * 79
_MOST_FILES = 100


@dataclass(frozen=True)
class Sent:
    """One message, as somebody reads it."""

    to: str
    subject: str
    date: str
    text: str


def is_shown() -> bool:
    """Nowhere else: these messages have people's links in them."""
    return bool(settings.DEBUG) and settings.EMAIL_BACKEND == _TO_FILES


def routes() -> list[URLPattern]:
    return [path("_demo/mail/", sent_mail, name="demo_mail")] if is_shown() else []


@login_not_required
@never_cache
@require_GET
def sent_mail(request: HttpRequest) -> HttpResponse:
    """All messages, newest first. Who has none yet signs in by one of them."""
    if not is_shown():
        raise Http404
    return render(request, "demo_mail.html", {"messages_sent": read_sent()})


def read_sent() -> list[Sent]:
    backend: Any = mail.get_connection()
    folder = Path(backend.file_path)
    files = sorted(folder.glob("*.log"), key=lambda file: file.stat().st_mtime, reverse=True)
    return [
        _read(part)
        for file in files[:_MOST_FILES]
        for part in reversed(file.read_bytes().split(_RULE))
        if part.strip()
    ]


def _read(content: bytes) -> Sent:
    message = BytesParser(EmailMessage, policy=email.policy.default).parsebytes(content.lstrip())
    body = message.get_body(("plain",))
    text = body.get_content() if body is not None else ""
    return Sent(str(message["To"]), str(message["Subject"]), str(message["Date"]), str(text))
