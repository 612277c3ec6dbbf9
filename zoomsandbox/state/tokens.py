"""What the sandbox gave out that opens something."""

from dataclasses import dataclass, field
from typing import Literal

ZakKind = Literal["token", "zak", "onbehalf"]


@dataclass(frozen=True)
class AccessToken:
    """Its scopes are those of the app when it was issued, as at Zoom."""

    account_id: str
    scopes: tuple[str, ...]
    expires_at: float


@dataclass(frozen=True)
class Zak:
    """A token that speaks for one user; only those of kind ``zak`` start meetings."""

    value: str = field(repr=False)
    account_id: str
    user_id: str
    kind: ZakKind
    source: str
    issued_at: float
    expires_at: float


@dataclass(frozen=True)
class Admission:
    """What ``wc/info`` allowed one person, until their WebSocket opens."""

    ticket: str
    number: int
    name: str
    user_id: str
    standing: str
    stand_in: bool
    email: str = ""
    customer_key: str = ""
    registrant_id: str = ""
