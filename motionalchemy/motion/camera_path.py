"""Camera moves as a path: how a camera stands in every frame that does what a sentence, or a person's keys, ask of it.

Parallax is limited, so that no edge opens wider than OPEN; what a move lacks then is made up by the view as a whole.
The first frame is always the whole picture.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import radians

import numpy as np

from motionalchemy.language import camera_keys
from motionalchemy.language.camera import FOCAL, CameraMove
from motionalchemy.language.camera_keys import CameraKey
from motionalchemy.render.parallax import CameraPath

OPEN = 0.035  # of the width: how wide an edge opens at most at the end of a move
RAMPS = 0.25  # of a move, in which it gathers speed, and again in which it comes to rest
ROOM, SOON = 0.1, 0.5  # by how much a view that goes aside comes nearer, and in how many seconds
PUSH = 0.75  # how much larger what is in focus becomes, in shares of the way a camera goes to what is nearest
BACK = 0.55  # of its way in, that a camera itself goes out; the rest is a zoom
ASIDE = 0.07  # of the width: how far what is nearest and farthest slide against the focus of an orbit at most
LEVEL = -0.04  # of the width: how high above the middle a flight is headed
SWAYS = ((0.9, 0.0), (1.7, 1.3), (3.1, 4.1))  # hertz and phase of a hand that holds a camera
Point = tuple[float, float]


@dataclass(frozen=True)
class View:
    """What a path has to know of a picture: its `aspect` (height by width), the nearness in its middle (`focus`) and
    its largest `step`, both as `scene.layered` counts it, whether it has `room` to come nearer, and where things are,
    in picture widths from its middle, None where that is not known (`find`), and how near they are there (`near`)."""

    aspect: float
    focus: float = 0.5
    step: float = 0.0
    room: bool = True
    find: Callable[[str], Point | None] = lambda target: None
    near: Callable[[Point], float] = lambda point: 0.5

    @property
    def focal(self) -> float:
        """The length of the lens in picture widths."""
        return FOCAL * max(1.0, self.aspect)


def asked(
    moves: Sequence[CameraMove], view: View, shares: np.ndarray, seconds: float, loop: bool = False
) -> CameraPath:
    """The path that does all `moves` at `shares` (T,) of a beat that lasts so many `seconds`; one that is to `loop`
    comes back to where it began."""
    path = CameraPath.still(len(shares), view.focus, view.focus)
    for move in moves:
        if move.done and move.kind in WAYS:
            path = WAYS[move.kind](path, move, view, _progress(shares, move, loop), _clock(shares, seconds, loop))
    aside = any(move.kind in ("pan", "tilt", "truck", "pedestal", "whip pan", "handheld") for move in moves)
    if aside and view.room and not any(move.kind in ("zoom", "dolly", "fly", "roll", "orbit") for move in moves):
        nearer = 1 + ROOM * _smoothly(_clock(shares, seconds, loop) / SOON)
        path = replace(path, zoom=path.zoom * nearer)
    return path


def by_keys(keys: tuple[CameraKey, ...], view: View, seconds: np.ndarray) -> CameraPath:
    """The path through keys that a person wrote, at times (T,) in seconds."""
    right, down, zoom, roll = camera_keys.at(keys, seconds).T
    first = keys[0]
    path = CameraPath.still(len(seconds), view.focus, view.focus)
    whole = (first.right, first.down, first.zoom, first.roll) == (0, 0, 1, 0)
    large = np.where(seconds <= 0, 1.0, np.exp(zoom)) if whole else np.exp(zoom)
    return replace(path, right=right, down=down, zoom=large, roll=np.radians(roll))


def _progress(shares: np.ndarray, move: CameraMove, loop: bool) -> np.ndarray:
    """How much of a move is done (T,), at an even pace that is gathered and lost; of one that loops, and undone again."""
    if loop:
        shares = 1 - np.abs(2 * shares - 1)
        return 0.5 - 0.5 * np.cos(np.pi * np.clip((shares - move.begin) / (move.end - move.begin), 0, 1))
    s = np.clip((shares - move.begin) / (move.end - move.begin), 0, 1)
    speed = 1 / (1 - RAMPS)
    begins = speed * s**2 / (2 * RAMPS)
    ends = 1 - speed * (1 - s) ** 2 / (2 * RAMPS)
    return np.where(s < RAMPS, begins, np.where(s > 1 - RAMPS, ends, speed * (s - RAMPS / 2)))


def _clock(shares: np.ndarray, seconds: float, loop: bool) -> np.ndarray:
    """Seconds since a beat began (T,), of one that loops to its nearer end."""
    return (np.minimum(shares, 1 - shares) if loop else shares) * seconds


def _smoothly(s: np.ndarray) -> np.ndarray:
    s = np.clip(s, 0, 1)
    return s * s * (3 - 2 * s)


def _sign(move: CameraMove) -> int:
    return -1 if move.direction in ("left", "up") else 1


def _pan(path: CameraPath, move: CameraMove, view: View, done: np.ndarray, clock: np.ndarray) -> CameraPath:
    return replace(path, right=path.right + _sign(move) * move.amount * done)


def _tilt(path: CameraPath, move: CameraMove, view: View, done: np.ndarray, clock: np.ndarray) -> CameraPath:
    return replace(path, down=path.down + _sign(move) * move.amount * done)


def _zoomed(path: CameraPath, times: np.ndarray, about: Point) -> CameraPath:
    """A path that shows things so many times (T,) as large besides, about a point that stays where it is."""
    moved = (1 - 1 / times) / path.zoom
    right, down = path.right + about[0] * moved, path.down + about[1] * moved
    return replace(path, zoom=path.zoom * times, right=right, down=down)


def _zoom(path: CameraPath, move: CameraMove, view: View, done: np.ndarray, clock: np.ndarray) -> CameraPath:
    about = (view.find(move.target) or (0.0, 0.0)) if move.amount > 1 else (0.0, 0.0)
    return _zoomed(path, move.amount**done, about)


def _dolly(path: CameraPath, move: CameraMove, view: View, done: np.ndarray, clock: np.ndarray) -> CameraPath:
    """Along the ray to its target, as far as edges allow; the rest of what it should become larger by is a zoom."""
    away = move.direction in ("out", "back")
    about = (0.0, LEVEL if move.kind == "fly" else 0.0) if away else _aim(move, view)
    way = min(move.amount, 2.6 * OPEN / max(view.step, 0.02))
    z = -BACK * way * done if away else way * done
    larger = (1 + PUSH * move.amount) ** (-done if away else done)
    had = 1 / (1 - z * view.focus)
    moved = replace(path, x=path.x + z * about[0] / view.focal, y=path.y + z * about[1] / view.focal, z=path.z + z)
    return _zoomed(moved, np.minimum(1, larger / had) if away else np.maximum(1, larger / had), about)


def _aim(move: CameraMove, view: View) -> Point:
    return view.find(move.target) or (0.0, LEVEL if move.kind == "fly" else 0.0)


def _aside(path: CameraPath, move: CameraMove, view: View, done: np.ndarray, clock: np.ndarray) -> CameraPath:
    """Across the picture: what is near goes farther than what is far; the view as a whole makes up for what edges
    forbid."""
    most = OPEN / max(view.step, 0.1) / view.focal
    way = min(move.amount / (view.focus * view.focal), most)
    rest = move.amount - way * view.focus * view.focal
    goes, looks = _sign(move) * way * done, _sign(move) * rest * done
    if move.kind == "truck":
        return replace(path, x=path.x + goes, right=path.right + looks)
    return replace(path, y=path.y + goes, down=path.down + looks)


def _orbit(path: CameraPath, move: CameraMove, view: View, done: np.ndarray, clock: np.ndarray) -> CameraPath:
    """On a circle about what is in focus; its relief is flattened until no edge opens too wide."""
    angle = -_sign(move) * radians(move.amount) * done
    reach = np.sin(radians(move.amount)) / view.focus * view.focal
    relief = min(1.0, OPEN / max(view.step * reach, 1e-6), ASIDE / max((1 - view.focus) * reach, 1e-6))
    x, z = -np.sin(angle) / view.focus, (1 - np.cos(angle)) / view.focus
    return replace(path, x=path.x + x, z=path.z + z, yaw=path.yaw + angle, relief=np.full(len(path), relief))


def _roll(path: CameraPath, move: CameraMove, view: View, done: np.ndarray, clock: np.ndarray) -> CameraPath:
    turned = radians(move.amount) * done
    return replace(path, roll=path.roll + _sign(move) * turned, zoom=path.zoom * (1 + 0.55 * np.sin(turned)))


def _handheld(path: CameraPath, move: CameraMove, view: View, done: np.ndarray, clock: np.ndarray) -> CameraPath:
    """A sum of slow swings that begins at rest (and of one that loops ends there)."""
    begins = _smoothly(clock / SOON)
    swing = [
        begins
        * sum(np.sin(2 * np.pi * hertz * clock + phase + turn) / (1 + n) for n, (hertz, phase) in enumerate(SWAYS))
        for turn in (0.0, 2.0, 4.0)
    ]
    return replace(
        path,
        right=path.right + move.amount * swing[0],
        down=path.down + 0.8 * move.amount * swing[1],
        roll=path.roll + 0.8 * move.amount * swing[2],
    )


def _dolly_zoom(path: CameraPath, move: CameraMove, view: View, done: np.ndarray, clock: np.ndarray) -> CameraPath:
    """In or out, while the lens keeps what is in focus as large as it is."""
    way = min(move.amount, 2.6 * OPEN / max(view.step, 0.02))
    z = (way if move.direction == "in" else -BACK * way) * done
    about = view.find(move.target) or (0.0, 0.0)
    moved = replace(path, x=path.x + z * about[0] / view.focal, y=path.y + z * about[1] / view.focal, z=path.z + z)
    return _zoomed(moved, 1 - z * view.focus, about)


def _rack_focus(path: CameraPath, move: CameraMove, view: View, done: np.ndarray, clock: np.ndarray) -> CameraPath:
    point = view.find(move.target)
    sharp = view.near(point) if point is not None else {"near": 1.0, "far": 0.0}[move.direction]
    return replace(path, blur=path.blur + move.amount * done, sharp=sharp)


def _whip_pan(path: CameraPath, move: CameraMove, view: View, done: np.ndarray, clock: np.ndarray) -> CameraPath:
    """Aside in the middle of its time, so fast that it smears."""
    fast = _smoothly((done - 0.35) / 0.3)
    goes = move.amount * fast
    return replace(path, right=path.right + _sign(move) * goes, smear=path.smear + 0.6 * np.gradient(goes))


WAYS = {
    "pan": _pan, "tilt": _tilt, "zoom": _zoom, "dolly": _dolly, "fly": _dolly, "truck": _aside, "pedestal": _aside,
    "orbit": _orbit, "roll": _roll, "handheld": _handheld, "dolly zoom": _dolly_zoom, "rack focus": _rack_focus,
    "whip pan": _whip_pan,
}  # fmt: skip
