"""Another background of a clip: a picture of the place, seen as the source's camera moves; beyond its edge mirrored."""

import numpy as np

from motionalchemy.scene.camera_track import Matrix, pixels


def seen_from(picture: np.ndarray, matrices: list[Matrix]) -> np.ndarray:
    """A picture (H, W, 3) uint8 as the camera sees it from each of its places: (T, H, W, 3)."""
    import cv2

    height, width = picture.shape[:2]
    to = [pixels(matrix, height, width)[:2] for matrix in matrices]
    return np.stack([cv2.warpAffine(picture, m, (width, height), borderMode=cv2.BORDER_REFLECT_101) for m in to])
