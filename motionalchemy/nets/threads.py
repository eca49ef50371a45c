"""How many threads compute, and that they wait without turning: a process beside another one must not cost more.

torch's threads wait for each other in a loop that reads one word over and over. On a machine whose cores are shared the
others are not there to be waited for, and the loop is what most of the time goes into. Told to sleep before the library is
loaded, they cost what they compute. Their number is the machine's and not the moment's: sums are rounded by how they are
shared out, so the bytes of a result depend on it, and a sidecar names it.
"""

import os
import re
import sys
from collections.abc import MutableMapping
from pathlib import Path

from motionalchemy.errors import InputError

VARIABLE = "MOTIONALCHEMY_THREADS"
MOST = 8  # the networks that ship are too small for more; whoever knows better says so
QUIET = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}  # GNU's and Intel's
COUNTED = ("OMP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
GIVEN = os.environ.get(COUNTED[0])  # what a person has set, before anything here sets it


def wait_quietly(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let threads sleep while they wait, unless the environment says otherwise; of use until torch is imported."""
    if "torch" not in sys.modules:
        for name, value in QUIET.items():
            environment.setdefault(name, value)


def use(asked: int | None = None) -> int | None:
    """Compute with `asked` threads, else as many as `MOTIONALCHEMY_THREADS` says, else all `available`; returns how many.

    `OMP_NUM_THREADS`, where a person has set it, counts as said, and is left (None). Works before torch and OpenCV are
    imported, and after. Raises InputError.
    """
    wait_quietly()
    count = asked if asked is not None else _said()
    if count is None:
        if GIVEN:
            return None
        count = available()
    checked(count)
    for name in COUNTED:
        os.environ[name] = str(count)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(count)
    if "cv2" in sys.modules:
        sys.modules["cv2"].setNumThreads(count)
    return count


def keep(asked: int | None) -> None:
    """Say to the processes that this one starts with how many threads to compute; raises InputError."""
    if asked is not None:
        os.environ[VARIABLE] = str(checked(asked))


def checked(count: int) -> int:
    """A number of threads that can be used; raises InputError."""
    if not 1 <= count <= 1024:
        raise InputError(f"threads {count} cannot be used: give a whole number, 1 to 1024, such as {available()}")
    return count


def available() -> int:
    """The cores that this process may use, at most `MOST`: those of its affinity and of its control group."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(count, *map(_quota, groups()), MOST))


def groups(own: Path = Path("/proc/self/cgroup"), top: Path = Path("/sys/fs/cgroup")) -> list[Path]:
    """The files in which the control group (version 2) of this process, and those around it, say what they give."""
    try:
        inside = next(line[4:] for line in own.read_text().splitlines() if line.startswith("0::/"))
    except (OSError, StopIteration):
        inside = ""
    here = top / inside
    return [each / "cpu.max" for each in (here, *here.parents) if each == top or top in each.parents]


def _said() -> int | None:
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return None
    if not re.fullmatch("[0-9]{1,4}", text) or not 1 <= int(text) <= 1024:
        raise InputError(f"{VARIABLE} {text[:40]!r} cannot be used: give a whole number, 1 to 1024, or leave it out")
    return int(text)


def _quota(path: Path) -> int:
    """The cores, rounded, that a control group (version 2) gives, many where it says nothing."""
    try:
        given, period = path.read_text().split()[:2]
        return max(1, round(int(given) / int(period)))
    except (OSError, ValueError, ZeroDivisionError):
        return 1 << 16
