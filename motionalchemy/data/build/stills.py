"""Stills that serve as backgrounds: grounds and skies of the game's art, photographed panoramas, free wallpapers."""

import base64
import binascii
import io
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from motionalchemy.data.build.pack import Item
from motionalchemy.data.build.packages import PACKAGES, deb_files, find, game_files, npm_files
from motionalchemy.errors import InputError
from motionalchemy.parts import packages

GROUND_SIDE, SKY_SIDE, PICTURE = 256, 384, (1024, 640)
TECHNICAL = re.compile("_norm|_spec|normal|specular|_n$|_s$|blend|alpha|test")  # maps that are no pictures


def grounds(packages: Path) -> Iterator[Item]:
    """Every terrain texture as an item of kind `ground`, named by the words of its file."""
    for path, data in game_files(packages, "art/textures/terrain/types/*.dds*"):
        stem = re.sub(r"(\.dds|\.png|\.cached)+$", "", path.rsplit("/", 1)[-1])
        if not TECHNICAL.search(stem):
            facts = _game("ground", " ".join(word for word in _words(stem) if len(word) > 2))
            yield Item("ground", f"ground_{stem}", facts, lambda data=data: _ground(data))


def skies(packages: Path) -> Iterator[Item]:
    """The four sides of every sky as items of kind `sky`."""
    for path, data in game_files(packages, "art/textures/skies/*/*.dds*"):
        folder, file = path.split("/")[-2:]
        side = file.split(".")[0]
        if side in ("front", "back", "left", "right"):
            facts = _game("sky", " ".join(_words(folder)) + " sky")
            yield Item("sky", f"sky_{folder}_{side}".replace(" ", "_"), facts, lambda data=data: _sky(data))


def panoramas(packages: Path) -> Iterator[Item]:
    """Every photographed surrounding, equirectangular, as an item of kind `panorama`, named by its file."""
    package, path = PACKAGES["panoramas"], find(packages, "panoramas")
    for name, data in sorted(npm_files(path, "package/hdri/*.exr.js")):
        title = name.rsplit("/", 1)[-1].removesuffix(".exr.js")
        facts = {"kind": "panorama", "en": title, "zh": None, "split": "train"}
        facts |= {"source": package.source, "licence": package.licence}
        yield Item("panorama", f"panorama_{title}", facts, lambda name=name, data=data: _panorama(name, data))


def pictures(packages: Path) -> Iterator[Item]:
    """The largest image of every wallpaper as an item of kind `picture`, with its authors and licence."""
    package, best, about = PACKAGES["pictures"], {}, {}
    for path, data in deb_files(find(packages, "pictures"), "./usr/share/wallpapers/*"):
        title = path.split("/")[4]
        if path.endswith("/metadata.json"):
            about[title] = json.loads(data).get("KPlugin", {})
        elif re.search(r"/contents/images/[^/]*\.(jpe?g|png)$", path) and len(data) > len(best.get(title, b"")):
            best[title] = data
    for title, data in sorted(best.items()):
        known = about.get(title, {})
        facts = {"kind": "picture", "en": title, "zh": None, "split": "train", "source": package.source}
        facts |= {"licence": known.get("License", package.licence), "authors": _authors(known)}
        yield Item("picture", f"picture_{title}", facts, lambda data=data: _picture(data))


def _panorama(name: str, module: bytes) -> np.ndarray:
    """The OpenEXR file that a JavaScript module holds as base64 -> (H, W, 3) uint8; raises InputError for any other,
    MissingPart without the package that reads it."""
    try:
        import OpenEXR
    except ImportError as error:
        raise packages.lacking("train", error) from error
    found = re.search(rb"base64,([A-Za-z0-9+/=]+)", module)
    with tempfile.NamedTemporaryFile(suffix=".exr") as file:
        try:
            file.write(base64.b64decode(found[1], validate=True) if found else b"")
            file.flush()
            with OpenEXR.File(file.name) as opened:
                shown = opened.channels()
                light = (shown["RGB"] if "RGB" in shown else shown["RGBA"]).pixels[..., :3]
        except (binascii.Error, RuntimeError, KeyError) as error:
            raise InputError(
                f"{name} is not an OpenEXR picture: run `{PACKAGES['panoramas'].command}` again"
            ) from error
    return toned(light)


def toned(light: np.ndarray) -> np.ndarray:
    """Linear light (H, W, 3) as a picture in uint8 for the screen (a filmic curve; Narkowicz, 2015).

    Exposed so that seven tenths of the scene lie below 0.6. Lossy files ring beside lamps, below zero and in one
    channel alone: the sign is dropped, and what is far too bright for the screen in one channel is white.
    """
    light = np.abs(np.nan_to_num(light.astype(np.float32)))
    x = light / (np.percentile(light, 70) + 1e-4) * 0.6
    x = np.maximum(x, x.max(-1, keepdims=True) - 8)
    x = x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14)
    return (x.clip(0, 1) ** (1 / 2.2) * 255).astype(np.uint8)


def _authors(known: dict) -> list[str]:
    return [author["Name"] for author in known.get("Authors", []) if author.get("Name")]


def _game(kind: str, en: str) -> dict:
    package = PACKAGES["game art"]
    return {"kind": kind, "en": en, "zh": None, "split": "train", "source": package.source, "licence": package.licence}


def _words(stem: str) -> list[str]:
    return [word for word in re.split("[^a-z]+", stem.lower()) if word]


def _open(data: bytes) -> Image.Image | None:
    try:
        return Image.open(io.BytesIO(data)).convert("RGB")
    except (UnidentifiedImageError, NotImplementedError, OSError):
        return None  # a texture format that Pillow does not know


def _ground(data: bytes) -> np.ndarray | None:
    image = _open(data)
    if image is None or min(image.size) < GROUND_SIDE or np.asarray(image).std() < 6:
        return None
    return np.asarray(image.resize((GROUND_SIDE, GROUND_SIDE), Image.Resampling.LANCZOS))


def _sky(data: bytes) -> np.ndarray | None:
    image = _open(data)
    return None if image is None else np.asarray(image.resize((SKY_SIDE, SKY_SIDE), Image.Resampling.LANCZOS))


def _picture(data: bytes) -> np.ndarray | None:
    image = _open(data)
    if image is None:
        return None
    image.thumbnail(PICTURE, Image.Resampling.LANCZOS)
    return np.asarray(image)
