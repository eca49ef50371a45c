"""What movers may ask of a run: the flow, what was seen before, and how surely an action is seen."""

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from motionalchemy.language import camera, headings, script
from motionalchemy.language.script import Beat
from motionalchemy.media.clip import Clip
from motionalchemy.media.sound import Sound
from motionalchemy.pipeline.plans import Conditioning
from motionalchemy.pipeline.progress import Progress, timed
from motionalchemy.pipeline.run import Run, stop_if
from motionalchemy.pipeline.sampling import BATCH, compared_size, flowed, pixels, planned

Item = TypeVar("Item")
DEPTH = "motionalchemy.scene.depth"  # the file with the network of depth, and its function `nearness`


def deep() -> Callable[[np.ndarray], np.ndarray] | None:
    """What says how near a picture's (H, W, 3) uint8 places are, (H, W); None where no network of depth is installed."""
    return import_module(DEPTH).nearness if find_spec(DEPTH) is not None else None


@dataclass(frozen=True, eq=False)
class RunMeans:
    """`motion.movers.Means` of a run, in window `number`, for a clip that is its picture (1, H, W, 3) uint8 moved; looking
    at movements counts `work` of all that there is to do."""

    run: Run
    picture: np.ndarray
    number: int
    work: float

    @property
    def fps(self) -> float:
        """The clip's rate in frames a second."""
        return self.run.job.request.fps

    @property
    def alone(self) -> bool:
        """Whether the clip is one window."""
        return len(self.run.job.spans) == 1

    @property
    def loop(self) -> bool:
        """Whether the clip comes back to its picture at its end."""
        return self.run.job.request.loop

    @property
    def audio(self) -> Sound | None:
        """What whoever talks is heard to say, if it is given."""
        return self.run.job.audio

    @property
    def seed(self) -> int:
        """What chance is drawn from."""
        return self.run.job.request.seed

    def left(self, beat: Beat, words: str) -> Beat:
        """A beat of which only some `words` are left to do, its camera as it is."""
        found = script.beat(beat.begin, beat.end, words, getattr(self.run.model, "action", None))
        return replace(found, camera=beat.camera)

    @property
    def tries(self) -> int:
        """How many movements are looked at, at most."""
        return self.run.job.request.candidates

    @property
    def look(self) -> tuple[int, int]:
        """The (height, width) in pixels at which movements are compared."""
        return compared_size(self.run.job.full)

    @property
    def given(self) -> Conditioning:
        """What a window that begins with the picture and nothing else is given."""
        return Conditioning(self.run.job.spans[0].end, self.picture)

    def flow(self, words: str, choose: bool) -> Generator[Progress, None, Tensor]:
        """How the flow moves the picture, (2, T, h, w) in shares of its width, in a window that begins with it."""
        span, job = replace(self.run.job.spans[0], prompt=words), self.run.job
        few = self.run.few(BATCH if choose else 1)
        latents, _ = yield from flowed(few, span, self.given, self.number, [0.0] * len(job.stages))
        return self.run.model.movement(latents)[0].cpu()  # type: ignore[attr-defined]

    def retrieved(self, beat: Beat, opacity: Tensor) -> Iterator[tuple[Tensor, bool]] | None:
        """Movements (2, T, h, w) that the model remembers of such a beat, the likeliest first, and whether they end."""
        ask, asked = getattr(self.run.model, "retrieve", None), self.run.job.request
        if ask is None:
            return None
        return ask(beat.unpaced, opacity, self.guess(beat.unpaced), asked.fps, asked.seed)

    @torch.no_grad()
    def guess(self, prompt: str) -> Tensor:
        """How a clip before a camera that stands moves by the model's first guess, the mean of all that it may be, (2, T-1,
        h, w) in shares of its width."""
        run = self.run
        plan = planned(run.job, run.model, self.given, run.job.sizes[0])
        state, now = plan.start(torch.zeros_like(plan.value)), plan.clock(1.0)
        stays = camera.camera_moves(prompt) or headings.heading(prompt)
        words = run.read(headings.in_place(prompt) if stays else prompt)
        clean = state - now * run.model.velocity(words, plan, self.fps)(state, now)
        return run.model.movement(clean)[0, :, : run.job.frames - 1]  # type: ignore[attr-defined]

    def nearness(self) -> np.ndarray | None:
        """How near what the picture shows is, (H, W), by the network of depth; None where none is installed."""
        found = deep()
        return None if found is None else found(self.picture[0])

    def note(self, text: str) -> None:
        """Say something of what is done to whoever asked for it."""
        if text not in self.run.said:
            self.run.said.append(text)

    def seen(self, frames: np.ndarray, fps: float, action: Any) -> float:
        """How surely an action is seen in frames (T, H, W, 3) uint8 at a rate, in [0, 1]."""
        return self.run.rank([(pixels(frames, self.run.model, self.look)[0], fps)], action)[1]

    def looked(self, number: int, count: int, preview: Callable[[], Clip]) -> Progress:
        """Where the run stands when `number` of at most `count` movements have been looked at."""
        done, left = self.run.meter.advance(self.work / count)
        job = self.run.job
        return Progress(1, len(job.stages), number, count, done, left, preview, None, self.number + 1, len(job.spans))

    def check(self) -> None:
        """Raise Cancelled if the run is to stop."""
        stop_if(self.run.cancel)

    def phase(self, name: str) -> AbstractContextManager[None]:
        """Count the time of a block under a name."""
        return self.run.watch.phase(name)

    def timed(self, items: Iterator[Item], name: str) -> Iterator[Item]:
        """The same items; the time spent on making them counts under a name."""
        return timed(items, self.run.watch, name)
