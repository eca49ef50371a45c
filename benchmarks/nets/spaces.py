"""Which latents are easier to model: the same small flow, as many steps, over the first 8, 12, 16 or 24 channels of
movement, and how near its movement comes to the true one of unseen actors.

    python benchmarks/nets/spaces.py --latents RUN/latents --corpus DIR --out DIR --moves 8,24 --steps 300

RUN is the folder of a training of nano. The errors are of where things go, in pixels, before any component was left out:
so a space that keeps less cannot look better by having less to say. A run that was stopped goes on where it was.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import torch
from torch import Tensor

from motionalchemy.data import kinds
from motionalchemy.data.corpus import Corpus
from motionalchemy.flow import tasks
from motionalchemy.flow.grid import Grid
from motionalchemy.models.nano import WEIGHTS, read_codec, read_vision
from motionalchemy.nets import motion, pack
from motionalchemy.nets.motion import MotionAutoencoder
from motionalchemy.nets.text import TokenEncoder
from motionalchemy.nets.transformer import FlowTransformer, TransformerConfig
from motionalchemy.train import flow, recipes
from motionalchemy.train.flow_data import FlowBatch, FlowData
from motionalchemy.train.loop import Schedule, averaged, train

SMALL = TransformerConfig(width=128, depth=4, heads=2)
SIZE, FRAMES = (128, 128), 49


def parsed() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latents", type=Path, required=True)
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--out", type=Path, default=Path("benchmark-spaces"))
    parser.add_argument("--moves", default="8,24")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--groups", type=int, default=18, help="of test clips that share a first frame")
    return parser.parse_args()


def cut(latents: Tensor, moves: int) -> Tensor:
    """Latents (B, C, t, h, w) whose later frames keep the first `moves` channels."""
    kept = latents.clone()
    kept[:, moves:, 1:] = 0
    return kept


def learnt(asked: argparse.Namespace, codec: MotionAutoencoder, moves: int) -> FlowTransformer:
    """The small flow, trained in the space of `moves` channels."""
    data = FlowData(asked.latents, codec, TokenEncoder(), 64, mix={"animate": 1.0})
    torch.manual_seed(0)
    model = FlowTransformer(SMALL)
    model.deviation.copy_(codec.deviation)
    model.made[moves:] = 0.0
    model.ahead[:moves, :moves] = data.ahead(codec.config.moves)[:moves, :moves]
    average, channels = averaged(model), recipes.weights(codec, moves, 0.0)

    def batch(i: int) -> FlowBatch:
        drawn = data.batch(i)
        truth = cut(drawn.truth, moves)
        return replace(drawn, truth=truth, plan=tasks.animate(truth, truth.shape[2]))

    def loss(drawn: FlowBatch, i: int) -> dict[str, Tensor]:
        with torch.autocast("cpu", torch.bfloat16):
            return flow.batch_loss(model, drawn, i, 10.0, channels)

    schedule = Schedule(asked.steps, 2e-3, warmup=30, average=0.98, muon=True)
    for report in train(model, batch, loss, schedule, asked.out / f"moves{moves}", average):
        if report.step % 20 == 0:
            print(
                f"{moves} channels: step {report.step}, loss {report.losses['loss']:.3f}", file=sys.stderr, flush=True
            )
    model.load_state_dict(average)
    return model.eval()


@torch.no_grad()
def judged(asked: argparse.Namespace, codec: MotionAutoencoder, models: dict[int, FlowTransformer]) -> dict[int, dict]:
    """Of each model: error of where things go over that of standing still, at guidance 1; the same for the truth in its
    space; and the share of sentences answered with a movement nearest to its own clip's, at guidance 2.5."""
    vision, text, corpus = read_vision(WEIGHTS / "vision"), TokenEncoder(), Corpus(asked.corpus, "test")
    sums = {moves: torch.zeros(4) for moves in models}  # error, the space's own error, standing still, right
    count = 0
    for number in range(asked.groups):
        group = kinds.siblings(corpus, 77, number, SIZE)
        videos = torch.stack([sample.clip.transpose(0, 1).float() for sample in group])
        fields = torch.stack([motion.followed(video, codec.config.cell) for video in videos])
        truths = codec.encode(videos)
        look = vision(codec.picture.decode(truths[:1, :, :1])[:, :, 0])
        count += len(group)
        for i, sample in enumerate(group):
            seen = {
                moves: _answer(model, codec, truths[i : i + 1], look, text, sample) for moves, model in models.items()
            }
            for moves, (plain, guided) in seen.items():
                own = codec.parted(cut(truths[i : i + 1], moves)[:, :, 1:])[0]
                apart = [(guided - codec.parted(cut(t[None], moves)[:, :, 1:])[0]).square().mean() for t in truths]
                errors = [(f - fields[i]).square().mean() for f in (plain, own, torch.zeros_like(own))]
                sums[moves] += torch.stack(
                    [*errors, torch.tensor(float(min(range(len(apart)), key=apart.__getitem__) == i))]
                )
    return {
        moves: {
            "error": float(s[0] / s[2]),
            "of the space": float(s[1] / s[2]),
            "told apart": float(s[3]) / count,
            "n": count,
        }
        for moves, s in sums.items()
    }


def _answer(
    model: FlowTransformer,
    codec: MotionAutoencoder,
    truth: Tensor,
    look: Tensor,
    text: TokenEncoder,
    sample: kinds.Sample,
) -> tuple[Tensor, Tensor]:
    """The fields that a model gives for a sample's English words at time 1: without guidance, and with."""
    plan, time_one = tasks.animate(truth, truth.shape[2]), torch.ones(1, 1, 1, 1, 1)
    state, now = flow.on_the_way(
        plan, truth, torch.randn(truth.shape, generator=torch.Generator().manual_seed(0)), time_one
    )
    seconds = torch.tensor(Grid().starts(truth.shape[2], kinds.FPS))
    answered: Callable[[str], Tensor] = lambda words: model(  # noqa: E731
        state, now, text.encode([words], limit=40), seconds, (), (look,)
    )
    with_words, without = answered(sample.words["en"]), answered("")
    return codec.parted(with_words[:, :, 1:])[0], codec.parted((without + 2.5 * (with_words - without))[:, :, 1:])[0]


def main() -> None:
    """Train, judge and print a table."""
    asked = parsed()
    codec, begun = read_codec(WEIGHTS / "codec")[0], time.monotonic()
    models = {int(moves): learnt(asked, codec, int(moves)) for moves in asked.moves.split(",")}
    found = judged(asked, codec, models)
    pack.write_json(asked.out / "results.json", {"steps": asked.steps, "spaces": found})
    print(f"{asked.steps} steps each, {time.monotonic() - begun:.0f} s in all")
    print("| channels of movement | error / standing still | the space's own | told apart | n |\n|---|---|---|---|---|")
    for moves, row in found.items():
        print(f"| {moves} | {row['error']:.3f} | {row['of the space']:.3f} | {row['told apart']:.2f} | {row['n']} |")
    print(json.dumps(found), file=sys.stderr)


if __name__ == "__main__":
    main()
