"""Where rows begin in a quoted file that several tasks read: first guessed from its quotes, then checked.

A line feed ends a row unless it is inside of quotes, so the task of a split must know whether its first byte is. Each
quote that no other character makes a part of a value opens or closes. Counted in every split, and added up from left
to right, they tell it, unless a quote stands in the middle of a field without quotes or a row is broken. So each task
reports where its first row began and where the row after its last one begins. If the one is always the other of the
split before, then all tasks together have read what one would have, from the first row on. Else one task reads the
file.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from jobs.exchange.reports import Border
from jobs.exchange.stage import Stage
from jobs.inputs.tables import TO_THE_END, InputFile, Split
from jobs.inputs.text.window import NO_ROW, count_quotes


@dataclasses.dataclass(frozen=True)
class CountQuotes(Stage[tuple[int, int]]):
    """Task function: numbers of splits in, (number, quotes in the split) out."""

    files: tuple[InputFile, ...]
    splits: tuple[Split, ...]

    def __call__(self, numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Count in the splits whose numbers come in."""
        for number in numbers:
            split = self.splits[number]
            if shares_quoted_file(self.files, split):
                yield number, count_quotes(self.files[split.file], split.start, split.end)


def shares_quoted_file(files: Sequence[InputFile], split: Split) -> bool:
    """Whether other tasks read other parts of the split's file, which is quoted."""
    file = files[split.file]
    return file.dialect.quoting != "none" and split.end != TO_THE_END


def with_parity(splits: Sequence[Split], counted: Iterable[tuple[int, int]]) -> tuple[Split, ...]:
    """The splits, of which each knows whether it begins inside of quotes. counted: what CountQuotes gave."""
    quotes = dict(counted)
    settled = []
    before: tuple[int, int] = (-1, 0)  # file, and quotes in it so far
    for number, split in enumerate(splits):
        if number in quotes:
            so_far = before[1] if before[0] == split.file else 0
            settled.append(dataclasses.replace(split, inside=so_far % 2 == 1))
            before = split.file, so_far + quotes[number]
        else:
            settled.append(split)
    return tuple(settled)


def broken_files(splits: Sequence[Split], borders: Iterable[Border]) -> set[int]:
    """The files whose splits do not follow each other, by number."""
    broken = set()
    expected: dict[int, int] = {}  # of each file, where its next row begins
    for number, first, following in sorted(borders):
        split = splits[number]
        if split.file not in expected:
            expected[split.file] = following
        elif first != NO_ROW:
            if first != expected[split.file]:
                broken.add(split.file)
            expected[split.file] = following
        elif expected[split.file] < split.end:
            broken.add(split.file)
    return broken


def in_one_piece(splits: Sequence[Split], files: set[int]) -> tuple[Split, ...]:
    """The splits, those of some files so that the first has all of its file and the others nothing."""
    seen: set[int] = set()
    whole = []
    for split in splits:
        if split.file in files:
            end = 0 if split.file in seen else TO_THE_END
            seen.add(split.file)
            split = Split(split.file, 0, end)
        whole.append(split)
    return tuple(whole)
