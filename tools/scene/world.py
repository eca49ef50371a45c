"""One scene under construction for `worlds.py`: surfaces, meshes, light, camera, and the picture with its truth."""

import math
import os
from pathlib import Path

os.environ["OPENCV_IO_ENABLE_OPENEXR"] = "1"

import bpy
import cv2
import numpy as np
from mathutils import Euler, Vector
from mathutils import noise as fractal

REGIONS = ("other", "sky", "water", "plants", "hair", "skin", "clothes", "animal", "vehicle", "building", "mountain",
           "ground", "indoor", "smoke", "text")  # fmt: skip
LABEL = {name: number for number, name in enumerate(REGIONS)}
UNKNOWN = 255  # what could be called several names, and photographic surroundings: far, but sky or not is not known
LABEL["unknown"] = UNKNOWN
WIDTH, HEIGHT = 304, 224
OUTDOORS = ("city", "courtyard", "forest", "sunrise", "sunset", "night")
SAMPLES = 8


class World:
    """One scene under construction: everything random comes from its seed."""

    label = LABEL

    def __init__(self, seed: int, textures: list[Path], people: Path | None):
        self.rng = np.random.default_rng(seed)
        self.textures, self.people = textures, people
        self.behind = UNKNOWN
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.scene = bpy.context.scene
        _settings(self.scene)

    def u(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))

    def colour(self) -> tuple[float, float, float]:
        hue, saturation, value = self.rng.uniform(0, 1), self.rng.beta(1.2, 2), self.rng.uniform(0.05, 0.8)
        rgb = np.clip(np.abs(np.mod(hue * 6 + np.array([0, 4, 2]), 6) - 3) - 1, 0, 1)
        return tuple(float(c) for c in value * (1 - saturation * (1 - rgb)))

    def material(self, colour=None, rough=None, texture=0.5, scale=1.0, metal=0.0, emit=0.0):
        """A surface: a picture laid on from three sides, or a colour with noise, and a bump."""
        made = bpy.data.materials.new("m")
        made.use_nodes = True
        tree, link = made.node_tree, made.node_tree.links.new
        surface = tree.nodes["Principled BSDF"]
        colour = colour or self.colour()
        surface.inputs["Roughness"].default_value = self.u(0.3, 1) if rough is None else rough
        surface.inputs["Metallic"].default_value = metal
        place = tree.nodes.new("ShaderNodeTexCoord")
        spread = tree.nodes.new("ShaderNodeMapping")
        spread.inputs["Scale"].default_value = (scale,) * 3
        link(place.outputs["Object"], spread.inputs["Vector"])
        grain = tree.nodes.new("ShaderNodeTexNoise")
        grain.inputs["Scale"].default_value, grain.inputs["Detail"].default_value = self.u(2, 30), 6
        link(spread.outputs[0], grain.inputs["Vector"])
        mixed = tree.nodes.new("ShaderNodeMix")
        mixed.data_type, mixed.blend_type = "RGBA", "MULTIPLY"
        mixed.inputs[0].default_value = self.u(0.2, 1)
        mixed.inputs[6].default_value = (*colour, 1)
        if self.textures and self.rng.random() < texture:
            shown = tree.nodes.new("ShaderNodeTexImage")
            path = self.textures[self.rng.integers(len(self.textures))]
            shown.image, shown.projection = bpy.data.images.load(str(path), check_existing=True), "BOX"
            shown.projection_blend = 0.2
            link(spread.outputs[0], shown.inputs["Vector"])
            mixed.blend_type = "MIX"
            mixed.inputs[0].default_value = self.u(0.5, 1)
            link(shown.outputs["Color"], mixed.inputs[7])
        else:
            lighter = tree.nodes.new("ShaderNodeMapRange")
            lighter.inputs["To Min"].default_value, lighter.inputs["To Max"].default_value = self.u(0, 0.8), 1.6
            link(grain.outputs["Fac"], lighter.inputs["Value"])
            link(lighter.outputs[0], mixed.inputs[7])
        link(mixed.outputs[2], surface.inputs["Base Color"])
        if emit:
            link(mixed.outputs[2], surface.inputs["Emission Color"])
            surface.inputs["Emission Strength"].default_value = emit
        bump = tree.nodes.new("ShaderNodeBump")
        bump.inputs["Strength"].default_value = self.u(0, 0.4)
        link(grain.outputs["Fac"], bump.inputs["Height"])
        link(bump.outputs["Normal"], surface.inputs["Normal"])
        return made

    def put(self, vertices, faces, region: str, material, smooth=False):
        """A mesh in the scene, of one region."""
        mesh = bpy.data.meshes.new("mesh")
        mesh.from_pydata([tuple(v) for v in vertices], [], [tuple(f) for f in faces])
        mesh.materials.append(material)
        if smooth:
            mesh.shade_smooth()
        made = bpy.data.objects.new("object", mesh)
        made.pass_index = LABEL[region] + 1
        self.scene.collection.objects.link(made)
        return made

    def again(self, made, place, size=1.0, turn=None):
        """The same mesh once more, elsewhere."""
        copy = bpy.data.objects.new("object", made.data)
        copy.pass_index = made.pass_index
        copy.location, copy.scale = place, (size,) * 3 if np.isscalar(size) else size
        copy.rotation_euler = turn or Euler((0, 0, self.u(0, 6.28)))
        self.scene.collection.objects.link(copy)
        return copy

    def box(self, centre, size, region, material, turn=0.0):
        made = self.put(BOX * np.asarray(size) / 2, BOX_FACES, region, material)
        made.location, made.rotation_euler = centre, Euler((0, 0, turn))
        return made

    def lump(self, rough: float, detail=3, region="mountain", material=None):
        """A stone, a crown of leaves, a ball: a sphere pushed in and out by noise."""
        bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=detail, radius=1)
        made = bpy.context.object
        seed = Vector(self.rng.uniform(0, 100, 3))
        for vertex in made.data.vertices:
            vertex.co *= 1 + rough * fractal.fractal(vertex.co * 1.3 + seed, 1.0, 2.0, 4)
        made.data.shade_smooth()
        made.data.materials.append(material or self.material())
        made.pass_index = LABEL[region] + 1
        return made

    def light(self, outdoors=True):
        """Light and what is behind everything: a computed sky, or a photographic surrounding."""
        world = bpy.data.worlds.new("w")
        self.scene.world = world
        world.use_nodes = True
        world.cycles.sampling_method, world.cycles.sample_map_resolution = "MANUAL", 256
        tree = world.node_tree
        ground = tree.nodes["Background"]
        if outdoors and self.rng.random() < 0.6:
            sky = tree.nodes.new("ShaderNodeTexSky")
            sky.sky_type = "NISHITA"
            sky.sun_elevation, sky.sun_rotation = math.radians(self.u(2, 70)), self.u(0, 6.28)
            sky.air_density, sky.dust_density = self.u(0.5, 3), self.u(0, 6)
            sky.sun_disc = bool(self.rng.random() < 0.7)
            sky.sun_intensity = 0.3
            self._clouds(tree, sky.outputs[0], ground)
            ground.inputs["Strength"].default_value = self.u(0.08, 0.25)
            self.behind = LABEL["sky"]
        else:
            name = (
                OUTDOORS[self.rng.integers(len(OUTDOORS))]
                if outdoors
                else ("interior", "studio", "city")[self.rng.integers(3)]
            )
            shown = tree.nodes.new("ShaderNodeTexEnvironment")
            folder = Path(bpy.utils.resource_path("LOCAL")) / "datafiles/studiolights/world"
            shown.image = bpy.data.images.load(str(folder / f"{name}.exr"))
            place, turn = tree.nodes.new("ShaderNodeTexCoord"), tree.nodes.new("ShaderNodeMapping")
            turn.inputs["Rotation"].default_value = (0, 0, self.u(0, 6.28))
            tree.links.new(place.outputs["Generated"], turn.inputs["Vector"])
            tree.links.new(turn.outputs[0], shown.inputs["Vector"])
            tree.links.new(shown.outputs[0], ground.inputs["Color"])
            ground.inputs["Strength"].default_value = self.u(0.6, 1.3) * (2.5 if name == "night" else 1)

    def _clouds(self, tree, sky, ground):
        """Clouds painted on the computed sky, where the seed wants them."""
        if self.rng.random() < 0.35:
            tree.links.new(sky, ground.inputs["Color"])
            return
        place, spread = tree.nodes.new("ShaderNodeTexCoord"), tree.nodes.new("ShaderNodeMapping")
        spread.inputs["Scale"].default_value = (self.u(1, 3), self.u(1, 3), self.u(4, 10))
        spread.inputs["Location"].default_value = tuple(self.rng.uniform(0, 50, 3))
        puffs, cut, mixed = (tree.nodes.new(n) for n in ("ShaderNodeTexNoise", "ShaderNodeMapRange", "ShaderNodeMix"))
        puffs.inputs["Scale"].default_value, puffs.inputs["Detail"].default_value = self.u(1, 2.5), 8
        begin = self.u(0.35, 0.6)
        cut.inputs["From Min"].default_value, cut.inputs["From Max"].default_value = begin, begin + self.u(0.08, 0.3)
        mixed.data_type = "RGBA"
        white = self.u(2, 9)
        mixed.inputs[7].default_value = (white, white * self.u(0.9, 1), white * self.u(0.8, 1), 1)
        link = tree.links.new
        link(place.outputs["Generated"], spread.inputs["Vector"])
        link(spread.outputs[0], puffs.inputs["Vector"])
        link(puffs.outputs["Fac"], cut.inputs["Value"])
        link(cut.outputs[0], mixed.inputs[0])
        link(sky, mixed.inputs[6])
        link(mixed.outputs[2], ground.inputs["Color"])

    def camera(self, place, towards, lens=None):
        data = bpy.data.cameras.new("c")
        data.lens = lens or self.u(22, 60)
        if self.rng.random() < 0.25:
            data.dof.use_dof, data.dof.aperture_fstop = True, self.u(0.5, 4)
            data.dof.focus_distance = float((Vector(towards) - Vector(place)).length)
        made = bpy.data.objects.new("camera", data)
        made.location = place
        made.rotation_euler = (Vector(towards) - Vector(place)).to_track_quat("-Z", "Y").to_euler()
        made.rotation_euler.rotate_axis("Z", self.rng.normal(0, 0.03))
        self.scene.collection.objects.link(made)
        self.scene.camera = made


BOX = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
BOX_FACES = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]


def _settings(scene):
    scene.render.engine, scene.cycles.device, scene.cycles.samples = "CYCLES", "CPU", SAMPLES
    scene.cycles.use_denoising, scene.cycles.denoiser = True, "OPENIMAGEDENOISE"
    scene.cycles.denoising_quality = scene.cycles.denoising_prefilter = "FAST"
    scene.cycles.max_bounces, scene.cycles.diffuse_bounces, scene.cycles.glossy_bounces = 3, 2, 2
    scene.cycles.caustics_reflective = scene.cycles.caustics_refractive = False
    scene.cycles.transparent_max_bounces = 12
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = WIDTH, HEIGHT, 100
    scene.render.threads_mode, scene.render.threads = "FIXED", 1


def shot(world: World, folder: Path, name: str):
    """Render; the depth and the objects' numbers come out as pictures of floats beside it."""
    scene, view = world.scene, world.scene.view_layers[0]
    view.use_pass_z = view.use_pass_object_index = True
    scene.use_nodes = True
    tree = scene.node_tree
    tree.nodes.clear()
    layers, file = tree.nodes.new("CompositorNodeRLayers"), tree.nodes.new("CompositorNodeOutputFile")
    shown = tree.nodes.new("CompositorNodeComposite")
    tree.links.new(layers.outputs["Image"], shown.inputs[0])
    file.base_path, file.format.file_format, file.format.color_depth = str(folder), "OPEN_EXR", "32"
    file.file_slots.clear()
    for slot, output in (("z", "Depth"), ("i", "IndexOB")):
        file.file_slots.new(f"{name}-{slot}-")
        tree.links.new(layers.outputs[output], file.inputs[-1])
    scene.render.filepath = str(folder / f"{name}.png")
    scene.render.image_settings.file_format = "PNG"
    bpy.ops.render.render(write_still=True)
    found = []
    for slot in "zi":
        path = next(folder.glob(f"{name}-{slot}-*.exr"))
        found.append(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
        path.unlink()
    depth, index = (f[..., 0] if f.ndim == 3 else f for f in found)
    region = np.where(index < 0.5, world.behind, index - 1).astype(np.uint8)
    depth = np.where((index < 0.5) | (depth > 6e4), np.inf, depth).astype(np.float16)
    np.savez_compressed(folder / f"{name}.npz", depth=depth, region=region)
