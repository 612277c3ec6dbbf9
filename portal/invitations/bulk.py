"""Many invitations at once, from a CSV file: what would become of each row, and doing it."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.invitations.issuing import (
    Issued,
    OverLimit,
    invite,
    invite_again,
    refuse_over_limit,
)
from portal.models import Invitation, Membership, Organization, User

MOST_ROWS = 500
MOST_BYTES = 200_000
_COLUMNS = ("email", "name", "role")
_LONGEST_NAME = 150


class Fate(models.TextChoices):
    """What becomes of a row."""

    NEW = "new", gettext_lazy("Will be invited")
    AGAIN = "again", gettext_lazy("Invitation has expired; will be sent again")
    INVITED = "invited", gettext_lazy("Invited already; nothing happens")
    MEMBER = "member", gettext_lazy("Member already; nothing happens")
    DUPLICATE = "duplicate", gettext_lazy("Twice in this list; nothing happens")
    INVALID = "invalid", gettext_lazy("Not usable")


@dataclass(frozen=True)
class Row:
    """One line of the file, and its fate."""

    line: int
    email: str
    name: str
    role: str
    fate: Fate
    reason: str = ""

    @property
    def is_acted_on(self) -> bool:
        return self.fate in (Fate.NEW, Fate.AGAIN)

    @property
    def role_label(self) -> str:
        return str(dict(Membership.Role.choices).get(self.role, self.role))


def read_text(content: bytes) -> str:
    """The file as text. Raises `ValidationError` where it is none, or too large."""
    if len(content) > MOST_BYTES:
        raise ValidationError(
            _("This file is too large. Send at most %(rows)s rows at a time.") % {"rows": MOST_ROWS}
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = ""
    if not text or "\0" in text:
        raise ValidationError(
            _("This is not a CSV file in UTF-8. In a spreadsheet, save it as “CSV UTF-8”.")
        )
    return text


def judge_rows(*, organization: Organization, text: str) -> list[Row]:
    """Each row's fate; nothing is changed. Raises `ValidationError` for a file as a whole."""
    lines = list(_read_lines(text))
    if not lines:
        raise ValidationError(_("There are no rows below the first line."))
    if len(lines) > MOST_ROWS:
        raise ValidationError(_("Send at most %(rows)s rows at a time.") % {"rows": MOST_ROWS})
    addresses = {values["email"].lower() for _line, values in lines}
    members = {
        email.lower()
        for email in Membership.objects.filter(organization=organization).values_list(
            "user__email", flat=True
        )
    }
    now = timezone.now()
    unanswered = {
        row.email: row.get_state(now)
        for row in Invitation.objects.unanswered().filter(
            organization=organization, email__in=addresses
        )
    }
    seen: set[str] = set()
    rows = []
    for line, values in lines:
        row = _judge(line, values, members, unanswered, seen)
        seen.add(row.email)
        rows.append(row)
    refuse_over_limit(organization, now, sum(row.is_acted_on for row in rows))
    return rows


@dataclass(frozen=True)
class Done:
    """Who was invited, and why somebody was not who could have been."""

    issued: list[Issued]
    refused: list[str]


def invite_rows(*, organization: Organization, rows: list[Row], actor: User) -> Done:
    """Invite whom the rows say. Who has been invited or added meanwhile is left out."""
    done = Done([], [])
    for row in filter(lambda row: row.is_acted_on, rows):
        try:
            done.issued.append(_invite_row(organization, row, actor))
        except OverLimit as error:
            done.refused.extend(text for text in error.messages if text not in done.refused)
        except (ValidationError, Invitation.DoesNotExist):
            # Somebody invited or added them between the preview and now.
            continue
    return done


def _invite_row(organization: Organization, row: Row, actor: User) -> Issued:
    if row.fate == Fate.AGAIN:
        unanswered = Invitation.objects.unanswered().select_related("organization")
        earlier = unanswered.get(organization=organization, email=row.email)
        return invite_again(invitation=earlier, actor=actor)
    new = Invitation(organization=organization, email=row.email, name=row.name, role=row.role)
    return invite(invitation=new, actor=actor)


def _read_lines(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    first = text.lstrip().partition("\n")[0]
    # What spreadsheets write in half of Europe.
    reader = csv.reader(io.StringIO(text), delimiter=";" if ";" in first else ",", strict=True)
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        if "email" not in header:
            raise ValidationError(
                _("The first line must name the columns: email, and if you like name and role.")
            )
        for cells in reader:
            if any(cell.strip() for cell in cells):
                named = dict(zip(header, (cell.strip() for cell in cells), strict=False))
                yield reader.line_num, {column: named.get(column, "") for column in _COLUMNS}
    except csv.Error as error:
        raise ValidationError(
            _("Line %(line)s cannot be read as CSV.") % {"line": reader.line_num}
        ) from error


def _judge(
    line: int,
    values: dict[str, str],
    members: set[str],
    unanswered: dict[str, Invitation.State],
    seen: set[str],
) -> Row:
    email, name = values["email"].lower(), values["name"]
    role = _find_role(values["role"])
    fate, reason = Fate.NEW, _find_mistake(email, name, role)
    if reason:
        fate = Fate.INVALID
    elif email in seen:
        fate = Fate.DUPLICATE
    elif email in members:
        fate = Fate.MEMBER
    elif email in unanswered:
        expired = unanswered[email] == Invitation.State.EXPIRED
        fate = Fate.AGAIN if expired else Fate.INVITED
    return Row(line, email, name, role or values["role"], fate, reason)


def _find_role(text: str) -> str | None:
    wanted = text.lower() or Membership.Role.MEMBER.value
    for value, label in Membership.Role.choices:
        if wanted in (value, str(label).lower()):
            return value
    return None


def _find_mistake(email: str, name: str, role: str | None) -> str:
    try:
        validate_email(email)
    except ValidationError:
        return _("This is not an e-mail address.")
    if len(email) > 254 or len(name) > _LONGEST_NAME:
        return _("Name or address is too long.")
    if role is None:
        return _("The role must be admin, scheduler or member.")
    return ""
