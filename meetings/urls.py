"""Routes of the pages."""

from django.urls import path

from meetings.pages import meetings, start, trace

app_name = "meetings"
urlpatterns = [
    path("", meetings.meeting_list, name="list"),
    path("schedule/", meetings.schedule, name="schedule"),
    path("<uuid:meeting_id>/", meetings.meeting_detail, name="detail"),
    path("<uuid:meeting_id>/discard/", meetings.discard, name="discard"),
    path("<uuid:meeting_id>/start/", start.start, name="start"),
    path("<uuid:meeting_id>/start/trace/", trace.note, name="start_trace"),
    path("<uuid:meeting_id>/start-on-behalf/", start.start_on_behalf, name="start_on_behalf"),
    path("<uuid:meeting_id>/open-in-zoom/", start.open_in_app, name="open_in_app"),
]
