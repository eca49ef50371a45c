"""A tiny corpus made on the spot: discs that move, with facts like those of the real one."""

import io
import json
import tarfile
from functools import cache
from pathlib import Path

import av
import numpy as np
from PIL import Image

FRAMES, SIDE = 49, 32


def frames(colour: tuple[int, int, int], speed: float) -> tuple[np.ndarray, np.ndarray]:
    """A disc that moves to the right: pictures (T, H, W, 3) over mid grey and their alpha (T, H, W)."""
    y, x = np.mgrid[:SIDE, :SIDE]
    centre = SIDE / 3 + speed * np.arange(FRAMES)
    inside = ((x - centre[:, None, None]) ** 2 + (y - SIDE / 2) ** 2) < (SIDE / 5) ** 2
    return np.where(inside[..., None], np.array(colour), 128).astype("u1"), (inside * 255).astype("u1")


def mp4(video: np.ndarray) -> bytes:
    """(T, H, W, 3) uint8 as an H.264 file."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as file:
        stream = file.add_stream("libx264", rate=24, options={"crf": "4"})
        stream.width, stream.height, stream.pix_fmt = video.shape[2], video.shape[1], "yuv420p"
        for frame in video:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")))
        file.mux(stream.encode())
    return out.getvalue()


@cache
def clip(subject: str, whole: bool) -> bytes:
    """The stored clip of a subject, which decides its colour."""
    picture, alpha = frames({"horse": (220, 60, 60), "lion": (220, 190, 60)}.get(subject, (60, 90, 200)), 0.2)
    return mp4(picture if whole else np.concatenate([picture, np.repeat(alpha[..., None], 3, -1)], 1))


def facts(key: str, subject: str = "horse", zh: str = "马", action: str | None = "gallop", **more) -> dict:
    return {
        "key": key,
        "actor": f"fauna/{subject}",
        "subject": {"en": subject, "zh": zh},
        "appearance": {"en": [], "zh": []},
        "action": {"key": action},
        "motion": "gallop.dae",
        "start": "in motion",
        "speed": 1.0,
        "team": None,
        "light": {"en": "light from above", "zh": "顶光"},
        "camera": {"azimuth": 270.0, "view": {"en": "facing right"}, "move": "static"},
        "split": "train",
        "source": "0 A.D. art",
        "licence": "CC-BY-SA-3.0",
    } | more


def samples() -> dict[str, list[dict]]:
    """The facts of every sample, by kind."""
    left = {"azimuth": 90.0, "view": {"en": "facing left"}, "move": "static"}
    turn = {"azimuth": 0.0, "move": "orbit_left", "sweep": 90}
    snow = {"ground": {"key": "snow"}, "sky": {"en": "blue sky", "zh": "蓝天"}, "path": {"key": "right"}}
    return {
        "actors": [
            facts("a00001a_horse"),
            facts("a00001b_horse", action="fall", motion="fall.dae"),
            facts("a00002a_horse", camera=left),
            facts("a00003a_lion", "lion", "雄狮"),
            facts("a00004a_zebra", "zebra", "斑马", split="test"),
        ],
        "scenes": [facts("s00001_horse", **snow)],
        "turntables": [facts("t00001_temple", "temple", "神庙", None, camera=turn, motion=None)],
        "emoji": [
            facts("e_1f600", "grinning face", "笑脸", None, group="smileys & emotion", camera={"move": "static"})
        ],
    }


def stills() -> list[dict]:
    names = {"ground": "grass", "sky": "sunny sky", "panorama": "park", "picture": "Altai"}
    found = [
        {"key": f"{kind}_{name}", "kind": kind, "en": name, "zh": None, "authors": ["A. Painter"]}
        for kind, name in names.items()
    ]
    return [*found, {"key": "sprite_1f99c", "kind": "sprite", "en": "parrot", "zh": "鹦鹉"}]


def make(folder: Path) -> Path:
    """Write the corpus and return its folder."""
    lines = []
    for kind, listed in samples().items():
        shard = f"{kind}-0000.tar"
        with tarfile.open(folder / shard, "w") as tar:
            for known in listed:
                _add(tar, f"{known['key']}.mp4", clip(known["subject"]["en"], whole=kind == "scenes"))
                _add(tar, f"{known['key']}.json", json.dumps(known).encode())
                row = {"key": known["key"], "shard": shard, "kind": kind, "subject": known["subject"]["en"]}
                lines.append(row | {"action": known["action"]["key"], "split": known["split"]})
    (folder / "index.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    (folder / "stills").mkdir()
    rng, rows = np.random.default_rng(0), []
    with tarfile.open(folder / "stills" / "stills-0000.tar", "w") as tar:
        for still in stills():
            channels = 4 if still["kind"] == "sprite" else 3
            image = Image.fromarray(
                rng.integers(0, 255, (16, 32 if still["kind"] == "panorama" else 16, channels), "u1")
            )
            data = io.BytesIO()
            image.save(data, "webp", lossless=True)
            _add(tar, f"{still['key']}.webp", data.getvalue())
            _add(tar, f"{still['key']}.json", json.dumps(still).encode())
            rows.append({"shard": "stills-0000.tar", "split": "train"} | {k: still[k] for k in ("key", "kind", "en")})
    (folder / "stills" / "stills.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return folder


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))
