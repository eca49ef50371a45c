"""How near what is filled comes to what was hidden: perceptual distance to the truth, and the time it takes.

    python benchmarks/scene/filling.py --data FOLDER [--weights PACK] [--sheet OUT.jpg]

FOLDER is what tools/scene/build.sh makes. 40 of its photographs and paintings that are held back from training by their
names, and 20 rendered test pictures: of each, strips at one to four edges are hidden (8 to 22 % of a side), or the
outline of an animal or a person. The distance is `evaluate.fidelity.lpips_like`, over the whole picture; beside it one
that nothing was trained on, the distance of EfficientNet-lite0's features (1 - cosine). Medians, and means.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from motionalchemy.evaluate.fidelity import lpips_like
from motionalchemy.parts import networks
from motionalchemy.scene import filling
from motionalchemy.train import filler_data, scene_pastes

STRIP = 0.08, 0.22  # of a side
THING = 0.03, 0.3  # of a picture
RIM = 6  # pixels around an outline that are hidden, too
RENDERS, EVERY = 20, 4
ROWS = 16  # pictures of a sheet


def held_back(folder: Path) -> list[Path]:
    """The pictures of the test: photographs and paintings, then renders; no drawn skies, of which there are twins."""
    pictures = [p for p in sorted((folder / "pictures").glob("*.webp")) if filler_data.held(p.name)]
    pictures = [p for p in pictures if not p.name.startswith("corpus_sky")]
    return pictures + sorted((folder / "renders-test").glob("*.png"))[::EVERY][:RENDERS]


def strips(name: str, shape: tuple[int, int]) -> np.ndarray:
    """Strips at the edges of a picture that are hidden, (H, W) bool, the same each time for one name."""
    rng, hidden = random.Random("strip/" + name), np.zeros(shape, bool)
    for edge in rng.sample(range(4), rng.choice((1, 2, 4))):
        wide = round(shape[edge // 2] * rng.uniform(*STRIP))
        ((hidden[:wide], hidden[-wide:], hidden[:, :wide], hidden[:, -wide:])[edge])[...] = True
    return hidden


def thing(name: str, shape: tuple[int, int], outlines: list[np.ndarray]) -> np.ndarray:
    """The outline of something in a picture, and a rim around it, (H, W) bool."""
    rng, side = random.Random("hole/" + name), 256
    while True:
        hidden = filler_data.outline(rng, outlines, side)
        if THING[0] < hidden.mean() < THING[1]:
            wide = cv2.dilate(hidden, np.ones((2 * RIM + 1,) * 2, np.uint8))
            return cv2.resize(wide, shape[::-1], interpolation=cv2.INTER_NEAREST) > 0


def mirrored(picture: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """What lies beside hidden strips, or to the left of a hole, mirrored into it."""
    rows, columns = (np.flatnonzero((~hidden).any(axis)) for axis in (1, 0))
    y, x = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    top, low, left, right = rows[0], len(hidden) - 1 - rows[-1], columns[0], hidden.shape[1] - 1 - columns[-1]
    pad = (int(top), int(low), int(left), int(right))
    whole = cv2.copyMakeBorder(np.ascontiguousarray(picture[y, x]), *pad, cv2.BORDER_REFLECT)
    for row in np.flatnonzero((hidden[y, x]).any(1)) + rows[0]:
        inside = np.flatnonzero(hidden[row, x]) + columns[0]
        low, high = inside[0], inside[-1]
        there = 2 * low - 1 - inside if low > hidden.shape[1] - 1 - high else 2 * high + 1 - inside
        whole[row, inside] = picture[row, there.clip(0, hidden.shape[1] - 1)]
    return whole


def features(picture: np.ndarray) -> torch.Tensor:
    """EfficientNet-lite0's features of a picture."""
    small = cv2.resize(picture, (224, 224), interpolation=cv2.INTER_AREA)
    return networks.efficientnet().features(networks.batch(small))


def methods(learned: bool) -> dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]]:
    """Ways to fill by name; the first is ours."""
    found: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {}
    if learned:
        found["learned"] = filling.filled
    found["patches"] = lambda picture, hidden: filling.filled(picture, hidden, "patches")
    found["smooth"] = lambda picture, hidden: filling.filled(picture, hidden, "smooth")
    found["Telea"] = filling.led
    found["mirror"] = mirrored
    return found


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--data", type=Path, required=True)
    given.add_argument("--weights", type=Path, default=filling.WEIGHTS)
    given.add_argument("--sheet", type=Path, help="a picture to look at, of 16 of them")
    args = given.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if args.weights != filling.WEIGHTS:
        trained = filling.network(args.weights)
        filling.network = lambda: trained  # type: ignore[assignment]
    cut = scene_pastes.cutouts(args.data / "cutouts")
    outlines = [each.picture[..., 3] for region in ("animal", "person") for each in cut.get(region, [])]
    ways, rows = methods((args.weights / "config.json").is_file()), []
    found: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    paths = held_back(args.data)
    for number, path in enumerate(paths):
        opened = cv2.imread(str(path))
        if opened is None:
            continue
        truth = opened[..., ::-1].copy()
        kinds = {"strips": strips(path.name, truth.shape[:2]), "holes": thing(path.name, truth.shape[:2], outlines)}
        for kind, hidden in kinds.items():
            shown = np.where(hidden[..., None], 0, truth).astype(np.uint8)
            row, like = [truth, shown], features(truth)
            for name, way in ways.items():
                begun = time.process_time()
                made = way(shown, hidden)
                spent = time.process_time() - begun
                apart = 1 - float(F.cosine_similarity(features(made), like))
                found.setdefault((kind, name), []).append((lpips_like(made, truth), apart, spent))
                row.append(made)
            if number % max(1, len(paths) // ROWS) == 0:
                rows.append(np.hstack([cv2.resize(each, (240, 180)) for each in row]))
    print(
        f"{len(paths)} pictures\n| | | distance, median (mean) | features, median (mean) | CPU s |\n|---|---|---|---|---|"
    )
    for (kind, name), values in found.items():
        near, apart, spent = np.array(values).T
        print(f"| {kind} | {name} | {np.median(near):.4f} ({near.mean():.4f}) "
              f"| {np.median(apart):.4f} ({apart.mean():.4f}) | {np.median(spent):.3f} |")  # fmt: skip
    first = next(iter(ways))
    for kind in ("strips", "holes"):
        ours = np.array(found[kind, first])
        for name in ("Telea", "mirror"):
            other = np.array(found[kind, name])
            share = np.median(ours, 0) / np.median(other, 0), ours.mean(0) / other.mean(0)
            print(f"{kind}: {first} / {name}: medians {share[0][0]:.3f}, means {share[1][0]:.3f}; "
                  f"features: medians {share[0][1]:.3f}, means {share[1][1]:.3f}")  # fmt: skip
    if args.sheet:
        cv2.imwrite(str(args.sheet), np.vstack(rows)[..., ::-1])


if __name__ == "__main__":
    main()
