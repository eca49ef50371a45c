"""MotionAlchemy: one image and one sentence, English or Chinese, become a video.

    import motionalchemy as ma
    clip = ma.animate("horse.png", "the horse gallops to the right")
    clip.save("horse.mp4")

Names are brought in when they are first used, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from motionalchemy.api import animate, edit, extend, imagine, learn, orbit, retake
    from motionalchemy.errors import Cancelled, InputError, MissingPart, MotionAlchemyError, PlanRefused
    from motionalchemy.media.clip import Clip
    from motionalchemy.media.reader import read_clip, read_image
    from motionalchemy.models.registry import MODELS, load
    from motionalchemy.pipeline.inputs import steps
    from motionalchemy.pipeline.progress import Progress, Result
    from motionalchemy.pipeline.request import Request

__version__ = "0.21.0"  # that of the model that ships, and of the changelog

_HOMES = {
    "api": ("animate", "edit", "extend", "imagine", "learn", "orbit", "retake", "steps"),
    "errors": ("Cancelled", "InputError", "MissingPart", "MotionAlchemyError", "PlanRefused"),
    "media.clip": ("Clip",),
    "media.reader": ("read_clip", "read_image"),
    "models.registry": ("MODELS", "load"),
    "pipeline.progress": ("Progress", "Result"),
    "pipeline.request": ("Request",),
}
_HOME = {name: room for room, names in _HOMES.items() for name in names}

__all__ = [  # noqa: RUF022
    "animate", "imagine", "extend", "edit", "orbit", "retake", "learn", "steps", "load", "MODELS", "Clip", "Request",
    "Progress", "Result", "read_image", "read_clip", "MotionAlchemyError", "InputError", "PlanRefused", "MissingPart",
    "Cancelled",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'motionalchemy' has no attribute {name!r}: its names are {', '.join(__all__)}")
    from motionalchemy.nets import threads
    from motionalchemy.parts import packages

    threads.wait_quietly()
    packages.check()
    try:
        value = getattr(import_module(f"motionalchemy.{_HOME[name]}"), name)
    except ImportError as error:
        lack = packages.explained(error)
        if lack is None:
            raise
        raise lack from error
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
