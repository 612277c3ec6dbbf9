"""Faults that the suite must notice. Each is planted alone in a copy of the tree."""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FAILED = 1


@dataclass(frozen=True)
class Fault:
    """`before` becomes `after` in `file`; then `tests` must fail."""

    name: str
    file: str
    before: str
    after: str
    tests: str


FAULTS = (
    Fault(
        "access check dropped",
        "meetings/access.py",
        "as_host = meeting.get_starting_host(user)",
        "as_host = meeting.get_starting_host(user) or meeting.host",
        "tests/test_permissions.py",
    ),
    Fault(
        "tenant scope dropped",
        "portal/tenancy.py",
        "return acting_for(*user.member_of())",
        "return across_all_organizations()",
        "tests/test_permissions.py",
    ),
    Fault(
        "admin scope and filter dropped",
        "portal/tenancy.py",
        "return acting_for(*user.admin_of())",
        "return across_all_organizations()",
        "tests/portal tests/zoomauth/test_admin.py tests/meetings/test_admin.py",
    ),
    Fault(
        "signature not verified by the sandbox",
        "zoomsandbox/sdk/verdicts.py",
        'options={"verify_exp": False,',
        'options={"verify_signature": False, "verify_exp": False,',
        "tests/zoomsandbox",
    ),
    Fault(
        "alternative host gets the host's ZAK",
        "meetings/services/start.py",
        "zak=fetch_zak(organization=meeting.organization, zoom_user_id=as_host.zoom_user_id)",
        "zak=fetch_zak(organization=meeting.organization, zoom_user_id=meeting.host.zoom_user_id)",
        "tests/meetings/test_start.py",
    ),
    Fault(
        "the sandbox answers 200 to a create",
        "zoomsandbox/rest/meetings.py",
        "show_meeting(world, account, meeting), status=201)",
        "show_meeting(world, account, meeting), status=200)",
        "tests/contract",
    ),
    Fault(
        "an unknown user has another code",
        "zoomsandbox/rest/errors.py",
        "return ZoomRefusal(404, 1001,",
        "return ZoomRefusal(404, 300,",
        "tests/contract",
    ),
    Fault(
        "everybody wins the lease",
        "zoomauth/models/tokens.py",
        "return holder if won else None",
        "return holder",
        "tests/zoomauth/test_tokens.py",
    ),
    Fault(
        "a late minter overwrites",
        "zoomauth/models/tokens.py",
        "pk=self.pk, generation=self.generation, lease_holder=holder",
        "pk=self.pk",
        "tests/zoomauth/test_tokens.py",
    ),
    Fault(
        "webhook signature not compared",
        "zoomauth/webhooks.py",
        "    if not signed:",
        "    if not signed and not delivery.signature:",
        "tests/zoomauth/test_webhooks.py",
    ),
    Fault(
        "a webhook of one account is taken for another",
        "zoomauth/webhooks.py",
        'if event.payload.get("account_id") != account.account_id:',
        'if "account_id" not in event.payload:',
        "tests/zoomauth/test_webhooks.py",
    ),
    Fault(
        "audit rows can be rewritten",
        "portal/migrations/0002_auditevent_append_only.py",
        '[AppendOnly("AuditEvent")]',
        "[]",
        "tests/portal/test_audit.py",
    ),
    Fault(
        "ciphertext not bound to its row",
        "portal/sealing.py",
        "self.owner, self.model, self.field, self.row, key_id",
        "self.owner, self.model, self.field, key_id",
        "tests/portal/test_sealing.py",
    ),
    Fault(
        "a second click asks Zoom again",
        "meetings/services/schedule.py",
        "pk=uuid.uuid5(user.pk, intention)",
        "pk=uuid.uuid4()",
        "tests/meetings/test_schedule.py",
    ),
)


def plant(fault: Fault) -> bool:
    """Whether the suite turns red with this fault."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "greenroom"
        _copy_tree(copy)
        target = copy / fault.file
        text = target.read_text()
        if text.count(fault.before) != 1:
            raise ValueError(f"{fault.name}: {fault.file} no longer has what it replaces")
        target.write_text(text.replace(fault.before, fault.after))
        return run_tests(copy, fault.tests) == FAILED


def passes_unplanted() -> bool:
    """The control: in a copy without a fault, the same tests pass."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "greenroom"
        _copy_tree(copy)
        every = " ".join(dict.fromkeys(" ".join(fault.tests for fault in FAULTS).split()))
        return run_tests(copy, every) == 0


def run_tests(folder: Path, tests: str) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "not browser", *tests.split()]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=900)
    return done.returncode


def _copy_tree(copy: Path) -> None:
    left_out = shutil.ignore_patterns(
        ".git", ".venv", "node_modules", "build", ".demo", "__pycache__", ".*_cache"
    )
    shutil.copytree(ROOT, copy, ignore=left_out)
    if (ROOT / "node_modules").is_dir():
        (copy / "node_modules").symlink_to(ROOT / "node_modules")
