"""The connection check: is this account fit to start meetings, and what is missing.

`steps` asks and compares, `rows` is what came of it, `texts` says it in words, `run` keeps it.
"""

from zoomauth.connection_check.rows import ABOUT_USERS, CheckRow, Result, is_fit, is_whole
from zoomauth.connection_check.run import LastCheck, last_check, run_check
from zoomauth.connection_check.steps import check_account

__all__ = [
    "ABOUT_USERS",
    "CheckRow",
    "LastCheck",
    "Result",
    "check_account",
    "is_fit",
    "is_whole",
    "last_check",
    "run_check",
]
