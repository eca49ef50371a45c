"""A server whose clips are made on a Ray cluster of two nodes, one of which is lost."""

import io
import time

import pytest
from server_process import QUICK, SLOW, png, serving

pytest.importorskip("ray", reason="the extra scale is not installed")
from test_cluster import cluster  # noqa: F401  # pyright: ignore[reportUnusedImport]


def asked(server, fields, seed=0):
    picture = io.BytesIO(png(seed=seed))
    picture.name = "a.png"
    return server.client.videos.create(
        prompt="it drifts left", input_reference=picture, extra_body={"motionalchemy": fields}
    )


def waited(server, job, until, seconds=120):
    deadline = time.monotonic() + seconds
    while (now := server.client.videos.retrieve(job.id)).status not in until:
        assert time.monotonic() < deadline, now
        time.sleep(0.1)
    return now


def test_clips_are_made_there_stopped_at_once_and_made_again_where_a_node_is_lost(cluster, tmp_path):  # noqa: F811
    from test_cluster import lost_node

    options = ("--workers", cluster.address, "--worker-count", "2")
    with serving(tmp_path / "data", *options) as server:
        jobs = [asked(server, QUICK, seed) for seed in range(2)]
        for job in jobs:
            assert waited(server, job, ("completed", "failed")).status == "completed"
            assert server.client.videos.download_content(job.id).read()[4:8] == b"ftyp"
        slow = asked(server, SLOW)
        waited(server, slow, ("in_progress",))
        began = time.monotonic()
        server.client.videos.delete(slow.id)
        assert asked(server, QUICK, 3) and time.monotonic() - began < 2
        kept = [asked(server, SLOW | {"steps": 100}, seed) for seed in (4, 5)]
        for job in kept:
            waited(server, job, ("in_progress",))
        lost_node(cluster)
        for job in kept:
            assert waited(server, job, ("completed", "failed"), 240).status == "completed"
