"""A batch that is killed in every way, and what more workers bring: two tables as Markdown.

    python benchmarks/batch/chaos.py kills --clips 200 --work runs/chaos
    python benchmarks/batch/chaos.py throughput --clips 12 --work runs/throughput

`kills` needs the extra scale: it starts a Ray cluster of two nodes on the loopback address, and kills an actor, a worker
process of the machine's own, the driver and a node, each in the middle of a run. Leaves with 1 when a clip is lost,
doubled, half-written or other bytes than those of one process.
"""

import argparse
import contextlib
import hashlib
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
WORDS = ("the camera zooms in", "the camera pans right", "the horse walks", "the horse gallops to the right")


def tasks(work: Path, count: int) -> Path:
    """A file of small requests for nano."""
    path = work / "tasks.jsonl"
    horse = str(ROOT / "examples" / "horse.png")
    small = {"image": horse, "size": 64, "seconds": 1, "fps": 8}
    lines = [json.dumps(small | {"prompt": WORDS[n % len(WORDS)], "seed": n}) for n in range(count)]
    path.write_text("\n".join(lines))
    return path


def start(path: Path, out: Path, *options: str) -> subprocess.Popen[str]:
    """A batch as a process."""
    command = [sys.executable, "-m", "motionalchemy.cli", "batch", str(path), "-o", str(out), *options]
    return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=-1, stderr=-2, text=True)


def sums(out: Path) -> dict[str, str]:
    """The sum of every clip that has its sidecar."""
    clips = [path for path in out.glob("*.mp4") if path.with_suffix(".json").exists()]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in clips}


def named(pattern: bytes) -> list[int]:
    """Processes whose command line matches."""
    found = list[int]()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if re.search(pattern, (folder / "cmdline").read_bytes()):
                found.append(int(folder.name))
    return found


class Run:
    """One batch in which something is killed once so many clips are there."""

    def __init__(self, path: Path, out: Path, *options: str):
        self.path, self.out, self.options, self.count = path, out, options, len(path.read_text().splitlines())
        self.process = start(path, out, *options)

    def until(self, count: int) -> None:
        """Wait until so many clips are there."""
        while len(list(self.out.glob("*.mp4"))) < count:
            if self.process.poll() is not None:
                raise SystemExit(f"the batch ended too early: {self.process.stdout and self.process.stdout.read()}")
            time.sleep(0.05)

    def again(self) -> None:
        """Start the same batch again."""
        self.process.wait()
        self.process = start(self.path, self.out, *self.options)

    def row(self, what: str, kill: Callable[["Run"], None], truth: dict[str, str]) -> tuple[str, bool]:
        """Kill in the middle and let it end; a line of the table, and whether all is well."""
        self.until(self.count // 2)
        before, begun = len(sums(self.out)), time.monotonic()
        kill(self)
        while len(sums(self.out)) <= before + 1 and self.process.poll() is None:
            time.sleep(0.05)
        onward = time.monotonic() - begun
        said = self.process.communicate()[0]
        found = sums(self.out)
        doubled = len(list(self.out.glob("*.mp4"))) - len(found)
        lost, other = (
            len(truth.keys() - found.keys()),
            sum(found[name] != truth[name] for name in found.keys() & truth.keys()),
        )
        torn = len(list(self.out.glob("*.part")))
        well = self.process.returncode == 0 and not (lost or doubled or other or torn)
        cells = [what, str(self.count), str(lost), str(doubled), str(torn), str(other), f"{onward:.1f}"]
        if not well:
            print(said, file=sys.stderr)
        return "| " + " | ".join(cells) + " |", well


def kills(work: Path, count: int) -> int:
    """The table of kills."""
    from ray.cluster_utils import Cluster

    path = tasks(work, count)
    start(path, work / "calm", "--workers", "2").communicate()
    truth = sums(work / "calm")
    size = {"num_cpus": 1, "object_store_memory": 100 << 20, "memory": 4 << 30}
    os.environ["PYTHONPATH"] = str(ROOT)
    cluster = Cluster(initialize_head=True, head_node_args=size | {"include_dashboard": False})
    node = cluster.add_node(**size)
    lines, good = (
        ["| killed | clips | lost | doubled | half-written | other bytes | s to go on |", "|---" * 7 + "|"],
        True,
    )

    def one(pattern: bytes) -> Callable[[Run], None]:
        return lambda run: os.kill(named(pattern)[0], signal.SIGKILL)

    def driver(run: Run) -> None:
        run.process.kill()
        run.again()

    for name, what, kill, on in (
        ("process", "a worker process", one(rb"motionalchemy\.batch\.maker"), "local"),
        ("local", "the driver, workers of the machine's own", driver, "local"),
        ("actor", "an actor", one(rb"^ray::Hand"), cluster.address),
        ("driver", "the driver, workers on Ray", driver, cluster.address),
        ("node", "a node", lambda run: cluster.remove_node(node, allow_graceful=False), cluster.address),
    ):
        options = ("--workers", "2") if on == "local" else ("--on", on)
        line, well = Run(path, work / name, *options).row(what, kill, truth)
        print(line, file=sys.stderr, flush=True)
        lines.append(line)
        good = good and well
    cluster.shutdown()
    print("\n".join(lines))
    return 0 if good and len(truth) == count else 1


def throughput(work: Path, count: int, runs: int) -> int:
    """Seconds a clip of one process that makes all, and of batches with one and two workers, in turn."""
    alone = """
import json, sys
from pathlib import Path
from motionalchemy.batch.maker import Maker
maker = Maker(1)
for n, line in enumerate(open(sys.argv[1])):
    assert maker.make(json.loads(line), Path(sys.argv[2]) / f"{n}.mp4") is None
"""
    took: dict[str, list[float]] = {"one process": [], "1 worker": [], "2 workers": []}
    for turn in range(runs):
        for name in took:
            for share, full in ((1, False), (count, True)):  # the second minus the first leaves starting out
                path = tasks(work, share)
                out = work / f"{name}-{turn}-{share}"
                out.mkdir(parents=True)
                begun = time.monotonic()
                if name == "one process":
                    command = [sys.executable, "-c", alone, str(path), str(out)]
                    subprocess.run(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True)
                else:
                    process = start(path, out, "--workers", name[0])
                    said = process.communicate()[0]
                    assert process.returncode == 0, said
                seconds = time.monotonic() - begun
                took[name].append(seconds if not full else took[name].pop() * -1 + seconds)
    rates = {name: statistics.median((count - 1) / seconds for seconds in all_) for name, all_ in took.items()}
    print("| | clips a minute | ratio |\n|---|---|---|")
    for name, rate in rates.items():
        print(f"| {name} | {60 * rate:.1f} | {rate / rates['one process']:.2f} |")
    return 0


def main() -> None:
    """One of the two tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=("kills", "throughput"))
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work", type=Path, default=ROOT / "runs" / "batch")
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    work = asked.work.resolve()
    sys.exit(kills(work, asked.clips) if asked.table == "kills" else throughput(work, asked.clips, asked.runs))


if __name__ == "__main__":
    main()
