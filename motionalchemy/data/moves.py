"""Where subjects and cameras go: every path and move is a few numbers per frame, nothing more.

Lengths are in shorter sides of the picture, from its middle, right and down; angles in degrees, counter-clockwise.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from motionalchemy.errors import UnknownName

WORLD = (1.3, 1.7)  # height and width of what exists around the picture: how far a camera may look


@dataclass(frozen=True, eq=False)
class View:
    """A camera per frame, each (T,): how much it magnifies, where it looks, how far it is turned."""

    zoom: Tensor
    x: Tensor
    y: Tensor
    angle: Tensor

    @property
    def still(self) -> bool:
        """Whether nothing changes from frame to frame."""
        return all(bool((v == v[0]).all()) for v in (self.zoom, self.x, self.y, self.angle))

    def sees(
        self, scale: Tensor | float, x: Tensor | float, y: Tensor | float
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """World placement (scale, x, y) -> picture placement (scale, x, y, angle) for `compose.placed`."""
        turn = torch.deg2rad(self.angle)
        right, down = x - self.x, y - self.y
        cos, sin = turn.cos(), turn.sin()
        across, along = self.zoom * (cos * right + sin * down), self.zoom * (-sin * right + cos * down)
        return self.zoom * scale, across, along, self.angle


def view(camera: str, frames: int, rng: random.Random, follow: Tensor | None = None) -> View:
    """The camera of one of CAMERAS over `frames`; `follow` (T,) is where the followed subject is. Raises UnknownName."""
    if camera not in CAMERAS:
        raise UnknownName("camera", camera, CAMERAS)
    s = torch.linspace(-1, 1, frames)  # a steady move, from -1 to 1
    zoom, x, y, angle = torch.full_like(s, rng.uniform(1.0, 1.1)), torch.zeros_like(s), torch.zeros_like(s), 0 * s
    if camera == "follow":
        if follow is not None:
            x = follow * rng.uniform(0.8, 1.0)
    else:
        zoom, x, y, angle = CAMERAS[camera](s, zoom, rng)
    reach_x, reach_y = WORLD[1] / 2 - 0.5 / zoom, WORLD[0] / 2 - 0.5 / zoom
    return View(zoom, x.clamp(-reach_x, reach_x), y.clamp(-reach_y, reach_y), angle)


Move = tuple[Tensor, Tensor, Tensor, Tensor]


def _pan(sign: float, s: Tensor, zoom: Tensor, rng: random.Random) -> Move:
    return zoom, sign * s * rng.uniform(0.12, 0.22), 0 * s, 0 * s


def _tilt(sign: float, s: Tensor, zoom: Tensor, rng: random.Random) -> Move:
    return zoom * 1.1, 0 * s, sign * s * rng.uniform(0.11, 0.18), 0 * s


def _zoom(sign: float, s: Tensor, zoom: Tensor, rng: random.Random) -> Move:
    return torch.exp(sign * s * rng.uniform(0.18, 0.28)) * 1.08, 0 * s, 0 * s, 0 * s


def _roll(sign: float, s: Tensor, zoom: Tensor, rng: random.Random) -> Move:
    return zoom * 1.1, 0 * s, 0 * s, sign * (s + 1) / 2 * rng.uniform(12, 24)


def _shake(_: float, s: Tensor, zoom: Tensor, rng: random.Random) -> Move:
    t = (s + 1) * len(s) / 48
    sway = [sum(torch.sin(t * rng.uniform(9, 26) + rng.uniform(0, 6)) for _ in range(3)) / 3 for _ in range(3)]
    return zoom * 1.05, 0.03 * sway[0], 0.03 * sway[1], 1.5 * sway[2]  # pyright: ignore[reportReturnType]


def _signed(move: Callable[..., Move], sign: float = 1.0) -> Callable[[Tensor, Tensor, random.Random], Move]:
    return lambda s, zoom, rng: move(sign, s, zoom, rng)


CAMERAS: dict[str, Callable[[Tensor, Tensor, random.Random], Move]] = {
    "static": lambda s, zoom, rng: (zoom, 0 * s, 0 * s, 0 * s),
    "follow": lambda s, zoom, rng: (zoom, 0 * s, 0 * s, 0 * s),
    "pan_left": _signed(_pan, -1),
    "pan_right": _signed(_pan),
    "tilt_up": _signed(_tilt, -1),
    "tilt_down": _signed(_tilt),
    "zoom_in": _signed(_zoom),
    "zoom_out": _signed(_zoom, -1),
    "roll_left": _signed(_roll, -1),  # a camera that rolls to the left sees the picture turn clockwise
    "roll_right": _signed(_roll),
    "shake": _signed(_shake),
}


@dataclass(frozen=True, eq=False)
class Route:
    """A subject per frame, each (T,): where its foot stands (x, y), how high it is above it, and its scale."""

    x: Tensor
    y: Tensor
    lift: Tensor
    scale: Tensor


def route(
    path: str | None,
    frames: int,
    rng: random.Random,
    horizon: float,
    scale: float,
    x: float = 0.0,
    here: bool = False,
) -> Route:
    """A path over ground that ends at `horizon` (its height in the picture): what is nearer is larger and lower.

    `scale` is the size of a subject that stands at the lower third; `path` is one of PATHS or None for in place,
    and `here` lets it begin where the subject would stand without one. Every path draws from `rng` once.
    Raises UnknownName.
    """
    if path is not None and path not in PATHS:
        raise UnknownName("path", path, PATHS)
    rng = random.Random(rng.getrandbits(64))  # so that what is drawn next is the same on every path
    s = torch.linspace(-1, 1, frames)
    near = 0.36  # where a subject of full scale stands
    x_t, y_t, lift = torch.full_like(s, x), torch.full_like(s, rng.uniform(0.30, 0.40)), torch.zeros_like(s)
    if path in ("left", "right"):
        far = rng.uniform(0.18, 0.36) * (-1 if path == "left" else 1)
        x_t = x + (s + 1) * 0.75 * far if here else (x if abs(x) < 0.1 else 0) + s * far
    elif path in ("towards", "away"):
        far = horizon + (near - horizon) * rng.uniform(0.3, 0.5)
        ends = (far, rng.uniform(0.34, 0.44))
        if here:
            stands, times = float(y_t[0]) - horizon, rng.uniform(1.3, 1.6)
            least, most = (1, times) if path == "towards" else (1 / times, 1)
            ends = (horizon + stands * least, horizon + stands * most)
        inverse = torch.lerp(torch.tensor(1 / (ends[0] - horizon)), torch.tensor(1 / (ends[1] - horizon)), (s + 1) / 2)
        y_t = horizon + 1 / inverse  # steady speed over the ground
        y_t = y_t.flip(0) if path == "away" else y_t
    elif path == "jump":
        lift = rng.uniform(0.12, 0.22) * torch.sin((s + 1) * torch.pi / 2 * rng.choice((1, 2, 3))).abs()
    elif path == "curve":
        turn, way = rng.uniform(0, 6.28), rng.choice((-1, 1))
        angle = turn + way * s * rng.uniform(1.6, 2.6)
        x_t, lift = x + 0.22 * angle.cos(), 0.08 + 0.10 * angle.sin()
        if here:
            x_t, lift = x + x_t - x_t[0], lift - lift[0]
    return Route(x_t, y_t, lift, scale * (y_t - horizon) / (near - horizon))


PATHS = ("left", "right", "towards", "away", "jump", "curve")
