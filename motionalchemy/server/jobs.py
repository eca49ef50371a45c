"""The queue: one SQLite table, one transaction for each change of state.

A table of its own and not a queue library: a claim, a cancellation, fairness between clients and the listing of old
results are all questions to the same few columns, and the standard library's SQLite answers them without another
service to keep alive. Whoever is killed leaves either the row before a change or the row after it.

    queued -> in_progress -> completed | failed | cancelled
       ^___________|            a worker that ended without saying so gives its job back, MAX_ATTEMPTS times
"""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from motionalchemy.errors import InputError, MotionAlchemyError

QUEUED, IN_PROGRESS, COMPLETED, FAILED, CANCELLED = "queued", "in_progress", "completed", "failed", "cancelled"
STATES = (QUEUED, IN_PROGRESS, COMPLETED, FAILED, CANCELLED)
ENDED = (COMPLETED, FAILED, CANCELLED)
MAX_ATTEMPTS = 3  # so often may a worker die over one job
PATIENCE = 30.0  # seconds to wait for another process's transaction
VERSION = 1  # of the table

_TABLES = """
CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    client TEXT NOT NULL,
    idempotency TEXT,
    state TEXT NOT NULL CHECK (state IN ('queued', 'in_progress', 'completed', 'failed', 'cancelled')),
    request TEXT NOT NULL,
    facts TEXT NOT NULL,
    standing TEXT NOT NULL DEFAULT '{}',
    turn REAL NOT NULL,
    turn_end REAL NOT NULL,
    created_at REAL NOT NULL,
    started_at REAL,
    ended_at REAL,
    device TEXT,
    attempt INTEGER NOT NULL DEFAULT 0,
    cancel INTEGER NOT NULL DEFAULT 0,
    watched_at REAL NOT NULL DEFAULT 0,
    error_code TEXT,
    error_message TEXT,
    bytes INTEGER NOT NULL,
    UNIQUE (owner, idempotency)
) STRICT;
CREATE INDEX jobs_turn ON jobs (state, turn, seq);
CREATE INDEX jobs_client ON jobs (client, state, turn_end);
CREATE INDEX jobs_owner ON jobs (owner, seq);
CREATE INDEX jobs_ended ON jobs (state, ended_at);
CREATE TABLE clock (turn REAL NOT NULL) STRICT;
INSERT INTO clock VALUES (0);
"""


@dataclass(frozen=True)
class New:
    """A job to be queued: `request` is a Request's JSON with file names inside the job's own folder.

    `facts` is what a listing shows of it; `cost` its share of fairness; `bytes` what it may come to occupy.
    """

    id: str
    owner: str
    client: str
    request: str
    facts: Mapping[str, Any]
    cost: float
    bytes: int
    idempotency: str | None = None


@dataclass(frozen=True)
class Job:
    """A row of the table; times are seconds since 1970."""

    seq: int
    id: str
    owner: str
    client: str
    state: str
    request: str
    facts: Mapping[str, Any]
    standing: Mapping[str, Any]
    created_at: float
    started_at: float | None
    ended_at: float | None
    device: str | None
    attempt: int
    cancel: bool
    watched_at: float
    error_code: str | None
    error_message: str | None
    bytes: int


@dataclass(frozen=True)
class Counts:
    """How many jobs stand where, what they occupy in bytes, and how long the last ones took in seconds."""

    states: Mapping[str, int] = field(default_factory=dict)
    bytes: int = 0
    seconds: float = 1.0


class Duplicate(MotionAlchemyError):
    """This owner has sent this idempotency key before; `id` is the job that it made."""

    def __init__(self, id: str):
        super().__init__(f"this idempotency key belongs to {id}")
        self.id = id


class QueueFull(MotionAlchemyError):
    """No place is free in the queue, or none for this client."""


_COLUMNS = tuple(Job.__dataclass_fields__)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM jobs"


class Jobs:
    """The table of a data folder, created if it is not there; usable from any thread, one transaction at a time."""

    def __init__(self, path: Path):
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")  # an answered request outlives a power cut
        with self._change():
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, VERSION):
                raise InputError(f"{path.name} is of version {version}, not {VERSION}: choose another data folder")
            if version == 0:
                for statement in filter(str.strip, _TABLES.split(";")):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {VERSION}")

    def close(self) -> None:
        """Close the connection; safe to call twice."""
        with self._lock:
            self._db.close()

    def add(self, new: New, places: int, client_places: int) -> Job:
        """Queue a job, in turn with its client's others; raises QueueFull and Duplicate."""
        with self._change():
            self._refuse_duplicate(new)
            self._refuse_full(new, places, client_places)
            turn = self._turn(new)
            row = asdict(new) | {"facts": json.dumps(dict(new.facts)), "state": QUEUED, "created_at": time.time()}
            row |= {"turn": turn, "turn_end": turn + row.pop("cost")}
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            self._db.execute(f"INSERT INTO jobs ({names}) VALUES ({marks})", [*row.values()])
            job = self._one(f"{_SELECT} WHERE id = ?", new.id)
        assert job is not None
        return job

    def claim(self, device: str) -> Job | None:
        """The next queued job, now in progress on `device`; the earliest turn is next, whoever asked for it."""
        with self._change():
            job = self._one(f"{_SELECT} WHERE state = 'queued' ORDER BY turn, seq LIMIT 1")
            if job is None:
                return None
            self._db.execute("UPDATE clock SET turn = max(turn, (SELECT turn FROM jobs WHERE id = ?))", (job.id,))
            self._db.execute(
                "UPDATE jobs SET state = 'in_progress', device = ?, attempt = attempt + 1, started_at = ?,"
                " standing = '{}' WHERE id = ?",
                (device, time.time(), job.id),
            )
            return self._one(f"{_SELECT} WHERE id = ?", job.id)

    def stand(self, job: Job, standing: Mapping[str, Any]) -> None:
        """Note where a job in progress stands; does nothing once the job is no longer this attempt's."""
        with self._change():
            self._update_own(job, "standing = ?", json.dumps(dict(standing)))

    def end(self, job: Job, state: str, bytes: int, error: tuple[str, str] | None = None) -> bool:
        """Move a claimed job to one of ENDED; false when it is no longer this attempt's, so that nothing was changed.

        `error` is a code and a sentence. A job that was asked to stop in its last moment is still completed.
        """
        code, message = error or (None, None)
        with self._change():
            return self._update_own(
                job, "state = ?, bytes = ?, error_code = ?, error_message = ?, ended_at = ?, cancel = 0",
                state, bytes, code, message, time.time(),
            )  # fmt: skip

    def remark(self, job: Job, notes: Sequence[str]) -> bool:
        """Write what was found out while a claimed job was made beside what was known before."""
        with self._change():
            facts = dict(job.facts) | {"notes": list(notes)}
            return self._update_own(job, "facts = ?", json.dumps(facts))

    def give_back(self, job: Job) -> bool:
        """Queue a claimed job again, the attempt not counted: its worker was asked to stop."""
        with self._change():
            return self._update_own(job, "state = 'queued', attempt = attempt - 1, device = NULL, standing = '{}'")

    def reclaim(self, device: str) -> list[Job]:
        """Settle the jobs that a dead worker of `device` left in progress; call it only while none can be alive.

        They are queued again; failed after MAX_ATTEMPTS; cancelled where that was asked.
        """
        message = f"the worker process ended or hung {MAX_ATTEMPTS} times over this: ask for a smaller or shorter clip"
        with self._change():
            left = self._all(f"{_SELECT} WHERE state = 'in_progress' AND device = ?", device)
            for job in left:
                if job.cancel:
                    self._update_own(job, "state = 'cancelled', ended_at = ?, cancel = 0", time.time())
                elif job.attempt >= MAX_ATTEMPTS:
                    changes = "state = 'failed', error_code = 'worker_died', error_message = ?, ended_at = ?"
                    self._update_own(job, changes, message, time.time())
                else:
                    self._update_own(job, "state = 'queued', device = NULL, standing = '{}'")
        return left

    def busy(self) -> list[str]:
        """The devices on which jobs count as in progress."""
        with self._lock:
            rows = self._db.execute("SELECT DISTINCT device FROM jobs WHERE state = 'in_progress'").fetchall()
        return [str(device) for (device,) in rows]

    def cancel(self, id: str, owner: str) -> Job | None:
        """Stop a job: a queued one at once, one in progress at its next step; None if this owner has no such job."""
        with self._change():
            mine = "WHERE id = ? AND owner = ?"
            now = time.time()
            stop = f"UPDATE jobs SET state = 'cancelled', ended_at = ? {mine} AND state = 'queued'"
            self._db.execute(stop, (now, id, owner))
            self._db.execute(f"UPDATE jobs SET cancel = 1 {mine} AND state = 'in_progress'", (id, owner))
            return self._one(f"{_SELECT} {mine}", id, owner)

    def remove(self, id: str, owner: str) -> bool:
        """Forget a job in any state; a worker that is making it stops at its next step."""
        with self._change():
            return self._db.execute("DELETE FROM jobs WHERE id = ? AND owner = ?", (id, owner)).rowcount > 0

    def expire(self, before: float) -> list[str]:
        """Forget the jobs that ended before a time; returns their names."""
        with self._change():
            rows = self._db.execute(
                "DELETE FROM jobs WHERE state IN ('completed', 'failed', 'cancelled') AND ended_at < ? RETURNING id",
                (before,),
            )
            return [id for (id,) in rows.fetchall()]

    def watch(self, id: str) -> None:
        """Say that somebody looks at a job, which makes previews worth their time."""
        with self._change():
            self._db.execute("UPDATE jobs SET watched_at = ? WHERE id = ?", (time.time(), id))

    def wanted(self, job: Job) -> Job | None:
        """The row of a claimed job as it is now, or None if this attempt at it should stop."""
        now = self.find(job.id)
        own = now is not None and (now.state, now.attempt, now.device) == (IN_PROGRESS, job.attempt, job.device)
        return now if now is not None and own and not now.cancel else None

    def find(self, id: str, owner: str | None = None) -> Job | None:
        """A job by its name, and if `owner` is given only if it is theirs."""
        if owner is None:
            return self._one(f"{_SELECT} WHERE id = ?", id)
        return self._one(f"{_SELECT} WHERE id = ? AND owner = ?", id, owner)

    def page(self, owner: str, after: int | None, limit: int, ascending: bool) -> tuple[list[Job], bool]:
        """At most `limit` jobs of an owner, newest first unless `ascending`, and whether there are more after them.

        `after` is the `seq` of the last job of the page before.
        """
        sign, order = (">", "ASC") if ascending else ("<", "DESC")
        past = after if after is not None else (0 if ascending else 2**63 - 1)
        query = f"{_SELECT} WHERE owner = ? AND seq {sign} ? ORDER BY seq {order} LIMIT ?"
        found = self._all(query, owner, past, limit + 1)
        return found[:limit], len(found) > limit

    def counts(self) -> Counts:
        """How the whole table stands."""
        with self._lock:
            states = dict(self._db.execute("SELECT state, count(*) FROM jobs GROUP BY state").fetchall())
            occupied = self._db.execute("SELECT coalesce(sum(bytes), 0) FROM jobs").fetchone()[0]
            took = self._db.execute(
                "SELECT ended_at - started_at FROM jobs WHERE state = 'completed' ORDER BY ended_at DESC LIMIT 20"
            ).fetchall()
        seconds = sum(t for (t,) in took) / len(took) if took else 1.0
        return Counts({state: states.get(state, 0) for state in STATES}, occupied, seconds)

    def place(self, job: Job) -> int:
        """How many jobs are to be started before this queued one."""
        with self._lock:
            query = "SELECT count(*) FROM jobs a, jobs b WHERE b.id = ? AND a.state = 'queued'"
            return self._db.execute(f"{query} AND (a.turn, a.seq) < (b.turn, b.seq)", (job.id,)).fetchone()[0]

    def names(self) -> set[str]:
        """The names of all jobs."""
        with self._lock:
            return {id for (id,) in self._db.execute("SELECT id FROM jobs").fetchall()}

    def idempotent(self, owner: str, key: str) -> Job | None:
        """The job that an owner's idempotency key made."""
        return self._one(f"{_SELECT} WHERE owner = ? AND idempotency = ?", owner, key)

    def _refuse_duplicate(self, new: New) -> None:
        old = None if new.idempotency is None else self.idempotent(new.owner, new.idempotency)
        if old is not None:
            raise Duplicate(old.id)

    def _refuse_full(self, new: New, places: int, client_places: int) -> None:
        count = "SELECT count(*) FROM jobs WHERE state = 'queued'"
        if self._db.execute(count).fetchone()[0] >= places:
            raise QueueFull(f"all {places} places of the queue are taken: try again later")
        if self._db.execute(f"{count} AND client = ?", (new.client,)).fetchone()[0] >= client_places:
            raise QueueFull(f"you have {client_places} jobs waiting, as many as one client may: try again later")

    def _turn(self, new: New) -> float:
        """When a job's turn is, in work done by the server: start-time fair queueing (Goyal, Vin and Cheng, 1996)."""
        now = self._db.execute("SELECT turn FROM clock").fetchone()[0]
        last = self._db.execute("SELECT max(turn_end) FROM jobs WHERE client = ?", (new.client,)).fetchone()[0]
        return max(now, last or 0.0)

    def _update_own(self, job: Job, changes: str, *values: Any) -> bool:
        own = "WHERE id = ? AND state = 'in_progress' AND attempt = ? AND device = ?"
        values = (*values, job.id, job.attempt, job.device)
        return self._db.execute(f"UPDATE jobs SET {changes} {own}", values).rowcount > 0

    @contextmanager
    def _change(self) -> Iterator[None]:
        """One transaction, taken for writing at its start so that what it read cannot change under it."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _one(self, query: str, *values: Any) -> Job | None:
        return next(iter(self._all(query, *values)), None)

    def _all(self, query: str, *values: Any) -> list[Job]:
        with self._lock:
            return [_job(row) for row in self._db.execute(query, values).fetchall()]


def _job(row: Sequence[Any]) -> Job:
    fields: dict[str, Any] = dict(zip(_COLUMNS, row, strict=True))
    fields |= {name: json.loads(fields[name]) for name in ("facts", "standing")} | {"cancel": bool(fields["cancel"])}
    return Job(**fields)
