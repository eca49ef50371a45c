"""The kinds of scenes of `worlds.py`: landscapes, streets, rooms, close-ups, people; all chance is the world's."""

import math

import bpy
import numpy as np
from mathutils import Euler, Vector
from mathutils import noise as fractal
from world import BOX, BOX_FACES, HEIGHT, LABEL, WIDTH, World


def terrain(world: World, amplitude: float, size: float, wave: float, cells=110, region="ground", material=None):
    """Hills: a grid that rises with fractal noise; returns the object and its height as a function."""
    seed = Vector(world.rng.uniform(0, 1000, 3))
    ridged = world.rng.random() < 0.4

    def height(x, y):
        point = Vector((x / wave, y / wave, 0)) + seed
        value = fractal.fractal(point, 1.0, 2.1, 6)
        away = min(1.0, max(0.0, (math.hypot(x, y) - 4) / 25))  # flat where the camera stands
        return amplitude * ((abs(value) if ridged else value) * away + 0.15 * value)

    # Cells grow with distance: near ones are seen larger.
    line = np.sign(np.linspace(-1, 1, cells)) * np.abs(np.linspace(-1, 1, cells)) ** 2 * size
    points = [(x, y, height(x, y)) for y in line for x in line]
    faces = [(r * cells + c, r * cells + c + 1, (r + 1) * cells + c + 1, (r + 1) * cells + c)
             for r in range(cells - 1) for c in range(cells - 1)]  # fmt: skip
    return world.put(
        points, faces, region, material or world.material(texture=0.8, scale=world.u(0.1, 0.5)), True
    ), height


def tree(world: World):
    """A trunk with a crown of leaf cards, or a cone; the parts to be repeated."""
    green = (world.u(0.02, 0.12), world.u(0.08, 0.3), world.u(0.01, 0.08))
    if world.rng.random() < 0.25:
        green = (world.u(0.2, 0.5), world.u(0.1, 0.3), 0.03)
    leaf = world.material(green, 0.8, texture=0)
    kind, points, faces = world.rng.integers(3), [], []
    count = 1400 if kind < 2 else 700
    for _ in range(count):
        if kind == 0:  # round
            centre = world.rng.normal(0, 1, 3)
            centre = centre / np.linalg.norm(centre) * world.rng.uniform(0.5, 1) * (1.6, 1.6, 1.4) + (0, 0, 3.2)
        elif kind == 1:  # a conifer
            level = world.rng.uniform(0, 1) ** 0.7
            angle, radius = world.u(0, 6.28), (1 - level) * 1.3 * world.u(0.5, 1)
            centre = np.array((radius * math.cos(angle), radius * math.sin(angle), 0.6 + 4.4 * level))
        else:  # a bush
            centre = world.rng.normal(0, 0.5, 3) * (1, 1, 0.6)
            centre[2] = abs(centre[2])
        corner, other = world.rng.normal(0, 0.13, (2, 3))
        begin = len(points)
        points += [centre, centre + corner, centre + corner + other, centre + other]
        faces.append((begin, begin + 1, begin + 2, begin + 3))
    crown = world.put(points, faces, "plants", leaf)
    parts = [crown]
    if kind < 2:
        ring = [(0.12 * math.cos(a), 0.12 * math.sin(a)) for a in np.linspace(0, 6.28, 7)[:-1]]
        trunk = [(x, y, -0.5) for x, y in ring] + [(x * 0.6, y * 0.6, 3) for x, y in ring]
        sides = [(i, (i + 1) % 6, 6 + (i + 1) % 6, 6 + i) for i in range(6)]
        parts.append(world.put(trunk, sides, "plants", world.material((0.09, 0.05, 0.03), 0.9, texture=0)))
    return parts


def scatter(world: World, parts, height, count: int, near: float, far: float, size=(0.6, 1.6), spread=0.7):
    """Copies of a thing over the land before the camera, which looks along +y."""
    for _ in range(count):
        distance, angle = world.u(near**0.5, far**0.5) ** 2, world.u(-spread, spread)
        x, y, scale = distance * math.sin(angle), distance * math.cos(angle), world.u(*size)
        turn = Euler((0, 0, world.u(0, 6.28)))
        for part in parts:
            world.again(part, (x, y, height(x, y) - 0.05), scale, turn)
    for part in parts:
        bpy.data.objects.remove(part)


def house(world: World):
    """Walls, a roof, windows and a door."""
    width, depth, high = world.u(4, 9), world.u(4, 9), world.u(2.5, 7)
    wall, roof, pane = (
        world.material(texture=0.6),
        world.material(texture=0.6),
        world.material((0.03, 0.04, 0.06), 0.1, 0),
    )
    parts = [world.box((0, 0, high / 2), (width, depth, high), "building", wall)]
    ridge = high + world.u(0.8, 3)
    points = [(-width / 2 - 0.3, s * (depth / 2 + 0.3), high) for s in (-1, 1)]
    points += [(width / 2 + 0.3, s * (depth / 2 + 0.3), high) for s in (-1, 1)] + [
        (-width / 2, 0, ridge),
        (width / 2, 0, ridge),
    ]
    parts.append(world.put(points, [(0, 2, 5, 4), (1, 4, 5, 3), (0, 4, 1), (2, 3, 5)], "building", roof))
    for x in np.arange(-width / 2 + 0.8, width / 2 - 0.6, 1.6):
        for z in np.arange(1.2, high - 0.5, 2.2):
            parts.append(world.box((x, -depth / 2, z), (0.8, 0.1, 1.1), "building", pane))
            parts.append(world.box((x, depth / 2, z), (0.8, 0.1, 1.1), "building", pane))
    return parts


def car(world: World):
    """A body, a cabin and four wheels."""
    paint, glass, tyre = (
        world.material(rough=0.25, texture=0, metal=0.3),
        world.material((0.02, 0.02, 0.03), 0.05, 0),
        world.material((0.01,) * 3, 0.9, 0),
    )
    length, high = world.u(3.6, 5), world.u(0.6, 0.9)
    cabin = BOX * (length * world.u(0.25, 0.35), 0.75, 0.35) * np.where(BOX[:, 2:] > 0, 0.8, 1)
    parts = [world.box((0, 0, 0.35 + high / 2), (length, 1.7, high), "vehicle", paint),
             world.put(cabin + np.array((-0.2, 0, 0.7 + high)), BOX_FACES, "vehicle", glass)]  # fmt: skip
    for x in (-length * 0.3, length * 0.3):
        for y in (-0.8, 0.8):
            bpy.ops.mesh.primitive_cylinder_add(
                radius=0.36, depth=0.25, location=(x, y, 0.36), rotation=(math.pi / 2, 0, 0)
            )
            wheel = bpy.context.object
            wheel.data.materials.append(tyre)
            wheel.pass_index = LABEL["vehicle"] + 1
            parts.append(wheel)
    return parts


def place(parts, where, turn: float, size=1.0):
    """Move parts that belong together."""
    spin = Euler((0, 0, turn))
    for part in parts:
        at = part.location.copy()
        at.rotate(spin)
        part.location = at * size + Vector(where)
        part.rotation_euler.rotate(spin)
        part.scale = (size,) * 3


def landscape(world: World):
    """Hills, often with water, trees, stones, houses."""
    world.light()
    steep = world.rng.random() < 0.5
    green = (world.u(0.03, 0.2), world.u(0.08, 0.3), world.u(0.01, 0.08))
    grassy = world.rng.random() < 0.5
    land = world.material(green if grassy else None, 0.9, 0.2 if grassy else 0.9, world.u(0.1, 0.6))
    high = world.u(6, 25) if steep else world.u(0.3, 3)
    _, height = terrain(world, high, world.u(120, 400), world.u(20, 60) if steep else world.u(8, 40),
                        region="plants" if grassy else "ground", material=land)  # fmt: skip
    if world.rng.random() < 0.5:  # far mountains
        far, _ = terrain(world, world.u(40, 120), 900, 160, 90, "mountain", world.material(texture=0.6, scale=0.02))
        far.location.z = -world.u(8, 30)
    level = -1e9
    if world.rng.random() < 0.45:
        level = world.u(-0.25, 0.15) * high
        water = world.material((0.01, world.u(0.03, 0.1), world.u(0.05, 0.15)), world.u(0.02, 0.2), 0)
        world.box((0, 0, level - 50), (1800, 1800, 100), "water", water)
    for _ in range(world.rng.integers(0, 4)):
        scatter(world, tree(world), height, int(world.rng.integers(3, 40)), world.u(4, 20), world.u(25, 150))
    if world.rng.random() < 0.5:
        stone = world.material(texture=0.8, scale=0.5)
        scatter(
            world, [world.lump(0.5, 3, "mountain", stone)], height, int(world.rng.integers(2, 15)), 3, 60, (0.2, 1.5)
        )
    for _ in range(world.rng.integers(0, 3)):
        x, y = world.u(-12, 12), world.u(12, 60)
        place(house(world), (x, y, height(x, y) - 0.3), world.u(0, 6.28))
    eye = max(height(0, 0), level) + world.u(0.5, 3) * (4 if world.rng.random() < 0.2 else 1)
    subject(world, (world.u(-1.5, 1.5), world.u(2.5, 8)), height, 0.55)
    world.camera((0, 0, eye), (world.u(-3, 3), 20, eye + world.u(-4, 2.5)))


def street(world: World):
    """Buildings on both sides of a road, cars, poles, trees."""
    world.light()
    road, walk = world.material((0.08,) * 3, 0.8, 0.4, 0.5), world.material(texture=0.7, scale=0.5)
    world.box((0, 60, -0.5), (400, 400, 0.98), "ground", walk)
    world.box((0, 60, -0.48), (world.u(6, 10), 400, 1), "ground", road)
    side = world.u(7, 14)
    for way in (-1, 1):
        y = world.u(-6, 4)
        while y < world.u(50, 160):
            long, high = world.u(6, 16), world.u(4, 25)
            wall, pane = (
                world.material(texture=0.7, scale=world.u(0.2, 0.6)),
                world.material((0.03, 0.04, 0.06), 0.08, 0),
            )
            deep = world.u(6, 12)
            world.box((way * (side + deep / 2), y + long / 2, high / 2), (deep, long, high), "building", wall)
            for z in np.arange(1.5, high - 1, world.u(2.4, 3.2)):
                for at in np.arange(y + 1, y + long - 1, world.u(1.6, 2.6)):
                    world.box((way * side, at + 0.5, z), (0.15, 1, 1.3), "building", pane)
            y += long + (world.u(0, 5) if world.rng.random() < 0.3 else 0)
    for _ in range(world.rng.integers(0, 6)):
        place(
            car(world),
            (world.rng.choice([-1, 1]) * world.u(1.5, 4.5), world.u(6, 50), 0),
            math.pi / 2 * world.rng.choice([-1, 1]) + world.rng.normal(0, 0.1),
        )
    for y in np.arange(world.u(4, 12), 70, world.u(8, 20)):
        world.box(
            (side * 0.7 * world.rng.choice([-1, 1]), y, 3), (0.15, 0.15, 6), "other", world.material((0.1,) * 3, 0.5, 0)
        )
    if world.rng.random() < 0.5:
        scatter(world, tree(world), lambda x, y: 0, int(world.rng.integers(2, 10)), 8, 60)
    subject(world, (world.u(-2, 2), world.u(2.5, 9)), lambda x, y: 0.02, 0.5)
    world.camera((world.u(-3, 3), -2, world.u(1.2, 3)), (world.u(-4, 4), 20, world.u(0, 4)))


def room(world: World):
    """A room with furniture and things on it."""
    world.light(outdoors=False)
    width, long, high = world.u(3, 7), world.u(4, 9), world.u(2.4, 3.5)
    floor, wall = world.material(texture=0.7), world.material(texture=0.3)
    world.box((0, long / 2, -0.05), (width, long + 3, 0.1), "indoor", floor)
    world.box((0, long, high / 2), (width, 0.1, high), "indoor", wall)
    world.box((-width / 2, long / 2, high / 2), (0.1, long + 3, high), "indoor", wall)
    if world.rng.random() < 0.7:
        world.box((width / 2, long / 2, high / 2), (0.1, long + 3, high), "indoor", wall)
    lamp = bpy.data.lights.new("l", "AREA")
    lamp.energy, lamp.size = world.u(60, 250), 1.5
    hung = bpy.data.objects.new("l", lamp)
    hung.location = (world.u(-1, 1), world.u(1, long - 1), high - 0.2)
    world.scene.collection.objects.link(hung)
    for _ in range(world.rng.integers(2, 9)):
        x, y, turn = (
            world.u(-width / 2, width / 2),
            world.u(1.2, long),
            world.rng.choice([0, math.pi / 2, world.u(0, 3)]),
        )
        size = np.array([world.u(0.3, 2), world.u(0.3, 1), world.u(0.3, 2)])
        world.box((x, y, size[2] / 2), size, "indoor", world.material(texture=0.5), turn)
        if world.rng.random() < 0.5:
            thing(world, (x, y, size[2]), 0.2, "indoor")
    for _ in range(world.rng.integers(0, 4)):  # pictures on the far wall
        world.box(
            (world.u(-width / 2, width / 2), long - 0.07, world.u(1.2, 2)),
            (world.u(0.3, 1.2), 0.05, world.u(0.3, 0.9)),
            "indoor",
            world.material(texture=0.9, scale=1),
        )
    subject(world, (world.u(-0.8, 0.8), world.u(1.5, 3.5)), lambda x, y: 0, 0.5)
    world.camera(
        (world.u(-0.8, 0.8), world.u(-1, 0), world.u(1, 1.9)),
        (world.u(-1, 1), long, world.u(0.3, 1.6)),
        world.u(20, 40),
    )


def thing(world: World, where, size: float, region="other"):
    """A small thing: a ball, a cup, a cone, a ring, a monkey's head, a stone."""
    kind = world.rng.integers(7)
    shapes = ("uv_sphere", "cylinder", "cone", "torus", "monkey", "cube")
    if kind == 6:
        made = world.lump(0.4, 3, region)
    else:
        getattr(bpy.ops.mesh, f"primitive_{shapes[kind]}_add")()
        made = bpy.context.object
        made.data.materials.append(world.material(texture=0.4))
        if kind in (0, 3, 4):
            made.data.shade_smooth()
    made.pass_index = LABEL[region] + 1
    stretch = world.rng.uniform(0.6, 1.4, 3)
    made.scale = stretch * size
    made.location = Vector(where) + Vector((0, 0, size * stretch[2] * (0.9 if kind != 3 else 0.4)))
    made.rotation_euler = Euler((0, 0, world.u(0, 6.28)))
    return made


def closeup(world: World):
    """A few things on a table or the ground, seen from near, something plain or photographic behind."""
    world.light(outdoors=bool(world.rng.random() < 0.5))
    world.box(
        (0, 0, -0.05),
        (world.u(3, 40), world.u(3, 40), 0.1),
        "unknown",
        world.material(texture=0.8, scale=world.u(0.3, 2)),
    )
    if world.rng.random() < 0.5:
        world.box((0, world.u(1.5, 6), 2), (30, 0.1, 8), "unknown", world.material(texture=0.5))
    for _ in range(world.rng.integers(1, 9)):
        thing(world, (world.u(-1.4, 1.4), world.u(-0.8, 2.5), 0), world.u(0.12, 0.45))
    if world.rng.random() < 0.3:
        scatter(world, tree(world), lambda x, y: 0, 3, 1, 4, (0.1, 0.3))
    world.camera((world.u(-0.7, 0.7), world.u(-3, -1.6), world.u(0.4, 2)), (0, 0.2, world.u(0.1, 0.4)), world.u(28, 70))


def subject(world: World, where, height, chance: float):
    """A person, where there are people and the seed wants one, or else a thing that stands there."""
    if world.rng.random() > chance:
        return
    x, y = where
    if world.people is not None and world.rng.random() < 0.6:
        import people

        people.stand(world, (x, y, height(x, y)), world.u(-1, 1) + (math.pi if world.rng.random() < 0.15 else 0))
    else:
        thing(world, (x, y, height(x, y)), world.u(0.3, 0.9))


def portrait(world: World):
    """One or two people near the camera."""
    import people

    world.light(outdoors=bool(world.rng.random() < 0.6))
    if world.rng.random() < 0.5:
        world.box((0, world.u(1, 4), 2), (30, 0.1, 10), "unknown", world.material(texture=0.5))
    world.box((0, 10, -0.05), (60, 60, 0.1), "ground", world.material(texture=0.8, scale=0.5))
    eye = people.stand(world, (0, 0, 0), world.u(-1.2, 1.2) + (math.pi if world.rng.random() < 0.1 else 0))
    if world.rng.random() < 0.25:
        people.stand(world, (world.rng.choice([-1, 1]) * world.u(0.5, 0.9), world.u(0.2, 1.5), 0), world.u(-1, 1))
    away = world.u(0.55, 3.2)
    drop = eye - world.u(0.0, 0.1) - min(away - 0.5, 1) * world.u(0, 0.5)
    world.camera(
        (world.u(-0.2, 0.2), -away, eye + world.u(-0.2, 0.2)), (world.u(-0.15, 0.15), 0, drop), world.u(35, 60)
    )


def build(world: World):
    """Any kind of scene."""
    kinds, shares = [landscape, street, room, closeup], [0.34, 0.2, 0.2, 0.26]
    if world.people is not None:
        kinds, shares = [*kinds, portrait], [0.22, 0.14, 0.12, 0.12, 0.4]
    kinds[world.rng.choice(len(kinds), p=shares)](world)
    world.scene.view_settings.view_transform = ("AgX", "Standard")[int(world.rng.random() < 0.4)]
    world.scene.view_settings.exposure = float(world.rng.normal(0, 0.4))
    if world.rng.random() < 0.25:
        world.scene.render.resolution_x, world.scene.render.resolution_y = HEIGHT, WIDTH
