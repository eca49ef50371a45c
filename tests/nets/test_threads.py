"""Threads: as many as asked, as said, or as the machine has; and they sleep while they wait."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from motionalchemy.errors import InputError
from motionalchemy.nets import threads

ROOT = Path(__file__).parents[2]
SHOW = """
import os
from motionalchemy.nets import threads
{before}
threads.{call}
import cv2, torch
print(torch.get_num_threads(), cv2.getNumThreads(), os.environ.get("OMP_WAIT_POLICY"))
"""


def shown(call: str, before: str = "", **environment: str) -> list[str]:
    """Threads of torch and OpenCV, and how they wait, after a call in a process of its own."""
    quiet = {name: value for name, value in os.environ.items() if name not in (*threads.COUNTED, *threads.QUIET)}
    done = subprocess.run(
        [sys.executable, "-c", SHOW.format(call=call, before=before)],
        env=quiet | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_number_that_is_asked_for_counts_before_and_after_torch_is_there():
    assert shown("use(1)") == ["1", "1", "PASSIVE"]
    assert shown("use(1)", before="import torch, cv2")[:2] == ["1", "1"]


def test_the_variable_counts_and_what_is_asked_counts_more():
    assert shown("use()", MOTIONALCHEMY_THREADS="1")[:2] == ["1", "1"]
    assert shown("use(1)", MOTIONALCHEMY_THREADS="2")[:2] == ["1", "1"]


def test_without_being_told_it_is_what_the_machine_gives_whatever_else_runs():
    assert shown("use()")[:2] == [str(min(threads.available(), os.cpu_count() or 1))] * 2


def test_what_a_person_set_for_the_libraries_is_left():
    assert shown("use()", OMP_NUM_THREADS="1", OMP_WAIT_POLICY="ACTIVE")[::2] == ["1", "ACTIVE"]


@pytest.mark.parametrize("value", ["zwei", "0", "-1", "1.5", "99999999999999999999"])
def test_a_number_that_cannot_be_is_refused_in_one_sentence(value, monkeypatch):
    monkeypatch.setenv(threads.VARIABLE, value)
    with pytest.raises(InputError, match="cannot be used: give a whole number, 1 to 1024"):
        threads.use()


def test_the_cores_of_a_control_group_are_the_most(tmp_path):
    file = tmp_path / "cpu.max"
    for text, cores in (("150000 100000\n", 2), ("20000 100000\n", 1), ("400000 100000\n", 4)):
        file.write_text(text)
        assert threads._quota(file) == cores
    file.write_text("max 100000\n")
    assert threads._quota(file) == threads._quota(tmp_path / "none") > 1024


def test_the_control_groups_around_a_process_count_too(tmp_path):
    own = tmp_path / "cgroup"
    own.write_text("0::/system.slice/motionalchemy.service\n")
    found = threads.groups(own, tmp_path)
    assert found == [tmp_path / at / "cpu.max" for at in ("system.slice/motionalchemy.service", "system.slice", "")]
    assert threads.groups(tmp_path / "none", tmp_path) == [tmp_path / "cpu.max"]
