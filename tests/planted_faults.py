"""Faults that the suite must notice. Each is planted alone in a copy of the tree."""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PASSED, FAILED = 0, 1
IN_BROWSER = "tests/browser/"


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
        "the breaker never stops anything",
        "zoomauth/breaker.py",
        "failures__gte=MOST_FAILURES)",
        "failures__gte=10**6)",
        "tests/zoomauth/test_breaker.py",
    ),
    Fault(
        "workers without a way to Zoom stop the hosts",
        "zoomauth/breaker.py",
        "if _is_failure(error) and not in_background:",
        "if _is_failure(error):",
        "tests/zoomauth/test_breaker.py",
    ),
    Fault(
        "everybody tries at once",
        "zoomauth/breaker.py",
        "    if not mine:\n",
        "    if False:\n",
        "tests/zoomauth/test_breaker.py",
    ),
    Fault(
        "the time of a start begins when Zoom is asked",
        "meetings/services/attempts.py",
        "self.deadline = page_deadline()",
        "self.deadline = None",
        "tests/meetings/test_start.py",
    ),
    Fault(
        "pages may tell without end",
        "meetings/pages/trace.py",
        "if not limit.allow_request(request, note):",
        "if False:",
        "tests/meetings/test_traces.py",
    ),
    Fault(
        "what we cut short is called Zoom's failure",
        "zoomauth/connection_check/steps.py",
        "return error if left >= settings.ZOOM_READ_TIMEOUT else None",
        "return error",
        "tests/zoomauth/test_connection_check.py",
    ),
    Fault(
        "a connection check takes a deadline for each call",
        "zoomauth/connection_check/steps.py",
        "deadline = self.heard.append, deadline or self.deadline",
        "deadline = self.heard.append, None",
        "tests/zoomauth/test_connection_check.py",
    ),
    Fault(
        "a slow account takes every thread",
        "zoomauth/containment.py",
        ">= settings.ZOOM_CALLS_AT_ONCE:",
        ">= 10**6:",
        "tests/zoomauth/test_containment.py",
    ),
    Fault(
        "a wait has no deadline",
        "zoomauth/client/deadline.py",
        "        if remaining <= 0:\n"
        '            raise TimeoutError("The deadline has passed")\n'
        "        return remaining if timeout is None else min(timeout, remaining)",
        "        return remaining + 60 if timeout is None else timeout",
        "tests/zoomauth/test_client_faults.py::test_slow_peer_is_cut_off_at_the_deadline",
    ),
    Fault(
        "a start waits for a change beyond its deadline",
        "zoomauth/accounts.py",
        "seconds_left(_LONGEST_LOCK_WAIT)",
        "_LONGEST_LOCK_WAIT",
        "tests/test_revocation.py::test_a_change_left_half_done_is_waited_for_until_the_deadline",
    ),
    Fault(
        "work in the background asks without a turn",
        "zoomauth/permits.py",
        "            turn = take_turn(account, call.label, now=now)\n",
        "            turn = now\n",
        "tests/zoomauth/test_budget.py",
    ),
    Fault(
        "two get one turn",
        "zoomauth/budget.py",
        "filter(pk=row.pk, next_at=row.next_at)",
        "filter(pk=row.pk)",
        "tests/zoomauth/test_budget.py",
    ),
    Fault(
        "a day that is used up is asked for again",
        "zoomauth/budget.py",
        "    if not _lasts(until, now):\n        return None\n",
        "    if until is None or now:\n        return None\n",
        "tests/zoomauth/test_budget.py",
    ),
    Fault(
        "a creation is made once more after a limit",
        "zoomauth/budget.py",
        "if not isinstance(error, ZoomRateLimited) or not error.is_of_read:",
        "if not isinstance(error, ZoomRateLimited):",
        "tests/zoomauth/test_host_writes.py tests/zoomauth/test_budget.py",
    ),
    Fault(
        "a host's creations of the day are not counted",
        "zoomauth/host_writes.py",
        '    if rows.update(count=F("count") + 1):\n        return True\n',
        '    if rows.update(count=F("count")):\n        return True\n',
        "tests/zoomauth/test_host_writes.py",
    ),
    Fault(
        "a ZAK is fetched that lacks its signature",
        "zoomauth/services.py",
        "    signature = _sign(account, meeting_number, role)\n",
        "    ask(account, lambda c, t: c.get_user(access_token=t, id_or_email=zoom_user_id))\n"
        "    signature = _sign(account, meeting_number, role)\n",
        "tests/zoomauth/test_keys.py",
    ),
    Fault(
        "every process is ready",
        "portal/readiness.py",
        "return not self.reasons",
        "return True",
        "tests/deployment/test_probes.py",
    ),
    Fault(
        "a broker that is down makes web processes unready",
        "portal/readiness.py",
        'return Verdict(reasons, warnings=() if self._broker.answers() else ("broker",))',
        'return Verdict(reasons if self._broker.answers() else ("broker",))',
        "tests/deployment/test_probes.py",
    ),
    Fault(
        "a weak key is accepted",
        "portal/checks.py",
        "return len(key) < _FEWEST_CHARACTERS or len(set(key)) < _FEWEST_DIFFERENT",
        "return not key",
        "tests/portal/test_keys.py",
    ),
    Fault(
        "Celery starts whatever the keys are",
        "portal/receivers.py",
        "raise SystemExit(str(error)) from None",
        "raise",
        "tests/portal/test_keys.py",
    ),
    Fault(
        "the SDK's files do not say that an isolated page may run them",
        "portal/isolation.py",
        'headers["Cross-Origin-Embedder-Policy"] = "require-corp"',
        "pass",
        "tests/deployment/test_static_files.py",
    ),
    Fault(
        "browsers ask for the SDK again at each start",
        "portal/settings.py",
        "{re.escape(ZOOM_SDK_PREFIX)}/|",
        "",
        "tests/deployment/test_static_files.py",
    ),
    Fault(
        "an organization's admins see the users of a shared account that are not theirs",
        "zoomauth/admin/zoom_users.py",
        "if not (request.user.is_active and request.user.is_superuser):",
        "if not request.user.is_staff:",
        "tests/zoomauth/test_zoom_users_admin.py",
    ),
    Fault(
        "an organization's look-ups count as seen in a list",
        "zoomauth/import_steps.py",
        'seen_in = [] if row.is_of_assigned_users else ["seen_in"]',
        'seen_in = ["seen_in"]',
        "tests/zoomauth/test_zoom_users_operator.py",
    ),
    Fault(
        "an address that is taken at Zoom becomes whoever asked's",
        "zoomauth/provisioning.py",
        "    except ZoomError as error:\n        _settle_failed(row, error, actor)",
        "    except ZoomError as error:\n"
        "        ZoomUserAssignment.objects.create(\n"
        "            organization=organization, account=account, zoom_user_id=row.email\n"
        "        )\n"
        "        _settle_failed(row, error, actor)",
        "tests/zoomauth/test_provisioning.py",
    ),
    Fault(
        "every organization on a shared account may create users",
        "zoomauth/models/accounts.py",
        "may_create_users=True, owner_key=INSTALLATION, organization__is_active=True",
        "owner_key=INSTALLATION, organization__is_active=True",
        "tests/zoomauth/test_provisioning.py tests/meetings/test_hosts_create.py",
    ),
    Fault(
        "the duty is written once Zoom has answered",
        "zoomauth/provisioning.py",
        "        with transaction.atomic():\n            row.save(force_insert=True)",
        "        with transaction.atomic():\n            _ask_zoom(row, account)\n"
        "            row.save(force_insert=True)",
        "tests/zoomauth/test_provisioning.py",
    ),
    Fault(
        "all of a shared account's Zoom users are everybody's",
        "zoomauth/zoom_users.py",
        "rows = rows.filter(key__in=assigned_ids(organization, connection.account.pk))",
        "pass",
        "tests/zoomauth/test_zoom_users_shared.py",
    ),
    Fault(
        "a provider's session is everybody's",
        "portal/identity/sessions.py",
        "user.acts_only_in = provider.organization_id",
        "pass",
        "tests/portal/test_oidc.py",
    ),
    Fault(
        "a provider's word for an address is taken",
        "portal/identity/links.py",
        "    account = _find(assertion)\n    try:",
        "    account = _find(assertion)\n"
        "    by_address = User.objects.filter(email=assertion.email).first()\n"
        "    account = account or (_make(assertion, by_address) if by_address else None)\n    try:",
        "tests/portal/test_oidc.py",
    ),
    Fault(
        "an ID token of another sign-in is taken",
        "portal/identity/provider.py",
        "if not hmac.compare_digest(",
        "if False and not hmac.compare_digest(",
        "tests/portal/test_oidc_lies.py",
    ),
    Fault(
        "an ID token is not verified",
        "portal/identity/provider.py",
        'options={"require": _CLAIMS},',
        'options={"require": _CLAIMS, "verify_signature": False},',
        "tests/portal/test_oidc_lies.py",
    ),
    Fault(
        "issuers inside the network are asked",
        "portal/identity/wire.py",
        "return ip.is_global and not ip.is_multicast",
        "return True",
        "tests/portal/test_oidc_addresses.py",
    ),
    Fault(
        "a session that never showed its second factor passes",
        "portal/identity/required.py",
        "if used_second_factor(request, user) and has_second_factor(user):",
        "if has_second_factor(user):",
        "tests/portal/test_mfa.py",
    ),
    Fault(
        "a seed opens in anybody's row",
        "portal/identity/second_factors.py",
        'field="data", row=str(user_id)',
        'field="data", row=""',
        "tests/portal/test_mfa.py",
    ),
    Fault(
        "a stale form of secrets is taken",
        "portal/reauthentication.py",
        "(2 if is_sent else 1)",
        "(9 if is_sent else 1)",
        "tests/portal/test_reauthentication.py",
    ),
    Fault(
        "access check dropped",
        "meetings/access.py",
        "    if as_host is None or first_refusal(facts, Stage.DOOR):",
        "    as_host = as_host or meeting.host\n    if not facts:",
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
        "zoom_user_id=as_host.zoom_user_id,\n        meeting_number=number,\n        role",
        "zoom_user_id=meeting.host.zoom_user_id,\n        meeting_number=number,\n        role",
        "tests/meetings/test_start.py",
    ),
    Fault(
        "admins start on behalf where nobody switched it on",
        "meetings/start_rules.py",
        'lambda facts: _yes_or_no(facts.on_behalf_allowed, "on", "off")',
        'lambda facts: _yes_or_no(True, "on", "off")',
        "tests/meetings/test_on_behalf.py",
    ),
    Fault(
        "a deactivated host starts",
        "meetings/start_rules.py",
        'lambda facts: _yes_or_no(facts.host_active, "active", "inactive")',
        'lambda facts: _yes_or_no(True, "active", "inactive")',
        "tests/meetings/test_start.py",
    ),
    Fault(
        "no last look before Zoom is asked",
        "meetings/access.py",
        "found is not None and first_refusal(found.get_facts_as(host, user), Stage.DOOR) is None",
        "found is not None",
        "tests/test_revocation.py",
    ),
    Fault(
        "the last look takes no lock",
        "meetings/start_queries.py",
        '.select_for_update(of=(*others, "self"))',
        "",
        "tests/test_revocation.py",
    ),
    Fault(
        "a compiled query keeps the organizations it was first asked in",
        "portal/compiled.py",
        "acting if isinstance(acting, str) else len(acting)",
        'acting if isinstance(acting, str) else "some"',
        "tests/portal/test_compiled.py",
    ),
    Fault(
        "a compiled query crosses where nobody has set a scope",
        "portal/tenancy.py",
        'if "organization" in around else "unset"',
        'if "organization" in around else "all"',
        "tests/portal/test_compiled.py",
    ),
    Fault(
        "a compiled query keeps the values it was first asked with",
        "portal/compiled.py",
        "statement.ask({**values, **_by_place(organizations)})",
        'statement.ask(vars(statement).setdefault("kept", {**values, **_by_place(organizations)}))',
        "tests/portal/test_compiled.py",
    ),
    Fault(
        "a compiled query fills in a value that LIKE would have escaped",
        "portal/compiled.py",
        "        _refuse_unless_all_filled(self.params, stand_ins, set(named))\n",
        "",
        "tests/portal/test_compiled.py",
    ),
    Fault(
        "a compiled lock needs no transaction",
        "portal/compiled.py",
        "if self.locks and connection.get_autocommit():",
        "if False:",
        "tests/portal/test_compiled.py",
    ),
    Fault(
        "starts wait for each other",
        "meetings/start_queries.py",
        'sql.replace(" FOR UPDATE OF ", " FOR SHARE OF ")',
        "sql",
        "tests/test_revocation.py",
    ),
    Fault(
        "a deactivated organization's members act in it",
        "portal/models/people.py",
        "for one in each if one and one.organization.is_active]",
        "for one in each if one]",
        "tests/portal/test_session_person.py",
    ),
    Fault(
        "a membership that has ended counts",
        "portal/models/people.py",
        "models.Q(memberships__is_active=True)",
        "models.Q(memberships__pk__isnull=False)",
        "tests/portal/test_session_person.py",
    ),
    Fault(
        "rotation writes over what somebody else wrote",
        "portal/rotation.py",
        "filter(pk=row.pk, **{name: before})",
        "filter(pk=row.pk)",
        "tests/portal/test_rotate_keys.py",
    ),
    Fault(
        "a deactivated organization's webhooks are taken",
        "zoomauth/webhooks.py",
        "Q(organization=None) | Q(organization__is_active=True)",
        "Q()",
        "tests/test_deactivation.py",
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
        "pk=self.pk, generation=self.generation, lease_holder=holder\n        ).update(",
        "pk=self.pk\n        ).update(",
        "tests/zoomauth/test_tokens.py",
    ),
    Fault(
        "the lease is won by whoever read an older row",
        "zoomauth/models/tokens.py",
        "free, pk=self.pk, generation=self.generation, failures=self.failures",
        "free, pk=self.pk",
        "tests/zoomauth/test_tokens.py",
    ),
    Fault(
        "a stored token does not say when to replace it",
        "zoomauth/models/tokens.py",
        "            next_refresh_at=next_refresh_at,\n            generation=",
        "            generation=",
        "tests/zoomauth/test_refresh_duty.py",
    ),
    Fault(
        "whoever waited for a mint that failed mints too",
        "zoomauth/tokens.py",
        "row.failures > waited_at.failures",
        "False",
        "tests/zoomauth/test_token_health.py",
    ),
    Fault(
        "each press asks Zoom again with refused credentials",
        "zoomauth/tokens.py",
        "(row.was_just_refused(now) and not is_probe)",
        "False",
        "tests/zoomauth/test_token_health.py",
    ),
    Fault(
        "a message that comes twice refreshes twice",
        "zoomauth/refresh_duty.py",
        "pk=duty.account_id, next_refresh_at=duty.taken_until",
        "pk=duty.account_id",
        "tests/zoomauth/test_refresh_duty.py",
    ),
    Fault(
        "each refusal of an outage is mailed",
        "zoomauth/models/tokens.py",
        "if failure.is_lasting and self.health != Health.BLOCKED:",
        "if failure.is_lasting:",
        "tests/zoomauth/test_outage_mail.py",
    ),
    Fault(
        "publishing waits for a silent broker",
        "portal/celery.py",
        '    "socket_timeout": 2,\n',
        "",
        "tests/portal/test_celery.py",
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
        "pk=_make_id(plan, user, key)",
        "pk=uuid.uuid4()",
        "tests/meetings/test_schedule.py",
    ),
    Fault(
        "the admin's lists cross organizations",
        "portal/admin/base.py",
        'return rows.filter(**{f"{self.owner_path}__in": user.admin_of()})',
        "return self.model._base_manager.all()",
        "tests/test_admin_sweep.py::test_lists_show_nothing_foreign[ada]",
    ),
    Fault(
        "autocompletion offers all people",
        "portal/admin/people.py",
        "return bool(request.user.is_active and request.user.is_superuser)",
        "return bool(request.user.is_active)",
        "tests/test_admin_sweep.py::test_autocompletion_offers_nothing_foreign[ada]",
    ),
    Fault(
        "forms offer every organization's rows",
        "portal/admin/choices.py",
        "field.queryset = own_rows(request, field.queryset)",
        "field.queryset = field.queryset.model._base_manager.all()",
        "tests/test_admin_sweep.py::test_forms_show_and_take_nothing_foreign[ada]",
    ),
    Fault(
        "filters offer every organization's rows",
        "portal/admin/choices.py",
        "            rows = own_rows(request, rows)",
        "            rows = rows.model._base_manager.all()",
        "tests/test_admin_sweep.py::test_a_filter_over_other_rows_offers_ones_own",
    ),
    Fault(
        "an action takes everybody's rows along",
        "portal/admin/invitations.py",
        "        done = sum(\n            revoke(",
        "        Invitation._base_manager.update(revoked_at=timezone.now())\n"
        "        done = sum(\n            revoke(",
        "tests/test_admin_sweep.py::test_actions_touch_nothing_foreign[ada]",
    ),
    Fault(
        "a secret is shown in the admin",
        "meetings/admin/meetings.py",
        'fields = ["organization", "topic",',
        'fields = ["organization", "passcode", "topic",',
        "tests/test_admin_sweep.py::test_forms_show_and_take_nothing_foreign[ada]",
    ),
    Fault(
        "removing an admin takes no lock",
        "portal/memberships.py",
        'Organization.objects.select_for_update(of=("self",))',
        "Organization.objects",
        "tests/portal/test_memberships.py",
    ),
    Fault(
        "an invitation is taken up twice",
        "portal/invitations/accepting.py",
        "if not Invitation.objects.open(now).with_link(digest).update(",
        "if not Invitation.objects.with_link(digest).update(",
        "tests/portal/test_invitations.py",
    ),
    Fault(
        "more of a secret is shown",
        "zoomauth/credentials.py",
        "_SHOWN = 4",
        "_SHOWN = 5",
        "tests/zoomauth/test_admin.py",
    ),
    Fault(
        "a check of the credentials before still counts",
        "zoomauth/models/checks.py",
        "return self.credentials_generation == self.account.credentials_generation",
        "return True",
        "tests/zoomauth/test_checklist.py",
    ),
    Fault(
        "a secret is stored from a session of long ago",
        "zoomauth/admin/accounts.py",
        "class ZoomAccountAdmin(AccountUsersPages, AsksWhoYouAre, TenantModelAdmin)",
        "class ZoomAccountAdmin(AccountUsersPages, TenantModelAdmin)",
        "tests/zoomauth/test_admin.py",
    ),
    Fault(
        "a session of long ago starts on a host's behalf",
        "meetings/pages/start.py",
        "if not did_recently_authenticate(request, seconds=2 * settings.REAUTHENTICATION_SECONDS):",
        "if False:",
        "tests/meetings/test_on_behalf.py",
    ),
    Fault(
        "an admin's own link confirms the address",
        "portal/invitations/accepting.py",
        "            if invitation.mailed_digest == digest:\n",
        "            if True:\n",
        "tests/portal/test_invitations.py",
    ),
    Fault(
        "an admin's own link takes over an account",
        "portal/invitations/accepting.py",
        "if invitation.mailed_digest != digest or not user.is_active",
        "if not user.is_active",
        "tests/portal/test_invitations.py",
    ),
    Fault(
        "a withdrawn assignment is not seen by a start under way",
        "zoomauth/accounts.py",
        "            if cursor.fetchone() is None:\n",
        "            if False:\n",
        "tests/test_revocation.py",
    ),
    Fault(
        "addresses are compared as the database folds them",
        "meetings/services/host_links.py",
        "return bool(person.email) and normalize_address(person.email) in shown",
        "return bool(person.email) and rows.filter(email__iexact=person.email).exists()",
        "tests/meetings/test_hosts.py",
    ),
    Fault(
        "a host that is an address starts as whoever has it",
        "meetings/start_rules.py",
        'lambda facts: _yes_or_no(facts.host_named, "by_id", "by_address")',
        'lambda facts: _yes_or_no(True, "by_id", "by_address")',
        "tests/meetings/test_hosts_following.py",
    ),
    Fault(
        "a host on hold starts",
        "meetings/start_rules.py",
        'lambda facts: _yes_or_no(facts.host_settled, "settled", "on_hold")',
        'lambda facts: _yes_or_no(True, "settled", "on_hold")',
        "tests/meetings/test_hosts_following.py",
    ),
    Fault(
        "a Zoom user that was handed on starts for its old holder",
        "meetings/services/host_following.py",
        "if host.membership is not None and (is_new or host.is_on_hold):",
        "if host.membership is not None and host.is_on_hold:",
        "tests/meetings/test_hosts_following.py",
    ),
    Fault(
        "anybody's attempt is written to by its code",
        "meetings/attempt_codes.py",
        'f"{user_id}/{meeting_id}/{code}"',
        'f"{meeting_id}/{code}"',
        "tests/meetings/test_traces.py",
    ),
    Fault(
        "a page's step is not noted",
        "meetings/services/traces.py",
        "    rows.update(**values)",
        "    assert values",
        "tests/meetings/test_traces.py",
    ),
    Fault(
        "a start that waits for a token is not noted",
        "meetings/services/attempts.py",
        "        self._known_row.token_at = None\n        self._write()",
        "        self._known_row.token_at = None",
        "tests/test_start_killed.py",
    ),
    Fault(
        "a start that waits for the ZAK is not noted",
        "meetings/services/attempts.py",
        "            self.reach(Step.TOKEN)\n            self._write()",
        "            self.reach(Step.TOKEN)",
        "tests/test_start_killed.py",
    ),
    Fault(
        "a broken black box stops the start",
        "meetings/services/attempts.py",
        "except DatabaseError as error:\n            # Without",
        "except ZeroDivisionError as error:\n            # Without",
        "tests/meetings/test_attempts.py",
    ),
    Fault(
        "a package handed out counts as a start",
        "meetings/start_steps.py",
        "    if attempt.way in WITHOUT_PAGE and last is Step.DELIVERED:",
        "    if last is Step.DELIVERED:",
        "tests/meetings/test_start_steps.py",
    ),
    Fault(
        "the page tells nothing",
        "static/js/trace.js",
        "    if (press.code === '') {",
        "    if (true) {",
        "tests/browser/test_black_box.py::test_a_start_is_told_to_the_meeting_by_both_clocks",
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
        ended = run_tests(copy, fault.tests)
        if ended not in (PASSED, FAILED):
            raise ValueError(f"{fault.name}: none of {fault.tests} was run")
        return ended == FAILED


def passes_unplanted() -> bool:
    """The control: in a copy without a fault, the same tests pass."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "greenroom"
        _copy_tree(copy)
        every = dict.fromkeys(" ".join(fault.tests for fault in FAULTS).split())
        in_browser = [test for test in every if test.startswith(IN_BROWSER)]
        others = [test for test in every if test not in in_browser]
        return all(run_tests(copy, " ".join(some)) == PASSED for some in (others, in_browser))


def run_tests(folder: Path, tests: str) -> int:
    """pytest's exit status. A folder's tests in the browser are left out; a named one is run."""
    chosen = () if tests.startswith(IN_BROWSER) else ("-m", "not browser")
    command = [sys.executable, "-m", "pytest", "-q", "-x", *chosen, *tests.split()]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=900)
    return done.returncode


def _copy_tree(copy: Path) -> None:
    left_out = shutil.ignore_patterns(
        ".git", ".venv", "node_modules", "build", ".demo", "__pycache__", ".*_cache"
    )
    shutil.copytree(ROOT, copy, ignore=left_out)
    if (ROOT / "node_modules").is_dir():
        (copy / "node_modules").symlink_to(ROOT / "node_modules")
