"""The gallery of docs/gallery.md: thirty pictures and sentences by fixed seeds, as sheets to look at, failures with them.

    python benchmarks/pipeline/gallery.py FOLDER docs/pictures [--clips FOLDER] [--only 3 14]

What is asked, of which picture and by whom, stands in gallery.toml; FOLDER holds the pictures under the names there. A
clip that lies in the folder of clips already is not made again, and what `nano` has to say of each lies beside it. The
tables of the two documents are printed.
"""

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import cv2
import numpy as np
from PIL import Image

import motionalchemy as ma
from motionalchemy.media import reader
from motionalchemy.models import registry

LIST = Path(__file__).with_name("gallery.toml")
SIZE, SECONDS = 320, 2.0
COLUMNS, HIGH, WIDE, TITLE, ROWS = (
    5,
    118,
    176,
    22,
    10,
)  # frames of a row; pixels of one and of the number; rows of a sheet
QUALITY = 62  # of WebP


def child() -> np.ndarray:
    """A child as a child draws one, (480, 480, 3) uint8."""
    paper = np.full((480, 480, 3), 250, np.uint8)
    line = lambda *places: [cv2.line(paper, a, b, (40, 60, 160), 7, cv2.LINE_AA) for a, b in zip(places, places[1:])]  # noqa: E731, RUF007, B905
    cv2.line(paper, (30, 430), (450, 426), (60, 150, 60), 6, cv2.LINE_AA)
    cv2.circle(paper, (240, 120), 52, (250, 214, 170), -1, cv2.LINE_AA)
    cv2.circle(paper, (240, 120), 52, (40, 60, 160), 6, cv2.LINE_AA)
    for x in (222, 258):
        cv2.circle(paper, (x, 110), 6, (30, 30, 40), -1, cv2.LINE_AA)
    cv2.ellipse(paper, (240, 128), (24, 18), 0, 20, 160, (190, 40, 50), 5, cv2.LINE_AA)
    cv2.fillPoly(paper, [np.array([(240, 172), (190, 320), (290, 320)])], (240, 120, 60), cv2.LINE_AA)
    line((240, 172), (190, 320), (290, 320), (240, 172))
    line((226, 200), (150, 262))
    line((254, 200), (330, 262))
    line((218, 320), (212, 424), (190, 426))
    line((262, 320), (268, 424), (290, 426))
    return paper


def boat() -> np.ndarray:
    """A boat on a sea as a child draws one, (400, 560, 3) uint8."""
    paper = np.full((400, 560, 3), (190, 225, 250), np.uint8)
    paper[270:] = (70, 130, 200)
    cv2.circle(paper, (480, 70), 38, (250, 210, 60), -1, cv2.LINE_AA)
    cv2.fillPoly(paper, [np.array([(130, 250), (330, 250), (300, 300), (160, 300)])], (150, 70, 40), cv2.LINE_AA)
    cv2.line(paper, (225, 250), (225, 100), (90, 50, 30), 8, cv2.LINE_AA)
    cv2.fillPoly(paper, [np.array([(233, 105), (233, 235), (315, 235)])], (235, 60, 60), cv2.LINE_AA)
    cv2.fillPoly(paper, [np.array([(217, 120), (217, 235), (155, 235)])], (250, 250, 250), cv2.LINE_AA)
    return paper


DRAWN = {"drawn:child": child, "drawn:boat": boat}


def picture(name: str, folder: Path) -> np.ndarray:
    """A picture of the list, (H, W, 3) uint8."""
    return DRAWN[name]() if name in DRAWN else reader.read_image(folder / name)


def made(entry: dict[str, Any], name: str, given: argparse.Namespace, model: list[Any]) -> np.ndarray:
    """The frames of one entry that are shown, (COLUMNS, H, W, 3), from its clip, which is made if it is not there."""
    path = given.clips / f"{name}.mp4"
    if not path.exists():
        model[:] = model or [registry.load("nano")]
        clip = ma.animate(
            picture(entry["picture"], given.pictures), entry["words"], output=path, size=SIZE, seconds=SECONDS,
            seed=entry["seed"], backbone=model[0],
        )  # fmt: skip
    else:
        clip = reader.read_clip(path)
    return clip.frames[np.linspace(0, len(clip) - 1, COLUMNS).round().astype(int)]


def row(number: int, frames: np.ndarray) -> np.ndarray:
    """Frames side by side under the number of their clip, (HIGH + TITLE, COLUMNS * WIDE, 3)."""
    canvas = np.full((HIGH + TITLE, COLUMNS * WIDE, 3), 255, np.uint8)
    scale = min(HIGH / frames.shape[1], (WIDE - 4) / frames.shape[2])
    size = round(frames.shape[2] * scale), round(frames.shape[1] * scale)
    for at, frame in enumerate(frames):
        small = np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.LANCZOS))
        canvas[TITLE : TITLE + size[1], at * WIDE : at * WIDE + size[0]] = small
    cv2.putText(canvas, str(number), (4, TITLE - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (60, 60, 60), 1, cv2.LINE_AA)
    return canvas


CHINESE = {
    "yes": "是", "partly": "部分", "no": "否", "elements": "自然", "weather": "天气", "face": "脸", "body": "身体",
    "camera": "镜头", "travel": "移动", "photograph": "照片", "painting": "油画", "drawing": "图画",
}  # fmt: skip


def table(entries: list[dict[str, Any]], chinese: bool = False) -> str:
    """What was asked and what came of it, as rows of Markdown."""
    told = (lambda word: CHINESE.get(word, word)) if chinese else str
    return "".join(
        f"| {number} | {told(each['kind'])} | {each['words']} | {told(each['done'])} | {told(each['kept'])} | "
        f"{each['by']}; {each['from']}; {each['licence']}{' *' if each['taught'] else ''} |\n"
        for number, each in enumerate(entries, 1)
    )


def main() -> None:
    """Make what is not there, write the sheets, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--clips", type=Path, default=Path("gallery"))
    parser.add_argument("--only", type=int, nargs="+", help="numbers of the clips to make; no sheet is written then")
    given = parser.parse_args()
    entries: list[dict[str, Any]] = tomllib.loads(LIST.read_text("utf-8"))["clip"]
    given.clips.mkdir(parents=True, exist_ok=True)
    rows, model = list[np.ndarray](), list[Any]()
    for number, entry in enumerate(entries, 1):
        if given.only is None or number in given.only:
            print(number, entry["words"], file=sys.stderr, flush=True)
            rows.append(row(number, made(entry, f"{number:02d}", given, model)))
    if given.only is None:
        for sheet, begin in enumerate(range(0, len(rows), ROWS), 1):
            whole = Image.fromarray(np.concatenate(rows[begin : begin + ROWS]))
            whole.save(given.out / f"gallery-{sheet}.webp", quality=QUALITY, method=6)
    print(table(entries), table(entries, chinese=True), sep="\n")


if __name__ == "__main__":
    main()
