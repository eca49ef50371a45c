"""By how much a subject is turned before a camera that circles it."""

SWEEP, RATE = 45.0, 30.0  # degrees that one picture is turned at most, and in a second
SOON = 2.0  # degrees from which on a turned subject is shown instead of the one decoded


def angles(begin: float, direction: int, fps: float, total: int, known: int, count: int) -> list[float]:
    """Degrees by which a subject is turned in each of `count` frames that follow the first of a window, of which the
    first `known` show it as turned as the window before did, `begin`; `total` frames are the whole clip."""
    step = min(RATE / fps, SWEEP / max(total - 1, 1))
    return [begin + direction * step * max(0, number + 1 - max(known - 1, 0)) for number in range(count)]
