"""Routes of the pages."""

from django.urls import path

app_name = "meetings"
urlpatterns = []
