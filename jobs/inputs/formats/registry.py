"""All formats of input files, and telling the format of a file by its first bytes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final

from jobs.inputs.formats import foreign
from jobs.inputs.formats.delimited import Delimited
from jobs.inputs.formats.format import Format, Head
from jobs.inputs.formats.jsonlines import JsonLines
from jobs.inputs.formats.parquet import Parquet
from jobs.inputs.reading import Reading
from jobs.inputs.streams import Ahead, compression_of, decompressed, file_status, open_file
from jobs.inputs.tables import SPARK, InputFile, Table
from jobs.inputs.text.dialects import find_encoding_and_line_ends, recode
from lookalike.errors import UsageError

# The first that recognises a file counts.
FORMATS: Final[Mapping[str, Format]] = {"parquet": Parquet(), "jsonl": JsonLines(), "text": Delimited()}


def words_of(file: InputFile) -> str:
    """How a file is written, for a person."""
    if file.format == SPARK:
        return "read by Spark"
    packed = [] if file.compression is None else [f"compressed as {file.compression}"]
    return ", ".join([*FORMATS[file.format].words(file), *packed])


HEAD_BYTES: Final = 1 << 20


def look_at(path: str, table: Table, reading: Reading) -> Head:
    """What the first bytes of a file tell. Raises UsageError, naming the file."""
    status = file_status(path)
    with open_file(path, status, Ahead([(0, HEAD_BYTES)])) as source:
        compression = compression_of(path, source)
        with decompressed(path, source, compression) as stream:
            content = stream.read(HEAD_BYTES)
    head = Head(path, status, compression, reading, complete=len(content) < HEAD_BYTES)
    for name, kind in FORMATS.items():
        if not kind.is_text and kind.recognises(content):
            if compression is not None:
                raise UsageError(f"{path}: {kind.title} compressed as {compression}; decompress it first")
            return kind.look(dataclasses.replace(head, format=name), table)
    foreign.refuse(path, content, foreign.BINARY)
    dialect = find_encoding_and_line_ends(content, reading)
    content = recode(content, dialect)
    foreign.refuse(path, content, foreign.TEXT)
    name, kind = next((name, kind) for name, kind in FORMATS.items() if kind.is_text and kind.recognises(content))
    return kind.look(dataclasses.replace(head, format=name, dialect=dialect, content=content), table)
