"""Facts to sentences, English and Chinese: what is said is always true of the clip, how it is said varies.

The grammar works on `Facts`, never on finished text, so that a mirrored clip swaps its sides before a word is chosen.
"""

import random
from typing import Any

from motionalchemy.data.chinese import chinese
from motionalchemy.data.english import english
from motionalchemy.data.facts import STYLES, Language, Pair, Style, facts_of
from motionalchemy.data.words import CAMERAS, DRIFTS, LOOKS, PACES, WEATHERS
from motionalchemy.errors import UnknownName


def caption(
    facts: dict[str, Any],
    rng: random.Random,
    language: Language,
    style: Style | None = None,
    mirrored: bool = False,
    background: Pair | None = None,
    path: str | None = None,
    camera: str | None = None,
    weather: str | None = None,
    look: str | None = None,
    pace: str | None = None,
) -> str:
    """One true sentence about a sample, drawn with `rng`; raises UnknownName for a name that is not known.

    `facts` describe the unmirrored sample. `background` holds the words ("en", "zh") of what was put behind a layer;
    `path`, `pace`, `camera`, `weather` and `look` name what was composed, as it is seen in the finished (mirrored) picture.
    """
    named = (("path", path, DRIFTS), ("pace", pace, PACES), ("camera", camera, CAMERAS), ("weather", weather, WEATHERS))
    for kind, given, known in named:
        if given is not None and given not in known:
            raise UnknownName(kind, given, known)
    if look is not None and look not in LOOKS:
        raise UnknownName("style", look, LOOKS)
    shown = facts_of(facts, mirrored, background, path, camera, weather, look, pace)
    style = style or rng.choices(STYLES, (30, 40, 30))[0]
    write = {"en": english, "zh": chinese}[language]
    return write(shown, rng, style)
