"""Damaged input files through all that a run does with them until their rows are usages of hashtags or accounts."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa

from jobs.exchange import channels
from jobs.exchange.folder import remove_sent
from jobs.exchange.workfolder import WorkFolder
from jobs.inputs.accounts.read import read_accounts
from jobs.inputs.accounts.rows import RowReader
from jobs.inputs.accounts.table import AccountTable
from jobs.inputs.dates.timeparts import NULL_TIME
from jobs.inputs.files import find_files, plan_splits
from jobs.inputs.reading import ALL_AUTO, Reading
from jobs.inputs.rejects import RejectLog
from jobs.inputs.tables import ACCOUNTS, POSTS, TO_THE_END, InputFile, Split
from jobs.stages.scan.borders import CountQuotes, broken_files, in_one_piece, shares_quoted_file, with_parity
from jobs.stages.scan.scan import ScanSplits
from lookalike.outputs.layout import data_path

_SNAPSHOT = "20260102T030405Z-0a1b2c"
_PARTITIONS = 3
_QUOTINGS: Final[tuple[Literal["auto", "none", "rfc4180", "backslash"], ...]] = (
    "auto",
    "none",
    "rfc4180",
    "backslash",
)


class Inputs:
    """Reads one file of posts or accounts; whatever the options are, they follow from its content."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._work, self._output = folder, folder / "work", folder / "out"
        for made in (self._work, self._output):
            made.mkdir()
        ids = ["a1", "a2", "a3", "11", "12", "did:plc:ann"]
        names = pa.array([f"maga_eagle_{number}" for number in range(len(ids))], pa.large_string())
        table = AccountTable.build(
            pa.array(sorted(ids), pa.large_string()), names, np.full(len(ids), NULL_TIME), fold="none"
        )
        table.write(str(self._work / "accounts.arrow"))

    def read(self, path: Path, rng: random.Random) -> None:
        """Raises JobError if the file cannot be used; AssertionError if the counts of its rows are wrong."""
        table = ACCOUNTS if _holds_accounts(path) != (rng.random() < 0.1) else POSTS
        files = find_files(table, [str(path)], ALL_AUTO if rng.random() < 0.6 else _reading(rng))
        if table is ACCOUNTS:
            self._read_accounts(files)
        else:
            self._read_posts(files, max(1, path.stat().st_size // rng.choice([2, 5, 12])))

    def read_as_it_is(self, path: Path) -> None:
        """For a file that is not damaged: it can be read. Afterwards all is compiled that `read` uses."""
        if _holds_accounts(path):
            self._read_accounts(find_files(ACCOUNTS, [str(path)]))
        else:
            self._read_posts(find_files(POSTS, [str(path)]), max(1, path.stat().st_size // 3))

    def _read_accounts(self, files: Sequence[InputFile]) -> None:
        with RejectLog(self._output, data_path(_SNAPSHOT, "rejects")) as rejects:
            read, _ = read_accounts(RowReader(files), fold="case", rejects=rejects)
        assert sum(read.counts.rejected.values()) == sum(rejects.counts.values())
        assert len(read.table) == read.counts.used

    def _read_posts(self, files: Sequence[InputFile], split_bytes: int) -> None:
        whole = self._scanned(files, tuple(Split(number, *_all_of(file)) for number, file in enumerate(files)))
        assert self._scanned(files, plan_splits(files, split_bytes)) == whole

    def _scanned(self, files: Sequence[InputFile], splits: tuple[Split, ...]) -> tuple[int, Any, Any]:
        """Rows, rejected rows by reason, and the usable posts, of files that tasks read in these splits."""
        numbers, work = range(len(splits)), WorkFolder(self._work)
        if any(shares_quoted_file(files, split) for split in splits):
            splits = with_parity(splits, CountQuotes(tuple(files), splits)(numbers))
        scan = ScanSplits(
            files=tuple(files),
            splits=splits,
            accounts=work / "accounts.arrow",
            partitions=_PARTITIONS,
            buckets=2,
            ignored=frozenset(),
            seed=1,
            output=self._output,
            work=work,
            snapshot=_SNAPSHOT,
            first_part=1,
        )
        reports = list(scan(numbers))
        broken = broken_files(splits, (border for report in reports for border in report.borders))
        if broken:
            scan = dataclasses.replace(scan, splits=in_one_piece(splits, broken))
            reports = list(scan(numbers))
        posts = channels.posts(work)
        usable = [row for part in range(_PARTITIONS) for row in posts.receive(part, numbers).to_pylist()]
        remove_sent(self._work, "posts")
        rejected = sum((Counter(report.rejected) for report in reports), Counter())
        rows = sum(report.rows for report in reports)
        assert rows == len(usable) + rejected.total(), (rows, len(usable), rejected)
        return rows, rejected, sorted(usable, key=lambda row: row["row"])


def _holds_accounts(path: Path) -> bool:
    content = path.read_bytes().replace(b"\0", b"")
    return b"screen_name" in content and b"author" not in content


def _all_of(file: InputFile) -> tuple[int, int]:
    return (0, TO_THE_END) if file.groups is None else (0, len(file.groups))


def _reading(rng: random.Random) -> Reading:
    """What the options say of how a file is read: mostly nothing."""

    def often(auto: Any, *others: Any) -> Any:
        return auto if rng.random() < 0.75 else rng.choice(others)

    return Reading(
        quoting=often(*_QUOTINGS),
        likely=rng.choice(["none", "rfc4180", "backslash"]),
        encoding=often("auto", "utf-8", "cp1252", "utf-16", "shift_jis", "gb18030", "latin-1"),
        delimiter=often("auto", "tab", "comma", "semicolon", "pipe"),
        separator=often("auto", "bar", "comma", "semicolon", "space"),
        skip_lines=often(0, 1, 3),
        day_first=rng.random() < 0.2,
        preset=often("auto", "none", "twitter-v2"),
        hashtags_from=often("auto", "column", "text"),
        columns=often({}, {"id": "text"}, {"text": "extra"}, {"is_repost": "text?"}),
    )
