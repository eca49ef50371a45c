"""Commands as a person runs them: in a process of their own, or `main` in this one."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from motionalchemy.cli import app

ROOT = Path(__file__).parents[2]


def spawn(*arguments, **options):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "motionalchemy.cli", *arguments]
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # a job in the background would not hear Ctrl-C
    return subprocess.Popen(command, env=environment, stdout=-1, stderr=-1, text=True, preexec_fn=heard, **options)


def call(*arguments):
    """`main` in this process; returns its exit code."""
    with pytest.raises(SystemExit) as end:
        app.main([str(a) for a in arguments])
    return end.value.code or 0


def names(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))
