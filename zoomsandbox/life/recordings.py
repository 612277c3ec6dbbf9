"""What the cloud keeps of a run."""

import secrets
from functools import partial
from typing import Any

from zoomsandbox.life.settings import get_setting
from zoomsandbox.state.meetings import Recording, Run
from zoomsandbox.state.times import write_time
from zoomsandbox.state.world import World
from zoomsandbox.webhooks import events

# Zoom: processing takes about twice as long as the recording, and may take a day. Here it takes as
# long, and at least a minute.
SHORTEST_PROCESSING = 60.0
LICENSED = 2
# Kind of file, its ending, what it holds and its size in bytes for each second.
KINDS = (
    ("MP4", "MP4", "shared_screen_with_speaker_view", 60_000),
    ("M4A", "M4A", "audio_only", 8_000),
)


def keep_recording(world: World, run: Run) -> None:
    """After a run that was recorded in the cloud: the recording is ready a while later.

    Basic users and free accounts have no cloud recording, nor have those whose setting is off.
    """
    if run.auto_recording != "cloud" or run.ended_at is None or not _has_cloud(world, run):
        return
    length = run.ended_at - run.started_at
    recording = Recording(
        id=secrets.token_urlsafe(16),
        uuid=run.uuid,
        number=run.number,
        account_id=run.account_id,
        host_id=run.host_id,
        topic=run.topic,
        started_at=run.started_at,
        ended_at=run.ended_at,
        files=[_make_file(world, run, *kind) for kind in KINDS],
        type=run.type,
        ready_at=run.ended_at + max(SHORTEST_PROCESSING, length),
    )
    world.recordings.append(recording)
    world.agenda.plan(recording.ready_at, partial(tell_of_recording, world, recording))


async def tell_of_recording(world: World, recording: Recording) -> None:
    if recording in world.recordings:
        events.recording_completed(world, recording)


def _has_cloud(world: World, run: Run) -> bool:
    account = world.accounts.get(run.account_id)
    host = account.users.get(run.host_id) if account else None
    if account is None or host is None or account.plan == "free" or host.type != LICENSED:
        return False
    return get_setting(host, "recording", "cloud_recording", True)


def _make_file(
    world: World, run: Run, kind: str, extension: str, content: str, size: int
) -> dict[str, Any]:
    key = secrets.token_urlsafe(24)
    end = run.ended_at or run.started_at
    return {
        "id": secrets.token_hex(16),
        "meeting_id": run.uuid,
        "recording_start": write_time(run.started_at),
        "recording_end": write_time(end),
        "file_type": kind,
        "file_extension": extension,
        "file_size": max(1, int((end - run.started_at) * size)),
        "play_url": f"{world.public_url}/rec/play/{key}",
        "download_url": f"{world.public_url}/rec/download/{key}",
        "status": "completed",
        "recording_type": content,
    }
