"""Two builds of this project side by side: whole processes in turn, A B A B, and the ratio of each pair.

    python benchmarks/against.py --base 0d264e4 --photograph lake.jpg
    python benchmarks/against.py --base 0d264e4 --photograph lake.jpg --jobs abh --runs 5 -o against.json

The base is checked out in a worktree of its own under --work, which is kept. CPU seconds are those of the process and of
all that it waited for, so that a busy machine stretches them little; memory is the peak of the largest single process.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image, ImageOps

ROOT = Path(__file__).parents[1]
DRAWS = 2000  # resamples of a bootstrap interval
LIMIT = 1800  # seconds for one run

TEN = (
    "the horse rears up",
    "the horse gallops to the right",
    "马向左走",
    "the horse lies down",
    "the horse eats",
    "the camera zooms in",
    "马跳起来",
    "the horse turns round",
    "the horse kicks",
    "the horse falls to the ground",
)
SENTENCES = """
import json, sys
import motionalchemy as ma
for n, words in enumerate(json.loads(sys.argv[2])):
    ma.animate(sys.argv[1], words, output=f"{sys.argv[3]}-{n}.mp4")
"""
SERVER = """
import json, subprocess, sys, time, urllib.request, uuid
from pathlib import Path
command = [sys.executable, "-m", "motionalchemy.cli", "serve", "--port", "0", "--no-page", "--data", sys.argv[3] + "-data"]
server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
try:
    url = server.stdout.readline().strip() + "/v1/videos"
    for words in json.loads(sys.argv[2]):
        mark = uuid.uuid4().hex
        head = f'--{mark}\\r\\nContent-Disposition: form-data; name="prompt"\\r\\n\\r\\n{words}\\r\\n--{mark}\\r\\n'
        head += 'Content-Disposition: form-data; name="input_reference"; filename="a.png"\\r\\n'
        head += "Content-Type: image/png\\r\\n\\r\\n"
        body = head.encode() + Path(sys.argv[1]).read_bytes() + f"\\r\\n--{mark}--\\r\\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={mark}"}
        job = json.load(urllib.request.urlopen(urllib.request.Request(url, body, kind)))
        while job["status"] in ("queued", "in_progress"):
            time.sleep(0.2)
            job = json.load(urllib.request.urlopen(f"{url}/{job['id']}"))
        if job["status"] != "completed":
            sys.exit(f"{words}: {job}")
finally:
    server.terminate()
    server.wait()
"""


@dataclass(frozen=True)
class Given:
    """The files that the jobs are given."""

    horse: Path
    photograph: Path
    large: Path
    clip: Path


@dataclass(frozen=True)
class Spent:
    """What one run took: CPU and wall seconds, peak memory in bytes."""

    cpu: float
    wall: float
    memory: int


@dataclass(frozen=True)
class Compared:
    """The runs of one job by both builds, in the order in which they ran."""

    job: str
    base: list[Spent]
    now: list[Spent]

    def ratio(self, figure: str) -> tuple[float, float, float]:
        """Median of now / base over the pairs, and its 95 % bootstrap interval."""
        pairs = [getattr(b, figure) / getattr(a, figure) for a, b in zip(self.base, self.now, strict=True)]
        chance = random.Random(0)
        drawn = sorted(statistics.median(chance.choices(pairs, k=len(pairs))) for _ in range(DRAWS))
        return statistics.median(pairs), drawn[int(0.025 * DRAWS)], drawn[int(0.975 * DRAWS) - 1]


Arguments = Callable[[Given, Path], list[str]]


def _animate(given: str, words: str, *more: str) -> Arguments:
    """The command line of `animate` on one of the given files."""
    return lambda files, out: [
        "-m",
        "motionalchemy.cli",
        "animate",
        str(getattr(files, given)),
        words,
        "-o",
        f"{out}.mp4",
        *more,
    ]


def _edit(files: Given, out: Path) -> list[str]:
    return ["-m", "motionalchemy.cli", "edit", str(files.clip), "as a watercolour", "-o", f"{out}.mp4", "--size", "512"]


def _ten(script: str) -> Arguments:
    """A script over the ten sentences about the horse."""
    return lambda files, out: ["-c", script, str(files.horse), json.dumps(TEN), str(out)]


JOBS: dict[str, tuple[str, Arguments]] = {
    "a": ("a horse rears", _animate("horse", "the horse rears up")),
    "b": ("a photograph, the camera moves", _animate("photograph", "the camera zooms in")),
    "c": ("a photograph, water flows", _animate("photograph", "the water flows")),
    "d": (
        "1080p photograph, camera, 5 s",
        _animate("large", "the camera pans right", "--seconds", "5", "--size", "1440"),
    ),
    "e": ("30 s at 256", _animate("horse", "the horse walks", "--seconds", "30")),
    "f": ("style edit, 49 frames of 512", _edit),
    "g": ("--help", lambda files, out: ["-m", "motionalchemy.cli", "--help"]),
    "h": ("ten sentences, one process", _ten(SENTENCES)),
    "i": ("server, ten jobs in a row", _ten(SERVER)),
}


def run(tree: Path, arguments: Sequence[str], folder: Path) -> Spent:
    """One process of a build from start to end; raises RuntimeError with its last words if it fails."""
    command = [sys.executable, *arguments]
    environment = os.environ | {"PYTHONPATH": str(tree)}
    with (folder / "said.txt").open("w+") as said:
        child = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said)
        begun = os.times().elapsed
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = os.times().elapsed - begun
        if child.returncode:
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)[:300]} left with {child.returncode}: {said.read()[-800:]}")
    return Spent(used.ru_utime + used.ru_stime, wall, used.ru_maxrss * 1024)


def files(base: Path, photograph: Path, work: Path) -> Given:
    """The given files, made once under the working folder; the clip that is edited is the base's."""
    made = Given(ROOT / "examples" / "horse.png", work / "photograph.png", work / "large.png", work / "clip.mp4")
    picture = ImageOps.exif_transpose(Image.open(photograph)).convert("RGB")
    if not made.photograph.exists():
        small = picture.copy()
        small.thumbnail((768, 768), Image.Resampling.LANCZOS)
        small.save(made.photograph)
    if not made.large.exists():
        ImageOps.fit(picture, (1920, 1080), Image.Resampling.LANCZOS).save(made.large)
    if not made.clip.exists():
        run(base, _animate("horse", "the horse gallops", "--size", "512")(made, work / "clip"), work)
    return made


def table(done: Sequence[Compared]) -> str:
    """The ratios as a Markdown table."""
    lines = ["| job | runs | CPU s, base | now | ratio | 95 % | MB, base | now | ratio |", "|---" * 9 + "|"]
    for each in done:
        cpu = [statistics.median(spent.cpu for spent in side) for side in (each.base, each.now)]
        memory = [statistics.median(spent.memory for spent in side) / 1e6 for side in (each.base, each.now)]
        ratio, low, high = each.ratio("cpu")
        cells = [
            f"({each.job}) {JOBS[each.job][0]}",
            str(len(each.base)),
            f"{cpu[0]:.2f}",
            f"{cpu[1]:.2f}",
            f"{ratio:.2f}",
        ]
        cells += [f"{low:.2f} to {high:.2f}", f"{memory[0]:.0f}", f"{memory[1]:.0f}", f"{each.ratio('memory')[0]:.2f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Run the jobs asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default="0d264e4", help="a commit")
    parser.add_argument("--now", type=Path, default=ROOT, help="the checkout that is compared with it")
    parser.add_argument("--photograph", type=Path, required=True, help="with water in it, 1920 x 1080 or larger")
    parser.add_argument(
        "--jobs", default="".join(JOBS), help=", ".join(f"{k}: {what}" for k, (what, _) in JOBS.items())
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work", type=Path, default=ROOT / "runs" / "against")
    parser.add_argument("-o", "--output", type=Path, help="the figures of every run as JSON")
    asked = parser.parse_args()
    if unknown := set(asked.jobs) - set(JOBS):
        parser.error(f"no job {', '.join(sorted(unknown))}: there are {', '.join(JOBS)}")
    work = asked.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    base = work / f"base-{asked.base}"
    if not base.exists():
        subprocess.run(["git", "-C", ROOT, "worktree", "add", "--detach", base, asked.base], check=True)
    given, done = files(base, asked.photograph, work), list[Compared]()
    for job in asked.jobs:
        compared = Compared(job, [], [])
        for turn in range(asked.runs):
            for name, tree, spent in (("base", base, compared.base), ("now", asked.now.resolve(), compared.now)):
                spent.append(run(tree, JOBS[job][1](given, work / f"{job}-{name}-{turn}"), work))
                print(
                    f"({job}) {name}: {spent[-1].cpu:.2f} CPU s, {spent[-1].memory / 1e6:.0f} MB",
                    file=sys.stderr,
                    flush=True,
                )
        done.append(compared)
    print(table(done))
    if asked.output:
        asked.output.write_text(json.dumps([asdict(each) for each in done], indent=1))


if __name__ == "__main__":
    main()
