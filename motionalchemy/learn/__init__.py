"""Training, and a room that can be called: `ma.learn(clips, name=...)` learns a motion (see `motions.learn`)."""

import sys
from types import ModuleType
from typing import Any


class _Room(ModuleType):
    def __call__(self, clips: Any, name: str, prompt: str | None = None, **options: Any) -> Any:
        """The motion that clips share, learned and kept under a name."""
        from motionalchemy.learn.motions import learn

        return learn(clips, name, prompt, **options)


sys.modules[__name__].__class__ = _Room  # `motionalchemy.learn` is this module whenever any of its files is imported
