"""The demo's page of sent mail: there in the demo, and nowhere else."""

import pytest
from django.core.mail import send_mail
from django.http import Http404
from django.test import RequestFactory
from django.urls import NoReverseMatch, reverse

from portal.demo_mail import routes, sent_mail

TO_FILES = "django.core.mail.backends.filebased.EmailBackend"


@pytest.fixture
def demo(settings, tmp_path):
    settings.DEBUG = True
    settings.EMAIL_BACKEND = TO_FILES
    settings.EMAIL_FILE_PATH = str(tmp_path)


def page():
    request = RequestFactory().get("/_demo/mail/")
    return sent_mail(request).content.decode()


def test_what_was_sent_is_shown_with_its_links(demo):
    link = "http://localhost/invitation/#abc-_"
    send_mail("Grüße <b>", f"Open this:\n{link}", None, ["nora@people.example"])
    send_mail("Second", "text", None, ["mia@acme.example"])
    shown = page()
    assert "Grüße &lt;b&gt;" in shown
    assert f'href="{link}"' in shown
    assert "nora@people.example" in shown
    assert "Second" in shown


def test_before_the_first_mail_it_says_so(demo):
    assert "Nothing has been sent yet" in page()


def test_it_is_routed_in_the_demo(demo):
    assert [entry.name for entry in routes()] == ["demo_mail"]


@pytest.mark.parametrize(
    "change",
    [
        {"DEBUG": False},
        {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend"},
        {"EMAIL_BACKEND": "django.core.mail.backends.console.EmailBackend"},
    ],
    ids=str,
)
def test_it_is_neither_routed_nor_served_otherwise(demo, settings, change):
    for name, value in change.items():
        setattr(settings, name, value)
    assert routes() == []
    with pytest.raises(Http404):
        page()


def test_production_knows_no_such_address(client, db):
    assert client.get("/_demo/mail/").status_code in (302, 404)
    with pytest.raises(NoReverseMatch):
        reverse("demo_mail")
