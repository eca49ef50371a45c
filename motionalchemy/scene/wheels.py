"""Wheels of things that are seen from their side."""

import cv2
import numpy as np

from motionalchemy.scene.things import Thing


def wheels(picture: np.ndarray, thing: Thing) -> tuple[tuple[float, float, float], ...]:
    """The wheels of a thing that is seen from its side, hub and radius (x, y, r) in pixels: dark circles at its foot."""
    left, top, right, low = thing.box
    tall, broad = low - top, right - left
    if tall < 24 or broad < 1.2 * tall or broad > 6 * tall:
        return ()
    begin = top + tall // 3
    crop = np.ascontiguousarray(picture[begin : low + 2, left:right])
    scale = max(1.0, 240 / broad)
    large = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    least, most = (round(share * tall * scale) for share in (0.10, 0.34))
    found = cv2.HoughCircles(
        cv2.GaussianBlur(large, (0, 0), 1.2),
        cv2.HOUGH_GRADIENT,
        1,
        2 * least,
        param1=120,
        param2=18,
        minRadius=least,
        maxRadius=most,
    )
    if found is None:
        return ()
    circles = np.asarray(found, float).reshape(-1, 3) / scale + np.array([left, begin, 0.0])
    good = [each for each in circles if _is_wheel(picture, thing, each)]
    pairs = [(a, b) for n, a in enumerate(good) for b in good[n + 1 :] if _pair(a, b, tall, broad)]
    if not pairs:
        return ()
    best = max(pairs, key=lambda pair: abs(pair[0][0] - pair[1][0]) + pair[0][2])
    return tuple((float(x), float(y), float(r)) for x, y, r in best)


def _is_wheel(picture: np.ndarray, thing: Thing, circle: np.ndarray) -> bool:
    """Whether a circle (x, y, r) stands at the foot of a thing, and is darker at its rim than what is above it."""
    x, y, radius = circle
    low = thing.box[3]
    rows, columns = np.indices(thing.matte.shape, np.float32)
    apart = np.hypot(columns - x, rows - y)
    rim, inside = (apart < radius) & (apart > 0.7 * radius), apart < 0.8 * radius
    if not rim.any() or abs(y + radius - low) > 0.35 * radius + 2 or float(thing.matte[inside].mean()) < 0.7:
        return False
    grey = picture.mean(-1)
    return float(grey[rim].mean()) < float(grey[thing.matte > 0.7].mean())


def _pair(one: np.ndarray, other: np.ndarray, tall: int, broad: int) -> bool:
    """Whether two circles are the wheels of one thing."""
    alike = abs(one[2] - other[2]) < 0.25 * max(one[2], other[2])
    return bool(alike and abs(one[1] - other[1]) < 0.12 * tall and abs(one[0] - other[0]) > 0.3 * broad)
