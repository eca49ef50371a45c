"""What was heard in the words of a request and not done, and what was seen in its picture, for whoever asked."""

import re
from collections.abc import Iterable
from typing import Any

from motionalchemy.language.camera import CameraMove, read
from motionalchemy.language.thing_words import references
from motionalchemy.models.base import Card
from motionalchemy.pipeline.layouts import words
from motionalchemy.pipeline.request import Settled
from motionalchemy.scene.choice import chosen
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


def understood(scene: Scene, words: str) -> dict[str, Any]:
    """All that can be known of a scene as JSON, `seen` and more: kinds of pictures, the single things in it with what they
    may be called, those that a sentence speaks of, writing, straight lines, vanishing points and the horizon; all places in
    shares of the picture's width."""
    _ = scene.faces, scene.bodies, scene.regions
    wide = scene.picture.shape[1]

    def shares(values: Iterable[float]) -> list[float]:
        return [round(float(value) / wide, 3) for value in values]

    found = seen(scene) | {"kind": {name: round(sure, 3) for name, sure in scene.kinds.items()}}
    found["things"] = [
        {
            "box": shares(each.box),
            "area": round(each.area, 4),
            "near": round(each.near, 3),
            "kinds": {name: round(sure, 3) for name, sure in each.kinds.items() if sure > 0.05},
            "names": {
                name: round(names[name], 3) for name in sorted(names, key=lambda n: -names[n])[:3] if names[name] > 0.02
            },
        }
        for each, names in zip(scene.instances, scene.names, strict=True)
    ]
    found["spoken_of"] = [{"words": each.words, "things": list(chosen(scene, each))} for each in references(words)]
    found["writing"] = [{"box": shares(each.box), "score": round(each.score, 3)} for each in scene.writing]
    found["lines"] = [shares(line) for line in scene.lines]
    found["vanishing"] = [shares((each.x, each.y)) for each in scene.vanishing]
    found["horizon"] = None if scene.horizon is None else shares((scene.horizon,))[0]
    return found
