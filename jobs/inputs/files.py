"""Finding the input files, examining them, and planning who reads what."""

from __future__ import annotations

import dataclasses
import glob
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal

from jobs.inputs import parquet
from jobs.inputs.columns import positions
from jobs.inputs.dialects import find_delimiter, find_encoding_and_line_ends, looks_like, recode
from jobs.inputs.header import read_header
from jobs.inputs.quoting import Judged, common_quoting, judge_head
from jobs.inputs.reading import DELIMITERS, Reading
from jobs.inputs.rows import read_rows
from jobs.inputs.separators import Separator, find_separator
from jobs.inputs.streams import compression_of, file_status, open_bytes
from jobs.inputs.tables import TO_THE_END, Compression, Dialect, InputFile, Quoting, Split, Table
from lookalike.errors import UsageError


HEAD_BYTES: Final = 1 << 20
HASHTAGS: Final = "hashtags"
_ASKED: Final = 64  # files, of very many, whose beginning tells the separator of hashtags
_SAMPLE_BYTES: Final = 1 << 18


def find_files(table: Table, paths: Sequence[str], reading: Reading = Reading()) -> tuple[InputFile, ...]:
    """The files that `paths` name, examined, in the order of their paths, each once.

    A path is a file, a folder (the files in it, not in folders below it) or a glob; files whose name begins
    with "." or "_" are passed over, as Spark does. Raises UsageError, naming the path, if there is nothing,
    if a file cannot be read or is empty, and if a column is missing, there twice or of an unusable type.
    """
    if not paths:
        raise UsageError(f"no path of {table.name} given")
    found: dict[Path, str] = {}
    for path in paths:
        for name in _expand(path):
            found.setdefault(Path(name).resolve(), name)
    heads = [_Head.read(name, table, reading) for name in sorted(found.values())]
    quoting = common_quoting(table, [head.judged for head in heads if head.judged is not None])
    files = [
        dataclasses.replace(head.examine(table, reading, quoting), day_first=reading.day_first) for head in heads
    ]
    return _with_separators(files, table, reading) if HASHTAGS in table.columns else tuple(files)


def _with_separators(files: Sequence[InputFile], table: Table, reading: Reading) -> tuple[InputFile, ...]:
    """The files, all with the same separator of hashtags but those that have lists."""
    unknown = [file for file in files if file.separator is None]
    chosen: Separator | Literal["auto"] = reading.separator
    if chosen == "auto":
        asked = unknown[:: -(-len(unknown) // _ASKED)] if unknown else []
        chosen = find_separator(itertools.chain.from_iterable(_some_hashtags(file, table) for file in asked))
    return tuple(dataclasses.replace(file, separator=file.separator or chosen) for file in files)


def _some_hashtags(file: InputFile, table: Table) -> Iterator[bytes]:
    """The hashtags of the first posts of a file."""
    for batch in itertools.islice(read_rows(file, 0, _end_of(file), table, chunk_bytes=_SAMPLE_BYTES), 1):
        column = batch[HASHTAGS]
        yield from map(column.value, range(len(batch)))


def _end_of(file: InputFile) -> int:
    return len(file.groups) if file.format == "parquet" else TO_THE_END


def _expand(path: str) -> list[str]:
    """The files that one path names."""
    place = Path(path)
    try:
        if place.is_file():
            return [path]
        if place.is_dir():
            files = [str(child) for child in place.iterdir() if _visible(child) and child.is_file()]
        else:
            matches = glob.glob(path)  # noqa: PTH207  # Path.glob takes no absolute pattern
            files = [match for match in matches if _visible(Path(match)) and Path(match).is_file()]
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    if not files:
        kind = "no files in this folder" if place.is_dir() else "no such file, folder or match"
        raise UsageError(f"{path}: {kind}")
    return files


def _visible(path: Path) -> bool:
    return not path.name.startswith((".", "_"))


@dataclasses.dataclass(frozen=True)
class _Head:
    """What is known of a file before its rows are read.

    dialect: but for the quoting. content: the first bytes of its text as open_text gives it, to the end of the header.
    judged: how its quotes can be read; None where the options say it, and in Parquet.
    """

    path: str
    size: int
    modified_ns: int
    compression: Compression | None
    is_parquet: bool
    dialect: Dialect = Dialect()
    content: bytes = b""
    judged: Judged | None = None

    @classmethod
    def read(cls, path: str, table: Table, reading: Reading) -> _Head:
        """Read the first bytes of a file."""
        size, modified_ns = file_status(path)
        compression = compression_of(path)
        with open_bytes(path, compression) as stream:
            content = stream.read(HEAD_BYTES)
        is_parquet = content.startswith(parquet.MAGIC) and compression is None
        head = cls(path, size, modified_ns, compression, is_parquet)
        return head if is_parquet else head._of_text(content, table, reading)

    def _of_text(self, content: bytes, table: Table, reading: Reading) -> _Head:
        complete = len(content) < HEAD_BYTES
        dialect = find_encoding_and_line_ends(content, reading)
        content = recode(content, dialect)
        delimiter = find_delimiter(content, table, reading)
        dialect = dataclasses.replace(dialect, delimiter=DELIMITERS[delimiter])
        judged = None
        if reading.quoting == "auto":
            judged = judge_head(self.path, content, table, reading, dialect, complete=complete)
        header = content[: read_header(content, dialect, reading.skip_lines)[1]]  # the rest of many files is much
        return dataclasses.replace(self, dialect=dialect, content=header, judged=judged)

    def examine(self, table: Table, reading: Reading, quoting: Quoting) -> InputFile:
        """The file, read as all of its table are."""
        place = str(Path(self.path).absolute())  # a cluster's tasks run in folders of their own
        if self.is_parquet:
            columns, fields, groups, separator = parquet.examine(self.path, table, reading)
            return InputFile(
                place, self.size, self.modified_ns, "parquet", None, Dialect(), columns, fields, 0, groups, separator
            )
        dialect = dataclasses.replace(self.dialect, quoting=quoting if self.judged is not None else reading.quoting)
        names, body = read_header(self.content, dialect, reading.skip_lines)
        if not names:
            raise UsageError(f"{self.path}: empty, not even a header with the columns {', '.join(table.required)}")
        columns = positions(self.path, table, names, reading.columns, looks_like(dialect))
        return InputFile(
            place, self.size, self.modified_ns, "tsv", self.compression, dialect, columns, len(names), body
        )


def plan_splits(files: Sequence[InputFile], split_bytes: int) -> tuple[Split, ...]:
    """Cut the files into parts of about split_bytes bytes, in the order of the files.

    Text that can be sought in is cut anywhere, Parquet between row groups; other files are one part each.
    """
    if split_bytes < 1:
        raise ValueError(f"split_bytes is {split_bytes}, not positive")
    splits = []
    for index, file in enumerate(files):
        if file.format == "parquet":
            splits += [Split(index, start, end) for start, end in _group_ranges(file.groups, split_bytes)]
        elif file.can_seek:
            ranges = _byte_ranges(file, split_bytes)
            if len(ranges) == 1 and file.dialect.quoting != "none":
                ranges = [(0, TO_THE_END)]  # whoever reads it alone need not know where its quotes are
            splits += [Split(index, start, end) for start, end in ranges]
        else:
            splits.append(Split(index, 0, TO_THE_END))
    return tuple(splits)


def _byte_ranges(file: InputFile, split_bytes: int) -> list[tuple[int, int]]:
    """Equal ranges from the body to the end of the file; none for a file of a header alone."""
    body = file.size - file.body
    parts = -(-body // split_bytes)
    cuts = [file.body + body * part // parts for part in range(parts)] + [file.size]
    return list(itertools.pairwise(cuts))


def _group_ranges(groups: tuple[int, ...], split_bytes: int) -> list[tuple[int, int]]:
    """Runs of row groups that reach split_bytes together."""
    ranges, start, held = [], 0, 0
    for group, size in enumerate(groups):
        held += size
        if held >= split_bytes or group == len(groups) - 1:
            ranges.append((start, group + 1))
            start, held = group + 1, 0
    return ranges
