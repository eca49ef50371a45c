"""How well people do what they are told: the pose network looks again at the frames that were drawn.

python benchmarks/motion/bodies.py PICTURE... [--words "he waves"]
"""

import argparse
import time
from pathlib import Path

import numpy as np

from motionalchemy.language.body_words import read
from motionalchemy.media.reader import read_image
from motionalchemy.motion import acting, body_plan
from motionalchemy.motion.body_moves import RATE
from motionalchemy.render import body_act
from motionalchemy.render.puppet import puppet
from motionalchemy.scene import bodies, limbs, parse, skeleton

ASKED = 12.0  # degrees, from which on a bone counts as moved


def measured(picture: np.ndarray, words: str) -> str:
    """Error of moved and of other bones in degrees, and the share of bone lengths within a tenth, of one picture."""
    scene = parse.parse(picture)
    people, begun = skeleton.skeletons(scene), time.process_time()
    if not people:
        return "nobody is found"
    stands = puppet(limbs.cut(picture, people[0]))
    plan = body_plan.attitudes(stands, read(words)[0], 2.0, False)
    act = body_act.act(stands, picture, acting.behind(scene, people[0]), plan, RATE)
    made, moved, other, long = time.process_time(), list[float](), list[float](), list[float]()
    frames = [act.draw(picture.astype(np.float32), number / 24) for number in range(49)]
    spent = time.process_time() - made
    for number in range(6, 49, 6):
        found, now = bodies.bodies(frames[number].round().clip(0, 255).astype(np.uint8)), act.now(number / 24)
        for limb in stands.cut.limbs if found else ():
            seen = found[0].points[list(skeleton.CHAINS[limb]), :2]
            was, wanted = np.diff(stands.skeleton.chains[limb], axis=0), np.diff(stands.joints_at(limb, now), axis=0)
            for before, want, got in zip(was, wanted, np.diff(seen, axis=0), strict=True):
                angle = [float(np.degrees(np.arctan2(each[1], each[0]))) for each in (before, want, got)]
                asked, wrong = (abs((a - b + 180) % 360 - 180) for a, b in ((angle[1], angle[0]), (angle[2], angle[1])))
                (moved if asked > ASKED else other).append(wrong)
                long.append(float(np.linalg.norm(got) / np.linalg.norm(want)))
    drawn = max(abs(long - 1) for attitude in plan for pair in attitude.stretches.values() for long in pair)
    within = np.mean(np.abs(np.array(long) - 1) < 0.1) if long else np.nan
    errors = [f"{np.median(each):.1f}" if each else "-" for each in (moved, other)]
    return (
        f"moved {errors[0]} deg ({len(moved)}), other {errors[1]} deg ({len(other)}), lengths within a tenth {within:.0%} "
        f"(as they are drawn, {drawn:.0%} off at worst), "
        f"set-up {made - begun:.2f} s, 49 frames {spent:.2f} s"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--words", default="he waves")
    given = parser.parse_args()
    for path in given.pictures:
        print(path.name, given.words, measured(read_image(path), given.words), flush=True)
