"""Every kind of media that people bring: made on the spot, read or written, and what was measured of it.

python benchmarks/media.py                     # the tables of docs/media.md with a measured figure for each line
python benchmarks/media.py --docs              # writes those tables into docs/media.md and docs/media.zh-CN.md
python benchmarks/media.py --files FOLDER      # what the files of a folder are read as
"""

import argparse
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parents[1]
sys.path.insert(0, str(HERE / "tests" / "helpers"))

HEADS = {
    "en": ("| container: codec | property | what is done |", "|---|---|---|"),
    "zh": ("| 容器：编码 | 特征 | 处理 |", "|---|---|---|"),
}
NAMES = {
    "libx264": "H.264", "libx265": "H.265", "prores_ks": "ProRes", "ffv1": "FFV1", "libvpx-vp9": "VP9", "libvpx": "VP8",
    "libsvtav1": "AV1", "mpeg4": "MPEG-4", "mjpeg": "MJPEG", "mpeg2video": "MPEG-2", "wmv2": "WMV 8", "png": "PNG",
    "qtrle": "Animation", "utvideo": "Ut Video", "magicyuv": "MagicYUV", "cfhd": "CineForm", "rawvideo": "raw",
    "jpeg2000": "JPEG 2000", "ffvhuff": "FFVHuff", "aac": "AAC", "libopus": "Opus", "pcm_s16le": "PCM",
    "pcm_u8": "PCM, 8 bit", "flac": "FLAC", "wmav2": "WMA",
}  # fmt: skip
KINDS = {"webm": "WebM", "apng": "APNG", "webp": "WebP"}
PAGES = {"en": HERE / "docs" / "media.md", "zh": HERE / "docs" / "media.zh-CN.md"}


def tables(language: str) -> list[list[str]]:
    """The three tables of a page, of what is read, of sound and of what is written, as their lines."""
    from media_table import CASES
    from media_written import OUTPUT, SOUND

    which = ("en", "zh").index(language)
    rows = [
        [(named(case.kind), case.what[which], case.done[which]) for case in part] for part in (CASES, SOUND, OUTPUT)
    ]
    return [[*HEADS[language], *dict.fromkeys(f"| {' | '.join(row)} |" for row in part)] for part in rows]


def named(kind: str) -> str:
    """A container and codec as people call them."""
    container, colon, codec = kind.partition(": ")
    container = KINDS.get(container, container.upper() if container.islower() else container)
    return f"{container}{colon}{NAMES.get(codec, codec)}"


def write_docs() -> None:
    """Put the tables in the place of those in the pages."""
    for language, page in PAGES.items():
        kept, made, within = [], iter(tables(language)), False
        for line in page.read_text("utf-8").splitlines():
            if line == HEADS[language][0]:
                kept += next(made)
            within = line.startswith("|")
            kept += [] if within else [line]
        page.write_text("\n".join(kept) + "\n", "utf-8")


def measured() -> int:
    """Print every line with its figure; returns how many do not hold."""
    from media_table import CASES
    from media_written import OUTPUT, SOUND

    wrong = 0
    for case in (*CASES, *SOUND, *OUTPUT):
        with tempfile.TemporaryDirectory() as folder:
            try:
                found = case.check(case.make(Path(folder)))
            except Exception as error:
                found, wrong = f"WRONG: {' '.join(str(error).split())[:80]}", wrong + 1
        print(f"| {named(case.kind)} | {case.what[0]} | {case.done[0]} | {found} |", flush=True)
    return wrong


def look(path: Path) -> str:
    """What a file is read as: in the middle frame the colour near the first corner, and of the first and seventh of eight
    bars at the foot."""
    from motionalchemy.errors import MotionAlchemyError
    from motionalchemy.media import footage, reader

    try:
        clip, stream = reader.read_clip(path), footage.read(path)
    except MotionAlchemyError as error:
        return str(error).partition(path.name)[2].lstrip("' ")
    frame = clip.frames[len(clip) // 2]
    high, wide = frame.shape[:2]
    spots = (frame[2, 2], frame[int(high * 0.92), wide // 16], frame[int(high * 0.92), wide * 13 // 16])
    seen = " ".join(str(tuple(map(int, spot))).replace(" ", "") for spot in spots)
    sound = stream.sound.codec if getattr(stream.sound, "codec", "") else "sound" if stream.sound else "silent"
    shape = f"{wide}x{high}, {len(clip)} frames at {clip.fps:.6g}, {clip.seconds:.3f} s"
    streamed = f", as a stream {len(stream)} at {stream.fps:.6g}" * ((len(stream), stream.fps) != (len(clip), clip.fps))
    return f"{shape}{streamed}, {sound}, {seen}"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--docs", action="store_true")
    parser.add_argument("--files", type=Path)
    given = parser.parse_args()
    if given.docs:
        return write_docs()
    if given.files is None:
        sys.exit(1 if measured() else 0)
    for path in sorted(each for each in given.files.iterdir() if each.suffix != ".md"):
        print(f"| {path.name} | {look(path)} |", flush=True)


if __name__ == "__main__":
    main()
