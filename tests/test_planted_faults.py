"""The faults of `make trust` still find what they replace."""

import pytest

from tests.planted_faults import FAULTS, ROOT


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_what_the_fault_replaces_is_there_once(fault):
    assert (ROOT / fault.file).read_text().count(fault.before) == 1
