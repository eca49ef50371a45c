"""A request with its pictures and clips as paths or in memory, made: every task as one generator of steps."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from motionalchemy.errors import InputError
from motionalchemy.media import reader
from motionalchemy.media.clip import Clip
from motionalchemy.media.reader import Picture
from motionalchemy.models.base import Backbone
from motionalchemy.pipeline.make import make
from motionalchemy.pipeline.progress import Progress
from motionalchemy.pipeline.request import parse

Film = str | Path | Clip
Motions = Film | Sequence[Film]  # learned motions, each NAME, FILE or either with :WEIGHT, and at most one clip


def steps(
    image: Picture | None = None,
    prompt: str | None = None,
    *,
    task: str = "animate",
    last: Picture | None = None,
    video: Film | None = None,
    views: Sequence[Picture] | None = None,
    motion: Motions | None = None,
    audio: str | Path | None = None,
    output: str | Path | None = None,
    backbone: Backbone | None = None,
    cancel: Callable[[], bool] | None = None,
    **options: Any,
) -> Iterator[Progress]:
    """Any task as a generator: yields every step, the last with the result; raises what `make` raises.

    `options` are the other fields of a `Request`. The result goes to the file `output`, if one is given, a loaded
    `backbone` is used instead of loading one, and it stops once `cancel()` is true.
    """
    fields: dict[str, Any] = {"task": task, **options}
    held: dict[str, Any] = {}
    for name, picture in (("image", image), ("last", last)):
        if isinstance(picture, str | Path):
            fields[name] = str(picture)
        elif picture is not None:
            held[name] = reader.as_image(picture)
    if isinstance(video, Clip):
        held["video"] = video
    elif video is not None:
        fields["video"] = str(video)
    if views is not None and all(isinstance(view, str | Path) for view in views):
        fields["views"] = [str(view) for view in views]
    elif views is not None:
        held["views"] = [reader.read_image(Path(v)) if isinstance(v, str | Path) else reader.as_image(v) for v in views]
    if motion is not None:
        shown = [motion] if isinstance(motion, str | Path | Clip) else list(motion)
        clips = [clip for clip in shown if isinstance(clip, Clip)]
        if len(clips) > 1:
            raise InputError("motion takes one clip: learn a motion from several with learn")
        if clips:
            held["motion"] = clips[0]
        fields["motion"] = [str(name) for name in shown if not isinstance(name, Clip)] or None
    if audio is not None:
        fields["audio"] = str(audio)
    if prompt is not None:
        fields["prompt"] = prompt
    where = None if output is None else Path(output)
    return make(parse(fields), where, **held, backbone=backbone, cancel=cancel)
