"""Every line of the tables in docs/media.md: the file is made, read or written, and what is right about it holds."""

import importlib.util
from pathlib import Path

import pytest
from media_table import CASES
from media_written import OUTPUT, SOUND

ALL = [*CASES, *SOUND, *OUTPUT]


@pytest.mark.parametrize("case", ALL, ids=[f"{case.kind} {case.what[0]}" for case in ALL])
def test_media_are_read_and_written_as_they_are(tmp_path, case):
    assert case.check(case.make(tmp_path))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_pages_show_every_line(language):
    source = Path(__file__).parents[2] / "benchmarks" / "media.py"
    spec = importlib.util.spec_from_file_location("media_benchmark", source)
    assert spec is not None and spec.loader is not None
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    shown = [line for line in benchmark.PAGES[language].read_text("utf-8").splitlines() if line.startswith("|")]
    assert shown == [line for table in benchmark.tables(language) for line in table]  # `benchmarks/media.py --docs`
