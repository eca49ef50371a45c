"""A file of tasks: one request a line as a sidecar holds it (JSON lines), or a CSV whose header names the fields."""

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from motionalchemy.errors import InputError, MotionAlchemyError, UnknownName
from motionalchemy.pipeline.request import FILES, REGIONS, Request, parse

LONGEST_LINE = 1 << 20  # characters
NAMED = 20  # digits of the hash that names a clip
KINDS = (".jsonl", ".ndjson", ".csv")
ENDINGS = (".mp4", ".webm", ".gif", ".webp", ".png")


@dataclass(frozen=True)
class Task:
    """A request, the line of the file on which it stands, and the ending of the file that it becomes."""

    line: int
    request: Request
    ending: str

    @cached_property
    def fields(self) -> dict[str, Any]:
        """What the request says beside what goes without saying, as JSON holds it."""
        return self.request.model_dump(mode="json", exclude_defaults=True) | {"task": self.request.task}

    @cached_property
    def name(self) -> str:
        """The hash of the request and the ending: the same words about the same file have the same name."""
        text = json.dumps([self.fields, self.ending], sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:NAMED]

    @property
    def file(self) -> str:
        """The name of its clip."""
        return self.name + self.ending


@dataclass(frozen=True)
class Unread:
    """A line that is no request, and why."""

    line: int
    reason: str


def read(path: Path, ending: str = ".mp4") -> Iterator[Task | Unread]:
    """The tasks of a file in order, one at a time; lines that are none too. Raises InputError for what `check` does."""
    check(path, ending)
    for line, fields in _rows(path):
        if isinstance(fields, str):
            yield Unread(line, fields)
            continue
        try:
            yield Task(line, parse(fields), ending)
        except MotionAlchemyError as error:
            yield Unread(line, str(error))


def check(path: Path, ending: str) -> int:
    """How many lines that are not empty a file has; raises InputError where it is not a file of tasks, or an ending is
    not one that a clip can have."""
    if ending not in ENDINGS:
        raise UnknownName("format", ending.lstrip("."), [each.lstrip(".") for each in ENDINGS])
    if path.suffix.lower() not in KINDS:
        raise InputError(f"{str(path)!r} is not a .jsonl or a .csv file: write one request a line")
    try:
        with path.open("rb") as file:
            count = sum(1 for line in file if line.strip())
    except OSError as error:
        raise InputError(f"{str(path)!r} cannot be read ({error.strerror}): check the path") from error
    count -= path.suffix.lower() == ".csv"  # its header
    if count < 1:
        raise InputError(f"{str(path)!r} holds no request: write one a line")
    if path.suffix.lower() == ".csv":
        _header(path)
    return count


def located(fields: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The fields with every relative file that is not in the working folder, but in `folder`, named as it lies there."""
    return {name: _there(value, folder) if _files(name, value) else value for name, value in fields.items()}


def _files(name: str, value: Any) -> bool:
    return name in FILES and value is not None and not (name == "region" and value in REGIONS)


def _there(value: Any, folder: Path) -> Any:
    if isinstance(value, list):
        return [_there(each, folder) for each in value]
    here = Path(value).is_absolute() or Path(value).exists() or not (folder / value).exists()
    return value if here else str(folder / value)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    """The number of each line and its fields, or why it has none."""
    if path.suffix.lower() == ".csv":
        yield from _table(path)
        return
    with path.open(encoding="utf-8-sig", errors="replace", newline="\n") as file:
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                while line and not line.endswith("\n"):
                    line = file.readline(LONGEST_LINE)
                yield number, f"the line is longer than {LONGEST_LINE} characters: write one request a line"
            elif line.strip():
                yield number, _fields(line)


def _fields(line: str) -> dict[str, Any] | str:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"the line is not JSON ({str(error)[:100]}): write one request as an object, such as {EXAMPLE}"
    if isinstance(found, dict) and isinstance(found.get("request"), dict):
        found = found["request"]  # a whole sidecar
    return found if isinstance(found, dict) else f"the line is not an object: write one such as {EXAMPLE}"


EXAMPLE = '{"image": "horse.png", "prompt": "the horse gallops"}'


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        names = [name.strip() for name in next(csv.reader(file), [])]
    for name in names:
        if name not in Request.model_fields:
            raise UnknownName("column", name, Request.model_fields)
    return names


def _table(path: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    names = _header(path)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = csv.reader(file)
        next(rows, None)
        while True:
            line = rows.line_num + 1
            try:
                row = next(rows, None)
            except csv.Error as error:
                yield line, f"the row cannot be read ({error}): put what has commas or line ends in double quotes"
                continue
            if row is None:
                return
            if not any(cell.strip() for cell in row):
                continue
            if len(row) > len(names):
                yield (
                    line,
                    f"the row has {len(row)} cells for {len(names)} columns: put what has commas in double quotes",
                )
                continue
            yield line, {n: _cell(n, text.strip()) for n, text in zip(names, row, strict=False) if text.strip()}


def _cell(name: str, text: str) -> Any:
    """A cell as the field takes it: numbers, true and false as JSON has them, lists as JSON or parted by semicolons."""
    kinds = _kinds()[name]
    if "array" in kinds and not text.startswith("["):
        return [_value(part.strip(), "number" in kinds) for part in text.split(";")]
    return text if kinds <= {"string", "null"} else _value(text.lower() if "boolean" in kinds else text)


def _value(text: str, number: bool = True) -> Any:
    try:
        return json.loads(text) if number else text
    except ValueError:
        return text


@cache
def _kinds() -> dict[str, set[str]]:
    """The JSON types that each field of a request may have, and that its items may."""
    found = dict[str, set[str]]()
    for name, schema in Request.model_json_schema()["properties"].items():
        options = schema.get("anyOf", [schema])
        items = [option["items"] for option in options if "items" in option]
        found[name] = {str(each.get("type", "string")) for each in (*options, *items)}
    return found
