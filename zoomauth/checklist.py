"""The steps to a working Zoom account: credentials, the connection check, the webhook address."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.checklist import Step
from portal.models import Organization
from portal.tenancy import across_all_organizations
from zoomauth.connection_check import ABOUT_USERS, LastCheck, is_fit, last_check
from zoomauth.connection_check.stored import OLDEST_VALIDATION
from zoomauth.models import ZoomAccount, ZoomConnection


def steps(organization: Organization) -> Iterator[Step]:
    """What is done is read from the account; on a shared one, all of it is the operator's to do."""
    account = _account_of(organization)
    if account is None:
        url = reverse("admin:zoomauth_zoomaccount_add") + f"?organization={organization.pk}"
    elif account.organization_id is None:
        url = ""
    else:
        url = reverse("admin:zoomauth_zoomaccount_change", args=[account.pk])
    yield _credentials(account, url)
    yield _checked(account, _check_url(account, url) if account else "")
    yield _webhook(account, url if account else "")


def _account_of(organization: Organization) -> ZoomAccount | None:
    # A shared account is in no organization's scope; of it, only whether it works is told.
    with across_all_organizations():
        connection = (
            ZoomConnection.objects.select_related("account")
            .filter(organization=organization)
            .first()
        )
    return connection.account if connection else None


def _check_url(account: ZoomAccount, url: str) -> str:
    """The page of the check itself, for who may open the account at all."""
    return url and reverse("admin:zoomauth_zoomaccount_check", args=[account.pk])


def _credentials(account: ZoomAccount | None, url: str) -> Step:
    shared = account is not None and account.organization_id is None
    return Step(
        name="credentials",
        title=_("Enter the Zoom credentials"),
        meaning=(
            _("Your organization uses a Zoom account of the operator's, who keeps its credentials.")
            if shared
            else _("Two apps in the Zoom Marketplace give them. The page says where each one goes.")
        ),
        done=account is not None,
        url=url,
        action=_("Enter them") if account is None else _("Zoom account"),
    )


def _checked(account: ZoomAccount | None, url: str) -> Step:
    with across_all_organizations():
        last = last_check(account) if account else None
    return Step(
        name="checked",
        title=_("Check the connection"),
        meaning=_(
            "Zoom is asked whether the credentials work and which permissions are missing. "
            "Changed credentials have to be checked again."
        ),
        done=last is not None and _is_fit_for_all(account, last),
        url=url,
        action=_("Connection check"),
    )


def _is_fit_for_all(account: ZoomAccount | None, last: LastCheck) -> bool:
    """Of a shared account without its users: other organizations' are none of this one's affair."""
    if account is not None and account.organization_id is None:
        return is_fit(row for row in last.rows if row.name not in ABOUT_USERS)
    return last.is_fit


def _webhook(account: ZoomAccount | None, url: str) -> Step:
    validated_at = account.webhook_validated_at if account else None
    return Step(
        name="webhook",
        title=_("Let Zoom validate the webhook address"),
        meaning=_(
            "By it Zoom tells when meetings begin, end and change. The address and the place for "
            "its secret token are on the account's page."
        ),
        done=(
            account is not None
            and validated_at is not None
            and timezone.now() - validated_at <= OLDEST_VALIDATION
            and not account.foreign_account_id()
        ),
        url=url,
        action=_("Webhook address and secret token"),
    )
