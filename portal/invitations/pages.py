"""The pages of an invited person.

The link's token stands behind a #, so no server sees it in an address. The first page's script
sends it in a form; from then on the session holds its digest, for an hour.
"""

import time
from urllib.parse import urlencode

from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import perform_login
from allauth.decorators import rate_limit
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from portal.invitations.accepting import (
    InvitationRefused,
    Refusal,
    accept,
    accept_with_password,
    get_invitation,
    get_invited_user,
    is_claimable,
)
from portal.invitations.forms import LinkForm, NewPersonForm
from portal.invitations.issuing import digest_of
from portal.models import Invitation

_KEY = "invitation"
_SECONDS = 3600


@login_not_required
@never_cache
@sensitive_post_parameters("token")
@require_http_methods(["GET", "POST"])
@rate_limit(action="invitation")  # type: ignore[untyped-decorator]
def open_link(request: HttpRequest) -> HttpResponse:
    """Where a link leads: takes its token out of the address, and goes on to a clean one."""
    form = LinkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        _remember(request, digest_of(form.cleaned_data["token"]))
        return redirect("invitation:accept")
    status = 422 if request.method == "POST" else 200
    return render(request, "invitations/open.html", {"form": form}, status=status)


@login_not_required
@never_cache
@sensitive_post_parameters("password", "password_again")
@require_http_methods(["GET", "POST"])
@rate_limit(action="invitation")  # type: ignore[untyped-decorator]
def accept_invitation(request: HttpRequest) -> HttpResponse:
    """Shows who invites whom, and takes the answer."""
    digest = _remembered(request)
    if digest is None:
        return redirect("invitation:open")
    try:
        invitation = get_invitation(digest)
        if request.user.is_authenticated and request.user.email != invitation.email:
            return _page(request, "other_person", invitation, status=403)
        user = get_invited_user(invitation)
        if user is None or is_claimable(user, invitation, digest):
            return _take_password(request, invitation, digest, is_new=user is None)
        if not request.user.is_authenticated:
            here = urlencode({"next": reverse("invitation:accept")})
            sign_in = f"{reverse('account_login')}?{here}"
            return _page(request, "sign_in", invitation, sign_in=sign_in)
        if request.method == "POST":
            return _accept_as_member(request, digest)
    except InvitationRefused as refused:
        return _closed(request, refused.refusal)
    return _page(request, "accept", invitation)


@login_not_required
@never_cache
@require_POST
def change_person(request: HttpRequest) -> HttpResponse:
    """Sign out and come back to the invitation: signing out alone would forget it."""
    digest = _remembered(request)
    logout(request)
    if digest is not None:
        _remember(request, digest)
    return redirect("invitation:accept")


def _take_password(
    request: HttpRequest, invitation: Invitation, digest: str, *, is_new: bool
) -> HttpResponse:
    """The password of an account that is made now, or that nobody has shown to be theirs yet."""
    sender = invitation.invited_by
    form = NewPersonForm(
        request.POST or None,
        email=invitation.email,
        time_zone=sender.time_zone if sender else "UTC",
        initial={"name": invitation.name},
    )
    if request.method != "POST":
        return _page(request, "new_person", invitation, form=form, is_new=is_new)
    if not form.is_valid():
        return _page(request, "new_person", invitation, status=422, form=form, is_new=is_new)
    user = accept_with_password(
        digest=digest,
        name=form.cleaned_data["name"],
        password=form.cleaned_data["password"],
        time_zone=form.cleaned_data["time_zone"],
    )
    _forget(request)
    # They have just typed the password twice; asking for it again a minute later tells us nothing.
    record_authentication(request, user, method="password", reauthenticated=True)
    response: HttpResponse = perform_login(request, user, redirect_url=reverse("home"))
    return response


def _accept_as_member(request: HttpRequest, digest: str) -> HttpResponse:
    assert request.user.is_authenticated  # noqa: S101 - for the type checker
    membership = accept(digest=digest, user=request.user)
    _forget(request)
    messages.success(
        request,
        _("You now belong to %(organization)s.") % {"organization": membership.organization},
    )
    return redirect("home")


def _page(
    request: HttpRequest, name: str, invitation: Invitation, status: int = 200, **more: object
) -> HttpResponse:
    context = {"invitation": invitation, **more}
    return render(request, f"invitations/{name}.html", context, status=status)


def _closed(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """410: the link was good, or looked so, and is no more."""
    context = {"reason": refusal.label, "is_accepted": refusal == Refusal.ACCEPTED}
    return render(request, "invitations/closed.html", context, status=410)


def _remember(request: HttpRequest, digest: str) -> None:
    request.session[_KEY] = {"digest": digest, "until": time.time() + _SECONDS}


def _remembered(request: HttpRequest) -> str | None:
    kept = request.session.get(_KEY)
    return kept["digest"] if kept and kept["until"] > time.time() else None


def _forget(request: HttpRequest) -> None:
    request.session.pop(_KEY, None)
