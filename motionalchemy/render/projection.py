"""Movement made to keep stiff what is stiff: in each stiff part the nearest similarity, beside it a soft way over.

A field (T, 2, h, w) says from how far away right and down each place of a frame comes, in widths of the picture.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np

from motionalchemy.render.check import Report, check, residual, strained

STIFF = 0.5  # of a rigidity, from which on places hang together as one part
LEAST = 4  # cells that a part has at least
FADES = 0.05  # of the width, over which a part goes over into what is around it
WIDER = 1.6  # times as far it goes over where that would fold
TRIES = 4
HALVINGS = 5  # of the share of a movement that is looked for


def projected(field: np.ndarray, rigidity: np.ndarray) -> np.ndarray:
    """A field (T, 2, h, w) whose stiff parts, by a `rigidity` (H, W) in [0, 1] of any size, only go, turn and become
    larger; around them it goes over into what it was, and folds no more than that did."""
    high, wide = field.shape[2:]
    stiff = cv2.resize(rigidity.astype(np.float32), (wide, high), interpolation=cv2.INTER_AREA)
    count, label = cv2.connectedComponents((stiff > STIFF).astype(np.uint8))
    parts = [part for n in range(1, count) if (part := np.asarray(label) == n).sum() >= LEAST]
    if not parts:
        return field
    away = [cv2.distanceTransform((~part).astype(np.uint8), cv2.DIST_L2, 5) / wide for part in parts]
    return np.stack([_projected(frame, parts, away, stiff) for frame in field])


def _projected(frame: np.ndarray, parts: list[np.ndarray], away: list[np.ndarray], stiff: np.ndarray) -> np.ndarray:
    """One frame (2, h, w) of a field with its stiff parts, from which each place is so far `away` in widths."""
    models = [similarity(frame, np.where(part, stiff, 0)) for part in parts]
    gone = [
        float(np.hypot(*model[:, part]).max()) for model, part in zip(models, parts, strict=True)
    ]  # as far it is seen
    folds, fades = strained(frame)[0], FADES
    found = frame
    for _ in range(TRIES):
        weights = np.stack([_eased(1 - (far - by) / fades) for far, by in zip(away, gone, strict=True)])
        total = weights.sum(0)
        most = weights.max(0)
        mixed = sum(weight[None] * model for weight, model in zip(weights, models, strict=True))
        found = frame + most * (mixed / np.maximum(total, 1e-6) - frame)
        if strained(found)[0] <= folds:
            break
        fades *= WIDER
    return found.astype(frame.dtype)


def similarity(frame: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The similarity nearest to a field (2, h, w) where `weights` (h, w) count, as a field (weighted least squares)."""
    high, wide = weights.shape
    rows, columns = np.indices((high, wide))
    place = (columns + 0.5) / wide + 1j * (rows + 0.5) / wide
    come = place + frame[0] + 1j * frame[1]
    share = weights / weights.sum()
    middle, there = (share * place).sum(), (share * come).sum()
    turn = (share * (come - there) * np.conj(place - middle)).sum() / max(
        (share * np.abs(place - middle) ** 2).sum(), 1e-12
    )
    gone = there + turn * (place - middle) - place
    return np.stack((gone.real, gone.imag))


def worst(
    fields: Sequence[np.ndarray],
    lines: np.ndarray,
    width: int,
    faces: tuple[np.ndarray, ...] = (),
    where: np.ndarray | None = None,
) -> Report:
    """What the worst of some fields (2, h, w) does to a picture `width` pixels wide, of each kind of harm: to straight
    `lines` (n, 4), both ends in its pixels, to `faces` (H, W), and to the part `where` (H, W) that is drawn."""
    reports, bent = list[Report](), [0.0]
    for field in fields:
        size = field.shape[:0:-1]
        part = None if where is None else cv2.resize(where.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
        reports.append(check(field, lines, width, where=part))
        bent += [residual(field, face, width) for face in faces]
    most = {name: max((getattr(each, name) for each in reports), default=0.0) for name in ("folds", "stretch", "bend")}
    return replace(Report(**most), face=max(bent))


def safe(harm: Callable[[float], Report]) -> tuple[float, Report]:
    """The largest share of a movement, in [0, 1], that does no `harm`, which says what each share does; and what the whole
    would do."""
    whole = harm(1.0)
    if not whole.harm:
        return 1.0, whole
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        share = (low + high) / 2
        low, high = (low, share) if harm(share).harm else (share, high)
    return low, whole


def _eased(share: np.ndarray) -> np.ndarray:
    """A share from 0 to 1 with even ends."""
    share = share.clip(0, 1)
    return share * share * (3 - 2 * share)
