"""A subject that goes far, cut out of the picture and moved whole over what lies behind it.

A field says from where in the picture each pixel comes. Around a subject it changes from the subject's way to the camera's
within a few pixels; where these lie far apart the subject tears, and leaves threads behind. So what the field says of the
subject is read as one turn, scale and shift, and the subject goes so as a layer of its own. What bends it besides is its
gait: that of a clip in which it does the same in its place, or else what is left of the field.
"""

from collections.abc import Iterator, Mapping
from copy import copy
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from motionalchemy import backdrop, regions, transfer, turned
from motionalchemy.clip import Clip
from motionalchemy.errors import InputError, MissingPart
from motionalchemy.nets import camera, motion

SIDE = 128  # pixels across a picture in which ways are counted here
SIDES = {"left": -1, "right": 1}
LEAVES = 20.0  # how far to a side a subject goes that leaves its place; one that acts there was seen to go 16 at most
SENT = 8.0  # and one that is sent somewhere
PACE = (
    0.12  # widths a second that one that is sent goes at least; train scenes: walks .07, runs .21, medians of 27 and 15
)
HURRY = 0.16  # and one that is to hurry: less than runs, so that one from the middle is not gone after two seconds
NEAR, FAR = 3.0, 6.0  # how far from the camera's way one that leaves it begins to be shown whole, and wholly is
SOON = 0.5, 2.0  # the same of one whose gait is known
HELD = 0.2  # of the width: how near to an edge the middle of a subject comes in a later window
REST = 16  # frames in which a subject is in its place that a run which was killed finds again
LED = 12  # frames over which a way is led on from the end of another
BEND = 4.0  # by how much a place that counts half misses the subject's way, or that of the place beside it
BENT, SURE = 8.0, 0.3  # what bends a subject is trusted half at BENT pixels, and counts from a trust of SURE on
ROUNDS = 6  # of reweighting
LEFT = 0.05  # what a place counts that shows the subject where it stood: a field may leave a piece of it there
RIGID = 0.5  # places whose weight keeps a way from turning and growing
SEEN = 0.1  # the share of a subject that has to be in the picture to say where it goes
OWN, APART = 2.0, 0.3  # pixels, and a share of the camera's way, by which what stands behind moves by itself
EDGE = 0.025  # of the width: how far around a subject what stands behind it is not to be trusted


class Cutout:
    """The subject of a picture (H, W, 3) uint8, `cut` out of it (H, W, 4) uint8, and what lies behind it."""

    def __init__(self, picture: np.ndarray, cut: np.ndarray):
        layer = torch.from_numpy(np.ascontiguousarray(cut)).permute(2, 0, 1)[None].float() / 255
        self._opacity = layer[:, 3:]
        self._layer = torch.cat((layer[:, :3] * self._opacity, self._opacity), 1)
        self._deep: Tensor | None = None  # the same with its depth in pixels, (1, 5, H, W)
        reach = max(1, round(EDGE * picture.shape[1]))
        hidden = F.max_pool2d(self._opacity, 2 * reach + 1, 1, reach) > 0.02
        seen = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float() / 255
        self._behind = backdrop.guessed(seen, hidden)

    def ways(self, field: Tensor) -> "Ways":
        """How a field (2, T-1, h, w) in shares of the picture's width moves the subject and what is behind it."""
        return Ways(field * SIDE, self._opacity)

    def shown(
        self, frames: np.ndarray, ways: "Ways", way: Tensor, shares: list[float], angles: list[float]
    ) -> Iterator[np.ndarray]:
        """Frames (T, H, W, 3) uint8 of the picture moved, with `shares` (T-1) of it shown as a whole that goes its `way`
        (T-1, 2, h, w) over what the camera's way leaves behind it, turned by `angles` (T-1) in degrees."""
        yield frames[0]
        for frame, share, own, back, angle in zip(frames[1:], shares, way, ways.ground, angles, strict=True):
            if share == 0:
                yield frame
                continue
            ground = _fetched(self._behind, back, "reflection")
            subject = self._turned(own, angle) if angle else _fetched(self._layer, own, "zeros")
            whole = (ground * (1 - subject[:, 3:].clamp(max=1)) + subject[:, :3])[0].permute(1, 2, 0).numpy() * 255
            yield (frame + share * (whole - frame)).round().clip(0, 255).astype(np.uint8)

    def _turned(self, way: Tensor, angle: float) -> Tensor:
        """The subject (1, 4, H, W) that went its way (2, h, w), turned by an angle in degrees."""
        if self._deep is None:
            rises = torch.from_numpy(turned.depth(self._opacity[0, 0].numpy()))[None, None]
            self._deep = torch.cat((self._layer, rises), 1)
        layer = _fetched(self._deep, way, "zeros")[0].permute(1, 2, 0).numpy()
        return torch.from_numpy(turned.turned(layer, angle)).permute(2, 0, 1)[None]


class Ways:
    """A field (2, T, h, w) in pixels of a picture SIDE wide, read as two.

    That of the `subject`, which `opacity` (1, 1, H, W) shows in the picture, and that of the `ground`, both (T, 2, h, w);
    where its middle is at `home` (2,), how far right and down that is `moved` (T, 2), and how far of the camera's way it
    has `gone` (T, 2).
    """

    def __init__(self, field: Tensor, opacity: Tensor):
        high, wide = field.shape[2:]
        cell = SIDE / wide
        down, across = ((torch.arange(n) + 0.5) * cell for n in (high, wide))
        self._place = torch.stack(torch.meshgrid(across, down, indexing="xy"))  # (2, h, w)
        self._size = SIDE, cell * high
        self._small = small = F.interpolate(opacity, (high, wide), mode="area")
        self.home = (self._place * small[0]).sum((1, 2)) / small.sum().clamp(min=1e-6)
        way, there, common = self._read(field)
        calm, own = there * _calm(way), way - common
        self._common = common
        beside = camera.length(own, 1)[:, None]
        leaves = LEFT + (1 - LEFT) * beside.square() / (beside.square() + OWN**2)
        self._steps = self._led_on(self._fitted(calm * leaves, way), calm * leaves, common, small)
        whole = self._from(self._place) - self._place
        self.subject = whole + _trusted(way - whole, calm)
        self._bends = _trusted(own, calm)  # besides the camera
        with_camera = (beside < OWN + APART * camera.length(common, 1)[:, None]) & (there < 0.1)
        self.ground = common + transfer.filled(own, with_camera.float())
        self.moved, self.gone = self._gone(self._steps, common)

    def stays(self) -> bool:
        """Whether the subject stays where it is."""
        return bool(self.gone[:, 0].abs().amax() <= SENT)

    def to(self, side: str) -> float:
        """How far to a side of SIDES the subject is gone in the end, 0 for any other."""
        return SIDES.get(side, 0) * float(self.gone[-1, 0])

    def brought(self, side: str, pace: float) -> "Ways":
        """The same, but with a subject that goes to a side of SIDES, at a pace in widths of the picture a frame, and is
        bent as it is where it stands; one that goes there as fast by itself is left alone."""
        steps, step = torch.arange(1, len(self.moved) + 1)[:, None], SIDES[side] * pace * SIDE
        if self.to(side) >= len(steps) * abs(step):
            return self
        return self._beside(steps * torch.tensor([step, 0.0]), self._bends)

    def held(self) -> "Ways":
        """The same, but with a subject that stands as it is before the camera."""
        return self._beside(torch.zeros_like(self.moved), torch.zeros_like(self._bends))

    def _beside(self, aside: Tensor, bends: Tensor) -> "Ways":
        """The same, but with a subject that the camera brings along, that goes so far right and down (T, 2) besides, and
        is bent so (T, 2, h, w) where it stands."""
        ways = copy(self)
        ways._steps = self._upright(self._fitted(torch.ones_like(self._common[:, :1]), self._common), aside)
        bends = self._at(bends, self._place - aside[:, :, None, None], "border")
        ways.subject = ways._from(self._place) - self._place + bends
        ways.moved, ways.gone = self._gone(ways._steps, self._common)
        return ways

    def stepping(self, gait: Tensor) -> Tensor:
        """The subject's way (T, 2, h, w), bent as a field (2, T, h, w) in pixels bends it in its place."""
        way, _, common = self._read(gait)
        whole = self._from(self._place) - self._place
        return whole + self._at(way - common, self._place + whole, "border")

    def shifted(self, way: Tensor, aside: Tensor) -> Tensor:
        """A way (T, 2, h, w) that brings everything so far right and down (T, 2) besides."""
        aside = aside[:, :, None, None]
        return self._at(way, self._place - aside, "border") - aside

    def _read(self, field: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """A field (2, T, h, w) as the way of each place (T, 2, h, w), how much of the subject it shows (T, 1, h, w), and
        the camera's way there, as all else says it (T, 2, h, w)."""
        way = field.transpose(0, 1)
        there = self._at(self._small.expand(len(way), -1, -1, -1), self._place + way)
        return way, there, camera.whole(field[None], (1 - there).transpose(0, 1)[None])[0].transpose(0, 1)

    def _from(self, place: Tensor) -> Tensor:
        """From where in the picture what the subject shows at places (2, h, w) comes in each frame, (T, 2, h, w)."""
        return torch.einsum("tnk,khw->tnhw", self._steps, self._basis(place))

    def _basis(self, place: Tensor) -> Tensor:
        """One, right and down from the picture's middle in widths, of places (2, h, w): (3, h, w)."""
        middle = self._place.mean((1, 2), keepdim=True)
        return torch.cat((torch.ones_like(place[:1]), (place - middle) / SIDE))

    def _fitted(self, counts: Tensor, way: Tensor) -> Tensor:
        """From where the subject comes in each frame (T, 2, 3), on `_basis`, by reweighted least squares over the places
        that count (Holland and Welsch 1977)."""
        basis = self._basis(self._place).flatten(1).T  # (h * w, 3)
        origin = (self._place + way).flatten(2).transpose(1, 2)  # (T, h * w, 2)
        firm = torch.diag(torch.tensor([1e-3, RIGID, RIGID]))
        like = torch.cat((self._place.mean((1, 2))[None], torch.eye(2) * SIDE))  # as the picture stands, (3, 2)
        fits = torch.ones_like(counts.flatten(1))
        for _ in range(ROUNDS):
            weighed = (counts.flatten(1) * fits)[..., None] * basis
            gram, cross = (weighed.transpose(1, 2) @ each for each in (basis, origin))
            steps = torch.linalg.solve(gram + firm, cross + firm @ like)
            fits = (1 + (camera.length(origin - basis @ steps, -1) / BEND).square()).reciprocal()
        return steps.transpose(1, 2)

    def _upright(self, steps: Tensor, aside: Tensor) -> Tensor:
        """Steps that take the subject's middle where those of the camera do, and so far right and down (T, 2) besides, and
        turn and scale it as they do, but do not slant it as ground that is passed."""
        (a, b), (c, d) = (steps[:, 0, 1:] / SIDE).unbind(1), (steps[:, 1, 1:] / SIDE).unbind(1)
        size, turn = 1 + _both(a - 1, d - 1), _both(c, -b)
        upright = torch.stack((size, -turn, turn, size), 1).view(-1, 2, 2) * SIDE
        now = self.home + self._gone(steps, self._common)[0] + aside
        begin = self.home - torch.einsum("tnk,tk->tn", upright, now - self._place.mean((1, 2))) / SIDE
        return torch.cat((begin[:, :, None], upright), 2)

    def _led_on(self, steps: Tensor, counts: Tensor, common: Tensor, small: Tensor) -> Tensor:
        """Steps of a subject that, once it has gone far, goes on as it went where hardly any of it is in the picture."""
        far = (self._gone(steps, common)[1].norm(dim=1) > FAR).tolist()
        hardly = (counts.sum((1, 2, 3)) < SEEN * small.sum()).tolist()
        for number in range(2, len(steps)):
            if hardly[number] and far[number - 1]:
                steps[number], far[number] = 2 * steps[number - 1] - steps[number - 2], True
        return steps

    def _gone(self, steps: Tensor, common: Tensor) -> tuple[Tensor, Tensor]:
        """How far right and down the subject's middle lies from where it was, and from where the camera would have brought
        it, each (T, 2)."""
        middle = self._place.mean((1, 2))
        now = torch.linalg.solve(steps[:, :, 1:] / SIDE, (self.home - steps[:, :, 0])[..., None])[..., 0] + middle
        seen = self._at(common, now[:, :, None, None], "border")[..., 0, 0]
        return now - self.home, now + seen - self.home

    def _at(self, values: Tensor, place: Tensor, edge: str = "zeros") -> Tensor:
        """Values over the picture (T, n, h, w) at places (T, 2, a, b) in pixels."""
        grid = torch.stack([place[:, axis] * (2 / self._size[axis]) - 1 for axis in (0, 1)], -1)
        return F.grid_sample(values, grid, padding_mode=edge, align_corners=False)


def _trusted(bends: Tensor, calm: Tensor) -> Tensor:
    """What bends a subject (T, 2, h, w), where it is calm (T, 1, h, w) and small, and elsewhere as it is around."""
    sure = calm / (1 + (camera.length(bends, 1)[:, None] / BENT).square()) > SURE
    return transfer.filled(bends, sure.float())


def _both(one: Tensor, other: Tensor) -> Tensor:
    """Of two numbers of one sign the smaller, 0 of two that differ in it."""
    return torch.where(one * other > 0, torch.where(one.abs() < other.abs(), one, other), 0.0)


def _calm(way: Tensor) -> Tensor:
    """How little the way (T, 2, h, w) of each place differs from those beside it, 1 where it does not: (T, 1, h, w)."""
    steps = [
        F.pad(camera.length(way.diff(dim=axis), 1)[:, None], edge) for axis, edge in ((3, (1, 1)), (2, (0, 0, 1, 1)))
    ]
    most = torch.stack((steps[0][..., 1:], steps[0][..., :-1], steps[1][..., 1:, :], steps[1][..., :-1, :])).amax(0)
    return (1 + (most / BEND).square()).reciprocal()


def _fetched(picture: Tensor, way: Tensor, edge: str) -> Tensor:
    """A picture (1, n, H, W) seen through a way (2, h, w) in pixels of one SIDE wide."""
    height, width = picture.shape[2:]
    field = motion.grown(way[None, :, None], height, width, width / SIDE)
    return motion.moved(picture, field, edge, "bicubic")[:, :, 0].clamp(min=0)


class Found:
    """The subject of the picture that a run moves, looked for once, and where it is after the windows so far."""

    def __init__(self):
        self._picture: np.ndarray | None = None
        self._cutout: Cutout | None = None
        self._forget()

    def _forget(self) -> None:
        self._left = False  # its place, as far as the windows so far say
        self._rest: np.ndarray | None = None  # the frames of the window before, with the subject in its place
        self._beside: Tensor | None = None  # that place, how far right and down, if it left it
        self._way: Tensor | None = None  # in which it was last shown as a whole, (T-1, 2, h, w)
        self._end: Tensor | None = None  # the way of the last frame of the window before, (2, h, w)
        self._angles = [0.0]  # by which it was last turned, in degrees

    @property
    def state(self) -> dict[str, np.ndarray]:
        """What the next window has to know of those before it."""
        state = {"left": np.array([self._left]), "angle": np.array(self._angles[-1:])}
        known = {"beside": self._beside, "end": self._end}
        state |= {name: value.numpy() for name, value in known.items() if value is not None}
        return state if self._rest is None else state | {"rest": self._rest[-REST:]}

    def goes_on(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from the `state` of another run of the same request."""
        tensors = {name: torch.from_numpy(state[name]) for name in ("beside", "end") if name in state}
        self._left, self._angles = bool(state["left"][0]), state["angle"].tolist()
        self._rest, self._beside, self._end = state.get("rest"), tensors.get("beside"), tensors.get("end")

    def stands(self, head: np.ndarray, known: int) -> np.ndarray | None:
        """What a window begins with, the subject in its place: `head` if it is one picture, else that with the last of the
        `known` frames of the window before so shown; None where these are not known."""
        if not known:
            return head
        if self._rest is None or len(self._rest) < known - 1:
            return None
        return np.concatenate((head[:1], self._rest[len(self._rest) + 1 - known :]))

    def begun(self, head: np.ndarray | None, known: int) -> np.ndarray | None:
        """What a window begins with: its `head`, but the subject in its place if it is shown beside that as a whole."""
        stands = None if head is None or self._beside is None else self.stands(head, known)
        if stands is None:
            self._beside = self._end = None
        return head if stands is None else stands

    @torch.no_grad()
    def ways(self, model: Any, latents: Tensor, clip: Clip) -> Ways | None:
        """How the subject of a clip goes that a model decoded from its latents; None where the model does not say how its
        clips move, and where no subject stands out or can be looked for."""
        if not hasattr(model, "movement") or len(clip) == 1:
            return None
        if self._picture is None or not np.array_equal(self._picture, clip.frames[0]):
            if self._picture is not None:
                self._forget()
            self._picture, self._cutout = clip.frames[0], found(clip.frames[0])
        return self._cutout and self._cutout.ways(model.movement(latents)[0].cpu())

    def stays(self, model: Any, latents: Tensor) -> bool:
        """Whether the subject stays in its place in the clip of a model's latents."""
        return self._cutout is not None and self._cutout.ways(model.movement(latents)[0].cpu()).stays()

    def leaves(self, ways: Ways, sent: bool) -> bool:
        """Whether the subject leaves its place to a side, `sent` or not, or did in a window before: what it does in its
        place bends it more than it moves it."""
        self._left |= bool(ways.gone[:, 0].abs().amax() > (SENT if sent else LEAVES))
        return self._left

    def turns(self, way: int, fps: float, total: int, known: int, count: int) -> list[float]:
        """Degrees by which it is turned after the first frame of a window, see `turned.angles`."""
        return turned.angles(self._angles[-1], way, fps, total, known, count)

    @torch.no_grad()
    def whole(
        self, model: Any, clip: Clip, ways: Ways, place: Tensor | None, known: int, angles: list[float] | None = None
    ) -> Clip:
        """The clip with its subject whole, going its `ways` from where the `known` frames at its head end; its gait
        is that of latents of it in its `place`. It is turned by `angles` in degrees, if any."""
        assert self._cutout is not None
        angles = angles or [0.0] * (len(clip) - 1)
        near, far = NEAR, FAR
        self._way = ways.subject
        if place is not None:
            near, far = SOON
            self._way = ways.stepping(model.movement(place)[0].cpu() * SIDE)
        if self._beside is not None:
            self._way = ways.shifted(self._way, self._aside(ways, known))
        if self._end is not None and known > 1:
            late = torch.arange(2 - known, 2 - known + len(self._way))
            share = (1 - late / LED).clamp(0, 1) * (late >= 0)
            self._way = self._way + share.view(-1, 1, 1, 1) * (self._end - self._way[known - 2])
        shares = ((ways.gone.norm(dim=1) - near) / (far - near)).clamp(0, 1).tolist()
        shares = shares if self._beside is None else [1.0] * len(shares)
        shares = [max(share, min(1.0, abs(angle) / turned.SOON)) for share, angle in zip(shares, angles, strict=True)]
        self._angles = angles
        return Clip(np.stack(list(self._cutout.shown(clip.frames, ways, self._way, shares, angles))), clip.fps)

    def rests(self, frames: np.ndarray | None, ways: Ways | None, known: int) -> None:
        """Remember the `frames` of a window in which the subject is in its place, None where these are not known, and the
        `ways` in which it left that."""
        end = None, None
        if frames is not None and ways is not None and self._way is not None:
            last = len(frames) - 2
            end = ways.moved[last] + self._aside(ways, known)[last], self._way[last]
            self._angles = self._angles[: last + 1]
        self._rest, (self._beside, self._end) = frames, end

    def _aside(self, ways: Ways, known: int) -> Tensor:
        """How far right and down of its ways the subject is in each frame (T-1, 2): as far as the window before left it
        beside its place, and less to a side from there than they say if it else left the picture, for good."""
        if self._beside is None:
            return torch.zeros_like(ways.moved)
        goes = ways.moved - (ways.moved[known - 2] if known > 1 else 0)
        where, way = float(ways.home[0] + self._beside[0]), float(goes[-1, 0])
        until = min(max(where + way, min(where, HELD * SIDE)), max(where, (1 - HELD) * SIDE))
        less = torch.tensor([1 - (until - where) / way if way else 0.0, 0.0])
        return self._beside - (ways.moved - goes) - less * goes


def found(picture: np.ndarray) -> Cutout | None:
    """The subject of a picture (H, W, 3) uint8, None where none stands out, or none can be looked for."""
    try:
        return Cutout(picture, regions.cut_out(picture))
    except (InputError, MissingPart):
        return None
