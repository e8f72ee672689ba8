"""What the service counts, in Prometheus' text form.

Every series has a fixed place in one array of doubles (see serving.ops.sharedvalues), so that counting costs an
addition, and any of several worker processes can answer for all of them: counters and histograms are the sum
over all workers there have been, gauges over those that run. Not for several threads: count on the event loop.
"""

from __future__ import annotations

import os
import zlib
from bisect import bisect_left
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from serving.ops.families import METHODS, OTHER, REASONS, ROUTES, SECONDS, STATUSES, Reason, families_of, series_lines
from serving.ops.sharedvalues import SharedValues


class Metrics:
    """The numbers of this process; `render` gives those of the whole service.

    routes: templates of paths, the only values of the label `route` but "other". folder: what the workers of
    one service share (serving.ops.sharedvalues.worker_folder), None for a process by itself.
    """

    def __init__(self, routes: Iterable[str] = ROUTES, *, folder: Path | None = None) -> None:
        self.routes = (*dict.fromkeys(routes), OTHER)
        self._families = families_of(self.routes)
        self._places: dict[str, int] = {}
        size = 0
        for family in self._families:
            self._places[family.name] = size
            size += family.width * len(family.labels)
        layout = zlib.crc32(repr((self._families, SECONDS)).encode())
        self._shared = SharedValues(size, layout, folder)
        self._values = self._shared.own
        self._requests = self._places["lookalike_http_requests_total"]
        self._in_flight = self._places["lookalike_http_requests_in_flight"]
        self._refused = self._places["lookalike_http_requests_refused_total"]
        self._lookups = self._places["lookalike_cache_lookups_total"]
        self._slots: dict[tuple[str, str, int], tuple[int, int]] = {}
        self._snapshot: str | None = None
        self._values[self._places["lookalike_workers"]] = 1.0

    @property
    def folder(self) -> Path | None:
        """What the workers of this service share."""
        return self._shared.folder

    def begin(self) -> None:
        """A request has come."""
        self._values[self._in_flight] += 1.0

    def end(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request that has come has ended."""
        self._values[self._in_flight] -= 1.0
        self.request(route, method, status, seconds)

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request that has ended. Values that are not among the known ones count as "other"."""
        slots = self._slots.get((route, method, status)) or self._find(route, method, status)
        values = self._values
        values[slots[0]] += 1.0
        first = slots[1]
        values[first + bisect_left(SECONDS, seconds)] += 1.0
        values[first + len(SECONDS) + 1] += seconds

    def refused(self, reason: Reason) -> None:
        """A request was refused or given up to protect the service."""
        self._values[self._refused + REASONS.index(reason)] += 1.0

    def cache(self, hit: bool) -> None:
        """An answer was looked up in the cache."""
        self._values[self._lookups + (not hit)] += 1.0

    def cache_bytes(self, count: int) -> None:
        """The cache now holds so many bytes."""
        self._set("lookalike_cache_bytes", count)

    def live(self, seconds: float) -> None:
        """A comparison below the floor took so long."""
        first = self._places["lookalike_live_seconds"]
        self._values[first + bisect_left(SECONDS, seconds)] += 1.0
        self._values[first + len(SECONDS) + 1] += seconds

    def snapshot_swapped(self, snapshot: str, created: datetime) -> None:
        """Another snapshot is being served from now on."""
        self._snapshot = snapshot
        self._values[self._places["lookalike_snapshot_swaps_total"]] += 1.0
        self._set("lookalike_snapshot_created_timestamp_seconds", created.timestamp())
        self._set("lookalike_snapshot_refused", 0)

    def snapshot_refused(self) -> None:
        """A new snapshot was refused."""
        self._values[self._places["lookalike_snapshots_refused_total"]] += 1.0
        self._set("lookalike_snapshot_refused", 1)

    def snapshot_accepted(self) -> None:
        """The newest snapshot is being served (again), although none was swapped."""
        self._set("lookalike_snapshot_refused", 0)

    def lines_dropped(self, count: int) -> None:
        """So many lines of the log have been lost since this process started."""
        self._set("lookalike_log_lines_dropped_total", count)

    def render(self) -> bytes:
        """All metrics of all workers."""
        everyone = list(self._shared.all())
        workers = [(list(values.doubles), values.alive) for values in everyone]
        lines: list[str] = []
        for family in self._families:
            lines += [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.kind}"]
            place = self._places[family.name]
            for labels in family.labels:
                sets = [
                    values[place : place + family.width]
                    for values, alive in workers
                    if alive or family.kind != "gauge"
                ]
                lines += series_lines(family, labels, sets)
                place += family.width
        resident = sum(_resident_bytes(values.process) for values in everyone if values.alive)
        lines += [
            "# HELP process_resident_memory_bytes Resident memory of the workers together.",
            "# TYPE process_resident_memory_bytes gauge",
            f"process_resident_memory_bytes {resident}",
        ]
        if self._snapshot is not None:
            lines += [
                "# HELP lookalike_snapshot_info The snapshot that this worker serves.",
                "# TYPE lookalike_snapshot_info gauge",
                f'lookalike_snapshot_info{{snapshot="{self._snapshot}"}} 1',
            ]
        return ("\n".join(lines) + "\n").encode()

    def _set(self, name: str, value: float) -> None:
        self._values[self._places[name]] = float(value)

    def _find(self, route: str, method: str, status: int) -> tuple[int, int]:
        known_route = route if route in self.routes else OTHER
        known_method = method if method in METHODS else OTHER
        known_status = STATUSES.index(status) if status in STATUSES else len(STATUSES)
        at = self.routes.index(known_route)
        series = (at * len(METHODS) + METHODS.index(known_method)) * (len(STATUSES) + 1) + known_status
        first = self._places["lookalike_http_request_duration_seconds"] + at * (len(SECONDS) + 2)
        found = (self._requests + series, first)
        if (known_route, known_method) == (route, method):  # a bounded number of them: no client's own words
            self._slots[(route, method, status)] = found
        return found


def _resident_bytes(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0
