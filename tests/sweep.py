"""The admin as a whole: two organizations full of canaries, and every address there is to visit."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin
from django.db import IntegrityError, models, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from portal.admin.base import TenantModelAdmin
from portal.models import AuditEvent, Membership, Organization, User
from portal.sealing import SealedTextField
from tests.cast import Cast
from tests.factories import MembershipFactory, UserFactory
from tests.portal.rows import MAKERS, make_row
from tests.sessions import sign_in

ACTORS = (
    "anonymous", "alice", "bob", "sam", "mia", "ada", "carol", "gus", "both", "operator",
)  # fmt: skip
OWN = {"alice": "acme", "bob": "acme", "sam": "acme", "mia": "acme", "ada": "acme",
       "carol": "globex", "gus": "globex"}  # fmt: skip
ADMINS = ("ada", "gus", "both")
ORGANIZATIONS = ("acme", "globex")
NOBODY = UUID(int=404)
REGISTRY = dict(admin.site._registry)
STANDARD = {"changelist", "add", "history", "delete", "change"}
UUIDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
SECRET = re.compile(r"sealedcanary\d+")
# What is checked for its form, or decides what a row is; words in it would make no valid row.
KEPT = {"time_zone", "token", "object_id", "password", "key", "issuer"}


def canary_of(organization: str, model: str = r"[a-z]+") -> re.Pattern[str]:
    return re.compile(rf"{organization}canary{model}x\d+")


@dataclass
class World:
    """Both organizations, each row of which has its organization's word in all its texts."""

    cast: Cast
    both: User
    rows: dict[str, dict[type[models.Model], list[models.Model]]] = field(default_factory=dict)
    words: int = 0

    def first(self, model: type[models.Model], organization: str) -> models.Model | None:
        found = self.rows[organization].get(model, [])
        return found[0] if found else None

    def keys(self, organization: str) -> set[str]:
        rows = self.rows[organization]
        return {str(row.pk) for found in rows.values() for row in found}

    def user(self, actor: str) -> User:
        return self.both if actor == "both" else getattr(self.cast, actor)


def make_sweep_world(cast: Cast) -> World:
    both = UserFactory(name="Bea", email="bea@both.example")
    world = World(cast, both)
    for name in ORGANIZATIONS:
        organization = getattr(cast, name)
        MembershipFactory(user=both, organization=organization, role=Membership.Role.ADMIN)
        for model in MAKERS:
            if model not in (Organization, AuditEvent):
                make_another(world, model, organization)
    for name in ORGANIZATIONS:
        _put_words_in(world, name)
    return world


def make_another(world: World, model: type[models.Model], organization: Organization) -> None:
    """A further row; where an organization has one at most, in an organization more."""
    try:
        with transaction.atomic():
            make_row(model, organization)
    except IntegrityError:
        more = Organization.objects.create(name=f"More {Organization.objects.count()}")
        MembershipFactory(user=world.both, organization=more, role=Membership.Role.ADMIN)
        make_row(model, more)


def _put_words_in(world: World, name: str) -> None:
    organization = getattr(world.cast, name)
    found: dict[type[models.Model], list[models.Model]] = {}
    for model in MAKERS:
        if model is not AuditEvent:
            owner = model._default_manager.owner_path
            found[model] = list(model._base_manager.filter(**{owner: organization.pk}))
            for row in found[model]:
                _mark(world, row, name)
    people = User.objects.filter(memberships__organization=organization).exclude(pk=world.both.pk)
    found[User] = list(people)
    for user in found[User]:
        _mark(world, user, name)
    organization.refresh_from_db()
    # Written last, so that it quotes the words.
    found[AuditEvent] = [make_row(AuditEvent, organization)]
    world.rows[name] = found


def _mark(world: World, row: models.Model, name: str) -> None:
    for column in row._meta.concrete_fields:
        if not isinstance(column, models.CharField | models.TextField) or column.primary_key:
            continue
        if column.choices or column.name in KEPT or not column.get_attname():
            continue
        world.words += 1
        sealed = isinstance(column, SealedTextField)
        word = f"{name}canary{row._meta.model_name}x{world.words}"
        if sealed:
            word = f"sealedcanary{world.words}"
        elif isinstance(column, models.EmailField):
            word = f"{word}@{name}.example"
        if column.max_length and len(word) > column.max_length:
            continue
        try:
            with transaction.atomic():
                if sealed:
                    setattr(row, column.name, word)
                    row.save(update_fields=[column.name])
                else:
                    type(row)._base_manager.filter(pk=row.pk).update(**{column.name: word})
        except IntegrityError:
            # The database knows what may stand here.
            continue


# --- What there is to visit -------------------------------------------------------------------


@dataclass(frozen=True)
class Visit:
    """One request; `kind` says what it tries."""

    kind: str
    path: str
    model: type[models.Model] | None = None
    post: tuple[tuple[str, Any], ...] | None = None


def url(model: type[models.Model], view: str, *args: Any) -> str:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{view}"
    return reverse(name, args=args)


def site_visits() -> Iterator[Visit]:
    for name in ("index", "jsi18n", "password_change"):
        yield Visit("site", reverse(f"admin:{name}"))
    for label in sorted({model._meta.app_label for model in REGISTRY}):
        yield Visit("site", reverse("admin:app_list", args=[label]))


def list_visits(model: type[models.Model], queries: set[str]) -> Iterator[Visit]:
    """Searched, sorted by each column, and with each value of each filter that anybody has."""
    path = url(model, "changelist")
    columns = range(1, len(REGISTRY[model].list_display) + 2)
    sorted_by = [*(f"?o={number}" for number in columns), "?o=-1"]
    terms = [f"?q={term}" for term in ("canary", "acmecan", "globexcan", "sealed")]
    extra = ["", "?all=1", "?_popup=1", "?_facets=True"]
    for query in [*extra, *sorted_by, *terms, *sorted(queries)]:
        yield Visit("list", f"{path}{query}", model)


def form_visits(model: type[models.Model], world: World) -> Iterator[Visit]:
    yield Visit("form", url(model, "add"), model)
    yield Visit("form", f"{url(model, 'add')}?_popup=1", model)
    for organization in ORGANIZATIONS:
        chosen = {
            column.name: row.pk
            for column in model._meta.concrete_fields
            if column.is_relation
            and (row := world.first(column.related_model, organization)) is not None
        }
        if chosen:
            yield Visit("form", f"{url(model, 'add')}?{urlencode(chosen)}", model)
            yield Visit("save", url(model, "add"), model, tuple(chosen.items()))
    yield Visit("save", url(model, "add"), model, ())
    for key in row_keys(model, world):
        for view in ("change", "history", "delete"):
            yield Visit("form", url(model, view, key), model)
        yield Visit("form", f"{url(model, 'change', key)}?_popup=1", model)
        yield Visit("save", url(model, "change", key), model, ())
        yield Visit("save", url(model, "delete", key), model, (("post", "yes"),))


def row_keys(model: type[models.Model], world: World) -> list[Any]:
    rows = [world.first(model, organization) for organization in ORGANIZATIONS]
    return [*(row.pk for row in rows if row is not None), NOBODY]


def extra_visits(model: type[models.Model], world: World) -> Iterator[Visit]:
    """The addresses that a class has beside Django's own: checks, exports, lists."""
    label = f"{model._meta.app_label}_{model._meta.model_name}_"
    standard = {f"{label}{view}" for view in STANDARD}
    for entry in REGISTRY[model].get_urls():
        name = getattr(entry, "name", None)
        if not name or name in standard:
            continue
        arguments = list(entry.pattern.converters)
        for key in row_keys(model, world) if arguments else [None]:
            kwargs = dict.fromkeys(arguments, key)
            args = [key] if not arguments and entry.pattern.regex.groups else []
            path = reverse(f"admin:{name}", args=args, kwargs=kwargs)
            yield Visit("extra", path, model)
            yield Visit("extra", path, model, ())


def action_visits(model: type[models.Model], world: World) -> Iterator[Visit]:
    """Each action over one's own row and somebody else's, also once it is confirmed."""
    names = [name for _function, name, _text in REGISTRY[model]._get_base_actions()]
    for name in names:
        for confirmed in ((), (("post", "yes"),)):
            for across in ("0", "1"):
                chosen = (
                    ("action", name),
                    ("select_across", across),
                    ("_selected_action", tuple(row_keys(model, world))),
                    *confirmed,
                )
                yield Visit("action", url(model, "changelist"), model, chosen)


def autocompletion_visits() -> Iterator[Visit]:
    """Every reference of every model in the admin and in its inlines."""
    inlines = {inline.model for entry in REGISTRY.values() for inline in entry.inlines}
    for model in sorted({*REGISTRY, *inlines}, key=lambda model: model._meta.label):
        for column in model._meta.get_fields():
            if not column.is_relation or column.auto_created or not column.related_model:
                continue
            for term in ("", "canary", "acmecan", "globexcan", "a"):
                query = {
                    "app_label": model._meta.app_label,
                    "model_name": model._meta.model_name,
                    "field_name": column.name,
                    "term": term,
                }
                path = f"{reverse('admin:autocomplete')}?{urlencode(query)}"
                yield Visit("autocomplete", path, model)


# --- Visiting ---------------------------------------------------------------------------------


def client_of(world: World, actor: str) -> Client:
    client = Client()
    if actor != "anonymous":
        sign_in(client, world.user(actor))
    return client


def queries_of(world: World) -> dict[type[models.Model], set[str]]:
    """Each filter value that anybody is offered, to be tried by everybody."""
    found: dict[type[models.Model], set[str]] = {model: set() for model in REGISTRY}
    for actor in ("both", "operator"):
        client = client_of(world, actor)
        for model in REGISTRY:
            answer = client.get(url(model, "changelist"))
            changelist = (answer.context or {}).get("cl") if answer.status_code == 200 else None
            for spec in changelist.filter_specs if changelist else []:
                choices = spec.choices(changelist)
                found[model] |= {c["query_string"] for c in choices if "query_string" in c}
    return found


@dataclass
class Outcome:
    """What one visit gave away, and what it changed."""

    visit: Visit
    status: int
    leaks: list[str]
    changed: list[str]
    shows_own: bool


class Sweep:
    """One person's visits."""

    def __init__(self, world: World, actor: str) -> None:
        self.world = world
        self.actor = actor
        self.client = client_of(world, actor)
        self.outcomes: list[Outcome] = []

    def run(self, visits: Iterator[Visit]) -> None:
        for visit in visits:
            self.outcomes.append(self._visit(visit))

    def _visit(self, visit: Visit) -> Outcome:
        # To whom the admin is closed all is one redirect; the others are told by the next page.
        follow = self.actor in (*ADMINS, "operator")
        if visit.post is None:
            answer: Any = self.client.get(visit.path, follow=follow)
            return self._judge(visit, answer, [])
        with transaction.atomic():
            before = self._foreign_rows(visit)
            answer = self.client.post(visit.path, _form(visit.post), follow=follow)
            after = self._foreign_rows(visit)
            outcome = self._judge(visit, answer, [*(before ^ after)])
            # The next visit finds everything as it was.
            transaction.set_rollback(True)
        return outcome

    def _judge(self, visit: Visit, answer: HttpResponse, changed: list[str]) -> Outcome:
        body = b"".join(answer).decode() if answer.streaming else answer.content.decode()
        body += str(answer.headers)
        asked = set(UUIDS.findall(visit.path + str(visit.post)))
        leaks = [found for hidden in self._hidden() for found in hidden.findall(body)]
        shown = set(UUIDS.findall(body)) - asked
        leaks += [key for name in self._foreign() for key in shown & self.world.keys(name)]
        own = any(canary_of(name).search(body) for name in ORGANIZATIONS)
        return Outcome(visit, answer.status_code, leaks, changed, own)

    def _foreign(self) -> list[str]:
        """The organizations of which this person may see nothing."""
        if self.actor in ("both", "operator"):
            return []
        return [name for name in ORGANIZATIONS if OWN.get(self.actor) != name]

    def _hidden(self) -> list[re.Pattern[str]]:
        foreign = [canary_of(name) for name in self._foreign()]
        if self.actor == "operator":
            foreign = [
                canary_of(name, model._meta.model_name)
                for name in ORGANIZATIONS
                for model in CONTENT
            ]
        return [SECRET, *foreign]

    def _foreign_rows(self, visit: Visit) -> set[str]:
        model = visit.model
        hidden = ORGANIZATIONS if model in CONTENT and self.actor == "operator" else self._foreign()
        owner = getattr(model._default_manager, "owner_path", None) if model else None
        if owner is None or model is None:
            return set()
        keys = [getattr(self.world.cast, name).pk for name in hidden]
        return {str(row) for row in model._base_manager.filter(**{f"{owner}__in": keys}).values()}


# What operators do not see: rows of classes that are not open to them, and of their inlines.
CONTENT = {
    model
    for model, entry in REGISTRY.items()
    if isinstance(entry, TenantModelAdmin) and not entry.open_to_operator
}


def _form(post: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in post}
