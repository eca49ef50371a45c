"""Installing: what the archives hold, that every door gives the same bytes, and that the route for the CPU takes no CUDA.

All but the first need a package index, so they are slow, and skip where none answers.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import motionalchemy
from motionalchemy.parts import packages, weights

ROOT = Path(__file__).parents[2]
HORSE = str(ROOT / "examples" / "horse.png")
CHECK = str(ROOT / "tools" / "install" / "check_cpu.py")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """The standard output of a command without this checkout on its path; fails with what it said."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_every_file_of_weights_and_art_stands_in_the_notice():
    notice = (ROOT / "NOTICE").read_text("utf-8")
    said = set(re.findall(r"^((?:weights|server)/\S+)$", notice, re.MULTILINE))
    package = ROOT / "motionalchemy"
    held = [path for path in (package / "weights").rglob("*.safetensors")] + [package / "server" / "page_examples"]
    for path in held:
        name = str(path.relative_to(package))
        assert any(name == each or name.startswith(f"{each}/") for each in said), f"NOTICE does not name {name}"
    assert all((package / each).exists() for each in said)


def test_the_licences_are_those_of_the_expression():
    used = set(PROJECT["project"]["license"].split(" AND "))
    texts = {path.stem for path in (ROOT / "LICENSES").iterdir()} | {"Apache-2.0"}
    assert all(any(text.startswith(licence) for text in texts) for licence in used)
    assert all(any(text.startswith(licence) for licence in used) for text in texts)


def test_one_version_everywhere():
    version = motionalchemy.__version__
    assert packages.version_of("motionalchemy") in (version, None)
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    card = re.match(r"# nano (\S+) ", (weights.NANO / "README.md").read_text("utf-8"))
    assert newest and card and newest[1] == card[1] == version.removesuffix(".0")
    for page in ("install.md", "install.zh-CN.md"):
        assert f"motionalchemy-{version}-py3-none-any.whl" in (ROOT / "docs" / page).read_text("utf-8")


def test_nothing_promises_an_index_that_has_this_package():
    folders = ("docs", "motionalchemy", "deploy", "tools", "benchmarks", "examples")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*")] + [
        p for p in ROOT.iterdir() if p.is_file()
    ]
    for name in (str(path.relative_to(ROOT)) for path in files):
        ours = not name.startswith(("tests/", "findings/"))
        if ours and name.endswith((".md", ".py", ".service", "Dockerfile", ".toml")):
            text = (ROOT / name).read_text("utf-8")
            assert not re.search(r"pip install (?:--?\S+ )*['\"]?motionalchemy(?!-)", text), name


@pytest.mark.slow
def test_the_archives_hold_licences_types_and_tests(archives):
    wheel, source = archives
    names = zipfile.ZipFile(wheel).namelist()
    about = f"motionalchemy-{motionalchemy.__version__}.dist-info"
    texts = ["LICENSE", "NOTICE", *(f"LICENSES/{path.name}" for path in (ROOT / "LICENSES").iterdir())]
    for name in (
        "motionalchemy/py.typed",
        "motionalchemy/__main__.py",
        *(f"{about}/licenses/{text}" for text in texts),
    ):
        assert name in names
    for path in (ROOT / "motionalchemy" / "weights").rglob("*.*"):
        assert str(path.relative_to(ROOT)) in names
    with tarfile.open(source) as tar:
        held = {name.partition("/")[2] for name in tar.getnames()}
    assert {"tests/install/test_install.py", "docs/pictures/nano.png", "constraints.txt", "Makefile", "NOTICE"} <= held


@pytest.mark.slow
def test_the_source_archive_tests_itself(archives, tmp_path):
    with tarfile.open(archives[1]) as tar:
        tar.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    done = run(sys.executable, "-m", "pytest", "-q", "tests/flow", "tests/language", cwd=folder)
    assert "100%" in done


@pytest.mark.slow
@pytest.mark.parametrize("extra", ["", "[server]"])
def test_a_fresh_environment_gives_the_same_bytes(extra, archives, here, index, tmp_path):
    """From the wheel, with the versions of the tests; docs/install.md says what others give."""
    python = fresh(tmp_path)
    run(python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", f"{archives[0]}{extra}")
    run(python, CHECK)
    assert made(python, tmp_path) == here
    assert "py.typed" in run(python, "-m", "pip", "show", "-f", "motionalchemy")


@pytest.mark.slow
def test_the_steps_of_the_container_give_the_same_bytes(here, index, tmp_path):
    steps = (ROOT / "deploy" / "Dockerfile").read_text().partition("RUN ")[2].partition("\n\n")[0].replace("\\\n", "")
    source = tmp_path / "source"
    for line in re.findall(
        r"^COPY (.+)$", (ROOT / "deploy" / "Dockerfile").read_text().partition("\n\n")[0], re.MULTILINE
    ):
        *froms, to = line.split()
        for name in froms:
            target = source / (name if to in ("./", name) else to)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(ROOT / name, target) if (ROOT / name).is_dir() else shutil.copy(ROOT / name, target)
    shell = f"set -e; TORCH=auto; {steps.replace('/opt/motionalchemy', str(tmp_path / 'opt'))}"
    run("bash", "-c", shell, cwd=source)
    assert made(tmp_path / "opt" / "bin" / "python", tmp_path) == here


@pytest.mark.slow
def test_the_route_for_the_cpu_resolves_no_cuda(archives, index):
    found = subprocess.run([sys.executable, str(ROOT / "tools/install/torch_index.py")], capture_output=True, text=True)
    run(sys.executable, CHECK, "pip", "install", "-c", ROOT / "constraints.txt", *found.stdout.split(), archives[0])


def made(python: Path, folder: Path) -> str:
    """The sha256 of a request made in another environment."""
    output = folder / "out.mp4"
    asked = ("animate", HORSE, "the horse walks to the left", "--seconds", "0.5", "--seed", "1", "-o", output)
    run(python, "-m", "motionalchemy", *asked, cwd=folder)
    return hashlib.sha256(output.read_bytes()).hexdigest()


def fresh(folder: Path) -> Path:
    """The Python of a new virtual environment."""
    run(sys.executable, "-m", "venv", folder / "venv")
    return folder / "venv" / "bin" / "python"


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """The wheel and the source archive of this checkout."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, ROOT, cwd=out)
    return next(out.glob("*.whl")), next(out.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    return made(Path(sys.executable), tmp_path_factory.mktemp("here"))


@pytest.fixture(scope="module")
def index():
    asked = [sys.executable, "-m", "pip", "index", "versions", "annotated-doc"]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60)
    if done.returncode:
        pytest.skip("no package index answers")
