"""The form of a Zoom account: secrets go in and never come out."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.text import format_lazy
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from portal.admin.base import TenantForm
from zoomauth.credentials import SECRETS
from zoomauth.models import ZoomAccount

LABELS = {
    "client_secret": _("Client secret"),
    "sdk_client_secret": _("SDK client secret"),
    "webhook_secret": _("Webhook secret token"),
}


class ZoomAccountForm(TenantForm):
    """Secrets are write-only: never rendered, and an empty box keeps what is stored."""

    class Meta:
        model = ZoomAccount
        fields = ["name", "region", "account_id", "client_id", "sdk_client_id"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        adding = self.instance._state.adding
        for name in SECRETS:
            self.fields[f"new_{name}"] = forms.CharField(
                label=LABELS[name],
                required=adding and name != "webhook_secret",
                max_length=255,
                widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
                help_text="" if adding else self._help(name),
            )

    def _help(self, name: str) -> Any:
        said = describe_secret(self.instance, name)
        if not self.instance.__dict__.get(name):
            return said
        return format_lazy("{said} {keep}", said=said, keep=_("Leave empty to keep it."))

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        for name in SECRETS:
            if text := self.cleaned_data.get(f"new_{name}", ""):
                setattr(self.instance, name, text.strip())


def describe_secret(account: ZoomAccount, name: str) -> Any:
    """That it is stored, how it ends, since when and by whom; for who has to tell two apart."""
    # The raw column: whether something is stored can be told without unsealing it.
    if not account.__dict__.get(name):
        return _("Not set.")
    note = (account.secret_notes or {}).get(name)
    if not note:
        return _("Stored.")
    when = date_format(localtime(datetime.fromisoformat(note["at"])), "DATETIME_FORMAT")
    ending, who = note["last_four"], note["by"] or _("the installation")
    if not ending:
        text = _("Stored on {when} by {who}.")
        return format_lazy(text, when=when, who=who)
    text = _("Stored, ends in {ending}. Entered on {when} by {who}.")
    return format_lazy(text, ending=ending, when=when, who=who)
