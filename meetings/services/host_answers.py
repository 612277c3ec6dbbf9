"""The answer of a Zoom user's holder: yes or no, once."""

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from meetings.models import HostLink
from meetings.services.host_links import end_refused, link_confirmed
from meetings.services.host_proof import LATER, ask_zoom
from meetings.services.host_questions import record_link
from portal.memberships import lock_organization
from portal.tenancy import across_all_organizations


class Refusal(models.TextChoices):
    """Why a question cannot be answered, each with what to do."""

    UNKNOWN = (
        "unknown",
        _("This link is not valid. If you got more than one mail, use the link in the newest."),
    )
    ANSWERED = "answered", _("This question has been answered already. There is nothing to do.")
    WITHDRAWN = "withdrawn", _("This question was taken back. There is nothing to do.")
    EXPIRED = (
        "expired",
        _("This link has expired. If you agree, let the administrator ask again."),
    )
    CLOSED = (
        "closed",
        _("This organization is not active at present. Ask its administrator when it will be."),
    )
    CHANGED = (
        "changed",
        _(
            "Something has changed since the mail was sent: the member, or the Zoom user. Ask the "
            "organization's administrator to ask again."
        ),
    )
    LATER = (
        "later",
        _(
            "Zoom could not be asked just now whether this is still your Zoom user. Try again in a "
            "moment: the link stays good."
        ),
    )


class AnswerRefused(Exception):
    """The question is not open."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


def get_question(digest: str) -> HostLink:
    """The open question with this link. Raises `AnswerRefused`."""
    with across_all_organizations():
        rows = HostLink.objects.select_related("organization", "membership__user", "asked_by")
        link: HostLink | None = rows.filter(digest=digest).first()
    if link is None:
        raise AnswerRefused(Refusal.UNKNOWN)
    if link.answered_at is not None:
        taken_back = link.answer == HostLink.Answer.WITHDRAWN
        raise AnswerRefused(Refusal.WITHDRAWN if taken_back else Refusal.ANSWERED)
    if link.expires_at <= timezone.now():
        raise AnswerRefused(Refusal.EXPIRED)
    if not link.organization.is_active:
        raise AnswerRefused(Refusal.CLOSED)
    return link


def answer_question(*, digest: str, agrees: bool) -> HostLink:
    """Take the answer; of two clicks at once one does it. Raises `AnswerRefused`.

    A yes counts only for the address that Zoom has now: the mail may have been read by whoever
    had it before.
    """
    if agrees:
        _refuse_what_zoom_denies(get_question(digest))
    with across_all_organizations(), transaction.atomic():
        link = get_question(digest)
        lock_organization(link.organization_id)
        answer = HostLink.Answer.CONFIRMED if agrees else HostLink.Answer.REFUSED
        # Whoever changes the row is the one who answers; the other finds it changed.
        still_open = HostLink.objects.open(timezone.now()).filter(pk=link.pk, digest=digest)
        if not still_open.update(answered_at=timezone.now(), answer=answer, mail_due_at=None):
            raise AnswerRefused(Refusal.ANSWERED)
        record_link(answer.value, link, None)
        if not agrees:
            end_refused(link)
        else:
            try:
                link_confirmed(link)
            except ValidationError:
                raise AnswerRefused(Refusal.CHANGED) from None
    return link


def _refuse_what_zoom_denies(link: HostLink) -> None:
    with across_all_organizations():
        try:
            ask_zoom(link.organization, link.zoom_user_id, link.email)
        except ValidationError as error:
            later = error.code == LATER
            raise AnswerRefused(Refusal.LATER if later else Refusal.CHANGED) from None
