"""Clips -> files and back: the same clip, the same bytes, whole or not at all."""

import errno
import os
import resource
import struct
import threading

import av
import numpy as np
import pytest
from media_files import FORMATS, NOISE, psnr, refused, save, smooth
from PIL import Image

from motionalchemy.errors import InputError, UnknownName
from motionalchemy.media import files, reader, writer
from motionalchemy.media.clip import Clip


@pytest.fixture
def clip():
    return Clip(smooth(), 24.0)


# Clips there and back


@pytest.mark.parametrize(("suffix", "least"), [(".mp4", 35), (".webm", 35), (".webp", 38), (".gif", 26)])
def test_a_clip_survives_its_file(tmp_path, clip, suffix, least):
    path = clip.save(tmp_path / f"a{suffix}")
    read = reader.read_clip(path)
    assert path == tmp_path / f"a{suffix}" and os.listdir(tmp_path) == [path.name]
    assert read.frames.shape == clip.frames.shape and read.fps == pytest.approx(24, rel=0.02)  # a GIF counts in 1/100 s
    assert psnr(read.frames, clip.frames) >= least


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_same_clip_gives_the_same_bytes(tmp_path, clip, suffix):
    # Noise at this width is where x264's macroblock tree gives other bytes from run to run.
    noisy = Clip(np.clip(smooth(25) + np.random.default_rng(1).normal(0, 4, (25, 64, 96, 3)), 0, 255).astype(np.uint8))
    hashes = {files.sha256(writer.write(noisy, tmp_path / f"{n}{suffix}")) for n in range(6)}
    assert len(hashes) == 1 and len(hashes.pop()) == 64


def test_an_mp4_plays_everywhere(tmp_path, clip):
    path = writer.write(clip, tmp_path / "a.MP4")
    content = path.read_bytes()
    assert 0 < content.find(b"moov") < content.find(b"mdat")
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        context = stream.codec_context
        assert (stream.name, context.pix_fmt, stream.average_rate) == ("h264", "yuv420p", 24)
        tags = context.colorspace, context.color_primaries, context.color_trc, context.color_range
        assert tuple(map(int, tags)) == (1, 1, 1, 1)


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_an_odd_side_grows_by_one_pixel_of_its_edge(tmp_path, suffix):
    frames = np.full((3, 33, 47, 3), 40, np.uint8)
    frames[:, :, 30:] = frames[:, 20:] = 200
    read = reader.read_clip(writer.write(Clip(frames, 10), tmp_path / f"a{suffix}")).frames
    assert read.shape == (3, 34, 48, 3) and np.abs(read[:, 33:].astype(int) - 200).max() < 12


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_an_animation_loops_for_ever_at_its_speed(tmp_path, suffix):
    path = writer.write(Clip(smooth(30), 24.0), tmp_path / f"a{suffix}")
    with Image.open(path) as picture:
        assert picture.info["loop"] == 0 and picture.n_frames == 30
    assert reader.read_clip(path).seconds == pytest.approx(30 / 24, abs=0.02)


def test_a_gif_faster_than_players_can_show_keeps_its_length(tmp_path):
    read = reader.read_clip(writer.write(Clip(smooth(40), 100.0), tmp_path / "a.gif"))
    assert len(read) == 20 and read.seconds == pytest.approx(0.4)


def test_quality_trades_size_and_is_checked(tmp_path, clip):
    for suffix in (".mp4", ".webm", ".webp"):
        sizes = [writer.write(clip, tmp_path / f"a{suffix}", quality).stat().st_size for quality in (0, 50, 100)]
        assert sizes == sorted(sizes) and sizes[0] < sizes[2]
    with pytest.raises(InputError, match="quality 101"):
        writer.write(clip, tmp_path / "a.mp4", 101)


def test_pauses_of_an_animation_become_repeated_frames(tmp_path):
    shades = [Image.new("L", (32, 32), level) for level in (0, 80, 160, 240)]
    shades[0].save(tmp_path / "a.gif", save_all=True, append_images=shades[1:], duration=[100, 100, 100, 300])
    read = reader.read_clip(tmp_path / "a.gif")
    assert read.fps == pytest.approx(10) and read.frames[:, 0, 0, 0].tolist() == [0, 80, 160, 240, 240, 240]


def test_a_video_filmed_upright_is_read_upright(tmp_path, clip):
    path = writer.write(clip, tmp_path / "a.mp4")
    plain, content = reader.read_clip(path), bytearray(path.read_bytes())
    matrix = content.find(b"tkhd") + 44
    content[matrix : matrix + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 64 << 16, 0, 1 << 30)  # clockwise
    path.write_bytes(content)
    assert (reader.read_clip(path).frames == np.rot90(plain.frames, -1, (1, 2))).all()


def test_a_still_is_a_clip_of_one_frame(tmp_path):
    path = save(tmp_path / "a.png", Image.fromarray(NOISE))
    assert (reader.read_clip(path).frames == NOISE[None]).all()


def test_clips_can_be_read_in_threads(tmp_path, clip):
    path, found = writer.write(clip, tmp_path / "a.mp4"), []
    threads = [threading.Thread(target=lambda: found.append(reader.read_clip(path).frames)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and all((frames == found[0]).all() for frames in found)


# Whole or not at all


def half_written(monkeypatch, suffix, error):
    """Let the writer of `suffix` do its work and then fail."""
    write = writer.WRITERS[suffix]

    def fail(clip, part, quality):
        write(clip, part, quality)
        assert part.stat().st_size > 0
        raise error

    monkeypatch.setitem(writer.WRITERS, suffix, fail)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("a fault")])
def test_an_interruption_leaves_the_old_file_and_nothing_else(tmp_path, clip, monkeypatch, suffix, error):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"old")
    half_written(monkeypatch, suffix, error)
    with pytest.raises(type(error)):
        writer.write(clip, path)
    assert os.listdir(tmp_path) == [path.name] and path.read_bytes() == b"old"


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif"])
def test_an_interruption_within_the_encoder_leaves_nothing(tmp_path, monkeypatch, suffix):
    encode, reached = writer._encode, []

    def interrupted(part, kind, codec, clip, frames, **options):
        def some():
            for count, frame in enumerate(frames):
                if count == 60:  # later than any encoder looks ahead
                    reached.append(part.exists())
                    raise KeyboardInterrupt
                yield frame

        encode(part, kind, codec, clip, some(), **options)

    monkeypatch.setattr(writer, "_encode", interrupted)
    with pytest.raises(KeyboardInterrupt):
        writer.write(Clip(smooth(70)), tmp_path / f"a{suffix}")
    assert reached == [True] and os.listdir(tmp_path) == []


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("kind", [OSError, av.error.FFmpegError])
def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path, clip, monkeypatch, suffix, kind):
    half_written(monkeypatch, suffix, kind(errno.ENOSPC, "No space left on device"))
    refused(lambda path: writer.write(clip, path), tmp_path / f"a{suffix}", "disk is full, so free some space")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_write_that_the_system_stops_leaves_nothing(tmp_path, suffix):
    noise = Clip(np.random.default_rng(2).integers(0, 256, (4, 96, 96, 3), dtype=np.uint8))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        refused(lambda path: writer.write(noise, path), tmp_path / f"a{suffix}", "could not be written: File too large")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert os.listdir(tmp_path) == []


def test_text_is_replaced_whole(tmp_path):
    path = tmp_path / "a.json"
    files.write_text("first", path)
    files.write_text("马在奔跑\n", path)
    assert path.read_bytes() == "马在奔跑\n".encode() and os.listdir(tmp_path) == ["a.json"]
    with pytest.raises(UnicodeEncodeError):
        files.write_text("\ud800", path)
    assert path.read_bytes() == "马在奔跑\n".encode() and os.listdir(tmp_path) == ["a.json"]
    refused(lambda absent: files.write_text("", absent), tmp_path / "absent" / "a.json", "No such file")


def test_an_output_is_checked_before_any_work(tmp_path, monkeypatch):
    assert writer.check_output(tmp_path / "a.MP4") == tmp_path / "a.MP4"
    with pytest.raises(UnknownName, match=r"'\.avi'.*\.apng, \.gif, \.mov, \.mp4, \.png, \.webm, \.webp"):
        writer.check_output(tmp_path / "a.avi")
    with pytest.raises(UnknownName, match="'video'"):
        writer.check_output(tmp_path / "video")
    with pytest.raises(InputError, match="does not exist: create it"):
        writer.check_output(tmp_path / "absent" / "a.mp4")
    (tmp_path / "b.mp4").mkdir()
    with pytest.raises(InputError, match="is a folder: add a file name"):
        writer.check_output(tmp_path / "b.mp4")
    with pytest.raises(InputError, match="304 bytes: use at most 247"):
        writer.check_output(tmp_path / ("x" * 300 + ".mp4"))
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputError, match="not writable: choose another"):
        writer.check_output(tmp_path / "a.mp4")
