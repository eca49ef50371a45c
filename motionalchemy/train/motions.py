"""Few-shot motion: what a few clips have in common in how they move, as a LoRA (2106.09685) over nano's flow.

How they look is kept out by construction: nano's later latents say where the parts of frame 0 go, the loss is on those
channels alone, and frame 0 is known. Each clip is seen many times over: mirrored, moved, larger and smaller, turned
quicker or slower, and before other backgrounds where its subject can be found.
"""

import hashlib
import json
import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from motionalchemy.data import backgrounds, compose
from motionalchemy.errors import InputError
from motionalchemy.flow import tasks
from motionalchemy.media import files, footage, reader
from motionalchemy.media.clip import Clip
from motionalchemy.models import registry
from motionalchemy.models.base import Backbone
from motionalchemy.motion import learned
from motionalchemy.motion.learned import ENDING, LearnedMotion
from motionalchemy.motion.names import MOTION
from motionalchemy.nets import pack, text
from motionalchemy.nets.text import Tokens
from motionalchemy.pipeline.request import parse
from motionalchemy.scene import segmentation
from motionalchemy.train import flow, recipes
from motionalchemy.train.flow_data import FlowBatch
from motionalchemy.train.loop import Schedule, averaged, train

MOST = 16  # clips
FPS, FRAMES = 24.0, 49  # of what is learned from, at most
SHAPES = ((128, 128), (96, 160), (160, 96))  # in pixels
SUBJECT = 0.02, 0.6  # share of the picture that a subject occupies; what is found outside this is none
TARGETS = ("blocks.", "leave.")  # of the flow: where a LoRA goes
STATE, SEEN = "state.json", "seen.safetensors"


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what is learned; `views` is how many views of all clips together are encoded, `silent`
    the share of clips that are shown without words."""

    steps: int = 240
    count: int = 16
    rank: int = 8
    rate: float = 2e-3
    views: int = 96
    silent: float = 0.3
    shift: float = 10.0
    seed: int = 0


@dataclass(frozen=True)
class Progress:
    """Where learning stands: `done` of `total` in a phase, the loss, and at last the `motion`."""

    phase: str
    done: int
    total: int
    loss: float | None = None
    seconds_left: float | None = None
    motion: LearnedMotion | None = None


@dataclass(frozen=True, eq=False)
class Views:
    """Views of one shape and length: latents (N, C, T, h, w), what is seen in their pictures, which are mirrored (N,)."""

    latents: Tensor
    look: Tensor
    mirrored: Tensor


class Lora(nn.Module):
    """What is added to the matrices of a frozen network: up @ down for each, nothing at the beginning."""

    def __init__(self, network: nn.Module, rank: int, seed: int = 0):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        layers = {n: m for n, m in network.named_modules() if isinstance(m, nn.Linear) and n.startswith(TARGETS)}
        draw = lambda layer: torch.randn(rank, layer.in_features, generator=generator) / layer.in_features**0.5  # noqa: E731
        self.down = nn.ParameterDict({n.replace(".", "/"): nn.Parameter(draw(layer)) for n, layer in layers.items()})
        zeros = {n.replace(".", "/"): torch.zeros(layer.out_features, rank) for n, layer in layers.items()}
        self.up = nn.ParameterDict({n: nn.Parameter(zero) for n, zero in zeros.items()})

    @contextmanager
    def over(self, network: nn.Module) -> Iterator[None]:
        """The network with this added to what its layers say, inside the block."""
        hooks = []
        for name in self.down:
            hook = self._adding(self.down[name], self.up[name])
            hooks.append(network.get_submodule(name.replace("/", ".")).register_forward_hook(hook))
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    @staticmethod
    def _adding(down: Tensor, up: Tensor) -> Callable[..., Tensor]:
        return lambda layer, given, said: said + F.linear(F.linear(given[0], down), up)


def tensors(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A Lora's state under the names that diffusers gives LoRAs, in half precision."""
    names = {"down": "lora_A", "up": "lora_B"}
    parts = {key: key.partition(".") for key in state}
    return {
        f"transformer.{name.replace('/', '.')}.{names[half]}.weight": state[key].detach().half().cpu().contiguous()
        for key, (half, _, name) in parts.items()
    }


def learn(clips: Sequence[str | Path | Clip], name: str, prompt: str | None = None, **options: Any) -> LearnedMotion:
    """The motion that clips share, learned and kept under a name; options and errors as for `steps`."""
    for at in steps(clips, name, prompt, **options):
        if at.motion is not None:
            return at.motion
    raise AssertionError("learning ended without a motion")


def steps(
    clips: Sequence[str | Path | Clip],
    name: str,
    prompt: str | None = None,
    *,
    steps: int | None = None,
    out: str | Path | None = None,
    model: str = "nano",
    device: str = "auto",
    seed: int = 0,
    recipe: Recipe | None = None,
    backbone: Backbone | None = None,
) -> Iterator[Progress]:
    """Yield every step of learning a motion from 1 to 16 clips into NAME.safetensors, in `out` or the user's folder.

    However it ends, nothing else is left, unless the process is killed: then the same call goes on from there. A loaded
    `backbone` is used instead of loading `model`, and stays as it is. Raises InputError before anything is loaded.
    """
    recipe = replace(recipe or Recipe(seed=seed), **({} if steps is None else {"steps": steps}))
    sources, prompt = _checked(clips, name, prompt, recipe)
    base = learned.base_of(model, backbone)
    folder = Path(out) if out is not None else learned.folder()
    motion = LearnedMotion(
        name, prompt, Path(model).name, base, recipe.rank, recipe.steps, tuple(_sum(clip) for clip in clips),
        date.today().isoformat(), recipe.seed, path=folder / (name + ENDING),
    )  # fmt: skip
    with _resumable(motion, recipe) as place:
        core: Any = backbone or registry.load(model, device)
        yield Progress("looking", 0, recipe.views)
        yield from _looked(sources, core, recipe, place)
        tokens = core.text.encode([prompt, text.mirrored(prompt), ""], limit=core.flow.config.words)
        average: dict[str, Tensor] = {}
        yield from _trained(core, _read(place), tokens, recipe, place, average)
        with files.replacing(motion.path) as part:
            pack.save_tensors(tensors(average), part, motion.header())
    yield Progress("done", recipe.steps, recipe.steps, None, 0.0, motion)


def _checked(
    clips: Sequence[str | Path | Clip], name: str, prompt: str | None, recipe: Recipe
) -> tuple[list[footage.Footage], str]:
    """The clips as footage and the words for them; raises InputError."""
    if not MOTION.fullmatch(name):
        raise InputError(f"name {name!r} cannot be used: give 1 to 64 letters, digits, - and _, such as moonwalk")
    if not 1 <= len(clips) <= MOST:
        raise InputError(f"a motion is learned from 1 to {MOST} clips, not {len(clips)}: give more or fewer")
    if not 1 <= recipe.steps <= 100_000:
        raise InputError(f"steps {recipe.steps} cannot be used: give 1 to 100000, such as {Recipe.steps}")
    words = parse({"task": "imagine", "prompt": f"a person {name}" if prompt is None else prompt}).prompt
    sources = []
    for number, clip in enumerate(clips, start=1):
        source = footage.of(clip) if isinstance(clip, Clip) else footage.read(Path(clip))
        label = f"clip {number}" if isinstance(clip, Clip) else repr(str(clip))
        if len(source) / source.fps * FPS < 9:
            raise InputError(f"{label} is {len(source) / source.fps:.2g} seconds long: give clips of 0.4 s or more")
        if len(source) > reader.MAX_FRAMES:
            raise InputError(f"{label} has {len(source)} frames: cut it to at most {reader.MAX_FRAMES}")
        sources.append(source)
    return sources, words or ""


def _sum(clip: str | Path | Clip) -> str:
    return hashlib.sha256(clip.frames.tobytes()).hexdigest() if isinstance(clip, Clip) else files.sha256(Path(clip))


@contextmanager
def _resumable(motion: LearnedMotion, recipe: Recipe) -> Iterator[Path]:
    """A folder for what a killed run leaves, the same motion's if there is one; gone however the block ends."""
    home, place = motion.path.parent, motion.path.with_name(f".{motion.name}.learning")
    if motion.path.exists():
        learned.read(motion.path)  # only a motion may be replaced
    key = {"recipe": asdict(recipe), "prompt": motion.prompt, "base": motion.base, "clips": motion.clips}
    if place.exists() and not (place / STATE).is_file():
        raise InputError(f"{str(place)!r}, where the motion is learned, is something else: remove it")
    new = [folder for folder in (home, *home.parents) if not folder.exists()]
    try:
        try:
            _prepared(place, json.dumps(key))
        except OSError as error:
            raise InputError(f"{str(home)!r} cannot be written ({error.strerror}): choose another folder") from error
        yield place
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        for folder in new:
            with suppress(OSError):
                folder.rmdir()  # those that are empty again
        raise
    shutil.rmtree(place, ignore_errors=True)


def _prepared(place: Path, key: str) -> None:
    """A folder with its state, what another run left in it forgotten."""
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.exists() and (place / STATE).read_text("utf-8") != key:
        shutil.rmtree(place)
    if not place.exists():
        place.mkdir()
        files.write_text(key, place / STATE)


def _looked(sources: Sequence[footage.Footage], core: Any, recipe: Recipe, place: Path) -> Iterator[Progress]:
    """Views of every clip, encoded, into one file of `place`."""
    if (place / SEEN).is_file():
        return
    groups: dict[str, list[dict[str, Tensor]]] = {}
    done, began, each = 0, time.monotonic(), max(2, recipe.views // len(sources))
    for number, source in enumerate(sources):
        rng = random.Random(f"{recipe.seed}/{number}")
        for video, flipped in views(source, each, rng):
            record = encoded(core, video) | {"mirrored": torch.tensor(flipped)}
            groups.setdefault("x".join(map(str, record["latents"].shape[1:])), []).append(record)
            done += 1
            pace = (time.monotonic() - began) / done
            yield Progress("looking", done, each * len(sources), None, pace * (each * len(sources) - done))
    stacked = {f"{g}.{n}": torch.stack([r[n] for r in rows]) for g, rows in groups.items() for n in rows[0]}
    with files.replacing(place / SEEN) as part:
        save_file(stacked, part)


@torch.no_grad()
def encoded(core: Any, video: Tensor) -> dict[str, Tensor]:
    """The latents of a view (3, T, H, W) and what the vision network says of its picture, float16."""
    latents = core.encode(video[None])
    return {"latents": latents[0].half().cpu(), "look": core.look(latents)[0].half().cpu()}


def _read(place: Path) -> list[Views]:
    stored = load_file(place / SEEN)
    groups = sorted({key.rpartition(".")[0] for key in stored})
    return [Views(*(stored[f"{group}.{name}"] for name in ("latents", "look", "mirrored"))) for group in groups]


def views(source: footage.Footage, count: int, rng: random.Random) -> Iterator[tuple[Tensor, bool]]:
    """`count` views (3, T, H, W) in [-1, 1] of a clip, half of them mirrored, and which are."""
    height, width = fitted = min(SHAPES, key=lambda s: abs(np.log(s[0] / s[1] * source.width / source.height)))
    share = max(height / source.height, width / source.width) * 1.15
    size = max(16, round(source.height * share)), max(16, round(source.width * share))
    frames = np.stack(list(source.frames(*size)))
    every = source.fps / FPS
    whole = int(len(frames) / every)
    length = 1 + (min(whole, FRAMES) - 1) // 8 * 8
    begins = [0, *(rng.randint(0, whole - length) for _ in range(max(0, min(3, whole // length - 1))))]
    layers = [_layer(frames[_ticks(begin, length, every, len(frames))]) for begin in begins]
    cover = height / min(fitted) * max(1.0, width / height / (source.width / source.height))  # see `compose.placed`
    for number in range(count):
        layer, flipped = layers[rng.randrange(len(layers))], number % 2 == 1
        scale, right, down = rng.uniform(0.9, 1.15), rng.uniform(-0.08, 0.08), rng.uniform(-0.06, 0.06)
        scale *= cover
        seen = compose.placed(layer.flip(-1) if flipped else layer, fitted, scale, right, down, edge="reflection")
        pictures, mask = seen[:, :3], seen[:, 3:]
        if number % 8 < 6 and bool((mask > 0).any()):
            background = backgrounds.simple(rng, fitted).picture
            pictures = mask * pictures + (1 - mask) * background
        yield compose.finished(pictures).transpose(0, 1).contiguous(), flipped


def _ticks(begin: int, length: int, every: float, stored: int) -> np.ndarray:
    return np.minimum(((begin + np.arange(length)) * every).round().astype(np.int64), stored - 1)


def _layer(frames: np.ndarray) -> Tensor:
    """Frames (T, H, W, 3) uint8 and the mask of their subject, zero where none is found: (T, 4, H, W) in [0, 1]."""
    pictures = torch.from_numpy(frames).permute(0, 3, 1, 2).float() / 255
    mask = torch.from_numpy(segmentation.subject_masks(frames))[:, None]
    if not SUBJECT[0] <= float(mask.mean()) <= SUBJECT[1]:
        mask = torch.zeros_like(mask)
    return torch.cat((pictures, mask), 1)


def _trained(
    core: Any, seen: list[Views], tokens: Tokens, recipe: Recipe, place: Path, average: dict[str, Tensor]
) -> Iterator[Progress]:
    """Train a LoRA over the flow, leaving its mean over the last steps in `average`."""
    network, device = core.flow.train(False), core.device
    lora = Lora(network, recipe.rank, recipe.seed).to(device)
    average.update(averaged(lora))
    channels = recipes.weights(core.codec, int(network.made.sum()), 0.0).to(device)
    schedule = Schedule(recipe.steps, recipe.rate, warmup=min(20, recipe.steps), decay=0.0, average=0.97, save_every=30)
    draw = Batches(seen, tokens, recipe, core.grid)

    def loss(batch: FlowBatch, i: int) -> dict[str, Tensor]:
        with torch.autocast(device.type, torch.bfloat16, enabled=core._narrow), lora.over(network):
            return flow.batch_loss(network, batch.to(str(device)), i, recipe.shift, channels)

    pace = 0.0
    for report in train(lora, draw, loss, schedule, place / "training", average):
        pace = report.seconds if not pace else 0.9 * pace + 0.1 * report.seconds
        left = pace * (report.steps - report.step)
        yield Progress("learning", report.step, report.steps, report.losses["loss"], left)


@dataclass(frozen=True, eq=False)
class Batches:
    """Batch i of views, as `animate` makes its plan: a function of (seed, i). `tokens` are those of the prompt, of the
    mirrored prompt, and of silence."""

    seen: list[Views]
    tokens: Tokens
    recipe: Recipe
    grid: Any

    def __call__(self, i: int) -> FlowBatch:
        rng = random.Random(f"{self.recipe.seed}/{i}")
        generator = torch.Generator().manual_seed(rng.getrandbits(60))
        group = rng.choices(self.seen, [len(g.latents) for g in self.seen])[0]
        rows = [rng.randrange(len(group.latents)) for _ in range(self.recipe.count)]
        truth, look = group.latents[rows].float(), group.look[rows].float()
        said = [2 if rng.random() < self.recipe.silent else int(group.mirrored[row]) for row in rows]
        tokens = Tokens(self.tokens.ids[said], self.tokens.vectors[said], self.tokens.mask[said])
        frames = truth.shape[2]
        seconds = torch.tensor(self.grid.starts(frames, FPS))
        noise = torch.randn(truth.shape, generator=generator)
        return FlowBatch("learned", truth, tasks.animate(truth, frames), noise, tokens, (look,), seconds)
