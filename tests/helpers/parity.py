"""Running our loop and a pipeline of diffusers side by side: the same seed, steps and inputs, every step kept."""

import numpy as np
import torch
from PIL import Image

from motionalchemy.flow import sampler, tasks
from motionalchemy.flow.guidance import guided

PROMPT, NEGATIVE = "the horse gallops to the right 马", "blurry"


def picture(seed=0, size=64):
    """A smooth picture (size, size, 3) uint8."""
    few = np.random.default_rng(seed).integers(0, 255, (4, 4, 3), np.uint8)
    return np.asarray(Image.fromarray(few).resize((size, size), Image.Resampling.BICUBIC))


def frame(pixels):
    """A picture as a clip of one frame, (1, 3, 1, H, W) in [-1, 1]."""
    return (torch.from_numpy(np.array(pixels)).float().permute(2, 0, 1) / 127.5 - 1)[None, :, None]


def ours(model, row, plan, steps, guidance, fps=24.0, seed=7):
    """The states after every step of our loop, as `make` runs a stage."""
    generator = torch.Generator().manual_seed(seed)
    noise = row.sampling.noise(plan.value.shape, generator)
    velocity = model.velocity(model.words([PROMPT]), plan, fps)
    if guidance != 1:
        velocity = guided(velocity, model.velocity(model.words([NEGATIVE]), plan, fps), guidance)
    times = row.sampling.times(steps, plan.value.shape, plan.top)
    return [s.state for s in sampler.sample(velocity, plan, noise, times, row.sampling.solver)]


def theirs(pipeline, seed=7, **call):
    """The latents after every step of a pipeline, as it packs them, and its frames (T, H, W, 3) in [0, 1]."""
    seen = []

    def keep(_, index, time, given):
        seen.append(given["latents"].clone())
        return {}

    pipeline.set_progress_bar_config(disable=True)
    out = pipeline(
        prompt=PROMPT, negative_prompt=NEGATIVE, generator=torch.Generator().manual_seed(seed), output_type="np",
        callback_on_step_end=keep, **call,
    )  # fmt: skip
    return seen, out.frames[0]


def as_frames(video):
    """Frames (1, 3, T, H, W) in [-1, 1] as a pipeline gives them."""
    return ((video[0] + 1) / 2).clamp(0, 1).permute(1, 2, 3, 0).numpy()


def still(model, pixels):
    """The plan's first latents for a picture."""
    return model.encode(tasks.standing(frame(pixels), model.grid))
