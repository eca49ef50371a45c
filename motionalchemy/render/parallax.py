"""A layered picture seen by a camera that goes along a path: every layer warped backwards, laid over the one behind it.

A pixel of the picture lies at (x, y) from its middle, a lens is FOCAL times the longer side long, and something of
nearness q stands at a depth of 1 / q: lengths in space are counted in the depth of what is nearest. Frame by frame a
place is turned and moved in space, seen through the lens, and then zoomed, turned and shifted in the picture.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import cv2
import numpy as np

from motionalchemy.language.camera import FOCAL
from motionalchemy.render.act import rounded
from motionalchemy.scene.layered import GRID, DepthLayer, LayeredScene

STEPS = 7  # of the fixed point that finds where in a layer a pixel of a frame comes from
SPARE = 3  # pixels beyond what a path looks at, that a scene holds


@dataclass(frozen=True, eq=False)
class CameraPath:
    """A camera in each of T frames; at rest all are 0, but for `zoom` and `relief`, which are 1.

    Where it looks (`right`, `down`, in picture widths), how large it shows things (`zoom`), how far it is turned
    clockwise (`roll`, radians); where it stands (`x` right, `y` down, `z` forward, in depths of what is nearest) and
    how far it is turned to the right (`yaw`, radians); how much of the relief about the nearness `focus` it sees; how
    much is blurred that is not as near as `sharp` (`blur`, in picture widths for a nearness of 1), and how far a frame
    is smeared (`smear`, in widths)."""

    right: np.ndarray
    down: np.ndarray
    zoom: np.ndarray
    roll: np.ndarray
    x: np.ndarray
    y: np.ndarray
    z: np.ndarray
    yaw: np.ndarray
    relief: np.ndarray
    blur: np.ndarray
    smear: np.ndarray
    focus: float = 0.5
    sharp: float = 0.5

    @classmethod
    def still(cls, frames: int, focus: float = 0.5, sharp: float = 0.5) -> "CameraPath":
        """A camera that does nothing."""
        zero, one = np.zeros(frames), np.ones(frames)
        return cls(zero, zero, one, zero, zero, zero, zero, zero, one, zero, zero, focus, sharp)

    def __len__(self) -> int:
        return len(self.zoom)

    def part(self, at: np.ndarray) -> "CameraPath":
        """The same in some of its frames."""
        arrays = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in ("focus", "sharp")}
        return replace(self, **{name: array[at] for name, array in arrays.items()})

    def then(self, later: "CameraPath") -> "CameraPath":
        """This path and a later one that begins where it stands, frame by frame."""
        sums = {
            name: getattr(self, name) + getattr(later, name) for name in ("roll", "x", "y", "z", "yaw", "blur", "smear")
        }
        right, down = self.right + later.right / self.zoom, self.down + later.down / self.zoom
        relief = np.minimum(self.relief, later.relief)
        return replace(later, right=right, down=down, zoom=self.zoom * later.zoom, relief=relief, **sums)

    def rests(self, number: int) -> bool:
        """Whether a frame shows the picture as it is."""
        moved = (self.right, self.down, self.roll, self.x, self.y, self.z, self.yaw, self.blur, self.smear)
        return self.zoom[number] == 1 and not any(float(each[number]) for each in moved)


def frames(scene: LayeredScene, path: CameraPath, pictures: Iterator[np.ndarray] | None = None) -> Iterator[np.ndarray]:
    """Frames (H, W, 3) uint8 of a scene seen along a path, its picture in each of them as in `pictures`, (H, W, 3) float32,
    if that changes; one in which the camera rests is the picture itself."""
    for number in range(len(path)):
        if pictures is None:
            yield scene.picture if path.rests(number) else seen(scene, path, number)
            continue
        now = next(pictures)
        yield rounded(now) if path.rests(number) else seen(scene.changed(now), path, number)


def seen(scene: LayeredScene, path: CameraPath, number: int) -> np.ndarray:
    """One frame (H, W, 3) uint8."""
    high, wide = scene.picture.shape[:2]
    shown: np.ndarray | None = None
    for layer in scene.layers:
        x, y = source(layer.nearness, (high, wide), path, number, (scene.left, scene.top))
        x, y = x + scene.left, y + scene.top
        own = cv2.remap(layer.pixels, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        own = _blurred(own, layer, path, number)
        if shown is None:
            shown = own[..., :3]
            continue
        share = own[..., 3:]
        colours = own[..., :3] / np.maximum(share, 1)  # a cubic swings beyond both ends
        share = share.clip(0, 1)
        shown = np.clip(colours, 0, 255 * share) + (1 - share) * shown
    assert shown is not None
    if path.smear[number]:
        length = max(1, round(abs(float(path.smear[number])) * wide))
        shown = cv2.blur(shown, (length | 1, 1), borderType=cv2.BORDER_REPLICATE)
    return (shown + 0.5).clip(0, 255).astype(np.uint8)


def _blurred(pixels: np.ndarray, layer: DepthLayer, path: CameraPath, number: int) -> np.ndarray:
    """The pixels (H, W, 4) of a layer as a lens sees them that is set to something else."""
    if not path.blur[number]:
        return pixels
    away = abs(float(np.median(layer.nearness)) - path.sharp)
    sigma = float(path.blur[number]) * away * pixels.shape[1]
    return pixels if sigma < 0.3 else cv2.GaussianBlur(pixels, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)


def source(
    nearness: np.ndarray, size: tuple[int, int], path: CameraPath, number: int, margin: tuple[int, int] = (0, 0)
) -> tuple[np.ndarray, np.ndarray]:
    """From where in the picture each pixel of a frame of a layer comes, (H, W) right and (H, W) down; its nearness (h,
    w) has one value for GRID x GRID pixels and begins so many pixels left of and above the picture."""
    high, wide = size
    rows, columns = -(-high // GRID) + 2, -(-wide // GRID) + 2  # a cell more at each side, to be cut off
    right = (np.arange(columns, dtype=np.float32) - 0.5) * GRID - 0.5
    down = (np.arange(rows, dtype=np.float32) - 0.5) * GRID - 0.5
    x, y = np.meshgrid(right - (wide - 1) / 2, down - (high - 1) / 2)
    x, y = backwards(x, y, nearness, size, path, number, margin)
    large = [cv2.resize(each, None, fx=GRID, fy=GRID, interpolation=cv2.INTER_LINEAR) for each in (x, y)]
    cut = (slice(GRID, GRID + high), slice(GRID, GRID + wide))
    return large[0][cut] + np.float32((wide - 1) / 2), large[1][cut] + np.float32((high - 1) / 2)


def backwards(
    x: np.ndarray, y: np.ndarray, nearness: np.ndarray | float, size: tuple[int, int], path: CameraPath, number: int,
    margin: tuple[int, int] = (0, 0),
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """From where in the picture places (x, y) of a frame come, all in pixels from the middle, at a nearness as in
    `source`, or at one for all."""
    high, wide = size
    focal = FOCAL * max(high, wide)
    roll, zoom = float(path.roll[number]), float(path.zoom[number])
    cos, sin = np.cos(roll) / zoom, np.sin(roll) / zoom
    right, down = x + float(path.right[number]) * wide * zoom, y + float(path.down[number]) * wide * zoom
    seen_x, seen_y = cos * right - sin * down, sin * right + cos * down  # a camera that turns clockwise
    turn, where = _pose(path, number)
    moved = turn @ where
    ray = np.stack((seen_x, seen_y, np.full_like(seen_x, focal)))
    far = np.tensordot(turn.T, ray, 1)
    at_x, at_y = far[0] / far[2] * focal, far[1] / far[2] * focal  # of what is infinitely far away
    if not moved.any():
        return at_x.astype(np.float32), at_y.astype(np.float32)
    for _ in range(STEPS):
        near = _nearness(nearness, at_x, at_y, size, margin)
        near = path.focus + (near - path.focus) * float(path.relief[number])
        a, b, c = (
            turn[row, 0] * at_x + turn[row, 1] * at_y + (turn[row, 2] - near * moved[row]) * focal for row in range(3)
        )
        c = np.maximum(c, 0.05 * focal)
        at_x, at_y = at_x + seen_x - focal * a / c, at_y + seen_y - focal * b / c
    return at_x.astype(np.float32), at_y.astype(np.float32)


def displaced(near: float, size: tuple[int, int], path: CameraPath, number: int, cells: tuple[int, int]) -> np.ndarray:
    """From how far away right and down, in picture widths, each of so many `cells` (h, w) of a frame of a picture of a size
    (H, W) comes, (2, h, w) float32, where all is as near as that."""
    high, wide = size
    x = ((np.arange(cells[1]) + 0.5) / cells[1] - 0.5) * wide
    y = ((np.arange(cells[0]) + 0.5) / cells[0] - 0.5) * high
    x, y = np.meshgrid(x.astype(np.float32), y.astype(np.float32))
    at_x, at_y = backwards(x, y, near, size, path, number)
    return np.stack((at_x - x, at_y - y)).astype(np.float32) / wide


def _pose(path: CameraPath, number: int) -> tuple[np.ndarray, np.ndarray]:
    """How a camera is turned (3, 3), and where it stands (3,)."""
    cos, sin = np.cos(float(path.yaw[number])), np.sin(float(path.yaw[number]))
    turn = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
    return turn, np.array([float(path.x[number]), float(path.y[number]), float(path.z[number])])


def _nearness(
    nearness: np.ndarray | float, x: np.ndarray, y: np.ndarray, size: tuple[int, int], margin: tuple[int, int]
) -> np.ndarray | float:
    if not isinstance(nearness, np.ndarray):
        return nearness
    high, wide = size
    column = (x + (wide - 1) / 2 + margin[0] + 0.5) / GRID - 0.5
    row = (y + (high - 1) / 2 + margin[1] + 0.5) / GRID - 0.5
    return cv2.remap(
        nearness, column.astype(np.float32), row.astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def margins(path: CameraPath, size: tuple[int, int], ends: tuple[float, float]) -> tuple[int, int, int, int]:
    """How far beyond the left, top, right and bottom edge of a picture of a size (H, W) a path looks, in pixels, at
    most half its longer side, where its nearness lies between two `ends`."""
    high, wide = size
    across, along = np.linspace(-0.5, 0.5, 9) * wide, np.linspace(-0.5, 0.5, 9) * high
    x = np.concatenate((across, across, np.full(9, -wide / 2), np.full(9, wide / 2)))
    y = np.concatenate((np.full(9, -high / 2), np.full(9, high / 2), along, along))
    found = np.zeros(4)
    for number in {*range(0, len(path), max(1, len(path) // 24)), len(path) - 1}:
        for near in ends:
            at_x, at_y = backwards(x, y, float(near), size, path, number)
            beyond = (-at_x.min() - wide / 2, -at_y.min() - high / 2, at_x.max() - wide / 2, at_y.max() - high / 2)
            found = np.maximum(found, beyond)
    most = max(high, wide) // 2
    left, top, right, bottom = (min(most, int(np.ceil(each)) + SPARE) if each > 0.25 else 0 for each in found)
    return left, top, right, bottom
