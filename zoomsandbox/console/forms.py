"""Forms: every field has a label of its own, and its hint is read out with it."""

from collections.abc import Iterable, Mapping

from zoomsandbox.console.markup import Html, element, join


def form(action: str, *content: object, method: str = "post", kind: str | None = None) -> Html:
    return element("form", *content, method=method, action=action, class_=kind)


def button(action: str, label: object, kind: str | None = None, **hidden: object) -> Html:
    """A form of one button, with what it sends along."""
    fields = [element("input", type="hidden", name=n, value=value) for n, value in hidden.items()]
    return form(action, *fields, element("button", label, class_=kind))


def field(
    name: str, label: str, value: object = "", hint: str | None = None, **attributes: object
) -> Html:
    """A labelled input."""
    told = {"type": "text", **attributes}
    key, describing = _make_keys(name, hint)
    box = element("input", id=key, name=name, value=value, aria_describedby=describing, **told)
    return _label(key, label, box, hint)


def choice(
    name: str,
    label: str,
    options: Mapping[str, str] | Iterable[str],
    value: str = "",
    hint: str | None = None,
) -> Html:
    """A labelled list to choose from: values and what they are called."""
    key, describing = _make_keys(name, hint)
    named = options if isinstance(options, Mapping) else {one: one for one in options}
    items = [
        element("option", told, value=given, selected=given == value)
        for given, told in named.items()
    ]
    box = element("select", *items, id=key, name=name, aria_describedby=describing)
    return _label(key, label, box, hint)


def area(name: str, label: str, value: object = "", hint: str | None = None) -> Html:
    """A labelled box for several lines."""
    key, describing = _make_keys(name, hint)
    box = element("textarea", value, id=key, name=name, rows=3, aria_describedby=describing)
    return _label(key, label, box, hint)


def tick(name: str, label: str, *, is_on: bool) -> Html:
    """A box to tick; its value is ``yes``."""
    box = element("input", type="checkbox", name=name, value="yes", checked=is_on)
    return element("label", box, " ", label, class_="tick")


def submit(label: str) -> Html:
    return element("button", label)


def _make_keys(name: str, hint: str | None) -> tuple[str, str | None]:
    return f"field-{name}", f"field-{name}-hint" if hint else None


def _label(key: str, label: str, box: Html, hint: str | None) -> Html:
    small = element("small", hint, id=f"{key}-hint") if hint else ""
    return element("div", join(element("label", label, for_=key), box, small), class_="field")
