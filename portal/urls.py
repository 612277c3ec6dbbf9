"""Every route: pages, API, sign-in and the admin."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="meetings:list"), name="home"),
    path("meetings/", include("meetings.urls")),
    path("api/v1/", include("meetings.api.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
]
