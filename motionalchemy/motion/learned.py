"""Learned motions: LoRA files over nano's flow that say what they are, where they lie, and clips that show a motion.

A motion is one safetensors file in the layout that LoRAs of diffusers have, its facts in the header under `motion`. The
user's own are in `folder()`; any other is named by its path.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from safetensors import SafetensorError, safe_open

from motionalchemy.errors import InputError, UnknownName
from motionalchemy.media import files as media_files
from motionalchemy.media import reader, resize
from motionalchemy.media.clip import Clip
from motionalchemy.models import lora, registry
from motionalchemy.models.base import Backbone
from motionalchemy.motion.names import MOTION, is_clip, parse_motion
from motionalchemy.scene import segmentation

ENDING = ".safetensors"
HOME = "MOTIONALCHEMY_MOTIONS"  # the environment variable that names another folder


@dataclass(frozen=True)
class LearnedMotion:
    """What a file of a learned motion says of itself: `base` is the sum of the weights it was learned on, `clips` the
    SHA-256 of what it was learned from; the licence is the user's to write."""

    name: str
    prompt: str
    model: str
    base: str
    rank: int
    steps: int
    clips: tuple[str, ...]
    date: str
    seed: int = 0
    licence: str = ""
    path: Path = field(default=Path(), compare=False)

    @property
    def bytes(self) -> int:
        """The size of the file."""
        return self.path.stat().st_size

    def header(self) -> dict[str, str]:
        """What stands in the file's header, `lora_adapter_metadata` for readers of any LoRA."""
        facts = {name: value for name, value in asdict(self).items() if name != "path"}
        scale = {"r": self.rank, "lora_alpha": self.rank}
        return {"motion": json.dumps(facts, ensure_ascii=False), "lora_adapter_metadata": json.dumps(scale)}


@dataclass(frozen=True, eq=False)
class MotionClip:
    """A clip that shows a motion: frames (T, H, W, 3) uint8, and which of them stands at each frame of the result."""

    frames: np.ndarray
    ticks: np.ndarray

    def __len__(self) -> int:
        return len(self.ticks)

    def read(self, begin: int, end: int) -> np.ndarray:
        """Frames begin..end-1 at the result's rate; beyond the end the last one stands."""
        return self.frames[self.ticks[np.minimum(np.arange(begin, end), len(self) - 1)]]


def motion_clip(
    named: Sequence[str], clip: Clip | None, fps: float, size: tuple[int, int], inputs: dict[str, str]
) -> MotionClip | None:
    """The clip that shows a motion, handed over or among those `named`, at a rate and a (height, width); the sums of all
    files are noted in `inputs`. Raises InputError for more than one clip or one that is a picture."""
    if clip is not None:
        inputs["motion 0"] = hashlib.sha256(clip.frames.tobytes()).hexdigest()
    for number, (name, _) in enumerate(map(parse_motion, named), start=1):
        path = Path(name) if is_clip(name) else find(name).path
        inputs[f"motion {number}"] = media_files.sha256(path) if path.is_file() else ""
        if is_clip(name):
            if clip is not None:
                raise InputError("motion takes one clip: learn a motion from several with learn")
            clip = reader.read_clip(path, longest=2 * max(size))
    if clip is None:
        return None
    if len(clip) < 2:
        raise InputError("motion is a clip of one frame, in which nothing moves: give a longer one")
    return at_rate(clip, fps, *size)


def posed(shown: MotionClip, picture: np.ndarray) -> MotionClip:
    """The clip with its subject brought to where that of a picture (H, W, 3) stands, as large and on the same ground.

    Both are found by saliency.
    """
    from motionalchemy.parts import networks

    here, there = (
        segmentation.box(networks.foreground(np.ascontiguousarray(frame))) for frame in (shown.frames[0], picture)
    )
    scale = float(np.clip(np.sqrt(np.prod(there[1] - there[0]) / np.prod(here[1] - here[0])), 0.25, 4))
    foot = [np.array([(low[0] + high[0]) / 2, high[1]]) for low, high in (here, there)]
    matrix = np.column_stack((scale * np.eye(2), foot[1] - scale * foot[0])).astype(np.float32)
    size = picture.shape[1::-1]
    moved = [cv2.warpAffine(frame, matrix, size, borderMode=cv2.BORDER_REPLICATE) for frame in shown.frames]
    return replace(shown, frames=np.stack(moved))


def folder() -> Path:
    """Where the user's own motions lie."""
    data = Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share") / "motionalchemy" / "motions"
    return Path(os.environ.get(HOME) or data).expanduser()


def listed(where: Path | None = None) -> Iterator[LearnedMotion]:
    """The motions of a folder, the user's own unless given, by name; files that are none are passed over."""
    for path in sorted((where or folder()).glob(f"*{ENDING}")):
        try:
            yield read(path)
        except InputError:
            continue


def find(name: str) -> LearnedMotion:
    """A motion by its name or by the path of its file; raises UnknownName, InputError."""
    if not MOTION.fullmatch(name):
        return read(Path(name))
    path = folder() / (name + ENDING)
    if path.is_file():
        return read(path)
    known = [motion.name for motion in listed()]
    if not known:
        raise InputError(
            f"there is no motion {name!r}: learn it first, as in motionalchemy learn CLIPS... --name {name}"
        )
    raise UnknownName("motion", name, known)


def read(path: Path) -> LearnedMotion:
    """The facts of a motion's file, read without its weights; raises InputError."""
    lora.check_file(path)
    try:
        with safe_open(path, "pt") as file:
            facts = json.loads((file.metadata() or {})["motion"])
        motion = LearnedMotion(**facts | {"clips": tuple(map(str, facts["clips"]))}, path=path)
        words = (motion.name, motion.prompt, motion.model, motion.base, motion.date, motion.licence)
        if not all(isinstance(word, str) and word.isprintable() for word in words) or not isinstance(motion.steps, int):
            raise ValueError("facts of a strange kind")
        return motion
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{str(path)!r} is not a learned motion: give a file that `motionalchemy learn` wrote"
        ) from error


def base_of(model: str, backbone: Backbone | None = None) -> str:
    """The sum of a nano's weights, loaded or from its cards alone; raises InputError for any other model."""
    from motionalchemy.models import nano

    if backbone is not None:
        if not hasattr(backbone, "with_motions"):
            raise InputError(f"motions are learned on nano and cannot be used with {backbone.name}: use nano")
        return backbone.sha256
    row = registry.card(model)
    if row.loader != registry.MODELS["nano"].loader:
        remedy = "give its own LoRA with lora" if row.repo is not None else "use nano"
        raise InputError(f"motions are learned on nano and cannot be used with {row.name}: {remedy}")
    place = registry.where(model)
    return nano.sum_of(place if isinstance(place, Path) else None)


def check(motion: LearnedMotion, base: str, model: str) -> None:
    """Raise InputError unless the motion was learned on these weights, however they are stored."""
    from motionalchemy.models import nano

    if motion.base not in nano.fitting(base):
        raise InputError(
            f"the motion {motion.name!r} was learned on {motion.model} with the weights {motion.base[:12]}, and those of "
            f"{model} are {base[:12]}: learn it again"
        )


def learned(texts: Iterable[str], model: str, backbone: Backbone | None = None) -> list[tuple[Path, float]]:
    """The files that a request's motions name, each with its weight, checked without weights; raises InputError.

    Clips among them are passed over. `backbone` is the model, if one is loaded already.
    """
    found = []
    for name, weight in map(parse_motion, texts):
        if is_clip(name):
            continue
        base, motion = base_of(model, backbone), find(name)
        check(motion, base, model)
        found.append((motion.path, 1.0 if weight is None else weight))
    return found


def at_rate(clip: Clip, fps: float, height: int, width: int) -> MotionClip:
    """A clip cut to the shape of latents in pixels, and read at another rate."""
    frames = np.stack([resize.fit(frame, height, width) for frame in clip.frames])
    ticks = np.arange(max(1, round(clip.seconds * fps))) * (clip.fps / fps)
    return MotionClip(frames, np.minimum(ticks.round().astype(np.int64), len(frames) - 1))


def with_motions(model: Backbone, files: Sequence[tuple[Path, float]]) -> Backbone:
    """The model with motions laid over it, or itself when there are none; the one that was given stays as it is."""
    teach: Any = getattr(model, "with_motions", None)
    return teach(files) if files else model
