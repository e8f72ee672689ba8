"""The metrics that there are: their names, their labels, and their text for Prometheus. Few, and fixed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

OTHER: Final = "other"
ROUTES: Final = (
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
)
METHODS: Final = ("GET", "HEAD", "OPTIONS", OTHER)
STATUSES: Final = (
    *(200, 204, 304),
    *(400, 401, 403, 404, 405, 406, 409, 410, 413, 414, 422, 429, 499),
    *(500, 503, 504),
)
SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

Reason = Literal["key", "rate", "concurrency", "timeout", "stalled"]
REASONS: Final[tuple[Reason, ...]] = ("key", "rate", "concurrency", "timeout", "stalled")

Kind = Literal["counter", "gauge", "histogram"]
Merge = Literal["sum", "min", "max"]


class Family(NamedTuple):
    """One metric. labels: of each of its series, in the order of their places. merge: of gauges, over workers."""

    name: str
    kind: Kind
    help: str
    labels: Sequence[str] = ("",)
    merge: Merge = "sum"

    @property
    def width(self) -> int:
        """Doubles a series. A histogram's: a count for each upper bound, one above them, and the sum."""
        return len(SECONDS) + 2 if self.kind == "histogram" else 1


def families_of(routes: Sequence[str]) -> tuple[Family, ...]:
    """All metrics, for these values of the label `route`."""
    requests = [
        f'route="{route}",method="{method}",status="{status}"'
        for route in routes
        for method in METHODS
        for status in (*STATUSES, OTHER)
    ]
    return (
        Family("lookalike_http_requests_total", "counter", "Requests answered.", requests),
        Family(
            "lookalike_http_request_duration_seconds",
            "histogram",
            "Time from a request's headers to the end of its response.",
            [f'route="{route}"' for route in routes],
        ),
        Family("lookalike_http_requests_in_flight", "gauge", "Requests under way."),
        Family(
            "lookalike_http_requests_refused_total",
            "counter",
            "Requests refused or given up to protect the service.",
            [f'reason="{reason}"' for reason in REASONS],
        ),
        Family(
            "lookalike_cache_lookups_total",
            "counter",
            "Look-ups in the cache of encoded answers.",
            ['result="hit"', 'result="miss"'],
        ),
        Family("lookalike_cache_bytes", "gauge", "Bytes of the encoded answers that are kept."),
        Family("lookalike_live_seconds", "histogram", "Time of comparisons below the snapshot's floor."),
        Family("lookalike_snapshot_swaps_total", "counter", "Snapshots that began to be served."),
        Family("lookalike_snapshots_refused_total", "counter", "New snapshots refused as damaged or unreadable."),
        Family(
            "lookalike_snapshot_refused",
            "gauge",
            "1 while the newest snapshot is refused and an older one served.",
            merge="max",
        ),
        Family(
            "lookalike_snapshot_created_timestamp_seconds",
            "gauge",
            "When the served snapshot was made; of several workers the oldest.",
            merge="min",
        ),
        Family("lookalike_log_lines_dropped_total", "counter", "Lines lost because nobody took them."),
        Family("lookalike_workers", "gauge", "Worker processes that run."),
    )


def series_lines(family: Family, labels: str, sets: list[list[float]]) -> Iterator[str]:
    """The lines of one series, given its doubles in each worker. A labelled counter still at 0 has none."""
    if family.kind == "histogram":
        totals = [math.fsum(column) for column in zip(*sets, strict=True)]
        count = 0.0
        start = f"{family.name}_bucket{{{labels}{',' if labels else ''}"
        tail = f"{{{labels}}}" if labels else ""
        if labels and not any(totals):
            return
        for bound, inside in zip((*map(str, SECONDS), "+Inf"), totals, strict=False):
            count += inside
            yield f'{start}le="{bound}"}} {_number(count)}'
        yield f"{family.name}_sum{tail} {_number(totals[-1])}"
        yield f"{family.name}_count{tail} {_number(count)}"
        return
    values = [one[0] for one in sets]
    if family.merge == "sum":
        value = math.fsum(values)
    else:  # workers that have nothing to say hold 0
        value = (min if family.merge == "min" else max)([found for found in values if found] or [0.0])
    if value or not labels.startswith("route="):
        yield f"{family.name}{f'{{{labels}}}' if labels else ''} {_number(value)}"


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
