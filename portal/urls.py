"""Every route: pages, API, Zoom's webhooks, sign-in and the admin."""

from allauth.account import urls as allauth_urls
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from portal import demo_mail, probes

# What the portal uses of allauth. Left out: people changing their own address, by which hosts are
# known, and flows that are not switched on.
_SIGN_IN = {
    "account_login",
    "account_logout",
    "account_inactive",
    "account_signup",  # allauth reverses it; the page says that it is closed
    "account_reauthenticate",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
}
sign_in = [entry for entry in allauth_urls.urlpatterns if entry.name in _SIGN_IN]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="meetings:list"), name="home"),
    path("meetings/", include("meetings.urls")),
    path("host-link/", include("meetings.host_link_urls")),
    path("api/v1/", include("meetings.api.urls")),
    path("zoom/", include("zoomauth.urls")),
    path("invitation/", include("portal.invitations.urls")),
    path("accounts/", include(sign_in)),
    path("accounts/", include("portal.identity.urls")),
    path("admin/", admin.site.urls),
    path("healthz", probes.healthz, name="healthz"),
    path("readyz", probes.readyz, name="readyz"),
    *demo_mail.routes(),
]
