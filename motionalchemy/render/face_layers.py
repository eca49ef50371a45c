"""What lies behind the skin of a face, made from one picture of it: eyeballs, shut lids, and the inside of the mouth."""

from dataclasses import dataclass

import cv2
import numpy as np

from motionalchemy.media.pullpush import filled
from motionalchemy.scene import filling
from motionalchemy.scene.face_mesh import BELOW, EYES, FOLDS, LIPS, LOWER_LIP, MOUTH, OVAL, SIDES, UPPER_LIP, FaceFit

TOOTH = np.array([1.0, 0.95, 0.85])  # how teeth are tinted beside the brightest of a face
DARK, TONGUE = np.array([0.3, 0.17, 0.15]), np.array([0.74, 0.56, 0.58])  # of the lips' colour
OWN_TEETH = 0.06  # eye distances that lips stand apart, from which a picture's own teeth are kept
ARCH = 0.5  # of the mouth's width, how wide four front teeth are


def polygon(shape: tuple[int, ...], points: np.ndarray, soft: float = 0.0) -> np.ndarray:
    """The inside of a ring of points (n, 2) in an image, (h, w) float32 in [0, 1], its edge softened by so many pixels."""
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(points[:, :2] * 16).astype(np.int32)], 255.0, cv2.LINE_AA, 4)
    inside = mask.astype(np.float32) / 255
    return cv2.GaussianBlur(inside, (0, 0), soft) if soft > 0.2 else inside


def sampled(image: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """An image at places."""
    return cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def disc(reach: int) -> np.ndarray:
    """A round brush."""
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))


def behind(part: np.ndarray, matte: np.ndarray, size: float) -> np.ndarray:
    """What lies behind a person (h, w) in a part (h, w, 3) of a picture, by eyes `size` pixels apart, filled from around
    the outline."""
    hidden = cv2.dilate(matte, disc(max(1, round(0.03 * size)))) >= 0.05
    seen = part.round().clip(0, 255).astype(np.uint8)
    return np.where(hidden[..., None], filling.filled(seen, hidden), part).astype(np.float32)


@dataclass(frozen=True, eq=False)
class EyeLayers:
    """Eyes of a part (h, w, 3) of a picture without lids: the `white`, the `ball` with the iris whole, how much of a place
    is of the `iris` (h, w), the `shade` that lids throw; the skin of shut lids, `lid`, the colour of lashes (3,), and the
    `radius` of each iris in pixels, right eye first."""

    white: np.ndarray
    ball: np.ndarray
    iris: np.ndarray
    shade: np.ndarray
    lid: np.ndarray
    lash: np.ndarray
    radius: tuple[float, float]


def eye_layers(part: np.ndarray, fit: FaceFit, corner: np.ndarray) -> EyeLayers:
    """The eyes of a face in a part of its picture that begins at `corner` (2,)."""
    down, across = np.mgrid[: part.shape[0], : part.shape[1]].astype(np.float32)
    white, ball = part.copy(), part.copy()
    iris, opened, hidden = (np.zeros(part.shape[:2], np.float32) for _ in range(3))
    radii = list[float]()
    for number, side in enumerate(SIDES):
        centre, *rim = fit.face.irises[number] - corner
        ring = fit.points[EYES[side], :2] - corner
        wide = float(np.linalg.norm(np.ptp(ring, axis=0)))
        radius = float(np.clip(np.linalg.norm(np.array(rim) - centre, axis=1).mean(), 0.12 * wide, 0.32 * wide))
        radii.append(radius)
        inside = polygon(part.shape, ring)
        known = cv2.erode(inside, disc(max(1, round(0.012 * fit.size))))
        away = np.hypot(across - centre[0], down - centre[1])
        top, left = (max(0, int(centre[axis] - 5 * radius)) for axis in (1, 0))
        box = np.s_[top : int(centre[1] + 5 * radius) + 2, left : int(centre[0] + 5 * radius) + 2]
        mirrored = sampled(np.dstack((part, known)), across, 2 * centre[1] - down)
        seen = (np.maximum(known, mirrored[..., 3]) > 0.5) & (away < 1.15 * radius)
        whole = np.where(known[..., None] > 0.5, part, mirrored[..., :3])
        if box[0].stop > 2 and min(part[box].shape[:2]) > 1:
            white[box] = filled(part[box], (known * (away > 1.15 * radius))[box])
            ball[box] = filled(whole[box], seen[box].astype(np.float32))
        iris = np.maximum(iris, np.clip((1.1 * radius - away) / (0.2 * radius + 1e-6) + 0.5, 0, 1))
        opened = np.maximum(opened, known)
        hidden = np.maximum(hidden, cv2.dilate(inside, disc(max(1, round(0.035 * fit.size)))))
    shade = filled(part - ball * iris[..., None] - white * (1 - iris[..., None]), opened)
    colours = part[opened > 0.5]
    lash = np.percentile(colours, 4, axis=0) if len(colours) else np.zeros(3)
    return EyeLayers(white, ball, iris, shade, _lid(part, fit, corner, hidden), lash, (radii[0], radii[1]))


def _lid(part: np.ndarray, fit: FaceFit, corner: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """The skin around the eyes without them: what shut lids look like."""
    near = np.zeros_like(hidden)
    for side in SIDES:
        around = np.concatenate((fit.points[FOLDS[side]], fit.points[BELOW[side]][::-1]))[:, :2] - corner
        near = np.maximum(near, cv2.dilate(polygon(part.shape, around), disc(max(1, round(0.03 * fit.size)))))
    return filled(part, np.ascontiguousarray(near * (1 - hidden)) + 1e-4 * (1 - hidden))


@dataclass(frozen=True, eq=False)
class MouthLayers:
    """The `inside` of a mouth in a part of a picture, hung on the skull: dark, with teeth, in its own colours; the
    colour of the `tongue` (3,), how far the lips stand apart in the picture, `gap` in pixels, and whether the teeth are
    the picture's `own`."""

    inside: np.ndarray
    tongue: np.ndarray
    gap: float
    own: bool


def mouth_layers(part: np.ndarray, fit: FaceFit, corner: np.ndarray) -> MouthLayers:
    """The mouth of a face in a part of its picture that begins at `corner` (2,)."""
    points, size = fit.points[:, :2] - corner, fit.size
    hole, face = polygon(part.shape, points[MOUTH]), polygon(part.shape, points[OVAL]) > 0.5
    lips = np.clip(polygon(part.shape, points[LIPS]) - hole, 0, 1)
    lip = (part * lips[..., None]).sum((0, 1)) / max(float(lips.sum()), 1.0)
    bright = np.percentile(part[face], 88, axis=0) if face.any() else np.full(3, 200.0)
    tooth = (0.45 * bright + 0.45 * bright.max() * TOOTH).clip(0, 255)
    gap = float(np.linalg.norm(points[UPPER_LIP] - points[LOWER_LIP], axis=1).mean())
    inside = lip * DARK + _teeth(part.shape, points, size, tooth - lip * DARK, lip * TONGUE - lip * DARK)
    known = cv2.erode(hole, np.ones((2 * max(1, round(0.02 * size)) + 1, 1), np.uint8))
    shown = (part * known[..., None]).sum((0, 1)) / max(float(known.sum()), 1.0)
    own = gap > OWN_TEETH * size and bool(shown.mean() > 0.8 * lip.mean())
    if own:
        reach = max(1, round(0.08 * size))
        near = cv2.dilate(hole, np.ones((reach, 1), np.uint8), anchor=(0, 0))
        near = cv2.GaussianBlur(near, (0, 0), max(0.3, 0.008 * size))[..., None]
        inside = inside + (filled(part, known) - inside) * near
    return MouthLayers(inside.astype(np.float32), lip * TONGUE, gap, own)


def _teeth(shape: tuple[int, ...], points: np.ndarray, size: float, tooth: np.ndarray, gum: np.ndarray) -> np.ndarray:
    """The upper row of teeth (h, w, 3) under the upper lip: what its colour adds to the dark; narrower to the sides, with
    soft gaps, and gums above."""
    upper = points[[78, *UPPER_LIP, 308]]
    span = float(np.linalg.norm(upper[-1] - upper[0]))
    along = (upper[-1] - upper[0]) / max(span, 1e-6)
    under = np.array([-along[1], along[0]])
    down, across = np.indices(shape[:2], np.float32)
    right, low = across - upper[0, 0], down - upper[0, 1]
    u = np.clip((right * along[0] + low * along[1]) / max(span, 1e-6) * 2 - 1, -1.5, 1.5)
    edge = np.interp(u, (upper - upper[0]) @ along / max(span, 1e-6) * 2 - 1, (upper - upper[0]) @ under)
    v = (right * under[0] + low * under[1] - edge) / size  # below the upper lip, in eye distances
    turned = np.arcsin(np.clip(u / 1.05, -1, 1))  # along the arch of the teeth, which turns away from us
    fine = 0.12 * float(np.clip((size - 30) / 50, 0, 1))  # gaps between the teeth of a small face are not seen
    each = np.abs(np.sin(2 * np.pi / ARCH * turned))
    long = 0.055 * (1 - 0.45 * u * u) * (1 - 0.6 * fine * (1 - np.clip(4 * each, 0, 1)))
    row = np.clip((long - v) / 0.012 + 0.5, 0, 1) * np.clip((0.96 - np.abs(u)) / 0.3, 0, 1)
    above = np.clip((-0.075 - v) / 0.02 + 0.5, 0, 1)[..., None]
    light = (1 - 0.55 * u * u) * (1 - fine * (1 - np.clip(3 * each, 0, 1)))
    return row[..., None] * (tooth * (1 - above) + gum * above) * light[..., None]
