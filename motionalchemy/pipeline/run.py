"""One run of a job: the model that does it, what it has read and found so far, and what every part of it needs."""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from motionalchemy.errors import Cancelled
from motionalchemy.language import camera_keys
from motionalchemy.language.script import Script, read
from motionalchemy.media.clip import Clip
from motionalchemy.models.base import Backbone
from motionalchemy.motion.movers import BeatMotion
from motionalchemy.motion.subject import SubjectTrack
from motionalchemy.pipeline.drafts import Drawn
from motionalchemy.pipeline.edits import EditState
from motionalchemy.pipeline.job import Job
from motionalchemy.pipeline.progress import Meter, Progress, Watch
from motionalchemy.render.draft import Depths

FEW = 8  # frames that are copied or painted before a run says where it stands


@dataclass(frozen=True, eq=False)
class Run:
    """A job, the loaded model that does it, what it has read of the words, and what is known from window to window."""

    job: Job
    model: Backbone
    watch: Watch
    meter: Meter
    cancel: Callable[[], bool] | None
    words: dict[str, Any] = field(default_factory=dict)
    edits: EditState = field(default_factory=EditState)
    subject: SubjectTrack = field(default_factory=SubjectTrack)
    beats: dict[int, BeatMotion] = field(default_factory=dict)  # what happens, by the frame from which on it does
    draft: Drawn | None = None  # what the model paints over
    depths: dict[str, Depths] = field(default_factory=dict)  # the picture's layers by depth, once they are laid out
    said: list[str] = field(default_factory=list)  # what was found out meanwhile that whoever asked should know

    @torch.no_grad()
    def read(self, prompt: str) -> Any:
        """A prompt as the model reads it, once."""
        if prompt not in self.words:
            with self.watch.phase("text"):
                self.words[prompt] = self.model.words([prompt])
        return self.words[prompt]

    @cached_property
    def script(self) -> Script:
        """The sentences of the clip, its actions as the model reads them."""
        sentences = ((span.fresh, span.stop, span.prompt or "") for span in self.job.spans)
        written = self.job.request.camera
        keys = () if written is None else camera_keys.parse(written)
        return read(sentences, getattr(self.model, "action", None), keys)

    def action(self, prompt: str) -> Any:
        """The action that a prompt asks for, where one of several clips is to be kept and the model can tell; else None."""
        read = getattr(self.model, "action", None)
        return None if read is None or self.job.request.candidates == 1 else read(prompt)

    def few(self, count: int) -> "Run":
        """The same run, of which at most `count` clips are made to keep one."""
        asked = self.job.request
        less = asked.model_copy(update={"candidates": min(count, asked.candidates)})
        return replace(self, job=replace(self.job, request=less))

    def rank(self, clips: Iterable[tuple[Tensor, float]], action: Any) -> tuple[int, float]:
        """Which of several clips, (3, T, H, W) in [-1, 1] and their frames a second, shows an action best, and how
        surely, in [0, 1]."""
        return self.model.rank(clips, action)  # type: ignore[attr-defined]


def in_batches(
    run: Run, span: tuple[int, int], take: Callable[[int, int], np.ndarray], number: int, shares: list[float]
) -> Generator[Progress, None, np.ndarray]:
    """The frames of a span that the flow does not make, a few at a time; it ends as soon as `take` gives none."""
    made, job, total = list[np.ndarray](), run.job, -(-(span[1] - span[0]) // FEW)
    for at, begin in enumerate(range(*span, FEW), start=1):
        stop_if(run.cancel)
        with run.watch.phase("frames"):
            made.append(take(begin, min(begin + FEW, span[1])))
        if not len(made[-1]):
            break
        done, left = run.meter.advance(sum(shares) / total)
        preview = partial(Clip, made[-1], job.request.fps)
        yield Progress(1, len(job.stages), at, total, done, left, preview, None, number + 1, len(job.spans))
    return np.concatenate(made)


def stop_if(cancel: Callable[[], bool] | None) -> None:
    """Raise Cancelled if `cancel` says so."""
    if cancel is not None and cancel():
        raise Cancelled("stopped as asked; nothing was written")
