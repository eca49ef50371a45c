"""Every line of the tables in docs/media.md: the file is made, read or written, and what is right about it holds."""

import pytest
from media_table import CASES
from media_written import OUTPUT, SOUND

ALL = [*CASES, *SOUND, *OUTPUT]


@pytest.mark.parametrize("case", ALL, ids=[f"{case.kind} {case.what[0]}" for case in ALL])
def test_media_are_read_and_written_as_they_are(tmp_path, case):
    assert case.check(case.make(tmp_path))
