"""What an operator watches, in the format of Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import Scope

from motionalchemy.server.service import Service

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The figures of one server; a route is named by its pattern, so that strange paths make no new series."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        labels = ("method", "route")
        self._requests = Counter("motionalchemy_requests_total", "Answers", (*labels, "status"), registry=registry)
        self._seconds = Histogram(
            "motionalchemy_request_seconds",
            "Seconds to the end of an answer",
            labels,
            buckets=BUCKETS,
            registry=registry,
        )
        self._jobs = Gauge("motionalchemy_jobs", "Jobs kept, by state", ("state",), registry=registry)
        self._job_seconds = Gauge("motionalchemy_job_seconds", "Mean of the last 20 completed", registry=registry)
        self._bytes = Gauge("motionalchemy_disk_bytes", "What the jobs occupy", registry=registry)
        self._free = Gauge("motionalchemy_disk_free_bytes", "What the disk has left", registry=registry)
        self._workers = Gauge("motionalchemy_worker_up", "1 while a worker runs", ("device",), registry=registry)
        self._restarts = Gauge(
            "motionalchemy_worker_restarts", "How often a worker died", ("device",), registry=registry
        )

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """Count an answer."""
        route = getattr(scope.get("route"), "path", "other")
        method = scope.get("method", "")
        labels = method if method in ("GET", "HEAD", "POST", "DELETE") else "other", route
        self._requests.labels(*labels, str(status)).inc()
        self._seconds.labels(*labels).observe(seconds)

    def text(self, service: Service) -> bytes:
        """All figures as they are now."""
        counts = service.counts()
        for state, count in counts.states.items():
            self._jobs.labels(state).set(count)
        self._job_seconds.set(counts.seconds)
        self._bytes.set(counts.bytes)
        self._free.set(service.store.free_bytes())
        for device, process in service.supervisor.alive().items():
            self._workers.labels(device).set(process is not None)
            self._restarts.labels(device).set(service.supervisor.restarts[device])
        return generate_latest(self._registry)
