"""docs/contract.md has every case, as the cases say it."""

from collections import Counter
from pathlib import Path

from tests.contract.says import read_cases
from tests.contract.table import make_table, read_confirmed

ROOT = Path(__file__).resolve().parents[1]
DOCUMENT = ROOT / "docs/contract.md"
CASES = read_cases()


def get_tables(text):
    """The part of the document that the cases make."""
    return text.partition("\n### ")[2].partition("\n## ")[0].strip()


def make_tables(confirmed):
    """What should be there. Where it is not, build/contract-table.md holds it to be copied."""
    tables = "\n".join(make_table(file, cases, confirmed) for file, cases in CASES.items())
    (ROOT / "build/contract-table.md").write_text(tables)
    return tables.removeprefix("### ").strip()


def test_every_case_makes_a_claim():
    cases = [(name, claim) for cases in CASES.values() for name, claim in cases]
    assert len(cases) > 60
    assert [name for name, claim in cases if claim is None] == []


def test_no_two_cases_have_one_name():
    counted = Counter(name for cases in CASES.values() for name, _ in cases)
    assert [name for name, times in counted.items() if times > 1] == []


def test_the_table_is_that_of_the_cases():
    text = DOCUMENT.read_text()
    assert get_tables(text) == make_tables(read_confirmed(text))


def test_a_case_that_the_table_lacks_is_noticed():
    text = DOCUMENT.read_text()
    without = "\n".join(line for line in text.splitlines() if "test_a_bad_token_is_124" not in line)
    assert get_tables(without) != make_tables(read_confirmed(text))


def test_each_case_says_when_it_was_confirmed():
    confirmed = read_confirmed(DOCUMENT.read_text())
    assert set(confirmed) == {name for cases in CASES.values() for name, _ in cases}
