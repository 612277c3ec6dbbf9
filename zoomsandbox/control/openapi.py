"""The controls as an OpenAPI document, made from what they say of themselves."""

import re
from collections.abc import Iterable
from typing import Any

from zoomsandbox import __version__
from zoomsandbox.control.framework import Control
from zoomsandbox.control.shapes import Components, Record, make_schema

MISTAKE = Record("Mistake", {"error": str}, "One sentence on what is wrong with the request.")
REFUSALS = {
    "400": "The request is not as described.",
    "403": "Not from this machine, or from another site's web page.",
    "404": "What the request names is not there.",
}
INTRODUCTION = (
    "Sets the scene of a Zoom sandbox and tells what happened in it. For programs on the same "
    "machine; there is no authentication, and the secrets in it are invented."
)


def make_document(controls: Iterable[Control]) -> dict[str, Any]:
    """OpenAPI 3.1."""
    components: Components = {}
    paths: dict[str, dict[str, Any]] = {}
    for control in controls:
        operation = _make_operation(control, components)
        paths.setdefault(control.address, {})[control.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Zoom sandbox, controls",
            "version": __version__,
            "description": INTRODUCTION,
        },
        "paths": paths,
        "components": {"schemas": components},
    }


def _make_operation(control: Control, components: Components) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{control.method.lower()}_{control.path}").strip("_"),
        "tags": [control.subject],
        "summary": control.summary,
        "parameters": [*_make_path_parameters(control), *_make_query(control, components)],
        "responses": {"200": _make_answer(control, components), **_make_refusals(components)},
    }
    if control.description:
        operation["description"] = control.description
    sent = control.body or control.file
    if sent is not None:
        schema = make_schema(sent, components)
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    return operation


def _make_path_parameters(control: Control) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in control.path_names
    ]


def _make_query(control: Control, components: Components) -> list[dict[str, Any]]:
    if control.query is None:
        return []
    return [
        {
            "name": name,
            "in": "query",
            "required": name in control.query.required,
            "schema": make_schema(shape, components),
        }
        for name, shape in control.query.members.items()
    ]


def _make_answer(control: Control, components: Components) -> dict[str, Any]:
    schema = make_schema(control.answer, components)
    return {"description": "Done.", "content": {control.media: {"schema": schema}}}


def _make_refusals(components: Components) -> dict[str, Any]:
    content = {"application/json": {"schema": make_schema(MISTAKE, components)}}
    return {
        status: {"description": sentence, "content": content}
        for status, sentence in REFUSALS.items()
    }
