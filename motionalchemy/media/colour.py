"""Pictures of any mode -> (H, W, 3) uint8 sRGB, upright and over white."""

import contextlib
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms, ImageOps

from motionalchemy.media import display


def srgb(picture: Image.Image, said: tuple[int, int] | None = None) -> np.ndarray:
    """A loaded picture of any mode -> (H, W, 3) uint8: upright, in sRGB as far as its profile says, over white.

    `said` is a transfer function and primaries by the numbers of H.273, which a profile gives way to.
    """
    with contextlib.suppress(Exception):  # a damaged orientation tag is no reason to refuse a picture
        picture = ImageOps.exif_transpose(picture)
    profile = picture.info.get("icc_profile")
    if picture.mode[0] in "IF":
        picture = _eight_bits(picture)
    alpha = picture.convert("RGBA").getchannel("A") if picture.has_transparency_data else None
    if picture.mode not in ("RGB", "CMYK", "L"):
        picture = picture.convert("L" if picture.mode in ("1", "LA") else "RGB")
    tagged = said is not None and picture.mode in ("RGB", "RGBA", "RGBX") and 2 not in said
    if tagged and said is not None and not display.as_it_is(*(tags := display.tags(*said))):
        picture = Image.fromarray(display.to_srgb(np.asarray(picture.convert("RGB")), *tags))
    if profile and not tagged:
        with contextlib.suppress(Exception):  # neither is a damaged colour profile
            source, srgb = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB")
            picture = ImageCms.profileToProfile(picture, source, srgb, outputMode="RGB") or picture
    picture = picture.convert("RGB")
    if alpha is not None:
        picture = Image.composite(picture, Image.new("RGB", picture.size, "white"), alpha)
    return np.array(picture)


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits or floats -> 8 bits; white is 65535 in 16 bits, else the first usual white not exceeded."""
    values = np.nan_to_num(np.asarray(picture, np.float32), posinf=0, neginf=0)
    brightest = float(values.max())
    usual = (65535,) if picture.mode.startswith("I;16") else (1, 255, 65535)
    white = next((level for level in usual if brightest <= level), brightest)
    return Image.fromarray((values.clip(0, white) * (255 / white) + 0.5).astype(np.uint8))
