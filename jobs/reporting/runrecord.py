"""The record of a run: a line of JSON in the output, a call to a web address, and metrics for Prometheus.

An error here does not change the result of the run. It is printed as a warning.
"""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import os
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
from lookalike.errors import StoreError, StoreRefusedError
from lookalike.outputs.layout import RUNS
from lookalike.outputs.outputs import open_output
from lookalike.outputs.stores.urls import StoreUrl
from lookalike.snapshots.history import live_manifest
from lookalike.snapshots.manifest import Manifest

_CALL_SECONDS = 10  # in which a web address must answer
_CALLS = 3  # in all, if it does not answer


@dataclasses.dataclass(frozen=True)
class RunRecord:
    """One run.

    error: the first line of its error message, if it failed. seconds: of each stage. published: the manifest of the
    snapshot that it published, if any.
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
        """The record on one line. Times are in ISO 8601, mode and counts as in the manifest."""
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
    _try("the record of runs could not be written", lambda: _append(config.output, line, record))
    if config.metrics_file is not None:
        path = config.metrics_file
        _try(f"the metrics file {path} could not be written", lambda: _write_metrics(path, config.output, record))
    if config.webhook is not None:
        address = config.webhook
        host = urllib.parse.urlsplit(address).hostname  # any other part of the address may be a secret
        _try(f"the web address on {host} did not take the record of this run", lambda: _call(address, line))


def _try(failure: str, action: Callable[[], None]) -> None:
    """Do it; if it fails, print a warning. failure: in words."""
    try:
        action()
    except (Exception, KeyboardInterrupt) as error:
        of_system = isinstance(error, OSError)
        reason = (getattr(error, "strerror", None) or str(error)) if of_system else type(error).__name__
        print(printable(f"warning: {failure}: {reason}"), file=sys.stderr)


def _append(output: Path | StoreUrl, line: str, record: RunRecord) -> None:
    if isinstance(output, StoreUrl):
        from lookalike.outputs.stores.runs import append

        try:
            append(output, line)
        except StoreRefusedError:
            if record.exit_code != StoreRefusedError.exit_code:  # else the run has printed this error already
                raise
        return
    if not output.is_dir():  # the run could not make it
        return
    descriptor = os.open(output / RUNS, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        cut_short = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"  # because the disk was full
        os.write(
            descriptor, f"{chr(10) * cut_short}{line}\n".encode()
        )  # in one call: two runs may end at the same time
    finally:
        os.close(descriptor)


def _write_metrics(path: Path, output: Path | StoreUrl, record: RunRecord) -> None:
    """Write metrics of the run and of the live snapshot. The file is replaced in one step."""
    from prometheus_client import (
        CollectorRegistry,
        Gauge,
        write_to_textfile,
    )  # the Python of a cluster may not have it

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
        # The age of the answers is that of the live snapshot. Later runs that failed do not change it.
        gauge("snapshot_created_timestamp_seconds", "When the live snapshot was made.", live.created.timestamp())
        Gauge("lookalike_snapshot_info", "The live snapshot.", ["id"], registry=registry).labels(live.id).set(1)
        counted = Gauge("lookalike_snapshot_count", "Counts of the live snapshot.", ["what"], registry=registry)
        for what, number in _figures(live):
            counted.labels(what).set(number)
    write_to_textfile(str(path), registry)


def _live(output: Path | StoreUrl) -> Manifest | None:
    with contextlib.suppress(StoreError):  # the metrics of the run itself are written all the same
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
    """Follows no redirection. urllib would send a GET without the record to the new address."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _call(address: str, line: str) -> None:
    """POST the record as application/json. Raises OSError, which names no part of the address, if this fails."""
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
                break  # it would answer the same again
        except http.client.HTTPException as error:
            reason = f"it answered no HTTP ({type(error).__name__})"
        except OSError as error:
            cause = getattr(error, "reason", error)
            reason = getattr(cause, "strerror", None) or type(cause).__name__
    raise OSError(reason)
