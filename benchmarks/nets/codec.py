"""The table of the autoencoder: how true it is to test clips, stills and photographs, beside candidates.

    python benchmarks/nets/codec.py --corpus corpus --out benchmark-codec --photographs DIR

Every clip is coded by the autoencoder that ships, with its own first frame and with the given one (the detail path), and by
candidates whose linear maps are fitted in closed form to the same train clips. What was measured of a clip is kept in
OUT/clips.jsonl and not measured again, what was fitted in OUT/fitted. Scores are of frames 1 to 48, since the detail path
gives frame 0 itself; SSIM and the perceptual distance are of every sixth of them. Seconds and memory (--time) are of a
process of its own each.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
import torch
from codec_clips import SOURCES, Shown, shown, train
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from motionalchemy.errors import MissingPart, MotionAlchemyError
from motionalchemy.evaluate.fidelity import lpips_like, psnr, ssim
from motionalchemy.evaluate.intervals import bootstrap, written
from motionalchemy.evaluate.temporal import flicker
from motionalchemy.media import files
from motionalchemy.media.clip import Clip
from motionalchemy.models.nano import WEIGHTS, read_codec
from motionalchemy.nets import motion, trace
from motionalchemy.nets.motion import MotionAutoencoder, MotionConfig

EVERY = 6  # of the frames, for SSIM and the perceptual distance
SPARE = 24  # directions more than asked for, so that the last ones asked for are right
JOBS = {"encode-1": 1, "encode-49": 49, "decode-49": 49}
SHIPPED, DETAIL = "shipped", ", detail path"


class Plain(nn.Module):
    """Principal components of blocks of `side` x `side` pixels and 8 frames (1 for the first): no movement."""

    first: Tensor  # orthonormal rows over (3, side, side)
    later: Tensor  # the same over (3, 8, side, side)

    def __init__(self, channels: int, side: int):
        super().__init__()
        self.side = side
        self.register_buffer("first", torch.zeros(channels, 3 * side**2))
        self.register_buffer("later", torch.zeros(channels, 24 * side**2))

    def encode(self, video: Tensor) -> Tensor:
        """Video (1, 3, 8k+1, H, W) -> (1, C, k+1, H/side, W/side)."""
        pieces = (
            (motion.cells(video[:, :, :1], 1, self.side), self.first),
            (motion.cells(video[:, :, 1:], 8, self.side), self.later),
        )
        return torch.cat([rows @ basis.T for rows, basis in pieces if rows.shape[1]], 1).permute(0, 4, 1, 2, 3)

    def decode(self, latents: Tensor, picture: Tensor | None = None) -> Tensor:
        """The inverse, as far as the components reach; `picture` takes the place of frame 0 alone."""
        rows = latents.permute(0, 2, 3, 4, 1)
        first = motion.uncelled(rows[:, :1] @ self.first, 3, 1, self.side) if picture is None else picture
        return torch.cat((first, motion.uncelled(rows[:, 1:] @ self.later, 3, 8, self.side)), 2)

    def fit(self, clips: list[Tensor]) -> None:
        """The leading directions of the clips' blocks."""
        firsts, laters = ((c[None, :, :1] for c in clips), (c[None, :, 1:] for c in clips))
        self.first.copy_(leading((motion.cells(x, 1, self.side) for x in firsts), self.first))
        self.later.copy_(leading((motion.cells(x, 8, self.side) for x in laters), self.later))


def leading(rows: Iterable[Tensor], like: Tensor) -> Tensor:
    """The leading principal directions about zero, as `motion.fit` finds them, by subspace iteration: far quicker."""
    torch.manual_seed(0)
    flat = torch.cat([part.flatten(0, -2) for part in rows])
    return torch.svd_lowrank(flat, q=min(len(like) + SPARE, *flat.shape), niter=3)[2][:, : len(like)].T


Coder = MotionAutoencoder | Plain


def candidates(shipped: MotionAutoencoder) -> dict[str, Callable[[], Coder]]:
    """What is compared, by name: each still to be fitted."""

    def moving(**fields: int) -> Callable[[], Coder]:
        def make() -> Coder:
            model = MotionAutoencoder(replace(MotionConfig(shipped.config.picture), **fields))
            model.picture = shipped.picture
            return model

        return make

    return {
        "24 of 64 move, fitted again": moving(),
        "12 of 64 move": moving(moves=12),
        "40 of 64 move": moving(moves=40),
        "24 of 64 move, cells of 8": moving(cell=8),
        "16 x 16 x 8 without movement, 64": lambda: Plain(64, 16),
        "32 x 32 x 8 without movement, 128": lambda: Plain(128, 32),
    }


class Traced:
    """`motion.trace`, each clip of a list once: several candidates look at the same fields."""

    def __init__(self) -> None:
        self._trace = trace.trace
        self._known: dict[int, tuple[Tensor, Tensor]] = {}  # by address: the clips are kept, so none is used twice

    def __call__(self, clip: Tensor) -> Tensor:
        if clip.data_ptr() not in self._known:
            self._known[clip.data_ptr()] = clip, self._trace(clip)
        return self._known[clip.data_ptr()][1]


@torch.no_grad()
def fitted(shipped: MotionAutoencoder, clips: Callable[[], list[Tensor]], folder: Path) -> dict[str, Coder]:
    """All candidates, their maps read from `folder` or fitted to the clips and kept there."""
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, Coder] = {}
    shown_clips: list[Tensor] = []
    with mock.patch.object(trace, "trace", Traced()), mock.patch.object(motion, "_components", leading):
        for number, (name, make) in enumerate(candidates(shipped).items()):
            found[name], path = make().eval(), folder / f"{number}.safetensors"
            if not path.is_file():
                shown_clips = shown_clips or clips()
                began = time.monotonic()
                model = found[name]
                if isinstance(model, Plain):
                    model.fit(shown_clips)
                else:
                    motion.fit(model, ((clip, motion.followed(clip, model.config.cell)) for clip in shown_clips))
                print(f"{name}: fitted to {len(shown_clips)} clips in {time.monotonic() - began:.0f} s", flush=True)
                maps = {k: v.contiguous() for k, v in found[name].state_dict().items() if not k.startswith("picture.")}
                save_file(maps, path.with_suffix(".part"))
                os.replace(path.with_suffix(".part"), path)
            found[name].load_state_dict(load_file(path), strict=False)
    return found


def scores(video: Tensor, made: Tensor) -> dict[str, float]:
    """How near the later frames of one clip (1, 3, T, H, W) are to those of the true one, and how near frame 0 is."""
    true, other = Clip.of(video[0]).frames, Clip.of(made[0]).frames
    some = slice(EVERY, None, EVERY)
    return {
        "first": psnr(other[:1], true[:1]),
        "psnr": psnr(other[1:], true[1:]),
        "ssim": ssim(other[some], true[some]),
        "perceptual": lpips_like(other[some], true[some]),
        "flicker": flicker(other),
        "true flicker": flicker(true),
    }


def ghosts(video: Tensor, made: Tensor, where: Tensor) -> dict[str, float]:
    """What shows where `where` (T, H, W) frame 0 hid the ground: the share of such pixels, the PSNR there in dB, and how
    much of what stood before still shows, <made - true, frame 0 - true> / |frame 0 - true|²: 0 none, 1 all of it."""
    at = where.expand(3, -1, -1, -1)
    before = (video[0, :, :1] - video[0])[at]
    if not len(before):
        return {}
    error = (made[0].clamp(-1, 1) - video[0])[at]
    size = float(before.square().sum())
    return {
        "share": float(where.float().mean()),
        "there": float(10 * torch.log10(4 / error.square().mean().clamp(min=1e-10))),
        "ghost": float((error * before).sum()) / max(size, 1e-9),
    }


@torch.no_grad()
def measured(one: Shown, coders: dict[str, Coder]) -> Iterator[dict]:
    """A row for every way to code one clip (of the one that ships: two more, and the ground that is uncovered)."""
    video = one.clip[None].clamp(-1, 1)
    given = video[:, :, :1]
    with mock.patch.object(trace, "trace", Traced()):
        for name, coder in coders.items():
            latents = coder.encode(video)
            made = {name: coder.decode(latents), name + DETAIL: coder.decode(latents, given)}
            if name == SHIPPED and isinstance(coder, MotionAutoencoder):
                latents[:, coder.config.moves :, 1:] = 0
                made |= {"movement alone" + DETAIL: coder.decode(latents, given), "still": given.expand_as(video)}
            for way, clip in made.items():
                row = {"source": one.source, "key": one.key, "size": video.shape[-1], "way": way, **scores(video, clip)}
                if name == SHIPPED and one.uncovered is not None:
                    row |= ghosts(video, clip, one.uncovered)
                yield row


def timed(job: str, times: int = 5, size: int = 256) -> dict[str, float]:
    """Seconds (median), processor seconds and peak memory of one job in this process on two cores, the network warm."""
    torch.set_num_threads(2)
    coder = read_codec(WEIGHTS / "codec")[0].eval()
    video = torch.rand(1, 3, JOBS[job], size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    video = torch.nn.functional.avg_pool3d(video, (1, 9, 9), 1, (0, 4, 4)) * 4
    walls, cpus = [], []
    with torch.no_grad():
        latents = coder.encode(video)
        for _ in range(times):
            wall, cpu = time.perf_counter(), time.process_time()
            coder.encode(video) if job.startswith("encode") else coder.decode(latents, video[:, :, :1])
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    return {"seconds": float(np.median(walls)), "processor seconds": float(np.median(cpus)), "MB": peak}


def mean(rows: list[dict], field: str, digits: int) -> str:
    """A mean over clips with its 95 % interval; a flicker is that of all clips over that of all true ones."""
    if not rows:
        return ""
    if field == "flicker":
        return f"{sum(r['flicker'] for r in rows) / max(sum(r['true flicker'] for r in rows), 1e-9):.2f}"
    return written(bootstrap([r[field] for r in rows])._asdict(), digits)


COLUMNS = (("psnr", 1), ("ssim", 3), ("perceptual", 3), ("flicker", 2))


def lines_of(rows: list[dict], heads: dict[str, list[dict]], first: str) -> list[str]:
    """A table with one line for each of `heads`."""
    names = "clips · 片段数 | PSNR, dB ↑ | SSIM ↑ | perceptual distance 感知距离 ↓ | flicker to true 闪烁比 → 1"
    lines = [f"| {first} | {names} |", "|---" * 6 + "|"]
    for name, ones in heads.items():
        if ones:
            lines.append(f"| {name} | {len(ones)} | " + " | ".join(mean(ones, f, d) for f, d in COLUMNS) + " |")
    return lines


def table(rows: list[dict], times: dict[str, dict[str, float]]) -> str:
    """Everything measured, as Markdown."""
    out: list[str] = []
    for size in sorted({r["size"] for r in rows}):
        here = [r for r in rows if r["size"] == size]
        for way in (SHIPPED, SHIPPED + DETAIL, "movement alone" + DETAIL, "still"):
            of = [r for r in here if r["way"] == way]
            heads = {s: [r for r in of if r["source"] == s] for s in SOURCES} | {"all · 全部": of}
            out += [f"**{way}, {size} x {size}**", "", *lines_of(rows, heads, "source · 来源"), ""]
        own = [r for r in here if r["way"] == SHIPPED]
        firsts = [f"{s} {mean([r for r in own if r['source'] == s], 'first', 1)}" for s in SOURCES]
        out += [f"One picture coded by itself, {size} x {size}, dB: " + "; ".join(firsts), ""]
        names = list(dict.fromkeys(r["way"] for r in here))
        keys = set.intersection(*({r["key"] for r in here if r["way"] == n} for n in names))
        heads = {n: [r for r in here if r["way"] == n and r["key"] in keys] for n in names}
        out += [f"**candidates, {size} x {size}**", "", *lines_of(rows, heads, "way · 方式"), ""]
        out += [*uncovered(here), ""]
    lines = ["| job | seconds | processor seconds | peak memory, MB |", "|---|---|---|---|"]
    lines += [f"| {j} | {t['seconds']:.2f} | {t['processor seconds']:.2f} | {t['MB']:.0f} |" for j, t in times.items()]
    return "\n".join([*out, *(lines if times else [])]) + "\n"


def uncovered(rows: list[dict]) -> list[str]:
    """The table of what shows where frame 0 hid the ground."""
    seen = [r for r in rows if "ghost" in r]
    lines = [
        "| uncovered ground · 露出的背景 | clips · 片段数 | PSNR there, dB ↑ | frame 0 that still shows · 首帧残留 ↓ |"
    ]
    lines.append("|---|---|---|---|")
    for way in dict.fromkeys(r["way"] for r in seen):
        ones = [r for r in seen if r["way"] == way]
        lines.append(f"| {way} | {len(ones)} | {mean(ones, 'there', 1)} | {mean(ones, 'ghost', 3)} |")
    return lines if seen else []


def run(args: argparse.Namespace) -> None:
    """Measure what ships, then fit and measure candidates at the least size, what is not done yet; write the table."""
    torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    shipped, log = read_codec(WEIGHTS / "codec")[0].eval(), args.out / "clips.jsonl"
    for size in args.sizes:
        survey(args, size, {SHIPPED: shipped}, log)
    if args.fit:
        clips = partial(train, args.corpus, args.fit, args.out / "train")
        survey(args, min(args.sizes), fitted(shipped, clips, args.out / "fitted"), log)
    times = {job: in_a_process(job) for job in JOBS} if args.time else {}
    text = table(known(log), times)
    files.write_text(text, args.out / "codec.md")
    print(text)


def known(log: Path) -> list[dict]:
    """The rows measured so far."""
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.is_file() else []


def survey(args: argparse.Namespace, size: int, coders: dict[str, Coder], log: Path) -> None:
    """Add to `log` the rows of every clip and coder that it lacks."""
    done = {(r["source"], r["key"], r["size"], r["way"]) for r in known(log)}
    for build in shown(args.corpus, args.photographs, args.n, size):
        left = {name: c for name, c in coders.items() if (build.source, build.key, size, name) not in done}
        if left:
            rows = list(measured(build(), left))
            with log.open("a", encoding="utf-8") as file:
                file.write("".join(json.dumps(row) + "\n" for row in rows))
            print(size, build.source, build.key, " ".join(f"{r['psnr']:.1f}" for r in rows), flush=True)


def in_a_process(job: str) -> dict[str, float]:
    """`timed` in a fresh process, so that the peak memory is its own."""
    command = [sys.executable, __file__, "--only", job]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def main() -> int:
    """Exit code 2 with one sentence for what cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--out", type=Path, default=Path("benchmark-codec"))
    parser.add_argument("--photographs", type=Path, help="a folder of pictures that are in no corpus")
    parser.add_argument("--n", type=int, default=16, help="clips of each source")
    parser.add_argument("--fit", type=int, default=160, help="train clips that candidates are fitted to; 0: none")
    parser.add_argument("--sizes", type=int, nargs="+", default=[128, 256], help="candidates are measured at the least")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--time", action="store_true", help="measure seconds and memory too")
    parser.add_argument("--only", choices=JOBS, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.only:
        print(json.dumps(timed(args.only)))
        return 0
    try:
        if args.photographs and not args.photographs.is_dir():
            raise MissingPart(
                f"no folder of photographs at {args.photographs}: give one with --photographs, or leave it out"
            )
        run(args)
    except MotionAlchemyError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
