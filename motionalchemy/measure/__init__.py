"""Measuring: metrics that run offline, the suite that puts them in one table, and the speed bench."""

from motionalchemy.errors import MissingPart

try:
    import cv2  # noqa: F401
except ModuleNotFoundError as error:
    raise MissingPart('measuring needs OpenCV, which is not installed: pip install "motionalchemy[eval]"') from error
