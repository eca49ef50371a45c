"""From where in frame 0 each place of a clip comes: small steps are chained, and what appears is found anew.

A search of frame 0 for what a later frame shows loses whatever went far: it finds something alike near by, and a small
runner stays where it was and fades. From one frame to the next nothing goes far. So those steps are added up, and only what
the frame before did not show is searched for in frame 0, or is taken to move as the camera does.
"""

import cv2
import numpy as np
import torch
from torch import Tensor

LARGE = 2  # times as large as they are, frames are searched for steps: a patch is 8 pixels, and a limb fewer
STEP, WHOLE = (4, 8), (2, 16)  # of a search for a step and of frame 0: pixels between patches, steps of descent
LOST = 0.5  # pixels by which there and back may miss a place that was there before
EDGE = 3  # pixels, a square around what appears, that appear with it
PATCH, WORST = 9, 60  # of errors that are compared: pixels a side, and what the largest counts, of 255
POINTS = 8  # pixels between the places that say how the camera goes
ASTRAY, TREMBLE = 0.3, 0.02  # pixels by which a place may miss the camera's step, and what is no step of a camera


def trace(clip: Tensor) -> Tensor:
    """From where in frame 0 each pixel of the later frames comes: (3, T, H, W) in [-1, 1] -> (2, T-1, H, W), pixels.

    By dense inverse search (1603.03590) at the finest scale, for limbs are a few pixels wide, and without refinement, which
    draws their edges into the ground.
    """
    frames = ((clip.float() + 1) * 127.5).clamp(0, 255).permute(1, 2, 3, 0).contiguous().cpu().numpy()
    grey = ((clip.float().mean(0) + 1) * 127.5).clamp(0, 255).byte().cpu().numpy()
    high, wide = grey.shape[1:]
    here = np.stack(np.meshgrid(np.arange(wide, dtype=np.float32), np.arange(high, dtype=np.float32)), -1)
    large = [cv2.resize(each, None, fx=LARGE, fy=LARGE, interpolation=cv2.INTER_CUBIC) for each in grey]
    steps, whole, camera = _search(*STEP), _search(*WHOLE), np.eye(3)
    field, fields = np.zeros_like(here), []
    for now in range(1, len(grey)):
        back = _step(steps, large[now], large[now - 1])
        camera = camera @ _common(here, back)
        chained = back + _at(field, here + back)
        again = whole.calc(grey[now], grey[0], chained.copy())  # type: ignore[call-overload]
        choices = np.stack((chained, _carried(here, camera) - here, again))
        errors = np.stack([_error(frames[0], frames[now], here + each) for each in choices])
        forth = _step(steps, large[now - 1], large[now])
        best = errors.argmin(0) * _appears(here + back, back + _at(forth, here + back))
        field = np.take_along_axis(choices, best[None, ..., None], 0)[0]
        fields.append(field)
    return torch.from_numpy(np.stack(fields)).permute(3, 0, 1, 2).to(clip.device)


def _search(stride: int, descents: int) -> cv2.DISOpticalFlow:
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    search.setFinestScale(0)
    search.setPatchStride(stride)
    search.setGradientDescentIterations(descents)
    search.setVariationalRefinementIterations(0)
    return search


def _step(search: cv2.DISOpticalFlow, after: np.ndarray, before: np.ndarray) -> np.ndarray:
    """Where in the frame before each place of the one after was (H, W, 2), in pixels away, from enlarged frames."""
    found = search.calc(after, before, None)  # type: ignore[call-overload]
    high, wide = after.shape
    return cv2.resize(found, (wide // LARGE, high // LARGE), interpolation=cv2.INTER_AREA) / LARGE


def _at(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    return cv2.remap(values, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _common(here: np.ndarray, back: np.ndarray) -> np.ndarray:
    """The step of most places as one turn, scale and shift, (3, 3)."""
    places, steps = (each[POINTS // 2 :: POINTS, POINTS // 2 :: POINTS].reshape(-1, 2) for each in (here, back))
    found, _ = cv2.estimateAffinePartial2D(places, places + steps, ransacReprojThreshold=ASTRAY)
    still = np.eye(2, 3)
    if found is None or np.abs(found - still).max() < TREMBLE:
        found = still
    return np.vstack((found, (0, 0, 1)))


def _carried(here: np.ndarray, camera: np.ndarray) -> np.ndarray:
    return (here @ camera[:2, :2].T + camera[:2, 2]).astype(np.float32)


def _error(first: np.ndarray, now: np.ndarray, places: np.ndarray) -> np.ndarray:
    """By how much frame 0, seen at `places`, misses a frame around each place (H, W)."""
    missed = np.abs(_at(first, places) - now).mean(-1)
    return cv2.blur(np.minimum(missed, WORST), (PATCH, PATCH))


def _appears(places: np.ndarray, loop: np.ndarray) -> np.ndarray:
    """Where a frame shows what the one before did not (H, W): outside of it, or there and back again do not meet."""
    high, wide = loop.shape[:2]
    lost = np.linalg.norm(loop, axis=-1) > LOST
    lost = cv2.dilate(lost.astype(np.uint8), np.ones((EDGE, EDGE), np.uint8)) > 0
    return lost | ((places < 0) | (places > (wide - 1, high - 1))).any(-1)
