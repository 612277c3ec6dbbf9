"""Identity providers: an organization's own sign-in, by OpenID Connect."""

import uuid

from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.models.organizations import Organization
from portal.sealing import SealedTextField
from portal.tenancy import tenant_manager


class IdentityProvider(models.Model):
    """A server that says who somebody is. It is believed for its own organization only.

    People are known by this row and the provider's `sub`, never by an e-mail address that the
    provider names. The issuer is fixed once the row is there: another issuer would inherit the
    people linked here.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization,
        models.CASCADE,
        related_name="identity_providers",
        verbose_name=_("organization"),
    )
    name = models.CharField(
        _("name"),
        max_length=100,
        help_text=_("People read it when they sign in: Acme, or Acme's Keycloak."),
    )
    issuer = models.CharField(
        _("issuer"),
        max_length=300,
        help_text=_(
            "The address that the provider calls its issuer, such as "
            "https://login.example/realms/acme. It cannot be changed later."
        ),
    )
    client_id = models.CharField(_("client id"), max_length=255)
    client_secret = SealedTextField(_("client secret"), owner="organization_id", blank=True)
    is_active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("An inactive provider lets nobody in, and ends the sessions it began."),
    )
    creates_members = models.BooleanField(
        _("adds people"),
        default=False,
        help_text=_(
            "People whom the provider knows and this portal does not become members when they "
            "first sign in: everybody whom it knows. Switch it on only for a provider of your "
            "own people. At a public one, where anybody can get an account, anybody would become "
            "a member."
        ),
    )
    # Kept by portal.identity.visits: who asks it right now, as {place: until}, and its pause.
    visits = models.JSONField(default=dict, db_default={}, editable=False)
    unreachable_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = tenant_manager(models.QuerySet, organization="organization")

    class Meta:
        verbose_name = _("identity provider")
        verbose_name_plural = _("identity providers")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint("organization", Lower("name"), name="identity_provider_name"),
            models.UniqueConstraint(
                fields=["organization", "id"], name="identity_provider_owner_key"
            ),
        ]

    def __str__(self) -> str:
        return self.name
