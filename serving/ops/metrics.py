"""What the service counts, for Prometheus.

One process counts in memory. Several worker processes count in files of one folder, which the variable
PROMETHEUS_MULTIPROC_DIR names before prometheus_client is imported; then any of them answers for all: counters and
histograms are summed over all workers there have been, gauges over those that run. `python -m serving` makes the
folder. For `uvicorn --workers N` the person who starts it has to make one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from serving.settings import METRICS_VARIABLE

OTHER: Final = "other"
ROUTES: Final = frozenset(
    {
        "/api/get_similar_accounts",
        "/api/v1/hashtags",
        "/api/v1/hashtags/{hashtag}",
        "/api/v1/hashtags/{hashtag}/pairs",
        "/api/v1/accounts/{id}",
        "/api/v1/compare",
        "/api/v1/snapshot",
        "/livez",
        "/readyz",
        "/metrics",
        "/docs",
    }
)
METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
STATUSES: Final = frozenset(
    {200, 204, 304, 400, 401, 403, 404, 405, 406, 409, 410, 413, 414, 422, 429, 499, 500, 503, 504}
)
SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

Reason = Literal["key", "rate", "concurrency", "timeout", "stalled", "connections", "size", "slow", "malformed"]
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)


class Metrics(Collector):
    """The numbers of this process; `render` gives those of the whole service.

    An addition to prometheus_client costs some microseconds in a worker. So `end` keeps the series that it adds to,
    and requests under way and hits of the cache are plain numbers until `sample` writes them, once a second.
    """

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library leaves some functions untyped
        named = os.environ.get(METRICS_VARIABLE)
        self.folder = Path(named) if named else None
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "lookalike_http_requests", "Requests answered.", ["route", "method", "status"], registry=registry
        )
        self._durations = Histogram(
            "lookalike_http_request_duration_seconds",
            "Time from a request's headers to the end of its response.",
            ["route"],
            buckets=SECONDS,
            registry=registry,
        )
        self._in_flight = _sum("lookalike_http_requests_in_flight", "Requests under way.", registry)
        refused = Counter(
            "lookalike_http_requests_refused",
            "Requests refused or given up to protect the service.",
            ["reason"],
            registry=registry,
        )
        self._refused = {reason: refused.labels(reason) for reason in REASONS}
        lookups = Counter(
            "lookalike_cache_lookups", "Look-ups in the cache of encoded answers.", ["result"], registry=registry
        )
        self._hits, self._misses = lookups.labels("hit"), lookups.labels("miss")
        self._cache_bytes = _sum("lookalike_cache_bytes", "Bytes of the encoded answers that are kept.", registry)
        self._live = Histogram(
            "lookalike_live_seconds",
            "Time of comparisons below the snapshot's floor.",
            buckets=SECONDS,
            registry=registry,
        )
        self._swaps = Counter("lookalike_snapshot_swaps", "Snapshots that began to be served.", registry=registry)
        self._snapshots_refused = Counter(
            "lookalike_snapshots_refused", "New snapshots refused as damaged or unreadable.", registry=registry
        )
        self._snapshot_refused = Gauge(
            "lookalike_snapshot_refused",
            "1 while the newest snapshot is refused and an older one served.",
            multiprocess_mode="livemax",
            registry=registry,
        )
        self._created: Gauge | None = None  # a worker that serves nothing yet must not be the oldest
        self._lines_dropped = Counter(
            "lookalike_log_lines_dropped",
            "Log lines dropped because the output did not take them in time.",
            registry=registry,
        )
        _sum("lookalike_workers", "Worker processes that run.", registry).set(1)
        self._series: dict[tuple[str, str, int], tuple[Callable[[], None], Callable[[float], None]]] = {}
        self._snapshot: str | None = None
        self._under_way = self._new_hits = 0

    def begin(self) -> None:
        """A request has come."""
        self._under_way += 1

    def end(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request that has come has ended. Labels that are not among the known ones count as "other"."""
        self._under_way -= 1
        count, observe = self._series.get((route, method, status)) or self._find(route, method, status)
        count()
        observe(seconds)

    def refused(self, reason: Reason) -> None:
        """A request was refused or given up to protect the service."""
        self._refused[reason].inc()

    def cache(self, hit: bool) -> None:
        """An answer was looked up in the cache."""
        if hit:
            self._new_hits += 1
        else:
            self._misses.inc()

    def cache_bytes(self, count: int) -> None:
        """The cache now holds so many bytes."""
        self._cache_bytes.set(count)

    def live(self, seconds: float) -> None:
        """A comparison below the floor took so long."""
        self._live.observe(seconds)

    def snapshot_swapped(self, snapshot: str, created: datetime) -> None:
        """Another snapshot is being served from now on."""
        self._snapshot = snapshot
        self._swaps.inc()
        if self._created is None:
            self._created = Gauge(
                "lookalike_snapshot_created_timestamp_seconds",
                "When the served snapshot was made; of several workers the oldest.",
                multiprocess_mode="livemin",
                registry=self._registry,
            )
        self._created.set(created.timestamp())
        self._snapshot_refused.set(0)

    def snapshot_refused(self) -> None:
        """A new snapshot was refused."""
        self._snapshots_refused.inc()
        self._snapshot_refused.set(1)

    def snapshot_accepted(self) -> None:
        """The newest snapshot is being served (again), although none was swapped."""
        self._snapshot_refused.set(0)

    def lines_dropped(self, count: int) -> None:
        """So many more lines of the log have been lost. For any thread."""
        self._lines_dropped.inc(count)

    def sample(self) -> None:
        """Write down what is counted in plain numbers. For the event loop, as `begin`, `end` and `cache` are."""
        self._in_flight.set(self._under_way)
        self._hits.inc(self._new_hits)
        self._new_hits = 0

    def render(self) -> bytes:
        """All metrics of all workers."""
        self.sample()
        registry = self._registry
        if self.folder is not None:
            registry = CollectorRegistry()
            for process in self._workers():
                if not _is_alive(process):
                    mark_process_dead(process, str(self.folder))  # type: ignore[no-untyped-call]  # see above
            _AllWorkers(registry, str(self.folder))  # type: ignore[no-untyped-call]  # see above
        return generate_latest(registry) + generate_latest(self)

    def collect(self) -> Iterator[Metric]:
        """The metrics that are computed for each answer."""
        memory = sum(map(_resident_bytes, self._workers()))
        yield GaugeMetricFamily(
            "process_resident_memory_bytes", "Resident memory of the workers together.", value=memory
        )
        if self._snapshot is not None:
            info = GaugeMetricFamily(
                "lookalike_snapshot_info", "The snapshot that this worker serves.", labels=["snapshot"]
            )
            info.add_metric([self._snapshot], 1)
            yield info

    def _workers(self) -> list[int]:
        """The numbers of the processes that count in the folder."""
        if self.folder is None:
            return [os.getpid()]
        return [int(file.stem.rpartition("_")[2]) for file in self.folder.glob("gauge_livesum_*.db")]

    def _find(self, route: str, method: str, status: int) -> tuple[Callable[[], None], Callable[[float], None]]:
        known_route = route if route in ROUTES else OTHER
        known_method = method if method in METHODS else OTHER
        known_status = str(status) if status in STATUSES else OTHER
        found = (
            self._requests.labels(known_route, known_method, known_status).inc,
            self._durations.labels(known_route).observe,
        )
        if (known_route, known_method, known_status) == (route, method, str(status)):  # a bounded number
            self._series[route, method, status] = found
        return found


class _AllWorkers(MultiProcessCollector):
    """What the files of a folder count, but for those that a starting worker has not yet given their size."""

    def collect(self) -> Iterator[Metric]:
        files = [str(file) for file in Path(self._path).glob("*.db") if _size(file)]
        yield from self.merge(files, accumulate=True)  # type: ignore[no-untyped-call]  # see above


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:  # of a worker that has ended
        return 0


def _sum(name: str, meaning: str, registry: CollectorRegistry) -> Gauge:
    return Gauge(name, meaning, multiprocess_mode="livesum", registry=registry)


def _resident_bytes(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
