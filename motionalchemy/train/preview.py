"""What the model makes right now, as a contact sheet: fixed first frames that were never trained on, fixed sentences."""

import random
from pathlib import Path

import torch
from PIL import Image

from motionalchemy.data.corpus import Corpus
from motionalchemy.data.draw import world
from motionalchemy.data.world import describe, render
from motionalchemy.flow import tasks
from motionalchemy.flow.guidance import guided
from motionalchemy.flow.sampler import finish, sample
from motionalchemy.media import writer
from motionalchemy.media.clip import Clip
from motionalchemy.models import nano, schedules


def write(model: Path, corpus: Path, step: int, count: int = 4, steps: int = 2, guidance: float = 2.5) -> Path:
    """Write `model`/samples/STEP.png: for each of `count` test clips the truth and, below it, what is made of it."""
    backbone = nano.load(torch.device("cpu"), model)
    held, rows = Corpus(corpus, "test"), []
    for number in range(count):
        rng = random.Random(f"preview/{number}")
        shown = world(held, rng, (128, 128), only="actors")
        caption, truth = describe(shown, rng, "en"), render(shown, (128, 128)).transpose(0, 1)
        still = backbone.encode(tasks.standing(truth[:, :1], backbone.grid)[None])
        plan = tasks.animate(still, backbone.grid.latent_frames(truth.shape[1]))
        velocity = guided(
            backbone.velocity(backbone.words([caption]), plan, 24.0),
            backbone.velocity(backbone.words([""]), plan, 24.0),
            guidance,
            sure=getattr(backbone, "sure", None),
        )
        noise = torch.randn(plan.value.shape, generator=torch.Generator().manual_seed(0))
        made = finish(sample(velocity, plan, noise, schedules.decided(steps)), plan.value)
        rows += [truth[None], backbone.decode(made)]
    sheet = writer.contact_sheet([Clip.of(row[0]) for row in rows])
    path = model / "samples" / f"{step:06d}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(sheet).save(path)
    return path
