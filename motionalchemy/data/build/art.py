"""Reading 0 A.D.'s art out of its archive: meshes (PMD), skeletal animations (PSA), actor files and skins.

Lengths are metres with y up in a left-handed space; a pose is (bones, 7): where each bone is in the model's space, and
its rotation as a quaternion x, y, z, w. The formats are those of the game's own loaders.
"""

import io
import struct
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.float64]
LARGEST_SKIN = 512


@dataclass(frozen=True, eq=False)
class Mesh:
    """Corners with normals, texture coordinates and up to four bones each; triangles; the resting pose; points.

    `points` are places to attach other things to: name -> (their pose (7,), the bone they move with).
    """

    position: Array  # (V, 3)
    normal: Array  # (V, 3)
    uv: Array  # (V, 2)
    triangles: NDArray[np.int32]  # (F, 3)
    bone: NDArray[np.int64]  # (V, 4), where the number of bones stands for "fixed"
    weight: Array  # (V, 4), each row sums to 1
    rest: Array  # (bones, 7)
    points: dict[str, tuple[Array, int]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Animation:
    """`poses` (frames, bones, 7), evenly spaced over `seconds`."""

    seconds: float
    poses: Array

    def at(self, turns: float, loop: bool) -> Array:
        """The pose (bones, 7) after so many whole passes, between the two nearest frames; without `loop` it holds."""
        count = len(self.poses)
        place = (turns % 1) * count if loop else min(max(turns, 0.0), 1.0) * (count - 1)
        first = int(place)
        second = (first + 1) % count if loop else min(first + 1, count - 1)
        return blended(self.poses[first % count], self.poses[second], place - first)


def blended(a: Array, b: Array, share: float) -> Array:
    """Two poses (bones, 7) mixed, `share` of the second; rotations take the shorter way round."""
    same_side = np.sign((a[:, 3:] * b[:, 3:]).sum(1, keepdims=True) + 1e-12)
    b = np.concatenate([b[:, :3], b[:, 3:] * same_side], 1)
    return (1 - share) * a + share * b


def matrices(pose: Array) -> Array:
    """Poses (..., 7) as transforms (..., 4, 4)."""
    x, y, z, w = np.moveaxis(pose[..., 3:] / np.linalg.norm(pose[..., 3:], axis=-1, keepdims=True).clip(1e-12), -1, 0)
    made = np.zeros((*pose.shape[:-1], 4, 4))
    made[..., 0, :3] = np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)], -1)
    made[..., 1, :3] = np.stack([2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)], -1)
    made[..., 2, :3] = np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], -1)
    made[..., :3, 3], made[..., 3, 3] = pose[..., :3], 1
    return made


class Art:
    """The game's archive: what it holds by name, each thing read once. Raises KeyError for what it lacks."""

    def __init__(self, archive: Path):
        self.zip = zipfile.ZipFile(archive)
        self.names = frozenset(self.zip.namelist())
        self.mesh = lru_cache(400)(self._mesh)
        self.animation = lru_cache(400)(self._animation)
        self.tree = lru_cache(4000)(self._tree)
        self.skin = lru_cache(400)(self._skin)

    def actors(self, folder: str) -> list[str]:
        """Every actor file below a folder such as `fauna`, without `art/actors/`."""
        start = f"art/actors/{folder}/"
        return sorted(n.removeprefix("art/actors/") for n in self.names if n.startswith(start) and n.endswith(".xml"))

    def has_animation(self, name: str) -> bool:
        """Whether an animation file is there."""
        return f"art/animation/{name}.cached.psa" in self.names

    def _tree(self, path: str) -> ET.Element:
        return ET.fromstring(self.zip.read(f"art/{path}"))

    def _skin(self, name: str) -> Image.Image:
        stem = f"art/textures/skins/{name}"
        bare = stem.rsplit(".", 1)[0]
        for path in (f"{stem}.cached.dds", f"{bare}.png.cached.dds", f"{bare}.dds.cached.dds", stem):
            if path in self.names:
                image = Image.open(io.BytesIO(self.zip.read(path))).convert("RGBA")
                image = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)  # texture coordinates count upwards
                return image.reduce(max(1, max(image.size) // LARGEST_SKIN))
        raise KeyError(name)

    def _animation(self, name: str) -> Animation:
        data = self.zip.read(f"art/animation/{name}.cached.psa")
        label = struct.unpack_from("<I", data, 12)[0]
        milliseconds, bones, frames = struct.unpack_from("<fII", data, 16 + label)
        poses = np.frombuffer(data, "<f4", frames * bones * 7, 28 + label).reshape(frames, bones, 7)
        return Animation(frames * milliseconds / 1000, poses.astype(np.float64))

    def _mesh(self, name: str) -> Mesh:
        read = _Reader(self.zip.read(f"art/meshes/{name}.cached.pmd"), 4)
        version, _, count = read.numbers(3)
        maps = read.numbers(1)[0] if version >= 4 else 1
        layout = [("position", "<f4", 3), ("normal", "<f4", 3), ("uv", "<f4", (maps, 2)), ("bone", "u1", 4)]
        corner = read.array(np.dtype([*layout, ("weight", "<f4", 4)]), count)
        triangles = read.array(np.dtype("<u2"), 3 * read.numbers(1)[0]).reshape(-1, 3)
        bones = read.numbers(1)[0]
        rest = read.array(np.dtype("<f4"), 7 * bones).reshape(bones, 7).astype(np.float64)
        points = {}
        for _ in range(read.numbers(1)[0]):
            label = bytes(read.array(np.dtype("u1"), read.numbers(1)[0])).decode()
            pose = read.array(np.dtype("<f4"), 7).astype(np.float64)
            points[label] = (pose, int(read.array(np.dtype("u1"), 1)[0]))
        weight = np.where(corner["bone"] == 255, 0, corner["weight"]).astype(np.float64)
        fixed = weight.sum(1) < 1e-6
        bone = np.minimum(corner["bone"].astype(np.int64), bones)
        bone[fixed], weight[fixed] = bones, (1, 0, 0, 0)
        weight /= weight.sum(1, keepdims=True)
        place, normal, uv = (corner[n].astype(np.float64) for n in ("position", "normal", "uv"))
        return Mesh(place, normal, uv[:, 0], triangles.astype(np.int32), bone, weight, rest, points)


class _Reader:
    """A cursor over little-endian data."""

    def __init__(self, data: bytes, start: int):
        self.data, self.at = data, start

    def numbers(self, count: int) -> tuple[int, ...]:
        found = struct.unpack_from(f"<{count}I", self.data, self.at)
        self.at += 4 * count
        return found

    def array(self, kind: np.dtype, count: int) -> np.ndarray:
        found = np.frombuffer(self.data, kind, count, self.at)
        self.at += kind.itemsize * count
        return found
