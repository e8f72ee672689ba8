"""Posts that the base left out because their author was unknown, and whose author is known now."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.incremental.base import Base
from jobs.incremental.decide import NotIncremental
from jobs.inputs.accounts.table import AccountTable
from jobs.inputs.rows import fetch_batches
from jobs.inputs.tables import POSTS, TO_THE_END, InputFile, Split
from jobs.reporting.terminal import count_of
from jobs.stages.scan.posts import PLACE, PLACE_BITS
from lookalike.outputs.entries import FileEntry
from lookalike.snapshots.datafiles import write_table
from lookalike.snapshots.publisher import Publication
from lookalike.tables import UNKNOWN_AUTHOR

_MOST = 100_000  # posts; a full run reads more than this faster


@dataclasses.dataclass(frozen=True)
class AdoptedPosts:
    """rows: int64[n] ascending, see stages.posts. rest: those of authors still unknown, as tables.UNKNOWN_POSTS."""

    rows: npt.NDArray[np.int64]
    rest: pa.Table

    @classmethod
    def find(cls, base: Base, table: AccountTable, files: Sequence[InputFile]) -> AdoptedPosts:
        """Look up the authors of all left-out posts.

        files: of posts. Raises NotIncremental if too many authors are known now, or a post cannot be read alone.
        """
        unknown = base.read("unknown_posts", None)
        is_known = table.indices_of(unknown["author_id"].combine_chunks()) >= 0
        rows = np.sort(unknown["row"].to_numpy()[is_known])
        if len(rows) > _MOST:
            raise NotIncremental(
                f"{count_of(len(rows), 'post has', 'posts have')} an author now who was unknown before"
            )
        for number in np.unique(rows >> PLACE_BITS).tolist():
            if files[number].unread:
                raise NotIncremental(f"posts of {files[number].path} have an author now who was unknown before")
        return cls(rows, unknown.filter(pa.array(~is_known)))

    def __len__(self) -> int:
        """Number of posts."""
        return len(self.rows)

    def splits(self) -> list[Split]:
        """What the tasks read for these posts."""
        return [Split(file, 0, TO_THE_END, places) for file, places in self._by_file()]

    def files(self, publication: Publication, base: Base, files: Sequence[InputFile], part: int) -> list[FileEntry]:
        """The base's files of rejected posts and of unknown posts, without these. part: a number free in both."""
        rejects = [entry for entry in base.named("rejects", None) if not entry.path.endswith("/part-00000.parquet")]
        unknown = base.named("unknown_posts", None)
        if not len(self):
            return [*rejects, *unknown]
        left = _Pieces(self._rejects_left(base, rejects, self._written(files)))
        return [
            write_table(publication.output, publication.data_path(table, part=part), pieces)
            for table, pieces in (("rejects", left), ("unknown_posts", _Pieces(iter([self.rest]))))
            if pieces
        ]

    def _by_file(self) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
        number = self.rows >> PLACE_BITS
        for file in np.unique(number).tolist():
            yield file, self.rows[number == file] & PLACE

    def _written(self, files: Sequence[InputFile]) -> set[tuple[str, str]]:
        """The file and the text of each post, as in the table of rejects."""
        written = set()
        for number, places in self._by_file():
            for batch in fetch_batches(files[number], places, POSTS):
                texts = (batch.raw(i).decode("utf-8", "backslashreplace") for i in range(len(batch)))
                written |= {(files[number].path, text) for text in texts}
        return written

    def _rejects_left(
        self, base: Base, entries: list[FileEntry], written: set[tuple[str, str]]
    ) -> Iterator[pa.Table]:
        for rows in base.tables(entries):
            unknown = pc.equal(rows["reason"], UNKNOWN_AUTHOR).to_numpy()
            named = zip(rows["file"].to_pylist(), rows["row"].to_pylist(), strict=True)
            gone = unknown & np.fromiter((name in written for name in named), bool, len(rows))
            yield rows.filter(pa.array(~gone))


class _Pieces:
    """Tables, one after the other. It is false if they have no rows."""

    def __init__(self, pieces: Iterator[pa.Table]) -> None:
        self._pieces = pieces
        self._first = next((piece for piece in pieces if len(piece)), None)

    def __bool__(self) -> bool:
        return self._first is not None

    def __iter__(self) -> Iterator[pa.Table]:
        yield self._first
        yield from self._pieces
