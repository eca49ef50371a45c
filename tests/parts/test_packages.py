"""What the package stands on: absent, too old and broken packages are each one sentence, in a real process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hidden import hide

from motionalchemy.errors import MissingPart
from motionalchemy.parts import packages

ROOT = Path(__file__).parents[2]
HORSE = str(ROOT / "examples" / "horse.png")


def run(folder: Path, *arguments: str, before: Path | None = None) -> subprocess.CompletedProcess:
    path = os.pathsep.join(map(str, (*([before] if before else []), ROOT)))
    environment = os.environ | {"PYTHONPATH": path}
    command = [sys.executable, "-m", "motionalchemy", *arguments]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120)


def refused(done: subprocess.CompletedProcess, folder: Path, *kept: str) -> str:
    """The one sentence of a refusal, after which nothing else lies in the folder."""
    assert done.returncode == 2 and not done.stdout, done.stderr
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("motionalchemy: "), done.stderr
    assert {path.name for path in folder.iterdir()} == set(kept)
    return done.stderr


def pretend(folder: Path, package: str, version: str) -> Path:
    """A folder for PYTHONPATH in which a package says that it is of another version."""
    about = folder / f"{package.replace('-', '_')}-{version}.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    return folder


@pytest.mark.parametrize(("package", "version"), [("torch", "1.13.1+cpu"), ("av", "9.2.0"), ("pydantic", "1.10.2")])
def test_a_package_that_is_too_old_is_named_with_both_versions(package, version, tmp_path):
    old = pretend(tmp_path / "old", package, version)
    said = refused(run(tmp_path, "animate", HORSE, "the horse walks", "-o", "a.mp4", before=old), tmp_path, "old")
    needed = next(str(each.specifier) for each in packages.requirements() if each.name == package)
    assert f"{package} {version} is installed, {package}{needed} is needed: run pip install '{package}{needed}'" in said


def test_a_package_of_the_base_install_that_is_absent_is_named(tmp_path):
    hidden = hide("safetensors", folder=tmp_path / "hidden")
    said = refused(run(tmp_path, "animate", HORSE, "the horse walks", before=hidden), tmp_path, "hidden")
    assert "safetensors is not installed, safetensors>=" in said and said.rstrip().endswith("'")


@pytest.mark.parametrize(
    ("module", "package"), [("cv2", "opencv-python-headless"), ("av", "av"), ("safetensors", "safetensors")]
)
def test_a_package_that_is_there_and_cannot_be_imported_is_named_with_the_reason(module, package, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / f"{module}.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    said = refused(run(tmp_path, "animate", HORSE, "the horse walks", "-o", "a.mp4", before=broken), tmp_path, "broken")
    assert f"{package} {packages.version_of(package)} is installed but cannot be imported (libGL.so.1: cannot " in said
    assert f"pip install --force-reinstall '{package}>=" in said


def test_from_python_a_broken_package_is_the_same_sentence(tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "av.py").write_text("raise ImportError('libavcodec.so.62: no such file')")
    code = "import motionalchemy as ma\ntry: ma.animate\nexcept Exception as error: print(type(error).__name__, error)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(broken), str(ROOT)))}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert done.stdout.startswith("MissingPart av "), done.stdout + done.stderr


def test_help_and_version_are_answered_whatever_is_installed(tmp_path):
    old = pretend(tmp_path / "old", "torch", "1.13.1")
    for arguments in (["--help"], ["animate", "--help"], ["--version"]):
        done = run(tmp_path, *arguments, before=old)
        assert done.returncode == 0 and done.stdout and not done.stderr, done.stderr


def test_what_brings_an_extra_needs_no_index_that_has_this_package():
    said = packages.command("gpu")
    assert said.startswith("pip install 'diffusers>=") and "motionalchemy" not in said
    assert str(packages.lacking("gpu", ModuleNotFoundError(name="transformers.models"))).startswith(
        "transformers is not installed: run pip install 'diffusers>="
    )


@pytest.mark.parametrize("module", ["typer", "packaging", "typing_extensions", "pydantic_core", "shellingham"])
def test_what_the_command_line_itself_stands_on_is_named_too(module, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / f"{module}.py").write_text("raise ImportError('half of it is gone')")
    said = refused(run(tmp_path, "animate", HORSE, "the horse walks", before=broken), tmp_path, "broken")
    assert (
        module.replace("_", "-") in said.replace("_", "-") and "(half of it is gone): run pip install --force-" in said
    )


def test_an_import_of_our_own_that_fails_is_a_fault_of_ours():
    assert packages.explained(ModuleNotFoundError("no", name="motionalchemy.nothing")) is None


def test_other_builds_of_opencv_count(monkeypatch):
    from importlib import metadata

    known = metadata.version

    def version(name):
        if name == "opencv-python-headless":
            raise metadata.PackageNotFoundError(name)
        return "5.1.0" if name == "opencv-contrib-python" else known(name)

    monkeypatch.setattr(metadata, "version", version)
    packages.check.__wrapped__()
    assert packages.version_of("opencv-python-headless") == "5.1.0"


def test_an_extra_that_is_too_old_is_refused(monkeypatch):
    monkeypatch.setattr(packages, "version_of", lambda name: "0.1")
    with pytest.raises(MissingPart, match=r"^diffusers 0\.1 is installed, diffusers>="):
        packages.check.__wrapped__("gpu")
