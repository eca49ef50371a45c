"""Clips of two builds graded without knowing whose they are: sheets to look at, a table to fill in, and the counts.

    python benchmarks/evaluate/blind.py sheets BEFORE AFTER --cases cases.json -o graded
    python benchmarks/evaluate/blind.py count graded

BEFORE and AFTER are runs of `evaluate --task people`. On each sheet stand the clips of some sentences, each as two rows, a
above b: five frames, and at last how far any frame differs from the first, three times as strong. Whose a is, is drawn by
the seed for each sentence and stands in key.json, which is not to be opened before grades.csv is full: `done` 1, 0.5 or 0,
`kept` 1 or 0.
"""

import argparse
import csv
import json
import random
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from motionalchemy.errors import InputError
from motionalchemy.evaluate import people
from motionalchemy.evaluate.wanted import PARTS
from motionalchemy.media import reader, writer
from motionalchemy.media.clip import Clip

WIDE, HIGH = 240, 200  # pixels that a frame is fitted into
FRAMES, A_SHEET, STRONGER = 5, 3, 3
MARKS = ("a_done", "a_kept", "b_done", "b_kept")


def strip(clip: Clip) -> np.ndarray:
    """Frames of a clip side by side and what changes in it, (6, h, w, 3) uint8."""
    at = np.linspace(0, len(clip) - 1, FRAMES).round().astype(int)
    apart = np.abs(clip.frames.astype(np.int16) - clip.frames[0]).max(0)
    every = [*clip.frames[at], (apart * STRONGER).clip(0, 255).astype(np.uint8)]
    scale = min(WIDE / clip.width, HIGH / clip.height)
    size = round(clip.width * scale), round(clip.height * scale)
    return np.stack([cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in every])


def sheets(before: Path, after: Path, cases: Path, out: Path, seed: int) -> None:
    """Write the sheets, the empty table and the key; raises InputError for a folder that holds some already."""
    if (out / "grades.csv").exists():
        raise InputError(f"{str(out)!r} holds grades already: choose another folder")
    out.mkdir(parents=True, exist_ok=True)
    draw, runs = random.Random(seed), {"before": before, "after": after}
    asked = [(case, language) for case in people.read_cases(cases) for language in people.LANGUAGES]
    draw.shuffle(asked)
    key, rows, strips = list[dict[str, Any]](), list[list[Any]](), list[np.ndarray]()
    for number, (case, language) in enumerate(asked, 1):
        names = sorted(runs)
        draw.shuffle(names)
        key.append({"key": f"{case.id}-{language}", "kind": case.kind, "a": names[0], "b": names[1]})
        rows.append([number, case.kind, case.en if language == "en" else case.zh, *[""] * len(MARKS)])
        for letter, name in zip("ab", names, strict=True):
            row = strip(reader.read_clip(runs[name] / "clips" / f"{case.id}-{language}.mp4"))
            for colour, thick in ((0, 3), (255, 1)):
                cv2.putText(row[0], f"{number}{letter}", (3, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.5, [colour] * 3, thick)
            strips.append(row)
        if len(strips) == 2 * A_SHEET or number == len(asked):
            sheet = writer.contact_sheet(strips, columns=FRAMES + 1)
            writer.write(Clip(sheet[None], 1.0), out / f"sheet-{number:03d}.png")
            strips = []
    with (out / "grades.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["number", "kind", "words", *MARKS], *rows])
    (out / "key.json").write_text(json.dumps(key, ensure_ascii=False, indent=1), "utf-8")


def count(out: Path) -> str:
    """Counts by kind of a table that was filled in, and which of each pair was graded better."""
    key = json.loads((out / "key.json").read_text("utf-8"))
    with (out / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    if len(rows) != len(key) or not all(row[mark].strip() for row in rows for mark in MARKS):
        raise InputError(f"the grades in {str(out)!r} are not all there: fill in {', '.join(MARKS)} of {len(key)} rows")
    lines = ["| kind | build | clips | done | partly | kept |", "|---|---|---|---|---|---|"]
    graded = [(one, row, letter) for one, row in zip(key, rows, strict=True) for letter in "ab"]
    for kind in (*PARTS, "all"):
        for name in ("before", "after"):
            of = [(r, x) for one, r, x in graded if one[x] == name and kind in ("all", one["kind"])]
            done = [float(row[f"{letter}_done"]) for row, letter in of]
            kept = sum(float(row[f"{letter}_kept"]) for row, letter in of)
            lines.append(f"| {kind} | {name} | {len(of)} | {done.count(1)} | {done.count(0.5)} | {kept:.0f} |")
    found = {f"{one['key']} {one[x]}": (float(r[f"{x}_done"]), int(r[f"{x}_kept"])) for one, r, x in graded}
    (out / "by_key.json").write_text(json.dumps(found, indent=1), "utf-8")
    return "\n".join(lines)


def main() -> None:
    """Write sheets, or count."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    of = parser.add_subparsers(dest="command", required=True)
    writes = of.add_parser("sheets")
    for name in ("before", "after"):
        writes.add_argument(name, type=Path)
    writes.add_argument("--cases", type=Path, required=True)
    writes.add_argument("--seed", type=int, default=0)
    writes.add_argument("-o", "--out", type=Path, required=True)
    of.add_parser("count").add_argument("out", type=Path)
    given = parser.parse_args()
    if given.command == "count":
        print(count(given.out))
    else:
        sheets(given.before, given.after, given.cases, given.out, given.seed)


if __name__ == "__main__":
    main()
