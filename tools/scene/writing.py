"""Weights that tell lines of writing from other rows of things, and how well they do.

    python tools/scene/writing.py FOLDER

FOLDER holds `pictures` (weights/scene/pictures.csv). Lines in fonts of this machine are written over crops of its
photographs; rows that a line covers are writing, others not. Every fifth photograph is held back. Prints the weights of
`motionalchemy/scene/writing.py` and, for the held-back ones, lines found and false blocks.
"""

import argparse
import random
import sys
from pathlib import Path

import cv2
import numpy as np
import torch
from kinds import DRAWN, NEITHER, PAINTED, WORDS, crop, font, hue, opened
from PIL import Image, ImageDraw, ImageFont

from motionalchemy.scene import writing

CHINESE = "春夏秋冬山水风云日月星河海天地人心花鸟鱼虫城市道路欢迎光临开放时间请勿停车出口入口"
HAN = "wqy-zenhei.ttc"
MILD = 1.0  # log odds added: writing that is missed melts, what is taken for it only stays stiff


def written(ground: np.ndarray, rng: random.Random) -> tuple[np.ndarray, list[tuple[int, ...]]]:
    """A picture with one to four lines of writing over it, and their boxes."""
    shown = Image.fromarray(ground)
    draw, boxes = ImageDraw.Draw(shown), list[tuple[int, ...]]()
    fonts = sorted(Path("/usr/share/fonts").rglob(HAN))
    for _ in range(rng.randint(1, 4)):
        size = rng.randint(14, 64)
        han = bool(fonts) and rng.random() < 0.35
        face = ImageFont.truetype(str(fonts[0]), size) if han else font(rng, size)
        line = (
            "".join(rng.sample(CHINESE, rng.randint(4, 8))) if han else " ".join(rng.sample(WORDS, rng.randint(1, 4)))
        )
        line = line if han else rng.choice([line, line.title(), line.upper()])
        x, y = rng.randint(4, ground.shape[1] // 2), rng.randint(4, max(5, ground.shape[0] - size - 10))
        box = tuple(int(each) for each in draw.textbbox((x, y), line, font=face))
        if any(box[1] < other[3] + 4 and other[1] < box[3] + 4 for other in boxes) or box[2] > ground.shape[1]:
            continue
        under = np.asarray(shown)[box[1] : box[3], box[0] : box[2]]
        if under.size == 0:
            continue
        if rng.random() < 0.5:
            draw.rectangle((box[0] - 6, box[1] - 4, box[2] + 6, box[3] + 4), fill=hue(rng))
            under = np.asarray(shown)[box[1] : box[3], box[0] : box[2]]
        ink = max((hue(rng) for _ in range(12)), key=lambda each: abs(np.mean(each) - under.mean()))
        draw.text((x, y), line, fill=ink, font=face)
        boxes.append(box)
    return np.asarray(shown), boxes


def rows(picture: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Boxes (4,) and features of all rows of things, in pixels of the picture."""
    share = writing.SEEN / max(picture.shape[:2])
    flags = cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC
    grey = cv2.cvtColor(cv2.resize(picture, None, fx=share, fy=share, interpolation=flags), cv2.COLOR_RGB2GRAY)
    found = list[tuple[np.ndarray, np.ndarray]]()
    for window in writing.WINDOWS:
        for dark in (True, False):
            letters = writing._letters(grey, window, dark)
            for each in writing._rows(letters):
                found.append((writing._around(letters[each, :4]) / share, writing.features(letters, each)))
    return found


def main() -> None:
    """Fit, and print."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("folder", type=Path)
    args = given.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    rng = random.Random(0)
    names = [path for path in sorted((args.folder / "pictures").iterdir())]
    left = [
        path
        for path in names
        if not any(each in path.name for each in (*DRAWN, *PAINTED, *NEITHER, "alphabets", "numbers"))
    ]
    inside, outside, kept = list[np.ndarray](), list[np.ndarray](), list[np.ndarray]()
    for number, path in enumerate(left):
        photograph = opened(path)
        if number % 5 == 0:
            kept.append(photograph)
            continue
        outside += [features for _, features in rows(photograph)]
        picture, boxes = written(crop(photograph, rng, 0.7), rng)
        for box, features in rows(picture):
            cover = max((writing._covered(box, np.array(each, np.float32)) for each in boxes), default=0.0)
            middle = (box[1] + box[3]) / 2
            if cover > 0.8 and any(
                each[1] <= middle <= each[3] and box[3] - box[1] < 1.6 * (each[3] - each[1]) for each in boxes
            ):
                inside.append(features)
            elif cover < 0.05:
                outside.append(features)
    x = torch.from_numpy(np.stack(inside + outside))
    y = torch.tensor([1.0] * len(inside) + [0.0] * len(outside))
    mean, deviation = x.mean(0), x.std(0)
    weight, bias = torch.zeros(x.shape[1], requires_grad=True), torch.zeros(1, requires_grad=True)
    search = torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        search.zero_grad()
        logits = (x - mean) / deviation @ weight + bias
        value = torch.nn.functional.binary_cross_entropy_with_logits(logits, y) + 1e-3 * weight.square().sum()
        value.backward()
        return value

    search.step(loss)
    plain = (weight / deviation).detach()
    weights = torch.cat((plain, bias.detach() - (plain * mean).sum() + MILD))
    print(len(inside), "lines,", len(outside), "other rows; weights:", [round(float(each), 3) for each in weights])
    writing.WEIGHTS, writing.BEGINS = weights[:-1].numpy(), float(weights[-1])
    lines = hits = false = 0
    for photograph in kept:
        false += len(writing.writing(photograph))
        picture, boxes = written(crop(photograph, rng, 0.7), rng)
        found = [np.array(line, np.float32) for block in writing.writing(picture) for line in block.lines]
        lines += len(boxes)
        for box in boxes:
            across = np.zeros(max(box[2] - box[0], 1), bool)
            for line in found:
                if box[1] < (line[1] + line[3]) / 2 < box[3]:
                    across[max(int(line[0]) - box[0], 0) : max(int(line[2]) - box[0], 0)] = True
            hits += across.mean() > 0.5
    print(f"held back: {hits} of {lines} lines found, {false} false blocks in {len(kept)} photographs")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
