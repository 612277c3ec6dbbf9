"""Making Zoom users for an organization on a shared account, where the operator allows it.

The row is written before Zoom is asked, and no lock and no transaction is held while it is. What
Zoom says it made is assigned to the organization in the transaction that settles the row. Anything
else assigns nobody: a refusal for a taken address says that a user is there and not whose, and a
lost answer says nothing at all.
"""

import time
from typing import cast

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.audit import record
from portal.models import AuditEvent, Organization, User
from portal.tenancy import across_all_organizations
from zoomauth import client
from zoomauth.accounts import ask
from zoomauth.containment import place_for
from zoomauth.errors import ZoomAnswerInvalid, ZoomError, ZoomTooManyAtOnce
from zoomauth.models import (
    ZoomAccount,
    ZoomConnection,
    ZoomUser,
    ZoomUserAssignment,
    ZoomUserCreation,
)
from zoomauth.zoom_users import zoom_users_of

State = ZoomUserCreation.State
_POLL_SECONDS = 0.1


def may_create_users(organization: Organization) -> bool:
    """Whether the operator lets this organization create Zoom users; on no account of its own."""
    return _account_for_creating(organization) is not None


def create_zoom_user(
    *, organization: Organization, email: str, name: str, actor: User
) -> ZoomUserCreation:
    """Make a Zoom user and assign it to the organization; the row says what came of it.

    Of two clicks one asks Zoom, and the other waits for what comes of that. Raises
    `PermissionDenied` where the operator does not allow it, and `ValidationError` for a user whom
    the organization has already. To be offered only to an admin who showed lately who they are.
    """
    account = _account_for_creating(organization)
    if account is None:
        _record(organization, actor, None, AuditEvent.Result.DENIED)
        raise PermissionDenied
    row = ZoomUserCreation(
        organization=organization, account=account, email=email.lower(), name=name, asked_by=actor
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            _refuse_known(organization, row.email)
            record("zoomuser.create_asked", organization=organization, actor=actor, target=row)
    except IntegrityError:
        return _wait_for_first_click(row)
    try:
        _settle_made(row, _ask_zoom(row, account), actor)
    except ZoomError as error:
        _settle_failed(row, error, actor)
    except IntegrityError:
        # Somebody was given the new user in the same moment.
        _settle_failed(row, _unusable(), actor)
    return row


def unknown_creations(organization: Organization) -> list[ZoomUserCreation]:
    """Those of which nobody knows what came, the newest first."""
    now = timezone.now()
    rows = ZoomUserCreation.objects.unsettled().filter(organization=organization)
    return [row for row in rows if row.is_unknown(now)]


def dismiss_creation(*, row: ZoomUserCreation, actor: User) -> bool:
    """Take one of which nothing is known off the list; False while it may still be answered."""
    if not row.is_unknown(timezone.now()):
        return False
    with transaction.atomic():
        if not row.settle(State.DISMISSED):
            return False
        record("zoomuser.create_dismissed", organization=row.organization, actor=actor, target=row)
    return True


def _account_for_creating(organization: Organization) -> ZoomAccount | None:
    # A shared account is in no organization's scope.
    with across_all_organizations():
        creators = ZoomConnection.objects.creators().filter(organization=organization)
        connection = creators.select_related("account__access_token").first()
        return connection.account if connection else None


def _refuse_known(organization: Organization, email: str) -> None:
    """After the row is there, so that a click that has just been served is seen."""
    known = zoom_users_of(organization).filter(email=email, gone_at=None)
    if known.exists():
        raise ValidationError(_("Your organization has a Zoom user with this address already."))


def _wait_for_first_click(row: ZoomUserCreation) -> ZoomUserCreation:
    """What the first click came to; unsettled once no call for it can still be under way.

    It holds a thread as the call itself does, and takes one of the account's places.
    """
    try:
        with place_for(row.account_id):
            return _await_settling(row)
    except ZoomTooManyAtOnce:
        raise ValidationError(
            _("This Zoom user is being created. Send the form again in a moment.")
        ) from None


def _await_settling(row: ZoomUserCreation) -> ZoomUserCreation:
    rows = ZoomUserCreation.objects.filter(
        organization=row.organization, account=row.account, email=row.email
    )
    while True:
        first = cast("ZoomUserCreation", rows.order_by("-asked_at").first())
        if not first.is_under_way(timezone.now()):
            return first
        time.sleep(_POLL_SECONDS)


def _ask_zoom(row: ZoomUserCreation, account: ZoomAccount) -> client.ZoomUser:
    made = ask(
        account,
        lambda zoom, access_token: zoom.create_user(
            access_token=access_token, email=row.email, display_name=row.name
        ),
    )
    if made.email.lower() != row.email or len(made.id) > 100:
        # Whoever this is, it is not the user who was asked for.
        raise _unusable()
    return made


def _unusable() -> ZoomAnswerInvalid:
    return ZoomAnswerInvalid(call="create_user", outcome_unknown=True, repeatable=False)


def _settle_made(row: ZoomUserCreation, made: client.ZoomUser, actor: User) -> None:
    """The user, its assignment and the row, or none of them."""
    with across_all_organizations(), transaction.atomic():
        if _was_there_before(row, made.id) or not row.settle(State.DONE, zoom_user_id=made.id):
            raise _unusable()
        ZoomUser.objects.update_or_create(
            account=row.account,
            key=made.id,
            defaults={
                "zoom_user_id": made.id,
                "email": row.email,
                "name": (made.display_name or row.name)[:150],
                "licence": made.type,
                "status": made.status,
                "seen_at": timezone.now(),
                "gone_at": None,
            },
        )
        assignment = ZoomUserAssignment(
            organization=row.organization, account=row.account, zoom_user_id=made.id
        )
        assignment.save(force_insert=True)
        _record(row.organization, actor, row, zoom_user_id=made.id, assignment=str(assignment.pk))


def _was_there_before(row: ZoomUserCreation, zoom_user_id: str) -> bool:
    """Whether the one that Zoom calls new was somebody's, or known, before it was asked for."""
    same = {"account": row.account, "zoom_user_id": zoom_user_id}
    known = ZoomUser.objects.filter(**same, seen_at__lt=row.asked_at)
    return bool(known.exists() or ZoomUserAssignment.objects.filter(**same).exists())


def _settle_failed(row: ZoomUserCreation, error: ZoomError, actor: User) -> None:
    code = error.code if error.code is not None else error.http_status
    told = {
        "error_code": error.slug,
        "zoom_code": "" if code is None else str(code),
        "tracking_id": error.tracking_id,
    }
    with transaction.atomic():
        row.settle(State.UNKNOWN if error.outcome_unknown else State.FAILED, **told)
        _record(
            row.organization,
            actor,
            row,
            AuditEvent.Result.FAILED,
            cause=error.slug,
            code=told["zoom_code"],
            tracking_id=error.tracking_id,
            outcome_unknown=error.outcome_unknown,
        )


def _record(
    organization: Organization,
    actor: User,
    row: ZoomUserCreation | None,
    result: AuditEvent.Result = AuditEvent.Result.DONE,
    **detail: object,
) -> None:
    record(
        "zoomuser.created",
        organization=organization,
        actor=actor,
        target=row,
        result=result,
        **detail,
    )
