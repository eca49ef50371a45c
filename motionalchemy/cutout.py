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

from motionalchemy import backdrop, regions, turned
from motionalchemy.clip import Clip
from motionalchemy.errors import InputError
from motionalchemy.nets import camera, motion, rigid
from motionalchemy.ways import SENT, SIDE, Ways, beside, places

LEAVES = 20.0  # how far to a side a subject goes that leaves its place; one that acts there was seen to go 16 at most
PACE = 0.12  # widths a second that one that is sent goes at least; train scenes: walks .07, runs .21 (medians)
HURRY = 0.2  # and one that is to hurry
NEAR, FAR = 3.0, 6.0  # how far from the camera's way one that leaves it begins to be shown whole, and wholly is
STIRS = 0.2, 0.8  # pixels from the way of what is behind at which a part begins to be shown apart, and wholly is
SOON = 0.5, 2.0  # the same of one whose gait is known
HELD = 0.2  # of the width: how near to an edge the middle of a subject comes in a later window
REST = 16  # frames in which a subject is in its place that a run which was killed finds again
LED = 12  # frames over which a way is led on from the end of another
EDGE = 0.025  # of the width: how far around a subject what stands behind it is not to be trusted
THERE = 0.3  # of an opacity, from which a place is of the subject
BEYOND = 0.06  # of the width: what is made up at most of a subject that is cut by an edge
FRINGE = 0.004  # of the width: how far around a subject what it brings along may be of it


class Cutout:
    """The subject of a picture (H, W, 3) uint8, `cut` out of it (H, W, 4) uint8, and what lies behind it; `shadow` (H, W)
    says how dark the one is that it throws, in [0, 1], if that is known."""

    def __init__(self, picture: np.ndarray, cut: np.ndarray, shadow: np.ndarray | None = None):
        layer = torch.from_numpy(np.ascontiguousarray(cut)).permute(2, 0, 1)[None].float() / 255
        self._opacity = layer[:, 3:]
        self._layer = torch.cat((layer[:, :3] * self._opacity, self._opacity), 1)
        self._deep: Tensor | None = None  # the same with its depth in pixels, (1, 5, H, W)
        reach = max(1, round(EDGE * picture.shape[1]))
        hidden = F.max_pool2d(self._opacity, 2 * reach + 1, 1, reach) > 0.02
        self._picture = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float() / 255
        self._behind = self._light = backdrop.guessed(self._picture, hidden)
        self._dark = torch.zeros(1, 1, *picture.shape[:2])
        if shadow is not None:
            self._dark = torch.from_numpy(shadow)[None, None]
            self._light = backdrop.guessed((self._picture / (1 - self._dark)).clamp(max=1), hidden)
        fringe = max(1, round(FRINGE * picture.shape[1]))
        self._around = F.max_pool2d(self._opacity, 2 * fringe + 1, 1, fringe)

    def ways(self, field: Tensor) -> Ways:
        """How a field (2, T-1, h, w) in shares of the picture's width moves the subject and what is behind it."""
        return Ways(field * SIDE, self._opacity)

    def shown(
        self, frames: np.ndarray, ways: Ways, way: Tensor, shares: list[float], angles: list[float]
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
            yield _mixed(frame, _over(ground, subject), share)

    @property
    def opacity(self) -> Tensor:
        """How much of the picture the subject covers, (H, W)."""
        return self._opacity[0, 0]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Where the subject begins, right and down, and where it ends, in pixels of a picture SIDE wide."""
        there = self.opacity > THERE
        across, down = (there.any(axis).nonzero().flatten() * (SIDE / there.shape[1]) for axis in (0, 1))
        cell = SIDE / there.shape[1]
        return float(across[0]), float(down[0]), float(across[-1]) + cell, float(down[-1]) + cell

    def within(self, moves: Tensor) -> Tensor:
        """Movement (2, T, h, w) in shares of the picture's width; less of it where it would show more than BEYOND of what
        lies outside the picture, of a subject that is cut by an edge."""
        small = self._cells(moves) > 0.5
        place = places(*small.shape)[:, None] / SIDE + moves
        tall = small.shape[0] / small.shape[1]
        beyond = [
            (-place[1, :, 0])[:, small[0]], (place[1, :, -1] - tall)[:, small[-1]],
            (-place[0, :, :, 0])[:, small[:, 0]], (place[0, :, :, -1] - 1)[:, small[:, -1]],
        ]  # fmt: skip
        most = max((float(each.max()) for each in beyond if each.numel()), default=0.0)
        return moves * min(1.0, BEYOND / max(most, 1e-6))

    def centred(self, moves: Tensor) -> Tensor:
        """Movement (2, T, h, w) without how far to a side it takes the middle of the subject."""
        counts = self._cells(moves)
        aside = (moves[:1] * counts).sum((2, 3), keepdim=True) / counts.sum().clamp(min=1e-6)
        return moves - torch.cat((aside, torch.zeros_like(aside)))

    def rigid(self, moves: Tensor) -> Tensor:
        """Movement (2, T, h, w) in shares of the picture's width that keeps the shape of the subject."""
        return rigid.stiffened(moves * moves.shape[3], self._cells(moves)) / moves.shape[3]

    def _cells(self, moves: Tensor) -> Tensor:
        """How much of the cells of movement (2, T, h, w) the subject covers, (h, w)."""
        return F.interpolate(self._opacity, moves.shape[2:], mode="area")[0, 0]

    def small(self, height: int, width: int) -> "Cutout":
        """The same in a picture of another size."""
        small = copy(self)
        for name in ("_picture", "_layer", "_light", "_dark"):
            setattr(small, name, F.interpolate(getattr(self, name), (height, width), mode="area"))
        return small

    def acted(self, way: Tensor, ground: Tensor | None = None, floor: Tensor | None = None) -> Iterator[np.ndarray]:
        """Frames (H, W, 3) uint8 in which the subject goes its `way` (T, 2, h, w), what is behind it that of the `ground`,
        and its shadow that of the `floor` it stands on, unless they stand."""
        little, much = STIRS
        for number, own in enumerate(way):
            back = torch.zeros_like(own) if ground is None else ground[number]
            still, behind = (
                each if ground is None else _fetched(each, back, "reflection") for each in (self._picture, self._light)
            )
            behind = behind * (1 - (self._dark if floor is None else _fetched(self._dark, floor[number], "zeros")))
            acts = _over(behind, _fetched(self._layer, own, "beyond"))  # one cut by an edge goes on a little
            stirs = ((camera.length(own - back, 0) - little) / (much - little)).clamp(0, 1)
            share = motion.grown(stirs[None, None, None], *acts.shape[:2], 1.0)[0, 0, 0, :, :, None].numpy()
            yield _mixed(still[0].permute(1, 2, 0).numpy() * 255, acts, share)

    def put_back(self, frames: np.ndarray, ways: Ways) -> Iterator[np.ndarray]:
        """Frames (T, H, W, 3) uint8 of the picture moved, but with what the subject drags along behind it in its place."""
        yield frames[0]
        height, width = frames.shape[1:3]
        for frame, way, back, dragged in zip(frames[1:], ways.way, ways.ground, ways.dragged(), strict=True):
            if not bool(dragged.any()):
                yield frame
                continue
            free = 1 - _fetched(self._around, way, "zeros").clamp(max=1)
            share = F.interpolate(dragged[None], (height, width), mode="bilinear", align_corners=False) * free
            share, ground = (x[0].permute(1, 2, 0).numpy() for x in (share, _fetched(self._behind, back, "reflection")))
            yield _mixed(frame, ground * 255, share)

    def _turned(self, way: Tensor, angle: float) -> Tensor:
        """The subject (1, 4, H, W) that went its way (2, h, w), turned by an angle in degrees."""
        if self._deep is None:
            rises = torch.from_numpy(turned.depth(self._opacity[0, 0].numpy()))[None, None]
            self._deep = torch.cat((self._layer, rises), 1)
        layer = _fetched(self._deep, way, "zeros")[0].permute(1, 2, 0).numpy()
        return torch.from_numpy(turned.turned(layer, angle)).permute(2, 0, 1)[None]


def _over(ground: Tensor, subject: Tensor) -> np.ndarray:
    """A subject (1, 4, H, W) over ground (1, 3, H, W), both in [0, 1]: (H, W, 3) in [0, 255]."""
    return (ground * (1 - subject[:, 3:].clamp(max=1)) + subject[:, :3])[0].permute(1, 2, 0).numpy() * 255


def _mixed(frame: np.ndarray, other: np.ndarray, share: Any) -> np.ndarray:
    """A frame (H, W, 3) uint8 with a share of another, one for all or (H, W, 1)."""
    return (frame + share * (other - frame)).round().clip(0, 255).astype(np.uint8)


def _fetched(picture: Tensor, way: Tensor, edge: str) -> Tensor:
    """A picture (1, n, H, W) seen through a way (2, h, w) in pixels of one SIDE wide; outside it is as `motion.moved` says,
    or mirrored as far as BEYOND and nothing there ("beyond")."""
    height, width = picture.shape[2:]
    if edge == "beyond":
        far = round(BEYOND * width)
        picture = F.pad(picture, (far,) * 4, mode="reflect")
        way = F.interpolate(way[None], (height, width), mode="bilinear", align_corners=False)
        way = F.pad(way, (far,) * 4, mode="replicate") * (width / SIDE)
        seen = motion.moved(picture, way[:, :, None], "zeros", "bicubic")[:, :, 0]
        return seen[:, :, far : far + height, far : far + width].clamp(min=0)
    field = motion.grown(way[None, :, None], height, width, width / SIDE)
    return motion.moved(picture, field, edge, "bicubic")[:, :, 0].clamp(min=0)


class Found:
    """The subject of the picture that a run moves, looked for once, and where it is after the windows so far."""

    def __init__(self, shadow: np.ndarray | None = None):
        self._shadow = shadow  # that of the first picture's subject, if it is known
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
        clips move, and where no subject stands out."""
        if not hasattr(model, "movement") or len(clip) == 1:
            return None
        cut = self.of(clip.frames[0])
        return cut and cut.ways(model.movement(latents)[0].cpu())

    def of(self, picture: np.ndarray) -> Cutout | None:
        """The subject of a picture (H, W, 3) uint8, None where none stands out."""
        if self._picture is None or not np.array_equal(self._picture, picture):
            if self._picture is not None:
                self._forget()
            self._picture, self._cutout = picture, found(picture, self._shadow)
        return self._cutout

    @torch.no_grad()
    def put_back(self, clip: Clip, ways: Ways) -> Clip:
        """The clip, but with what its subject drags along behind it in its place."""
        assert self._cutout is not None
        return Clip(np.stack(list(self._cutout.put_back(clip.frames, ways))), clip.fps)

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
            self._way = beside(self._way, self._aside(ways, known))
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


def way(field: Tensor) -> Tensor:
    """A field (2, T, h, w) in shares of a picture's width as a way (T, 2, h, w)."""
    return field.transpose(0, 1) * SIDE


def moved(picture: np.ndarray, way: Tensor) -> Iterator[np.ndarray]:
    """Frames (H, W, 3) uint8 of a picture (H, W, 3) uint8 that goes a way (T, 2, h, w) as a whole."""
    whole = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float()
    for own in way:
        yield _fetched(whole, own, "reflection")[0].permute(1, 2, 0).round().clamp(0, 255).byte().numpy()


def found(picture: np.ndarray, shadow: np.ndarray | None = None) -> Cutout | None:
    """The subject of a picture (H, W, 3) uint8 with its `shadow`, None where none stands out; raises MissingPart."""
    try:
        return Cutout(picture, regions.cut_out(picture), shadow)
    except InputError:
        return None
