"""What was heard in the words of a request and not done, and what was seen in its picture, for whoever asked."""

import re
from typing import Any

from motionalchemy.language.camera import CameraMove, read
from motionalchemy.models.base import Card
from motionalchemy.pipeline.layouts import words
from motionalchemy.pipeline.request import Settled
from motionalchemy.scene.parse import Scene


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


def seen(scene: Scene | None) -> dict[str, Any]:
    """What is known of a scene by what was asked of it, as JSON: the box of its subject, its faces and bodies, in shares
    of the picture's width, and the regions that cover more than a twentieth of it."""
    if scene is None:
        return {}
    wide = scene.picture.shape[1]
    found = dict[str, Any]()
    if scene.subject is not None:
        found["subject"] = [round(edge, 3) for edge in scene.subject.box]
    for name in ("faces", "bodies"):
        if name in scene.__dict__:
            found[name] = [[round(edge / wide, 3) for edge in each.box] for each in getattr(scene, name)]
    if "regions" in scene.__dict__:
        shares = ((name, scene.regions.share(name)) for name in scene.regions.names if name != "other")
        found["regions"] = {name: round(share, 3) for name, share in shares if share > 0.05}
    return found
