"""What a movement does to a picture that it should not: folds, stretch, bent lines, mirrored edges. It only reports.

A field (2, h, w) says from how far away right and down each place of a frame comes, in widths of the picture.
"""

from dataclasses import dataclass

import cv2
import numpy as np

STRETCH = 2.0  # times, that a place may become longer or shorter in one direction
EDGE, SLIDE = 0.02, 0.35  # of the width: the narrowest strip at an edge that may be a mirror image, and the widest
FACE = 1.5  # pixels, that a place of a face may be moved within it
ALIKE = 0.92  # correlation from which on a strip is the mirror image of what lies beside it
PLAIN = 2.5  # grey levels: what varies by less has no mirror image
SAMPLES = 32  # places along a line
EVEN = cv2.BORDER_REPLICATE
FOUND = 25  # steps in which the place in a frame is found that comes from one in the picture


@dataclass(frozen=True)
class Report:
    """What was found: the shares of a frame that are folded over (`folds`) and stretched more than STRETCH times
    (`stretch`), by how many pixels of a picture as wide as asked the worst line is bent (`bend`), and which share of
    the width of a frame is a mirror image at its edges (`mirror`); and by how many pixels a place of a face is moved from
    where the face as a whole takes it (`face`)."""

    folds: float = 0.0
    stretch: float = 0.0
    bend: float = 0.0
    mirror: float = 0.0
    face: float = 0.0

    @property
    def harm(self) -> tuple[str, ...]:
        """In words, what a person would see of it."""
        seen = (
            (self.folds > 0.002, f"{self.folds:.1%} of the frame is folded over"),
            (self.stretch > 0.02, f"{self.stretch:.1%} of the frame is stretched more than {STRETCH:g} times"),
            (self.bend > 2.0, f"a straight line is bent by {self.bend:.1f} pixels"),
            (self.face > FACE, f"a face is bent by {self.face:.1f} pixels"),
            (self.mirror > 0, f"{self.mirror:.1%} of the width is a mirror image"),
        )
        return tuple(words for bad, words in seen if bad)


def check(
    field: np.ndarray,
    lines: np.ndarray,
    width: int,
    frame: np.ndarray | None = None,
    where: np.ndarray | None = None,
) -> Report:
    """What a field (2, h, w) does to a picture `width` pixels wide with straight `lines` (n, 4), both ends in its
    pixels, and what the `frame` (H, W, 3) uint8 shows that comes of it, if there is one. Where only a part `where` (H, W)
    bool is drawn, it is only that which folds and stretches."""
    folded, stretched = strained(field, where)
    return Report(folded, stretched, bend(field, lines, width), 0.0 if frame is None else mirrored(frame))


def residual(field: np.ndarray, where: np.ndarray, width: int) -> float:
    """By how many pixels of a picture so wide a field (2, h, w) moves a place of `where` (H, W) from where that as a whole
    goes, which keeps its shape; of all but the worst hundredth of the places in which it is seen."""
    high, wide = field.shape[1:]
    small = cv2.resize(where.astype(np.float32), (wide, high), interpolation=cv2.INTER_AREA)
    rows, columns = np.indices((high, wide), np.float32)
    x, y = (np.asarray(grid + wide * each, np.float32) for grid, each in zip((columns, rows), field, strict=True))
    there = cv2.remap(small, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT) > 0.5
    if there.sum() < 4:
        return 0.0
    place = ((columns + 0.5) / wide + 1j * (rows + 0.5) / wide)[there].astype(np.complex128)
    come = place + field[0][there] + 1j * field[1][there]
    apart, place = come - come.mean(), place - place.mean()
    turn = (apart * np.conj(place)).sum() / max((np.abs(place) ** 2).sum(), 1e-12)
    return float(np.percentile(np.abs(apart - turn * place), 99)) * width


def strained(field: np.ndarray, where: np.ndarray | None = None) -> tuple[float, float]:
    """The shares of a field (2, h, w), or of the part of it that is of `where` (h, w) bool, that fold and that stretch."""
    cell = 1 / field.shape[2]
    right_x, right_y = (np.diff(each, axis=1)[:-1] / cell for each in field)
    down_x, down_y = (np.diff(each, axis=0)[:, :-1] / cell for each in field)
    a, b, c, d = 1 + right_x, down_x, right_y, 1 + down_y  # what a step in the frame is in the picture
    area = a * d - b * c
    total, apart = a * a + b * b + c * c + d * d, 2 * np.abs(area)
    large = (np.sqrt(total + apart) + np.sqrt(np.maximum(total - apart, 0))) / 2
    small = np.abs(area) / np.maximum(large, 1e-9)
    inside = np.ones(area.shape, bool) if where is None else where[:-1, :-1]
    if not inside.any():
        return 0.0, 0.0
    bad = (large > STRETCH) | (small < 1 / STRETCH)
    return float((area <= 0)[inside].mean()), float(bad[inside].mean())


def bend(field: np.ndarray, lines: np.ndarray, width: int) -> float:
    """By how many pixels the worst of straight lines (n, 4) of a picture so wide is bent by a field (2, h, w)."""
    worst, share = 0.0, np.linspace(0.02, 0.98, SAMPLES)
    for x0, y0, x1, y1 in lines:
        there = np.stack((x0 + share * (x1 - x0), y0 + share * (y1 - y0))) + 0.5
        now, sure = _goes(field, there / width)
        if sure.sum() < 3:
            continue
        points = now[:, sure].T - now[:, sure].mean(1)
        worst = max(worst, float(np.abs(points @ np.linalg.svd(points, full_matrices=False)[2][1]).max()) * width)
    return worst


def _goes(field: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where in a frame places (2, n) of the picture are seen, in widths, and which of them are, (n,) bool."""
    high, wide = field.shape[1:]
    now, left = places.copy(), np.zeros_like(places)
    for _ in range(FOUND):
        x, y = (np.asarray(each * wide - 0.5, np.float32)[None] for each in now)
        moved = [cv2.remap(np.asarray(each, np.float32), x, y, cv2.INTER_LINEAR, borderMode=EVEN)[0] for each in field]
        left = places - (now + np.stack(moved))
        now = now + left
    inside = (now[0] > 0) & (now[0] < 1) & (now[1] > 0) & (now[1] < high / wide)
    return now, inside & (np.abs(left).max(0) < 0.5 / wide)


def mirrored(frame: np.ndarray) -> float:
    """Which share of the width of a frame (H, W, 3) uint8 is a mirror image of what lies next to it, at its worst edge."""
    grey = cv2.cvtColor(np.ascontiguousarray(frame), cv2.COLOR_RGB2GRAY).astype(np.float32)
    sides = (grey, grey[:, ::-1], grey.T, grey.T[:, ::-1])
    return max(_reflected(side, frame.shape[1]) for side in sides)


def _reflected(grey: np.ndarray, width: int) -> float:
    """The widest strip at the left of a picture (h, w) that its neighbour mirrors, in shares of a width."""
    least, most = max(4, round(EDGE * width)), min(round(SLIDE * width), grey.shape[1] // 2)
    for wide in range(most, least - 1, -1):
        strip, beside = grey[:, :wide], grey[:, wide : 2 * wide][:, ::-1]
        strip, beside = strip - strip.mean(1, keepdims=True), beside - beside.mean(1, keepdims=True)
        spread = float(strip.std() * beside.std())
        if min(strip.std(), beside.std()) > PLAIN and float((strip * beside).mean()) / spread > ALIKE:
            return wide / width
    return 0.0
