"""The photographs and drawings that the scene networks may learn from, out of public packages, with author and licence.

    python tools/scene/pictures.py FOLDER [--budgie CLONE] [--corpus CORPUS] [--not-these FOLDER]

Fetches Debian packages by name and version into FOLDER/packages, unpacks them, and leaves FOLDER/pictures/*.webp (512
pixels at most) and FOLDER/pictures.csv: picture, source, author, licence. Kept are only pictures whose own licence
note says public domain, CC0, CC-BY or CC-BY-SA. Left out are pictures named in WITHHELD, those that a folder of
pictures kept for judging holds, and near duplicates and other crops of either, found by a difference hash and by
matched ORB keypoints.
"""

import argparse
import csv
import io
import json
import re
import struct
import subprocess
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

PACKAGES = (
    "gcompris-qt-data=3.1-2",
    "plasma-workspace-wallpapers=4:5.27.5-2",
    "lomiri-wallpapers-16.04=20.04.0-2",
    "lomiri-wallpapers-20.04=20.04.0-2",
    "lomiri-wallpapers=20.04.0-2",
    "ukui-wallpapers=20.04.3-1.1",
)
BUDGIE = "82067426f1dde366e9c9038fdbe457c2527525dd"  # of github.com/BuddiesOfBudgie/budgie-backgrounds
ACTIVITIES = ("details", "explore_monuments", "explore_world_animals", "explore_world_music", "explore_farm_animals",
              "categorization", "erase", "clickgame", "lang", "chronos", "solar_system")  # fmt: skip
FREE = re.compile(r"public[ -]?domain|CC-?0|CC[- ]BY(-SA)?[- ]?\d|CC[- ]BY(-SA)?$", re.IGNORECASE)
UNFREE = re.compile(r"GPL|GFDL|NC|ND\b|sampling|free-art", re.IGNORECASE)
SIDE = 512
SMALLEST = 160  # pixels of the shorter side
NEAR = 8  # bits of 64 that the hashes of two versions of one picture may differ in
MATCHED = 25  # keypoints that agree on one movement between two crops of one picture
# Names that are kept for judging, and what shares their stem.
WITHHELD = re.split(
    " ",
    "astronaut chelsea coffee rocket china flower 2004default aqua chenonceau dune eglise_ gogh4 greenmeadow "
    "kleiber nagoya operasidney sydney storm wine_by australia bison chicken christ duck free_by friends_by "
    "goldfish greentock horse lemur life_by picosdeeuropa polar_bear macaw seeding statueofliberty liberty "
    "sunset_by the-mouse dog eileen",
)


@dataclass(frozen=True)
class Found:
    """A picture in a package: its name, its bytes, where it is from, who made it, under which licence."""

    name: str
    data: bytes
    source: str
    author: str
    licence: str


def free(licence: str) -> bool:
    """Whether a licence note is one of those that are kept."""
    return bool(FREE.search(licence)) and not UNFREE.search(licence)


def resources(blob: bytes) -> dict[str, bytes]:
    """The files of a Qt resource file (qres, versions 1 to 3), by path; what is compressed with zstd is left out."""
    version, tree, data, names = struct.unpack_from(">4I", blob, 4)
    size, files = (14 if version == 1 else 22), {}

    def title(at: int) -> str:
        (count,) = struct.unpack_from(">H", blob, names + at)
        return blob[names + at + 6 : names + at + 6 + 2 * count].decode("utf-16-be")

    def walk(node: int, folder: str) -> None:
        name, flags, first, second = struct.unpack_from(">IHII", blob, tree + node * size)
        path = f"{folder}/{title(name)}" if node else ""
        if flags & 2:
            for child in range(second, second + first):
                walk(child, path)
            return
        (begin,) = struct.unpack_from(">I", blob, tree + node * size + 10)
        (length,) = struct.unpack_from(">I", blob, data + begin)
        raw = blob[data + begin + 4 : data + begin + 4 + length]
        if not flags & 4:
            files[path.lstrip("/")] = zlib.decompress(raw[4:]) if flags & 1 else raw

    walk(0, "")
    return files


def notes(text: str) -> dict[str, tuple[str, str]]:
    """Author and licence of each file named in a README of paragraphs with Copyright, License and names of files."""
    said = {}
    for paragraph in re.split(r"\n\s*\n", text):
        fields = {k.lower(): v.strip() for k, v in re.findall(r"(?m)^(\w+):[ \t]*(.*)$", paragraph)}
        author, licence = fields.get("copyright", ""), fields.get("license", fields.get("licence", ""))
        comment = fields.get("comment", "")
        based = re.search(r"based on an? (?:original )?(?:image|photo|painting|picture)s? by ([^,]+)", comment)
        author = f"{author}, after {based[1]}" if based else author
        if re.search(r"licen[sc]e (CC[- ]BY-NC|GFDL)", comment):
            continue
        for name in re.findall(r"(?m)^\s*([\w/.()&,'+-]+\.(?:webp|jpg|png))\s*$", paragraph):
            said[name] = author, licence
    return said


def gcompris(root: Path):
    """Photographs of GCompris' activities; each folder has a README with the licence of each file."""
    source = "Debian gcompris-qt-data 3.1-2"
    for activity in ACTIVITIES:
        files = resources((root / f"usr/share/gcompris-qt/rcc/{activity}.rcc").read_bytes())
        for path, data in files.items():
            if not path.endswith(".webp"):
                continue
            if activity == "details" and "background" not in path:
                continue  # pieces of the backgrounds
            folder, said = path, None
            while "/" in folder and said is None:
                folder = folder.rpartition("/")[0]
                listed = notes(files.get(f"{folder}/README", b"").decode("utf-8", "replace"))
                said = listed.get(path.removeprefix(folder + "/")) or listed.get(path.rpartition("/")[2])
            if activity == "lang":
                said = "Art4Apps project", "CC-BY-SA-3.0"  # Debian's copyright file: words_sample/*
            if said:
                short = "_".join(path.split("resource/")[-1].split("/")[-2:])
                yield Found(f"gcompris_{activity}_{short}", data, source, *said)


def plasma(root: Path):
    """Plasma's wallpapers; each names author and licence in its metadata."""
    for folder in sorted((root / "usr/share/wallpapers").iterdir()):
        card = next(iter(sorted(folder.glob("metadata.json"))), None)
        if card:
            said = json.loads(card.read_text())["KPlugin"]
            author, licence = ", ".join(a["Name"] for a in said["Authors"]), said.get("License", "")
        else:
            text = (folder / "metadata.desktop").read_text()
            author = (re.findall(r"(?m)^X-KDE-PluginInfo-Author=(.*)$", text) or [""])[0]
            licence = (re.findall(r"(?m)^X-KDE-PluginInfo-License=(.*)$", text) or [""])[0]
        for kind in ("images", "images_dark"):
            shown = [p for p in (folder / "contents" / kind).glob("*") if re.match(r"\d+x\d+\.(png|jpg)", p.name)]
            if shown:
                best = min(shown, key=lambda p: abs(int(p.name.split("x")[0]) - 1920))
                yield Found(
                    f"plasma_{folder.name}_{kind}",
                    best.read_bytes(),
                    "Debian plasma-workspace-wallpapers 4:5.27.5-2",
                    author,
                    licence,
                )


def lomiri(root: Path):
    """Ubuntu Touch's wallpapers; Debian's copyright file names each."""
    text = next(root.glob("usr/share/doc/lomiri*/copyright")).read_text()
    said = {}
    for paragraph in re.split(r"\n\n+", text):
        found = re.match(r"Files:([\s\S]*?)\nCopyright:(.*(?:\n .*)*)\nLicense:\s*(\S+)", paragraph)
        for name in found[1].split() if found else []:
            said[name.rpartition("/")[2]] = " ".join(found[2].split()), found[3]
    for path in sorted((root / "usr/share/backgrounds").rglob("*")):
        if path.is_file() and path.name in said:
            yield Found(f"lomiri_{path.name}", path.read_bytes(), f"Debian {root.name}", *said[path.name])


def ukui(root: Path):
    """Ubuntu Kylin's wallpapers, all under one licence."""
    for path in sorted((root / "usr/share/backgrounds").glob("*.*g")):
        yield Found(
            f"ukui_{path.name}",
            path.read_bytes(),
            "Debian ukui-wallpapers 20.04.3-1.1",
            "Ubuntu Kylin community contributors",
            "CC-BY-SA-3.0",
        )


def budgie(clone: Path):
    """Budgie's backgrounds, all CC0, from a clone of their repository."""
    said = f"BuddiesOfBudgie/budgie-backgrounds {BUDGIE[:12]}"
    listed = subprocess.run(
        ["git", "-C", clone, "ls-tree", "--name-only", BUDGIE, "backgrounds/"],
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.split():
        if name.endswith(".jpg"):
            data = subprocess.run(
                ["git", "-C", clone, "show", f"{BUDGIE}:{name}"], capture_output=True, check=True
            ).stdout
            yield Found(f"budgie_{Path(name).name}", data, said, "see the repository's history", "CC0-1.0")


def skies(corpus: Path):
    """Views of the sky among the corpus' stills."""
    for shard in sorted((corpus / "stills").glob("*.tar")):
        with tarfile.open(shard) as tar:
            for member in tar:
                if member.name.endswith(".json") and "sky_" in member.name and re.search("_(front|left)", member.name):
                    said = json.load(tar.extractfile(member))
                    data = tar.extractfile(member.name.replace(".json", ".webp")).read()
                    yield Found(f"corpus_{said['key']}", data, said["source"], "Wildfire Games", said["licence"])


def fetched(folder: Path):
    """The unpacked Debian packages."""
    packages = folder / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        name = package.partition("=")[0]
        if not (packages / name).is_dir():
            subprocess.run(["apt-get", "download", "-q", package], cwd=packages, check=True)
            subprocess.run(["dpkg", "-x", next(packages.glob(f"{name}_*.deb")), packages / name], check=True)
        yield packages / name


def picture(data: bytes) -> Image.Image:
    """A picture over white, at most SIDE pixels."""
    opened = Image.open(io.BytesIO(data))
    if opened.mode in ("P", "RGBA", "LA"):
        seen = opened.convert("RGBA")
        opened = Image.new("RGB", seen.size, "white")
        opened.paste(seen, mask=seen.split()[3])
    opened = opened.convert("RGB")
    opened.thumbnail((SIDE, SIDE), Image.LANCZOS)
    return opened


def looks(shown: Image.Image):
    """What finds a picture again: a difference hash of 64 bits, and ORB's keypoints."""
    grey = np.asarray(shown.convert("L"))
    small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA).astype(int)
    return small[:, 1:] > small[:, :-1], cv2.ORB_create(400).detectAndCompute(grey, None)


def alike(one, other) -> bool:
    """Whether two pictures are versions or crops of one."""
    if (one[0] != other[0]).sum() <= NEAR or (one[0] != other[0][:, ::-1]).sum() <= NEAR // 2:
        return True
    (points, words), (their, theirs) = one[1], other[1]
    if words is None or theirs is None or min(len(words), len(theirs)) < MATCHED:
        return False
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(words, theirs)
    pairs = [p for p in pairs if p.distance < 40]
    if len(pairs) < MATCHED:
        return False
    here, there = np.float32([points[p.queryIdx].pt for p in pairs]), np.float32([their[p.trainIdx].pt for p in pairs])
    _, inside = cv2.estimateAffinePartial2D(here, there, ransacReprojThreshold=4)
    return inside is not None and int(inside.sum()) >= MATCHED


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("folder", type=Path)
    given.add_argument("--budgie", type=Path, help="a clone of github.com/BuddiesOfBudgie/budgie-backgrounds")
    given.add_argument("--corpus", type=Path, help="the corpus, for its skies")
    given.add_argument("--not-these", type=Path, help="a folder of pictures that are kept for judging")
    args = given.parse_args()
    makers = {"gcompris-qt-data": gcompris, "plasma-workspace-wallpapers": plasma, "ukui-wallpapers": ukui}
    sources = [makers.get(root.name, lomiri)(root) for root in fetched(args.folder)]
    sources += [budgie(args.budgie)] if args.budgie else []
    sources += [skies(args.corpus)] if args.corpus else []
    judged = (
        [looks(Image.open(p).convert("RGB")) for p in sorted(args.not_these.glob("*.png"))] if args.not_these else []
    )
    out = args.folder / "pictures"
    out.mkdir(parents=True, exist_ok=True)
    rows, kept, why = [], [], dict.fromkeys(("licence", "withheld by name", "withheld by looks", "twice", "small"), 0)
    for found in (each for source in sources for each in source):
        stem = found.name.rpartition("_")[2].lower() if found.name.startswith("gcompris") else found.name.lower()
        shown = picture(found.data) if free(found.licence) else None
        if shown is None:
            why["licence"] += 1
        elif any(w in stem or w in found.name.lower() for w in WITHHELD):
            why["withheld by name"] += 1
        elif min(shown.size) < SMALLEST:
            why["small"] += 1
        elif any(alike(mark := looks(shown), other) for other in judged):
            why["withheld by looks"] += 1
            print("kept for judging:", found.name)
        elif any(alike(mark, other) for other in kept):
            why["twice"] += 1
        else:
            kept.append(mark)
            name = re.sub(r"[^\w.-]", "_", found.name.rpartition(".")[0] or found.name) + ".webp"
            shown.save(out / name, quality=92)
            rows.append((name, found.source, found.author, found.licence))
    with (args.folder / "pictures.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([("picture", "source", "author", "licence"), *sorted(rows)])
    print(len(rows), "pictures; left out:", why)


if __name__ == "__main__":
    main()
