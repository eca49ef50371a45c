"""MotionAlchemy: one image and one sentence, English or Chinese, become a video.

    import motionalchemy as ma
    clip = ma.animate("horse.png", "the horse gallops to the right")
    clip.save("horse.mp4")

Names are brought in when they are first used, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from motionalchemy.backbones import MODELS, load
    from motionalchemy.clip import Clip
    from motionalchemy.doors import animate, edit, extend, imagine, orbit, retake, steps
    from motionalchemy.errors import (
        Cancelled,
        InputError,
        MissingPart,
        MotionAlchemyError,
        PlanRefused,
    )
    from motionalchemy.make import Progress, Result
    from motionalchemy.media import read_clip, read_image
    from motionalchemy.request import Request

_HOMES = {
    "backbones": ("MODELS", "load"),
    "clip": ("Clip",),
    "errors": ("Cancelled", "InputError", "MissingPart", "MotionAlchemyError", "PlanRefused"),
    "doors": ("animate", "edit", "extend", "imagine", "orbit", "retake", "steps"),
    "make": ("Progress", "Result"),
    "media": ("read_clip", "read_image"),
    "request": ("Request",),
}
_HOME = {name: room for room, names in _HOMES.items() for name in names}

__all__ = [  # noqa: RUF022
    "animate", "imagine", "extend", "edit", "orbit", "retake", "steps", "load", "MODELS", "Clip", "Request", "Progress",
    "Result", "read_image", "read_clip", "MotionAlchemyError", "InputError", "PlanRefused", "MissingPart", "Cancelled",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name == "learn":
        return import_module("motionalchemy.learn")  # a room that can be called
    if name not in _HOME:
        raise AttributeError(f"module 'motionalchemy' has no attribute {name!r}: its names are {', '.join(__all__)}")
    value = getattr(import_module(f"motionalchemy.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
