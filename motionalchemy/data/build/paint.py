"""Drawing models without a screen: OpenGL through EGL, on any processor; colour comes out multiplied by alpha.

Models live in a left-handed space; the view mirrors z once, so cameras and lights are right-handed with y up.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from motionalchemy.data.build.art import Array
from motionalchemy.data.build.model import SHADOW, Part
from motionalchemy.errors import MissingPart

MIRROR = np.diag([1.0, 1.0, -1.0, 1.0])
FIELD = 30.0  # degrees of view
VERTEX = """
#version 330
uniform mat4 projection;
in vec3 position; in vec3 normal; in vec2 uv;
out vec3 facing; out vec2 place; out vec3 world;
void main() { gl_Position = projection * vec4(position, 1); facing = normal; place = uv; world = position; }
"""
FRAGMENT = """
#version 330
uniform sampler2D skin; uniform int mode; uniform vec3 light; uniform vec3 team;
uniform vec3 eye; uniform vec4 haze;
in vec3 facing; in vec2 place; in vec3 world; out vec4 colour;
void main() {
  if (mode == 3) { colour = vec4(0, 0, 0, 0.42); return; }
  vec4 texel = texture(skin, place);
  if (mode == 4) { colour = vec4(texel.rgb, 1); return; }
  if (mode == 2 && texel.a < 0.5) discard;
  vec3 base = mode == 1 ? mix(texel.rgb * team, texel.rgb, texel.a) : texel.rgb;
  vec3 n = normalize(mode == 2 && !gl_FrontFacing ? -facing : facing);
  vec3 sky = mix(vec3(0.45, 0.43, 0.42), vec3(0.60, 0.61, 0.65), 0.5 + 0.5 * n.y);
  vec3 lit = base * (sky + max(dot(n, light), 0.0) * vec3(0.75, 0.73, 0.68));
  colour = vec4(mix(haze.rgb, lit, exp(-haze.a * distance(world, eye))), 1);
}
"""


def direction(azimuth: float, elevation: float) -> Array:
    """The unit vector (3,) from a subject to a camera or a light, in degrees; azimuth 0 is +z, 90 is +x."""
    a, e = math.radians(azimuth), math.radians(elevation)
    return np.array([math.sin(a) * math.cos(e), math.sin(e), math.cos(a) * math.cos(e)])


def looking(eye: Array, target: Array) -> Array:
    """The transform (4, 4) from the world to a camera at `eye` that looks at `target`, upright."""
    ahead = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(ahead, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    turn = np.stack([right, np.cross(right, ahead), -ahead])
    made = np.eye(4)
    made[:3, :3], made[:3, 3] = turn, -turn @ eye
    return made


@dataclass(frozen=True, eq=False)
class Stage:
    """What stands around a scene: the ground at y = 0, the walls of the sky around the eye, and the haze of the horizon.

    `haze` is a colour and how much of it a metre adds; `far` is how far can be seen.
    """

    ground: Part
    sky: list[Part]
    haze: Array  # (4,)
    far: float


def lens(near: float, far: float) -> Array:
    """The projection (4, 4) of a square picture of FIELD degrees."""
    scale = 1 / math.tan(math.radians(FIELD) / 2)
    made = np.diag([scale, scale, (far + near) / (near - far), 0.0])
    made[2, 3], made[3, 2] = 2 * far * near / (near - far), -1
    return made


def aimed(points: Array, azimuth: float, elevation: float, fill: float) -> tuple[Array, Array]:
    """Where a camera must stand and look so that the model points (N, 3) fill that share of the picture."""
    seen = points * [1, 1, -1]
    low, high = seen.min(0), seen.max(0)
    target, radius = (low + high) / 2, max(float(np.linalg.norm(high - low)) / 2, 1e-3)
    away, distance, scale = direction(azimuth, elevation), 4 * radius, 1 / math.tan(math.radians(FIELD) / 2)
    for _ in range(6):  # each pass centres the picture and corrects the distance
        view = looking(target + away * distance, target)
        local = seen @ view[:3, :3].T + view[:3, 3]
        flat = local[:, :2] * scale / -np.minimum(local[:, 2:], -0.05 * radius)
        least, most = flat.min(0), flat.max(0)
        shift = (least + most) / 2 * distance / scale
        target = target + view[0, :3] * shift[0] + view[1, :3] * shift[1]
        distance = max(distance * float((most - least).max()) / 2 / fill, 0.9 * radius)
    return target + away * distance, target


class Painter:
    """Draws parts into square pictures of `side` pixels; raises MissingPart without moderngl or an EGL driver."""

    def __init__(self, side: int = 192):
        try:
            import moderngl

            self.gl: Any = moderngl.create_context(standalone=True, backend="egl")  # pyright: ignore
        except ImportError as error:
            raise MissingPart("drawing actors needs moderngl: run `pip install moderngl==5.13.0`") from error
        except Exception as error:  # the driver's own errors have no common class
            raise MissingPart("drawing actors needs EGL: run `apt-get install libegl1 libgl1-mesa-dri`") from error
        self.side, self.filter = side, (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
        self.depth, self.blend = moderngl.DEPTH_TEST, moderngl.BLEND
        self.cover = (moderngl.SRC_ALPHA, moderngl.ONE_MINUS_SRC_ALPHA)
        self.program: Any = self.gl.program(VERTEX, FRAGMENT)
        size = (side, side)
        smooth = [self.gl.renderbuffer(size, 4, samples=4)], self.gl.depth_renderbuffer(size, samples=4)
        self.canvas = self.gl.framebuffer(*smooth)
        self.copy = self.gl.framebuffer([self.gl.renderbuffer(size, 4)])

    def draw(
        self, parts: list[Part], eye: Array, target: Array, light: Array, team: Array, stage: Stage | None = None
    ) -> np.ndarray:
        """Parts seen from `eye` -> (side, side, 4) uint8; `light` points towards the light, `team` is a colour.

        On a `stage` the picture is full, and the parts throw flat shadows on the ground.
        """
        self.canvas.use()
        self.canvas.clear(0, 0, 0, 0)
        self.gl.enable(self.depth)
        distance = float(np.linalg.norm(eye - target))
        view = looking(eye, target) @ MIRROR
        projection = lens(0.05 * distance, stage.far if stage else 8 * distance) @ view
        self._set("light", light * [1, 1, -1])
        self._set("team", team)
        self._set("eye", eye * [1, 1, -1])
        self._set("haze", stage.haze if stage else np.zeros(4))
        if stage:
            self._surround(stage, parts, view, eye * [1, 1, -1], projection, light * [1, 1, -1])
        self._set("projection", projection.T)
        for part in parts:
            self._draw(part)
        self.gl.copy_framebuffer(self.copy, self.canvas)
        pixels = np.frombuffer(self.copy.read(components=4), np.uint8)
        return pixels.reshape(self.side, self.side, 4)[::-1]

    def _surround(
        self, stage: Stage, parts: list[Part], view: Array, eye: Array, projection: Array, light: Array
    ) -> None:
        around = np.eye(4)
        around[:3, 3] = eye
        self.gl.disable(self.depth)
        self._set("projection", (lens(0.1, 100) @ view @ around).T)
        for wall in stage.sky:
            self._draw(wall)
        self.gl.enable(self.depth)
        self._set("projection", projection.T)
        self._draw(stage.ground)
        flat = np.eye(4)  # along the light onto a plane a hair above the ground
        flat[0, 1], flat[1, 1], flat[2, 1], flat[1, 3] = -light[0] / light[1], 0, -light[2] / light[1], stage.far * 1e-5
        self._set("projection", (projection @ flat).T)
        self.gl.enable(self.blend)
        self.gl.blend_func, self.gl.depth_func = self.cover, "<"  # every spot is darkened once
        for part in parts:
            self._draw(replace(part, mode=SHADOW))
        self.gl.depth_func = "<="
        self.gl.disable(self.blend)

    def _set(self, name: str, value: Array) -> None:
        self.program[name].write(np.ascontiguousarray(value, "f4").tobytes())

    def _draw(self, part: Part) -> None:
        size, data = (part.skin.size, part.skin.tobytes()) if part.skin else ((1, 1), b"\xc0\xc0\xc0\xff")
        skin = self.gl.texture(size, 4, data)
        skin.build_mipmaps()
        skin.filter = self.filter
        skin.use(0)
        self.program["mode"].write(np.int32(part.mode).tobytes())
        corners = np.concatenate([part.position, part.normal, part.uv], 1).astype("f4")
        vertices = self.gl.buffer(corners.tobytes())
        indices = self.gl.buffer(np.ascontiguousarray(part.triangles, "i4").tobytes())
        array = self.gl.vertex_array(self.program, [(vertices, "3f 3f 2f", "position", "normal", "uv")], indices)
        array.render()
        for made in (array, vertices, indices, skin):
            made.release()
