"""A face that acts, drawn from one picture: plate, person, eyeballs, lids, the inside of the mouth."""

from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np

from motionalchemy.media.pullpush import filled
from motionalchemy.render.face_layers import (
    EyeLayers,
    MouthLayers,
    behind,
    eye_layers,
    mouth_layers,
    polygon,
    sampled,
)
from motionalchemy.render.face_pose import FacePose, Performance
from motionalchemy.scene.face_mesh import (
    CORNERS,
    EYES,
    FOLDS,
    LOWER_LIDS,
    LOWER_LIP,
    MOUTH,
    OVAL,
    SIDES,
    UPPER_LIDS,
    UPPER_LIP,
    FaceFit,
)

LARGEST = 5.0  # how much a triangle may stretch what it shows
SOFT = 0.06  # eye distances: how softly what surrounds the cheeks moves
EDGE = 0.05  # eye distances by which a face's own oval is of the person, softly
HIDES, SHOWS = 42.0, 12.0  # degrees of yaw from which the inside of a mouth is not seen, and by how many fewer it is


@dataclass(frozen=True, eq=False)
class FaceAct:
    """What a face under a mesh (`fit`) does, by its `performance`.

    `box` is the part of the picture that it changes; of that part (h, w, 3): the `part` itself, the `person` in front of
    the `plate`, by its `matte` (h, w), and what the two do not explain, the `rest`, which goes with the person.
    """

    fit: FaceFit
    performance: Performance
    box: tuple[slice, slice]
    part: np.ndarray
    matte: np.ndarray
    person: np.ndarray
    plate: np.ndarray
    rest: np.ndarray
    eyes: EyeLayers
    mouth: MouthLayers
    order: int = 30
    on: Literal["picture", "frame"] = "picture"

    @property
    def corner(self) -> np.ndarray:
        """Where the part begins, right and down."""
        return np.array([self.box[1].start, self.box[0].start], np.float64)

    def draw(self, frame: np.ndarray, seconds: float) -> np.ndarray:
        """A frame (H, W, 3) float32 with the face as it is at a second."""
        pose = self.performance.at(seconds) if seconds > 0 else None
        if pose is None:
            return frame
        move = self._map(pose)
        down, across = _grid(self.matte.shape)
        x, y = across + move[..., 0], down + move[..., 1]
        share = sampled(self.matte, x, y)[..., None]
        out = sampled(self.person, x, y) * share + self.plate * (1 - share) + sampled(self.rest, x, y)
        out = self._without_stairs(out, move)
        for number, side in enumerate(SIDES):
            self._eye(out, pose, number, side)
        self._mouth(out, pose)
        earlier = frame[self.box] - self.part
        if np.abs(earlier).max() > 0.01:
            out = out + sampled(earlier, x, y)
        drawn = frame.copy()
        drawn[self.box] = out.clip(0, 255)
        return drawn

    def field(self, seconds: float) -> np.ndarray | None:
        """From how far away each place comes, (2, H, W) in widths of the picture."""
        pose = self.performance.at(seconds) if seconds > 0 else None
        if pose is None:
            return None
        high, wide = self.whole
        moved = np.zeros((2, high, wide), np.float32)
        moved[:, self.box[0], self.box[1]] = np.moveaxis(self._map(pose), 2, 0) / wide
        return moved

    def softened(self, share: float) -> "FaceAct":
        """The same, but less."""
        return replace(self, performance=self.performance.softened(share))

    whole: tuple[int, int] = (0, 0)

    def _map(self, pose: FacePose) -> np.ndarray:
        """From how far away each place of the part comes, (h, w, 2) in pixels: numbers of triangles painted from the
        farthest to the nearest, one affine map for each."""
        fit, shape = self.fit, self.matte.shape
        aim = pose.points[:, :2] - self.corner
        to, source = aim[fit.triangles], (fit.points[:, :2] - self.corner)[fit.triangles]
        system = np.concatenate((to, np.ones((len(to), 3, 1))), 2)
        good = (np.abs(np.linalg.det(system)) > 0.25) & fit.upright
        maps = np.zeros((len(to) + 1, 3, 2), np.float32)
        maps[:-1][good] = np.linalg.solve(system[good], source[good])
        good &= np.abs(maps[:-1, :2]).max((1, 2)) < LARGEST
        hole = np.any([np.isin(fit.triangles, ring).all(1) for ring in (*EYES.values(), MOUTH)], 0)
        inner = np.arange(len(to)) < fit.inner
        numbers, corners = np.full(shape, -1, np.int32), np.round(to * 16).astype(np.int32)
        for number in np.lexsort((-pose.points[fit.triangles, 2].mean(1), ~hole, inner)):
            if good[number]:
                cv2.fillConvexPoly(numbers, corners[number], int(number), cv2.LINE_8, 4)
        down, across = _grid(shape)
        found = maps[numbers]
        move = found[..., 0, :] * across[..., None] + found[..., 1, :] * down[..., None] + found[..., 2, :]
        move -= np.dstack((across, down))
        outside = polygon(shape, aim[-len(OVAL) :]) == 0
        known = numbers >= 0
        move[~known] = 0
        move = filled(move, (known | outside).astype(np.float32))
        middle = aim[OVAL].mean(0)
        core = polygon(shape, middle + 0.78 * (aim[OVAL] - middle), 0.07 * fit.size)[..., None]
        move += (cv2.GaussianBlur(move, (0, 0), SOFT * fit.size) - move) * (1 - core)
        move[outside] = 0
        return move

    def _without_stairs(self, out: np.ndarray, move: np.ndarray) -> np.ndarray:
        """A drawn part, softened where the head covers itself."""
        bends = np.abs(cv2.Laplacian(move, cv2.CV_32F)).max(2) > 0.03 * self.fit.size
        if not bends.any():
            return out
        soft = cv2.GaussianBlur(cv2.dilate(bends.astype(np.float32), np.ones((3, 3))), (0, 0), 1)[..., None]
        return out + (cv2.GaussianBlur(out, (0, 0), 1) - out) * soft

    def _skull(self, pose: FacePose, points: np.ndarray, mask: np.ndarray) -> tuple[tuple[slice, slice], np.ndarray]:
        """The box around a mask, and from which places (2, h, w) its own come where points go with the head alone."""
        down, across = np.nonzero(mask > 0.004)
        box = slice(down.min(), down.max() + 1), slice(across.min(), across.max() + 1)
        source, corner = self.fit.points[points], self.corner
        to = self.fit.turned(source, pose.turn)[:, :2] - corner
        system = np.column_stack((to, np.ones(len(to))))
        back = np.linalg.lstsq(system, source[:, :2] - corner, rcond=None)[0].astype(np.float32)
        y, x = np.mgrid[box].astype(np.float32)
        return box, np.stack([x * back[0, axis] + y * back[1, axis] + back[2, axis] for axis in (0, 1)])

    def _eye(self, out: np.ndarray, pose: FacePose, number: int, side: Literal["right", "left"]) -> None:
        """Draws an eyeball behind its lids, and the lid where it is shut."""
        fit, layers, shut = self.fit, self.eyes, pose.shut[number]
        aim = pose.points[:, :2] - self.corner
        gap = np.linalg.norm(aim[LOWER_LIDS[side]] - aim[UPPER_LIDS[side]], axis=1).max()
        bent = np.abs(pose.bent[EYES[side]]).max() / (0.01 * fit.size) + 9 * np.abs(pose.gaze).sum()
        mask = polygon(out.shape, aim[EYES[side]]) * min(1.0, bent) * min(1.0, float(gap) / (0.02 * fit.size))
        if mask.max() > 0.01:
            box, (x, y) = self._skull(pose, EYES[side], mask)
            right, down = (float(each) for each in pose.gaze * layers.radius[number])
            share = sampled(layers.iris, x - right, y - down)[..., None]
            eye = sampled(layers.ball, x - right, y - down) * share + sampled(layers.white, x, y) * (1 - share)
            out[box] += (eye + sampled(layers.shade, x, y) - out[box]) * mask[box][..., None]
        if shut > 0.25:
            self._lid(out, pose, aim, side, float(np.clip((shut - 0.25) * 2, 0, 1)))

    def _lid(
        self, out: np.ndarray, pose: FacePose, aim: np.ndarray, side: Literal["right", "left"], shut: float
    ) -> None:
        """Draws the skin of a lid that comes down, with its lashes: what the picture shows of it is a thin dark line."""
        ends = CORNERS[side]
        upper = np.concatenate((aim[ends[:1]], aim[UPPER_LIDS[side]], aim[ends[1:]]))
        fold = 0.35 * aim[UPPER_LIDS[side]] + 0.65 * aim[FOLDS[side]]
        ring = np.concatenate((upper, fold[::-1]))
        mask = polygon(out.shape, ring, 0.018 * self.fit.size) * (0.8 * shut)
        if mask.max() > 0.01:
            box, (x, y) = self._skull(pose, np.concatenate((EYES[side], FOLDS[side])), mask)
            out[box] += (sampled(self.eyes.lid, x, y) - out[box]) * mask[box][..., None]
        line = np.zeros(out.shape[:2], np.uint8)
        wide = max(1, round(0.016 * self.fit.size))
        cv2.polylines(line, [np.round(upper * 16).astype(np.int32)], False, 255.0, wide, cv2.LINE_AA, 4)
        soft = cv2.GaussianBlur(line.astype(np.float32), (0, 0), max(0.4, 0.006 * self.fit.size))[..., None]
        out += (self.eyes.lash - out) * soft * (0.65 / 255 * shut)

    def _mouth(self, out: np.ndarray, pose: FacePose) -> None:
        """Draws the inside of an open mouth."""
        size, layers = self.fit.size, self.mouth
        aim = pose.points[:, :2] - self.corner
        gap = float(np.linalg.norm(aim[LOWER_LIP] - aim[UPPER_LIP], axis=1).mean())
        opened = np.clip((gap - min(layers.gap, 0.035 * size)) / (0.03 * size), 0, 1)
        seen = np.clip((HIDES - abs(self.fit.yaw)) / SHOWS, 0, 1)
        mask = polygon(out.shape, aim[MOUTH], 0.008 * size) * opened * seen
        if mask.max() <= 0.01:
            return
        box, (x, y) = self._skull(pose, MOUTH, mask)
        right, down = (float(each) for each in 0.7 * pose.bent[UPPER_LIP, :2].mean(0) * layers.own)
        inside = sampled(layers.inside, x - right, y - down)
        places = np.dstack(np.meshgrid(np.arange(box[1].start, box[1].stop), np.arange(box[0].start, box[0].stop)))
        away = places - aim[14]
        along = (aim[308] - aim[78]) / max(float(np.linalg.norm(aim[308] - aim[78])), 1e-6)
        under = np.array([-along[1], along[0]])
        reach = np.hypot(away @ along / (0.2 * size), away @ under / (0.45 * max(gap, 1.0)))
        tongue = np.clip(1.2 - reach, 0, 1) * np.clip((gap / size - 0.06) / 0.06, 0, 1)
        inside += (layers.tongue - inside) * (0.6 * tongue[..., None])
        inside *= 0.65 + 0.35 * np.clip(1.4 * cv2.GaussianBlur(mask[box], (0, 0), 0.03 * size), 0, 1)[..., None]
        out[box] += (inside - out[box]) * mask[box][..., None]


def _grid(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of an image, (h, w) float32 both."""
    down, across = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return down, across


def face_act(picture: np.ndarray, fit: FaceFit, performance: Performance, matte: np.ndarray) -> FaceAct:
    """What a face of a picture (H, W, 3) uint8 does; `matte` (H, W) in [0, 1] says where the person is."""
    high, wide = picture.shape[:2]
    low, top = fit.points[:, :2].min(0) - 2, fit.points[:, :2].max(0) + 3
    left, up = (int(max(0, edge)) for edge in low)
    right, down = int(min(wide, top[0])), int(min(high, top[1]))
    box = slice(up, max(down, up + 2)), slice(left, max(right, left + 2))
    corner = np.array([left, up], np.float64)
    part = picture[box].astype(np.float32)
    oval = polygon(part.shape, fit.points[OVAL, :2] - corner)
    alpha = np.maximum(matte[box], cv2.GaussianBlur(oval, (0, 0), EDGE * fit.size)).astype(np.float32)
    person = filled(part, (alpha > 0.95).astype(np.float32))
    hidden = behind(part, alpha, fit.size)
    share = alpha[..., None]
    rest = part - share * person - (1 - share) * hidden
    eyes, mouth = eye_layers(part, fit, corner), mouth_layers(part, fit, corner)
    return FaceAct(fit, performance, box, part, alpha, person, hidden, rest, eyes, mouth, whole=(high, wide))
