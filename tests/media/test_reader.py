"""Files -> pictures: every still that people have, and every file that must be refused."""

import errno
import io
import os
from pathlib import Path

import av
import numpy as np
import pytest
from media_files import NOISE, png, refused, save, smooth
from PIL import Image, ImageCms

from motionalchemy.errors import InputError, MediaError
from motionalchemy.media import files, reader, resize, writer
from motionalchemy.media.clip import Clip


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
    read = reader.read_image(save(tmp_path / name, Image.fromarray(pixels), **options))
    assert read.dtype == np.uint8 and read.shape == pixels.shape
    assert np.abs(read.astype(int) - pixels).max() <= error


def test_the_content_decides_and_not_the_name(tmp_path):
    path = save(tmp_path / "picture.mp4", Image.fromarray(smooth(1)[0]), format="PNG")
    assert (reader.read_image(path) == smooth(1)[0]).all()


def test_transparency_shows_white(tmp_path):
    pixels = np.zeros((32, 32, 4), np.uint8)
    pixels[:16], pixels[16:, :, 3] = (200, 0, 0, 255), 51  # below: black at one fifth
    read = reader.read_image(save(tmp_path / "a.png", Image.fromarray(pixels)))
    assert (read[:16] == (200, 0, 0)).all() and (read[16:] == 204).all()


def test_a_palette_with_a_transparent_entry_shows_white(tmp_path):
    picture = Image.new("P", (32, 32), 0)
    picture.putpalette([10, 20, 30, 200, 100, 50])
    picture.paste(1, (0, 0, 32, 16))
    read = reader.read_image(save(tmp_path / "a.png", picture, transparency=0))
    assert (read[:16] == (200, 100, 50)).all() and (read[16:] == 255).all()


def test_grey_with_alpha_shows_white(tmp_path):
    read = reader.read_image(save(tmp_path / "a.png", Image.new("LA", (20, 20), (0, 0))))
    assert (read == 255).all()


def test_a_camera_orientation_is_undone(tmp_path):
    pixels, exif = np.zeros((32, 64, 3), np.uint8), Image.Exif()
    pixels[:, :16], exif[0x0112] = 255, 6  # a white bar at the left; 6: turn clockwise to see it
    read = reader.read_image(save(tmp_path / "a.jpg", Image.fromarray(pixels), exif=exif))
    assert read.shape == (64, 32, 3) and read[:12].min() > 240 and read[20:].max() < 15


def test_cmyk_becomes_rgb(tmp_path):
    read = reader.read_image(save(tmp_path / "a.jpg", Image.new("CMYK", (32, 32), (0, 255, 255, 0)), quality=95))
    assert np.abs(read.astype(int) - (255, 0, 0)).max() <= 4


def test_sixteen_bits_keep_their_brightness(tmp_path):
    values = np.linspace(0, 65535, 64 * 32).reshape(32, 64).astype(np.uint16)
    expected = values / 257
    grey = reader.read_image(save(tmp_path / "grey.png", Image.fromarray(values)))
    assert np.abs(grey - expected[..., None]).max() <= 0.51
    rows = b"".join(b"\0" + np.repeat(row, 3).astype(">u2").tobytes() for row in values)
    (tmp_path / "colour.png").write_bytes(png(64, 32, bits=16, rows=rows))
    assert np.abs(reader.read_image(tmp_path / "colour.png") - expected[..., None]).max() <= 1


def test_floats_are_scaled_to_their_white(tmp_path):
    read = reader.read_image(save(tmp_path / "a.tiff", Image.new("F", (20, 20), 0.5)))
    assert (read == 128).all()


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_the_first_frame_of_an_animation_is_the_still(tmp_path, name):
    red, blue = Image.new("RGB", (32, 32), (255, 0, 0)), Image.new("RGB", (32, 32), (0, 0, 255))
    read = reader.read_image(save(tmp_path / name, red, save_all=True, append_images=[blue], duration=100))
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
    assert (reader.read_image(tmp_path / "broken.png") == (200, 50, 80)).all()
    read = reader.read_image(save(tmp_path / "lab.tiff", picture, icc_profile=profile))
    assert np.abs(read.astype(int) - (200, 50, 80)).max() <= 4


# Files that must be refused


def png_bytes(image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


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


@pytest.mark.parametrize("kind", REFUSED)
def test_a_bad_file_gives_one_sentence_and_no_warning(tmp_path, recwarn, kind):
    path = tmp_path / "picture.png"
    path.write_bytes(REFUSED[kind][0])
    refused(reader.read_image, path, REFUSED[kind][1])
    assert not recwarn.list


@pytest.mark.parametrize("read", [reader.read_image, reader.read_clip])
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
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 100)
    refused(reader.read_image, path, "bytes: use a file of at most 100 bytes")
    monkeypatch.undo()

    def denied(*_):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    refused(reader.read_image, path, "Permission denied.*permissions")


@pytest.mark.parametrize("cut", [0.1, 0.5, 0.95])
@pytest.mark.parametrize("suffix", [".mp4", ".gif", ".webp"])
def test_a_clip_cut_short_is_refused(tmp_path, clip, suffix, cut):
    path = writer.write(clip, tmp_path / f"a{suffix}")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * cut)])
    refused(reader.read_clip, path, "damaged")


def test_a_playlist_opens_no_other_file(tmp_path, clip):
    target = writer.write(clip, tmp_path / "a.mp4")
    playlist = tmp_path / "list.mp4"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{target}\n#EXT-X-ENDLIST\n")
    refused(reader.read_clip, playlist, "unknown kind")
    playlist.write_text("ffconcat version 1.0\nfile 'a.mp4'\n")
    refused(reader.read_clip, playlist, "unknown kind")


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
def test_a_clip_is_read_within_bounds(tmp_path, clip, monkeypatch, suffix):
    path = writer.write(clip, tmp_path / f"a{suffix}")
    assert len(reader.read_clip(path, max_frames=9)) == 9
    with pytest.raises(MediaError, match=r"too long: at most 8 frames"):
        reader.read_clip(path, max_frames=8)
    assert reader.read_clip(path, longest=48).frames.shape == (9, 32, 48, 3)
    monkeypatch.setattr(files, "MAX_CLIP_PIXELS", 64 * 96 * 8)
    refused(reader.read_clip, path, "too long")
    monkeypatch.setattr(files, "MAX_PIXELS", 64 * 95)
    refused(reader.read_clip, path, "96x64 pixels.*smaller")


def test_sound_alone_is_no_clip(tmp_path):
    with av.open(str(tmp_path / "a.mp4"), "w") as output:
        stream = output.add_stream("aac", rate=16000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.rate = 16000
        output.mux(stream.encode(sound))
        output.mux(stream.encode())
    refused(reader.read_clip, tmp_path / "a.mp4", "holds no video")


# Pictures to size


def test_fit_keeps_a_picture_of_the_right_size_as_it_is():
    assert (resize.fit(NOISE, 64, 64) == NOISE).all()


@pytest.mark.parametrize(("height", "width"), [(64, 64), (48, 112), (160, 64), (256, 256)])
def test_fit_covers_without_distortion_and_keeps_the_middle(height, width):
    y, x = np.mgrid[:96, :128]
    disc = np.repeat((((x - 63.5) ** 2 + (y - 47.5) ** 2 < 12**2) * 255).astype(np.uint8)[..., None], 3, -1)
    fitted = resize.fit(disc, height, width)
    assert fitted.shape == (height, width, 3)
    scale = max(height / 96, width / 128)
    bright = fitted[..., 0] / 255.0
    assert bright.sum() == pytest.approx(np.pi * (12 * scale) ** 2, rel=0.04)
    high, broad = bright.max(1).sum(), bright.max(0).sum()
    assert high == pytest.approx(24 * scale, abs=2) and broad == pytest.approx(high, abs=1)
    assert np.abs(fitted - fitted[::-1, ::-1].astype(float)).max() <= 2


def test_a_contact_sheet_spreads_its_frames_evenly():
    frames = np.broadcast_to(np.arange(15, dtype=np.uint8)[:, None, None, None], (15, 4, 6, 3)).copy()
    sheet = writer.contact_sheet([Clip(frames), frames[:2, :2]])
    assert sheet.shape == (2 * 6 + 2, 8 * 8 + 2, 3)
    assert sheet[2, 2::8, 0].tolist() == list(range(0, 15, 2))
    assert sheet[8, 2::8, 0].tolist() == [0, 1] + [255] * 6
    assert (sheet[10:] == 255).all() and (sheet[:2] == 255).all()
    with pytest.raises(InputError, match="one column or more"):
        writer.contact_sheet([frames], columns=0)


def test_sha256_is_the_known_one(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert files.sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
