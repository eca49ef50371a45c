"""Building a corpus from package files made on the spot, and what is said when one is missing."""

import base64
import io
import json
import lzma
import tarfile
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from motionalchemy.data import shards
from motionalchemy.data.build.emoji import Name, code_of
from motionalchemy.data.build.pack import stacked
from motionalchemy.data.build.packages import PACKAGES, deb_files
from motionalchemy.data.build.run import build
from motionalchemy.data.compose import rgba
from motionalchemy.data.corpus import Corpus
from motionalchemy.errors import InputError, MissingPart, UnknownName

KINDS = ("emoji", "sprite", "ground", "sky", "panorama", "picture")


def archive(path: Path | None, files: dict[str, bytes], mode: str = "w:gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tar:  # pyright: ignore
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    if path:
        path.write_bytes(out.getvalue())
    return out.getvalue()


def deb(path: Path, files: dict[str, bytes]) -> None:
    data = lzma.compress(archive(None, files, "w"))
    members = [("debian-binary", b"2.0\n"), ("control.tar.xz", b"odd"), ("data.tar.xz", data)]
    with path.open("wb") as file:
        file.write(b"!<arch>\n")
        for name, body in members:
            file.write(f"{name:<16}{0:<12}{0:<6}{0:<6}{644:<8}{len(body):<10}`\n".encode())
            file.write(body + b"\n" * (len(body) % 2))


def encoded(picture: np.ndarray, kind: str) -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture).save(out, kind)
    return out.getvalue()


def panorama(light: np.ndarray) -> bytes:
    """Linear light (H, W, 3) as the panorama package has it: OpenEXR in base64 in a JavaScript module."""
    with tempfile.NamedTemporaryFile(suffix=".exr") as file:
        header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
        OpenEXR.File(header, {"RGB": np.ascontiguousarray(light, np.float32)}).write(file.name)
        data = Path(file.name).read_bytes()
    return b"export default 'data:application/exr;base64," + base64.b64encode(data) + b"'"


def animated() -> bytes:
    """Three frames of a red square that wanders over nothing."""
    frames = []
    for i in range(3):
        picture = np.full((24, 24, 4), (200, 200, 200, 0), np.uint8)
        picture[8:16, 4 + 4 * i : 12 + 4 * i] = (255, 0, 0, 255)
        frames.append(Image.fromarray(picture))
    out = io.BytesIO()
    frames[0].save(out, "webp", save_all=True, append_images=frames[1:], duration=42, lossless=True)
    return out.getvalue()


@pytest.fixture(scope="module")
def packages(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("packages")
    rows = [
        {"hexcode": "1F99C", "label": "parrot", "tags": ["bird"], "group": 3},
        {"hexcode": "1F44B-1F3FB", "label": "x"},
    ]
    chinese = [{"hexcode": "1F99C", "label": "鹦鹉"}, {"hexcode": "1F44B-1F3FB", "label": "y"}]
    names = {"en/data.json": rows, "zh/data.json": chinese}
    names["en/messages.json"] = {"groups": [{"order": 3, "message": "animals & nature"}]}
    files = {f"package/{name}": json.dumps(data).encode() for name, data in names.items()}
    archive(folder / PACKAGES["emoji names"].file, files)
    flat = encoded(np.full((8, 8, 4), 200, np.uint8), "webp")
    for part in (1, 2, 3, 4):
        moving = {"1f99c": animated(), "1f44b-1f3fb": animated(), "1f600": flat} if part == 2 else {}
        archive(folder / PACKAGES[f"emoji {part}"].file, {f"package/assets/{k}.webp": v for k, v in moving.items()})
    archive(folder / PACKAGES["sprites"].file, {"package/assets/1f99c.webp": flat})
    light = np.full((8, 16, 3), 0.5)
    light[:, 8:] = (3, 0, -0.01)  # red, and what a lossy file makes of a channel without light
    light[:, 12:] = (0, 0, -90)  # what is left of the sun in such a file
    module = {"package/hdri/park.exr.js": panorama(light), "package/hdri/park.exr.d.ts": b"odd"}
    archive(folder / PACKAGES["panoramas"].file, module)
    noise = np.random.default_rng(0).integers(0, 255, (256, 256, 3), "u1")
    with zipfile.ZipFile(folder / "inner.zip", "w") as file:
        types = "art/textures/terrain/types"
        for name in ("grass_a.dds.cached.dds", "grass_a_norm.dds.cached.dds", "small.dds.cached.dds"):
            file.writestr(f"{types}/{name}", encoded(noise[: 64 if "small" in name else 256], "dds"))
        file.writestr("art/textures/skies/sunset 1/front.dds.cached.dds", encoded(noise, "dds"))
        file.writestr("art/textures/skies/sunset 1/top.dds.cached.dds", encoded(noise, "dds"))
    game = {"./usr/share/games/0ad/mods/public/public.zip": (folder / "inner.zip").read_bytes()}
    deb(folder / "0ad-data_0.0.26-1_all.deb", game)
    about = {"KPlugin": {"License": "CC-BY-SA-4.0", "Authors": [{"Name": "A. Painter"}]}}
    walls = "./usr/share/wallpapers/Dawn"
    images = {f"{walls}/contents/images/{n}.jpg": encoded(noise[:n, :n], "jpeg") for n in (64, 128)}
    deb(
        folder / "plasma-workspace-wallpapers_5_all.deb",
        images | {f"{walls}/metadata.json": json.dumps(about).encode()},
    )
    return folder


def test_a_corpus_is_built_and_can_be_read(packages, tmp_path):
    *steps, last = build(tmp_path / "out", packages)
    assert last.packed and last.done == 1 and {s.kind for s in steps} == set(KINDS)
    assert sorted(s.key for s in steps) == [
        "e_1f99c",
        "ground_grass_a",
        "panorama_park",
        "picture_Dawn",
        "sky_sunset_1_front",
        "sprite_1f99c",
    ]
    split = Name("parrot", "鹦鹉", [], [], None).split
    assert split in ("train", "test")
    corpus = Corpus(tmp_path / "out", split)
    (entry,) = corpus.entries["emoji"]
    layer = corpus.read(entry)
    assert layer.facts["subject"] == {"en": "parrot", "zh": "鹦鹉"} and layer.facts["group"] == "animals & nature"
    assert layer.colour.shape == (49, 192, 192, 3)
    red = rgba(layer)[0]
    assert float(red[0].max()) > 0.9 and float(red[3].mean()) == pytest.approx(64 / 576, abs=0.02)
    assert (layer.colour[3].astype(int) - layer.colour[0]).max() < 30  # three frames, looped
    pictures = {s["kind"]: s for split in ("train", "test") for s in shards.stills(tmp_path / "out", split)}
    assert shards.read_still(tmp_path / "out", pictures["picture"]).shape == (128, 128, 3)
    around = shards.read_still(tmp_path / "out", pictures["panorama"]).astype(int)
    assert around.shape == (8, 16, 3) and np.ptp(around[:, :6].mean((0, 1))) < 8 and 120 < around[:, :6].mean() < 240
    assert around[:, 10, 0].mean() > 180 and around[:, 10, 1:].mean() < 90 and around[:, 14:].min() > 240
    text = (tmp_path / "out" / "ATTRIBUTION.md").read_text("utf-8")
    assert "A. Painter" in text and "CC-BY-SA-3.0" in text and "MIT" in text and "CC0-1.0" in text
    assert not (tmp_path / "out" / ".loose").exists()


def test_an_interrupted_build_goes_on_where_it_was(packages, tmp_path, monkeypatch):
    from motionalchemy.data.build import pack

    run = build(tmp_path / "out", packages, ("emoji", "ground"))
    next(run)
    run.close()
    made = []
    monkeypatch.setattr(pack, "mp4", lambda video: made.append(video))
    *_, last = build(tmp_path / "out", packages, ("emoji", "ground"))
    assert last.packed and not made  # the emoji was there already


def test_a_finished_corpus_is_not_overwritten(packages, tmp_path):
    list(build(tmp_path / "out", packages, ("emoji",)))
    with pytest.raises(InputError, match="already holds a corpus"):
        next(build(tmp_path / "out", packages, ("emoji",)))


@pytest.mark.parametrize(
    "kind, command",
    [
        ("emoji", "npm pack emojibase-data@17.0.0"),
        ("ground", "apt-get download 0ad-data"),
        ("picture", "wallpapers"),
        ("panorama", "npm pack @pmndrs/assets@1.7.0"),
    ],
)
def test_a_missing_package_names_its_command(tmp_path, kind, command):
    with pytest.raises(MissingPart, match=command):
        next(build(tmp_path / "out", tmp_path, (kind,)))


@pytest.mark.parametrize("module", [b"export default 7", b"base64,AAAA", b"base64,A"])
def test_a_panorama_that_is_none_is_refused(tmp_path, module):
    archive(tmp_path / PACKAGES["panoramas"].file, {"package/hdri/x.exr.js": module})
    with pytest.raises(InputError, match=r"hdri/x.exr.js is not an OpenEXR picture: run `npm pack"):
        next(build(tmp_path / "out", tmp_path, ("panorama",)))
    assert not list(tmp_path.rglob("*.webp*"))


def test_unknown_kinds_and_broken_packages_are_refused(tmp_path):
    with pytest.raises(UnknownName, match="sprite"):
        next(build(tmp_path / "out", tmp_path, ("opera",)))
    (tmp_path / "bad.deb").write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match="not a Debian package"):
        next(deb_files(tmp_path / "bad.deb", "*"))


def test_versions_of_one_emoji_share_a_split():
    def split(name):
        return Name(name, "", [], [], None).split

    assert split("man surfing") == split("woman surfing") == split("person surfing")
    assert code_of("package/assets/1F468-200D-FE0F-02695.webp") == "1f468-200d-2695"


def test_stacking_puts_colour_over_grey_above_alpha():
    frames = np.zeros((1, 2, 2, 4), np.uint8)
    frames[0, 0, 0] = (100, 50, 0, 255)
    frames[0, 0, 1] = (60, 60, 60, 127)  # multiplied by alpha already
    both = stacked(frames)
    assert both.shape == (1, 4, 2, 3)
    assert both[0, 0, 0].tolist() == [100, 50, 0] and both[0, 1, 0].tolist() == [128, 128, 128]
    assert abs(int(both[0, 0, 1, 0]) - (60 + 64)) <= 1 and both[0, 2, 1].tolist() == [127, 127, 127]
