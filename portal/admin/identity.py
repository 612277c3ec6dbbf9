"""Identity providers in the admin: an organization's own admins set theirs up."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.admin.base import TenantForm, TenantModelAdmin
from portal.identity.issuers import clean_issuer
from portal.models import IdentityProvider
from portal.reauthentication import AsksWhoYouAre


class IdentityProviderForm(TenantForm):
    """The secret goes in and never comes out; left empty, it stays what it is."""

    client_secret = forms.CharField(
        label=_("Client secret"),
        required=False,
        strip=True,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Nobody can read it again. Leave it empty to keep the one that is set."),
    )

    def clean_issuer(self) -> str:
        return clean_issuer(self.cleaned_data["issuer"])

    def clean_client_secret(self) -> str:
        secret: str = self.cleaned_data["client_secret"]
        if not secret and self.instance._state.adding:
            raise ValidationError(_("Enter the secret that the provider gave you."))
        return secret

    def _post_clean(self) -> None:
        if not self.cleaned_data.get("client_secret"):
            # An empty field must not become an empty secret.
            self.cleaned_data.pop("client_secret", None)
        super()._post_clean()  # type: ignore[misc]


@admin.register(IdentityProvider)
class IdentityProviderAdmin(AsksWhoYouAre, TenantModelAdmin):
    """What its admins may: everything but the issuer of one that is there.

    People are linked by this row and the provider's names for them, so another issuer would inherit
    them. Instead of deleting, deactivate: links and audit events keep what they speak of.
    """

    form = IdentityProviderForm
    list_display = ["name", "issuer", "is_active", "creates_members"]
    list_filter = ["is_active"]
    search_fields = ["name", "issuer"]
    ordering = ["name"]
    audited_values = ("name", "issuer", "client_id", "is_active", "creates_members")
    fieldsets = (
        (None, {"fields": ["organization", "name", "is_active"]}),
        (_("At the provider"), {"fields": ["issuer", "client_id", "client_secret"]}),
        (_("People"), {"fields": ["creates_members"]}),
        (_("Addresses"), {"fields": ["sign_in_address", "redirect_address"]}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        fixed = ["organization", "issuer"] if obj else []
        return [*fixed, "sign_in_address", "redirect_address"]

    @admin.display(description=_("Where your people sign in"))
    def sign_in_address(self, obj: IdentityProvider) -> str:
        return self._address("openid_connect_login", obj)

    @admin.display(description=_("Redirect address to enter at the provider"))
    def redirect_address(self, obj: IdentityProvider) -> str:
        return self._address("openid_connect_callback", obj)

    def _address(self, route: str, obj: IdentityProvider) -> str:
        if obj.pk is None or obj._state.adding:
            return str(_("Shown once it is saved."))
        return f"{settings.BASE_URL}{reverse(route, kwargs={'provider_id': obj.pk})}"
