"""How exactly a frame meets a picture that is due, and frames led to it without a jump."""

import numpy as np

REACH = 4  # frames over which a clip is led to a picture


def landing(frame: np.ndarray, picture: np.ndarray) -> float:
    """PSNR in dB of a frame against the picture that was due there, at most 100."""
    error = float(np.square(frame.astype(np.float32) - picture).mean())
    return round(float(min(100.0, 10 * np.log10(255**2 / max(error, 1e-9)))), 2)


def blended_to(frames: np.ndarray, at: int, picture: np.ndarray) -> np.ndarray:
    """The frames with what frame `at` lacks of the picture faded in before it and out after it.

    What is added vanishes where the picture was met exactly, whatever moves around it.
    """
    lacks = picture.astype(np.float32) - frames[at]
    result = frames.copy()
    for number in range(max(0, at - REACH + 1), min(len(frames), at + REACH)):
        share = 1 - abs(number - at) / REACH
        result[number] = np.rint(frames[number] + share * lacks).clip(0, 255)
    return result
