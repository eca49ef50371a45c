"""Pictures of random scenes with exact depth and regions, rendered by Blender's Cycles on the CPU.

    python tools/scene/worlds.py FOLDER FIRST COUNT [--textures CORPUS] [--people PEOPLE]

Runs under its own environment (`pip install bpy==4.5.15 "numpy<2" opencv-python-headless`, Python 3.11), never under the
product's. Seed s gives FOLDER/world-s.png and FOLDER/world-s.npz: `depth` (h, w) float16, metres along the view axis,
inf where nothing is, and `region` (h, w) uint8, a row of REGIONS in `world.py`. The same seed gives the same
scene. `--textures` is a folder with pictures that may be used (the corpus' stills, unpacked); `--people` one with
MakeHuman's data as `people.py` wants it.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from scenes import build
from world import World, shot


def main():
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("folder", type=Path)
    given.add_argument("first", type=int)
    given.add_argument("count", type=int)
    given.add_argument("--textures", type=Path)
    given.add_argument("--people", type=Path)
    args = given.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    textures = (
        sorted(p for p in args.textures.rglob("*") if p.suffix in (".jpg", ".png", ".webp")) if args.textures else []
    )
    for seed in range(args.first, args.first + args.count):
        name = f"world-{seed}"
        if (args.folder / f"{name}.npz").is_file():
            continue
        begun = time.process_time()
        world = World(seed, textures, args.people)
        build(world)
        ready = time.process_time() - begun
        shot(world, args.folder, name)
        print(name, f"built {ready:.1f} s, in all {time.process_time() - begun:.1f} CPU s", flush=True)


if __name__ == "__main__":
    main()
