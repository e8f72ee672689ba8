"""Files that hold no table are named for what they are."""

import bz2
import gzip
import io
import lzma
import sqlite3
import tarfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pytest

from jobs.inputs.formats.foreign import BINARY, TEXT
from jobs.inputs.tables import POSTS
from lookalike.errors import UsageError

from .reading import examine, read, zstd

TSV = b"id\tvalue\n1\tone\n"
POST_TABLE = pa.table({"id": ["1", "2"], "author_id": ["a", "b"], "hashtags": ["vote", "now"]})


def tarred(kind: int) -> bytes:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=kind) as file:
        member = tarfile.TarInfo("things.tsv")
        member.size = len(TSV)
        file.addfile(member, io.BytesIO(TSV))
    return archive.getvalue()


def archived(*names: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name in names:
            file.writestr(name, TSV)
    return archive.getvalue()


FOREIGN = [
    (gzip.compress(gzip.compress(TSV)), "is compressed twice; decompress it once"),
    (gzip.compress(zstd(TSV)), "is compressed twice"),
    (lzma.compress(bz2.compress(TSV)), "is compressed twice"),
    (zstd(lzma.compress(TSV)), "is compressed twice"),
    (gzip.compress(archived("things.tsv")), "is compressed twice"),
    (tarred(tarfile.USTAR_FORMAT), "is a tar archive; unpack it"),
    (tarred(tarfile.GNU_FORMAT), "is a tar archive; unpack it"),
    (gzip.compress(tarred(tarfile.PAX_FORMAT)), "is a tar archive; unpack it"),
    (b"7z\xbc\xaf\x27\x1c\x00\x04", "is a 7z archive; unpack it"),
    (b"Rar!\x1a\x07\x01\x00", "is a RAR archive; unpack it"),
    (b"FEA1\0\0\0\0", "is an Arrow or Feather file; convert it to Parquet or CSV"),
    (b"Obj\x01\x04\x16avro.schema", "is an Avro file; convert it"),
    (b"\x89HDF\r\n\x1a\n\0\0", "is an HDF5 file; convert it"),
    (gzip.compress(b"RDX3\nX\n\0\0\0\3"), "is a file of R objects; write the table with write.csv"),
    (gzip.compress(b"X\n\0\0\0\3"), "is a file of R objects; write the table with write.csv"),
    (b"$FL2@(#) SPSS DATA FILE", "is an SPSS file; save it as CSV"),
    (b"<stata_dta><header>", "is a Stata file; save it as CSV"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "is an old Excel workbook or another Office file; save it as CSV"),
    (archived("mimetype", "content.xml"), "is an OpenDocument file; save it as CSV"),
    (b"%PDF-1.7\n%\xe2\xe3", "is a PDF document, not data; get the table as CSV"),
    (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer, not the data; git lfs pull"),
    (b"<!DOCTYPE html>\n<html>", "is a web page, not data; was the download behind a login"),
    (b"\xef\xbb\xbf\r\n  <HTML lang='en'>", "is a web page"),
    ("<html>".encode("utf-16"), "is a web page"),
    (gzip.compress(b"<?xml version='1.0'?>\n<!-- made --> <!doctype HTML PUBLIC>"), "is a web page"),
    (b"<?xml version='1.0'?>\n<Error><Code>AccessDenied</Code>", "is XML, not a table; convert it to CSV"),
    (b"\x80\x04\x95\x10\0\0\0\0\0\0\0pandas\n", "looks binary, as its first line has NUL bytes; convert it"),
    (("id\tvalue\n" + "Это было давно " * 9).encode("utf-16-le"), "looks binary.* --encoding utf-16-le$"),
]


@pytest.mark.parametrize(("content", "message"), FOREIGN, ids=range(len(FOREIGN)))
def test_what_is_no_table_is_named_with_advice(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "things.tsv"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=rf"^{path}: {message}") as caught:
        examine(path, encoding="auto")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("rows", [1, 1000])
def test_tables_of_other_programs_are_named(tmp_path: Path, rows: int) -> None:
    table = pa.concat_tables([POST_TABLE] * rows)
    pyarrow.feather.write_feather(table, tmp_path / "Arrow")
    pyarrow.orc.write_table(table, tmp_path / "ORC")
    pyarrow.orc.write_table(table, tmp_path / "ORC compressed", compression="zlib")
    database = sqlite3.connect(tmp_path / "SQLite")
    database.execute("create table posts (id, author_id, hashtags)")
    database.close()
    for path in tmp_path.iterdir():
        with pytest.raises(UsageError, match=f"^{path}: is an {path.name.split()[0]}"):
            examine(path, POSTS)


@pytest.mark.parametrize(
    "content",
    [
        b"id\tvalue\n1\tone\0\n",
        b"id\tvalue\n\0\0\0\0\n1\tone\0\n",
        "id\tvalue\n1\tone\0\n".encode("utf-16"),
        b"ORCID\tvalue\tid\no\tone\0\t1\n",
        b"FEA1\tvalue\tid\nf\tone\0\t1\n",
        b"<b>\tvalue\tid\n<html>\tone\0\t1\n",
        b"%PDF\tvalue\tid\n%PDF-\tone\0\t1\n",
        b"id\tvalue\tx" + b"y" * 237 + b"\n1\tone\0\tustar 1 \n",
    ],
)
def test_text_that_only_resembles_them_is_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "things.tsv"
    path.write_bytes(content)
    assert read(examine(path, encoding="auto")).values == [(b"1", b"one\0")]


def test_every_kind_says_what_to_do() -> None:
    assert all(kind.what.split()[0] in ("is", "looks") and kind.advice for kind in (*BINARY, *TEXT))
