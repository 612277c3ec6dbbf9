"""The meetings resource."""

import uuid
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from meetings.access import get_visible_meeting
from meetings.api.serializers import (
    FailureSerializer,
    MeetingDetailSerializer,
    MeetingSerializer,
    ScheduleSerializer,
    StartPackageSerializer,
)
from meetings.models import Meeting
from meetings.services.attempts import Recorder, enter
from meetings.services.schedule import schedule_meeting
from meetings.services.start import start_meeting
from meetings.start_steps import Way
from portal.models import User

_ZOOM_FAILURES = dict.fromkeys((409, 410, 422, 502, 503, 504), FailureSerializer)


class Pages(CursorPagination):
    """Stays in step while meetings are added."""

    ordering = ("starts_at", "id")
    page_size = 50

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValidationError, ValueError):
            # A cursor that decodes to no date is as wrong as one that does not decode.
            raise NotFound(self.invalid_cursor_message) from None


@method_decorator(never_cache, name="dispatch")
class MeetingViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Meeting]):
    """Meetings of the signed-in person."""

    serializer_class = MeetingSerializer
    pagination_class = Pages
    lookup_value_converter = "uuid"
    lookup_url_kwarg = "meeting_id"

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Meeting.objects.none()
        return Meeting.objects.visible_to(self.request.user).select_related("host")

    @extend_schema(responses=MeetingDetailSerializer)
    def retrieve(self, request: Request, meeting_id: UUID) -> Response:
        """One meeting, with its join link and passcode."""
        meeting = get_visible_meeting(_user(request), meeting_id)
        return Response(MeetingDetailSerializer(meeting).data)

    @extend_schema(
        request=ScheduleSerializer, responses={201: MeetingDetailSerializer, **_ZOOM_FAILURES}
    )
    def create(self, request: Request) -> Response:
        """Schedule a meeting at Zoom."""
        wanted = ScheduleSerializer(data=request.data, context=self.get_serializer_context())
        wanted.is_valid(raise_exception=True)
        meeting = schedule_meeting(plan=wanted.make_plan(), user=_user(request), key=uuid.uuid4())
        return Response(MeetingDetailSerializer(meeting).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses={200: StartPackageSerializer, **_ZOOM_FAILURES})
    @action(detail=True, methods=["post"], pagination_class=None)
    def start(self, request: Request, meeting_id: UUID) -> Response:
        """The start package, for the meeting's host or an alternative host, signed in themselves.

        Hand it to the Meeting SDK's `join` at once and keep no part of it: the ZAK in it lets its
        holder act as that Zoom user. An API key never gets one. Whatever the answer, the header
        `X-Start-Attempt` has the code under which an admin finds this start.
        """
        attempt = Recorder(user=_user(request), way=Way.API)
        self.headers["X-Start-Attempt"] = attempt.shown_code
        meeting, as_host = enter(attempt, meeting_id)
        package = start_meeting(
            meeting=meeting, as_host=as_host, user=_user(request), attempt=attempt
        )
        return Response(package.as_join_arguments())


def _user(request: Request) -> User:
    # The default permission lets nobody else reach a view.
    return cast("User", request.user)
