"""What an invited person types."""

from typing import Any
from zoneinfo import available_timezones

from allauth.account.adapter import get_adapter
from django import forms
from django.utils.translation import gettext_lazy as _

from portal.models import User


class LinkForm(forms.Form):
    """The link, or what stands behind its #. The page's script sends it by itself."""

    token = forms.CharField(
        label=_("Your invitation link"),
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Paste the whole link that you were sent."),
    )

    def clean_token(self) -> str:
        return str(self.cleaned_data["token"]).strip().rpartition("#")[2]


class NewPersonForm(forms.Form):
    """A new account: the address is the invited one and is not asked for."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text=_("As others in your meetings will see it."),
    )
    password = forms.CharField(
        label=_("Choose a password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password_again = forms.CharField(
        label=_("The password again"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    # The browser's, by the page's script. What is no time zone is nobody's mistake to correct.
    time_zone = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, email: str, time_zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._email = email
        self._time_zone = time_zone

    def clean_time_zone(self) -> str:
        named: str = self.cleaned_data["time_zone"]
        return named if named in available_timezones() else self._time_zone

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        password, again = data.get("password"), data.get("password_again")
        if password and again and password != again:
            self.add_error("password_again", _("These two passwords are not the same."))
        elif password:
            self._check(password, data.get("name", ""))
        return data

    def _check(self, password: str, name: str) -> None:
        try:
            get_adapter().clean_password(password, user=User(email=self._email, name=name))
        except forms.ValidationError as error:
            self.add_error("password", error)
