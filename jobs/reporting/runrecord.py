"""The record of a run for other programs: a line of JSON, a call to a web address, figures for Prometheus.

A failure here is a warning on stderr; it never changes the exit code of the run.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from jobs.options.config import JobConfig
from jobs.reporting.terminal import printable
from lookalike.errors import SnapshotError, StoreRefusedError
from lookalike.outputs.opening import open_output
from lookalike.outputs.urls import StoreUrl
from lookalike.snapshots.history import live_manifest
from lookalike.snapshots.manifest import Manifest

_CALL_SECONDS = 10  # in which a web address must answer
_CALLS = 3  # in all, if it does not answer


@dataclasses.dataclass(frozen=True)
class RunRecord:
    """One run.

    error: the first line that it printed, if it failed. seconds: of each stage. published: what it made, if anything.
    """

    start: datetime
    end: datetime
    exit_code: int
    error: str | None
    seconds: dict[str, float]
    published: Manifest | None

    @property
    def result(self) -> str:
        """published or failed."""
        return "failed" if self.exit_code else "published"

    def as_json(self) -> str:
        """The record on one line; times in ISO 8601, mode and counts as the manifest has them."""
        counts = self.published.counts.model_dump(mode="json") if self.published else None
        mode = self.published.mode if self.published else None
        content = {
            "start": self.start.isoformat(timespec="milliseconds"),
            "end": self.end.isoformat(timespec="milliseconds"),
            "result": self.result,
            "exit_code": self.exit_code,
            "error": self.error,
            "snapshot": self.published.id if self.published else None,
            "mode": mode.model_dump(mode="json") if mode else None,
            "counts": counts,
            "seconds": self.seconds,
        }
        return json.dumps(content)


def send_record(config: JobConfig, record: RunRecord) -> None:
    """Write the record into the output, and send it to all places that the options name."""
    line = record.as_json()
    _try("added to the record of runs", lambda: _append(config.output, line, record))
    if config.metrics_file is not None:
        path = config.metrics_file
        _try(f"written to the metrics file {path}", lambda: _write_metrics(path, config.output, record))
    if config.webhook is not None:
        address = config.webhook
        # Every part of an address but the host may contain a secret.
        _try(f"sent to the web address on {urllib.parse.urlsplit(address).hostname}", lambda: _call(address, line))


def _try(done: str, action: Callable[[], None]) -> None:
    try:
        action()
    except (Exception, KeyboardInterrupt) as error:
        reason = error.strerror or str(error) if isinstance(error, OSError) else type(error).__name__
        print(printable(f"warning: this run was not {done}: {reason}"), file=sys.stderr)


def _append(place: Path | StoreUrl, line: str, record: RunRecord) -> None:
    """Add the line to the output's runs.jsonl. If the store has refused the run, it may refuse this, too."""
    try:
        open_output(place, brisk=True).append_run(line)
    except StoreRefusedError:
        if record.exit_code != StoreRefusedError.exit_code:
            raise


def _write_metrics(path: Path, output: Path | StoreUrl, record: RunRecord) -> None:
    """Figures of the run and of the live snapshot, which may be older; the file is replaced atomically."""
    from prometheus_client import CollectorRegistry, Gauge, write_to_textfile  # a cluster's own Python may lack it

    registry = CollectorRegistry()

    def gauge(name: str, help_text: str, value: float) -> None:
        Gauge(f"lookalike_{name}", help_text, registry=registry).set(value)

    gauge("run_start_timestamp_seconds", "When the last run began.", record.start.timestamp())
    gauge("run_end_timestamp_seconds", "When the last run ended.", record.end.timestamp())
    gauge("run_exit_code", "Exit code of the last run; 0 if it published.", record.exit_code)
    stages = Gauge("lookalike_run_stage_seconds", "Seconds of each stage.", ["stage"], registry=registry)
    for stage, seconds in record.seconds.items():
        stages.labels(stage).set(seconds)
    live = _live(output)
    if live is not None:
        # The age of the answers is that of the live snapshot, whatever runs have failed since.
        gauge("snapshot_created_timestamp_seconds", "When the live snapshot was made.", live.created.timestamp())
        Gauge("lookalike_snapshot_info", "The live snapshot.", ["id"], registry=registry).labels(live.id).set(1)
        counted = Gauge("lookalike_snapshot_count", "Counts of the live snapshot.", ["what"], registry=registry)
        for what, number in _figures(live):
            counted.labels(what).set(number)
    write_to_textfile(str(path), registry)


def _live(output: Path | StoreUrl) -> Manifest | None:
    with contextlib.suppress(SnapshotError):  # the figures of the run itself are written all the same
        return live_manifest(open_output(output))
    return None


def _figures(manifest: Manifest) -> Iterator[tuple[str, int]]:
    counts = manifest.counts
    for table, rows in (("accounts", counts.accounts), ("posts", counts.posts)):
        yield f"rows_of_{table}", rows.rows
        yield f"rows_of_{table}_used", rows.used
        yield f"rows_of_{table}_rejected", sum(rows.rejected.values())
    for what in ("hashtags", "memberships", "candidates", "similar_pairs"):
        yield what, getattr(counts, what)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Refuses redirections: urllib would send no record to the new address."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _call(address: str, line: str) -> None:
    """POST the record as application/json. Raises OSError, which names no part of the address, if that fails."""
    opener = urllib.request.build_opener(_NoRedirect)
    request = urllib.request.Request(address, line.encode(), {"Content-Type": "application/json"}, method="POST")
    reason = ""
    for _ in range(_CALLS):
        try:
            with opener.open(request, timeout=_CALL_SECONDS):
                return
        except urllib.error.HTTPError as error:
            reason = f"it answered {error.code}"
            if error.code < 500:
                break  # and would answer so again
        except http.client.HTTPException as error:
            reason = f"it answered no HTTP ({type(error).__name__})"
        except OSError as error:
            cause = getattr(error, "reason", error)
            reason = getattr(cause, "strerror", None) or type(cause).__name__
    raise OSError(reason)
