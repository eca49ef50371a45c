"""The queue by itself: whose turn it is, what a death leaves behind, what two workers at once do."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
from server_process import ROOT

from motionalchemy.errors import InputError
from motionalchemy.server.jobs import MAX_ATTEMPTS, Duplicate, Jobs, New, QueueFull

ROOM = {"places": 1000, "client_places": 1000}


@pytest.fixture
def jobs(tmp_path):
    return Jobs(tmp_path / "jobs.sqlite3")


def add(jobs, id, client="a", cost=1.0, owner="local", key=None, **room):
    return jobs.add(New(id, owner, client, "{}", {}, cost, 10, key), **ROOM | room)


def claimed(jobs, device="cpu"):
    return [job.id for job in iter(lambda: jobs.claim(device), None)]


def test_first_come_first_served_for_one_client(jobs):
    for id in "xyz":
        add(jobs, id)
    assert [jobs.place(jobs.find(id)) for id in "xyz"] == [0, 1, 2]
    assert claimed(jobs) == ["x", "y", "z"]


def test_clients_take_turns_however_many_jobs_one_of_them_has(jobs):
    for number in range(4):
        add(jobs, f"a{number}", "a")
    add(jobs, "b0", "b")
    add(jobs, "b1", "b")
    assert claimed(jobs) == ["a0", "b0", "a1", "b1", "a2", "a3"]


def test_a_turn_is_as_long_as_its_work(jobs):
    for number in range(3):
        add(jobs, f"long{number}", "a", cost=4)
    for number in range(8):
        add(jobs, f"short{number}", "b", cost=1)
    shown = "long0 short0 short1 short2 short3 long1 short4 short5 short6 short7 long2"
    assert claimed(jobs) == shown.split()


def test_a_newcomer_does_not_get_the_turns_that_it_missed(jobs):
    for number in range(6):
        add(jobs, f"a{number}", "a")
    assert [jobs.claim("cpu").id for _ in range(3)] == ["a0", "a1", "a2"]
    for number in range(3):
        add(jobs, f"b{number}", "b")
    assert claimed(jobs)[:3] == ["b0", "a3", "b1"]


def test_a_full_queue_and_a_greedy_client_are_refused(jobs):
    for number in range(3):
        add(jobs, f"a{number}", "a", client_places=3)
    with pytest.raises(QueueFull, match="3 jobs waiting"):
        add(jobs, "a3", "a", client_places=3)
    add(jobs, "b0", "b", client_places=3)
    with pytest.raises(QueueFull, match="all 4 places"):
        add(jobs, "c0", "c", places=4)
    jobs.claim("cpu")
    add(jobs, "c0", "c", places=4)
    assert jobs.counts().states["queued"] == 4 and jobs.counts().bytes == 50


def test_an_idempotency_key_makes_one_job_for_its_owner(jobs):
    add(jobs, "x", key="k")
    with pytest.raises(Duplicate) as refused:
        add(jobs, "y", key="k")
    assert refused.value.id == "x" and jobs.find("y") is None
    add(jobs, "z", owner="other", key="k")
    assert jobs.idempotent("other", "k").id == "z"


def test_a_dead_worker_gives_its_jobs_back_but_not_for_ever(jobs):
    add(jobs, "x")
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert jobs.find("x").state == "queued"
        assert jobs.claim("cpu").attempt == attempt
        assert jobs.reclaim("other") == []
        assert [job.id for job in jobs.reclaim("cpu")] == ["x"]
    job = jobs.find("x")
    assert (job.state, job.error_code) == ("failed", "worker_died") and f"{MAX_ATTEMPTS} times" in job.error_message


def test_a_worker_that_is_asked_to_stop_gives_its_job_back_uncounted(jobs):
    add(jobs, "x")
    for _ in range(2 * MAX_ATTEMPTS):
        assert jobs.give_back(jobs.claim("cpu"))
    assert jobs.claim("cpu").attempt == 1


def test_an_attempt_that_is_over_changes_nothing(jobs):
    add(jobs, "x")
    old = jobs.claim("cpu")
    jobs.reclaim("cpu")
    new = jobs.claim("cpu")
    jobs.stand(old, {"fraction": 0.9})
    assert not jobs.end(old, "completed", 1) and not jobs.give_back(old) and jobs.wanted(old) is None
    assert jobs.find("x") == new
    assert jobs.end(new, "completed", 7) and not jobs.end(new, "failed", 7, ("a", "b"))
    assert (jobs.find("x").state, jobs.find("x").bytes) == ("completed", 7)


def test_cancelling(jobs):
    add(jobs, "queued")
    assert jobs.cancel("queued", "other") is None and jobs.find("queued").state == "queued"
    assert jobs.cancel("queued", "local").state == "cancelled"
    add(jobs, "running")
    job = jobs.claim("cpu")
    assert jobs.wanted(job) is not None
    assert jobs.cancel("running", "local").state == "in_progress"
    assert jobs.wanted(job) is None
    assert jobs.end(job, "cancelled", 0) and jobs.cancel("running", "local").state == "cancelled"
    add(jobs, "dead")
    jobs.claim("cpu")
    jobs.cancel("dead", "local")
    jobs.reclaim("cpu")
    assert jobs.find("dead").state == "cancelled"


def test_a_deleted_job_is_no_longer_wanted(jobs):
    add(jobs, "x")
    job = jobs.claim("cpu")
    assert not jobs.remove("x", "other") and jobs.remove("x", "local")
    assert jobs.wanted(job) is None and not jobs.end(job, "completed", 1) and jobs.names() == set()


def test_pages(jobs):
    for id in "abcde":
        add(jobs, id)
    add(jobs, "other", owner="other")

    def names(page):
        return "".join(job.id for job in page[0]), page[1]

    assert names(jobs.page("local", None, 2, ascending=False)) == ("ed", True)
    assert names(jobs.page("local", jobs.find("d").seq, 3, ascending=False)) == ("cba", False)
    assert names(jobs.page("local", jobs.find("b").seq, 2, ascending=True)) == ("cd", True)


def test_what_ended_long_ago_expires(jobs):
    for id in "xy":
        add(jobs, id)
    jobs.end(jobs.claim("cpu"), "completed", 1)
    assert jobs.expire(time.time() - 60) == []
    assert jobs.expire(time.time() + 1) == ["x"] and jobs.names() == {"y"}


def test_another_version_is_refused(tmp_path):
    sqlite3.connect(tmp_path / "jobs.sqlite3").execute("PRAGMA user_version = 99")
    with pytest.raises(InputError, match="version 99"):
        Jobs(tmp_path / "jobs.sqlite3")


def test_two_workers_never_get_the_same_job(tmp_path, jobs):
    for number in range(60):
        add(jobs, str(number), str(number % 3))
    found = {device: [] for device in ("one", "two", "three")}

    def work(device):
        own = Jobs(tmp_path / "jobs.sqlite3")
        found[device] += claimed(own, device)
        own.close()

    threads = [threading.Thread(target=work, args=(device,)) for device in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = [id for ids in found.values() for id in ids]
    assert sorted(everything, key=int) == [str(number) for number in range(60)]


LABOUR = """
import sys
from pathlib import Path
from motionalchemy.server.jobs import Jobs
jobs = Jobs(Path(sys.argv[1]))
jobs.reclaim("cpu")
print("ready", flush=True)
while job := jobs.claim("cpu"):
    jobs.stand(job, {"fraction": 0.5})
    jobs.end(job, "completed", 1)
"""


def test_killed_at_any_moment_the_table_loses_and_doubles_nothing(tmp_path, jobs):
    ids = {f"j{number}" for number in range(300)}
    for id in sorted(ids):
        add(jobs, id)
    chance, kills = random.Random(0), 0
    while jobs.counts().states["completed"] < len(ids) and kills < 8:
        labour = subprocess.Popen(
            [sys.executable, "-c", LABOUR, str(tmp_path / "jobs.sqlite3")],
            stdout=-1,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        labour.stdout.readline()
        time.sleep(chance.uniform(0.005, 0.08))
        labour.send_signal(signal.SIGKILL)
        labour.wait()
        kills += 1
        states = jobs.counts().states
        assert sum(states.values()) == len(ids) and states["in_progress"] <= 1 and states["failed"] == 0
    assert kills >= 3
    jobs.reclaim("cpu")
    while job := jobs.claim("cpu"):
        assert jobs.end(job, "completed", 1)
    assert jobs.counts().states["completed"] == len(ids) and jobs.names() == ids
