"""From the fields of the page to the bodies of the API: the page asks the same service, and for nothing else."""

import contextlib
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi import UploadFile

from motionalchemy.errors import InputError
from motionalchemy.language import camera_keys
from motionalchemy.server import shapes
from motionalchemy.server.answers import Refused, invalid
from motionalchemy.server.page_words import refusal, words
from motionalchemy.server.service import Service, Who

BRUSH = "brush"  # beside the regions that a Request knows: what the person painted
LOCALISED = "localised"  # the code of a refusal that is in the person's language already
SEEDS = 2**31  # of which one is drawn where none is given
_SEPARATORS = re.compile(r"[,，、;；\s]+")
_BARS = str.maketrans("|｜", "，，")


class Desk:
    """Takes what a person filled in, in one language; every method returns the id of a queued video.

    All raise Refused, whose message is already in that language when LOCALISED is its code.
    """

    def __init__(self, service: Service, language: str):
        self.service, self.language, self.words = service, language, words(language)

    def refusal(self, refused: Any) -> str:
        """What to tell the person, one sentence."""
        return refused.message if refused.code == LOCALISED else refusal(self.language, refused)

    async def animate(
        self,
        who: Who,
        image: str | None,
        prompt: str,
        seconds: str,
        own: dict[str, Any],
        last: str | None,
        audio: str | None = None,
    ) -> str:
        """Animate a picture with one sentence, `audio` for who talks in it; without a picture, the sentence alone is
        imagined."""
        self.check_camera(own.get("camera"))
        beside = given({"last": last, "audio": audio})
        if image is None:
            if beside or own.get("camera"):
                raise self._no("no_picture")
            return await self._imagined(who, self._prompt(prompt), seconds, own)
        with _opened(image, *beside.values()) as (picture, *rest):
            body = {"prompt": self._prompt(prompt), "input_reference": picture, "seconds": seconds}
            return await self._create(who, body, own | dict(zip(beside, rest, strict=True)))

    def check_camera(self, keys: str | None) -> None:
        """Raise Refused for keys of a camera that cannot be read, before anything is uploaded; nothing is fine."""
        try:
            if (keys or "").strip():
                camera_keys.parse(str(keys))
        except InputError as error:
            raise invalid(str(error), "motionalchemy[camera]") from None

    async def views(
        self, who: Who, views: list[str], prompt: str, seconds: str, angles: str, own: dict[str, Any]
    ) -> str:
        """Move the camera through several pictures of one thing; `angles` is text, one number for each."""
        if len(views) < 2:
            raise self._no("no_views")
        own = own | {"angles": self._angles(angles)}
        with _opened(*views) as pictures:
            return await self._create(who, {"prompt": prompt.strip(), "seconds": seconds}, own | {"views": pictures})

    async def motion(
        self, who: Who, image: str | None, prompt: str, clip: str | None, names: list[str], own: dict[str, Any]
    ) -> str:
        """Animate a picture as an uploaded clip or learned motions show, each `NAME` or `NAME:0.8`."""
        if image is None:
            raise self._no("no_picture")
        if clip is None and not names:
            raise self._no("no_motion")
        own = own.copy()
        with _opened(image, *([clip] if clip else [])) as (picture, *shown):
            body = {"prompt": self._prompt(prompt), "input_reference": picture, "seconds": own.pop("seconds", None)}
            return await self._create(who, body, own | {"motion": [*names, *shown]})

    async def edit(
        self, who: Who, id: str, clip: str | None, prompt: str, region: str, mask: str, other: str | None,
        own: dict[str, Any],
    ) -> str:  # fmt: skip
        """Edit an uploaded clip or the completed video `id`; `mask` is a data: URI where `region` is BRUSH, and `other` a
        picture of what comes in the place of the region."""
        if region == BRUSH and not mask:
            raise self._no("no_mask")
        own = own | {"region": mask if region == BRUSH else region}
        with self._source(id, clip) as video, _opened(*([other] if other else [])) as pictures:
            body = {"prompt": self._prompt(prompt), "video": video} | dict(
                zip(["input_reference"], pictures, strict=False)
            )
            return await self._derive(who, "edits", shapes.EditBody, body, own)

    async def long(
        self, who: Who, id: str, clip: str | None, image: str | None, parts: str, each: float, own: dict[str, Any]
    ) -> str:
        """Make a long video of parts, a line for each, that begins with a picture or goes on from a clip."""
        lines = [line.strip().translate(_BARS) for line in parts.splitlines() if line.strip()]
        prompt, seconds = self._prompt(story(lines, each)), each * max(1, len(lines))
        if not id and clip is None:
            if image is None:
                raise self._no("no_start")
            return await self.animate(who, image, prompt, str(seconds), own, None)
        with self._source(id, clip) as video:
            body = {"prompt": prompt, "video": video, "seconds": seconds}
            return await self._derive(who, "extensions", shapes.ExtendBody, body, own)

    async def remix(self, who: Who, id: str, prompt: str) -> str:
        """Make a video again in other words, or in the same ones with another seed."""
        own = {"seed": secrets.randbelow(SEEDS)}
        body = shapes.checked(shapes.RemixBody, {"prompt": self._prompt(prompt), "motionalchemy": own})
        return (await self.service.remix(who, id, body))["id"]

    async def _imagined(self, who: Who, prompt: str, seconds: str, own: dict[str, Any]) -> str:
        try:
            return await self._create(who, {"prompt": prompt, "seconds": seconds}, own)
        except Refused as refused:
            if refused.code == "invalid_value" and refused.param is None:  # no field is at fault, so the words are
                raise self._no("not_imagined") from refused
            raise

    async def _create(self, who: Who, body: dict[str, Any], own: dict[str, Any]) -> str:
        checked = shapes.checked(shapes.CreateBody, given(body) | {"motionalchemy": drawn(own)})
        return (await self.service.create(who, checked))["id"]

    async def _derive(self, who: Who, route: str, shape: Any, body: dict[str, Any], own: dict[str, Any]) -> str:
        checked = shapes.checked(shape, given(body) | {"motionalchemy": drawn(own)})
        return (await self.service.derive(who, route, checked))["id"]

    def _prompt(self, prompt: str) -> str:
        if not prompt.strip():
            raise self._no("no_prompt")
        return prompt.strip()

    def _angles(self, text: str) -> list[float] | None:
        try:
            return [float(word) for word in _SEPARATORS.split(text.strip().strip(",，")) if word] or None
        except ValueError:
            raise self._no("bad_angles", given=text[:40]) from None

    @contextlib.contextmanager
    def _source(self, id: str, clip: str | None) -> Iterator[Any]:
        """The video that a body names: one of the server's, or an uploaded one."""
        if id:
            yield {"id": id}
        elif clip is None:
            raise self._no("no_clip")
        else:
            with _opened(clip) as (file,):
                yield file

    def _no(self, name: str, **values: Any) -> Exception:
        return invalid(self.words[name].format(**values), code=LOCALISED)


def given(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that somebody filled in."""
    return {name: value for name, value in fields.items() if value is not None and value is not False and value != ""}


def drawn(own: dict[str, Any]) -> dict[str, Any]:
    """Our own fields that somebody filled in, with a seed in any case."""
    return {"seed": secrets.randbelow(SEEDS)} | given(own)


def story(lines: list[str], each: float) -> str:
    """Parts of `each` seconds as one prompt: `0-2: it walks | 2-4: it runs`; one part is its own words."""
    if len(lines) < 2:
        return "".join(lines)
    return " | ".join(f"{number * each:g}-{(number + 1) * each:g}: {line}" for number, line in enumerate(lines))


@contextlib.contextmanager
def _opened(*paths: str) -> Iterator[list[UploadFile]]:
    """Uploaded files as the API gets them."""
    with contextlib.ExitStack() as stack:
        yield [UploadFile(stack.enter_context(open(path, "rb")), filename=Path(path).name) for path in paths]
