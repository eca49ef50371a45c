"""Figures drawn on paper: the silhouette, and the joints that its tips tell."""

from typing import Literal

import cv2
import numpy as np

Limb = Literal["left arm", "right arm", "left leg", "right leg"]
INK = 16  # of 255: how much darker or more coloured than the paper ink is
EVEN, PLAIN = 0.8, 0.85  # of the picture's rim that is paper, of the paper that is even
CELLS = 112  # of the longer side, on which tips are looked for
TIPS = 9  # that are looked at
CUT = 0.3  # of its width, that lies at the lower edge of a picture that cuts a figure
BROAD = 1.25  # times as wide as high: what is wider is no standing figure


def drawing(picture: np.ndarray) -> tuple[np.ndarray, bool]:
    """The matte (H, W) of what is drawn on paper, all that its ink encloses, and whether it is a drawing on paper."""
    high, wide = picture.shape[:2]
    lab = cv2.cvtColor(cv2.bilateralFilter(picture, 7, 30, 5), cv2.COLOR_RGB2LAB).astype(np.float32)
    small = cv2.resize(lab[..., 0], None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    size = max(high, wide) // 40 * 2 + 1
    paper = cv2.resize(cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8)), (wide, high))
    tint = np.median(lab[..., 1:].reshape(-1, 2), 0)
    coloured = np.linalg.norm(lab[..., 1:] - tint, axis=-1)
    apart = np.maximum(paper - lab[..., 0], 1.2 * coloured)
    gap = max(3, max(high, wide) // 90)
    ink = cv2.morphologyEx((apart > INK).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8))
    padded = np.pad(ink, 1)
    cv2.floodFill(padded, None, (0, 0), 2)
    _, parts, facts, _ = cv2.connectedComponentsWithStats((padded[1:-1, 1:-1] != 2).astype(np.uint8))
    if len(facts) < 2:
        return np.zeros((high, wide), np.float32), False
    figure = (np.asarray(parts) == 1 + facts[1:, cv2.CC_STAT_AREA].argmax()).astype(np.uint8)
    outside = cv2.dilate(figure, np.ones((9, 9), np.uint8)) == 0
    rim = float(np.concatenate((outside[0], outside[-1], outside[:, 0], outside[:, -1])).mean())
    even = bool(outside.any() and rim > EVEN and (apart[outside] < 10).mean() > PLAIN and coloured[outside].mean() < 4)
    share = float(figure.mean())
    matte = cv2.GaussianBlur(cv2.dilate(figure, np.ones((3, 3), np.uint8)).astype(np.float32), (0, 0), 0.8)
    return matte, even and 0.02 < share < 0.7


def joints(matte: np.ndarray) -> dict[Limb, np.ndarray | None] | None:
    """The joints (3, 2) in pixels of each limb of a standing figure, None where one does not stand out; None for all where
    it is no standing figure: too wide, cut by the picture's lower edge, without two feet, or with more."""
    share = CELLS / max(matte.shape)
    inside = cv2.resize(matte, None, fx=share, fy=share, interpolation=cv2.INTER_AREA) > 0.5
    rows, columns = np.nonzero(inside)
    if len(rows) < 60:
        return None
    tall, across = float(np.ptp(rows)), float(np.ptp(columns))
    if across > BROAD * tall or inside[-1].sum() > CUT * across:
        return None
    half = cv2.distanceTransform(np.pad(inside.astype(np.uint8), 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
    aside = np.hypot(columns - columns.mean(), rows - (rows.min() + 0.52 * tall))
    belly = int(np.argmax(half[rows, columns] - 0.35 * aside))
    start = (int(rows[belly]), int(columns[belly]))
    away = far(inside, [start])
    tips = _tips(inside, away)
    low = [tip for tip in tips if tip[0] > start[0] + 0.2 * tall]
    feet = [max((tip for tip in low if s * (tip[1] - start[1]) >= 0), default=None) for s in (1, -1)]
    hands = list[tuple[int, int] | None]()
    least = max(start[0] + 0.2 * tall, rows.min() + 0.7 * tall)
    for side in (1, -1):
        out = [t for t in tips if t not in feet and side * (t[1] - start[1]) > 0.1 * tall and t[0] < least]
        hands.append(max(out, key=lambda tip: abs(tip[1] - start[1]), default=None))
    apart = [tip for tip in low if tip[0] > rows.max() - 0.12 * tall]
    if None in feet or len(apart) > 3:
        return None
    made = dict[Limb, np.ndarray | None]()
    for name, tip in zip(("left arm", "right arm", "left leg", "right leg"), (*hands, *feet), strict=True):
        made[name] = None if tip is None else _limb(tip, away, half) / share
    return made


def far(inside: np.ndarray, starts: list[tuple[int, int]]) -> np.ndarray:
    """How many steps each place (h, w) inside a silhouette is away from some of its places, -1 where none leads there."""
    away = np.full(inside.shape, -1, np.int32)
    front = np.zeros(inside.shape, np.uint8)
    for row, column in starts:
        front[row, column] = 1
    cross, square = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3)), np.ones((3, 3), np.uint8)
    reached, steps = front.copy(), 0
    while front.any():
        away[front > 0] = steps
        steps += 1
        grown = (cv2.dilate(reached, square if steps % 2 else cross) > 0) & inside
        front, reached = (grown & (reached == 0)).astype(np.uint8), grown.astype(np.uint8)
    return away


def _tips(inside: np.ndarray, away: np.ndarray) -> list[tuple[int, int]]:
    """The places that are farthest from the belly and from each other."""
    near, found = away.copy(), list[tuple[int, int]]()
    for _ in range(TIPS):
        row, column = np.unravel_index(int(near.argmax()), near.shape)
        if near[row, column] < 6:
            break
        found.append((int(row), int(column)))
        near = np.minimum(near, far(inside, [found[-1]]))
    return found


def _limb(tip: tuple[int, int], away: np.ndarray, half: np.ndarray) -> np.ndarray:
    """The root, the middle and the end (3, 2) of the limb that ends in a tip: back to where it becomes wide."""
    path = [tip]
    while away[path[-1]] > 0:
        row, column = path[-1]
        top, left = max(row - 1, 0), max(column - 1, 0)
        around = away[top : row + 2, left : column + 2]
        score = np.where((around >= 0) & (around < away[row, column]), half[top : row + 2, left : column + 2], -1.0)
        if score.max() < 0:
            break
        down, right = np.unravel_index(int(score.argmax()), score.shape)
        path.append((int(top + down), int(left + right)))
    wide = np.array([half[place] for place in path])
    usual = 1.6 * np.median(wide[: max(3, len(wide) // 2)]) + 0.6
    ends = [n for n in range(len(path) // 3, len(path)) if wide[n] > usual]
    last = min(ends[0] if ends else len(path) - 1, int(0.8 * len(path)))
    picked = [path[last], path[last // 2], path[int(0.1 * last)]]
    return np.array([(column + 0.5, row + 0.5) for row, column in picked])
