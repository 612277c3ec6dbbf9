"""Routes for the holder of a Zoom user, who need not have an account here."""

from django.urls import path

from meetings.pages import host_links

app_name = "host_link"
urlpatterns = [
    path("", host_links.open_link, name="open"),
    path("answer/", host_links.answer, name="answer"),
]
