"""Routes of invitations."""

from django.urls import path

from portal.invitations import pages

app_name = "invitation"
urlpatterns = [
    path("", pages.open_link, name="open"),
    path("accept/", pages.accept_invitation, name="accept"),
    path("other-person/", pages.change_person, name="change_person"),
]
