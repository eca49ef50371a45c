"""The shapes of bodies and answers: OpenAI's for videos, with one field of our own, `motionalchemy`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import UploadFile
from pydantic import BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema, create_model
from pydantic.json_schema import models_json_schema

from motionalchemy.errors import UnknownName
from motionalchemy.pipeline.request import FILES, REGIONS, Request
from motionalchemy.server.answers import invalid

NAMESPACE = "motionalchemy"
SOLE = {"input_reference": "image", "video": "video"}  # files with a name of their own on the wire -> Request's
LOADED = {"model", "device"}  # decided by whoever serves it
SERVER_ONLY = {"prompt", "seconds", *LOADED, *SOLE.values()}  # given elsewhere, or not for a client to decide


SAID = {
    "region": f"{', '.join(REGIONS)} or a mask",
    "audio": "a sound",
    "draft": "nano, none or a clip",
    "draft_mask": "a clip, white where it is asked",
}


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


class ImageReference(_Closed):
    """A picture inside the body; a server that fetched addresses could be sent anywhere."""

    image_url: str = Field(description="a data: URI with base64", examples=["data:image/png;base64,iVBORw0KGgo="])


class VideoReference(_Closed):
    """A completed video of this server."""

    id: str = Field(description="the id of a completed video", max_length=64)


Size = Annotated[str, Field(pattern=r"^[1-9][0-9]{1,3}x[1-9][0-9]{1,3}$", description="WIDTHxHEIGHT in pixels")]
Seconds = Annotated[str | float, Field(union_mode="left_to_right", description="the length, such as 2 or '2'")]
Prompt = Annotated[str, Field(description="what happens, in English or Chinese", min_length=1)]
File = Annotated[UploadFile, Field(json_schema_extra={"type": "string", "format": "binary"})]


def _own_fields() -> dict[str, Any]:
    """Our own fields: a Request's, with its descriptions, files instead of paths; checked later, by the Request."""
    fields: dict[str, Any] = {}
    for name, schema in Request.model_json_schema()["properties"].items():
        if name in SERVER_ONLY:
            continue
        if name in FILES:
            words = SAID.get(name, "a picture")
            one = {"type": "string", "description": f"{words}, as a file or a data: URI"}
            schema = {"type": "array", "items": one} if name == "views" else one
        if name == "lora":
            words = "the name of a LoRA of this server with an optional :weight"
            schema = {"type": "array", "items": {"type": "string", "description": words}, "minItems": 1, "maxItems": 8}
        if name == "motion":
            words = "the name of a learned motion with an optional :weight, or a clip as a file or a data: URI"
            schema = {"type": "array", "items": {"type": "string", "description": words}, "minItems": 1, "maxItems": 8}
        kind = list[Any] if name in ("views", "angles", "motion", "lora") else Any
        fields[name] = (Annotated[kind | None, WithJsonSchema(schema)], None)
    return fields


Own = create_model("Own", __base__=_Closed, __doc__="Fields that the OpenAI shape has no place for.", **_own_fields())
BODY_REFERENCE = "#/components/schemas/{model}"
OwnFields = Annotated[Own | None, Field(description="fields that the OpenAI shape has no place for")]  # type: ignore


class CreateBody(_Closed):
    """POST /v1/videos: an image and a sentence, or a sentence alone, or several views, become a video."""

    prompt: Prompt | None = None
    model: str | None = Field(None, description="the model of this server", max_length=200)
    seconds: Seconds | None = None
    size: Size | None = None
    input_reference: File | ImageReference | str | None = Field(None, description="the picture that moves")
    motionalchemy: OwnFields = None


class EditBody(_Closed):
    """POST /v1/videos/edits: a video becomes another one with the same motion."""

    prompt: Prompt
    video: File | VideoReference | str = Field(description="the video, as a file, {id} or a data: URI")
    input_reference: File | ImageReference | str | None = Field(
        None, description="a picture of what comes in the place of the subject or of the background"
    )
    motionalchemy: OwnFields = None


class ExtendBody(_Closed):
    """POST /v1/videos/extensions: a video goes on; `seconds` is the length of what is new."""

    prompt: Prompt
    video: File | VideoReference | str = Field(description="the video, as a file, {id} or a data: URI")
    seconds: Seconds | None = None
    motionalchemy: OwnFields = None


class RemixBody(_Closed):
    """POST /v1/videos/{id}/remix: the same request with another prompt."""

    prompt: Prompt
    motionalchemy: OwnFields = None


RUNNING = ("seconds_left", "window", "windows", "stage", "stages", "step", "steps")  # shown while a video is made


class VideoError(BaseModel):
    """Why a video failed."""

    code: str
    message: str


class Standing(BaseModel):
    """Our own part of a Video: its request, and where it stands."""

    task: str
    frames: int
    fps: float
    settings: dict[str, Any] = Field(description="the fields of the request, without names of files")
    notes: list[str] = Field(description="what was decided for the person who asked")
    position: int | None = Field(None, description="how many jobs are to be started before this one")
    seconds_left: float | None = None
    window: int | None = None
    windows: int | None = None
    stage: int | None = None
    stages: int | None = None
    step: int | None = None
    steps: int | None = None


class Video(BaseModel):
    """A video as OpenAI's API describes it, with our part."""

    id: str
    object: Literal["video"] = "video"
    model: str
    status: Literal["queued", "in_progress", "completed", "failed", "cancelled"]
    progress: int = Field(ge=0, le=100)
    created_at: int
    completed_at: int | None = None
    expires_at: int | None = None
    prompt: str | None = None
    size: str
    seconds: str
    remixed_from_video_id: str | None = None
    error: VideoError | None = None
    motionalchemy: Standing


class VideoList(BaseModel):
    """A page of videos."""

    object: Literal["list"] = "list"
    data: list[Video]
    first_id: str | None
    last_id: str | None
    has_more: bool


class VideoDeleted(BaseModel):
    """The answer to a deletion."""

    id: str
    object: Literal["video.deleted"] = "video.deleted"
    deleted: Literal[True] = True


class Model(BaseModel):
    """A model that this server offers."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str
    motionalchemy: dict[str, Any]


class ModelList(BaseModel):
    """All models of this server."""

    object: Literal["list"] = "list"
    data: list[Model]


class ErrorDetail(BaseModel):
    """What went wrong, and which parameter is at fault."""

    message: str
    type: str
    param: str | None
    code: str | None


class ErrorBody(BaseModel):
    """An error in OpenAI's shape."""

    error: ErrorDetail


def body_schemas() -> dict[str, Any]:
    """The JSON schemas of all bodies and of what they are made of, by name."""
    modes: list[tuple[Any, Any]] = [(body, "validation") for body in (CreateBody, EditBody, ExtendBody, RemixBody)]
    return models_json_schema(modes, ref_template=BODY_REFERENCE)[1]["$defs"]


def checked(shape: type[BaseModel], body: Mapping[str, Any]) -> Any:
    """A body in its shape; raises Refused that names the first field which is wrong."""
    try:
        return shape.model_validate(dict(body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    where = [str(part) for part in first["loc"] if str(part) in {*shape.model_fields, *Own.model_fields, "id"}]
    param = where[0] + "".join(f"[{part}]" for part in where[1:]) if where else None
    if first["type"] == "extra_forbidden":
        inside = first["loc"][0] == NAMESPACE
        known = Own.model_fields if inside else shape.model_fields
        name = str(first["loc"][-1])[:60]
        raise invalid(str(UnknownName("parameter", name, known)), None, "unknown_parameter")
    if first["type"] == "missing":
        raise invalid(f"{param} is missing: {shape.model_fields[str(param)].description or 'give it'}", param)
    allowed = (
        " or ".join(["a file", "a data: URI", "an id"]) if param in SOLE else first["msg"][0].lower() + first["msg"][1:]
    )
    raise invalid(f"{param} cannot be used: {allowed}", param)
