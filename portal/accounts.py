"""How people get accounts: not by signing up."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts come from an administrator, so the sign-up page is closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
