"""The Meeting SDK's signature, written by hand from what Zoom says about it."""

import time
from typing import Any

import jwt

LIFE = 7200


def sign(
    client_id: str, secret: str, number: int, *, role: int = 1, issued_at: int | None = None
) -> str:
    """Zoom, Meeting SDK authorization: HS256 over these claims; times in whole seconds."""
    issued = int(time.time()) - 60 if issued_at is None else issued_at
    claims: dict[str, Any] = {
        "appKey": client_id,
        "mn": str(number),
        "role": role,
        "iat": issued,
        "exp": issued + LIFE,
        "tokenExp": issued + LIFE,
    }
    return jwt.encode(claims, secret, algorithm="HS256")
