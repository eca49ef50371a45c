"""Composed clips per second: 49 frames at 256x256, drawn as training draws them, decoding included.

    python benchmarks/data/compose.py                    # two processes of one thread
    python benchmarks/data/compose.py --device cuda      # one process a core, all on one GPU

Clip i of a seed is the same clip on every run, so figures compare. A busy machine stretches the wall time; the seconds of
processor time a clip, which it stretches little, are printed beside it.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path
from threading import BrokenBarrierError

import torch

from motionalchemy.data.corpus import Corpus
from motionalchemy.data.kinds import draw
from motionalchemy.nets.throughput import wait


def work(args: argparse.Namespace, worker: int, ready: Barrier, out: multiprocessing.Queue) -> None:
    """Draw every clip of one worker's share after all are warm; puts (seconds, processor seconds, error)."""
    try:
        torch.set_num_threads(args.threads)
        corpus, size = Corpus(args.corpus), (args.size, args.size)
        for index in range(args.warm):
            draw(corpus, args.kind, args.seed, 10**6 + index, size, args.device)
        wait(torch.device(args.device))
        ready.wait()
        wall, cpu = time.perf_counter(), time.process_time()
        for index in range(worker, args.clips, args.processes):
            draw(corpus, args.kind, args.seed, index, size, args.device)
        wait(torch.device(args.device))
        out.put((time.perf_counter() - wall, time.process_time() - cpu, ""))
    except BrokenBarrierError:
        out.put((0.0, 0.0, ""))  # another worker says why
    except Exception as error:
        ready.abort()
        out.put((0.0, 0.0, str(error) or repr(error)))


def measured(args: argparse.Namespace) -> dict[str, object]:
    """The row of figures; raises RuntimeError with what a worker says when it fails."""
    spawn = multiprocessing.get_context("spawn")
    ready, out = spawn.Barrier(args.processes), spawn.Queue()
    workers = [spawn.Process(target=work, args=(args, k, ready, out)) for k in range(args.processes)]
    for process in workers:
        process.start()
    found = [out.get() for _ in workers]
    for process in workers:
        process.join()
    said = [error for *_, error in found if error]
    if said:
        raise RuntimeError(said[0])
    seconds, cpu = max(wall for wall, *_ in found), sum(spent for _, spent, _ in found)
    return {
        "device": torch.cuda.get_device_name(args.device) if args.device.startswith("cuda") else "cpu",
        "kind": args.kind,
        "size": args.size,
        "processes": args.processes,
        "threads": args.threads,
        "clips": args.clips,
        "seconds": round(seconds, 2),
        "clips a second": round(args.clips / seconds, 3),
        "processor seconds a clip": round(cpu / args.clips, 3),
        "load before": args.load,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--kind", default="animate", help="a kind of sample")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--clips", type=int, default=0, help="how many in all; 40, on a GPU 400")
    parser.add_argument("--processes", type=int, default=0, help="2; on a GPU one a core")
    parser.add_argument("--threads", type=int, default=1, help="of each process")
    parser.add_argument("--warm", type=int, default=2, help="clips drawn before the clock starts, by each process")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    gpu = args.device.startswith("cuda")
    if gpu and not torch.cuda.is_available():
        print("there is no CUDA device here: run with --device cpu", file=sys.stderr)
        return 2
    args.processes = args.processes or (os.cpu_count() or 2 if gpu else 2)
    args.clips = args.clips or (400 if gpu else 40)
    args.load = round(os.getloadavg()[0], 1)
    try:
        print(json.dumps(measured(args), indent=1))
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
