"""A served public model: what it costs and which LoRA lie over it, for all requests and for each."""

import io
import time

import numpy as np
import openai
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

pytest.importorskip("diffusers", reason="public models need the extra gpu")

import tiny_models
from server_process import Server

from motionalchemy.errors import InputError
from motionalchemy.server.settings import Settings

ASKED = {"steps": 2, "fps": 12, "guidance": 1, "size": 64}


def png():
    data = io.BytesIO()
    Image.fromarray(np.full((64, 64, 3), 120, np.uint8)).save(data, "PNG")
    return ("a.png", data.getvalue(), "image/png")


def made(server, **own):
    video = server.client.videos.create(
        prompt="it goes", seconds="0.7", input_reference=png(), extra_body={"motionalchemy": ASKED | own}
    )
    until = time.monotonic() + 240
    while (video := server.client.videos.retrieve(video.id)).status not in ("completed", "failed"):
        assert time.monotonic() < until
        time.sleep(0.2)
    assert video.status == "completed", video.error
    return server.client.videos.download_content(video.id).read(), video


def test_a_request_names_a_lora_and_a_draft(tmp_path):
    folder, laid = tiny_models.wan(tmp_path / "m"), tmp_path / "lora"
    laid.mkdir()
    save_file({"diffusion_model.head.head.diff_b": torch.full((16,), 2.0)}, laid / "bright.safetensors")
    server = Server(tmp_path / "data", "--model", str(folder), "--lora-folder", str(laid))
    try:
        plain, _ = made(server)
        lit, video = made(server, lora=["bright:0.5"])
        again, _ = made(server)
        drawn, _ = made(server, draft="nano")
        assert plain == again and lit != plain and drawn != plain
        assert video.motionalchemy["settings"]["lora"] == ["bright.safetensors:0.5"]
        assert str(tmp_path) not in video.model_dump_json()
        for own in ({"lora": ["../../etc/passwd"]}, {"lora": ["none"]}, {"draft": "/etc/passwd"}, {"memory": 7}):
            with pytest.raises(openai.BadRequestError):
                made(server, **own)
    finally:
        server.stop()


def test_names_of_lora_are_found_in_the_folder_alone(tmp_path):
    (tmp_path / "a.safetensors").touch()
    settings = Settings(lora=("/x/base.safetensors:0.3",), lora_folder=tmp_path, fast=1)
    assert settings.effort({}) == {"fast": 1, "lora": ["/x/base.safetensors:0.3"]}
    found = settings.effort({"lora": ["a:-0.5"], "fast": 0, "memory": 24})
    assert found == {"fast": 0, "memory": 24, "lora": ["/x/base.safetensors:0.3", f"{tmp_path}/a.safetensors:-0.5"]}
    for name in ("../a", "b", "a/../a", 3, ""):
        with pytest.raises(InputError, match=r"is not here: use one of a"):
            settings.effort({"lora": [name]})
    with pytest.raises(InputError, match="this server has none"):
        Settings().effort({"lora": ["a"]})
