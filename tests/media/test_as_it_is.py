"""Every line of the table in docs/media.md: the file is made, read, and what is right about it holds."""

import pytest
from media_table import CASES


@pytest.mark.parametrize("case", CASES, ids=[f"{case.kind} {case.what[0]}" for case in CASES])
def test_what_people_bring_is_read_as_it_is(tmp_path, case):
    assert case.check(case.make(tmp_path))
