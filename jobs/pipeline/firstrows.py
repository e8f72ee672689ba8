"""The first rows of input files as a run would understand them, and what can be told from them alone."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from jobs.inputs.accounts.names import cleaned_names, count_undecoded
from jobs.inputs.dates.timeparts import NULL_TIME
from jobs.inputs.dates.timestamps import parse_timestamps
from jobs.inputs.rows import read_rows
from jobs.inputs.separators.registry import SEPARATORS
from jobs.inputs.suspects import NO_SUSPECTS, Suspects, suspects_of
from jobs.inputs.tables import HASHTAGS, POSTS, Column, InputFile, Part, RowBatch, Table
from jobs.inputs.text.evidence import NO_EVIDENCE, Evidence
from jobs.options.config import JobConfig
from jobs.pipeline.oddvalues import (
    about_dates,
    about_endings,
    about_flags,
    about_ids,
    about_lines,
    about_missing,
    about_missing_names,
    about_quoted_names,
    about_same_names,
    about_suspects,
    about_undecoded,
    most_odd_dates,
)
from jobs.pipeline.plausible import about_files
from jobs.reporting.terminal import count_of
from lookalike.hashtags import normalise
from lookalike.strings.values import UNKNOWN_FLAG, are_blank, parse_flags

_ASKED: Final = 16  # files, of very many
_BYTES: Final = 1 << 14  # of each
_UNREADABLE: Final = "? "  # before a value
_FLAGS: Final = {0: "no", 1: "yes"}


@dataclass
class FirstRows:
    """The first rows of some files of a table. rows: texts of the columns, as they are understood."""

    kind: Table
    files: Sequence[InputFile]
    config: JobConfig
    rows: list[dict[str, str]] = field(default_factory=list)
    _malformed: list[bytes] = field(default_factory=list)
    _odd_dates: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _odd_flags: list[str] = field(default_factory=list)
    _hashtags: Counter[str] = field(default_factory=Counter)
    _suspects: Suspects = NO_SUSPECTS
    _undecoded: int = 0
    _quotes: Evidence = NO_EVIDENCE

    @classmethod
    def read(cls, kind: Table, files: Sequence[InputFile], config: JobConfig) -> FirstRows:
        """Read them. Raises UsageError as read_rows does."""
        first = cls(kind, files, config)
        for file in files[:: -(-len(files) // _ASKED)]:
            for batch in itertools.islice(read_rows(file, kind, Part(chunk_bytes=_BYTES)), 1):
                first._add(file, batch)
        return first

    def _add(self, file: InputFile, batch: RowBatch) -> None:
        self._malformed += [row for _, row in batch.malformed]
        self._quotes += Evidence.of(batch, file.dialect.quoting)
        texts = {name: batch[name].texts() for name in self.kind.columns}
        texts |= {name: self._dates(file, name, batch[name]) for name in self.kind.columns if name.endswith("_at")}
        if self.kind is POSTS:
            texts["is_repost"] = self._flags(batch["is_repost"])
            texts[HASHTAGS] = self._keys(file, batch[HASHTAGS])
        else:
            names = cleaned_names(batch["screen_name"], self.config.strip_suffix)
            self._undecoded += count_undecoded(names)
            texts["screen_name"] = names.texts()
        self.rows += [dict(zip(texts, row, strict=True)) for row in zip(*texts.values(), strict=True)]

    def _dates(self, file: InputFile, name: str, column: Column) -> list[str]:
        moments = parse_timestamps(*column, day_first=file.day_first)
        shown = np.datetime_as_string(np.where(moments == NULL_TIME, 0, moments).astype("datetime64[us]"), unit="s")
        written = column.texts()
        odd = np.flatnonzero((moments == NULL_TIME) & ~are_blank(*column))
        self._odd_dates[name] += [written[i] for i in odd.tolist()]
        return [
            str(shown[i]).replace("T", " ") if moment != NULL_TIME else _UNREADABLE + text if text.strip() else ""
            for i, (moment, text) in enumerate(zip(moments.tolist(), written, strict=True))
        ]

    def _flags(self, column: Column) -> list[str]:
        values = list(zip(parse_flags(*column).tolist(), column.texts(), strict=True))
        self._odd_flags += [text for flag, text in values if flag == UNKNOWN_FLAG and text.strip()]
        return [_FLAGS.get(flag, _UNREADABLE + text if text.strip() else "") for flag, text in values]

    def _keys(self, file: InputFile, column: Column) -> list[str]:
        """The hashtags of each post, with bars between them."""
        separator = SEPARATORS[file.separator or "bar"]
        plain = column if separator.plain is None else separator.plain(column)
        shown, written = [], []
        for text in plain.texts():
            hashtags = text.split(chr(separator.byte))
            keys = list(dict.fromkeys(filter(None, map(normalise, hashtags))))
            written += hashtags
            self._hashtags.update(keys)
            shown.append(" | ".join(keys))
        found = suspects_of(written)
        self._suspects += found.without("space") if file.has_lists else found
        return shown

    def warnings(self) -> Iterator[str]:
        """What a run would also warn of, as far as these rows tell."""
        count = len(self.rows) + len(self._malformed)
        of = f"of the first {count_of(count, 'row')}"
        yield from about_files(self.files, self.config)
        if self._malformed:
            row = self._malformed[0].decode("utf-8", "backslashreplace")
            have = count_of(len(self._malformed), f"{of} has", f"{of} have")
            yield f"{have} a wrong number of fields, such as {row}"
        yield from about_lines(self.kind.name, self._quotes)
        yield from about_ids(self.kind.name, self._column("id"))
        yield from self._about_posts(of) if self.kind is POSTS else self._about_accounts()

    def _about_posts(self, of: str) -> Iterator[str]:
        yield from about_ids("posts' authors", self._column("author_id"))
        odd = self._odd_dates["created_at"]
        yield from about_dates("post", len(odd), len(self.rows), odd)
        if self.config.exclude_reposts:
            yield from about_flags(len(self._odd_flags), len(self.rows), self._odd_flags)
        yield from about_missing(self._hashtags.most_common(), of)
        yield from about_suspects(self._suspects, told=self.config.hashtag_separator != "auto")

    def _about_accounts(self) -> Iterator[str]:
        names = [*dict(zip(self._column("id"), self._column("screen_name"), strict=True)).values()]
        yield from about_undecoded(self._undecoded)
        yield from about_missing_names(names)
        yield from about_quoted_names([name for name in names if len(name) > 2 and name[0] == name[-1] == '"'])
        yield from about_same_names(names)
        for column, odd in self._odd_dates.items():
            yield from about_dates("account", len(odd), len(self.rows), odd, many=most_odd_dates(column))
        yield from about_endings(names)

    def _column(self, name: str) -> list[str]:
        return [row[name] for row in self.rows]
