"""Pictures of each kind, found and drawn, and a classifier that is fitted to them.

    python tools/scene/kinds.py FOLDER CORPUS motionalchemy/weights/scene/kind [--sheet SHEET.png]

FOLDER holds `pictures` (see weights/scene/pictures.csv), CORPUS the corpus. Logos and screenshots are drawn here, most
paintings are photographs painted over in strokes, some drawings are their outlines. Every sixth
picture and the corpus' test split are held back; the confusion on them is printed.
"""

import argparse
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from motionalchemy.data.compose import rgba
from motionalchemy.data.corpus import Corpus
from motionalchemy.nets import pack
from motionalchemy.nets.kinds import Kinds, KindsConfig
from motionalchemy.scene import kind

DRAWN = (
    "gcompris_lang",
    "gcompris_solar",
    "ukui_",
    "plasma_",
    "lomiri_ru",
    "lomiri_f",
    "lomiri_an",
    "budgie_waves-m",
    "budgie_valley-m",
)
PAINTED = ("Gogh", "PereTanguy")
NEITHER = ("corpus_sky", "gcompris_solar", "abstract")  # rendered, or hard to tell
WORDS = ["river", "north", "studio", "labs", "coffee", "maple", "bright", "works", "nova", "cloud", "green"]
WORDS += ["peak", "open", "paper", "harbor", "menu", "file", "edit", "view", "help", "search", "save"]
Sample = tuple[np.ndarray, str, bool]


def opened(path: Path) -> np.ndarray:
    """A picture (H, W, 3) uint8 of a file."""
    stored = cv2.imread(str(path))
    if stored is None:
        raise SystemExit(f"{path} is no picture")
    return cv2.cvtColor(stored, cv2.COLOR_BGR2RGB)


def font(rng: random.Random, size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A typeface that is at hand."""
    found = sorted(Path("/usr/share/fonts").rglob("*.ttf"))
    return ImageFont.truetype(str(rng.choice(found)), size) if found else ImageFont.load_default(size)  # type: ignore[return-value]


def hue(rng: random.Random, low: int = 0, high: int = 255) -> tuple[int, int, int]:
    """A colour."""
    return rng.randint(low, high), rng.randint(low, high), rng.randint(low, high)


def logo(rng: random.Random) -> np.ndarray:
    """A sign of a few flat shapes, mostly with a word."""
    wide, high = rng.choice([(256, 256), (320, 200), (400, 160), (300, 300)])
    ground = rng.choice([(255, 255, 255), (255, 255, 255), (0, 0, 0), hue(rng), hue(rng, 200)])
    shown = Image.new("RGB", (wide * 2, high * 2), ground)
    draw = ImageDraw.Draw(shown)
    colours = [hue(rng) for _ in range(rng.randint(1, 3))]
    side = int(min(wide, high) * rng.uniform(0.5, 1.2))
    x, y = int(wide - side / 2), int(high - side * rng.uniform(0.5, 0.8))
    for _ in range(rng.randint(1, 5)):
        w, h = (int(side * rng.uniform(0.25, 1)) for _ in range(2))
        left, top = x + rng.randint(0, side - w), y + rng.randint(0, side - h)
        box, colour = (left, top, left + w, top + h), rng.choice([*colours, ground])
        shape = rng.randint(0, 5)
        if shape == 0:
            draw.ellipse(box, fill=colour)
        elif shape == 1:
            draw.rounded_rectangle(box, min(w, h) // rng.randint(3, 8), fill=colour)
        elif shape == 2:
            draw.polygon([(left, top + h), (left + w // 2, top), (left + w, top + h)], fill=colour)
        elif shape == 3:
            draw.arc(box, rng.randint(0, 180), rng.randint(200, 360), fill=colour, width=rng.randint(8, 30))
        elif shape == 4:
            draw.ellipse(box, outline=colour, width=rng.randint(6, 24))
        else:
            turns = np.linspace(0, 2 * np.pi, 2 * rng.randint(3, 7) + 1)[:-1]
            reach = np.where(np.arange(len(turns)) % 2, 0.5, 0.22) * min(w, h)
            points = zip(left + w / 2 + reach * np.cos(turns), top + h / 2 + reach * np.sin(turns), strict=True)
            draw.polygon(list(points), fill=colour)
    if rng.random() < 0.75:
        word = " ".join(rng.choice(WORDS) for _ in range(rng.randint(1, 2)))
        word = rng.choice([word, word.upper(), word.title()])
        draw.text(
            (wide, high * rng.uniform(1.5, 1.8)),
            word,
            fill=rng.choice(colours),
            font=font(rng, rng.randint(30, 70)),
            anchor="mm",
        )
    picture = np.asarray(shown.resize((wide, high), Image.Resampling.LANCZOS))
    if rng.random() < 0.25:  # a ground that fades
        fade = np.linspace(rng.uniform(0.5, 0.9), 1, wide if rng.random() < 0.5 else high)
        fade = fade[None, :, None] if len(fade) == wide else fade[:, None, None]
        picture = (picture * fade).astype(np.uint8)
    return picture


def screenshot(rng: random.Random, photographs: list[np.ndarray]) -> np.ndarray:
    """A window with bars, buttons, text and perhaps a picture."""
    wide, high = rng.choice([(1280, 800), (1024, 768), (480, 900), (1366, 768)])
    dark = rng.random() < 0.4
    ground, ink = (hue(rng, 15, 45), hue(rng, 190, 240)) if dark else (hue(rng, 236, 255), hue(rng, 10, 70))
    shown = Image.new("RGB", (wide, high), ground)
    draw = ImageDraw.Draw(shown)
    accent, panel = hue(rng), tuple(max(0, min(255, v + (18 if dark else -14))) for v in ground)
    bar = rng.randint(28, 70)
    draw.rectangle((0, 0, wide, bar), fill=rng.choice([accent, panel]))
    for number in range(rng.randint(3, 8)):
        draw.text((16 + number * 90, bar // 2), rng.choice(WORDS).title(), fill=ink, font=font(rng, 15), anchor="lm")
    left = rng.choice([0, 0, rng.randint(120, 280)]) if wide > 600 else 0
    if left:
        draw.rectangle((0, bar, left, high), fill=panel)
        for number in range(rng.randint(5, 16)):
            draw.text((18, bar + 22 + number * 34), rng.choice(WORDS), fill=ink, font=font(rng, 15))
    y, face, size = bar + 20, font(rng, 15), rng.randint(17, 24)
    while y < high - 60:
        part = rng.random()
        if part < 0.55:
            for _ in range(rng.randint(1, 7)):
                line = " ".join(rng.choice(WORDS) for _ in range(rng.randint(2, max(3, (wide - left) // 70))))
                draw.text((left + 24, y), line, fill=rng.choice([ink, ink, ink, accent]), font=face)
                y += size
        elif part < 0.7:
            draw.rounded_rectangle((left + 24, y, left + 24 + rng.randint(70, 240), y + 34), 6, fill=accent)
            y += 40
        elif part < 0.85:
            for number in range(rng.randint(2, 6)):
                x = left + 24 + number * 150
                draw.rectangle((x, y, x + 130, y + 90), fill=panel, outline=accent)
                draw.text((x + 8, y + 60), rng.choice(WORDS), fill=ink, font=face)
            y += 100
        else:
            photograph = Image.fromarray(rng.choice(photographs)).resize((rng.randint(160, 420), rng.randint(110, 260)))
            shown.paste(photograph, (left + 24, y))
            y += photograph.height + 14
        y += rng.randint(6, 26)
    return np.asarray(shown)


def painted(photograph: np.ndarray, rng: random.Random) -> np.ndarray:
    """A photograph in strokes that follow its edges, or smooth as old oil paint is, on canvas."""
    share = rng.randint(300, 520) / max(photograph.shape[:2])
    shown = cv2.resize(photograph, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    for _ in range(rng.randint(1, 3)):
        shown = cv2.bilateralFilter(shown, 9, rng.randint(25, 60), 5)
    if rng.random() < 0.5:
        shown = cv2.pyrMeanShiftFiltering(shown, rng.randint(4, 9), rng.randint(12, 30))
    grey = cv2.GaussianBlur(cv2.cvtColor(shown, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 3)
    across, down = (cv2.Sobel(grey, cv2.CV_32F, *way) for way in ((1, 0), (0, 1)))
    xx, xy, yy = (cv2.GaussianBlur(each, (0, 0), 8) for each in (across * across, across * down, down * down))
    turn = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2 + rng.uniform(-0.3, 0.3)
    noise = np.random.default_rng(rng.randint(0, 1 << 30)).normal(0, 1, (*grey.shape, 4)).astype(np.float32)
    noise = cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.6, 1.6))
    y, x = np.mgrid[: grey.shape[0], : grey.shape[1]].astype(np.float32)
    length, strokes, colours = rng.randint(6, 16), np.zeros_like(noise), np.zeros(shown.shape, np.float32)
    for step in range(-length, length + 1):
        there = (x + step * np.cos(turn)).astype(np.float32), (y + step * np.sin(turn)).astype(np.float32)
        strokes += cv2.remap(noise, *there, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        colours += cv2.remap(shown, *there, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    strokes /= strokes.std()
    mixed = rng.uniform(0, 0.8)
    out = (1 - mixed) * shown + mixed * colours / (2 * length + 1)
    out += strokes[..., :3] * rng.uniform(0, 9) + strokes[..., 3:] * rng.uniform(1, 14)
    weave = np.sin(x * rng.uniform(1.2, 2.2)) + np.sin(y * rng.uniform(1.2, 2.2))
    out = out * rng.uniform(0.6, 1.05) + weave[..., None] * rng.uniform(0, 3)
    warm = np.array((1, rng.uniform(0.85, 1), rng.uniform(0.65, 1)))
    return (out * (warm if rng.random() < 0.5 else 1)).clip(0, 255).astype(np.uint8)


def sketched(photograph: np.ndarray, rng: random.Random) -> np.ndarray:
    """The outlines of a photograph, in ink or pencil, some with flat colours."""
    small = cv2.bilateralFilter(cv2.resize(photograph, (360, 270), interpolation=cv2.INTER_AREA), 9, 60, 7)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY)
    lines = 255 - np.minimum(
        255, 255 * grey.astype(np.float32) / np.maximum(cv2.GaussianBlur(grey, (0, 0), rng.uniform(2, 6)), 1)
    )
    paper = (255 - np.clip(lines * rng.uniform(1.5, 3), 0, 255))[..., None] / 255
    flat = (small // 64 * 64 + 32).astype(np.float32) if rng.random() < 0.5 else np.full(small.shape, 250, np.float32)
    return (cv2.medianBlur(flat.astype(np.uint8), 7) * paper).clip(0, 255).astype(np.uint8)


def crop(picture: np.ndarray, rng: random.Random, least: float = 0.55) -> np.ndarray:
    """A part of a picture, perhaps mirrored, perhaps stored by JPEG."""
    high, wide = picture.shape[:2]
    part = rng.uniform(least, 1)
    h, w = int(high * part), int(wide * min(1, part * rng.uniform(0.9, 1.2)))
    y, x = rng.randint(0, high - h), rng.randint(0, wide - w)
    shown = picture[y : y + h, x : x + w]
    shown = np.ascontiguousarray(shown[:, ::-1] if rng.random() < 0.5 else shown)
    share = rng.uniform(200, 768) / max(shown.shape[:2])
    if share < 1:
        shown = cv2.resize(shown, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    if rng.random() < 0.4:
        stored = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, rng.randint(60, 95)])[1]
        return np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR))
    return shown


def actors(folder: Path, split: Literal["train", "test"], count: int, rng: random.Random) -> Iterator[np.ndarray]:
    """First frames of the corpus' actors before its own stills or one colour."""
    corpus, trained = Corpus(folder, split), Corpus(folder, "train")
    stills = [each for name in ("ground", "sky", "panorama", "picture") for each in trained._stills.get(name, [])]
    entries = [each for found in corpus.entries.values() for each in found]
    rng.shuffle(entries)
    for entry in entries[:count]:
        read = corpus.read(entry, 1)
        if read.alpha is None:
            yield np.ascontiguousarray(np.asarray(read.colour)[0])
            continue
        actor = np.clip(rgba(read)[0].numpy().transpose(1, 2, 0), 0, 1)
        size = actor.shape[1::-1]
        if rng.random() < 0.65:
            still = trained.read_still(rng.choice(stills))[:3].numpy().transpose(1, 2, 0)
            ground = cv2.resize(crop((still * 255).clip(0, 255).astype(np.uint8), rng), size) / 255
        else:
            ground = np.full((*size[::-1], 3), hue(rng)) / 255
        yield ((actor[..., :3] + ground * (1 - actor[..., 3:])) * 255).clip(0, 255).astype(np.uint8)


def samples(folder: Path, corpus: Path, rng: random.Random) -> Iterator[Sample]:
    """Pictures, their kinds and whether they are held back."""
    found = [(path.name, opened(path)) for path in sorted((folder / "pictures").iterdir())]
    photographs = list[tuple[np.ndarray, bool]]()
    paintings = 0
    for number, (name, picture) in enumerate(found):
        held = number % 6 == 0
        if any(each in name for each in PAINTED):
            paintings += 1
            yield from ((crop(picture, rng, 0.35), "painting", paintings % 3 == 0) for _ in range(20))
        elif name.startswith(DRAWN) and not any(each in name for each in NEITHER):
            yield from ((crop(picture, rng, 0.8), "drawing", held) for _ in range(3))
        elif not any(each in name for each in NEITHER):
            photographs.append((picture, held))
            yield from ((crop(picture, rng), "photograph", held) for _ in range(3))
    for number, (picture, held) in enumerate(photographs):
        yield crop(painted(picture, rng), rng, 0.7), "painting", held
        if number % 2 == 0:
            yield crop(sketched(picture, rng), rng, 0.7), "drawing", held
    for number in range(420):
        yield crop(logo(rng), rng, 0.85), "logo", number % 6 == 0
        held = number % 6 == 0
        yield crop(screenshot(rng, [each for each, kept in photographs if kept == held]), rng, 0.6), "screenshot", held
    splits: tuple[tuple[Literal["train", "test"], int], ...] = (("train", 420), ("test", 90))
    for split, count in splits:
        yield from ((crop(each, rng, 0.75), "rendered", split == "test") for each in actors(corpus, split, count, rng))


def fit(features: torch.Tensor, kinds: torch.Tensor) -> Kinds:
    """Multinomial regression with a penalty on standardised weights."""
    mean, deviation = features.mean(0), features.std(0) + 0.05
    scaled = (features - mean) / deviation
    weight, bias = (
        torch.zeros(len(kind.KINDS), features.shape[1], requires_grad=True),
        torch.zeros(len(kind.KINDS), requires_grad=True),
    )
    counts = torch.bincount(kinds, minlength=len(kind.KINDS)).float()
    search = torch.optim.LBFGS([weight, bias], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        search.zero_grad()
        value = torch.nn.functional.cross_entropy(scaled @ weight.T + bias, kinds, counts.mean() / counts)
        value = value + 2e-3 * weight.square().sum()
        value.backward()
        return value

    search.step(loss)
    model = Kinds(KindsConfig(features.shape[1], kind.KINDS))
    with torch.no_grad():
        model.weigh.weight.copy_(weight / deviation)
        model.weigh.bias.copy_(bias - (weight / deviation) @ mean)
    return model


def main() -> None:
    """Find, draw, fit, and print the confusion."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("folder", type=Path)
    given.add_argument("corpus", type=Path)
    given.add_argument("out", type=Path)
    given.add_argument("--sheet", type=Path)
    args = given.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    rows, names, held, shown = list[torch.Tensor](), list[int](), list[bool](), dict[str, list[np.ndarray]]()
    for picture, name, kept in samples(args.folder, args.corpus, random.Random(0)):
        rows.append(kind.seen(picture))
        names.append(kind.KINDS.index(name))
        held.append(kept)
        if len(shown.setdefault(name, [])) < 90:
            shown[name].append(cv2.resize(picture, (120, 90), interpolation=cv2.INTER_AREA))
    if args.sheet:
        lines = [np.hstack(each[::6][:14]) for each in shown.values()]
        cv2.imwrite(str(args.sheet), cv2.cvtColor(np.vstack(lines), cv2.COLOR_RGB2BGR))
    features, kinds, test = torch.stack(rows), torch.tensor(names), torch.tensor(held)
    model = fit(features[~test], kinds[~test])
    args.out.mkdir(parents=True, exist_ok=True)
    pack.save(args.out, model, "kind", about={"licence": "CC-BY-SA-4.0"})
    for part, chosen in (("learned from", ~test), ("held back", test)):
        seen = model(features[chosen]).argmax(1)
        table = torch.bincount(kinds[chosen] * len(kind.KINDS) + seen, minlength=len(kind.KINDS) ** 2)
        print(part, f"{(seen == kinds[chosen]).float().mean():.3f} right; rows are the truth:", *kind.KINDS)
        print(table.view(len(kind.KINDS), -1).numpy())


if __name__ == "__main__":
    main()
