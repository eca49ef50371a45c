"""What was heard of a camera in the words of a request, and what of it is not done, as notes before anything is made."""

import re

from motionalchemy.language.camera import CameraMove, read
from motionalchemy.models.base import Card
from motionalchemy.pipeline.layouts import words
from motionalchemy.pipeline.request import Settled


def camera_notes(settled: Settled, card: Card) -> tuple[str, ...]:
    """One sentence of what a camera is asked to do in a clip that is made from one picture, and one of each thing that
    it is asked but does not do, or not wholly; none where nothing is heard."""
    if not card.anchored or settled.task not in ("animate", "imagine"):
        return ()
    if settled.camera is not None:
        return (
            ("camera: along its keys; what the words say of it does not count",)
            if any(read(said) for _, said in words(settled))
            else ()
        )
    moves = [move for _, said in words(settled) for move in read(said)]
    done = [described(move) for move in moves if move.done and move.kind != "static"]
    heard = (f"camera: {', then '.join(dict.fromkeys(done))}",) if done else ()
    return heard + tuple(dict.fromkeys(_less(move) for move in moves if move.why))


def described(move: CameraMove) -> str:
    """A move in a few words."""
    side = re.fullmatch(r"(?:to )?(?:the )?(?:left|right)", move.target)
    aimed = f" on {move.target}" if move.target and not side else ""
    return f"{move.kind} {move.direction}".strip() + aimed


def _less(move: CameraMove) -> str:
    if move.done:
        return f"camera: {described(move)} is done as far as one picture allows: {move.why}"
    return f"camera: {move.words!r} is not done: {move.why}"
