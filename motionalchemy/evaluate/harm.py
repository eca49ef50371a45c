"""Whether a clip keeps its picture: what melts, folds, bends, blurs, flickers or is mirrored, without a true clip."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from motionalchemy.evaluate import temporal
from motionalchemy.evaluate.frames import at_most, grey
from motionalchemy.evaluate.happened import parts_move
from motionalchemy.evaluate.movement import flow, inside, warped
from motionalchemy.evaluate.seen import Seen
from motionalchemy.render import check
from motionalchemy.scene import straight

APART = 40  # grey levels by which a place differs from where it came from: more is no longer the same thing
LEGS = 4  # steps from one of the later frames back to the one before
CELL = 4  # pixels of the cells of which it is seen whether they fold
BLOCK = 24  # pixels of the blocks whose sharpness is compared
TEXTURE = 5.0  # grey levels of detail, from which on a block can be blurred
SAMPLES = 24  # places along a line
RELIEF = 1.6  # times as far as else, parts of a subject may move before a camera that goes past them
HIDES = 20.0  # grey levels by which a place differs at last that something hides
COARSE = 96  # pixels of the shorter side at which mirror images are looked for
LIVING = ("face", "body")


@dataclass(frozen=True)
class Harm:
    """What was measured: the share of later frames that the picture, moved, does not explain (`melted`), of what is folded
    over (`folds`), by how much a straight line is bent, in per cent of the diagonal (`bend`), what share of the detail is
    left in the worst tenth of what rests (`sharp`), the share of a width that is a mirror image (`mirror`), grey levels of
    `flicker`, how far parts of what stands out move where nothing of it is asked, per cent of the diagonal (`wobble`), how
    far the points of faces are off, in eye distances (`face`), and in which share of the frames a face is `lost`; how far
    the rest moves that nobody asked to, per cent of the diagonal (`rest`); and how much less detail there is where
    something was that has gone than around it (`smear`), in [0, 1]."""

    melted: float
    folds: float
    bend: float
    sharp: float
    mirror: float
    flicker: float
    wobble: float
    face: float
    lost: float
    rest: float
    smear: float

    @property
    def why(self) -> tuple[str, ...]:
        """In words, what a person would see of it; nothing where the picture is kept."""
        seen = (
            (self.melted > LIMITS["melted"], f"{self.melted:.1%} of it is torn or melted"),
            (self.folds > LIMITS["folds"], f"{self.folds:.1%} of it is folded over"),
            (self.bend > LIMITS["bend"], f"a straight line is bent by {self.bend:.2f} %"),
            (self.sharp < LIMITS["sharp"], f"{self.sharp:.0%} of the detail is left"),
            (self.mirror > LIMITS["mirror"], f"{self.mirror:.0%} of the width is a mirror image"),
            (self.flicker > LIMITS["flicker"], f"it flickers by {self.flicker:.1f} levels"),
            (self.wobble > LIMITS["wobble"], f"what stands out is bent by {self.wobble:.2f} %"),
            (self.face > LIMITS["face"], f"a face is off by {self.face:.2f} eye distances"),
            (self.lost > LIMITS["lost"], f"a face is none any more in {self.lost:.0%} of the frames"),
            (self.rest > LIMITS["rest"], f"what nobody asked to move is bent by {self.rest:.2f} %"),
            (self.smear > LIMITS["smear"], f"where something was, {self.smear:.0%} of the detail is missing"),
        )
        return tuple(words for bad, words in seen if bad)


LIMITS = {
    "melted": 0.055, "folds": 0.004, "bend": 0.16, "sharp": 0.45, "mirror": 0.03, "flicker": 1.2, "wobble": 1.2,
    "face": 0.12, "lost": 0.35, "rest": 0.8, "smear": 0.85,
}  # fmt: skip
"""Beyond which a picture is not kept: set by looking at 200 clips of two builds, see docs/results.md."""


def harm(seen: Seen) -> Harm:
    """What a clip does to its picture."""
    parts, loose = {each.part for each in seen.wanted}, loosened(seen)
    weather, goes = "weather" in parts, bool(parts & {"travel", "body"})
    veiled = any(each.deed in ("steam", "smoke", "fire") for each in seen.wanted)
    lost = max((track.lost for track in seen.faces), default=0.0)
    off = max((_off(seen, number) for number in range(len(seen.faces))), default=0.0)
    calm = seen.rest & seen.textured
    return Harm(
        0.0 if weather or veiled else melted(seen.tracks.frames, ~loose),
        folded(seen, ~loose),
        0.0 if seen.parallax else bend(seen, ~loose),
        1.0 if weather else sharp(seen),
        mirrored(seen),
        0.0 if weather else temporal.flicker(seen.tracks.frames),
        0.0 if goes or "face" in parts else wobble(seen),
        off,
        0.0 if goes else lost,
        float(np.percentile(seen.reach[calm], 75)) if calm.mean() > 0.02 and not seen.filmed else 0.0,
        smeared(seen) if goes else 0.0,
    )


def smeared(seen: Seen) -> float:
    """How much less detail the last frame has where what stands out was and is no more, than around that, in [0, 1]."""
    subject, last = seen.sized(seen.understood.subject), len(seen.cameras) - 1
    now = swept(seen, subject, (last,))
    was = subject & ~now
    if was.mean() < 0.004 or not seen.tracks.seen[last][subject].mean() > 0.3:
        return 0.0
    around = (cv2.dilate(subject.astype(np.uint8), np.ones((25, 25), np.uint8)) > 0) & ~subject & ~now
    inner = cv2.erode(was.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    detail = np.abs(cv2.Laplacian(seen.tracks.frames[last].astype(np.float32).mean(-1), cv2.CV_32F))
    if inner.sum() < 40 or around.sum() < 40 or detail[around].mean() < TEXTURE:
        return 0.0
    return float(max(1 - detail[inner].mean() / detail[around].mean(), 0.0))


def swept(seen: Seen, place: np.ndarray, numbers: Iterable[int]) -> np.ndarray:
    """Where what is at a place (H, W) bool stands in some frames, and a little around it, (H, W) bool."""
    mask = np.zeros(seen.shape, np.uint8)
    for number in numbers:
        column, row = seen.tracks.points[number][place].round().astype(int).T
        mask[row.clip(0, seen.shape[0] - 1), column.clip(0, seen.shape[1] - 1)] = 1
    return cv2.dilate(mask, np.ones((7, 7), np.uint8)) > 0


def loosened(seen: Seen) -> np.ndarray:
    """Where what flows, burns or sways is asked to, (H, W) bool: what it does there bends and tears nothing."""
    mask = np.zeros(seen.shape, bool)
    for each in seen.wanted:
        place = seen.place(each) if each.part == "elements" else None
        if place is not None:
            mask |= cv2.dilate(place.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    return mask


def melted(frames: np.ndarray, where: np.ndarray) -> float:
    """Share of the places of four later frames (T, H, W, 3) that the first one, moved, does not explain, of those that come
    from `where` (H, W) bool in it."""
    picked = frames[np.linspace(0, len(frames) - 1, 1 + 4 * LEGS).round().astype(int)]
    pictures, shares = grey(picked), []
    back = np.zeros((*pictures.shape[1:], 2), np.float32)
    for number in range(1, len(picked)):
        step = flow(pictures[number], pictures[number - 1])
        back = step + warped(back, step)
        if number % LEGS == 0:
            from_ = warped(where[..., None].astype(np.float32), back).reshape(where.shape) > 0.5
            there = inside(back) & from_
            apart = np.abs(warped(picked[0], back) - picked[number]).max(-1) > APART
            shares.append(float((apart & there).sum() / max(1, there.size)))
    return max(shares)


def folded(seen: Seen, where: np.ndarray) -> float:
    """Share of the picture's cells of `where` that a later frame shows turned inside out, at most."""
    points, there = seen.tracks.points[:, ::CELL, ::CELL], seen.tracks.seen[:, ::CELL, ::CELL]
    place, worst = where[::CELL, ::CELL][:-1, :-1], 0.0
    for number in range(4, len(points), 4):
        at, sure = points[number], there[number]
        across, down = at[:-1, 1:] - at[:-1, :-1], at[1:, :-1] - at[:-1, :-1]
        area = across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0]
        whole = sure[:-1, :-1] & sure[:-1, 1:] & sure[1:, :-1] & place
        worst = max(worst, float(((area <= 0) & whole).sum() / max(whole.size, 1)))
    return worst


def bend(seen: Seen, where: np.ndarray) -> float:
    """By how much straight lines of the picture that lie in `where` are bent at last, per cent of the diagonal: the third
    worst, as a single one may be followed wrongly. Places that look otherwise at last are hidden by something."""
    share, found, last = np.linspace(0.04, 0.96, SAMPLES), list[float](), len(seen.cameras) - 1
    goes = any(each.part in ("travel", "body") for each in seen.wanted)
    subject = seen.sized(seen.understood.subject)
    hidden = swept(seen, subject, range(0, last + 1, 6)) & ~subject if goes else np.zeros(seen.shape, bool)
    alike = np.nan_to_num(np.abs(seen.tracks.tints(last)), nan=255.0) < HIDES
    for x0, y0, x1, y1 in straight.segments(seen.tracks.frames[0]):
        column = (x0 + share * (x1 - x0)).round().astype(int).clip(0, seen.shape[1] - 1)
        row = (y0 + share * (y1 - y0)).round().astype(int).clip(0, seen.shape[0] - 1)
        sure = alike[row, column] & where[row, column]
        crossed = hidden[row, column].any() or 0.1 < subject[row, column].mean() < 0.9
        if where[row, column].all() and not (goes and crossed) and sure.sum() > 0.6 * SAMPLES:
            goes_by = seen.tracks.points[last, row, column] - seen.tracks.start[row, column]
            line = np.stack((x0 + share * (x1 - x0), y0 + share * (y1 - y0)), 1)
            found.append(_crooked((line + goes_by)[sure]))
    return 100 * sorted(found)[-3] / seen.tracks.diagonal if len(found) > 2 else 0.0


def _crooked(points: np.ndarray) -> float:
    """How far points (n, 2) lie off a straight line: nine tenths of them."""
    points = points - np.median(points, 0)
    aside = np.abs(points @ np.linalg.svd(points, full_matrices=False)[2][1])
    return float(np.percentile(aside, 90))


def sharp(seen: Seen) -> float:
    """What share of the detail of the picture is left where its places have gone, in the worst tenth of the blocks; what
    becomes larger has less by right."""
    frames, last = seen.tracks.frames, len(seen.cameras) - 1
    matrix, (high, wide) = seen.cameras[last], seen.shape
    moved = cv2.warpAffine(frames[0].astype(np.float32), matrix, (wide, high), borderMode=cv2.BORDER_REPLICATE)
    led = (seen.tracks.start @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
    went = np.ascontiguousarray(seen.tracks.points[last], np.float32)
    usual, left_over = _detail(moved, led), _detail(frames[last].astype(np.float32), went)
    there, left = seen.tracks.seen[last] & seen.rest, list[float]()
    for top in range(0, high - BLOCK + 1, BLOCK):
        for side in range(0, wide - BLOCK + 1, BLOCK):
            part = slice(top, top + BLOCK), slice(side, side + BLOCK)
            if there[part].mean() > 0.8 and usual[part].mean() > TEXTURE:
                left.append(float(left_over[part][there[part]].mean() / usual[part][there[part]].mean()))
    return float(np.percentile(left, 10)) if len(left) > 4 else 1.0


def _detail(frame: np.ndarray, places: np.ndarray) -> np.ndarray:
    """How much detail a frame (H, W, 3) has at places (H, W, 2), in grey levels."""
    edges = cv2.blur(np.abs(cv2.Laplacian(frame.mean(-1), cv2.CV_32F)), (5, 5))
    return cv2.remap(edges, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def mirrored(seen: Seen) -> float:
    """What share of the width of a later frame is a mirror image at an edge, beside what the picture itself has."""
    frames = at_most(seen.tracks.frames, COARSE)
    first, *later = (cv2.GaussianBlur(frames[number], (0, 0), 1.0) for number in (0, len(frames) // 2, len(frames) - 1))
    own = check.mirrored(first)
    return max(check.mirrored(each) - own for each in later)


def wobble(seen: Seen) -> float:
    """How far parts of what stands out move beside the whole of it, per cent of the diagonal; that of what is itself asked
    to flow or sway does not count."""
    place = seen.sized(seen.understood.subject)
    if place.mean() < 0.01 or (loosened(seen) & place).sum() > 0.5 * place.sum():
        return 0.0
    return parts_move(seen, place, bent=seen.parallax) / (RELIEF if seen.parallax else 1.0)


def _off(seen: Seen, number: int) -> float:
    """By how much a face is off: its stiff points where it acts, all where nothing of it is asked."""
    track = seen.faces[number]
    if any(each.part in LIVING for each in seen.wanted):
        return track.stiffness
    return max(track.stiffness, track.change(*range(0, 468, 4)))
