"""How near two sets of frames are: PSNR, SSIM, and a perceptual distance on SqueezeNet features."""

import cv2
import numpy as np
import torch

from motionalchemy.evaluate.frames import Frames, pair_of, region_of
from motionalchemy.parts import networks

CEILING = 100.0  # dB given to identical pictures, so that means stay finite


def psnr(a: Frames, b: Frames, where: np.ndarray | None = None) -> float:
    """Peak signal-to-noise ratio in dB, mean over frames: 10 log10(255² / mean squared error).

    0..100, higher is nearer, 100 = identical (the true value is infinite). `where` (H, W) or (T, H, W) keeps only the
    pixels that are True; frames in which no pixel is kept do not count. Raises InputError when shapes differ.
    """
    first, second = pair_of(a, b)
    region = region_of(where, first)
    values = []
    for x, y, kept in zip(first, second, region, strict=True):
        if kept.any():
            error = np.square(x[kept].astype(np.float32) - y[kept]).mean()
            values.append(CEILING if error == 0 else min(CEILING, 10 * np.log10(255.0**2 / error)))
    return float(np.mean(values))


def ssim(a: Frames, b: Frames, where: np.ndarray | None = None) -> float:
    """Structural similarity, mean over frames, channels and pixels (Wang et al. 2004, eq. 13; Gaussian of sigma 1.5).

    -1..1, higher is nearer, 1 = identical. `where` as in `psnr`; the window still looks over the region's edge.
    Raises InputError when shapes differ.
    """
    first, second = pair_of(a, b)
    region = region_of(where, first)
    pairs = zip(first, second, region, strict=True)
    return float(np.mean([_ssim_map(x, y)[kept].mean() for x, y, kept in pairs if kept.any()]))


def _ssim_map(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    blur = lambda picture: cv2.GaussianBlur(picture, (11, 11), 1.5, borderType=cv2.BORDER_REFLECT)  # noqa: E731
    x, y = a.astype(np.float32) / 255, b.astype(np.float32) / 255
    mean_x, mean_y = blur(x), blur(y)
    var_x, var_y = blur(x * x) - mean_x**2, blur(y * y) - mean_y**2
    covariance = blur(x * y) - mean_x * mean_y
    c1, c2 = 0.01**2, 0.03**2
    likeness = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    return likeness / ((mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2))  # (H, W, 3)


def lpips_like(a: Frames, b: Frames) -> float:
    """Perceptual distance, mean over frames: SqueezeNet 1.1 features under the heads of LPIPS (1801.03924, eq. 1).

    0 and up, lower is nearer, 0 = identical; unrelated pictures score about 0.6. The features come from another
    training of SqueezeNet than the heads were made for, so never print it beside published LPIPS figures. Raises
    InputError when shapes differ.
    """
    first, second = pair_of(a, b)
    net, heads = networks.squeezenet(), networks.lpips_heads()
    with torch.inference_mode():
        distances = []
        for x, y in zip(first, second, strict=True):
            maps = zip(net.maps(networks.batch(x)), net.maps(networks.batch(y)), heads, strict=True)
            distances.append(float(sum(_head_distance(u, v, head) for u, v, head in maps)))
    return float(np.mean(distances))


def _head_distance(u: torch.Tensor, v: torch.Tensor, head: torch.Tensor) -> torch.Tensor:
    unit = torch.nn.functional.normalize
    return torch.einsum("bchw,c->bhw", (unit(u, dim=1) - unit(v, dim=1)).square(), head).mean()
