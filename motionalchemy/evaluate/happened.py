"""Whether what a sentence asks for is seen in a clip, thing by thing: a guess by measurements, for a person to check.

Each function says how much of it is seen: 1 as much as is plainly seen, with the sign turned where it goes the other way.
"""

from collections.abc import Callable

import cv2
import numpy as np

from motionalchemy.evaluate import face_tracks
from motionalchemy.evaluate.frames import grey
from motionalchemy.evaluate.seen import FALLING, Seen
from motionalchemy.evaluate.tracking import OFF
from motionalchemy.evaluate.wanted import Wanted

PLAIN, SOME = 1.0, 0.4  # how much is done, and how much is half done
TRAVELS, GROWS = 3.0, 1.15  # per cent of the diagonal, and times, that what goes goes and grows
LIMBS, HEAD = 1.0, 1.2  # per cent of the diagonal, that limbs, and a head without points, move beside the body
SHOWN = 0.05  # of a place, in which something can be followed, so that it is asked whether that moves
GUESS = 0.9  # the most that is believed of movement of which nothing says that it is what was asked
FLOWS, WIDE, CHANGES = 0.3, 0.3, 5.0  # per cent of the diagonal over a share of a place; grey levels of change in it
TINGE, TWINKLES = 14.0, 6.0  # grey levels
ZOOM, PAN, TILT, ROLL = 1.06, 0.04, 0.035, 4.0  # times; widths; widths; degrees
PARALLAX, SHAKES, RESTS = 3.0, 0.002, 0.3  # per cent of the diagonal; widths; per cent of the diagonal
PASSES, MANY, FEW = 14.0, 4.0, 1.5  # grey levels that what falls differs by; of 1000 places, that it covers
BRIEF = 0.2  # of the frames, in which at most something falls past one place
LOOKS = 1.0  # grey levels by which a region differs at least, if it moves
LIGHT, FLASH = 12.0, 8.0  # grey levels
Found = tuple[float, str]


def happens(seen: Seen, asked: Wanted) -> Found:
    """How much of something that is asked for is seen in a clip, and in words what was measured."""
    return PARTS[asked.part](seen, asked)


def done(seen: Seen) -> tuple[float, list[str]]:
    """Whether all that is wanted of a clip is seen: 1, 0.5 where some of it is, 0; and what was measured of each."""
    if not seen.wanted:
        return 0.0, ["nothing in the words is known"]
    marks, said = list[float](), list[str]()
    for each in seen.wanted:
        amount, words = happens(seen, each)
        mark = 1.0 if amount >= PLAIN else 0.5 if amount >= SOME else 0.0
        marks.append(mark)
        said.append(f"{each.named} {mark:g}: {words}")
    total = 1.0 if min(marks) == 1 else 0.0 if max(marks) == 0 else 0.5
    return total, said


def camera(seen: Seen, asked: Wanted) -> Found:
    """A move of the camera: what most of the ground follows, or what stands out, whichever goes farther."""
    size, turn, right, down = _view(seen, 1 if asked.way not in ("out", "back") else -1)
    said = f"{size:.2f} times, {right:+.3f} {down:+.3f} widths, {turn:+.1f} degrees"
    if asked.deed in ("zoom", "dolly", "fly", "dolly zoom"):
        sign = -1 if asked.way in ("out", "back") else 1
        return float(sign * np.log(size) / np.log(ZOOM)), said
    if asked.deed in ("pan", "truck", "whip pan"):
        return float(right / PAN * (1 if asked.way == "left" else -1)), said
    if asked.deed in ("tilt", "pedestal"):
        return float(down / TILT * (-1 if asked.way == "down" else 1)), said
    if asked.deed == "roll":
        return float(abs(turn) / ROLL), said
    if asked.deed == "orbit":
        aside = seen.besides[-1, ..., 0]
        low, high = np.nanpercentile(aside, (10, 90)) if np.isfinite(aside).any() else (0, 0)
        return float((high - low) / PARALLAX), f"parallax {high - low:.2f} %"
    if asked.deed == "handheld":
        shifts = np.stack([matrix[:, 2] for matrix in seen.cameras]) / seen.shape[1]
        return float(shifts.std(0).max() / SHAKES), said
    moved = 100 * (float(np.hypot(right, down)) + abs(float(size) - 1))
    if asked.deed == "static":
        return (1.0 if moved < RESTS else 0.0), said
    return 1.0, said


def _view(seen: Seen, sign: int) -> tuple[float, float, float, float]:
    """How many times as large things become, by how many degrees they turn, and how far right and down they go in widths,
    at most; `sign` is -1 where smaller counts."""
    high, wide = seen.shape
    middle = np.array((wide / 2, high / 2))
    subject, last = seen.sized(seen.understood.subject), len(seen.cameras) - 1
    found = list[tuple[float, float, float, float]]()
    near = _fit(seen, subject, last) if subject.mean() > 0.02 else None
    for matrix in (seen.cameras[last], near):
        if matrix is not None:
            size, turn = np.hypot(matrix[0, 0], matrix[1, 0]), np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0]))
            right, down = (matrix[:, :2] @ middle + matrix[:, 2] - middle) / wide
            found.append((float(size), float(turn), float(right), float(down)))
    sizes, turns, rights, downs = zip(*found, strict=True)
    return max(sizes, key=lambda each: sign * each), *(max(each, key=abs) for each in (turns, rights, downs))


def face(seen: Seen, asked: Wanted) -> Found:
    """What a face does, by its points; without any, how far what stands out moves, which says little."""
    if seen.faces:
        amounts = [face_tracks.deed(track, asked.deed) for track in seen.faces]
        return max(amounts), f"{max(amounts):.2f} of what is plain"
    place = seen.place(asked)
    if place is None:
        return 0.0, "no face, and nothing stands out"
    apart = parts_move(seen, place)
    return min(apart / HEAD, GUESS), f"no face; parts of the subject move {apart:.2f} %"


def body(seen: Seen, asked: Wanted) -> Found:
    """What bodies do: how far their parts move beside the whole, and where that goes; where no body is found, it says
    little."""
    place = seen.place(asked)
    if place is None:
        return 0.0, "nobody is found"
    limbs = parts_move(seen, place)
    said = f"parts move {limbs:.2f} %"
    if asked.deed not in ("walk", "run", "") or not asked.way:
        most = np.inf if seen.understood.scene.bodies and asked.deed else GUESS
        return min(limbs / LIMBS, most), said
    gone, words = _goes(seen, place, asked.way)
    return min(gone, SOME + limbs / LIMBS), f"{said}, {words}"


def travel(seen: Seen, asked: Wanted) -> Found:
    """Where a thing goes."""
    place = seen.place(asked)
    if place is None:
        return 0.0, "nothing stands out"
    if asked.deed in ("spins", "swings"):
        reach = float(np.percentile(seen.reach[place], 75))
        return reach / 1.0, f"goes to and fro by {reach:.2f} %"
    way = {"rises": "up", "falls": "down"}.get(asked.deed, asked.way)
    return _goes(seen, place, way)


def elements(seen: Seen, asked: Wanted) -> Found:
    """How much of a region moves more than the rest does, or changes as what flows or burns does."""
    if asked.deed == "lights":
        return _twinkles(seen)
    tint = np.nan_to_num(np.fmax.reduce(np.abs(_tints(seen))))
    if asked.deed in ("steam", "smoke", "fire", ""):
        most = float(np.percentile(tint, 98.5) - np.percentile(tint, 60))
        return min(most / TINGE, np.inf if asked.deed else GUESS), f"a place lightens or darkens by {most:.1f} levels"
    place = seen.place(asked)
    if place is None:
        return 0.0, "its region is not found"
    rest = seen.rest & seen.textured
    usual = float(np.percentile(seen.reach[rest], 75)) if rest.mean() > 0.02 else 0.0
    there = place & seen.textured
    shown = there.sum() > SHOWN * place.sum() and seen.changed[place].mean() > LOOKS
    moves = float((seen.reach[there] > FLOWS + 1.5 * usual).mean()) if shown else 0.0
    change = float(tint[place].mean()) - (float(np.percentile(tint[rest], 75)) if rest.mean() > 0.02 else 0.0)
    said = f"{moves:.0%} of it moves, it changes by {max(change, 0):.1f} levels"
    amount = max(moves / WIDE, change / CHANGES)
    if asked.deed == "clouds" and asked.way in ("left", "right"):
        known = seen.besides[:, there, 0]
        aside = float(np.nanmedian(known)) if np.isfinite(known).any() else 0.0
        wrong = aside * (1 if asked.way == "left" else -1) > 0.1
        return (-amount if wrong else amount), f"{said}, {aside:+.2f} % to the right"
    return amount, said


def _tints(seen: Seen) -> np.ndarray:
    """How much lighter places are than in the picture, in some later frames (n, H, W), movement taken off."""
    count = len(seen.tracks.frames)
    return np.stack([seen.tracks.tints(number) for number in range(count // 4, count, max(count // 12, 1))])


def _falls(seen: Seen) -> float:
    """On how many of 1000 places something comes and goes that is no part of what moves there."""
    light, first = grey(seen.tracks.raw).astype(np.float32), seen.tracks.points
    there = [cv2.remap(one, at[..., 0], at[..., 1], cv2.INTER_LINEAR) for one, at in zip(light, first, strict=True)]
    comes = (np.abs(np.stack(there) - np.median(there, axis=0)) > PASSES)[len(there) // 4 :]
    return float((comes & (comes.mean(0) < BRIEF)).mean() * 1000)


def _twinkles(seen: Seen) -> Found:
    """How much the brightest places come and go, wherever they have moved to."""
    light = grey(seen.tracks.frames).astype(np.float32)
    light = np.stack([cv2.dilate(cv2.GaussianBlur(each, (0, 0), 0.7), np.ones((5, 5), np.uint8)) for each in light])
    bright = light[0] > max(90.0, float(np.percentile(light[0], 85)))
    swing = light.std(0)[bright]
    most = float(np.percentile(swing, 75)) if swing.size else 0.0
    return most / TWINKLES, f"lights come and go by {most:.1f} levels"


def weather(seen: Seen, asked: Wanted) -> Found:
    """What falls before a picture, or how its light changes."""
    frames = seen.tracks.raw
    luma = grey(frames).astype(np.float32)
    if asked.deed in FALLING:
        most = _falls(seen)
        return most / (FEW if asked.deed == "petals" else MANY), f"what falls covers {most:.1f} of 1000 places"
    if asked.deed == "lightning":
        jump = float(np.abs(np.diff(luma.mean((1, 2)))).max())
        return jump / FLASH, f"flashes by {jump:.1f} levels"
    floats = frames[[0, -1]].astype(np.float32)
    shift = float(np.abs(floats[1].mean((0, 1)) - floats[0].mean((0, 1))).max())
    spread = float(abs(luma[-1].std() - luma[0].std()))
    return max(shift, spread) / LIGHT, f"light changes by {shift:.1f} levels, contrast by {spread:.1f}"


PARTS: dict[str, Callable[[Seen, Wanted], Found]] = {
    "camera": camera, "face": face, "body": body, "travel": travel, "elements": elements, "weather": weather
}  # fmt: skip


def _goes(seen: Seen, place: np.ndarray, way: str) -> Found:
    """How far what is at a place goes some way, "" for any."""
    late = seen.besides[len(seen.besides) // 4 :, place]  # (t, n, 2)
    sure = np.isfinite(late[..., 0]).mean(1) > 0.15
    if not sure.any():
        change = float(seen.changed[place].mean())
        return change / 25, f"it is lost from sight, its place changes by {change:.1f} levels"
    middle = np.nanmedian(late[sure], axis=1)
    right, down = (float(each) for each in middle[np.linalg.norm(middle, axis=1).argmax()])
    size = _grown(seen, place)
    said = f"goes {right:+.1f} right, {down:+.1f} down (%), {size:.2f} times as large"
    if way in ("near", "far"):
        grown = np.log(size) / np.log(GROWS) * (1 if way == "near" else -1)
        return max(float(grown), 0.6 * float(np.hypot(right, down)) / TRAVELS if grown > 0 else 0.0), said
    far = {"left": -right, "right": right, "up": -down, "down": down}.get(way, float(np.hypot(right, down)))
    return far / TRAVELS, said


def _fit(seen: Seen, place: np.ndarray, number: int) -> np.ndarray | None:
    chosen = place & seen.tracks.seen[number]
    if chosen.sum() < 20:
        return None
    cv2.setRNGSeed(0)
    pair = [np.ascontiguousarray(each[chosen][::3]) for each in (seen.tracks.start, seen.tracks.points[number])]
    return cv2.estimateAffinePartial2D(pair[0], pair[1], method=cv2.RANSAC, ransacReprojThreshold=OFF)[0]


def _grown(seen: Seen, place: np.ndarray) -> float:
    """How many times as large what is at a place is at last, beside what the camera makes of all."""
    for number in range(len(seen.cameras) - 1, 0, -4):
        matrix = _fit(seen, place, number)
        if matrix is not None:
            all_ = seen.cameras[number]
            return float(np.hypot(matrix[0, 0], matrix[1, 0]) / np.hypot(all_[0, 0], all_[1, 0]))
    return 1.0


def parts_move(seen: Seen, place: np.ndarray, bent: bool = False) -> float:
    """How far the parts of what is at a place move beside the whole of it, per cent of the diagonal: a tenth as far or
    farther. `bent` takes off what a relief does before a camera that goes past it, too: a quadratic map."""
    most = np.zeros(int(place.sum()), np.float32)
    for number in range(1, len(seen.cameras), 3):
        start, now = seen.tracks.start[place], seen.tracks.points[number][place]
        sure = seen.tracks.seen[number][place]
        matrix = _fit(seen, place, number)
        if matrix is None:
            continue
        if bent:
            x, y = (start - start.mean(0)).T / seen.tracks.diagonal
            basis = np.stack((np.ones_like(x), x, y, x * x, x * y, y * y), 1)
            led = basis @ np.linalg.lstsq(basis[sure], now[sure], rcond=None)[0]
        else:
            led = start @ matrix[:, :2].T + matrix[:, 2]
        most = np.maximum(most, np.where(sure, np.linalg.norm(now - led, axis=1), 0))
    return float(100 * np.percentile(most, 90) / seen.tracks.diagonal) if most.size else 0.0
