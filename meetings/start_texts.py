"""The rules of a start in words: what each asks, what its answer means, what to do, and where."""

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from meetings.models import Host, Meeting

Text = str | Promise

LABELS: dict[str, Text] = {
    "user": _("The person's account is active"),
    "member": _("Active member of the meeting's organization"),
    "organization": _("The organization is active"),
    "second_step": _("Second step at sign-in"),
    "policy": _("The organization lets admins start on a host's behalf"),
    "admin": _("Admin of the organization"),
    "host": _("The meeting's host or an alternative host"),
    "host_active": _("The host is active"),
    "host_named": _("The Zoom user is known by its ID"),
    "host_settled": _("The Zoom user is still this member's"),
    "confirmed": _("Zoom has confirmed the meeting"),
    "account": _("The organization is connected to Zoom"),
    "account_fit": _("The last connection check"),
    "zoom_user": _("The host's Zoom user may host"),
    "licence": _("The host's Zoom licence"),
    "at_zoom": _("The meeting is there at Zoom"),
    "free": _("No earlier meeting of this host still on"),
}

# To the host in person, where a rule keeps them out of what is theirs; each names the next step.
_TO_THE_HOST: dict[tuple[str, str], Text] = {
    ("host_named", "by_address"): _(
        "The portal knows your Zoom user only by an e-mail address, which may be somebody else's "
        "by now, so you cannot start meetings yet. Ask your organization's admin to import the "
        "Zoom users."
    ),
    ("host_settled", "on_hold"): _(
        "Your Zoom user's e-mail address is new here, so you cannot start meetings until it is "
        "clear whose it is. If the address is yours, for instance under a new name, look into its "
        "mail: open the link there and agree, and all is as before. If no mail came, ask your "
        "organization's admin to link you again."
    ),
}

_UNKNOWN = _("It is not known here.")

# (rule, reason): what it means, and what to do.
TEXTS: dict[tuple[str, str], tuple[Text, Text]] = {
    ("user", "active"): (_("This person can sign in."), ""),
    ("user", "inactive"): (
        _("This person's account is deactivated, so they cannot sign in."),
        _("Ask the operator of this installation to activate the account."),
    ),
    ("user", "nobody"): (
        _("No member is linked to this host, so nobody can start as them."),
        _("Link the host to the member who is that Zoom user."),
    ),
    ("member", "active"): (_("They belong to the organization."), ""),
    ("member", "inactive"): (
        _("Their membership is deactivated."),
        _("Activate the membership."),
    ),
    ("member", "no"): (
        _("They do not belong to the organization."),
        _("Invite them."),
    ),
    ("member", "nobody"): (
        _("There is no member behind this host."),
        _("Link the host to the member who is that Zoom user."),
    ),
    ("organization", "active"): (_("People can act in it."), ""),
    ("organization", "inactive"): (
        _("Nobody can act in an inactive organization."),
        _("Ask the operator of this installation to activate it."),
    ),
    ("second_step", "in_order"): (
        _("They have set up what the organization asks for, and are asked for it."),
        "",
    ),
    ("second_step", "missing"): (
        _("The organization asks for a second step at sign-in, and they have set none up."),
        _("At their next sign-in they are led to it. Nothing else opens before."),
    ),
    ("second_step", "unknown"): (_("Nothing is asked of them here."), ""),
    ("policy", "on"): (_("It is switched on."), ""),
    ("policy", "off"): (
        _("It is switched off, so admins start only what they host."),
        _("Switch it on among the organization's policies, if that is what you want."),
    ),
    ("admin", "admin"): (_("They are an admin."), ""),
    ("admin", "no_admin"): (
        _("Only admins may start on a host's behalf."),
        _("Let an admin do it."),
    ),
    ("host", "host"): (_("They are the meeting's host."), ""),
    ("host", "alternative"): (_("They are an alternative host, and start it as themselves."), ""),
    ("host", "none"): (
        _("They are neither its host nor an alternative host. Scheduling gives no right to it."),
        _("Let the host start it, or schedule it anew with this person as alternative host."),
    ),
    ("host_active", "active"): (_("This host may start meetings."), ""),
    ("host_active", "inactive"): (
        _("The host is deactivated in this portal."),
        _("Activate the host."),
    ),
    ("host_named", "by_id"): (_("Zoom's ID stays with the user."), ""),
    ("host_named", "by_address"): (
        _(
            "The host has only an e-mail address as its Zoom user, which may be somebody else's by "
            "now. Nobody starts as this host until an import has found Zoom's ID."
        ),
        _("Import the Zoom users first."),
    ),
    ("host_settled", "settled"): (_("Nothing speaks against it."), ""),
    ("host_settled", "on_hold"): (
        _(
            "The Zoom user's e-mail address is new here, so it may be somebody else's by now. "
            "Nobody starts as this host until whoever reads that address's mail has agreed."
        ),
        _(
            "Whoever reads the mail of the Zoom user's address opens the link in it and agrees. "
            "If no mail came, link the member again from the page of the Zoom users."
        ),
    ),
    ("confirmed", "confirmed"): (_("It has a meeting number."), ""),
    ("confirmed", "unconfirmed"): (
        _("Zoom never confirmed the meeting, so there is nothing to start."),
        _("Look into the host's meetings at Zoom, take this one off the list and schedule anew."),
    ),
    ("account", "connected"): (_("There is a Zoom account with credentials."), ""),
    ("account", "missing"): (
        _("No Zoom account is connected."),
        _("Enter the credentials of your Zoom account and run the connection check."),
    ),
    ("account", "no_credentials"): (
        _("The Zoom account lacks credentials."),
        _("Enter the missing ones and run the connection check."),
    ),
    ("account", "not_assigned"): (
        _("The Zoom account is shared, and this host's Zoom user is not assigned to you."),
        _("Ask the operator of this installation to assign the Zoom user."),
    ),
    ("account", "refused"): (
        _("Zoom refuses the credentials of the Zoom account."),
        _("Run the connection check: it says which credential is wrong."),
    ),
    ("account_fit", "fit"): (_("It found what a start needs."), ""),
    ("account_fit", "unfit"): (
        _("It found that something a start needs is missing."),
        _("Open the connection check: its first failed row says what to do."),
    ),
    ("account_fit", "unknown"): (
        _("None since the credentials were entered."),
        _("Run it from the Zoom account's page."),
    ),
    ("zoom_user", "unknown"): (
        _("No import has seen this user. Zoom decides at the start."),
        _("Import the Zoom users."),
    ),
    ("licence", "unknown"): (_("Known once an import has seen the user."), ""),
    ("at_zoom", "unknown"): (
        _("Zoom is not asked here. Tomorrow's report asks it, the evening before."),
        "",
    ),
    ("zoom_user", "fit"): (_("The user may host, as of the last import."), ""),
    ("zoom_user", "basic"): (_("The user may host, as of the last import."), ""),
    ("zoom_user", "unlicensed"): (
        _("The host's Zoom user has no licence for meetings."),
        _("Give the user a licence in Zoom's user management."),
    ),
    ("zoom_user", "inactive"): (
        _("The host's Zoom user is deactivated at Zoom."),
        _("Activate the user in Zoom's user management."),
    ),
    ("zoom_user", "pending"): (
        _("The host has not accepted Zoom's invitation to the account."),
        _("Ask the host to accept it; it came by mail from Zoom."),
    ),
    ("zoom_user", "gone"): (
        _("The Zoom account has no such user any more."),
        _("Link the host to a Zoom user that is there."),
    ),
    ("licence", "licensed"): (_("The host is licensed."), ""),
    ("licence", "basic"): (
        _("The host has no licence. The meeting starts, but Zoom ends it after 40 minutes."),
        _("Give the user a licence in Zoom's user management."),
    ),
    ("at_zoom", "there"): (_("Zoom knows it, with this host."), ""),
    ("at_zoom", "gone"): (
        _("The meeting was deleted at Zoom."),
        _("Schedule it again and send the new invitation."),
    ),
    ("at_zoom", "other_host"): (
        _("At Zoom the meeting belongs to another host."),
        _("Schedule it again for this host, or change the host at Zoom."),
    ),
    ("free", "free"): (_("Nothing else of theirs is planned then."), ""),
    ("free", "busy"): (
        _("An earlier meeting of theirs is still on then, and a host can run only one at Zoom."),
        _("Move one of the two, or let an alternative host start it."),
    ),
}


def label_of(rule: str) -> Text:
    return LABELS[rule]


def meaning_of(rule: str, reason: str) -> Text:
    return TEXTS.get((rule, reason), (_UNKNOWN, ""))[0]


def fix_of(rule: str, reason: str) -> Text:
    """What to do; empty where there is nothing to be done."""
    return TEXTS.get((rule, reason), (_UNKNOWN, ""))[1]


def sentence_to_host(rule: str, reason: str) -> str:
    """Why they cannot start, and what to do; empty where there is nothing particular to say."""
    return str(_TO_THE_HOST.get((rule, reason), ""))


def place_of(rule: str, *, meeting: Meeting | None, host: Host | None) -> str:
    """The admin page on which it can be put right; empty where that is not in this portal."""
    if host is not None and rule in ("host_active", "host_named", "host_settled", "zoom_user"):
        return reverse("admin:meetings_host_change", args=[host.pk])
    if host is not None and rule in ("user", "member"):
        if host.membership_id is None:
            return reverse("admin:meetings_host_change", args=[host.pk])
        return reverse("admin:portal_membership_change", args=[host.membership_id])
    if rule in ("account", "account_fit"):
        return reverse("admin:zoomauth_zoomaccount_changelist")
    if rule == "policy" and meeting is not None:
        return reverse("admin:portal_organization_change", args=[meeting.organization_id])
    if meeting is not None and rule in ("confirmed", "at_zoom", "free"):
        return reverse("admin:meetings_meeting_change", args=[meeting.pk])
    return ""
