"""What Zoom's SDK sends to be let in, and how its answers are read."""

import time
from typing import Any
from urllib.parse import quote

import jwt

from tests.sandbox import ACME

SECRET = ACME["sdk_client_secret"]


def make_claims(number: object, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {"appKey": "acme-sdk", "mn": str(number), "role": 1}
    claims |= {"iat": now - 60, "exp": now + 7140, "tokenExp": now + 7140}
    return {k: v for k, v in (claims | changes).items() if v is not None}


def sign(claims: dict[str, Any], secret: str = SECRET) -> str:
    return jwt.encode(claims, secret, "HS256")


def make_form(meeting: dict[str, Any], zak: str = "", **changes: Any) -> dict[str, str]:
    form = {
        "meetingNumber": str(meeting["id"]),
        "userName": "Alice",
        "passWord": quote(meeting["password"], safe=""),
        "signature": sign(make_claims(meeting["id"])),
        "apiKey": "acme-sdk",
        "cv": "6.2.0",
        "zsk": zak,
        "ztk": "",
        "ulsm": "1",
    }
    return form | changes


def wire(answer: dict[str, Any]) -> tuple[int, str]:
    assert (answer["status"], answer["result"]) == (False, None)
    return answer["errorCode"], answer["errorMessage"]
