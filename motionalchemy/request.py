"""The request: everything that decides a result, strict and frozen, as JSON and back; and the sidecar of a result."""

import json
import platform
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from motionalchemy import media
from motionalchemy.errors import InputError, UnknownName

LONGEST_PROMPT = 2000  # characters
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


class Request(BaseModel):
    """What is asked of `make`; None leaves a choice to the model, and `settled` fills it in.

    Every field's description is the allowed range and its example is the remedy that a refusal names; use `parse` to
    read one from outside. Runs of white space in a prompt count as one space. `image` and `last` are paths of pictures,
    None when they are handed over in memory.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    task: Literal["animate"] = Field("animate", description="the name of a task", examples=["animate"])
    prompt: Annotated[str, AfterValidator(_prompt)] = Field(
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
    loop: bool = Field(False, description="true or false", examples=[True])
    model: str = Field("nano", description="the name of a model or the folder of one", examples=["nano"])
    seconds: float | None = Field(
        None, description="more than 0 and at most 60 seconds", examples=[2], gt=0, le=60, allow_inf_nan=False
    )
    fps: float | None = Field(
        None, description="1 to 60 frames per second", examples=[24], ge=1, le=60, allow_inf_nan=False
    )
    size: int | None = Field(None, description="64 to 1024 whole pixels", examples=[256], ge=64, le=1024)
    steps: int | None = Field(None, description="a whole number, 1 to 200", examples=[8], ge=1, le=200)
    stages: int | None = Field(None, description="a whole number, 1 to 4", examples=[2], ge=1, le=4)
    guidance: float | None = Field(None, description="0 to 20", examples=[3], ge=0, le=20, allow_inf_nan=False)
    seed: int = Field(0, description="a whole number, 0 to 9223372036854775807", examples=[0], ge=0, lt=2**63)
    device: str = Field("auto", description="auto, cpu, cuda or cuda:N", examples=["auto"])


class Settled(Request):
    """A request in which no choice is left to the model, but for `steps`, whose sharing is the stages' own."""

    seconds: float  # type: ignore[assignment]
    fps: float  # type: ignore[assignment]
    size: int  # type: ignore[assignment]
    stages: int  # type: ignore[assignment]
    guidance: float  # type: ignore[assignment]


@dataclass(frozen=True)
class Again:
    """What a sidecar asks for: the request, the file it made, that file's SHA-256, and what it was made by."""

    request: Request
    output: Path
    sha256: str
    made_by: dict[str, str]


def parse(fields: Mapping[str, Any]) -> Request:
    """A Request from what a person wrote; raises InputError in one sentence, UnknownName for a field it has not."""
    try:
        return Request.model_validate(dict(fields))
    except ValidationError as error:
        first = error.errors()[0]
    name = str(first["loc"][0])
    if first["type"] == "extra_forbidden":
        raise UnknownName("field", name, Request.model_fields)
    field = Request.model_fields[name]
    advice = f"it must be {field.description}, such as {(field.examples or [None])[0]!r}"
    if first["type"] == "missing":
        raise InputError(f"{name} is missing: {advice}")
    raise InputError(f"{name} {_shown(fields[name])} cannot be used: {advice}")


def beside(output: Path) -> Path:
    """Where the sidecar of an output stands."""
    return output.with_suffix(".json")


def sidecar(
    request: Settled, model: str, sha256: str, inputs: dict[str, str], timings: dict[str, float], output: Path
) -> str:
    """Everything needed to make `output` again, as JSON text; `sha256` is that of the weights."""
    facts = {
        "request": request.model_dump(mode="json"),
        "made_by": made_by(model, sha256),
        "inputs": inputs,
        "output": {"file": output.name, "sha256": media.sha256(output)},
        "timings": {phase: round(seconds, 3) for phase, seconds in timings.items()},
    }
    return json.dumps(facts, ensure_ascii=False, indent=2) + "\n"


def made_by(model: str, sha256: str) -> dict[str, str]:
    """The model, its weights and the versions that decide the bytes of a result."""
    found = {"model": model, "sha256": sha256, "python": platform.python_version()}
    for package in ("motionalchemy", "torch", "av", "pillow"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "source"
    return found


def again(path: Path) -> Again:
    """A sidecar read back; raises InputError when it is none, or when a picture is no longer the file it was.

    A relative picture is looked for from the working folder, then from the sidecar's own.
    """
    facts, name = _facts(path), repr(str(path))
    fields, inputs = dict(facts["request"]), facts["inputs"]
    if fields.get("image") is None:
        raise InputError(f"{name} was made from a picture in memory: call `animate` with that picture")
    for picture in ("image", "last"):
        if fields.get(picture) is None:
            continue
        given = str(fields[picture])
        found = next((str(p) for p in (Path(given), path.parent / given) if p.is_file()), None)
        if found is None:
            raise InputError(f"the {picture} {given!r} of {name} is not there: put it back")
        if media.sha256(Path(found)) != inputs.get(picture):
            raise InputError(f"the {picture} {given!r} of {name} is not the file it was: put the old one back")
        fields[picture] = found
    output = facts["output"]
    return Again(parse(fields), path.parent / Path(output["file"]).name, str(output["sha256"]), dict(facts["made_by"]))


def check_sidecar(path: Path) -> None:
    """Raise InputError if something stands at `path` that is not the sidecar of an earlier result."""
    if path.exists():
        try:
            _facts(path)
        except InputError as error:
            raise InputError(f"{str(path)!r}, where the sidecar goes, is another file: rename the output") from error


def _facts(path: Path) -> dict[str, Any]:
    """A sidecar's JSON with its parts in place; raises InputError."""
    name, remedy = repr(str(path)), "give the .json that was written beside a clip"
    try:
        facts = json.loads(path.read_bytes())
        parts = (facts["request"], facts["inputs"], facts["made_by"], facts["output"])
        if not all(isinstance(part, dict) for part in parts) or not {"file", "sha256"} <= parts[-1].keys():
            raise ValueError
    except OSError as error:
        raise InputError(f"{name} cannot be read ({error.strerror}): {remedy}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{name} is not the sidecar of a clip: {remedy}") from error
    return facts


def _shown(value: Any) -> str:
    """A value as a short part of a sentence, with its length where it had to be cut."""
    words = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    length = len(value) if isinstance(value, str) else len(words)
    return words if len(words) <= 60 else f"{words[:40]}… ({length} characters)"
