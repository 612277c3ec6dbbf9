"""`make trust` reads what the tests hand over."""

from tests.trust import run_and_count


def test_figures_and_failures_are_read_from_the_report():
    counted = run_and_count("tests/zoomauth/test_webhooks.py", "-k", "hundred_replays or signed")
    assert counted["G8.rows_of_a_hundred_replays"] == 1
    assert counted["failed"] == 0
    assert set(counted) == {"failed", "test_webhooks", "G8.rows_of_a_hundred_replays"}
