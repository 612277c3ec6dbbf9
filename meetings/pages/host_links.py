"""The pages of a Zoom user's holder, who is asked whether somebody may start meetings as them.

They need no account here. The link's token stands behind a #, so no server sees it in an address.
The first page's script sends it in a form; from then on the session holds its digest, for an hour.
"""

import time

from allauth.decorators import rate_limit
from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from meetings.services.host_answers import AnswerRefused, Refusal, answer_question, get_question
from meetings.services.host_mail import digest_of

_KEY = "host_link"
_SECONDS = 3600


class LinkForm(forms.Form):
    """The token of a mailed link, or the whole link."""

    token = forms.CharField(
        label=_("Link from the mail"),
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Paste the whole link from the mail.")},
    )

    def clean_token(self) -> str:
        return str(self.cleaned_data["token"]).rpartition("#")[2].strip()


@login_not_required
@never_cache
@sensitive_post_parameters("token")
@require_http_methods(["GET", "POST"])
@rate_limit(action="host_link")  # type: ignore[untyped-decorator]
def open_link(request: HttpRequest) -> HttpResponse:
    """Where a link leads: takes its token out of the address, and goes on to a clean one."""
    form = LinkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        digest = digest_of(form.cleaned_data["token"])
        request.session[_KEY] = {"digest": digest, "until": time.time() + _SECONDS}
        return redirect("host_link:answer")
    status = 422 if request.method == "POST" else 200
    return render(request, "host_links/open.html", {"form": form}, status=status)


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
@rate_limit(action="host_link")  # type: ignore[untyped-decorator]
def answer(request: HttpRequest) -> HttpResponse:
    """Shows who would start as whom, and takes the answer."""
    kept = request.session.get(_KEY)
    if not kept or kept["until"] < time.time():
        return redirect("host_link:open")
    said = request.POST.get("answer")
    try:
        if request.method == "GET" or said not in ("yes", "no"):
            link = get_question(kept["digest"])
            status = 200 if request.method == "GET" else 422
            return render(request, "host_links/answer.html", {"link": link}, status=status)
        link = answer_question(digest=kept["digest"], agrees=said == "yes")
    except AnswerRefused as refused:
        return _closed(request, refused.refusal)
    del request.session[_KEY]
    return render(request, "host_links/done.html", {"link": link, "agreed": said == "yes"})


def _closed(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """410: the link was good, or looked so, and is no more. 503: Zoom cannot be asked about it."""
    status = 503 if refusal == Refusal.LATER else 410
    return render(request, "host_links/closed.html", {"reason": refusal.label}, status=status)
