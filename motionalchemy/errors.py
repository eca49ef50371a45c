"""Every error that a user can meet, as one tree.

MotionAlchemyError
├── InputError        a value that cannot be used: says what was given, what is allowed, what to do
│   ├── UnknownName   a name that is not in a table: lists the names that are
│   ├── MediaError    a file that is not the picture or clip it should be
│   └── PlanRefused   a plan that the chosen backbone cannot honour: names one that can
├── MissingPart       an optional package or a weight file is absent: names the command that brings it
└── Cancelled         the caller asked to stop
"""

from collections.abc import Iterable


class MotionAlchemyError(Exception):
    """The root of the tree."""


class InputError(MotionAlchemyError):
    """A value that cannot be used."""


class UnknownName(InputError):
    """A name that is not in a table."""

    def __init__(self, kind: str, given: str, known: Iterable[str]):
        super().__init__(f"unknown {kind} {given!r}: choose one of {', '.join(sorted(known))}")


class MediaError(InputError):
    """A file that is not the picture or clip it should be."""


class PlanRefused(InputError):
    """A plan that the chosen backbone cannot honour."""


class MissingPart(MotionAlchemyError):
    """An optional package or a weight file is absent."""


class Cancelled(MotionAlchemyError):
    """The caller asked to stop."""
