"""The video autoencoder of pictures that move: the first frame, where each of its parts goes, and what that misses.

Latent frame 0 is the picture. Every later latent holds, for 8 frames of 16 x 16 pixels, the leading components of a
field that says from where in the picture each pixel comes, and of the rest that no such field can give (what was hidden
before). So a clip is as sharp as its picture at any size, and a blurred guess at the latents is a half-way movement,
not a blur (compare latent flow diffusion, 2303.13744). Both maps are linear, fitted in closed form; nothing here is
random.
"""

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from motionalchemy.flow.grid import Grid
from motionalchemy.nets import camera
from motionalchemy.nets.autoencoder import Autoencoder, AutoencoderConfig
from motionalchemy.nets.descent import mended
from motionalchemy.nets.trace import trace

PACE = 2  # frames over which the speed at the end of what is known is measured
SETTLED = 16  # frames after which a movement that was led on is the model's own again
STILL, BESIDE = 1.0, 0.5  # pixels, and shares of a camera's movement, that a place is from moving on its own
FAR, FARTHEST = 12.0, 0.98  # pixels beyond which a displacement is no guess, and the share of places that go less far
LITTLE = 0.1  # pixels of movement, below which a clip counts for less in the fit
FLATTEN = 0.7  # latents are coefficients divided by deviation ** FLATTEN
EASE = (0.5, 0.25)  # of the jump between two latent frames, taken off the first frames of the later one
CALM = 0.2  # of the bend of a trajectory at a frame, taken off there: less flicker and nearer to the truth


@dataclass(frozen=True)
class MotionConfig:
    """`moves` channels say where things come from, one vector for each `cell` pixels; the others hold the rest."""

    picture: AutoencoderConfig = dataclasses.field(default_factory=AutoencoderConfig)
    moves: int = 24
    cell: int = 4

    @property
    def grid(self) -> Grid:
        """What a latent stands for."""
        return self.picture.grid


class MotionAutoencoder(nn.Module):
    """Video (B, 3, 8k+1, H, W) in [-1, 1] <-> latents (B, C, k+1, H/16, W/16); a still clip has zeros after frame 0."""

    def __init__(self, config: MotionConfig):
        super().__init__()
        self.config, grid = config, config.grid
        self.picture = Autoencoder(config.picture)
        vectors, pixels = 2 * grid.time * (grid.space // config.cell) ** 2, 3 * grid.time * grid.space**2
        self.moves: Tensor  # orthonormal rows, over (2, time, rows, columns)
        self.rest: Tensor  # the same, over (3, time, rows, columns)
        self.unit: Tensor  # of each channel's coefficient
        self.deviation: Tensor  # of each channel's latents over the corpus
        self.register_buffer("moves", torch.zeros(config.moves, vectors))
        self.register_buffer("rest", torch.zeros(grid.channels - config.moves, pixels))
        self.register_buffer("unit", torch.ones(grid.channels))
        self.register_buffer("deviation", torch.ones(grid.channels))

    def encode(self, video: Tensor) -> Tensor:
        """Video (B, 3, T, H, W) -> latents; those of a latent frame hardly change with the frames after it."""
        grid, (h, w) = self.config.grid, video.shape[3:]
        groups = grid.latent_frames(video.shape[2]) - 1
        first = self.picture.encode(video[:, :, :1])
        if not groups:
            return first
        if bool((video == video[:, :, :1]).all()):
            return torch.cat((first, torch.zeros_like(first).expand(-1, -1, groups, -1, -1)), 2)
        field = torch.stack([followed(clip, self.config.cell) for clip in video])  # (B, 2, T-1, h/4, w/4)
        moves = self._coefficients(field, self.moves, 2)
        kept = upsampled(self._values(moves, self.moves, 2), h, w, 1.0)
        rest = self._coefficients(video[:, :, 1:] - warp(video[:, :, 0], kept), self.rest, 3)
        return torch.cat((first, torch.cat((moves, rest), 1) / self.unit.view(-1, 1, 1, 1)), 2)

    def decode(self, latents: Tensor, picture: Tensor | None = None, every: int = 1) -> Tensor:
        """Latents (B, C, t, h, w) -> video (B, 3, 8t-7, 16h, 16w), or its first frame and each `every`th after it.

        With `picture` (B, 3, 1, H, W), the clip's own first frame at any size, that one moves, and at its size; where
        not every frame is asked for, with colours found in less time, and a little softer.
        """
        return torch.cat(list(self.decode_stream(latents, picture, every)), 2)

    def decode_stream(self, latents: Tensor, picture: Tensor | None = None, every: int = 1) -> Iterable[Tensor]:
        """Yield the video (B, 3, T, H, W) of `decode`, the first frame and then one latent frame at a time, in constant
        memory."""
        first = self.picture.decode(latents[:, :, :1]) if picture is None else picture
        yield first
        height, width = first.shape[3:]
        scale, edge = width / (latents.shape[4] * self.config.grid.space), "border" if picture is None else "reflection"
        how = "bilinear" if picture is None or every > 1 else "bicubic"
        for number, both in enumerate(self._eased(latents)):
            wanted = slice(-(1 + number * self.config.grid.time) % every, None, every)
            field, rest = (each[:, :, wanted] for each in both)
            fetched = warp(first[:, :, 0], upsampled(field, height, width, scale), edge, how)
            yield fetched + upsampled(rest, height, width, 1.0)

    def movement(self, latents: Tensor) -> Tensor:
        """How the clip of latents (B, C, t, h, w) moves as it is decoded: a field (B, 2, 8t-8, rows, columns) in
        pixels."""
        return torch.cat([field for field, _ in self._eased(latents)], 2)

    def _eased(self, latents: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """The field and the rest of each later latent frame, led in from those of the one before."""
        before: tuple[Tensor | None, Tensor | None] = (None, None)
        for i in range(1, latents.shape[2]):
            field, rest = self.parted(latents[:, :, i : i + 1])
            yield eased(field, before[0]), eased(rest, before[1])
            before = field, rest

    def moving(self, field: Tensor) -> Tensor:
        """Later latents (B, C, t, h, w) of a movement alone: a field (B, 2, 8t, rows, columns), one vector a cell."""
        moves = self._coefficients(field, self.moves, 2)
        rest = moves.new_zeros(len(moves), self.config.grid.channels - self.config.moves, *moves.shape[2:])
        return torch.cat((moves, rest), 1) / self.unit.view(-1, 1, 1, 1)

    def led_on(self, later: Tensor, known: int) -> Tensor:
        """Later latents (B, C, t, h, w) whose movement goes on from where that of the first `known` of them ends.

        What the first frame made lacks of a steady step is added to it and, less and less, to `SETTLED` frames.
        """
        moves, time = self.config.moves, self.config.grid.time
        field = self._field(later)
        end = known * time - 1
        steady = field[:, :, end] + (field[:, :, end] - field[:, :, end - PACE]) / PACE
        share = torch.linspace(1, 0, SETTLED + 1, device=later.device)[:SETTLED, None, None]
        new = field[:, :, end + 1 : end + 1 + SETTLED]
        lacks = (steady - field[:, :, end + 1])[:, :, None] * share[: new.shape[2]]
        field[:, :, end + 1 : end + 1 + SETTLED] = new + lacks
        led = later.clone()
        led[:, :moves, known:] = self.moving(field[:, :, end + 1 :])[:, :moves]
        return led

    def sure(self, later: Tensor) -> Tensor:
        """Of later latents (B, C, t, h, w) that guess at a movement, what is no guess: the movement that most of the
        picture shares (`camera.whole`), and of what goes beside it a share that grows with how far that goes."""
        if not later.shape[2]:
            return torch.zeros_like(later)
        field = self._field(later)
        common = camera.whole(field)
        beside = camera.length(field - common, 1).amax(1).flatten(1)  # (B, h * w): how far each place goes at most
        far = beside.quantile(FARTHEST, 1).square().view(-1, 1, 1, 1, 1)
        whole = self.moving(common)
        return whole + far / (far + FAR**2) * (later - whole)

    def steadied(self, later: Tensor) -> Tensor:
        """Later latents (B, C, t, h, w) whose movement stands still, or goes with the camera, where it all but does
        (`camera.steadied`)."""
        moves, steady = self.config.moves, later.clone()
        if later.shape[2]:
            steady[:, :moves] = self.moving(camera.steadied(self._field(later), STILL, BESIDE))[:, :moves]
        return steady

    def mirrored(self, later: Tensor) -> Tensor:
        """Later latents (B, C, t, h, w) of the same movement alone, seen in a mirror: places change sides, and within
        each its components."""
        grid, moves = self.config.grid, self.config.moves
        shape = (moves, 2, grid.time, grid.space // self.config.cell, grid.space // self.config.cell)
        beyond = self.moves.view(shape).flip(-1) * self.moves.new_tensor([-1.0, 1.0]).view(2, 1, 1, 1)
        unit = self.unit[:moves]
        turn = unit[:, None] * (beyond.flatten(1) @ self.moves.T) / unit  # (from, to)
        seen = torch.einsum("bcthw,cd->bdthw", later[:, :moves].flip(-1), turn)
        return F.pad(seen, (0,) * 7 + (later.shape[1] - moves,))

    def _field(self, later: Tensor) -> Tensor:
        return self._values((later * self.unit.view(-1, 1, 1, 1))[:, : self.config.moves], self.moves, 2)

    def parted(self, later: Tensor) -> tuple[Tensor, Tensor]:
        """Later latents (B, C, t, h, w) -> the field (B, 2, 8t, rows, columns), one vector a cell, and the rest in
        pixels (B, 3, 8t, H, W)."""
        rest = (later * self.unit.view(-1, 1, 1, 1))[:, self.config.moves :]
        return self._field(later), self._values(rest, self.rest, 3)

    def joined(self, field: Tensor, rest: Tensor) -> Tensor:
        """Later latents (B, C, t, h, w): the inverse of `parted`, as far as the components can say it."""
        both = self._coefficients(field, self.moves, 2), self._coefficients(rest, self.rest, 3)
        return torch.cat(both, 1) / self.unit.view(-1, 1, 1, 1)

    def _coefficients(self, x: Tensor, basis: Tensor, n: int) -> Tensor:
        """(B, n, groups * time, H', W') -> (B, components, groups, h, w)."""
        time = self.config.grid.time
        return (cells(x, time, _side(basis, n, time)) @ basis.T).permute(0, 4, 1, 2, 3)

    def _values(self, coefficients: Tensor, basis: Tensor, n: int) -> Tensor:
        """The inverse of `_coefficients`, as far as the components reach."""
        time = self.config.grid.time
        return uncelled(coefficients.permute(0, 2, 3, 4, 1) @ basis, n, time, _side(basis, n, time))


def _side(basis: Tensor, n: int, time: int) -> int:
    return round((basis.shape[1] / (n * time)) ** 0.5)


def cells(x: Tensor, time: int, side: int) -> Tensor:
    """(B, n, groups * time, h * side, w * side) -> (B, groups, h, w, n * time * side * side), one row a latent."""
    b, n, frames, height, width = x.shape
    split = x.view(b, n, frames // time, time, height // side, side, width // side, side)
    return split.permute(0, 2, 4, 6, 1, 3, 5, 7).flatten(4)


def uncelled(rows: Tensor, n: int, time: int, side: int) -> Tensor:
    """The inverse of `cells`: (B, groups, h, w, n * time * side * side) -> (B, n, groups * time, h * side, w * side)."""
    b, groups, h, w = rows.shape[:4]
    split = rows.view(b, groups, h, w, n, time, side, side).permute(0, 4, 1, 5, 2, 6, 3, 7)
    return split.reshape(b, n, groups * time, h * side, w * side)


def followed(clip: Tensor, cell: int) -> Tensor:
    """The field of a clip (3, T, H, W) in [-1, 1], searched for and mended: (2, T-1, H / cell, W / cell), in pixels."""
    return mended((clip.transpose(0, 1) + 1) / 2, shrunk(trace(clip)[None], cell)[0])


def shrunk(field: Tensor, cell: int) -> Tensor:
    """A field (B, n, T, H, W) with one mean vector for every cell x cell pixels."""
    return F.avg_pool3d(field, (1, cell, cell))


def upsampled(field: Tensor, height: int, width: int, scale: float) -> Tensor:
    """A field (B, n, T, h, w) at another size, its values times `scale`."""
    b, frames = field.shape[0], field.shape[2]
    flat = field.transpose(1, 2).flatten(0, 1) * scale
    flat = F.interpolate(flat, (height, width), mode="bilinear", align_corners=False)
    return flat.unflatten(0, (b, frames)).transpose(1, 2)


def eased(x: Tensor, before: Tensor | None) -> Tensor:
    """Values (B, n, time, h, w) of one latent frame, led in from those of the one before so that no seam flickers, and
    each but the last drawn a little to the mean of its neighbours in time."""
    if before is None:
        ends = x
    else:
        slope = (before[:, :, -1:] - before[:, :, -2:-1] + x[:, :, 1:2] - x[:, :, :1]) / 2
        jump = x[:, :, :1] - before[:, :, -1:] - slope
        share = F.pad(x.new_tensor(EASE), (0, x.shape[2] - len(EASE)))
        x = x - jump * share.view(-1, 1, 1)
        ends = torch.cat((before[:, :, -1:], x), 2)
    bend = ends[:, :, :-2] - 2 * ends[:, :, 1:-1] + ends[:, :, 2:]
    return x + CALM * F.pad(bend, (0, 0, 0, 0, x.shape[2] - 1 - bend.shape[2], 1))


def warp(picture: Tensor, field: Tensor, edge: str = "border", how: str = "bilinear") -> Tensor:
    """A picture (B, n, H, W) seen through a field (B, 2, T, H, W) in pixels: (B, n, T, H, W).

    Beyond its edges it is led on ("border"), mirrored ("reflection") or nothing ("zeros"). "bilinear" or "bicubic" is
    `how` colours between pixels are found.
    """
    b, _, frames, height, width = field.shape
    rows = torch.arange(height, device=field.device) + 0.5
    columns = torch.arange(width, device=field.device) + 0.5
    x, y = columns + field[:, 0], rows[:, None] + field[:, 1]  # (B, T, H, W)
    grid = torch.stack((x * (2 / width) - 1, y * (2 / height) - 1), -1).flatten(0, 1)
    source = picture[:, None].expand(-1, frames, -1, -1, -1).flatten(0, 1).to(grid.dtype)
    seen = F.grid_sample(source, grid, mode=how, padding_mode=edge, align_corners=False)
    return seen.unflatten(0, (b, frames)).transpose(1, 2)


@torch.no_grad()
def fit(model: MotionAutoencoder, samples: Iterable[tuple[Tensor, Tensor]]) -> None:
    """Set the linear maps to the principal components of what `samples`, several clips (3, T, H, W) and how each moves
    (2, T-1, h, w) as `followed` says it, hold.

    First the movement, of which every clip counts alike however far it goes, then the rest that it leaves; the units
    follow from the deviations, mean square 1 over all.
    """
    config, pairs = model.config, list(samples)
    seen, fields = [clip for clip, _ in pairs], [field[None] for _, field in pairs]
    alike = (f / f.square().mean().sqrt().clamp(min=LITTLE) for f in fields)
    side = config.grid.space // config.cell
    model.moves.copy_(_components((cells(f, config.grid.time, side) for f in alike), model.moves))
    model.unit.fill_(1.0)
    missing = []
    for clip, field in zip(seen, fields, strict=True):
        kept = model._values(model._coefficients(field, model.moves, 2), model.moves, 2)
        height, width = clip.shape[2:]
        missing.append(clip[None, :, 1:] - warp(clip[None, :, 0], upsampled(kept, height, width, 1.0)))
    model.rest.copy_(_components((cells(m, config.grid.time, config.grid.space) for m in missing), model.rest))
    pairs = zip(fields, missing, strict=True)
    parts = [(model._coefficients(f, model.moves, 2), model._coefficients(m, model.rest, 3)) for f, m in pairs]
    spread = torch.cat([torch.cat([p[i] for p in parts]).pow(2).mean((0, 2, 3, 4)).sqrt() for i in (0, 1)])
    unit = spread**FLATTEN
    for half in (slice(0, config.moves), slice(config.moves, None)):
        unit[half] *= (spread[half] / unit[half]).square().mean().sqrt()
    model.unit.copy_(unit)
    model.deviation.copy_(spread / unit)


def _components(rows: Iterable[Tensor], like: Tensor) -> Tensor:
    """The leading principal directions about zero of many rows, as many as `like` has."""
    total = torch.zeros(like.shape[1], like.shape[1])
    for part in rows:
        flat = part.flatten(0, -2)
        total += flat.T @ flat
    return torch.linalg.eigh(total)[1].flip(1)[:, : len(like)].T
