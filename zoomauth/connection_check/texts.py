"""What each row of a check means and what to do about it, in words.

By row and reason. What Zoom's refusals mean is said by the errors themselves.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from zoomauth.connection_check.host_texts import hosts_fix, hosts_meaning
from zoomauth.errors import ZoomError, ZoomScopeMissing
from zoomauth.models import ZoomAccount
from zoomauth.scopes import NEEDED_SCOPES, OPTIONAL_SCOPES

Text = str | Promise

_LABELS: dict[str, Text] = {
    "token": _("Access token"),
    "clock": _("Clock"),
    "scope": _("Scope"),
    "account": _("Zoom account"),
    "host": _("The hosts' Zoom users"),
    "zak": _("A host's start key (ZAK)"),
    "sdk": _("Meeting SDK credentials"),
    "region": _("Region"),
    "webhook": _("Webhook address"),
    "sdk_version": _("Meeting SDK version"),
}

# What it means when Zoom refused the call of this row; what to do is the error's to say.
_REFUSED: dict[str, Text] = {
    "token": _("Zoom gave no access token, and without one nothing can be asked."),
    "account": _("Zoom did not list the account's users."),
    "host": _("Zoom did not tell of the hosts' users."),
    "zak": _("Zoom gave no start key for {host}, so this host cannot start in the page."),
}

_MEANINGS: dict[tuple[str, str], Text] = {
    ("token", "accepted"): _("Zoom accepts the account ID, client ID and client secret."),
    ("clock", "together"): _("This server's clock agrees with Zoom's."),
    ("clock", "behind"): _("This server's clock is {seconds} seconds behind Zoom's."),
    ("clock", "ahead"): _("This server's clock is {seconds} seconds ahead of Zoom's."),
    ("clock", "unsaid"): _("Zoom told no time."),
    ("scope", "granted"): _("The app has it. It is for: {feature}."),
    ("scope", "missing"): _("The app does not have it. Without it this fails: {feature}."),
    ("scope", "unsaid"): _("Zoom did not say which scopes the app has. It is for: {feature}."),
    ("account", "answers"): _("Zoom lists the account's users."),
    ("host", "licensed"): _("{host} is active and has a license."),
    ("host", "no_user"): _("The account has no active user."),
    ("host", "none_licensed"): _(
        "No active user of the account has a license, {host} for one. Users without one can "
        "meet for 40 minutes only, and cannot be alternative hosts."
    ),
    ("host", "too_many"): _("The account has so many users that not all were looked at."),
    ("zak", "given"): _("Zoom gives out start keys: one for {host}, which was discarded."),
    ("zak", "nobody_to_try"): _("There is nobody who could start, so none was asked for."),
    ("sdk", "fine"): _(
        "They look right and are not those of the other app. Whether Zoom takes them shows at "
        "the first start."
    ),
    ("sdk", "same_id"): _(
        "The SDK client ID is that of the Server-to-Server app. Every start in the page would be "
        "refused as a wrong signature (3712)."
    ),
    ("sdk", "same_secret"): _(
        "The SDK client secret is that of the Server-to-Server app. Every start in the page would "
        "be refused as a wrong signature (3712)."
    ),
    ("sdk", "swapped"): _("The SDK client ID and the SDK client secret look swapped."),
    ("sdk", "shape"): _("These are not a client ID and a client secret as Zoom gives them out."),
    ("sdk", "sealing"): _("The stored SDK client secret cannot be read."),
    ("region", "global"): _("The region is Global, which always works."),
    ("region", "same"): _("The region is the one that Zoom names."),
    ("region", "other"): _("Zoom says that this account's region is another: {region}."),
    ("region", "unsaid"): _("Zoom did not say which region the account is in."),
    ("webhook", "validated"): _("Zoom validated the address on {date}."),
    ("webhook", "stale"): _(
        "Zoom validated the address last on {date}. It does so every 72 hours, so it has stopped, "
        "and with it the news of meetings that begin and end."
    ),
    ("webhook", "foreign"): _(
        "Zoom's events speak of account {foreign}, and the account ID entered here is {entered}. "
        "They are signed with the secret token entered here, and they are refused."
    ),
    ("webhook", "never"): _("Zoom has not validated the address with the stored secret token."),
    ("webhook", "no_secret"): _(
        "No webhook secret token is stored, so nothing is heard from Zoom. Meetings can be "
        "started all the same."
    ),
    ("sdk_version", "new_enough"): _("Version {version} is in use; Zoom asks for {minimum}."),
    ("sdk_version", "too_old"): _(
        "Version {version} is in use. Since {date} Zoom lets nobody in with one before {minimum} "
        "(10000)."
    ),
    ("sdk_version", "too_old_soon"): _(
        "Version {version} is in use. From {date} on Zoom lets nobody in with one before {minimum}."
    ),
    ("sdk_version", "no_minimum"): _(
        "Version {version} is in use. Which one Zoom asks for at least is not set."
    ),
}
_NO_TIME = _("Zoom took so long for the rows before this one that it was left out.")
_NOT_REACHED = _("A row above has to pass first: {row}.")

_FIXES: dict[tuple[str, str], Text] = {
    ("clock", "behind"): _("Those who run the server set its clock by network time (NTP)."),
    ("clock", "ahead"): _("Those who run the server set its clock by network time (NTP)."),
    ("scope", "missing"): _(
        "Add {scope} on the Scopes page of the Server-to-Server app in the Zoom Marketplace, then "
        "check again. It counts from the next access token on."
    ),
    ("host", "no_user"): _("Add a user in Zoom's user management, or activate one."),
    ("host", "none_licensed"): _("Give a user a license in Zoom's user management."),
    ("zak", "nobody_to_try"): _("Put the rows above right first."),
    ("sdk", "same_id"): _(
        "Enter client ID and client secret of the General app with the Meeting SDK switched on."
    ),
    ("sdk", "same_secret"): _(
        "Enter client ID and client secret of the General app with the Meeting SDK switched on."
    ),
    ("sdk", "swapped"): _("Enter them the other way round."),
    ("sdk", "shape"): _("Copy both again from the General app's page in the Zoom Marketplace."),
    ("sdk", "sealing"): _("Enter the SDK client secret anew."),
    ("region", "other"): _("Choose {region} as the account's region, or Global."),
    ("webhook", "stale"): _(
        "In the Zoom Marketplace, open the app's event subscription and press Validate. If it "
        "fails, the address is not reachable from the internet or the secret token is another."
    ),
    ("webhook", "never"): _(
        "In the Zoom Marketplace, enter the address shown at the account as event notification "
        "endpoint URL and press Validate."
    ),
    ("webhook", "foreign"): _(
        "If {foreign} is the account ID on the app's page in the Zoom Marketplace, enter it here. "
        "If not, this address and secret token belong to an app of another Zoom account: enter "
        "the secret token of this account's app, and take the address out of the other."
    ),
    ("webhook", "no_secret"): _("Enter the secret token of the app's event subscription."),
    ("sdk_version", "too_old"): _("Those who run the portal bring it to a newer release."),
    ("sdk_version", "too_old_soon"): _("Those who run the portal bring it to a newer release."),
}

_REGIONS = dict(ZoomAccount.Region.choices)
_FEATURES = {scope.name: scope.feature for scope in (*NEEDED_SCOPES, *OPTIONAL_SCOPES)}


def _errors(kind: type[ZoomError] = ZoomError) -> Iterator[type[ZoomError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _errors(each)


_ERRORS = {error.slug: error for error in _errors()}


def label_of(name: str, subject: str) -> Text:
    label = _LABELS.get(name, name)
    return format_lazy("{label} {subject}", label=label, subject=subject) if subject else label


def meaning_of(name: str, reason: str, facts: Mapping[str, Any], subject: str) -> Text:
    if reason == "not_reached":
        row = label_of(facts.get("row", ""), facts.get("row_subject", ""))
        return format_lazy(_NOT_REACHED, row=row)
    if reason == "no_time":
        return _NO_TIME
    if reason in _ERRORS:
        return _fill(_REFUSED.get(name, ""), facts, subject)
    if name == "host" and "hosts" in facts:
        return hosts_meaning(facts)
    return _fill(_MEANINGS.get((name, reason), ""), facts, subject)


def fix_of(name: str, reason: str, facts: Mapping[str, Any], subject: str) -> Text:
    if reason == "no_time":
        return _("Check again.")
    if reason in _ERRORS:
        return _admin_message(reason, facts)
    if name == "host" and "hosts" in facts:
        return hosts_fix(facts)
    return _fill(_FIXES.get((name, reason), ""), facts, subject)


def _admin_message(slug: str, facts: Mapping[str, Any]) -> Text:
    if scopes := facts.get("scopes"):
        return ZoomScopeMissing(scopes=tuple(scopes)).admin_message
    return _ERRORS[slug]().admin_message


def _fill(text: Text, facts: Mapping[str, Any], subject: str) -> Text:
    shown: dict[str, Any] = {"host": "", **facts, "scope": subject}
    shown["feature"] = _FEATURES.get(subject, "")
    if "date" in facts:
        shown["date"] = date_format(date.fromisoformat(facts["date"]), "DATE_FORMAT")
    if "region" in facts:
        shown["region"] = _REGIONS.get(facts["region"], facts["region"])
    return str(text).format(**shown)
