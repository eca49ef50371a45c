"""Edits and given frames: what changed outside the region that was to change, and how exactly key frames are met."""

from collections.abc import Mapping

import numpy as np

from motionalchemy.errors import InputError
from motionalchemy.evaluate.fidelity import psnr, ssim
from motionalchemy.evaluate.frames import Frames, frames_of, pair_of, region_of


def psnr_outside(edited: Frames, source: Frames, region: np.ndarray) -> float:
    """PSNR in dB where `region` (H, W) or (T, H, W) is False; 0..100, higher is better, 100 = untouched.

    Raises InputError when shapes differ or nothing lies outside (FiVE-Bench, ICCV 2025, measures the same place).
    """
    return psnr(edited, source, ~region.astype(bool))


def ssim_outside(edited: Frames, source: Frames, region: np.ndarray) -> float:
    """SSIM where `region` (H, W) or (T, H, W) is False; -1..1, higher is better, 1 = untouched; raises InputError as
    `psnr_outside`."""
    return ssim(edited, source, ~region.astype(bool))


def change_share(edited: Frames, source: Frames, region: np.ndarray) -> float:
    """Share of the whole squared change that lies inside `region` (H, W) or (T, H, W); 0..1, higher is better, 1 =
    nothing leaked out.

    A clip that did not change at all leaks nothing and gives 1: read it beside `psnr_outside`.
    """
    first, second = pair_of(edited, source)
    change = np.square(first.astype(np.float32) - second).sum(axis=-1)
    total = float(change.sum())
    return float(change[region_of(region, first)].sum()) / total if total else 1.0


def landing(clip: Frames, given: Mapping[int, np.ndarray]) -> dict[int, float]:
    """PSNR in dB of a clip's frames to the pictures (H, W, 3) given for them, frame number -> dB; higher is better.

    Negative numbers count from the end. Raises InputError for a frame the clip does not have.
    """
    frames = frames_of(clip)
    beyond = [number for number in given if not -len(frames) <= number < len(frames)]
    if beyond:
        raise InputError(f"the clip has frames 0..{len(frames) - 1}, and a picture was given for {beyond}")
    return {number: psnr(frames[number], picture) for number, picture in given.items()}
