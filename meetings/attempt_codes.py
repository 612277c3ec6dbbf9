"""The code of an attempt: eight characters that a host can read out. Pure."""

import secrets
import uuid

# Crockford's base 32: without I, L, O and U, so that nothing is mistaken for anything else.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8
_MISREAD = str.maketrans("OIL", "011", "- \t\r\n")
_NAMESPACE = uuid.UUID("6a3c6a0e-2d0b-5c6c-9d53-51d6f6f5b0a8")


def make_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def read_code(typed: str) -> str:
    """The code that somebody typed, sent or was told, or an empty text if it is none."""
    code = typed[: 4 * LENGTH].upper().translate(_MISREAD)
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else ""


def show_code(code: str) -> str:
    """XXXX-XXXX."""
    return f"{code[: LENGTH // 2]}-{code[LENGTH // 2 :]}"


def make_attempt_id(*, user_id: object, meeting_id: object, code: str) -> uuid.UUID:
    """The id of this person's attempt at this meeting: whatever code is sent, it is one's own."""
    return uuid.uuid5(_NAMESPACE, f"{user_id}/{meeting_id}/{code}")
