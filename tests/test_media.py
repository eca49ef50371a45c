"""Files <-> clips: every still that people have, every file that must be refused, and nothing half-written."""

import errno
import io
import os
import resource
import struct
import threading
import zlib
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageCms

from motionalchemy import media
from motionalchemy.clip import Clip
from motionalchemy.errors import InputError, MediaError, UnknownName

FORMATS = [".mp4", ".webm", ".gif", ".webp", ".png"]


def smooth(frames=9, height=64, width=96):
    """Waves that drift: (T, H, W, 3) uint8."""
    y, x = np.mgrid[:height, :width]
    waves = [
        np.stack([np.sin(x / 17 + t / 9), np.cos(y / 13 - t / 11), np.sin((x + y) / 23 + t / 7)], -1)
        for t in range(frames)
    ]
    return np.round(128 + 100 * np.stack(waves)).astype(np.uint8)


def psnr(one, other):
    return 10 * np.log10(255**2 / np.square(one.astype(float) - other).mean())


def png(width, height, bits=8, colour=2, rows=b""):
    """A PNG of any header, its pixels given or absent."""
    chunk = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))  # noqa: E731
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def save(path, image, **options):
    image.save(path, **options)
    return path


@pytest.fixture
def clip():
    return Clip(smooth(), 24.0)


# Stills that must be read


@pytest.mark.parametrize(
    ("name", "options", "error"),
    [
        ("a.png", {}, 0),
        ("a.bmp", {}, 0),
        ("a.tiff", {}, 0),
        ("a.webp", {"lossless": True}, 0),
        ("a.jpg", {"quality": 95}, 9),
    ],
)
def test_a_plain_still_of_each_kind_is_read_as_it_is(tmp_path, name, options, error):
    pixels = smooth(1)[0]
    read = media.read_image(save(tmp_path / name, Image.fromarray(pixels), **options))
    assert read.dtype == np.uint8 and read.shape == pixels.shape
    assert np.abs(read.astype(int) - pixels).max() <= error


def test_the_content_decides_and_not_the_name(tmp_path):
    path = save(tmp_path / "picture.mp4", Image.fromarray(smooth(1)[0]), format="PNG")
    assert (media.read_image(path) == smooth(1)[0]).all()


def test_transparency_shows_white(tmp_path):
    pixels = np.zeros((32, 32, 4), np.uint8)
    pixels[:16], pixels[16:, :, 3] = (200, 0, 0, 255), 51  # below: black at one fifth
    read = media.read_image(save(tmp_path / "a.png", Image.fromarray(pixels)))
    assert (read[:16] == (200, 0, 0)).all() and (read[16:] == 204).all()


def test_a_palette_with_a_transparent_entry_shows_white(tmp_path):
    picture = Image.new("P", (32, 32), 0)
    picture.putpalette([10, 20, 30, 200, 100, 50])
    picture.paste(1, (0, 0, 32, 16))
    read = media.read_image(save(tmp_path / "a.png", picture, transparency=0))
    assert (read[:16] == (200, 100, 50)).all() and (read[16:] == 255).all()


def test_grey_with_alpha_shows_white(tmp_path):
    read = media.read_image(save(tmp_path / "a.png", Image.new("LA", (20, 20), (0, 0))))
    assert (read == 255).all()


def test_a_camera_orientation_is_undone(tmp_path):
    pixels, exif = np.zeros((32, 64, 3), np.uint8), Image.Exif()
    pixels[:, :16], exif[0x0112] = 255, 6  # a white bar at the left; 6: turn clockwise to see it
    read = media.read_image(save(tmp_path / "a.jpg", Image.fromarray(pixels), exif=exif))
    assert read.shape == (64, 32, 3) and read[:12].min() > 240 and read[20:].max() < 15


def test_cmyk_becomes_rgb(tmp_path):
    read = media.read_image(save(tmp_path / "a.jpg", Image.new("CMYK", (32, 32), (0, 255, 255, 0)), quality=95))
    assert np.abs(read.astype(int) - (255, 0, 0)).max() <= 4


def test_sixteen_bits_keep_their_brightness(tmp_path):
    values = np.linspace(0, 65535, 64 * 32).reshape(32, 64).astype(np.uint16)
    expected = values / 257
    grey = media.read_image(save(tmp_path / "grey.png", Image.fromarray(values)))
    assert np.abs(grey - expected[..., None]).max() <= 0.51
    rows = b"".join(b"\0" + np.repeat(row, 3).astype(">u2").tobytes() for row in values)
    (tmp_path / "colour.png").write_bytes(png(64, 32, bits=16, rows=rows))
    assert np.abs(media.read_image(tmp_path / "colour.png") - expected[..., None]).max() <= 1


def test_floats_are_scaled_to_their_white(tmp_path):
    read = media.read_image(save(tmp_path / "a.tiff", Image.new("F", (20, 20), 0.5)))
    assert (read == 128).all()


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_the_first_frame_of_an_animation_is_the_still(tmp_path, name):
    red, blue = Image.new("RGB", (32, 32), (255, 0, 0)), Image.new("RGB", (32, 32), (0, 0, 255))
    read = media.read_image(save(tmp_path / name, red, save_all=True, append_images=[blue], duration=100))
    assert np.abs(read.astype(int) - (255, 0, 0)).max() <= 3


def test_a_colour_profile_is_applied_and_a_broken_one_ignored(tmp_path):
    lab = ImageCms.createProfile("LAB")
    picture = ImageCms.profileToProfile(
        Image.new("RGB", (20, 20), (200, 50, 80)), ImageCms.createProfile("sRGB"), lab, outputMode="LAB"
    )
    profile = ImageCms.ImageCmsProfile(lab).tobytes()
    buffer = io.BytesIO()
    Image.new("RGB", (20, 20), (200, 50, 80)).save(buffer, "PNG", icc_profile=b"nonsense")
    (tmp_path / "broken.png").write_bytes(buffer.getvalue())
    assert (media.read_image(tmp_path / "broken.png") == (200, 50, 80)).all()
    read = media.read_image(save(tmp_path / "lab.tiff", picture, icc_profile=profile))
    assert np.abs(read.astype(int) - (200, 50, 80)).max() <= 4


# Files that must be refused


def png_bytes(image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


NOISE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
REFUSED = {
    "empty": (b"", "empty"),
    "text": (b"a horse, really\n" * 9, "not a picture"),
    "truncated": (png_bytes(Image.fromarray(NOISE))[:4000], "damaged"),
    "header only": (png(64, 64)[:20], "not a picture|damaged"),
    "no pixels": (png(64, 64), "damaged"),
    "zero sides": (png(0, 64), "0x64|not a picture|damaged"),
    "bomb": (png(30000, 30000), "too large.*64 million"),
    "large": (png(12000, 9000), "12000x9000.*64 million"),
    "thread": (png_bytes(Image.new("RGB", (1, 4000))), "1x4000.*8 times.*crop"),
    "wide": (png_bytes(Image.new("RGB", (321, 40))), "321x40.*crop"),
    "tiny": (png_bytes(Image.new("RGB", (15, 15))), "15x15.*at least 16"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n%%EndComments\nshowpage\n", "not a picture"),
}


def refused(read, path, words):
    """The one sentence of a refusal: it names the file, matches `words` and is one line."""
    with pytest.raises(MediaError, match=words) as caught:
        read(path)
    sentence = str(caught.value)
    assert path.name in sentence and "\n" not in sentence and len(sentence) < 400 + len(str(path))


@pytest.mark.parametrize("kind", REFUSED)
def test_a_bad_file_gives_one_sentence_and_no_warning(tmp_path, recwarn, kind):
    path = tmp_path / "picture.png"
    path.write_bytes(REFUSED[kind][0])
    refused(media.read_image, path, REFUSED[kind][1])
    assert not recwarn.list


@pytest.mark.parametrize("read", [media.read_image, media.read_clip])
def test_what_is_no_ordinary_file_is_refused_at_once(tmp_path, read):
    refused(read, tmp_path / "absent.png", "does not exist")
    (tmp_path / "folder").mkdir()
    refused(read, tmp_path / "folder", "is a folder")
    (tmp_path / "link.png").symlink_to(tmp_path / "folder")
    refused(read, tmp_path / "link.png", "is a folder")
    (tmp_path / "ring.png").symlink_to(tmp_path / "ring.png")
    refused(read, tmp_path / "ring.png", "cannot be opened")
    os.mkfifo(tmp_path / "pipe.png")
    refused(read, tmp_path / "pipe.png", "pipe or device")
    refused(read, Path("/dev/null"), "pipe or device")
    with pytest.raises(MediaError, match="cannot be opened"):
        read(tmp_path / "nul\0.png")
    refused(read, tmp_path / ("x" * 300 + ".png"), "cannot be opened")


def test_an_unreadable_or_huge_file_is_refused(tmp_path, monkeypatch):
    path = save(tmp_path / "a.png", Image.fromarray(NOISE))
    monkeypatch.setattr(media, "MAX_FILE_BYTES", 100)
    refused(media.read_image, path, "bytes: use a file of at most 100 bytes")
    monkeypatch.undo()

    def denied(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    refused(media.read_image, path, "Permission denied.*permissions")


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.95])
@pytest.mark.parametrize("suffix", [".mp4", ".gif", ".webp"])
def test_a_clip_cut_short_is_refused(tmp_path, clip, suffix, cut):
    path = media.write(clip, tmp_path / f"a{suffix}")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * cut)])
    refused(media.read_clip, path, "damaged")


def test_a_playlist_opens_no_other_file(tmp_path, clip):
    target = media.write(clip, tmp_path / "a.mp4")
    playlist = tmp_path / "list.mp4"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{target}\n#EXT-X-ENDLIST\n")
    refused(media.read_clip, playlist, "unknown kind")
    playlist.write_text("ffconcat version 1.0\nfile 'a.mp4'\n")
    refused(media.read_clip, playlist, "unknown kind")


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_a_clip_is_read_within_bounds(tmp_path, clip, monkeypatch, suffix):
    path = media.write(clip, tmp_path / f"a{suffix}")
    assert len(media.read_clip(path, max_frames=9)) == 9
    with pytest.raises(MediaError, match=r"too long: at most 8 frames"):
        media.read_clip(path, max_frames=8)
    assert media.read_clip(path, longest=48).frames.shape == (9, 32, 48, 3)
    monkeypatch.setattr(media, "MAX_CLIP_PIXELS", 64 * 96 * 8)
    refused(media.read_clip, path, "too long")
    monkeypatch.setattr(media, "MAX_PIXELS", 64 * 95)
    refused(media.read_clip, path, "96x64 pixels.*smaller")


def test_sound_alone_is_no_clip(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as output:
        stream = output.add_stream("aac", rate=16000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.rate = 16000
        output.mux(stream.encode(sound))
        output.mux(stream.encode())
    refused(media.read_clip, tmp_path / "a.mp4", "holds no video")


# Clips there and back


@pytest.mark.parametrize(("suffix", "least"), [(".mp4", 35), (".webm", 35), (".webp", 38), (".gif", 26)])
def test_a_clip_survives_its_file(tmp_path, clip, suffix, least):
    path = clip.save(tmp_path / f"a{suffix}")
    read = media.read_clip(path)
    assert path == tmp_path / f"a{suffix}" and os.listdir(tmp_path) == [path.name]
    assert read.frames.shape == clip.frames.shape and read.fps == pytest.approx(24, rel=0.02)  # a GIF counts in 1/100 s
    assert psnr(read.frames, clip.frames) >= least


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_same_clip_gives_the_same_bytes(tmp_path, clip, suffix):
    # Noise at this width is where x264's macroblock tree gives other bytes from run to run.
    noisy = Clip(np.clip(smooth(25) + np.random.default_rng(1).normal(0, 4, (25, 64, 96, 3)), 0, 255).astype(np.uint8))
    hashes = {media.sha256(media.write(noisy, tmp_path / f"{n}{suffix}")) for n in range(6)}
    assert len(hashes) == 1 and len(hashes.pop()) == 64


def test_an_mp4_plays_everywhere(tmp_path, clip):
    path = media.write(clip, tmp_path / "a.MP4")
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
    read = media.read_clip(media.write(Clip(frames, 10), tmp_path / f"a{suffix}")).frames
    assert read.shape == (3, 34, 48, 3) and np.abs(read[:, 33:].astype(int) - 200).max() < 12


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_an_animation_loops_for_ever_at_its_speed(tmp_path, suffix):
    path = media.write(Clip(smooth(30), 24.0), tmp_path / f"a{suffix}")
    with Image.open(path) as picture:
        assert picture.info["loop"] == 0 and picture.n_frames == 30
    assert media.read_clip(path).seconds == pytest.approx(30 / 24, abs=0.02)


def test_a_gif_faster_than_players_can_show_keeps_its_length(tmp_path):
    read = media.read_clip(media.write(Clip(smooth(40), 100.0), tmp_path / "a.gif"))
    assert len(read) == 20 and read.seconds == pytest.approx(0.4)


def test_quality_trades_size_and_is_checked(tmp_path, clip):
    for suffix in (".mp4", ".webm", ".webp"):
        sizes = [media.write(clip, tmp_path / f"a{suffix}", quality).stat().st_size for quality in (0, 50, 100)]
        assert sizes == sorted(sizes) and sizes[0] < sizes[2]
    with pytest.raises(InputError, match="quality 101"):
        media.write(clip, tmp_path / "a.mp4", 101)


def test_pauses_of_an_animation_become_repeated_frames(tmp_path):
    shades = [Image.new("L", (32, 32), level) for level in (0, 80, 160, 240)]
    shades[0].save(tmp_path / "a.gif", save_all=True, append_images=shades[1:], duration=[100, 100, 100, 300])
    read = media.read_clip(tmp_path / "a.gif")
    assert read.fps == pytest.approx(10) and read.frames[:, 0, 0, 0].tolist() == [0, 80, 160, 240, 240, 240]


def test_a_video_filmed_upright_is_read_upright(tmp_path, clip):
    path = media.write(clip, tmp_path / "a.mp4")
    plain, content = media.read_clip(path), bytearray(path.read_bytes())
    matrix = content.find(b"tkhd") + 40
    content[matrix : matrix + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 64 << 16, 0, 1 << 30)  # clockwise
    path.write_bytes(content)
    assert (media.read_clip(path).frames == np.rot90(plain.frames, -1, (1, 2))).all()


def test_a_still_is_a_clip_of_one_frame(tmp_path):
    path = save(tmp_path / "a.png", Image.fromarray(NOISE))
    assert (media.read_clip(path).frames == NOISE[None]).all()


def test_clips_can_be_read_in_threads(tmp_path, clip):
    path, found = media.write(clip, tmp_path / "a.mp4"), []
    threads = [threading.Thread(target=lambda: found.append(media.read_clip(path).frames)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and all((frames == found[0]).all() for frames in found)


# Whole or not at all


def half_written(monkeypatch, suffix, error):
    """Let the writer of `suffix` do its work and then fail."""
    write = media._WRITERS[suffix]

    def fail(clip, part, quality):
        write(clip, part, quality)
        assert part.stat().st_size > 0
        raise error

    monkeypatch.setitem(media._WRITERS, suffix, fail)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("a fault")])
def test_an_interruption_leaves_the_old_file_and_nothing_else(tmp_path, clip, monkeypatch, suffix, error):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"old")
    half_written(monkeypatch, suffix, error)
    with pytest.raises(type(error)):
        media.write(clip, path)
    assert os.listdir(tmp_path) == [path.name] and path.read_bytes() == b"old"


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif"])
def test_an_interruption_within_the_encoder_leaves_nothing(tmp_path, monkeypatch, suffix):
    encode, reached = media._encode, []

    def interrupted(part, kind, codec, clip, frames, **options):
        def some():
            for count, frame in enumerate(frames):
                if count == 60:  # later than any encoder looks ahead
                    reached.append(part.exists())
                    raise KeyboardInterrupt
                yield frame

        encode(part, kind, codec, clip, some(), **options)

    monkeypatch.setattr(media, "_encode", interrupted)
    with pytest.raises(KeyboardInterrupt):
        media.write(Clip(smooth(70)), tmp_path / f"a{suffix}")
    assert reached == [True] and os.listdir(tmp_path) == []


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("kind", [OSError, av.error.FFmpegError])
def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path, clip, monkeypatch, suffix, kind):
    half_written(monkeypatch, suffix, kind(errno.ENOSPC, "No space left on device"))
    refused(lambda path: media.write(clip, path), tmp_path / f"a{suffix}", "disk is full, so free some space")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_write_that_the_system_stops_leaves_nothing(tmp_path, suffix):
    noise = Clip(np.random.default_rng(2).integers(0, 256, (4, 96, 96, 3), dtype=np.uint8))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        refused(lambda path: media.write(noise, path), tmp_path / f"a{suffix}", "could not be written: File too large")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert os.listdir(tmp_path) == []


def test_text_is_replaced_whole(tmp_path):
    path = tmp_path / "a.json"
    media.write_text("first", path)
    media.write_text("马在奔跑\n", path)
    assert path.read_bytes() == "马在奔跑\n".encode() and os.listdir(tmp_path) == ["a.json"]
    with pytest.raises(UnicodeEncodeError):
        media.write_text("\ud800", path)
    assert path.read_bytes() == "马在奔跑\n".encode() and os.listdir(tmp_path) == ["a.json"]
    refused(lambda absent: media.write_text("", absent), tmp_path / "absent" / "a.json", "No such file")


def test_an_output_is_checked_before_any_work(tmp_path, monkeypatch):
    assert media.check_output(tmp_path / "a.MP4") == tmp_path / "a.MP4"
    with pytest.raises(UnknownName, match=r"'\.avi'.*\.gif, \.mp4, \.png, \.webm, \.webp"):
        media.check_output(tmp_path / "a.avi")
    with pytest.raises(UnknownName, match="'video'"):
        media.check_output(tmp_path / "video")
    with pytest.raises(InputError, match="does not exist: create it"):
        media.check_output(tmp_path / "absent" / "a.mp4")
    (tmp_path / "b.mp4").mkdir()
    with pytest.raises(InputError, match="is a folder: add a file name"):
        media.check_output(tmp_path / "b.mp4")
    with pytest.raises(InputError, match="cannot be a file name"):
        media.check_output(tmp_path / ("x" * 300 + ".mp4"))
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputError, match="not writable: choose another"):
        media.check_output(tmp_path / "a.mp4")


# Pictures to size


def test_fit_keeps_a_picture_of_the_right_size_as_it_is():
    assert (media.fit(NOISE, 64, 64) == NOISE).all()


@pytest.mark.parametrize(("height", "width"), [(64, 64), (48, 112), (160, 64), (256, 256)])
def test_fit_covers_without_distortion_and_keeps_the_middle(height, width):
    y, x = np.mgrid[:96, :128]
    disc = np.repeat((((x - 63.5) ** 2 + (y - 47.5) ** 2 < 12**2) * 255).astype(np.uint8)[..., None], 3, -1)
    fitted = media.fit(disc, height, width)
    assert fitted.shape == (height, width, 3)
    scale = max(height / 96, width / 128)
    bright = fitted[..., 0] / 255.0
    assert bright.sum() == pytest.approx(np.pi * (12 * scale) ** 2, rel=0.04)
    high, broad = bright.max(1).sum(), bright.max(0).sum()
    assert high == pytest.approx(24 * scale, abs=2) and broad == pytest.approx(high, abs=1)
    assert np.abs(fitted - fitted[::-1, ::-1].astype(float)).max() <= 2


def test_a_contact_sheet_spreads_its_frames_evenly():
    frames = np.broadcast_to(np.arange(15, dtype=np.uint8)[:, None, None, None], (15, 4, 6, 3)).copy()
    sheet = media.contact_sheet([Clip(frames), frames[:2, :2]])
    assert sheet.shape == (2 * 6 + 2, 8 * 8 + 2, 3)
    assert sheet[2, 2::8, 0].tolist() == list(range(0, 15, 2))
    assert sheet[8, 2::8, 0].tolist() == [0, 1] + [255] * 6
    assert (sheet[10:] == 255).all() and (sheet[:2] == 255).all()
    with pytest.raises(InputError, match="one column or more"):
        media.contact_sheet([frames], columns=0)


def test_sha256_is_the_known_one(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert media.sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
