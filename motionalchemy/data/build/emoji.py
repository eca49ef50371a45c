"""Animated and still emoji with alpha, named in both languages."""

import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from motionalchemy.data.build.pack import FPS, FRAMES, Item, stacked
from motionalchemy.data.build.packages import PACKAGES, find, npm_files

SIDE = 192
TONES = frozenset(("1f3fb", "1f3fc", "1f3fd", "1f3fe", "1f3ff"))  # skin tones: one look of each emoji is enough
GENDERS = frozenset(("man", "woman", "person", "men", "women", "people"))


@dataclass(frozen=True)
class Name:
    """What an emoji is called: labels and tags in both languages, and the group it belongs to."""

    en: str
    zh: str
    tags_en: list[str]
    tags_zh: list[str]
    group: str | None

    @property
    def split(self) -> str | None:
        """`train` or `test` by the name without gender, since versions of one emoji look alike; None is left out."""
        family = " ".join(word for word in self.en.replace(":", " ").split() if word not in GENDERS)
        share = zlib.crc32(family.encode()) % 100
        return "test" if share < 10 else None if share in (11, 12) else "train"


def code_of(path: str) -> str:
    """The code points that a file is named by, without variation selectors and leading zeros."""
    points = path.rsplit("/", 1)[-1].split(".")[0].lower().split("-")
    return "-".join(point.lstrip("0") for point in points if point != "fe0f")


def names(packages: Path) -> dict[str, Name]:
    """Every emoji of the name package that is called something in both languages, by its code."""
    path = find(packages, "emoji names")
    wanted = {f"package/{name}" for name in ("en/data.json", "zh/data.json", "en/messages.json")}
    tables = {name: json.loads(data) for name, data in npm_files(path, "package/[ez][nh]/*.json") if name in wanted}
    groups = {group["order"]: group["message"] for group in tables["package/en/messages.json"]["groups"]}
    chinese = {code_of(row["hexcode"]): row for row in tables["package/zh/data.json"]}
    found = {}
    for row in tables["package/en/data.json"]:
        code = code_of(row["hexcode"])
        if code in chinese and not TONES & set(code.split("-")):
            twin = chinese[code]
            tags = row.get("tags", []), twin.get("tags", [])
            found[code] = Name(row["label"], twin["label"], *tags, groups.get(row.get("group")))
    return found


def clips(packages: Path) -> Iterator[Item]:
    """Every animated emoji as an item of kind `emoji`, its clip made when it is asked for."""
    known = names(packages)
    for part in (1, 2, 3, 4):
        package = PACKAGES[f"emoji {part}"]
        for path, data in npm_files(find(packages, f"emoji {part}"), "package/assets/*.webp"):
            code = code_of(path)
            name = known.get(code)
            if name is None or name.split is None:
                continue
            facts = _facts(code, name) | {"source": package.source, "licence": package.licence}
            yield Item("emoji", f"e_{code}", facts, lambda data=data: _clip(data))


def sprites(packages: Path) -> Iterator[Item]:
    """Every still emoji as an item of kind `sprite`; the split follows the name, as for the animated ones."""
    known, package = names(packages), PACKAGES["sprites"]
    for path, data in npm_files(find(packages, "sprites"), "package/assets/*.webp"):
        code = code_of(path)
        name = known.get(code)
        if name is None or name.split is None:
            continue
        facts = {"en": name.en, "zh": name.zh, "tags_en": name.tags_en, "tags_zh": name.tags_zh, "split": name.split}
        facts |= {"kind": "sprite", "source": package.source, "licence": package.licence}
        yield Item("sprite", f"sprite_{code}", facts, lambda data=data: _square(Image.open(io.BytesIO(data))))


def _facts(code: str, name: Name) -> dict:
    return {
        "actor": f"emoji/{code}",
        "subject": {"en": name.en, "zh": name.zh},
        "appearance": {"en": ["3D emoji style"], "zh": ["3D表情符号风格"]},
        "action": {"key": None, "en": None, "zh": None},
        "tags": {"en": name.tags_en, "zh": name.tags_zh},
        "group": name.group or "other",
        "motion": None,
        "camera": {"azimuth": 0, "elevation": 0, "move": "static", "en": "static camera", "zh": "镜头固定"},
        "split": name.split,
        "fps": FPS,
        "frames": FRAMES,
    }


def _clip(data: bytes) -> np.ndarray | None:
    """An animated picture as a stacked clip, looped to the full length; None when it does not move."""
    with Image.open(io.BytesIO(data)) as image:
        count = getattr(image, "n_frames", 1)
        if count < 2:
            return None
        frames = []
        for i in range(min(count, FRAMES)):
            image.seek(i)
            frames.append(_square(image, "RGBa"))
    return stacked(np.stack([frames[i % len(frames)] for i in range(FRAMES)]))


def _square(image: Image.Image, mode: str = "RGBA") -> np.ndarray:
    """(SIDE, SIDE, 4) uint8, the picture in the middle; mode RGBa multiplies colour by alpha."""
    picture, side = image.convert("RGBA"), max(image.size)
    canvas = Image.new("RGBA", (side, side))
    canvas.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    small = canvas.convert("RGBa").resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    return np.asarray(small if mode == "RGBa" else small.convert("RGBA"))
