"""Creating and changing meetings at Zoom: each one counts towards its host's hundred a day."""

from portal.models import Organization
from zoomauth.accounts import account_as, ask
from zoomauth.client import Deadline, MeetingDraft, ZoomMeeting, make_changes
from zoomauth.host_writes import counted


def create_meeting(
    *,
    organization: Organization,
    zoom_user_id: str,
    draft: MeetingDraft,
    deadline: Deadline | None = None,
) -> ZoomMeeting:
    """Schedule at Zoom. On `outcome_unknown` errors it may exist; do not simply ask again.

    It is one of the hundred that Zoom takes a day for this host: `ZoomDailyLimitReached`.
    """
    for alternative in draft.alternative_hosts:
        account_as(organization, alternative)
    account = account_as(organization, zoom_user_id)
    with counted(account, zoom_user_id, call="create_meeting"):
        return ask(
            account,
            lambda client, token: client.create_meeting(
                access_token=token, zoom_user_id=zoom_user_id, draft=draft
            ),
            deadline=deadline,
        )


def update_meeting(
    *,
    organization: Organization,
    zoom_user_id: str,
    meeting_number: int,
    before: MeetingDraft,
    after: MeetingDraft,
) -> bool:
    """Change the meeting of this host at Zoom; False when nothing is to be changed.

    Zoom is told what differs from `before`, as we know the meeting, and is not asked for nothing:
    each change is one of the host's hundred a day.
    """
    changes = make_changes(before, after)
    if changes is None:
        return False
    for alternative in after.alternative_hosts:
        account_as(organization, alternative)
    account = account_as(organization, zoom_user_id)
    with counted(account, zoom_user_id, call="update_meeting"):
        ask(
            account,
            lambda client, token: client.update_meeting(
                access_token=token, meeting_number=meeting_number, changes=changes
            ),
        )
    return True
