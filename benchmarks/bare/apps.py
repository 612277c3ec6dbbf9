"""An app whose tables the portal's people need, and whose middleware the bare view does without."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """allauth's accounts, without its own look at the middleware."""

    name = "allauth.account"
    label = "account"
