"""Routes that Zoom calls."""

from django.urls import path

from zoomauth import views

app_name = "zoomauth"
urlpatterns = [
    path("webhooks/<uuid:account_id>/", views.webhook, name="webhook"),
]
