"""The pages of one's own sign-in, by name: of allauth's many, those that are in use."""

from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.usersessions import views as sessions
from django.urls import include, path
from django.views.decorators.cache import never_cache

from portal.identity import pages

_own = (
    [
        path("", pages.account, name="account"),
        path("links/<int:link_id>/remove/", pages.unlink_provider, name="unlink"),
        path("links/add/<uuid:provider_id>/", pages.link_provider, name="link"),
    ],
    "identity",
)

urlpatterns = [
    path("", include(_own)),
    path("password/change/", pages.change_password, name="account_change_password"),
    path("second-step/", mfa.index, name="mfa_index"),
    path("second-step/sign-in/", mfa.authenticate, name="mfa_authenticate"),
    path("second-step/again/", mfa.reauthenticate, name="mfa_reauthenticate"),
    # A seed and codes: no page with them stays in a browser's history or in a cache.
    path("second-step/app/add/", never_cache(totp.activate_totp), name="mfa_activate_totp"),
    path("second-step/app/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path(
        "second-step/codes/",
        never_cache(codes.view_recovery_codes),
        name="mfa_view_recovery_codes",
    ),
    path(
        "second-step/codes/new/",
        never_cache(codes.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "second-step/codes/file/",
        never_cache(codes.download_recovery_codes),
        name="mfa_download_recovery_codes",
    ),
    path("passkeys/", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("passkeys/add/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("passkeys/sign-in/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("passkeys/again/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("passkeys/<int:pk>/name/", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
    path("passkeys/<int:pk>/remove/", passkeys.remove_webauthn, name="mfa_remove_webauthn"),
    path("sessions/", sessions.list_usersessions, name="usersessions_list"),
    # allauth makes these two addresses by their names.
    path("oidc/<uuid:provider_id>/login/", pages.sign_in_by_provider, name="openid_connect_login"),
    path(
        "oidc/<uuid:provider_id>/login/callback/",
        pages.provider_callback,
        name="openid_connect_callback",
    ),
]
