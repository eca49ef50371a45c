"""The README's examples, run as they stand, on the model that ships; both languages show the same ones."""

import re
import shlex
from pathlib import Path

import pytest

from motionalchemy.cli import app
from motionalchemy.media import reader
from motionalchemy.train.recipes import RECIPES

ROOT = Path(__file__).parents[1]
PAGES = {name: (ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md")}


def blocks(page, kind):
    return re.findall(rf"```{kind}\n(.*?)```", PAGES[page], re.DOTALL)


def without_comments(text):
    return [line.split("  #")[0].split(" # ")[0].split("#")[0].rstrip() for line in text.splitlines()]


def commands(name):
    lines = [line for block in blocks("README.md", "sh") for line in without_comments(block)]
    return [shlex.split(line)[1:] for line in lines if line.startswith(f"motionalchemy {name}")]


@pytest.fixture
def here(tmp_path, monkeypatch):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", ["sh", "python"])
def test_both_pages_show_the_same_examples(kind):
    english, chinese = ([without_comments(b) for b in blocks(page, kind)] for page in PAGES)
    assert english == chinese and english


def test_commands_of_the_page(here):
    shown = [words for words in commands("animate") if "runs/nano" not in words]
    assert len(shown) == 3
    for words in shown:
        app.app(words, standalone_mode=False)
    assert len(reader.read_clip(here / "horse.mp4")) == 49
    assert reader.read_clip(here / "horse-zh.gif").height == 256
    assert reader.read_clip(here / "zebra.mp4").height == 192
    before = (here / "horse.mp4").read_bytes()
    (here / "horse.mp4").unlink()
    for words in commands("again"):
        app.app(words, standalone_mode=False)
    assert (here / "horse.mp4").read_bytes() == before


def test_recipes_of_the_page():
    assert {words[1] for words in commands("train")} <= RECIPES.keys() and commands("train")


def test_python_of_the_page(here, capsys):
    for block in blocks("README.md", "python"):
        exec(compile(block, "README.md", "exec"), {})
    assert len(reader.read_clip(here / "horse.mp4")) == 49
    assert "100%" in capsys.readouterr().out


def test_links_lead_somewhere():
    for page, text in PAGES.items():
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
            assert (ROOT / target).exists(), f"{page} links {target}"
