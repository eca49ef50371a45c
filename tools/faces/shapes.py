"""The table of expressions: how the 468 points of a face move for each unit of MakeHuman's CC0 heads, meant over many.

    python tools/faces/shapes.py PEOPLE motionalchemy/weights/scene/face [--heads 24]

Heads by chance are drawn and shown to the network that finds points of faces, once with the mouth shut and once open. The
skin under each point, the median over heads, is followed through every unit; changes are in eye distances (between the
outer corners), right, down and away from us. PEOPLE is the folder of tools/faces/makehuman.py. Half a minute to two.
"""

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from makehuman import Heads, coloured, painted
from safetensors.numpy import save

from motionalchemy.scene.face_mesh import LIPS, MOUTH, OVAL
from motionalchemy.scene.faces import faces

SIZE, SCALE = 384, 190.0  # pixels of a drawing; pixels a decimetre
LEAVES_OUT = re.compile("Rest|Tongue|Eye")
OPEN = {"JawDrop": 0.7}
NEAR = 12  # pixels around a point in which its skin is looked for
FARTHER = 0.5  # how much a pixel of depth counts beside one across: not the throat behind the lips
STEPS = 127


def image(path: str, kind: int = cv2.IMREAD_COLOR) -> np.ndarray:
    """A picture, BGR or with its opacity."""
    found = cv2.imread(path, kind)
    assert found is not None, f"{path} is no picture"
    return found


def drawn(
    heads: Heads, body: np.ndarray, skin: str, brow: str, units: dict[str, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A drawing (SIZE, SIZE, 3) of a head, which triangle of its skin is seen where, the shares of its corners, and how far
    to the front it is, in pixels."""
    centre = body[heads.joints["eye.L____head"]].mean(0) * [0, 1, 1] + body[heads.joints["head____head"]].mean(0) * [
        1,
        0,
        0,
    ]
    centre[1] -= 0.35
    picture = np.full((SIZE, SIZE, 3), 120, np.uint8)
    face = heads.posed(body, units, body, heads.weights)
    seen = painted(face, heads.triangles, SCALE, centre, SIZE, None)
    texture = image(
        str(
            next(
                p for p in sorted((heads.folder / f"data/skins/{skin}/textures").glob("*.png")) if "suit" not in p.name
            )
        )
    )
    coloured(picture, seen, face, heads.triangles, (heads.places, heads.on_skin), texture, True)
    hole = seen[0] < 0
    brows = heads.folder / f"assets/eyebrows/{brow}/{brow}.mhclo"
    hairs = image(str(next((heads.folder / f"data/proxies/eyebrows/{brow}/textures").glob("*.png"))), -1)
    hairs[..., :3] //= 4
    eyes = image(str(heads.folder / "eyes/brown_eye.png"))
    for path, look, free in ((heads.folder / "eyes/high-poly.mhclo", eyes, hole), (brows, hairs, None)):
        points, weights, (places, triangles, on_look) = heads.worn(body, path)
        points = heads.posed(body, units, points, weights)
        part = painted(points, triangles, SCALE, centre, SIZE, free)
        coloured(picture, part, points, triangles, (places, on_look), look, False)
    front = (face[heads.triangles[seen[0]], 2] * seen[1]).sum(-1) * SCALE
    return picture, seen[0], seen[1], front


def spots(heads: Heads, count: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For each of `count` heads by chance: its body, which triangles lie under the 468 points, and with which shares."""
    lips = {*LIPS.tolist(), *MOUTH.tolist()}
    looks = (heads.folder / "data/proxies/eyebrows").glob("*/textures/*.png")
    brows = sorted(
        {p.parent.parent.name for p in looks} & {p.name for p in (heads.folder / "assets/eyebrows").iterdir()}
    )
    for seed in range(count):
        chance = np.random.default_rng(seed)
        body, skin = heads.person(chance)
        brow = str(chance.choice(brows))
        found = []
        for units in ({}, OPEN):
            look = drawn(heads, body, skin, brow, units)
            face = faces(look[0])
            if face:
                found.append((face[0].points, *look[1:]))
        if len(found) < 2:
            print("head", seed, "is not seen")
            continue
        triangles, shares = np.zeros(468, int), np.zeros((468, 3))
        for point in range(468):
            points, numbers, weights, front = found[point in lips]
            right, low = points[point, :2]
            top, left = (max(0, int(edge) - NEAR) for edge in (low, right))
            box = np.s_[top : int(low) + NEAR + 1, left : int(right) + NEAR + 1]
            y, x = np.nonzero(numbers[box] >= 0)
            y, x = y + top, x + left
            depth = front[y, x]
            best = ((x - right) ** 2 + (y - low) ** 2 + (FARTHER * (depth.max() - depth)) ** 2).argmin()
            triangles[point], shares[point] = numbers[y[best], x[best]], weights[y[best], x[best]]
        yield body, triangles, shares


def delaunay(points: np.ndarray) -> np.ndarray:
    """The triangles (n, 3) of points (468, 2) that lie inside the face's oval."""
    places = (points * 1000 + 2000).astype(np.float32)
    plan, number = cv2.Subdiv2D((0, 0, 4000, 4000)), {}
    for point, (x, y) in enumerate(places):
        number.setdefault(plan.insert((float(x), float(y))), point)
    corners = np.array(plan.getTriangleList()).reshape(-1, 3, 2)
    corners = corners[((corners > 0) & (corners < 4000)).all((1, 2))]
    found = ((corners[:, :, None] - places) ** 2).sum(-1).argmin(-1)
    oval = places[OVAL]
    inside = [cv2.pointPolygonTest(oval, tuple(map(float, middle)), False) > 0 for middle in places[found].mean(1)]
    found = found[inside]
    return found[(found[:, 0] != found[:, 1]) & (found[:, 1] != found[:, 2]) & (found[:, 0] != found[:, 2])]


def main() -> None:
    """Makes the table and says how much heads differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("people", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--heads", type=int, default=24)
    given = parser.parse_args()
    heads = Heads(given.people)
    bodies, under, parts = map(np.array, zip(*spots(heads, given.heads), strict=True))
    places = (heads.points[heads.triangles[under]] * parts[..., None]).sum(2)
    off = np.linalg.norm(places - np.median(places, 0), axis=-1)
    best = off.argmin(0)
    triangles, shares = under[best, np.arange(468)], parts[best, np.arange(468)]
    vertices, back = np.unique(heads.triangles[triangles], return_inverse=True)
    back = back.reshape(468, 3)

    def skin(points: np.ndarray) -> np.ndarray:
        return (points[back] * shares[..., None]).sum(1) * [1, -1, -1]

    units = [name for name in heads.units if not LEAVES_OUT.search(name)]
    rests, changes = [], []
    for body in bodies:
        rest = skin(body[vertices])
        wide = np.linalg.norm(rest[33] - rest[263])
        rests.append((rest - rest[[33, 263]].mean(0)) / wide)
        posed = (skin(heads.posed(body, {name: 1.0}, body[vertices], heads.weights[vertices])) for name in units)
        changes.append([(each - rest) / wide for each in posed])
    neutral, mean, spread = np.mean(rests, 0), np.mean(changes, 0), np.std(changes, 0)
    steps = (np.abs(mean).max((1, 2)) / STEPS).astype(np.float32)
    table = {
        "changes": np.round(mean / steps[:, None, None]).astype(np.int8),
        "steps": steps,
        "neutral": neutral.astype(np.float16),
        "triangles": delaunay((neutral + 0.6 * mean[units.index("JawDrop")])[:, :2]).astype(np.int16),
    }
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "model.safetensors").write_bytes(save(table, metadata={"units": json.dumps(units)}))
    eyes = np.linalg.norm(
        heads.points[heads.triangles[triangles[33]]].mean(0) - heads.points[heads.triangles[triangles[263]]].mean(0)
    )
    print(f"{len(bodies)} heads; skin under a point, median from the median: {np.median(off) / eyes:.3f} eye distances")
    for name, change, differs in zip(units, mean, spread, strict=True):
        size, other = (np.sqrt((each**2).sum(-1).mean()) for each in (change, differs))
        print(
            f"{name:22s} largest {np.linalg.norm(change, axis=1).max():.3f}, spread over heads {other / size:.2f} of it"
        )


if __name__ == "__main__":
    main()
