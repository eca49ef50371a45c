"""Cut-outs with a region each, out of the corpus' actors and turntables: FOLDER/cutouts/REGION/KEY.webp (RGBA).

    python tools/scene/cutouts.py FOLDER CORPUS

And what is drawn on white in FOLDER/pictures: animals and things, their white surroundings taken away. One frame of
each clip of the train split, at most SAME of one subject; riders, who are two things, are left out. Renders of 0
A.D.'s game art, CC-BY-SA 3.0 (Wildfire Games).
"""

import argparse
import io
import json
import random
import re
import tarfile
from pathlib import Path

import av
import cv2
import numpy as np
from PIL import Image

SAME = 14
PEOPLE = "|".join((
    "archer|labourer|spearman|swordsman|javelin thrower|slinger|priest|woman|crossbowman|swordswoman|mace fighter",
    "halberdier|fisherman|gladiator|court official|axeman|general",
))  # fmt: skip
REGION = {
    "skip": " on a |rider|chariot|wreck|iceberg",
    "person": f"^({PEOPLE})$",
    "vehicle": "ship|galley|boat|handcart|catapult|ballista|siege|ram$",
    "plants": "tree|bush|reeds|grass|ferns|bamboo|plant|papyrus|cattails|shrub|lavender",
    "mountain": "rock|boulder|stones",
    "building": "stable|tower|storehouse|fortress|arsenal|monument|range|barracks|wall|gate|hall|temple|house|pyramid|"
    "workshop|farmstead|palace|dock|arch$|theatre|market|blacksmith|shrine|outpost|statue|colony|academy|obelisk|"
    "gymnasium|corral|kennel|tent",
    "animal": "bull|giraffe|peacock|dog|elephant|sheep|bear|zebu|rhino|wolf|rabbit|horse|zebra|hawk|hippo|whale|pig|"
    "donkey|cow|fish|crocodile|deer|shark|gazelle|camel|goat|lion|chicken|pony|boar|crow",
    "other": "amphorae|anvil|barrel|sack|wood|brick|hay|table|box|basket|vase|bin|crates|planks|well",
}
DRAWN = {
    "animal": "animal bear bee beetle bird bug buffalo butterfly camel cat cow dinosaur dolphin fish fly fox frog gorilla "
    "hedgehog hippopotamus kangaroo lizard mosquito mouse owl panda pig rabbit rhinoceros shark sheep snail snake turkey "
    "turtle whale wolf",
    "other": "apple apricot coconut basket kiwi lemon melon orange peach pear plum raspberry strawberry pink gray",
}


def region(subject: str) -> str | None:
    """The region of a subject, None for what is left out."""
    found = next((name for name, words in REGION.items() if re.search(words, subject)), None)
    return None if found == "skip" else found


def drawings(folder: Path) -> None:
    """What is drawn on white, cut out: white that the border reaches is taken away."""
    for to, names in DRAWN.items():
        for name in names.split():
            path = folder / "pictures" / f"gcompris_lang_words_sample_{name}.webp"
            if not path.is_file():
                continue
            picture = np.asarray(Image.open(path).convert("RGB"))
            white = np.pad((picture.min(2) > 232).astype(np.uint8), 1, constant_values=1)
            cv2.floodFill(white, None, (0, 0), 2)
            opacity = cv2.GaussianBlur(((white != 2) * 255).astype(np.uint8)[1:-1, 1:-1], (3, 3), 0)
            rows, columns = np.nonzero(opacity > 40)
            if len(rows) > 400:
                shown = np.dstack((picture, opacity))[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
                (folder / "cutouts" / to).mkdir(parents=True, exist_ok=True)
                Image.fromarray(shown).save(folder / "cutouts" / to / f"drawn-{name}.webp", quality=90)


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("folder", type=Path)
    given.add_argument("corpus", type=Path)
    args = given.parse_args()
    drawings(args.folder)
    rng, counts, wanted = random.Random(0), {}, {}
    entries = [json.loads(line) for line in (args.corpus / "index.jsonl").open(encoding="utf-8")]
    entries = [e for e in entries if e["kind"] in ("actors", "turntables") and e["split"] == "train"]
    rng.shuffle(entries)
    for entry in entries:
        to = region(entry["subject"])
        counts[entry["subject"]] = counts.get(entry["subject"], 0) + 1
        if to and counts[entry["subject"]] <= SAME:
            wanted.setdefault(entry["shard"], {})[entry["key"]] = to
    for shard, keys in sorted(wanted.items()):
        with tarfile.open(args.corpus / shard) as tar:
            for key, to in keys.items():
                clip = tar.extractfile(f"{key}.mp4").read()
                stop = rng.randrange(20)
                with av.open(io.BytesIO(clip)) as video:
                    frame = next(f for n, f in enumerate(video.decode(video=0)) if n == stop).to_ndarray(format="rgb24")
                half = frame.shape[0] // 2
                opacity = frame[half:, :, :1].astype(np.float32) / 255
                colour = (frame[:half] - 128 * (1 - opacity)) / opacity.clip(0.05)
                whole = np.dstack((colour, 255 * opacity)).clip(0, 255).round().astype(np.uint8)
                rows, columns = np.nonzero(whole[..., 3] > 40)
                if len(rows) < 400:
                    continue
                folder = args.folder / "cutouts" / to
                folder.mkdir(parents=True, exist_ok=True)
                shown = whole[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
                Image.fromarray(shown).save(folder / f"{key}.webp", quality=90)


if __name__ == "__main__":
    main()
