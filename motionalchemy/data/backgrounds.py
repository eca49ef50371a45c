"""What stands behind the actors, and the words for it in both languages."""

import math
import random
import re
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy.data.compose import Size, covering, resized
from motionalchemy.data.corpus import Corpus, credit
from motionalchemy.data.facts import Pair, article
from motionalchemy.data.places import GROUNDS, PICTURES, ROOMS, SKIES, Place
from motionalchemy.nets.scenery import floor, haze

COLOURS: dict[str, tuple[str, tuple[int, int, int]]] = {
    "white": ("白色", (244, 244, 242)),
    "light grey": ("浅灰色", (196, 198, 200)),
    "dark grey": ("深灰色", (72, 74, 78)),
    "black": ("黑色", (14, 14, 16)),
    "light blue": ("浅蓝色", (164, 204, 236)),
    "blue": ("蓝色", (44, 96, 196)),
    "dark blue": ("深蓝色", (22, 34, 84)),
    "light green": ("浅绿色", (176, 222, 166)),
    "green": ("绿色", (58, 148, 72)),
    "yellow": ("黄色", (240, 210, 80)),
    "orange": ("橙色", (236, 142, 52)),
    "red": ("红色", (198, 48, 44)),
    "pink": ("粉色", (242, 180, 200)),
    "purple": ("紫色", (122, 72, 164)),
    "brown": ("棕色", (126, 88, 58)),
    "beige": ("米色", (228, 212, 184)),
    "turquoise": ("青绿色", (64, 190, 180)),
}


@dataclass(frozen=True, eq=False)
class Background:
    """`picture` (3, H, W) in [0, 1] and the `words` that name it in both languages.

    `horizon` is where the ground would end, in shorter sides below the middle; only with `ground` do subjects stand on
    it and cast shadows. `source` names the stills it is made of, `credits` whose they are and under which licence.
    """

    picture: Tensor
    words: Pair
    kind: str = "flat"
    horizon: float = -0.15
    ground: bool = False
    source: tuple[str, ...] = ()
    credits: tuple[str, ...] = ()


def plain(rng: random.Random, size: Size = (256, 256)) -> Background:
    """One colour, slightly varied."""
    name, chinese, colour = _colour(rng)
    picture = colour.view(3, 1, 1).expand(3, *size).clone()
    return Background(picture, {"en": f"{article(name)} background", "zh": f"{chinese}背景"})


def gradient(rng: random.Random, size: Size = (256, 256), down: bool = False) -> Background:
    """One colour passing into another, along a random direction or from the middle outwards, or from the top `down`."""
    first, first_zh, a = _colour(rng)
    second, second_zh, b = _colour(rng, but=first)
    y, x = torch.meshgrid(*(torch.linspace(-1, 1, n) for n in size), indexing="ij")
    if down:
        ramp = (y + 1) / 2 + 0 * x
    elif rng.random() < 0.3:
        ramp = (x.square() + y.square()).sqrt() / 1.41421
    else:
        turn = torch.tensor(rng.uniform(0, 6.2831853))
        ramp = (x * turn.cos() + y * turn.sin()) / (turn.cos().abs() + turn.sin().abs()) / 2 + 0.5
    picture = torch.lerp(a.view(3, 1, 1), b.view(3, 1, 1), ramp.clamp(0, 1))
    en, zh = f"{first} and {second}", f"{first_zh}和{second_zh}"
    return Background(picture, {"en": f"{article(en)} gradient", "zh": f"{zh}渐变背景"}, "gradient")


def simple(rng: random.Random, size: Size = (256, 256)) -> Background:
    """A plain colour or a gradient, half and half."""
    return rng.choice((plain, gradient))(rng, size)


def land(corpus: Corpus, rng: random.Random, size: Size) -> Background | None:
    """A seamless ground in perspective under a sky, or None when the corpus has no such stills."""
    floors, heavens = grounds(corpus), skies(corpus)
    if not floors or not heavens:
        return None
    kind = rng.choice(sorted({words[0] for _, words in floors}))
    ground, (en, preposition, zh, inside) = rng.choice([g for g in floors if g[1][0] == kind])
    sky, (sky_en, sky_zh) = rng.choice(heavens)
    height, width = size
    top = round(height * rng.uniform(0.36, 0.5))
    above = overhead(corpus.read_still(sky), (top, width))
    picture = laid(above, corpus.read_still(ground), height, rng.uniform(0, 1))
    words = {"en": f"{preposition} {en} under {sky_en}", "zh": f"在{sky_zh}下的{zh}{inside}"}
    horizon = (top / height - 0.5) * height / min(size)
    return Background(picture, words, "land", horizon, True, *_origin(corpus, ground, sky))


def grounds(corpus: Corpus) -> list[tuple[dict[str, Any], Place]]:
    """The textures to stand on, with their words."""
    return [(still, words) for still in corpus.stills("ground") if (words := _ground_words(still["en"]))]


def skies(corpus: Corpus) -> list[tuple[dict[str, Any], tuple[str, str]]]:
    """The views of the sky, with their words."""
    return [(still, words) for still in corpus.stills("sky") if (words := _sky_words(still["key"]))]


def overhead(sky: Tensor, size: Size) -> Tensor:
    """What of a view of the sky (3, H, W) is above its horizon, at a size."""
    return resized(sky[:, : round(sky.shape[1] * 0.485)], size)


def laid(above: Tensor, tile: Tensor, height: int, shift: float) -> Tensor:
    """A sky (3, top, W) and the ground of a tile below it, as hazy towards the horizon: (3, height, W)."""
    rows = height - above.shape[1]
    below = floor(tile, (rows, above.shape[2]), shift)
    return torch.cat([above, torch.lerp(below, above[:, -2:].mean((1, 2), keepdim=True), haze(rows))], 1)


def room(corpus: Corpus, rng: random.Random, size: Size, towards: float | None = None) -> Background | None:
    """A photographed place: a view of 80 degrees out of a panorama, to any side or, in half turns, `towards` one; None when
    the corpus has none."""
    panoramas = [p for p in corpus.stills("panorama") if p["en"] in ROOMS]
    if not panoramas:
        return None
    still = rng.choice(panoramas)
    around = corpus.read_still(still)
    width = math.tan(math.radians(40))
    x = torch.linspace(-width, width, size[1])
    y = torch.linspace(-width, width, size[0])[:, None] * size[0] / size[1]
    around_by = rng.uniform(0, 2) if towards is None else towards
    longitude = (torch.atan(x) / math.pi + around_by + 1) % 2 - 1  # gnomonic view of an equirectangular sphere
    latitude = torch.atan(y / torch.sqrt(1 + x.square())) / (math.pi / 2)
    grid = torch.stack(torch.broadcast_tensors(longitude, latitude), -1).unsqueeze(0)
    wrapped = torch.cat([around[..., -1:], around, around[..., :1]], -1).unsqueeze(0)
    grid = grid * torch.tensor([around.shape[-1] / wrapped.shape[-1], 1.0])
    picture = F.grid_sample(wrapped, grid, padding_mode="border", align_corners=False)[0]
    en, zh = ROOMS[still["en"]]
    return Background(picture, {"en": en, "zh": zh}, "room", 0.0, True, *_origin(corpus, still))


def picture(corpus: Corpus, rng: random.Random, size: Size) -> Background | None:
    """A photo or painting, filling the frame, or None when the corpus has none."""
    found = [p for p in corpus.stills("picture") if p["en"] in PICTURES]
    if not found:
        return None
    still = rng.choice(found)
    en, zh = PICTURES[still["en"]]
    filled = covering(corpus.read_still(still), size)
    source, credits = _origin(corpus, still)
    return Background(filled, {"en": en, "zh": zh}, "picture", source=source, credits=credits)


def rich(corpus: Corpus, rng: random.Random, size: Size) -> Background:
    """Any background that the corpus allows: land half the time, then places, pictures and colours."""
    make = rng.choices((land, room, picture, None), (45, 15, 15, 25))[0]
    made = make(corpus, rng, size) if make else None
    return made or simple(rng, size)


def _origin(corpus: Corpus, *stills: dict) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The keys of stills, and who made them."""
    return tuple(s["key"] for s in stills), tuple(dict.fromkeys(credit(corpus.still_facts(s)) for s in stills))


def _sky_words(key: str) -> tuple[str, str] | None:
    return next(((en, zh) for pattern, en, zh in SKIES if re.search(pattern, key)), None)


def _ground_words(name: str) -> tuple[str, str, str, str] | None:
    return next((words for pattern, words in GROUNDS if re.search(pattern, name)), None)


def _colour(rng: random.Random, but: str | None = None) -> tuple[str, str, Tensor]:
    name = rng.choice([c for c in COLOURS if c != but])
    chinese, rgb = COLOURS[name]
    shade = rng.uniform(-8, 8)
    varied = torch.tensor([(value + shade + rng.uniform(-2, 2)) / 255 for value in rgb]).clamp(0, 1)
    return name, chinese, varied
