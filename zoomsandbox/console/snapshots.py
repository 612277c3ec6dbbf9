"""Snapshots for people: keep the state, bring it back, start anew."""

from zoomsandbox.console.forms import button, field, form, submit
from zoomsandbox.console.framework import MissingError, MistakeError, Page, Visit
from zoomsandbox.console.markup import Html, element, heading, join, link, moment, paragraph, table
from zoomsandbox.control.shapes import ShapeError
from zoomsandbox.control.snapshots import bring_back, check_name, forget_everything
from zoomsandbox.life.snapshots import SNAPSHOTS, Snapshot, keep_world
from zoomsandbox.state.archive import ArchiveError

EXPLANATION = (
    "A snapshot holds everything but live connections: accounts with their (invented) secrets, "
    "tokens, meetings, calls, faults, and how far the clock was turned."
)


def take_form(visit: Visit) -> Html:
    return join(
        paragraph(EXPLANATION),
        form(
            "/_console/snapshots/take",
            field(
                "name",
                "Name",
                visit.filled.get("name", ""),
                "Letters, digits, dots, dashes. One of the same name is replaced.",
                required=True,
                maxlength=64,
                autocomplete="off",
            ),
            submit("Keep the state"),
            kind="filter",
        ),
    )


def describe(visit: Visit) -> Html:
    rows = [
        (
            one.name,
            moment(one.saved_at),
            one.accounts,
            one.meetings,
            one.calls,
            join(
                _make_button("restore", "Restore", "small", one),
                _make_button("delete", "Delete", "small danger", one),
                link(f"/_control/snapshots/{one.name}/file", f"File of {one.name}"),
            ),
        )
        for one in visit.request.app[SNAPSHOTS].values()
    ]
    heads = ("Name", "Kept (UTC)", "Accounts", "Meetings", "Calls", "Actions")
    return table("Snapshots", heads, rows)


def _make_button(name: str, label: str, kind: str, snapshot: Snapshot) -> Html:
    told = join(label, element("span", f" {snapshot.name}", class_="unseen"))
    return button(f"/_console/snapshots/{name}", told, kind, name=snapshot.name)


def reset_form(visit: Visit) -> Html:
    return join(
        heading("Start anew"),
        paragraph("Forgets accounts, meetings, calls and faults; snapshots stay."),
        button("/_console/snapshots/reset", "Forget everything", "danger"),
    )


async def take(visit: Visit) -> None:
    try:
        name = check_name(visit.filled.get("name", ""))
        await keep_world(visit.request.app[SNAPSHOTS], name, visit.world)
    except (ShapeError, ArchiveError) as error:
        sentence = str(error)
        raise MistakeError(f"{sentence[0].upper()}{sentence[1:]}.") from error


async def restore(visit: Visit) -> None:
    await bring_back(visit.request.app, _find(visit))


async def delete(visit: Visit) -> None:
    del visit.request.app[SNAPSHOTS][_find(visit).name]


async def reset(visit: Visit) -> None:
    await forget_everything(visit.request.app)


def _find(visit: Visit) -> Snapshot:
    snapshot = visit.request.app[SNAPSHOTS].get(visit.filled.get("name", ""))
    if snapshot is None:
        raise MissingError("There is no such snapshot.")
    return snapshot


PAGE = Page(
    "/_console/snapshots",
    "Snapshots",
    before=take_form,
    live=describe,
    after=reset_form,
    actions={"take": take, "restore": restore, "delete": delete, "reset": reset},
    done={
        "take": "The state is kept.",
        "restore": "The state is back.",
        "delete": "The snapshot is gone.",
        "reset": "Everything is forgotten.",
    },
)
