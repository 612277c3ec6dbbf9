"""Users in the admin: the operator's alone, as a person may belong to several organizations."""

from typing import Any

from allauth.account.admin import EmailAddress
from allauth.mfa.admin import Authenticator
from allauth.socialaccount.admin import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.admin import UserSession
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from portal.audit import organizations_of, record
from portal.memberships import refuse_to_deactivate_last_admin
from portal.models import User
from portal.notices import tell_of_new_address
from portal.reauthentication import AsksWhoYouAre, ask_if_needed
from portal.signing_out import sign_out_everywhere

# Of these the trail keeps what was and what is.
_TOLD = ("email", "is_active", "is_superuser")


class UserCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]
    """A new user, named by e-mail address."""

    class Meta:
        model = User
        fields = ["email", "name"]
        field_classes: dict[str, Any] = {}


class UserForm(UserChangeForm):  # type: ignore[type-arg]
    """Keeps organizations from losing their last admin with a person."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("is_active", True) and self.initial.get("is_active"):
            try:
                refuse_to_deactivate_last_admin(self.instance)
            except ValidationError as error:
                self.add_error("is_active", error)
        return cleaned


# Rights come from memberships, a person's address is `User.email`, and second factors, sessions and
# links to identity providers are the person's own: changed elsewhere, none would be audited.
admin.site.unregister(
    [Group, EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession]
)


@admin.register(User)
class UserAdmin(AsksWhoYouAre, DjangoUserAdmin):  # type: ignore[type-arg]
    """Operators only."""

    form = UserForm
    add_form = UserCreationForm
    ordering = ["email"]
    list_display = ["email", "name", "is_active", "is_superuser"]
    list_filter = ["is_active", "is_superuser"]
    search_fields = ["email", "name"]
    filter_horizontal = ()
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = (
        (None, {"fields": ["email", "name", "time_zone", "password"]}),
        (_("Access"), {"fields": ["is_active", "is_superuser"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    )
    add_fieldsets = (
        (None, {"fields": ["email", "name", "usable_password", "password1", "password2"]}),
    )

    def _is_operator(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_superuser)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows = super().get_queryset(request)
        return rows if self._is_operator(request) else rows.none()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._is_operator(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_operator(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._is_operator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._is_operator(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002 - Django's
        form_url: str = "",
    ) -> HttpResponse:
        """Once they showed who they are, and not without its event."""
        asked = ask_if_needed(request) if self._is_operator(request) else None
        if asked is not None:
            return asked
        with transaction.atomic():
            return super().user_change_password(request, id, form_url)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        before = {name: form.initial.get(name) for name in _TOLD if name in form.changed_data}
        if change and before:
            after = {name: getattr(obj, name) for name in before}
            # On this instance alone, which lives as long as the request, for the event below.
            obj.told = {"before": before, "after": after}  # type: ignore[attr-defined]
        if change and "email" in before:
            self._end_sessions(request, obj)
            tell_of_new_address(obj, before=before["email"])
        # allauth keeps addresses of its own, and would go on mailing password links to the old one.
        EmailAddress.objects.filter(user=obj).exclude(email=obj.email).delete()

    def _end_sessions(self, request: HttpRequest, obj: User) -> None:
        """Whoever has one open signed in as somebody with another address."""
        own = obj == request.user
        ended = sign_out_everywhere(obj, but=request.session.session_key if own else None)
        for organization in organizations_of(obj):
            record(
                "sessions.ended",
                organization=organization,
                actor=request.user,  # type: ignore[arg-type]
                target=obj,
                count=ended,
            )

    # Adding, changing and setting a password all end in one of these two.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record(request, obj, "added", message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        self._record(request, obj, "changed", message)
        return super().log_change(request, obj, message)

    def _record(self, request: HttpRequest, obj: User, verb: str, message: Any) -> None:
        for organization in organizations_of(obj):
            record(
                f"user.{verb}",
                organization=organization,
                actor=request.user,  # type: ignore[arg-type]
                target=obj,
                message=message,
                **getattr(obj, "told", {}),
            )
