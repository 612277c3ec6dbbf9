"""The list of controls, for people who write programs against them."""

from itertools import groupby

from zoomsandbox.console.framework import Page, Visit
from zoomsandbox.console.markup import Html, code, join, link, paragraph, table
from zoomsandbox.control.routes import CONTROLS

INTRODUCTION = (
    "Tests and demos set the scene by HTTP and JSON, on this machine only. "
    "What each control takes and answers is in its description: "
)


def describe(visit: Visit) -> Html:
    address = "/_control/openapi.json"
    ordered = sorted(CONTROLS, key=lambda control: control.subject)
    return join(
        paragraph(join(INTRODUCTION, link(address, address), " (OpenAPI 3.1).")),
        *(
            table(
                subject,
                ("Method", "Address", "What it does"),
                [(control.method, code(control.address), control.summary) for control in group],
            )
            for subject, group in groupby(ordered, key=lambda control: control.subject)
        ),
    )


PAGE = Page("/_console/controls", "Controls", before=describe)
