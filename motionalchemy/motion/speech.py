"""How a mouth goes with a voice: the jaw by its loudness, its shape roughly by where its sound lies in the spectrum."""

import numpy as np

from motionalchemy.media.sound import RATE, Sound
from motionalchemy.motion.face_timing import Values, add, both

HOP = 0.02  # seconds
LOOK = 1024  # samples that a spectrum is made of
VOICE = (120.0, 500.0)  # hertz: what any voiced sound has
ROUND = (500.0, 1100.0)  # the upper edge of what "oo" and "oh" have
OPEN = (1100.0, 1800.0)  # "ah"
WIDE = (1800.0, 3200.0)  # "ee"
HISS = (3800.0, 7600.0)  # "s", "f": teeth together
QUIET = 0.06  # of the loudest tenth, below which a mouth is shut
SMOOTH = 0.05  # seconds over which mouths move
JAW = 0.55  # of the unit, at the loudest
LATE = 0.03  # seconds that a mouth is ahead of its sound


class Voice:
    """What a voice does to a mouth."""

    def __init__(self, sound: Sound):
        samples = np.pad(sound.samples.astype(np.float64), (LOOK // 2, LOOK))
        starts = np.arange(0, len(sound.samples), round(HOP * RATE))
        looks = samples[starts[:, None] + np.arange(LOOK)] * np.hanning(LOOK)
        power = np.abs(np.fft.rfft(looks, axis=1)) ** 2
        hertz = np.fft.rfftfreq(LOOK, 1 / RATE)

        def band(edges: tuple[float, float]) -> np.ndarray:
            return power[:, (hertz >= edges[0]) & (hertz < edges[1])].sum(1)

        voice, rounded, opened, wide, hiss = (band(each) for each in (VOICE, ROUND, OPEN, WIDE, HISS))
        level = np.sqrt(voice + rounded + opened + wide)
        loud = level / max(float(np.percentile(level, 90)), 1e-9)
        all_of_it = voice + rounded + opened + wide + hiss + 1e-12
        shapes = {
            "jaw": np.clip((loud - QUIET) / (1 - QUIET), 0, 1.15) ** 0.7 * (1 - 0.6 * hiss / all_of_it),
            "round": np.clip(2.2 * (voice + rounded) / all_of_it - 1.5, 0, 0.7),
            "wide": np.clip(2.5 * (wide / (wide + opened + rounded + 1e-12)) - 0.35, 0, 1),
            "hiss": np.clip(2.0 * hiss / all_of_it - 0.5, 0, 1),
        }
        spoken = loud > QUIET
        window = np.hanning(2 * round(SMOOTH / HOP) + 3)[1:-1]
        window /= window.sum()
        self.curves = {
            name: np.convolve(np.where(spoken, curve, 0.0), window, "same") for name, curve in shapes.items()
        }

    def values(self, seconds: float) -> Values:
        """What the mouth does at a second of the sound."""
        at = (seconds + LATE) / HOP
        jaw, rounded, wide, hiss = (
            float(np.interp(at, np.arange(len(curve)), curve, left=0.0, right=0.0)) for curve in self.curves.values()
        )
        total = Values()
        add(total, {"JawDrop": JAW}, jaw)
        add(total, {"LipsKiss": 0.8}, rounded * min(1.0, 2 * jaw))
        add(total, both("PullSide", 0.5, "Mouth"), wide * min(1.0, 2 * jaw))
        add(total, {"lowerLipDown": 0.3}, hiss)
        return total
