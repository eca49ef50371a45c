"""Recipes: one function returns the whole configuration of a training, and `run` carries it out.

codec-cpu   the autoencoder, on two CPU cores
codec-gpu   the same network, larger batches and pictures, on a GPU
nano-cpu    the flow, on two CPU cores, over latents of the autoencoder in OUT/codec (or the one that ships)
nano-gpu    a deeper and wider flow on a GPU
painter-cpu, painter-gpu
            the network that paints edits in a style
scenery-cpu the network that knows what places look like, for new backgrounds
judge-cpu   the network that says which of several clips shows what was asked
repertoire-cpu
            how the actors of the corpus move, to be carried over to others
depth-cpu   the network that says how near each place of a picture is, from the folder of tools/scene/build.sh
regions-cpu the network that says what is sky, water, plants, hair ..., from the same folder
filler-cpu  the network that fills what is hidden in a picture, from the same folder
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from motionalchemy.data import kinds, shards
from motionalchemy.data.corpus import Corpus
from motionalchemy.errors import InputError, MissingPart, UnknownName
from motionalchemy.models import nano
from motionalchemy.nets import motion, pack
from motionalchemy.nets.autoencoder import Autoencoder, AutoencoderConfig
from motionalchemy.nets.motion import MotionAutoencoder, MotionConfig
from motionalchemy.nets.precision import narrow
from motionalchemy.nets.text import TokenEncoder
from motionalchemy.nets.throughput import ceiling
from motionalchemy.nets.transformer import FlowTransformer, TransformerConfig
from motionalchemy.train import (
    codec,
    distributed,
    filler,
    flow,
    judge_eyes,
    latents,
    painter,
    preview,
    scene_maps,
    scenery,
)
from motionalchemy.train.codec_data import CodecData
from motionalchemy.train.filler import FillerRecipe
from motionalchemy.train.flow_data import FlowBatch, FlowData
from motionalchemy.train.judge_eyes import JudgeRecipe
from motionalchemy.train.loop import CHECKPOINT, Report, Schedule, averaged, flops, train
from motionalchemy.train.painter import PainterRecipe
from motionalchemy.train.repertoire import RepertoireRecipe, fill_repertoire, repertoire_cpu
from motionalchemy.train.scene_maps import SceneMapsRecipe
from motionalchemy.train.scenery import SceneryRecipe

TEMPER = 0.7  # of the weights of a picture's channels: fine ones count more than their share of the pixels
BESIDE = ("codec", "vision", "painter", "scenery", "judge", "repertoire")  # the parts that a flow is used with
SHAPE = (128, 128)  # of the clips that show how things move, in pixels


@dataclass(frozen=True)
class CodecRecipe:
    """Everything that decides a training of the autoencoder."""

    config: AutoencoderConfig
    schedule: Schedule
    size: int
    frames: int
    clips: int
    crops: int
    stills: int
    fit: int = 400  # clips from which the linear maps of movement are fitted
    device: str = "cpu"
    compiled: bool = False
    seed: int = 0


def codec_cpu() -> CodecRecipe:
    """420 steps of 8 crops of 96 x 96 pixels and 17 frames: under ten minutes on two cores."""
    return CodecRecipe(
        AutoencoderConfig(), Schedule(420, 1e-3, average=0.98, warmup=40, muon=True), 96, 17, clips=2, crops=3, stills=2
    )


def codec_gpu() -> CodecRecipe:
    """20,000 steps of 64 crops of 160 x 160 pixels and 25 frames on one large GPU."""
    return replace(
        codec_cpu(),
        schedule=Schedule(20_000, 6e-4, warmup=300, average=0.999, muon=True),
        size=160,
        frames=25,
        clips=12,
        crops=4,
        stills=16,
        device="cuda",
        compiled=True,
    )


@dataclass(frozen=True)
class FlowRecipe:
    """Everything that decides a training of the flow; the first `moves` channels that say where things go are made,
    `rest` weighs those that do not say so, and at 0 these are not made at all."""

    config: TransformerConfig
    schedule: Schedule
    clips: int = 20_000
    count: int = 64
    shift: float = 10.0
    moves: int = 24
    rest: float = 0.0
    preview_every: int = 250
    device: str = "cpu"
    compiled: bool = False
    seed: int = 0


def nano_cpu() -> FlowRecipe:
    """8 blocks of width 256, 20,000 samples: two hours of encoding and an hour and a half of training on two cores."""
    return FlowRecipe(TransformerConfig(), Schedule(3100, 1.5e-3, warmup=60, average=0.995, muon=True))


def nano_gpu() -> FlowRecipe:
    """12 blocks of width 384, batches of 256: about 25 minutes on one large GPU."""
    return replace(
        nano_cpu(),
        config=TransformerConfig(width=384, depth=12, heads=6),
        schedule=Schedule(6000, 8e-4, warmup=200, average=0.999, muon=True),
        clips=40_000,
        count=256,
        preview_every=500,
        device="cuda",
        compiled=True,
    )


def train_codec(recipe: CodecRecipe, corpus: Path, out: Path) -> Iterator[Report]:
    """Train the autoencoder of pictures in `out`, resuming what lies there, then fit how they move; leaves the pack
    `out`/codec at the end."""
    torch.manual_seed(recipe.seed)
    data = CodecData(corpus, recipe.size, recipe.frames, recipe.clips, recipe.crops, recipe.stills, recipe.seed)
    model = Autoencoder(recipe.config)
    wide = replace(data, size=128, frames=25, seed=recipe.seed + 1)
    if not (out / "training" / "codec" / CHECKPOINT).is_file():
        codec.start_linear(model, map(wide.batch, range(60)))
    model.to(recipe.device)
    average = averaged(model)
    step = partial(codec.reconstruction_loss, model)
    step = torch.compile(step) if recipe.compiled else step

    def loss(batch, i: int):
        with torch.autocast(recipe.device, torch.bfloat16, enabled=narrow(recipe.device)):
            return step(batch.to(recipe.device), i)

    yield from train(model, data.batch, loss, recipe.schedule, out / "training" / "codec", average)
    if not distributed.join().leads:
        return
    model.load_state_dict(average)
    codec.measure_latents(model.float().cpu(), map(wide.batch, range(100, 116)))
    whole = MotionAutoencoder(MotionConfig(recipe.config))
    whole.picture = model
    source, layers = Corpus(corpus, "train"), out / latents.LAYERS
    drawn = (kinds.draw(source, "animate", recipe.seed, i, SHAPE) for i in range(recipe.fit))
    motion.fit(whole, ((s.clip.transpose(0, 1), latents.movement(s, whole.config.cell, layers)) for s in drawn))
    pack.save(out / "codec", whole, "motion-autoencoder")


def train_flow(recipe: FlowRecipe, corpus: Path, out: Path) -> Iterator[Report]:
    """Encode the corpus once, train the flow in `out`, resuming what lies there; leaves a whole nano in `out`.

    A pack in `out`/start, if there is one, is where the weights begin as far as names and shapes agree.
    """
    us = distributed.join()
    torch.manual_seed(recipe.seed)
    for done, of in us.after(_encoded(recipe, corpus, out)):
        yield Report(done, of, {}, 0.0, 0.0, 0.0, "encoding")
    codec = nano.read_codec(out / "codec")[0]
    data = FlowData(out / "latents", codec, TokenEncoder(), recipe.count, seed=recipe.seed)
    model = FlowTransformer(recipe.config)
    if (out / "start" / "config.json").is_file():
        pack.begin(model, out / "start")
    channels = weights(codec, recipe.moves, recipe.rest).to(recipe.device)
    model.deviation.copy_(codec.deviation)
    model.made.copy_(channels[1] > 0)
    model.ahead.copy_(data.ahead(codec.config.moves))
    model.to(recipe.device)
    average = averaged(model)

    def loss(batch: FlowBatch, i: int, network: Callable[..., Tensor] = model) -> dict[str, Tensor]:
        with torch.autocast(recipe.device, torch.bfloat16, enabled=narrow(recipe.device)):
            return flow.batch_loss(network, batch.to(recipe.device), i, recipe.shift, channels)

    ideal = flops(lambda: loss(data.batch(0), 0)) / ceiling(
        torch.device(recipe.device), kind=torch.bfloat16 if narrow(recipe.device) else torch.float32
    )
    model.zero_grad(set_to_none=True)
    step = partial(loss, network=torch.compile(model)) if recipe.compiled else loss
    for report in train(model, data.batch, step, recipe.schedule, out / "training" / "flow", average, ideal):
        yield report
        if us.leads and (report.step % recipe.preview_every == 0 or report.step == report.steps):
            save_flow(recipe, average, out)
            preview.write(out, corpus, report.step)


def _encoded(recipe: FlowRecipe, corpus: Path, out: Path) -> Iterator[tuple[int, int]]:
    """Put beside the flow what it is used with, and encode the corpus; yields (done, of)."""
    for part in BESIDE:
        if not (out / part / "config.json").is_file():
            shutil.copytree(nano.WEIGHTS / part, out / part)
    yield from latents.build(corpus, out, out / "latents", recipe.clips)


@torch.no_grad()
def weights(codec: MotionAutoencoder, made: int, rest: float) -> Tensor:
    """What an error in each channel counts, (2, C): in frame 0 what it changes in the picture, tempered, and in later
    ones, of the first `made`, fine movements nearly as much as those of a camera."""
    moves, channels = codec.config.moves, codec.config.grid.channels
    grey = torch.zeros(channels, channels, 1, 4, 4)
    touched = grey + torch.eye(channels)[..., None, None, None]
    seen = (codec.picture.decode(touched) - codec.picture.decode(grey)).square().mean((1, 2, 3, 4)) ** TEMPER
    heavy = 1 / codec.deviation
    heavy[:moves] /= heavy[:moves].mean()
    heavy[made:moves] = 0
    heavy[moves:] = rest
    return torch.stack((seen / seen.mean(), heavy))


def save_flow(recipe: FlowRecipe, average: dict[str, Tensor], out: Path) -> None:
    """Leave the averaged weights as the pack `out`/flow, beside `out`/codec."""
    model = FlowTransformer(recipe.config)
    model.load_state_dict(average)
    pack.save(out / "flow", model, "flow")
    pack.write_json(out / "config.json", {"kind": "nano", "parts": [*BESIDE, "flow"]})


Networks = CodecRecipe | FlowRecipe | PainterRecipe | SceneryRecipe | JudgeRecipe | SceneMapsRecipe | FillerRecipe
Recipe = Networks | RepertoireRecipe
RECIPES: dict[str, tuple[Callable[[], Recipe], Callable[..., Iterator[Report]]]] = {
    "codec-cpu": (codec_cpu, train_codec),
    "codec-gpu": (codec_gpu, train_codec),
    "nano-cpu": (nano_cpu, train_flow),
    "nano-gpu": (nano_gpu, train_flow),
    "painter-cpu": (painter.painter_cpu, painter.train_painter),
    "painter-gpu": (painter.painter_gpu, painter.train_painter),
    "scenery-cpu": (scenery.scenery_cpu, scenery.train_scenery),
    "judge-cpu": (judge_eyes.judge_cpu, judge_eyes.train_judge),
    "repertoire-cpu": (repertoire_cpu, fill_repertoire),
    "depth-cpu": (scene_maps.depth_cpu, scene_maps.train_scene_maps),
    "regions-cpu": (scene_maps.regions_cpu, scene_maps.train_scene_maps),
    "filler-cpu": (filler.filler_cpu, filler.train_filler),
}


def run(name: str, corpus: Path, out: Path, steps: int | None = None, clips: int | None = None) -> Iterator[Report]:
    """Start or resume the recipe `name` in the folder `out`; `steps` and `clips` make it small (a smoke run).

    Raises UnknownName for another name, MissingPart without a corpus or the GPU that it needs, and InputError for a corpus
    that is not whole and for a `steps` or `clips` that it has no use for.
    """
    if name not in RECIPES:
        raise UnknownName("recipe", name, RECIPES)
    make, carry_out = RECIPES[name]
    recipe = make()
    if recipe.device == "cuda" and not torch.cuda.is_available():
        raise MissingPart(f"the recipe {name} needs a CUDA device and none was found: use the -cpu recipe")
    if steps is not None:
        if isinstance(recipe, RepertoireRecipe):
            raise InputError(f"steps {steps} cannot be used: the recipe {name} trains nothing, so leave it out")
        recipe = replace(recipe, schedule=replace(recipe.schedule, steps=steps))
    if clips is not None:
        if isinstance(recipe, FlowRecipe):
            recipe = replace(recipe, clips=clips, count=min(clips, recipe.count))
        elif isinstance(recipe, RepertoireRecipe):
            recipe = replace(recipe, clips=clips)
        elif isinstance(recipe, FillerRecipe):
            recipe = replace(recipe, squares=clips)
        else:
            raise InputError(f"clips {clips} cannot be used: the recipe {name} encodes none, so leave it out")
    if not isinstance(recipe, SceneMapsRecipe | FillerRecipe):  # whose pictures lie in a folder of their own
        shards.check(corpus)
    yield from carry_out(recipe, corpus, out)
