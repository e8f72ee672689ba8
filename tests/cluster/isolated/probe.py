"""A driver that asks its executors what they see: prints JSON.

    probe.py FOLDER URL

exchange   which exchange the job would take for a work folder in FOLDER
opened     of one task a core: whether it could open a file there, or why not
rows       of each file that the URL names, by name: how many rows a task has read, and a checksum of them
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from jobs.exchange.stage import Stage
from jobs.inputs.stores.choose import place_of
from jobs.inputs.stores.names import named_in_store
from jobs.spark.choose import choose_runner
from jobs.spark.session import start_spark


@dataclasses.dataclass(frozen=True)
class OpensFile(Stage[str]):
    """What comes of opening a file of the driver."""

    path: Path

    def __call__(self, numbers: Iterable[int]) -> Iterator[str]:
        for _ in numbers:
            try:
                yield self.path.read_text()
            except OSError as error:
                yield type(error).__name__


@dataclasses.dataclass(frozen=True)
class ReadsFiles(Stage[tuple[str, int, str]]):
    """Name, lines and checksum of files under URLs."""

    files: list[tuple[str, int]]

    def __call__(self, numbers: Iterable[int]) -> Iterator[tuple[str, int, str]]:
        for number in numbers:
            url, size = self.files[number]
            place = place_of(url)
            assert place is not None
            content = bytes(place.store.fetch(place.path, 0, size, None))
            yield url.rpartition("/")[2], content.count(b"\n"), hashlib.sha256(content).hexdigest()


def main(folder: Path, url: str) -> None:
    """Print what is found."""
    (folder / "planted").write_text("seen")
    place = place_of(url)
    assert place is not None
    files = sorted(named_in_store(place).files.items())
    engine = start_spark("probe").result()
    runner = choose_runner(engine, "auto", folder)
    opened = runner.do(OpensFile(folder / "planted"), count=runner.cores, tasks=runner.cores)
    rows = runner.do(ReadsFiles(files), count=len(files), tasks=len(files))
    print(json.dumps({"exchange": type(runner).__name__, "opened": opened, "rows": rows}))
    engine.abandon()  # at once, and not in a thread


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
