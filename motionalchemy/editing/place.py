"""Another background behind a subject: a picture of the place that the words name, moved as the camera of the source moves.

The camera is followed from frame to frame by points of the old background (Lucas-Kanade; Shi and Tomasi, Good Features to
Track, 1994), as turns, shifts and zooms that most of them share (RANSAC). What comes into view is the picture mirrored.
"""

import numpy as np

from motionalchemy.scene.camera_track import Matrix, pixels


def seen_from(picture: np.ndarray, matrices: list[Matrix]) -> np.ndarray:
    """A picture (H, W, 3) uint8 as the camera sees it from each of its places: (T, H, W, 3)."""
    import cv2

    height, width = picture.shape[:2]
    to = [pixels(matrix, height, width)[:2] for matrix in matrices]
    return np.stack([cv2.warpAffine(picture, m, (width, height), borderMode=cv2.BORDER_REFLECT_101) for m in to])
