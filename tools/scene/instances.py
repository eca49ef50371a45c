"""What parts things that touch (motionalchemy/scene/splitting.py): fitted to cut-outs laid over photographs, or measured.

    python tools/scene/instances.py FOLDER            # prints FITTED and BEGINS
    python tools/scene/instances.py FOLDER --measure  # on kept-back cut-outs and photographs, and on the rendered test

FOLDER is what tools/scene/build.sh makes. One to three cut-outs, often of one kind, stand beside or before each other, so
that which thing each place belongs to is known. Every fifth cut-out and photograph is kept back for measuring.
"""

import argparse
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from motionalchemy.scene import depth, instances, parse, regions, splitting

LEARNED, MEASURED = 260, 40  # pictures
HIGH, WIDE = 320, 448
LIVE = ("animal", "person", "vehicle")
FOUND = 0.5  # intersection over union, from which on a thing is found


class Composer:
    """Pictures (HIGH, WIDE, 3) uint8 and which thing each place shows, (HIGH, WIDE), 0 none; and their mattes."""

    def __init__(self, folder: Path, kept: bool, seed: int):
        self.rng = np.random.default_rng(seed)
        self.cuts = {
            kind: [p for n, p in enumerate(sorted((folder / "cutouts" / kind).glob("*"))) if (n % 5 == 0) == kept]
            for kind in LIVE
        }
        pictures = sorted((folder / "pictures").glob("*.webp"))
        self.pictures = [path for n, path in enumerate(pictures) if (n % 5 == 0) == kept]

    def picture(self) -> tuple[np.ndarray, np.ndarray, list[np.ndarray], list[str]]:
        """A picture, its ids, and the matte and kind of each of its things."""
        while True:
            base = cv2.imread(str(self.pictures[self.rng.integers(len(self.pictures))]))
            if base is not None:
                break
        share = max(WIDE / base.shape[1], HIGH / base.shape[0])
        shown = cv2.resize(base, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)[:HIGH, :WIDE]
        shown = cv2.GaussianBlur(shown, (0, 0), 0.4 + self.rng.uniform(0, 2)).astype(np.float32)
        count = int(self.rng.choice([1, 2, 2, 3]))
        kind = str(self.rng.choice(LIVE, p=(0.55, 0.35, 0.1)))
        ids, mattes, kinds = np.zeros((HIGH, WIDE), np.int32), list[np.ndarray](), list[str]()
        tall, foot, left = self.rng.uniform(90, 200), HIGH - self.rng.uniform(15, 90), self.rng.uniform(20, 130)
        same = self.cuts[kind][self.rng.integers(len(self.cuts[kind]))] if self.rng.random() < 0.3 else None
        for number in range(count):
            own = kind if self.rng.random() < 0.75 else str(self.rng.choice(LIVE))
            path = same if same is not None and own == kind else self.cuts[own][self.rng.integers(len(self.cuts[own]))]
            layer = self._layer(path, tall * self.rng.uniform(0.75, 1.2), foot + self.rng.uniform(-12, 12), left)
            if layer is None:
                continue
            rgb, matte, right = layer
            shown = shown * (1 - matte[..., None]) + rgb * matte[..., None]
            mattes = [each * (1 - matte) for each in mattes]
            ids[matte > 0.5] = number + 1
            mattes.append(matte)
            kinds.append(own)
            left = right + self.rng.uniform(-0.35, 0.25) * (right - left)
        return shown.clip(0, 255).astype(np.uint8)[..., ::-1].copy(), ids, mattes, kinds

    def _layer(self, path: Path, tall: float, foot: float, left: float) -> tuple[np.ndarray, np.ndarray, float] | None:
        cut = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert cut is not None, path
        rows, columns = np.nonzero(cut[..., 3] > 40)
        cut = cut[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].astype(np.float32)
        share = min(tall / cut.shape[0], 0.55 * WIDE / cut.shape[1])
        cut[..., :3] *= cut[..., 3:] / 255
        cut = cv2.resize(cut, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        cut = cut[:, ::-1] if self.rng.random() < 0.5 else cut
        move = np.array([[1, 0, left], [0, 1, foot - cut.shape[0]]], np.float32)
        laid = cv2.warpAffine(np.ascontiguousarray(cut), move, (WIDE, HIGH))
        matte = laid[..., 3] / 255
        if matte.sum() < 300:
            return None
        return laid[..., :3] / np.maximum(matte, 1e-3)[..., None], matte, left + cut.shape[1]


def rows(picture: np.ndarray, ids: np.ndarray) -> tuple[list[np.ndarray], list[bool]]:
    """Features of the pairs of fragments of a picture that touch, and whether they are of one thing."""
    found = regions.regions(picture)
    sight = splitting.Sight.of(picture, depth.nearness(picture), instances.kinds(found))
    small = cv2.resize(ids.astype(np.uint8), sight.nearness.shape[::-1], interpolation=cv2.INTER_NEAREST)
    kept, truth = list[np.ndarray](), list[bool]()
    for part in instances.connected(small > 0):
        labels = splitting.fragments(part)
        own = {n: np.bincount(small[labels == n], minlength=9).argmax() for n in range(1, labels.max() + 1)}
        for step in range(2):  # as they are, and once those have been joined that belong together
            for pair in splitting.neighbours(labels):
                kept.append(splitting.features(labels, pair, sight))
                truth.append(bool(own[pair[0]] == own[pair[1]]))
            if step == 0:
                for one, other in splitting.neighbours(labels):
                    if own[one] == own[other]:
                        labels[labels == other] = one
                        own[other] = own[one]
    return kept, truth


def fit(seen: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights and constant of a logistic regression, both sides counting alike."""
    mean, spread = seen.mean(0), seen.std(0) + 1e-3
    x, y = torch.from_numpy((seen - mean) / spread).float(), torch.from_numpy(truth).float()
    weight, bias = torch.zeros(x.shape[1], requires_grad=True), torch.zeros(1, requires_grad=True)
    counted = torch.where(y > 0.5, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    search = torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        search.zero_grad()
        value = torch.nn.functional.binary_cross_entropy_with_logits(x @ weight + bias, y, counted)
        value = value + 3e-3 * weight.square().sum()
        value.backward()
        return value

    search.step(loss)
    scaled = weight.detach().numpy() / spread
    guess = (x @ weight + bias > 0).numpy() == truth
    print(
        f"{len(truth)} pairs, {truth.mean():.2f} of one thing; right {guess[truth].mean():.3f}, {guess[~truth].mean():.3f}"
    )
    return scaled, float(bias.detach()) - float(scaled @ mean)


def measured(name: str, cases: list[tuple[np.ndarray, np.ndarray, list[np.ndarray]]]) -> None:
    """Print how many things are found, how many that are none, and how the mattes fit."""
    found, total, guessed, errors, seconds, counts = 0, 0, 0, list[float](), list[float](), 0
    plain_found = 0
    for picture, ids, mattes in cases:
        scene = parse.parse(picture)
        _ = scene.nearness, scene.regions, scene.faces, scene.bodies
        begin = time.process_time()
        things = scene.instances
        own = [each.matte > 0.5 for each in things]
        seconds.append(time.process_time() - begin)
        plain = [] if scene.subject is None else instances.connected(scene.subject.opacity.numpy() > 0.5)
        numbers = [n for n in np.unique(ids) if n > 0 and (ids == n).sum() > 0.004 * ids.size]
        total, guessed, counts = total + len(numbers), guessed + len(own), counts + (len(own) == len(numbers))
        for n in numbers:
            best = max(((_iou(ids == n, each), k) for k, each in enumerate(own)), default=(0.0, 0))
            found += best[0] > FOUND
            plain_found += max((_iou(ids == n, each) for each in plain), default=0.0) > FOUND
            if best[0] > FOUND and mattes:
                errors.append(float(np.abs(mattes[n - 1] - things[best[1]].matte).sum() / mattes[n - 1].sum()))
    print(
        f"{name}: {found} of {total} things found (connected parts of the matte: {plain_found}), {guessed - found} others; "
        f"count right in {counts} of {len(cases)}; matte off by {np.mean(errors or [0]):.3f} of its area; "
        f"{np.median(seconds):.2f} CPU s in the median, {max(seconds):.2f} at most",
        flush=True,
    )


def rendered(folder: Path) -> list[tuple[np.ndarray, np.ndarray, list[np.ndarray]]]:
    """The rendered test pictures that show people, vehicles or animals: their ids are parts of one kind at one depth."""
    cases = list[tuple[np.ndarray, np.ndarray, list[np.ndarray]]]()
    for path in sorted((folder / "renders-test").glob("*.npz")):
        truth = np.load(path)
        region, far = truth["region"], truth["depth"].astype(np.float32).clip(1e-3, 1e3)
        ids, number = np.zeros(region.shape, np.int32), 0
        for group in ((4, 5, 6), (7,), (8,)):
            own = np.isin(region, group)
            step = np.abs(
                np.log(
                    np.maximum(cv2.dilate(far, np.ones((3, 3))), 1e-3)
                    / np.maximum(cv2.erode(far, np.ones((3, 3))), 1e-3)
                )
            )
            for part in instances.connected(own & ~((step > 0.12) & own)):
                if part.mean() > 0.004:
                    number += 1
                    ids[cv2.dilate(part.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & own] = number
        if number:
            picture = cv2.imread(str(path.with_suffix(".png")))
            assert picture is not None, path
            cases.append((picture[..., ::-1].copy(), ids, []))
    return cases


def _iou(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / max((one | other).sum(), 1))


def main() -> None:
    """Fit or measure."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("folder", type=Path)
    given.add_argument("--measure", action="store_true")
    args = given.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    composer = Composer(args.folder, args.measure, 7)
    if args.measure:
        made = [composer.picture()[:3] for _ in range(MEASURED)]
        measured("cut-outs", made)
        measured("renders", rendered(args.folder))
        return
    seen, truth = list[np.ndarray](), list[bool]()
    for _ in range(LEARNED):
        found = rows(*composer.picture()[:2])
        seen += found[0]
        truth += found[1]
    weight, bias = fit(np.array(seen), np.array(truth))
    print("FITTED =", '"' + " ".join(f"{value:.3f}".rstrip("0").rstrip(".") for value in weight) + '"')
    print("BEGINS =", round(bias, 3))


if __name__ == "__main__":
    main()
