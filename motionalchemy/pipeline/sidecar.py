"""The sidecar of a result: everything needed to make the same bytes again, as JSON beside the file."""

import json
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from motionalchemy import __version__
from motionalchemy.errors import InputError
from motionalchemy.media import files as media_files
from motionalchemy.parts import packages
from motionalchemy.pipeline.request import FILES, TASKS, Request, Settled, files, parse

DECIDE = ("torch", "numpy", "opencv-python-headless", "pillow", "av")  # packages whose versions decide the bytes


@dataclass(frozen=True)
class Again:
    """What a sidecar asks for: the request, the file it made, that file's SHA-256, and what it was made by."""

    request: Request
    output: Path
    sha256: str
    made_by: dict[str, str]

    @property
    def threads(self) -> int | None:
        """With how many threads it was made; None where the sidecar does not say."""
        said = str(self.made_by.get("threads", ""))
        return int(said) if re.fullmatch("[1-9][0-9]{0,3}", said) else None


def path_for(output: Path) -> Path:
    """Where the sidecar of an output stands."""
    return output.with_suffix(".json")


def text(
    request: Settled,
    model: str,
    sha256: str,
    inputs: dict[str, str],
    timings: dict[str, float],
    output: Path,
    found: Mapping[str, Any],
) -> str:
    """Everything needed to make `output` again, as JSON text; `sha256` is that of the weights, `found` what was seen."""
    facts = {
        "request": request.asked,
        "made_by": made_by(model, sha256),
        "inputs": inputs,
        "found": dict(found),
        "output": {"file": output.name, "sha256": media_files.sha256(output)},
        "timings": {phase: round(seconds, 3) for phase, seconds in timings.items()},
    }
    return json.dumps(facts, ensure_ascii=False, indent=2) + "\n"


def made_by(model: str, sha256: str) -> dict[str, str]:
    """The model, its weights, the versions and the number of threads that decide the bytes of a result."""
    found = {"model": model, "sha256": sha256, "python": platform.python_version(), "motionalchemy": __version__}
    found["threads"] = str(torch.get_num_threads())
    return found | {name: packages.version_of(name) or "unknown" for name in DECIDE}


def again(path: Path) -> Again:
    """A sidecar read back; raises InputError when it is none, or when a picture is no longer the file it was.

    A relative picture is looked for from the working folder, then from the sidecar's own.
    """
    facts, name = _facts(path), repr(str(path))
    fields, inputs = dict(facts["request"]), facts["inputs"]
    task = TASKS.get(fields.get("task", "animate"), TASKS["animate"])
    memory = [need for need in task.needs if need in FILES and fields.get(need) is None]
    if memory := memory + ["motion"] * ("motion 0" in inputs):
        raise InputError(f"{name} was made from a {memory[0]} in memory: call the same function with it again")
    for label, given in files(fields).items():
        found = next((str(p) for p in (Path(given), path.parent / given) if p.is_file()), None)
        if found is None:
            raise InputError(f"the {label} {given!r} of {name} is not there: put it back")
        if media_files.sha256(Path(found)) != inputs.get(label):
            raise InputError(f"the {label} {given!r} of {name} is not the file it was: put the old one back")
        field, _, number = label.partition(" ")
        if number:
            at = int(number) - 1
            said = fields[field][at].replace(given, found, 1)  # a motion may have a weight behind it
            fields[field] = [*fields[field][:at], said, *fields[field][at + 1 :]]
        else:
            fields[field] = found
    output = facts["output"]
    return Again(parse(fields), path.parent / Path(output["file"]).name, str(output["sha256"]), dict(facts["made_by"]))


def check(path: Path) -> None:
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
