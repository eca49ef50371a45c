"""A request made ready: no choice left open, its files read, each window and stage laid out; no weights are touched."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from motionalchemy.errors import InputError, PlanRefused
from motionalchemy.flow.stages import Stage
from motionalchemy.language import edits
from motionalchemy.media import files as media_files
from motionalchemy.media import footage, reader, resize, sinks, sound, writer
from motionalchemy.media.footage import Footage
from motionalchemy.media.sound import Sound
from motionalchemy.models import base, registry
from motionalchemy.models.base import Backbone, Card
from motionalchemy.motion import interpolation
from motionalchemy.motion import learned as motion_learned
from motionalchemy.motion.names import is_clip, parse_motion
from motionalchemy.pipeline import layouts
from motionalchemy.pipeline.heard import camera_notes
from motionalchemy.pipeline.request import TASKS, Request, Settled, files, fitting
from motionalchemy.pipeline.settle import Memory, effort_of, planned_stages, settle
from motionalchemy.pipeline.sidecar import check, path_for
from motionalchemy.pipeline.windows import Span
from motionalchemy.scene import imagined, masks, views
from motionalchemy.scene.album import AlbumPicture

Size = tuple[int, int]  # (height, width) in pixels
GROW = (".mp4", ".mov")  # files that are written as a clip is made
LARGEST = 2048  # side of a square of equal area, in pixels, of a result as large as its source
NAMES = {"image": "an image", "video": "a clip", "views": "two or more views"}


@dataclass(frozen=True, eq=False)
class Due:
    """A picture (H, W, 3) that the clip is to meet at a frame, its angle in degrees, and what to call it."""

    frame: int
    picture: np.ndarray
    angle: float
    name: str


@dataclass(frozen=True, eq=False)
class Job:
    """A request that can be met: pictures are at the size of the result, `sizes` are those of the stages' latents.

    `first` is the picture it begins with; `frames` those of the result, which may lack the last one that is made.
    """

    request: Settled
    card: Card
    first: np.ndarray | None
    due: tuple[Due, ...]
    footage: Footage | None
    frames: int
    spans: tuple[Span, ...]
    stages: tuple[Stage, ...]
    sizes: tuple[Size, ...]
    full: Size
    inputs: dict[str, str]  # picture or clip -> SHA-256 of its file
    notes: tuple[str, ...] = ()
    learned: tuple[tuple[Path, float], ...] = ()  # motions, each at a weight
    motion_clip: motion_learned.MotionClip | None = None
    other: np.ndarray | None = None  # the picture of what comes in the place of an edit's region, (h, w, 4) if cut out
    album_picture: AlbumPicture | None = None  # the picture of the model's album that stands for the words
    between: interpolation.Method | None = None  # how frames between others are made, if any are
    joined: bool = False  # all that are not given are such frames, and the model makes none
    shadow: np.ndarray | None = None  # how dark that of the subject of the first picture is, (H, W) in [0, 1], if known
    audio: Sound | None = None  # what whoever talks is heard to say

    @property
    def written(self) -> int:
        """How many frames the file has, those between others included, which keep the time of the clip."""
        return interpolation.count(self.frames, self.request.interpolate, closed=self.frames > 1)

    @property
    def exchanges(self) -> bool:
        """Whether it is an edit that takes the subject of a clip away, or brings another in its place."""
        asked = self.request
        if asked.task != "edit" or self.card.retouch is None or asked.region in ("all", "background"):
            return False
        return self.other is not None or edits.removes(asked.prompt)


def prepare(
    request: Request, output: Path | None = None, memory: Memory | None = None, backbone: Backbone | None = None
) -> Job:
    """Every check that needs no weights, the cheapest first; raises InputError and all its kinds."""
    memory, inputs = memory or Memory(), dict[str, str]()
    request, card, settled, stages = _checked(request, memory, backbone)
    taken = _exchanged(request, card, memory)
    if output is not None:
        _check_paths(output, list(files(request.model_dump()).values()))
    pictures = _pictures(request, memory, inputs)
    _drafts(request, inputs)
    learned = tuple(motion_learned.learned(request.motion or (), request.model, backbone))
    source = _footage(request, memory, inputs)
    if source is not None:
        settled = settled.model_copy(update={"fps": source.fps})
    interpolation.check(settled.fps, settled.interpolate)
    other = taken.picture if taken else pictures.pop("image", None) if settled.task == "edit" else None
    full, work = _sizes(settled, card, source, next(iter(pictures.values()), None), _follows(request, memory))
    pictures = {name: resize.fit(picture, *full) for name, picture in pictures.items()}
    said, shadow = (taken.note,) if taken else (), None
    if settled.task == "imagine" and card.places:
        begins = imagined.first(card, layouts.words(settled)[0][1], settled.seed, *full)
        pictures["image"], taken, said, shadow = begins.picture, begins.album_picture, begins.notes, begins.shadow
    joined = settled.task == "orbit" and card.between
    between = interpolation.best_method() if joined else interpolation.NEAR if settled.interpolate > 1 else None
    swept, notes = _swept(settled, pictures)
    notes += (*said, *([interpolation.method_note(between, bool(request.prompt))] if joined else []))
    due = _views_due(settled, pictures, swept, card)
    layout = layouts.LAYOUTS[settled.task](settled, card, source, [d.frame for d in due])
    due += _end_due(settled, pictures, layout)
    if source is not None and settled.task != "extend":
        settled = settled.model_copy(update={"seconds": len(source) / source.fps})
    _check_tokens(settled, card, layout, work)
    _check_output(output, interpolation.count(layout.frames, settled.interpolate, True), full)
    settled, region = _region(settled, card, other, bool(taken))
    first = pictures.get("image", pictures.get(swept[0]) if swept else None)
    sizes = tuple(card.grid.scaled(*work, stage.scale) for stage in stages)
    clip = _motion_clip(settled, card, memory, first, sizes[-1], inputs)
    audio = _audio(request, inputs)
    notes += _media_notes(source, audio, output)
    return Job(
        settled, card, first, tuple(due), source, layout.frames - settled.loop, tuple(layout.spans), stages, sizes, full,
        inputs, notes + region + camera_notes(settled, card), learned, clip, other, taken, between, joined, shadow,
        audio,
    )  # fmt: skip


def _checked(
    request: Request, memory: Memory, backbone: Backbone | None
) -> tuple[Request, Card, Settled, tuple[Stage, ...]]:
    """The request, its model's card, what is settled and the stages, after all checks that read no file."""
    request, card = fitting(request), registry.card(request.model) if backbone is None else registry.card_of(backbone)
    card.check(effort := effort_of(request))
    if backbone is not None and effort != base.Effort():
        raise InputError("memory, fast and lora are decided when a model is loaded: leave them out for one that is")
    settled, stages = settle(request, card, memory), planned_stages(request, card)
    registry.device_for(request.device)
    if backbone is None:
        registry.check_packages(card)
    _check_request(request, card, memory)
    return request, card, settled, stages


def _check_request(request: Request, card: Card, memory: Memory) -> None:
    """What a request lacks or has twice, once it is known what came in memory."""
    for name in TASKS[request.task].needs:
        if name in NAMES and getattr(request, name) is None and getattr(memory, name) is None:
            raise InputError(f"{request.task} needs {NAMES[name]}: give the path")
    if request.loop and memory.last is not None:
        raise InputError("loop returns to the first image, so it takes no last image: leave out one of the two")
    if request.task == "edit" and (request.image or memory.image is not None):
        if not card.retouch:
            able = " or ".join(each.name for each in registry.MODELS.values() if each.retouch)
            raise PlanRefused(
                f"{card.name} cannot bring a picture into a clip; use {able}, or say what to change in words"
            )
        if request.region == "all":
            raise InputError("image takes the place of the subject or of the background: give one of them as region")
    if request.camera is not None and not card.anchored:
        able = " or ".join(each.name for each in registry.MODELS.values() if each.anchored)
        raise PlanRefused(f"{card.name} takes no camera path; use {able}, or say in words what the camera does")
    if (request.candidates or 1) > 1 and card.defaults.candidates == 1:
        raise InputError(f"candidates {request.candidates} is not for {card.name}, which cannot choose: leave it out")
    if request.draft not in (None, "none", "nano") and not Path(request.draft).is_file():
        raise InputError(f"the draft {request.draft!r} is not there: give nano, none or the path of a clip")
    if memory.motion is not None and "motion" not in TASKS[request.task].takes:
        raise InputError(f"motion is not for {request.task}: leave it out")
    count = len(memory.views or request.views or ())
    if request.task == "orbit" and not 2 <= count <= 64:
        raise InputError(f"an orbit takes 2 to 64 views, not {count}: give more or fewer pictures")
    if request.angles is not None and len(request.angles) != count:
        raise InputError(f"{len(request.angles)} angles for {count} views do not match: give one angle for each view")
    fps = request.fps or card.defaults.fps
    if request.seconds and card.grid.frames_for(request.seconds, fps) == 1 and request.task != "extend":
        shortest = card.grid.frames(2) / fps
        raise InputError(f"seconds {request.seconds:g} is one frame at {fps:g} fps: use {shortest:.3g} or more")


def _follows(request: Request, memory: Memory) -> bool:
    """Whether movement is taken over from a clip."""
    return memory.motion is not None or any(is_clip(parse_motion(named)[0]) for named in request.motion or ())


def _region(settled: Settled, card: Card, other: np.ndarray | None, taken: bool) -> tuple[Settled, tuple[str, ...]]:
    """The request with the region in which its edit acts, and what to say of that; `other` is what comes in the place of
    the subject, `taken` from an album."""
    if "region" not in TASKS[settled.task].takes:
        return settled, ()
    wholly = other is not None or (card.retouch is not None and edits.removes(settled.prompt))
    region, note = masks.chosen(settled.region, "" if taken else settled.prompt, wholly)
    return settled.model_copy(update={"region": region}), note


def _motion_clip(
    settled: Settled, card: Card, memory: Memory, first: np.ndarray | None, size: Size, inputs: dict[str, str]
) -> motion_learned.MotionClip | None:
    """The clip that shows a motion, its subject brought to where that of the first picture stands."""
    clip = motion_learned.motion_clip(settled.motion or (), memory.motion, settled.fps, size, inputs)
    if clip is not None and first is not None and card.anchored and "reference:motion" in card.honours:
        return motion_learned.posed(clip, resize.scaled(first, *size))
    return clip


def _exchanged(request: Request, card: Card, memory: Memory) -> AlbumPicture | None:
    """The picture of the model's album for an edit whose words alone ask for another subject; raises PlanRefused where it
    has none."""
    if request.task != "edit" or not card.retouch or request.image or memory.image is not None:
        return None
    asked = edits.replacement(request.prompt or "")
    taken = asked and imagined.exchanged(card, asked, request.seed)
    if asked is None or not (asked.sure or taken):
        return None
    if taken is None:
        able = " or ".join(each.name for each in registry.MODELS.values() if each.repo and not each.retouch)
        raise PlanRefused(
            f"{card.name} draws nobody and has no picture of {asked.new!r}: give one of what comes, --image wolf.png, name "
            f"another subject, or use {able}"
        )
    if request.region in ("all", "background"):
        raise InputError(f"{asked.new!r} takes the place of the subject: leave region {request.region!r} out")
    return taken


def _pictures(request: Request, memory: Memory, inputs: dict[str, str]) -> dict[str, np.ndarray]:
    """The pictures by name, `views 1` and so on, the one that decides the shape first."""
    given = {"image": memory.image, "last": memory.last}
    held = {name: picture for name, picture in given.items() if picture is not None}
    held |= {f"views {number}": picture for number, picture in enumerate(memory.views or (), start=1)}
    for name, path in files(request.model_dump(include={"image", "last", "views"})).items():
        if name not in held:
            held[name] = reader.read_image(Path(path))
            inputs[name] = media_files.sha256(Path(path))
    for name, path in files(request.model_dump(include={"region"})).items():
        inputs[name] = media_files.sha256(Path(path)) if Path(path).is_file() else ""
    return {name: held[name] for name in sorted(held, key=lambda name: name == "last")}


def _drafts(request: Request, inputs: dict[str, str]) -> None:
    """Note the sums of the files of a draft."""
    for name, path in files(request.model_dump(include={"draft", "draft_mask"})).items():
        inputs[name] = media_files.sha256(Path(path))


def _audio(request: Request, inputs: dict[str, str]) -> Sound | None:
    """The sound that is given; raises MediaError."""
    if request.audio is None:
        return None
    heard = sound.read(Path(request.audio))
    inputs["audio"] = media_files.sha256(Path(request.audio))
    return heard


def _media_notes(source: Footage | None, audio: Sound | None, output: Path | None) -> tuple[str, ...]:
    """What to say of how the given clip is read, and of the sound that is given or that the clip has."""
    notes = () if source is None else source.notes
    track = audio.track if audio is not None else None if source is None else source.sound
    if track is None or output is None:
        return notes
    said = track.note(output.suffix.lower())
    chosen = () if track.chosen == "" or not track.kept(output.suffix.lower()) else (track.chosen,)
    return (*notes, *chosen, *((said,) if said else ()))


def _footage(request: Request, memory: Memory, inputs: dict[str, str]) -> Footage | None:
    if memory.video is not None:
        return footage.of(memory.video)
    if request.video is None:
        return None
    source = footage.read(Path(request.video))
    inputs["video"] = media_files.sha256(Path(request.video))
    return source


def _sizes(
    request: Settled, card: Card, source: Footage | None, picture: np.ndarray | None, follows: bool
) -> tuple[Size, Size]:
    """The size of the result, a given clip's own, and that of the largest latents in pixels, larger where movement is
    taken over from a clip."""
    native = card.retouch.size if card.retouch and (follows or request.task == "edit") else card.native
    most = min(request.size, native or card.sizes[1])
    if source is None:
        width, height = map(int, (request.aspect or "1:1").split(":"))
        shape = picture.shape[:2] if picture is not None else (height, width)
        return card.grid.fit(shape[0], shape[1], request.size), card.grid.fit(shape[0], shape[1], most)
    share = min(1.0, LARGEST / math.sqrt(source.height * source.width))
    full = max(1, round(source.height * share)), max(1, round(source.width * share))
    return full, card.grid.fit(*full, most)


def _swept(request: Settled, pictures: Mapping[str, np.ndarray]) -> tuple[list[str], tuple[str, ...]]:
    """The names of the views in the order in which they are passed, and what to say about it."""
    names = [name for name in pictures if name.startswith("views ")]
    if len(names) < 3 or request.angles is not None:
        return names, ()
    path = views.order(views.distances([pictures[name] for name in names]), request.close)
    order = ", ".join(str(number + 1) for number in path)
    return [names[number] for number in path], (f"the views are passed in the order {order}; --angles fixes another",)


def _views_due(request: Settled, pictures: Mapping[str, np.ndarray], swept: Sequence[str], card: Card) -> list[Due]:
    """All views but the first, which the clip begins with; angles are counted from that one's."""
    if not swept:
        return []
    angles = list(request.angles or [0.0] * len(swept))
    names = [*swept, *swept[: request.close]]
    if request.close:
        angles.append(angles[0] + (math.copysign(360, angles[-1] - angles[0]) if request.angles else 0.0))
    frames = card.grid.frames_for(request.seconds, request.fps)
    at = views.due_frames(len(names), frames, card.grid, angles if request.angles else None)
    return [Due(f, pictures[n], a - angles[0], n) for f, n, a in list(zip(at, names, angles, strict=True))[1:]]


def _end_due(request: Settled, pictures: Mapping[str, np.ndarray], layout: layouts.Layout) -> list[Due]:
    """The picture to arrive at, or the one to come back to."""
    name = "image" if request.loop else "last"
    wanted = request.loop or name in pictures
    return [Due(layout.frames - 1, pictures[name], 0.0, name)] if wanted else []


def _check_tokens(request: Settled, card: Card, layout: layouts.Layout, work: Size) -> None:
    h, w = card.grid.latent_size(*work)
    frames = max((span.end - span.begin for span in layout.spans if span.prompt is not None), default=1)
    if (tokens := card.grid.latent_frames(frames) * h * w) > card.tokens:
        raise InputError(
            f"{work[1]}x{work[0]} pixels and {frames} frames at {request.fps:g} fps are {tokens} latents, and "
            f"{card.name} makes at most {card.tokens}: lower the size, the seconds or the fps"
        )


def _check_output(output: Path | None, frames: int, full: Size) -> None:
    """A clip of more than one window is written as it is made, and only an MP4 can grow."""
    if output is not None and output.suffix.lower() in GROW:
        return sinks.check_folder(output)
    if frames * full[0] * full[1] > media_files.MAX_CLIP_PIXELS:
        name = "a clip in memory" if output is None else f"a {output.suffix.lower()} file"
        raise InputError(f"{frames} frames of {full[1]}x{full[0]} are too many for {name}: write an .mp4 file")
    return None


def _check_paths(output: Path, given: list[str]) -> None:
    """Refuse an output that cannot be written, or that would take the place of a file which is no result."""
    writer.check_output(output)
    if any(output.exists() and Path(path).exists() and output.samefile(path) for path in given):
        raise InputError(f"{str(output)!r} is the given picture or clip itself: choose another output")
    check(path_for(output))


def costs(job: Job) -> list[list[float]]:
    """Each stage's share of all the work, span by span: steps times latents, a little more for attention over many.

    Where nothing but copies is made, they are the work.
    """
    sizes = list(zip(job.stages, job.sizes, strict=True))
    work = [
        [stage.steps * (h * w * (span.end - span.begin)) ** 1.2 * (span.prompt is not None) for stage, (h, w) in sizes]
        for span in job.spans
    ]
    if not (total := sum(map(sum, work))):
        work = [[float(span.stop - span.fresh)] for span in job.spans]
        total = float(job.frames)
    return [[part / total for part in parts] for parts in work]
