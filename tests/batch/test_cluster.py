"""A batch on a Ray cluster of two nodes on the loopback address, some of which is killed meanwhile."""

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest
from commands import spawn
from test_batch_command import ended, sums, tasks

ray = pytest.importorskip("ray", reason="the extra scale is not installed")
SIZE = {"num_cpus": 1, "object_store_memory": 80 << 20, "memory": 4 << 30}


@pytest.fixture(scope="module")
def cluster():
    """Two nodes with a processor each."""
    utils = pytest.importorskip("ray.cluster_utils", reason="the extra scale is not installed")
    os.environ["PYTHONPATH"] = os.pathsep.join((str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")))
    made = utils.Cluster(initialize_head=True, head_node_args=SIZE | {"include_dashboard": False})
    made.add_node(**SIZE)
    yield made
    with contextlib.suppress(Exception):
        made.shutdown()


def actors():
    """The processes of the actors."""
    found = list[int]()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (folder / "cmdline").read_bytes().startswith(b"ray::Hand"):
                found.append(int(folder.name))
    return found


def lost_node(cluster):
    """Kill the node that is not the head, and start another."""
    cluster.remove_node(list(cluster.worker_nodes)[-1], allow_graceful=False)
    cluster.add_node(**SIZE)


def count_reaches(out, count, seconds=180):
    deadline = time.monotonic() + seconds
    while len(list(out.glob("*.mp4"))) < count:
        assert time.monotonic() < deadline, f"{len(list(out.glob('*.mp4')))} of {count} clips after {seconds} s"
        time.sleep(0.1)


def test_an_actor_and_a_node_are_lost_and_every_clip_is_made_once_to_the_same_bytes(cluster, tmp_path):
    path, out = tasks(tmp_path, 14), tmp_path / "out"
    process = spawn("batch", str(path), "-o", str(out), "--on", cluster.address)
    count_reaches(out, 3)
    os.kill(actors()[0], signal.SIGKILL)
    count_reaches(out, 6)
    lost_node(cluster)
    code, said, errors = ended(process)
    assert code == 0, errors
    assert "14 made, 0 there already, 0 twice, 0 failed" in said
    assert len(list(out.glob("*.json"))) == 14 and not list(out.glob("*.part"))
    code, *_ = ended(spawn("batch", str(path), "-o", str(tmp_path / "calm"), "--workers", "1"))
    assert code == 0 and sums(out) == sums(tmp_path / "calm")


def test_a_picture_that_a_node_cannot_see_fails_alone_and_says_where(cluster, tmp_path):
    path = tasks(tmp_path, 1)
    with path.open("a") as file:
        file.write('{"image": "/nowhere/b.png", "prompt": "it moves", "model": "ideal"}\n')
    code, said, errors = ended(spawn("batch", str(path), "-o", str(tmp_path / "out"), "--on", cluster.address))
    assert code == 1 and "1 made, 0 there already, 0 twice, 1 failed" in said
    assert "line 2: '/nowhere/b.png' does not exist" in errors and "(on " in errors
