"""Building a corpus from packages of ordinary registries: actors, scenes, turntables, emoji and stills."""

from motionalchemy.worlds.build.run import KINDS, Progress, build

__all__ = ["KINDS", "Progress", "build"]
