"""The subject of a run: the scene of its picture, parsed once, and where the subject is from window to window.

A subject that goes far in a clip that the flow makes is cut out and moved whole over what lies behind it: the field is
read as one turn, scale and shift (`decomposition`). What bends it besides is its gait: that of a clip in which it does the
same in its place, or else what is left of the field.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from motionalchemy.media.clip import Clip
from motionalchemy.motion import orbit
from motionalchemy.motion.decomposition import SENT, Decomposition
from motionalchemy.render import layers
from motionalchemy.render.warp import SIDE, shifted
from motionalchemy.scene import choice
from motionalchemy.scene.parse import Scene, parse

LEAVES = 20.0  # how far to a side a subject goes that leaves its place; one that acts there was seen to go 16 at most
NEAR, FAR = 3.0, 6.0  # how far from the camera's movement one that leaves it begins to be shown whole, and wholly is
SOON = 0.5, 2.0  # the same of one whose gait is known
HELD = 0.2  # of the width: how near to an edge the middle of a subject comes in a later window
REST = 16  # frames in which a subject is in its place that a run which was killed finds again
LED = 12  # frames over which a movement is led on from the end of another


class SubjectTrack:
    """The subject of the picture that a run moves, looked for once, and where it is after the windows so far."""

    def __init__(self, shadow: np.ndarray | None = None, actor: bool | None = None, words: str = ""):
        self._shadow = shadow  # that of the first picture's subject, if it is known
        self._actor = actor  # whether its pictures count as rendered actors, if that is known
        self._words = words  # that say which of several things it is
        self._scene: Scene | None = None
        self._forget()

    def _forget(self) -> None:
        self._left = False  # its place, as far as the windows so far say
        self._rest: np.ndarray | None = None  # the frames of the window before, with the subject in its place
        self._beside: Tensor | None = None  # that place, how far right and down, if it left it
        self._field: Tensor | None = None  # in which it was last shown as a whole, (T-1, 2, h, w)
        self._end: Tensor | None = None  # that of the last frame of the window before, (2, h, w)
        self._angles = [0.0]  # by which it was last turned, in degrees

    @property
    def state(self) -> dict[str, np.ndarray]:
        """What the next window has to know of those before it."""
        state = {"left": np.array([self._left]), "angle": np.array(self._angles[-1:])}
        known = {"beside": self._beside, "end": self._end}
        state |= {name: value.numpy() for name, value in known.items() if value is not None}
        return state if self._rest is None else state | {"rest": self._rest[-REST:]}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from the `state` of another run of the same request."""
        tensors = {name: torch.from_numpy(state[name]) for name in ("beside", "end") if name in state}
        self._left, self._angles = bool(state["left"][0]), state["angle"].tolist()
        self._rest, self._beside, self._end = state.get("rest"), tensors.get("beside"), tensors.get("end")

    def head_in_place(self, head: np.ndarray, known: int) -> np.ndarray | None:
        """What a window begins with, the subject in its place: `head` if it is one picture, else that with the last of the
        `known` frames of the window before so shown; None where these are not known."""
        if not known:
            return head
        if self._rest is None or len(self._rest) < known - 1:
            return None
        return np.concatenate((head[:1], self._rest[len(self._rest) + 1 - known :]))

    def head(self, head: np.ndarray | None, known: int) -> np.ndarray | None:
        """What a window begins with: its `head`, but the subject in its place if it is shown beside that as a whole."""
        stands = None if head is None or self._beside is None else self.head_in_place(head, known)
        if stands is None:
            self._beside = self._end = None
        return head if stands is None else stands

    @torch.no_grad()
    def decompose(self, model: Any, latents: Tensor, clip: Clip) -> Decomposition | None:
        """How the subject of a clip goes that a model decoded from its latents; None where the model does not say how its
        clips move, and where no subject stands out."""
        if not hasattr(model, "movement") or len(clip) == 1:
            return None
        layer = self.scene(clip.frames[0]).subject
        return None if layer is None else Decomposition(model.movement(latents)[0].cpu() * SIDE, layer.rgba[:, 3:])

    @property
    def parsed(self) -> Scene | None:
        """The scene that was parsed last, None where none was."""
        return self._scene

    def scene(self, picture: np.ndarray) -> Scene:
        """The scene of a picture (H, W, 3) uint8, parsed once."""
        if self._scene is None or not np.array_equal(self._scene.picture, picture):
            if self._scene is not None:
                self._forget()
            self._scene = choice.spoken_of(parse(picture, self._shadow, self._actor), self._words)
        return self._scene

    @torch.no_grad()
    def put_back(self, clip: Clip, split: Decomposition) -> Clip:
        """The clip, but with what its subject drags along behind it in its place."""
        assert self._scene is not None
        frames = layers.put_back(self._scene, clip.frames, split.field, split.ground, split.dragged())
        return Clip(np.stack(list(frames)), clip.fps)

    def stays_in_place(self, model: Any, latents: Tensor) -> bool:
        """Whether the subject stays in its place in the clip of a model's latents."""
        layer = None if self._scene is None else self._scene.subject
        field = model.movement(latents)[0].cpu() * SIDE
        return layer is not None and Decomposition(field, layer.rgba[:, 3:]).stays()

    def leaves(self, split: Decomposition, sent: bool) -> bool:
        """Whether the subject leaves its place to a side, `sent` or not, or did in a window before: what it does in its
        place bends it more than it moves it."""
        self._left |= bool(split.travelled[:, 0].abs().amax() > (SENT if sent else LEAVES))
        return self._left

    def angles(self, direction: int, fps: float, total: int, known: int, count: int) -> list[float]:
        """Degrees by which it is turned after the first frame of a window, see `orbit.angles`."""
        return orbit.angles(self._angles[-1], direction, fps, total, known, count)

    @torch.no_grad()
    def whole(
        self,
        model: Any,
        clip: Clip,
        split: Decomposition,
        place: Tensor | None,
        known: int,
        angles: list[float] | None = None,
    ) -> Clip:
        """The clip with its subject whole, going as `split` says from where the `known` frames at its head end; its gait
        is that of latents of it in its `place`. It is turned by `angles` in degrees, if any."""
        assert self._scene is not None
        angles = angles or [0.0] * (len(clip) - 1)
        near, far = NEAR, FAR
        self._field = split.subject
        if place is not None:
            near, far = SOON
            self._field = split.with_gait(model.movement(place)[0].cpu() * SIDE)
        if self._beside is not None:
            self._field = shifted(self._field, self._aside(split, known))
        if self._end is not None and known > 1:
            late = torch.arange(2 - known, 2 - known + len(self._field))
            share = (1 - late / LED).clamp(0, 1) * (late >= 0)
            self._field = self._field + share.view(-1, 1, 1, 1) * (self._end - self._field[known - 2])
        shares = ((split.travelled.norm(dim=1) - near) / (far - near)).clamp(0, 1).tolist()
        shares = shares if self._beside is None else [1.0] * len(shares)
        shares = [max(share, min(1.0, abs(angle) / orbit.SOON)) for share, angle in zip(shares, angles, strict=True)]
        self._angles = angles
        frames = layers.over_frames(self._scene, clip.frames, self._field, split.ground, shares, angles)
        return Clip(np.stack(list(frames)), clip.fps)

    def remember(self, frames: np.ndarray | None, split: Decomposition | None, known: int) -> None:
        """Remember the `frames` of a window in which the subject is in its place, None where these are not known, and how
        it left that, `split`."""
        end = None, None
        if frames is not None and split is not None and self._field is not None:
            last = len(frames) - 2
            end = split.shift[last] + self._aside(split, known)[last], self._field[last]
            self._angles = self._angles[: last + 1]
        self._rest, (self._beside, self._end) = frames, end

    def _aside(self, split: Decomposition, known: int) -> Tensor:
        """How far right and down of where `split` says it is the subject is in each frame (T-1, 2): as far as the window
        before left it beside its place, and less to a side from there if it else left the picture, for good."""
        if self._beside is None:
            return torch.zeros_like(split.shift)
        goes = split.shift - (split.shift[known - 2] if known > 1 else 0)
        where, goes_far = float(split.home[0] + self._beside[0]), float(goes[-1, 0])
        until = min(max(where + goes_far, min(where, HELD * SIDE)), max(where, (1 - HELD) * SIDE))
        less = torch.tensor([1 - (until - where) / goes_far if goes_far else 0.0, 0.0])
        return self._beside - (split.shift - goes) - less * goes
