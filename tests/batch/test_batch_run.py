import json
import tracemalloc
from collections import deque

import pytest

from motionalchemy.batch import run as running
from motionalchemy.batch.crew import Ended
from motionalchemy.batch.places import FAILED, Folder, place
from motionalchemy.batch.tasks import Task, Unread
from motionalchemy.errors import InputError
from motionalchemy.pipeline.request import parse


class Mock:
    """A crew of two that works at once: `acts` says what becomes of a task."""

    size = 2

    def __init__(self, where, acts=lambda task, tries: None):
        self.where, self.acts = where, acts
        self.tries, self.held, self.closed, self.most = {}, deque(), 0, 0

    def __call__(self):
        return self

    def free(self):
        return len(self.held) < self.size

    def start(self, task):
        self.held.append(task)
        self.most = max(self.most, len(self.held))

    def busy(self):
        return bool(self.held)

    def ended(self, seconds):
        task = self.held.popleft()
        self.tries[task.line] = self.tries.get(task.line, 0) + 1
        answer = self.acts(task, self.tries[task.line])
        if answer == "dies":
            return [Ended(task, lost=True)]
        if answer is None:
            self.where.keep(task.file, b"clip")
            self.where.keep(f"{task.name}.json", b"{}")
        return [Ended(task, answer)]

    def close(self):
        self.closed += 1


def task(line, words="it walks", **fields):
    return Task(line, parse({"image": "a.png", "prompt": words, **fields}), ".mp4")


def done(tasks, crew, where, **options):
    tally = running.Tally(len(tasks))
    return running.run(iter(tasks), crew, where, tally, **options)


@pytest.fixture
def where(tmp_path):
    return Folder(tmp_path)


def test_every_line_ends_in_one_count(where):
    tasks = [task(1, seed=1), task(2, seed=2), Unread(3, "no request"), task(4, seed=1), task(5, seed=5)]
    crew = Mock(where, lambda task, tries: "it cannot be" if task.line == 5 else None)
    heard = []
    tally = done(tasks, crew, where, told=lambda now, line, reason: heard.append((line, reason)))
    assert (tally.made, tally.failures, tally.twice + tally.there) == (2, 2, 1) and tally.done == tally.total
    assert sorted(line for line, _ in heard) == [1, 2, 3, 4, 5] and dict(heard)[5] == "it cannot be"
    kept = json.loads((where.path / (tasks[4].name + FAILED)).read_text())
    assert kept["reason"] == "it cannot be" and kept["line"] == 5 and kept["request"]["seed"] == 5
    assert crew.closed == 1


def test_what_is_there_is_not_made_again_and_no_worker_starts_for_it(where):
    tasks = [task(n, seed=n) for n in (1, 2)]
    assert done(tasks, Mock(where), where).made == 2

    def nobody():
        raise AssertionError("nothing is to be made")

    assert done(tasks, nobody, where).there == 2


def test_a_clip_without_its_sidecar_is_made_again(where):
    (where.path / task(1).file).write_bytes(b"half")
    assert done([task(1)], Mock(where), where).made == 1


def test_a_failure_stays_until_it_is_asked_to_be_tried_again(where):
    def fails(task, tries):
        return "no such picture"

    assert done([task(1)], Mock(where, fails), where).failures == 1
    again = done([task(1)], Mock(where), where)
    assert again.failures == 1 and "no such picture (failed before; --retry" in again.first[0][1]
    assert done([task(1)], Mock(where), where, retry=True).made == 1
    assert not list(where.path.glob(f"*{FAILED}"))


def test_a_task_whose_worker_dies_is_tried_again_but_not_for_ever(where):
    crew = Mock(where, lambda task, tries: "dies" if task.line == 1 or tries < running.TRIES else None)
    tally = done([task(1, seed=1), task(2, seed=2)], crew, where)
    assert crew.tries == {1: running.TRIES, 2: running.TRIES}
    assert tally.made == 1 and tally.failures == 1 and tally.first == [(1, running.DIED)]
    assert tally.lost == 2 * running.TRIES - 1


def test_a_worker_that_says_done_without_a_file_is_not_believed(where):
    class Liar(Mock):
        def ended(self, seconds):
            return [Ended(self.held.popleft())]

    assert done([task(1)], Liar(where), where).first == [(1, "its file did not arrive")]


def test_the_crew_is_dismissed_where_nothing_goes_on(where):
    class Broken(Mock):
        def ended(self, seconds):
            raise InputError("the cluster is gone")

    crew = Broken(where)
    with pytest.raises(InputError, match="gone"):
        done([task(1)], crew, where)
    assert crew.closed == 1


def test_memory_is_constant_in_the_number_of_tasks(where):
    class Quick(Mock):
        def ended(self, seconds):
            return [Ended(self.held.popleft(), "no")]

    class Nowhere(Folder):
        def done(self, task):
            return False

        def failure(self, task):
            return None

        def keep(self, name, data):
            return None

        def forget(self, name):
            return None

    def peak(count):
        tracemalloc.start()
        tasks = (task(n, seed=n) for n in range(count))
        running.run(tasks, Quick(where), Nowhere(where.path), running.Tally(count))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(200)
    few, many = peak(200), peak(4000)
    assert many < 2 * few + 20_000  # a task takes about a thousand bytes
    assert Quick(where).most <= Quick.size


def test_two_batches_do_not_write_into_one_folder(tmp_path):
    with Folder(tmp_path / "out").alone():
        (tmp_path / "out" / ".0123.part").touch()
        with pytest.raises(InputError, match="another batch"), Folder(tmp_path / "out").alone():
            pass
    with Folder(tmp_path / "out").alone():
        assert not list((tmp_path / "out").glob("*.part"))


def test_a_place_with_an_address_holds_whole_files(tmp_path):
    pytest.importorskip("fsspec", reason="the extra scale is not installed")
    where = place("memory://batch/clips")
    with where.alone():
        assert done([task(1)], Mock(where), where).made == 1
        assert where.done(task(1)) and done([task(1)], Mock(where), where).there == 1
        assert done([task(2, seed=2)], Mock(where, lambda task, tries: "no"), where).failures == 1
        assert where.failure(task(2, seed=2)) == "no"
    assert place(f"file://{tmp_path}") == Folder(tmp_path)
    with pytest.raises(InputError, match="nosuch"):
        place("nosuch://bucket/clips")
