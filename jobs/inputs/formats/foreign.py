"""Files that hold no table, or one that is not read: how they are recognised, and what to do with them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from lookalike.errors import UsageError

_CONVERT: Final = "convert it to Parquet or CSV"
_SAVE: Final = "save it as CSV or tab-separated text"
_UNPACK: Final = "unpack it, and name the files or their folder"


class Foreign(NamedTuple):
    """A kind of file. begins: a regular expression of its first bytes. advice: what to do with it."""

    begins: bytes
    what: str
    advice: str


# By the bytes of the file, decompressed. A file that is compressed once is none of these.
BINARY: Final = (
    Foreign(
        rb"\x1f\x8b|\x28\xb5\x2f\xfd|\xfd7zXZ|BZh[1-9]1AY|PK\x03\x04|\x04\x22\x4d\x18",
        "is compressed twice",
        "decompress it once",
    ),
    Foreign(rb".{257}ustar(\0|  \0)", "is a tar archive", _UNPACK),
    Foreign(rb"7z\xbc\xaf\x27\x1c", "is a 7z archive", _UNPACK),
    Foreign(rb"Rar!\x1a\x07", "is a RAR archive", _UNPACK),
    Foreign(rb"ARROW1\0|FEA1\0", "is an Arrow or Feather file", _CONVERT),
    Foreign(rb"ORC[^\t,;|]{0,29}[\x00-\x08\x0e-\x1f]", "is an ORC file", _CONVERT),
    Foreign(rb"Obj\x01", "is an Avro file", _CONVERT),
    Foreign(rb"\x89HDF\r\n\x1a\n", "is an HDF5 file", _CONVERT),
    Foreign(rb"RD[AX][23]\n|[AX]\n\0", "is a file of R objects", "write the table with write.csv, row.names = FALSE"),
    Foreign(rb"\$FL[23]@\(#\)", "is an SPSS file", _SAVE),
    Foreign(rb"<stata_dta>", "is a Stata file", _SAVE),
    Foreign(
        rb"SQLite format 3\0",
        "is an SQLite database",
        "write the table to a file: sqlite3 -header -csv DATABASE 'select * from TABLE' > FILE.csv",
    ),
    Foreign(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an old Excel workbook or another Office file", _SAVE),
    Foreign(rb"%PDF-", "is a PDF document, not data", "get the table as CSV or Parquet"),
)

# By the text, as UTF-8. Possessive repetition (+ after *) keeps the time linear.
TEXT: Final = (
    Foreign(rb"version https://git-lfs", "is a Git LFS pointer, not the data", "git lfs pull gets the data"),
    Foreign(
        rb"(?i)(\xef\xbb\xbf)?\s*+(<\?xml[^>]*>\s*+)?(<!--.*?-->\s*+)*+<(!doctype\s+html|html|head|body)\b",
        "is a web page, not data",
        "was the download behind a login?",
    ),
    Foreign(rb"(\xef\xbb\xbf)?\s*+<\?xml\b", "is XML, not a table", "convert it to CSV"),
    Foreign(
        rb"\s*+[^\n\0]*+\0",
        "looks binary, as its first line has NUL bytes",
        "convert it to CSV, or name the encoding if it is text: --encoding utf-16-le",
    ),
)


def refuse(path: str, content: bytes, kinds: Sequence[Foreign]) -> None:
    """Raise UsageError if a file that begins so is of one of the kinds."""
    for kind in kinds:
        if re.match(kind.begins, content, re.DOTALL):
            raise UsageError(f"{path}: {kind.what}; {kind.advice}")
