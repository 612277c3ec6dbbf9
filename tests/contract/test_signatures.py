"""The signature that the portal makes, beside one made by hand."""

from datetime import UTC, datetime

import jwt

from tests.contract.says import zoom_says
from tests.contract.signing import sign
from zoomauth.signature import BACKDATED_SECONDS, make_signature

PAIR = {"sdk_client_id": "sdk-client", "sdk_client_secret": "s" * 32}
NUMBER = 81234567890


def read(signature):
    return jwt.decode(signature, options={"verify_signature": False})


@zoom_says(
    "The claims are appKey, mn, role, iat, exp and tokenExp; sdkKey beside them does no harm",
    source="Zoom, Meeting SDK authorization; meetingsdk-auth-endpoint-sample",
    sure="H",
)
def test_the_portal_makes_the_claims_that_zoom_names():
    now = datetime.now(UTC)
    issued = int(now.timestamp()) - BACKDATED_SECONDS
    by_hand = read(sign(*PAIR.values(), NUMBER, issued_at=issued))
    made = read(make_signature(**PAIR, meeting_number=NUMBER, role=1, now=now))
    assert made == {**by_hand, "sdkKey": by_hand["appKey"]}


@zoom_says(
    "A signature is a JWT with alg HS256 and typ JWT",
    source="Zoom, Meeting SDK authorization",
    sure="H",
)
def test_the_portal_signs_as_zoom_says():
    made = make_signature(**PAIR, meeting_number=NUMBER, role=1, now=datetime.now(UTC))
    assert jwt.get_unverified_header(made) == {"alg": "HS256", "typ": "JWT"}
    assert jwt.decode(made, PAIR["sdk_client_secret"], algorithms=["HS256"])
