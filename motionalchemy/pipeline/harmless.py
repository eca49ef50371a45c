"""No movement harms the picture: what is stiff in it stays so, and a movement that would still harm it is lessened, at
last to nothing; whoever asked for it is told."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from motionalchemy.language.script import Beat
from motionalchemy.motion.movers import BeatMotion
from motionalchemy.render.act import Act
from motionalchemy.render.beast_act import BeastAct
from motionalchemy.render.body_act import BodyAct
from motionalchemy.render.breathing import Breathing
from motionalchemy.render.check import Report, mirrored
from motionalchemy.render.elements import Flowing, Waving
from motionalchemy.render.face_act import FaceAct
from motionalchemy.render.held import Held
from motionalchemy.render.projection import projected, safe, worst
from motionalchemy.scene import rigidity
from motionalchemy.scene.parse import Scene

LEAST = 0.2  # of a movement: where less of it would do no harm it is held still
LOOKED = (0.15, 0.4, 0.65, 0.9)  # of a beat, when it is looked at what a movement does
EVERY = 6  # frames between two of a movement that is carried over
NO_LINES = np.zeros((0, 4), np.float32)


@dataclass(frozen=True, eq=False)
class Guarded:
    """A scene whose picture is kept, and what is stiff in it, found when it is first asked for."""

    scene: Scene

    @cached_property
    def stiff(self) -> np.ndarray:
        """All that only goes, turns and becomes larger, (H, W) in [0, 1]."""
        return rigidity.rigidity(self.scene)

    @cached_property
    def standing(self) -> np.ndarray:
        """Faces, text, machines and buildings, (H, W) in [0, 1]."""
        return rigidity.standing(self.scene)

    @cached_property
    def lines(self) -> np.ndarray:
        """The straight lines (n, 4)."""
        return rigidity.lines(self.scene)

    @cached_property
    def faces(self) -> tuple[np.ndarray, ...]:
        """Where each face is, (H, W)."""
        return tuple(rigidity.faces(self.scene))


def harmless(scene: Scene, beat: Beat, made: BeatMotion, fps: float, note: Callable[[str], None]) -> BeatMotion:
    """What is made of a beat of a scene, as far as that does the picture no harm; a rendered actor moves as those do from
    whom its movements are."""
    if scene.rendered or (made.moves is None and not made.acts):
        return made
    guarded = Guarded(scene)
    acts = tuple(
        kept for act in made.acts if (kept := _act(guarded, act, beat.lasts(fps), partial_note(beat, note))) is not None
    )
    moves = None if made.moves is None else _moves(guarded, made.moves, partial_note(beat, note))
    return replace(made, acts=acts, moves=moves)


def partial_note(beat: Beat, note: Callable[[str], None]) -> Callable[[float, Report], None]:
    """What says how much of a beat is left, and why."""

    def say(share: float, report: Report) -> None:
        why = ", ".join(report.harm)
        if share < LEAST:
            note(f"{beat.words!r} is held still: however little of it is done, {why}")
        else:
            note(f"{beat.words!r} is done only in part, {share:.0%} of it: done wholly, {why}")

    return say


def _act(guarded: Guarded, act: Act, lasts: float, say: Callable[[float, Report], None]) -> Act | None:
    """An act that keeps stiff what is stiff, lessened as far as it has to be; None where nothing of it is left."""
    if isinstance(act, Flowing | Waving):
        held = np.where(guarded.standing[..., None] > 0.02, guarded.standing[..., None], 0)
        act = Held(act, held) if held.any() and (held[..., 0] * act.matte).max() > 0.1 else act
    if isinstance(act, Breathing):
        out, aside = projected(np.stack((act.out, act.aside)), guarded.stiff).astype(np.float32)
        act = replace(act, out=out, aside=aside)
    harm = _harm(guarded, act, [share * lasts for share in LOOKED])
    if harm is None:
        return act
    share, report = safe(harm)
    if share < 1:
        say(share, report)
    return act if share == 1 else None if share < LEAST else act.softened(share)


def _harm(guarded: Guarded, act: Act, at: list[float]) -> Callable[[float], Report] | None:
    """What shares of an act do to the picture at some seconds; None for one that bends nothing: what falls, glows or goes
    as it is. What flows and ripples bends only what it carries, a body or an
    animal is stiff part by part, and a face is moved on
    purpose, within which only what is straight counts."""
    inner = act.act if isinstance(act, Held) else act
    width = guarded.scene.picture.shape[1]

    def report(share: float) -> Report:
        some = act.softened(share) if share < 1 else act
        fields = [field for second in at if (field := some.field(second)) is not None]
        if isinstance(inner, BodyAct | BeastAct):
            return Report(face=worst(fields, NO_LINES, width, guarded.faces).face)
        if isinstance(inner, FaceAct):
            return Report(bend=worst(fields, guarded.lines, width).bend)
        where = inner.matte > 0.9 if isinstance(inner, Waving) else None
        found = worst(fields, guarded.lines, width, () if isinstance(act, Held) else guarded.faces, where)
        return found if isinstance(inner, Breathing) else replace(found, stretch=0.0)

    fluid = isinstance(inner, Waving) and (inner.shine > 0 or inner.places is not None)
    return report if isinstance(inner, BodyAct | BeastAct | FaceAct | Breathing | Waving) and not fluid else None


def _moves(guarded: Guarded, moves: Tensor, say: Callable[[float, Report], None]) -> Tensor | None:
    """Movement (2, T, h, w) of the subject, in shares of the picture's width, treated alike."""
    subject, width = guarded.scene.subject, guarded.scene.picture.shape[1]
    if subject is None:
        return moves
    opacity = subject.opacity.numpy()
    field = projected(moves.transpose(0, 1).numpy(), guarded.stiff * (opacity > 0.5))
    fields = list(field[::EVERY])
    share, report = safe(
        lambda some: worst([some * each for each in fields], NO_LINES, width, guarded.faces, opacity > 0.5)
    )
    if share < 1:
        say(share, report)
    return None if share < LEAST else torch.from_numpy(share * field).transpose(0, 1).to(moves.dtype)


def edges(picture: np.ndarray, frames: np.ndarray) -> tuple[str, ...]:
    """What is to be said where the last of some frames (T, H, W, 3) uint8 is a mirror image at an edge that the picture
    (H, W, 3) uint8 is not."""
    found = mirrored(frames[-1])
    return () if found <= mirrored(picture) else (f"at an edge of the last frame {Report(mirror=found).harm[0]}",)
