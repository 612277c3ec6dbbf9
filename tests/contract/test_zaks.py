"""The ZAK: the key with which a host starts."""

from tests.contract.says import zoom_says

TOKEN = "Zoom API reference, Users, Get a user's token"


@zoom_says("GET with type zak and a ttl gives `token`, in printable ASCII", source=TOKEN, sure="H")
def test_a_zak_is_given_for_type_and_ttl(wire, host):
    query = {"type": "zak", "ttl": 7200}
    zak = wire.ask("GET", "/users/{user}/token", user=host["id"], query=query).expect(200)["token"]
    assert zak.isascii()
    assert zak.isprintable()
    assert " " not in zak


@zoom_says("A ZAK is given for an e-mail address too", source=TOKEN, sure="H")
def test_a_zak_is_given_for_an_address(wire, host):
    query = {"type": "zak", "ttl": 7200}
    answer = wire.ask("GET", "/users/{user}/token", user=host["email"], query=query)
    assert answer.expect(200)["token"]


@zoom_says("An unknown type of token is refused with 4xx", source="guess", sure="L")
def test_an_unknown_type_is_refused(wire, host):
    query = {"type": "nothing"}
    answer = wire.ask("GET", "/users/{user}/token", user=host["id"], query=query)
    assert 400 <= answer.status < 500


@zoom_says(
    "POST for a token, as one page of Zoom's shows it, is refused with 4xx",
    source="guess: the reference has only GET and DELETE there",
    sure="L",
)
def test_post_is_refused(wire, host):
    body = {"type": "zak", "ttl": 7200}
    answer = wire.ask("POST", "/users/{user}/token", user=host["id"], body=body)
    assert 400 <= answer.status < 500


@zoom_says(
    "The ZAK of a deactivated user is refused with 4xx",
    source="guess; the codes 1120 and 300 were seen",
    sure="L",
    only_sandbox="would deactivate a person of the account",
)
def test_a_deactivated_user_has_no_zak(wire, target):
    target.sandbox.change_user("sam", status="inactive")
    try:
        answer = wire.ask("GET", "/users/{user}/token", user="sam", query={"type": "zak"})
    finally:
        target.sandbox.change_user("sam", status="active")
    assert 400 <= answer.status < 500
