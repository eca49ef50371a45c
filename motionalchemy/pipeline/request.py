"""The request: everything that decides a result, strict and frozen, as JSON and back."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from motionalchemy.errors import InputError, UnknownName
from motionalchemy.language import camera_keys
from motionalchemy.language.camera_keys import CameraKey
from motionalchemy.motion.names import MOTION, is_clip, parse_motion, shown_value

LONGEST_PROMPT = 2000  # characters
OBLONG = 8  # times as long as wide a clip of words alone may be
SPACES = re.compile(r"[ \t\r\n\u3000]+")


def _text(value: str) -> str:
    value = SPACES.sub(" ", value).strip()
    if len(value) > LONGEST_PROMPT or any(unicodedata.category(c) in ("Cc", "Cs") for c in value):
        raise ValueError
    return value


def _prompt(value: str) -> str:
    value = _text(value)
    if not any(unicodedata.category(c)[0] in "LN" for c in value):
        raise ValueError
    return value


def _aspect(value: str) -> str:
    sides = re.fullmatch(r"([1-9][0-9]{0,3}):([1-9][0-9]{0,3})", value)
    if sides is None or not 1 / OBLONG <= int(sides[1]) / int(sides[2]) <= OBLONG:
        raise ValueError
    return value


@dataclass(frozen=True)
class Asked:
    """What a task needs, and what it takes beside that and `SHARED`."""

    needs: tuple[str, ...]
    takes: tuple[str, ...] = ()


TASKS: dict[str, Asked] = {
    "animate": Asked(
        ("prompt", "image"),
        ("last", "loop", "seconds", "fps", "motion", "candidates", "camera", "audio", "draft", "draft_mask", "follow"),
    ),
    "imagine": Asked(("prompt",), ("seconds", "fps", "candidates", "aspect")),
    "extend": Asked(("prompt", "video"), ("seconds", "last", "candidates", "draft", "draft_mask", "follow")),
    "edit": Asked(("prompt", "video"), ("image", "region", "strength", "method", "source_prompt", "draft", "follow")),
    "orbit": Asked(("views",), ("prompt", "angles", "close", "seconds", "fps", "draft", "draft_mask", "follow")),
    "retake": Asked(("prompt", "video", "begin", "end")),
}
SHARED = (
    "task",
    "negative",
    "model",
    "size",
    "steps",
    "stages",
    "guidance",
    "guidance_low",
    "seed",
    "device",
    "memory",
    "fast",
    "lora",
    "interpolate",
)
FILES = ("image", "last", "video", "views", "region", "audio", "draft", "draft_mask")  # fields that may name files
REGIONS = ("auto", "all", "subject", "background")
OWN_WORDS = {"region": REGIONS, "draft": ("nano", "none")}  # what stands in these fields and is no file
LONGEST = 600  # seconds of a clip


class Request(BaseModel):
    """What is asked of `make`; None leaves a choice to the model, and `settled` fills it in.

    Every field's description is the allowed range and its example is the remedy that a refusal names; use `parse` to
    read one from outside. Runs of white space in a prompt count as one space. `FILES` are paths, None when they are
    handed over in memory. `TASKS` says which task needs and takes which field.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    task: Literal["animate", "imagine", "extend", "edit", "orbit", "retake"] = Field(
        "animate", description=f"one of {', '.join(TASKS)}", examples=["animate"]
    )
    prompt: Annotated[str, AfterValidator(_prompt)] | None = Field(
        None,
        description=f"1 to {LONGEST_PROMPT} characters with a letter or digit among them and no control characters",
        examples=["the horse gallops to the right"],
    )
    negative: Annotated[str, AfterValidator(_text)] = Field(
        "",
        description=f"at most {LONGEST_PROMPT} characters with no control characters",
        examples=["blurry"],
    )
    image: str | None = Field(None, description="the path of a picture", examples=["horse.png"])
    last: str | None = Field(None, description="the path of a picture", examples=["end.png"])
    video: str | None = Field(None, description="the path of a clip", examples=["horse.mp4"])
    views: list[str] | None = Field(
        None, description="the paths of 2 to 64 pictures", examples=[["a.png", "b.png"]], min_length=2, max_length=64
    )
    angles: list[Annotated[float, Field(ge=-3600, le=3600, allow_inf_nan=False)]] | None = Field(
        None, description="as many numbers of degrees, -3600 to 3600, as there are views", examples=[[0.0, 90.0]]
    )
    close: bool = Field(False, description="true or false", examples=[True])
    loop: bool = Field(False, description="true or false", examples=[True])
    motion: list[str] | None = Field(
        None,
        description="1 to 8 names or files of learned motions, each with an optional :weight, and at most one clip",
        examples=[["moonwalk:0.8"]],
        min_length=1,
        max_length=8,
    )
    camera: str | None = Field(
        None,
        description="two or more keys of a camera's path, SECONDS:RIGHT,DOWN,ZOOM, in seconds and picture widths",
        examples=[camera_keys.EXAMPLE],
        min_length=1,
        max_length=4000,
    )
    draft: str | None = Field(None, description="nano, none or the path of a clip", examples=["nano"], min_length=1)
    draft_mask: str | None = Field(None, description="the path of a clip, white where it is asked", examples=["m.mp4"])
    follow: float | None = Field(
        None, description="0 to 1: how closely the draft is followed", examples=[0.5], ge=0, le=1, allow_inf_nan=False
    )
    audio: str | None = Field(None, description="the path of a sound", examples=["voice.wav"])
    region: str = Field(
        "auto", description=f"{', '.join(REGIONS)} or the path of a mask", examples=["subject"], min_length=1
    )
    method: Literal["reference", "contrast", "redraw"] | None = Field(
        None, description="reference, contrast or redraw", examples=["contrast"]
    )
    strength: float | None = Field(
        None, description="more than 0 and at most 1", examples=[0.6], gt=0, le=1, allow_inf_nan=False
    )
    source_prompt: Annotated[str, AfterValidator(_text)] = Field(
        "",
        description=f"at most {LONGEST_PROMPT} characters with no control characters",
        examples=["a horse runs"],
    )
    begin: float | None = Field(
        None, description="the second at which to begin, 0 or more", examples=[0.5], ge=0, le=86400, allow_inf_nan=False
    )
    end: float | None = Field(
        None, description="the second at which to end, after begin", examples=[1.2], gt=0, le=86400, allow_inf_nan=False
    )
    model: str = Field("nano", description="the name of a model or the folder of one", examples=["nano"])
    seconds: float | None = Field(
        None,
        description=f"more than 0 and at most {LONGEST} seconds (0 asks `imagine` for a still)",
        examples=[2],
        ge=0,
        le=LONGEST,
        allow_inf_nan=False,
    )
    fps: float | None = Field(
        None, description="1 to 60 frames per second", examples=[24], ge=1, le=60, allow_inf_nan=False
    )
    size: int | None = Field(None, description="64 to 2048 whole pixels", examples=[256], ge=64, le=2048)
    aspect: Annotated[str, AfterValidator(_aspect)] | None = Field(
        None, description="WIDTH:HEIGHT, one at most 8 times the other", examples=["16:9"]
    )
    steps: int | None = Field(None, description="a whole number, 1 to 200", examples=[8], ge=1, le=200)
    stages: int | None = Field(None, description="a whole number, 1 to 4", examples=[2], ge=1, le=4)
    guidance: float | None = Field(None, description="0 to 20", examples=[3], ge=0, le=20, allow_inf_nan=False)
    guidance_low: float | None = Field(
        None,
        description="0 to 20, of the second network of a model that has two",
        examples=[3],
        ge=0,
        le=20,
        allow_inf_nan=False,
    )
    candidates: int | None = Field(
        None,
        description="a whole number, 1 to 32",
        examples=[8],
        ge=1,
        le=32,
    )
    seed: int = Field(0, description="a whole number, 0 to 9223372036854775807", examples=[0], ge=0, lt=2**63)
    device: str = Field("auto", description="auto, cpu, cuda or cuda:N", examples=["auto"])
    memory: Literal[8, 12, 24, 48, 80] | None = Field(
        None, description="8, 12, 24, 48 or 80 gigabytes of the GPU", examples=[24]
    )
    fast: int = Field(0, description="0, 1 or 2", examples=[1], ge=0, le=2)
    interpolate: int = Field(
        1, description="a whole number, 1 to 4: how many times as many frames a second", examples=[2], ge=1, le=4
    )
    lora: list[str] | None = Field(
        None,
        description="paths of 1 to 8 LoRA files, each with an optional :weight",
        examples=[["style.safetensors:0.8"]],
        min_length=1,
        max_length=8,
    )


class Settled(Request):
    """A request in which no choice is left to the model, but for `steps`, whose sharing is the stages' own.

    A clip that is given decides `fps` and, unless it is extended, `seconds`.
    """

    prompt: str  # type: ignore[assignment]
    seconds: float = Field(gt=-1)  # type: ignore[assignment]
    fps: float = Field(gt=0)  # type: ignore[assignment]
    size: int  # type: ignore[assignment]
    stages: int  # type: ignore[assignment]
    guidance: float  # type: ignore[assignment]
    candidates: int  # type: ignore[assignment]

    @property
    def asked(self) -> dict[str, Any]:
        """The fields that this task takes, as JSON holds them: what makes the same clip again."""
        task = TASKS[self.task]
        return self.model_dump(mode="json", include={*SHARED, *task.needs, *task.takes})


def parse(fields: Mapping[str, Any]) -> Request:
    """A Request from what a person wrote; raises InputError in one sentence, UnknownName for a field it has not."""
    try:
        return fitting(Request.model_validate(dict(fields)))
    except ValidationError as error:
        first = error.errors()[0]
    name = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        raise UnknownName("field", name, Request.model_fields)
    raise _refusal(name, fields[name])


def fitting(request: Request) -> Request:
    """The request, if its fields are those of its task; raises InputError. What may come in memory is not missed."""
    task, fields = TASKS[request.task], Request.model_fields
    for name in fields:
        value = getattr(request, name)
        if value != fields[name].default and name not in (*SHARED, *task.needs, *task.takes):
            takes = ", ".join((*task.needs, *task.takes))
            raise InputError(
                f"{name} {shown_value(value)} is not for {request.task}, which takes {takes}: leave it out"
            )
        if value is None and name in task.needs and name not in FILES:
            raise InputError(f"{name} is missing: {_advice(name)}")
    if request.seconds == 0 and request.task != "imagine":
        raise _refusal("seconds", request.seconds)
    if request.begin is not None and request.end is not None and request.end <= request.begin:
        raise InputError(f"end {request.end:g} is not after begin {request.begin:g}: give the later second as end")
    if request.angles is not None and request.views is not None and len(request.angles) != len(request.views):
        given = f"{len(request.angles)} angles for {len(request.views)} views"
        raise InputError(f"{given} do not match: give one angle for each view")
    if request.loop and request.last is not None:
        raise InputError("loop returns to the first image, so it takes no last image: leave out one of the two")
    if request.camera is not None:
        _check_camera(request, camera_keys.parse(request.camera))
    if request.motion:
        _check_motions(request.motion)
    return request


def _check_camera(request: Request, keys: tuple[CameraKey, ...]) -> None:
    if request.last is not None:
        raise InputError("camera goes its own way and arrives at no last image: leave out one of the two")
    if request.loop and replace(keys[-1], seconds=0.0) != keys[0]:
        raise InputError("loop returns to the first image, so the last key of the camera must be like its first")


def _check_motions(motions: list[str]) -> None:
    named = [parse_motion(text) for text in motions]
    if twice := [name for i, (name, _) in enumerate(named) if name in [n for n, _ in named[:i]]]:
        raise InputError(f"motion {twice[0]!r} is given twice: give it once, with a weight such as 1.5")
    clips = [(name, weight) for name, weight in named if is_clip(name)]
    if len(clips) > 1:
        raise InputError(f"motion takes one clip, not {len(clips)}: learn a motion from several with learn")
    for name, weight in clips:
        if weight is not None:
            raise InputError(f"motion {name!r} is a clip, which takes no weight: leave out :{weight:g}")


def _refusal(name: str, value: Any) -> InputError:
    return InputError(f"{name} {shown_value(value)} cannot be used: {_advice(name)}")


def _advice(name: str) -> str:
    field = Request.model_fields[name]
    return f"it must be {field.description}, such as {(field.examples or [None])[0]!r}"


def files(fields: Mapping[str, Any]) -> dict[str, str]:
    """The paths in a request's fields by name, those of a list numbered from 1: `views 1`."""
    found: dict[str, str] = {}
    for name in FILES:
        value = fields.get(name)
        if isinstance(value, list):
            found |= {f"{name} {number}": str(path) for number, path in enumerate(value, start=1)}
        elif value is not None and not (name in OWN_WORDS and value in OWN_WORDS[name]):
            found[name] = str(value)
    named = [parse_motion(str(text))[0] for text in fields.get("motion") or ()]
    return found | {f"motion {i}": name for i, name in enumerate(named, start=1) if not MOTION.fullmatch(name)}
