"""The files that a request passes, in the order in which they are first entered, room by room.

    python benchmarks/pipeline/walk.py "the horse gallops to the right"

A room is entered when a call comes into it from another; a climb is a call into a room above the caller's, which here can
only be one that was handed down: a function, a generator or a protocol's method.
"""

import argparse
import sys
from pathlib import Path
from types import FrameType

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[2]
PACKAGE = str(ROOT / "motionalchemy") + "/"
ORDER = """
cli server api evaluate train data pipeline editing motion render scene language models nets parts flow media errors
"""
FLOOR = {room: floor for floor, room in enumerate(ORDER.split())}


class Walk:
    """Every call from file to file of the package, by name under it."""

    def __init__(self) -> None:
        self.files = list[str]()
        self.calls = set[tuple[str, str]]()

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event == "call" and (here := name_of(frame)) and frame.f_code.co_name != "<module>":
            if here not in self.files:
                self.files.append(here)
            caller = frame.f_back
            while caller is not None and not name_of(caller):
                caller = caller.f_back
            if caller is not None:
                self.calls.add((name_of(caller), here))


def name_of(frame: FrameType) -> str:
    """The file of a frame under the package, "" for one outside it."""
    path = frame.f_code.co_filename
    return path.removeprefix(PACKAGE).removesuffix(".py") if path.startswith(PACKAGE) else ""


def room(name: str) -> str:
    """The room of a file."""
    return name.partition("/")[0]


def main() -> None:
    """Animate a picture of the examples and print the walk."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("prompt", nargs="?", default="the horse gallops to the right")
    asked = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    import motionalchemy as ma

    picture = np.array(Image.open(ROOT / "examples" / "horse.png").convert("RGB").resize((128, 128)))
    ma.animate(picture, "the horse falls to the ground", size=128)  # modules are imported, weights read
    walk = Walk()
    sys.setprofile(walk)
    try:
        ma.animate(picture, asked.prompt, size=128)
    finally:
        sys.setprofile(None)
    rooms = dict[str, list[str]]()
    for name in walk.files:
        rooms.setdefault(room(name), []).append(name.partition("/")[2] or name)
    for each, names in rooms.items():
        print(f"{each:10} {', '.join(names)}")
    climbs = sorted((a, b) for a, b in walk.calls if FLOOR[room(b)] < FLOOR[room(a)])
    print(
        f"{len(rooms)} rooms, {len(walk.files)} files; {len(climbs)} kinds of call into a room above, all handed down:"
    )
    for a, b in climbs:
        print(f"  {a} -> {b}")


if __name__ == "__main__":
    main()
