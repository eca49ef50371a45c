"""What is written: the lines of docs/media.md on sound and on files, how they are made, and what must be true of them."""

# ruff: noqa: E501 -- a row is a line

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
from media_cases import Case
from media_made import Film, heard, written
from PIL import Image

from motionalchemy.media import footage, muxing, reader, writer
from motionalchemy.media.clip import Clip

SECONDS = 2.0
LATE = 0.02  # seconds that sound may be off
PLAYED = {
    "mp4": "H.264, yuv420p",
    "mov": "H.264, yuv420p",
    "webm": "VP9, yuv420p",
    "gif": "GIF",
    "webp": "WebP",
    "apng": "APNG",
}
RATES = (24.0, 24000 / 1001, 25.0, 30000 / 1001, 30.0, 12.5, 60.0)


def smooth(count: int, height: int, width: int) -> np.ndarray:
    """A soft picture that drifts, (T, H, W, 3) uint8."""
    few = np.random.default_rng(0).integers(0, 255, (5, 6, 3), np.uint8)
    whole = np.array(Image.fromarray(few).resize((width, height), Image.Resampling.BICUBIC))
    return np.stack([np.roll(whole, number, 1) for number in range(count)])


def with_sound(
    name: str, sound: str, video: str = "libx264", offset: float = 0.0, first: int = 0
) -> Callable[[Path], Path]:
    """A film of two seconds whose sound begins `offset` seconds after its clock, and whose pictures `first` frames after."""
    stamps = tuple(range(first, first + round(SECONDS * 24)))
    return lambda folder: written(folder / name, Film(video, stamps=stamps, sound=sound, offset=offset))


def keeps(suffix: str, codec: str, words: str) -> Callable[[Path], str]:
    """Sound beside new pictures of the same length: every burst within 20 ms of where it was, and the end, too."""

    def check(path: Path) -> str:
        given = footage.read(path)
        assert given.sound is not None and given.sound.note(suffix) == words, given.sound
        silent = writer.write(Clip(smooth(len(given), 48, 64), given.fps), path.with_name(f"silent{suffix}"))
        made = path.with_name(f"made{suffix}")
        assert muxing.mux_sound(silent, made, given.sound, given.begin)
        with av.open(str(made)) as file:
            assert file.streams.audio[0].codec_context.name == codec
        (before, end), (after, last) = heard(path), heard(made)
        length = given.count / given.fps
        before, after = (times[(times >= 0) & (times < length - 0.05)] for times in (before, after))
        worst = max(float(np.abs(after - before).max()), abs(min(end, length) - min(last, length)))
        assert worst <= LATE, (before, after, end, last)
        assert len(reader.read_clip(made)) == len(given)
        return f"off by {1000 * worst:.0f} ms at most"

    return check


def lost(suffix: str) -> Callable[[Path], str]:
    def check(path: Path) -> str:
        track = footage.read(path).sound
        assert track is not None and not track.kept(suffix)
        assert track.note(suffix).startswith(f"sound: left out, for a {suffix} file holds none")
        return "said"

    return check


def clip_of(kind: str, still: bool = False) -> Callable[[Path], Path]:
    """Files of one kind at every rate, 24 frames each."""

    def make(folder: Path) -> Path:
        frames = np.repeat(smooth(1, 48, 64), 24, 0) if still else smooth(24, 48, 64)
        for fps in RATES:
            writer.write(Clip(frames, fps), folder / f"{fps:.3f}.{kind}")
        return folder

    return make


def lasts(kind: str, exact: bool) -> Callable[[Path], str]:
    """As many frames, as long, and where the file can say so at exactly the rate, read whole and as a stream."""

    def check(folder: Path) -> str:
        worst = 0.0
        for fps in RATES:
            path = folder / f"{fps:.3f}.{kind}"
            clip, stream = reader.read_clip(path), footage.read(path)
            assert (len(stream), stream.fps) == (len(clip), clip.fps)
            worst = max(worst, abs(clip.seconds - 24 / fps))
            if exact:
                assert len(clip) == 24 and abs(clip.fps - fps) < 1e-6 * fps, (fps, clip.fps, len(clip))
        assert worst <= (1e-6 if exact else 0.011), worst
        return f"length off by {1000 * worst:.0f} ms at most"

    return check


def tagged(kind: str) -> Callable[[Path], str]:
    def check(folder: Path) -> str:
        with av.open(str(folder / f"24.000.{kind}")) as file:
            frame = next(file.decode(video=0))
            aspect = file.streams.video[0].sample_aspect_ratio
        assert aspect in (None, 0, 1), aspect
        assert (int(frame.colorspace), int(frame.color_primaries), int(frame.color_trc), int(frame.color_range)) == (
            1,
            1,
            1,
            1,
        )
        return "BT.709, limited"

    return check


def first_frame(kind: str, least: float) -> Callable[[Path], str]:
    """The first frame beside the given picture, in dB, at 256 and 1080 lines."""

    def check(folder: Path) -> str:
        found = []
        for height, width in ((256, 256), (1080, 1920)):
            frames = smooth(2, height, width)
            first = reader.read_clip(writer.write(Clip(frames, 24), folder / f"p.{kind}")).frames[0]
            found.append(-10 * np.log10(np.mean((first.astype(float) - frames[0]) ** 2) / 255**2 + 1e-10))
        assert min(found) >= least, found
        return f"{found[0]:.1f} and {found[1]:.1f} dB"

    return check


AAC, OPUS, PCM = "aac", "libopus", "pcm_s16le"
SOUND = [
    Case(f"{name[2:]}: {codec}", (f"to {suffix}" if not late else f"to {suffix}, {late}", f"到 {suffix}" if not late else f"到 {suffix}，{zh}"),
         ("copied" if not words else words.removeprefix("sound: "), "原样复制" if not words else f"改存为 {words.split()[-1]}"),
         with_sound(name, codec, video, offset, first), keeps(suffix, shown, words))
    for name, codec, video, offset, first, suffix, shown, words, late, zh in (
        ("a.mp4", AAC, "libx264", 0.0, 0, ".mp4", "aac", "", "", ""),
        ("a.mp4", AAC, "libx264", 0.4, 0, ".mp4", "aac", "", "it begins later", "声音较晚开始"),
        ("a.mp4", AAC, "libx264", 0.0, 12, ".mp4", "aac", "", "it begins earlier", "声音较早开始"),
        ("a.mp4", AAC, "libx264", 0.0, 0, ".mov", "aac", "", "", ""),
        ("a.mp4", AAC, "libx264", 0.0, 0, ".webm", "opus", "sound: aac is written as Opus", "", ""),
        ("a.mp4", AAC, "libx264", 0.4, 0, ".webm", "opus", "sound: aac is written as Opus", "it begins later", "声音较晚开始"),
        ("a.mkv", OPUS, "libx264", 0.0, 0, ".mp4", "opus", "", "", ""),
        ("a.webm", OPUS, "libvpx-vp9", 0.3, 0, ".webm", "opus", "", "it begins later", "声音较晚开始"),
        ("a.webm", OPUS, "libvpx-vp9", 0.0, 0, ".mov", "aac", "sound: opus is written as AAC", "", ""),
        ("a.avi", PCM, "mpeg4", 0.0, 0, ".mp4", "aac", "sound: pcm_s16le is written as AAC", "", ""),
        ("a.mov", PCM, "libx264", 0.0, 6, ".mov", PCM, "", "it begins earlier", "声音较早开始"),
        ("a.avi", "pcm_u8", "mpeg4", 0.0, 0, ".mp4", "aac", "sound: pcm_u8 is written as AAC", "", ""),
        ("a.mkv", "flac", "libx264", 0.0, 0, ".webm", "opus", "sound: flac is written as Opus", "", ""),
        ("a.ts", AAC, "libx264", 0.0, 0, ".mp4", "aac", "", "", ""),
        ("a.wmv", "wmav2", "wmv2", 0.0, 0, ".mp4", "aac", "sound: wmav2 is written as AAC", "", ""),
    )
] + [Case(f"mp4: {AAC}", (f"to {suffix}", f"到 {suffix}"), ("left out, and said", "去掉并说明"), with_sound("a.mp4", AAC), lost(suffix)) for suffix in (".gif", ".webp", ".apng")]  # fmt: skip
OUTPUT = [
    *(
        Case(f"{kind}: {PLAYED[kind]}", ("frames and length, seven rates", "帧数与时长，七种帧率"), ("as asked" if exact else "length within a hundredth of a second", "如所要求" if exact else "时长误差在百分之一秒内"), clip_of(kind), lasts(kind, exact))
        for kind, exact in (("mp4", True), ("mov", True), ("webm", True), ("apng", False), ("webp", False), ("gif", False))
    ),
    *(
        Case(f"{kind}: {PLAYED[kind]}", ("a clip that stands still", "静止的视频"), ("keeps its length", "保持时长"), clip_of(kind, True), lasts(kind, False))
        for kind in PLAYED
    ),
    *(
        Case(f"{kind}: {PLAYED[kind]}", ("tags", "标记"), ("square pixels; BT.709, limited range", "方形像素；BT.709，有限范围"), clip_of(kind), tagged(kind))
        for kind in ("mp4", "mov", "webm")
    ),
    *(
        Case(f"{kind}: {PLAYED[kind]}", ("the first frame, at 256 and 1080 lines", "第一帧，256 与 1080 行"), (f"the given picture, {least} dB or more", f"即所给图片，不低于 {least} dB"), lambda folder: folder, first_frame(kind, least))
        for kind, least in (("mp4", 40), ("mov", 40), ("webm", 40), ("apng", 90), ("webp", 38))
    ),
]  # fmt: skip
