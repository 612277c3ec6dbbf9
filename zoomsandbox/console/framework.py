"""What the console's pages have in common: navigation, parts that stay current, forms that act."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from aiohttp import web
from aiohttp.typedefs import Handler

from zoomsandbox.console import markup
from zoomsandbox.console.markup import Html, element, join
from zoomsandbox.control.framework import is_ours
from zoomsandbox.state.world import WORLD, World

NAVIGATION = {
    "/": "Live",
    "/_console/accounts": "Accounts",
    "/_console/users": "Users",
    "/_console/meetings": "Meetings",
    "/_console/calls": "Calls",
    "/_console/faults": "Faults",
    "/_console/webhooks": "Webhooks",
    "/_console/clock": "Clock",
    "/_console/snapshots": "Snapshots",
    "/_console/controls": "Controls",
}

REFUSALS = {400: "Not understood", 403: "Refused", 404: "Not there"}


class MistakeError(Exception):
    """What is wrong with a form, in one sentence for the person who sent it."""


class MissingError(Exception):
    """What the address names is not there, in one sentence."""


@dataclass(frozen=True)
class Visit:
    """Somebody looks at a page; after a mistake in a form, with what they had filled in."""

    request: web.Request
    world: World
    filled: Mapping[str, str] = field(default_factory=dict)


Part = Callable[[Visit], Html]
Action = Callable[[Visit], Awaitable[None]]


def nothing(visit: Visit) -> Html:
    return Html()


@dataclass(frozen=True)
class Page:
    """One page of the console: what stays current by itself, and what stays as it is.

    ``{}`` in the title stands for what the address names. ``actions`` are what the forms do, by the
    last part of their address; ``done`` says so afterwards.
    """

    address: str
    title: str
    live: Part = nothing
    before: Part = nothing
    after: Part = nothing
    actions: Mapping[str, Action] = field(default_factory=dict)
    done: Mapping[str, str] = field(default_factory=dict)

    def as_routes(self) -> list[web.RouteDef]:
        acting = [
            web.post(f"{self.address.rstrip('/')}/{name}", self._make_actor(name, action))
            for name, action in self.actions.items()
        ]
        return [web.get(self.address, self._show), *acting]

    async def _show(self, request: web.Request) -> web.Response:
        visit = Visit(request, request.app[WORLD])
        try:
            if "part" in request.query:
                return markup.show_part(self.live(visit))
            done = self.done.get(request.query.get("done", ""))
            return self._answer(visit, markup.note(done) if done else Html())
        except MissingError as missing:
            return self._refuse(str(missing), 404)

    def _refuse(self, sentence: str, status: int) -> web.Response:
        title, body = REFUSALS[status], markup.paragraph(sentence)
        return markup.show(title, body, status, navigation=_make_navigation(self.address))

    def _answer(self, visit: Visit, news: Html, status: int = 200) -> web.Response:
        current = self.live(visit)
        if current:
            query = {**visit.request.query, "part": ""}
            current = markup.live(f"{visit.request.path}?{urlencode(query)}", current)
        body = join(news, self.before(visit), current, self.after(visit))
        navigation = _make_navigation(self.address)
        title = self.title.format(*visit.request.match_info.values())
        return markup.show(title, body, status, navigation=navigation)

    def _make_actor(self, name: str, action: Action) -> Handler:
        async def act(request: web.Request) -> web.StreamResponse:
            if "Origin" not in request.headers or not is_ours(request):
                return self._refuse("Only the console's own forms are taken.", 403)
            if request.content_type.startswith("multipart/"):
                return self._refuse("The form could not be read.", 400)
            try:
                filled = {key: str(value) for key, value in (await request.post()).items()}
            except (ValueError, LookupError):
                return self._refuse("The form could not be read.", 400)
            visit = Visit(request, request.app[WORLD], filled)
            try:
                await action(visit)
            except MissingError as missing:
                return self._refuse(str(missing), 404)
            except MistakeError as mistake:
                return self._answer(visit, markup.alarm(str(mistake)), 400)
            back = filled.get("back", "")
            place = back if back in NAVIGATION else request.path.rpartition("/")[0]
            raise web.HTTPSeeOther(f"{quote(place)}?done={name}")

        return act


def _make_navigation(address: str) -> Html:
    items = [
        element("li", element("a", name, href=path, aria_current=_get_current(path, address)))
        for path, name in NAVIGATION.items()
    ]
    return element("nav", element("ul", *items), aria_label="Console")


def _get_current(path: str, address: str) -> str | None:
    if path == address:
        return "page"
    return "true" if path != "/" and address.startswith(f"{path}/") else None
