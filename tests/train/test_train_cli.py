"""`motionalchemy train` as a person runs it: encoded, trained, by one process or two, killed, taken up again, then used."""

import json
import os
import shutil
import signal

import numpy as np
import pytest
import tiny_corpus
import torch
from commands import call, spawn
from PIL import Image
from server_process import until
from test_distributed import launched

from motionalchemy.errors import InputError
from motionalchemy.media import reader
from motionalchemy.models import nano
from motionalchemy.train import latents, recipes

CLIPS = 8  # one of each kind of part
PARTS = CLIPS * (1 + len(latents.AGAIN))


def steps_of(run):
    log = run / "training" / "flow" / "log.jsonl"
    return [json.loads(line)["step"] for line in log.read_text().splitlines()] if log.is_file() else []


def made_at(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def train(corpus, run, steps):
    return spawn(
        "train", "nano-cpu", "--corpus", str(corpus), "--out", str(run), "--clips", str(CLIPS), "--steps", steps
    )


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return tiny_corpus.make(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def trained(corpus, tmp_path_factory):
    """The folder of a flow that was trained for two steps."""
    run = tmp_path_factory.mktemp("trained") / "run"
    process = train(corpus, run, "2")
    out, err = process.communicate(timeout=900)
    assert process.returncode == 0, err
    assert f"encoding {CLIPS}/{CLIPS}" in out and steps_of(run) == [1, 2] and len(made_at(run / "latents")) == PARTS
    return run


def test_a_flow_is_trained_taken_up_again_and_used(corpus, trained, tmp_path, capsys):
    run, encoded = shutil.copytree(trained, tmp_path / "run"), made_at(trained / "latents")
    assert [path.name for path in (run / "samples").iterdir()] == ["000002.png"]
    model, moves = nano.load(torch.device("cpu"), run), recipes.nano_cpu().moves
    assert model.flow.made.tolist() == [1.0] * moves + [0.0] * (model.codec.config.grid.channels - moves)

    again = recipes.run("nano-cpu", corpus, run, steps=4, clips=CLIPS)
    assert next(report.step for report in again if report.phase == "training") == 3
    again.close()
    assert made_at(run / "latents") == encoded

    picture = np.full((64, 96, 3), (90, 140, 60), np.uint8)
    Image.fromarray(picture).save(tmp_path / "a.png")
    quick = ["--model", str(run), "--seconds", "0.4", "--size", "128", "--steps", "1", "-o", str(tmp_path / "a.mp4")]
    assert call("animate", str(tmp_path / "a.png"), "the horse gallops", *quick) == 0, capsys.readouterr().err
    made = reader.read_clip(tmp_path / "a.mp4")
    assert len(made) > 1 and abs(made.frames[0].astype(int) - picture[0, 0]).mean() < 4


def test_a_recipe_runs_on_two_processes(corpus, trained, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(trained / "latents", run / "latents")
    (run / "latents" / "0007.safetensors").unlink()  # one part is left to encode
    command = ["-m", "motionalchemy.cli", "train", "nano-cpu", "--corpus", str(corpus), "--out", str(run)]
    out = launched(*command, "--clips", str(CLIPS), "--steps", "2")
    assert out.count(f"encoding {CLIPS}/{CLIPS}") == 1 and len(made_at(run / "latents")) == PARTS
    log = [json.loads(line) for line in (run / "training" / "flow" / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == [1, 2] and all(0 < line["mfu"] < 1 for line in log)
    assert (run / "flow" / "config.json").is_file() and [p.name for p in (run / "samples").iterdir()] == ["000002.png"]


@pytest.mark.slow
def test_a_training_that_is_killed_is_taken_up_again(corpus, tmp_path):
    run = tmp_path / "run"
    first = train(corpus, run, "1000")
    until(lambda: first.poll() is not None or steps_of(run), 900)
    first.send_signal(signal.SIGKILL)
    _, err = first.communicate()
    assert first.returncode == -signal.SIGKILL, err
    parts, lost = made_at(run / "latents"), len(steps_of(run))
    assert len(parts) == PARTS and lost >= 1 and not (run / "flow").exists()
    second = train(corpus, run, "2")
    _, err = second.communicate(timeout=900)
    assert second.returncode == 0, err
    assert steps_of(run)[lost:] == [1, 2] and made_at(run / "latents") == parts


def test_what_cannot_be_trained_is_one_sentence(tmp_path, capsys):
    (tmp_path / "index.jsonl").touch()
    corpus = ["--corpus", str(tmp_path), "--out", str(tmp_path / "run")]
    for words, why in (
        (["nano-cpu", "--corpus", str(tmp_path / "absent")], "no corpus at"),
        (["nano-tpu", *corpus], "unknown recipe"),
        (["codec-cpu", *corpus, "--clips", "8"], "encodes none"),
    ):
        assert call("train", *words) == 2
        err = capsys.readouterr().err
        assert why in err and err.count("\n") == 1 and os.listdir(tmp_path) == ["index.jsonl"]
    with pytest.raises(InputError, match="clips 8"):
        next(recipes.run("codec-cpu", tmp_path, tmp_path / "run", clips=8))
