"""From the shapes on the wire to a Request and its files, and from a job back to a Video."""

import base64
import binascii
import json
import math
import re
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import UploadFile

from motionalchemy.errors import InputError
from motionalchemy.pipeline.request import FILES, OWN_WORDS, SHARED, TASKS, Request
from motionalchemy.server import shapes
from motionalchemy.server.answers import Refused, invalid
from motionalchemy.server.jobs import CANCELLED, COMPLETED, FAILED, IN_PROGRESS, QUEUED, Job
from motionalchemy.server.shapes import NAMESPACE, SOLE, ImageReference, Own, RemixBody, VideoReference

ROUTES = {"create": ("animate", "imagine", "orbit"), "edits": ("edit", "retake"), "extensions": ("extend",)}
_MOTION = re.compile(r"[\w-]{1,64}(:-?[0-9.]{1,8})?")  # a name and a weight, never a path
_NO_MOTION = "motion cannot be used: it must be names of learned motions, or a clip as a file or a data: URI"

Source = UploadFile | bytes | Path  # what a file is taken from: an upload, a data: URI, another job's file


@dataclass(frozen=True)
class Wanted:
    """What a body asks for: fields of a Request, files for some of them, and the exact size in pixels if one is given.

    The names in `files` are those that the files get in the job's folder; `fields` already hold them.
    """

    fields: dict[str, Any]
    files: dict[str, Source] = field(default_factory=dict)
    size: tuple[int, int] | None = None  # (width, height)
    remixed_from: str | None = None


def wanted(route: str, body: Any, clip: Path | None = None) -> Wanted:
    """What a checked body asks for; `clip` is the file of the video that its id names. Raises Refused."""
    fields, files = {"prompt": body.prompt}, {}
    for wire, name in SOLE.items():
        if (given := getattr(body, wire, None)) is not None:
            fields[name] = wire
            files[wire] = clip if isinstance(given, VideoReference) and clip else source(given, wire)
    if (seconds := getattr(body, "seconds", None)) is not None:
        fields["seconds"] = number(seconds)
    _own(body.motionalchemy, fields, files)
    fields["task"] = task(route, fields)
    size = None
    if (given := getattr(body, "size", None)) is not None:
        if "size" in fields:
            raise invalid("size is told twice: give either size or motionalchemy[size]", "size")
        width, height = (int(side) for side in given.split("x"))
        size, fields["size"] = (width, height), round(math.sqrt(width * height))
        if fields["task"] == "imagine":  # no picture decides the shape
            fields.setdefault("aspect", f"{width}:{height}")
    return Wanted({k: v for k, v in fields.items() if v is not None}, files, size)


def remixed(job: Job, body: RemixBody, folder: Path) -> Wanted:
    """A job's request with another prompt, and with other fields of our own where they are given."""
    fields = json.loads(job.request) | {"prompt": body.prompt}
    files: dict[str, Source] = {name: folder / name for name in job.facts["files"]}
    _own(body.motionalchemy, fields, files)
    return Wanted({k: v for k, v in fields.items() if v is not None}, files, None, job.id)


def task(route: str, fields: Mapping[str, Any]) -> str:
    """The task of a body: the one it names, or the one that its files ask for; raises Refused."""
    named, allowed = fields.get("task"), ROUTES[route]
    if named is None:
        if route != "create":
            return allowed[0]
        return "orbit" if "views" in fields else "animate" if "image" in fields else "imagine"
    if named not in allowed:
        raise invalid(f"task {str(named)[:40]!r} is not for this address: use {', '.join(allowed)}", _param("task"))
    return str(named)


def _own(own: Any, fields: dict[str, Any], files: dict[str, Source]) -> None:
    """Add the fields of our own, files replaced by their names and text by the numbers that it stands for."""
    given = own.model_dump(exclude_unset=True) if own is not None else {}
    for name, value in given.items():
        if name == "views" and isinstance(value, list):
            names = [f"view-{number}" for number in range(1, len(value) + 1)]
            files.update({file: source(view, _param(name)) for file, view in zip(names, value, strict=True)})
            fields[name] = names
        elif name in FILES and not (isinstance(value, str) and value in OWN_WORDS.get(name, ())):
            fields[name] = name + _suffix(value)
            files[fields[name]] = source(value, _param(name))
        elif name == "motion" and isinstance(value, list):
            fields[name] = [_motion(motion, number, files) for number, motion in enumerate(value, start=1)]
        else:
            fields[name] = literal(name, value)


def _motion(given: Any, number: int, files: dict[str, Source]) -> str:
    """A learned motion by its name, or the name that the file of a clip gets; raises Refused."""
    if isinstance(given, str) and not given.startswith("data:"):
        if not _MOTION.fullmatch(given):
            raise invalid(_NO_MOTION, _param("motion"))
        return given
    name = f"motion-{number}.mp4"
    files[name] = source(given, _param("motion"))
    return name


def literal(name: str, value: Any) -> Any:
    """A value of a form, which is always text, as the number or truth that this field of a Request wants."""
    if isinstance(value, list):
        return [literal(name, part) for part in value]
    if not isinstance(value, str) or str in _kinds(Request.model_fields[name].annotation):
        return value
    try:
        return json.loads(value, parse_constant=str)
    except (ValueError, RecursionError):
        return value


def _kinds(annotation: Any) -> set[Any]:
    """The plain types that an annotation names at its top, str for a choice of words."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return set().union(*map(_kinds, typing.get_args(annotation)))
    if typing.get_origin(annotation) is Annotated:
        return _kinds(typing.get_args(annotation)[0])
    return {str} if typing.get_origin(annotation) is Literal else {annotation}


def number(seconds: str | float) -> float:
    """A length that may be text; raises Refused."""
    try:
        value = float(seconds) if not isinstance(seconds, str) or len(seconds) <= 20 else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise invalid(f"seconds {str(seconds)[:20]!r} cannot be used: it must be a number, such as 2", "seconds")
    return value


def source(given: Any, param: str) -> Source:
    """The file that a field holds, uploaded or as a data: URI; raises Refused for any other address."""
    given = given["image_url"] if isinstance(given, Mapping) and set(given) == {"image_url"} else given
    given = given.image_url if isinstance(given, ImageReference) else given
    if not isinstance(given, str):
        if isinstance(given, Mapping | list | int | float) or given is None or not hasattr(given, "read"):
            raise invalid(f"{param} cannot be used: it must be a file or a data: URI with base64", param)
        return given
    head, comma, data = given.partition(",")
    if not (head.startswith("data:") and head.endswith(";base64") and comma):
        advice = "this server fetches no address, so send the file itself or a data: URI with base64"
        raise invalid(f"{param} {given[:40]!a} cannot be used: {advice}", param)
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise invalid(f"{param} cannot be used: its base64 is damaged, so encode it again", param) from None


def refusal(error: InputError, size: tuple[int, int] | None = None) -> Refused:
    """A refused Request as an answer; its field is named as the client named it, and so is a `size` in pixels."""
    words = str(error)
    given = "x".join(map(str, size or ()))
    if size is not None and words.startswith("aspect "):
        return invalid(f"size {given} cannot be used: one side may be at most 8 times the other", "size")
    if size is not None and words.startswith("size "):
        return invalid(f"size {given} has the area of a square whose {words}", "size")
    name = words.split()[0] if words else ""
    wire = {name: wire for wire, name in SOLE.items()}.get(name)
    own = _param(name) if name in Own.model_fields else None
    return invalid(words, wire or own or (name if name in Request.model_fields else None))


def _notes(value: Any, files: Sequence[str]) -> Any:
    """A field of a request without the names of files."""
    return [part for part in value if part not in files] if isinstance(value, list) else value


def _suffix(given: Any) -> str:
    """The ending of an uploaded video: a mask may move, and its ending says so."""
    ending = Path(str(getattr(given, "filename", "") or "")).suffix.lower()
    return ending if ending in (".mp4", ".webm", ".mov") else ""


def _param(name: str) -> str:
    return f"{NAMESPACE}[{name}]"


def video(job: Job, position: int | None, keep_seconds: float) -> dict[str, Any]:
    """A job as the Video that a client sees."""
    request, facts = json.loads(job.request), job.facts
    at = job.standing if job.state in (IN_PROGRESS, FAILED, CANCELLED) else {}
    progress = 100 if job.state == COMPLETED else min(99, int(100 * at.get("fraction", 0)))
    error = {"code": job.error_code, "message": job.error_message} if job.error_code else None
    named = {name for name, words in OWN_WORDS.items() if request.get(name) in words}
    hidden = {*FILES, "prompt", "model", "device"} - named
    request["lora"] = request.get("lora") and [Path(text).name for text in request["lora"]]
    asked = TASKS[facts["task"]]
    shown = [name for name in (*SHARED, *asked.needs, *asked.takes) if name not in hidden and request[name] is not None]
    running = at if job.state == IN_PROGRESS else {}
    standing = {name: running.get(name) for name in shapes.RUNNING}
    return {
        "id": job.id, "object": "video", "model": facts["model"], "status": job.state,
        "progress": 0 if job.state == QUEUED else progress,
        "created_at": int(job.created_at),
        "completed_at": int(job.ended_at) if job.ended_at and job.state == COMPLETED else None,
        "expires_at": int(job.ended_at + keep_seconds) if job.ended_at else None,
        "prompt": request.get("prompt"), "size": f"{facts['width']}x{facts['height']}",
        "seconds": f"{round(facts['seconds'], 1):g}", "remixed_from_video_id": facts.get("remixed_from"), "error": error,
        "motionalchemy": standing | {
            "task": facts["task"], "frames": facts["frames"], "fps": facts["fps"], "notes": facts["notes"],
            "position": position,
            "settings": {name: value for name in shown if (value := _notes(request[name], facts["files"])) != []},
        },
    }  # fmt: skip
