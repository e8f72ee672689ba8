import gzip
import itertools
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.inputs.files import find_files, plan_splits
from jobs.inputs.reading import Reading
from jobs.inputs.tables import ACCOUNTS, POSTS, TO_THE_END, Dialect, InputFile, Split
from lookalike.errors import UsageError

from .reading import COMPRESSED, THINGS, examine, read


def put(folder: Path, *names: str, content: bytes = b"id\tvalue\n1\tone\n") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (["a.tsv"], ["a.tsv"]),
        (["f"], ["f/1.tsv", "f/2.tsv.gz"]),
        (["f/"], ["f/1.tsv", "f/2.tsv.gz"]),
        (["f/*.tsv"], ["f/1.tsv"]),
        (["?/*"], ["f/1.tsv", "f/2.tsv.gz", "g/3.tsv"]),
        (["g", "a.tsv", "f/1.tsv", "f", "./g/../a.tsv"], ["a.tsv", "f/1.tsv", "f/2.tsv.gz", "g/3.tsv"]),
        (["[x].tsv"], ["[x].tsv"]),
        ([".hidden.tsv"], [".hidden.tsv"]),
    ],
)
def test_files_folders_and_globs_give_each_file_once_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paths: list[str], found: list[str]
) -> None:
    names = ["a.tsv", "f/1.tsv", "f/2.tsv.gz", "f/_SUCCESS", "f/.1.tsv.crc", "f/deep/4.tsv", "g/3.tsv"]
    put(tmp_path, *names, "[x].tsv", ".hidden.tsv")
    monkeypatch.chdir(tmp_path)
    assert [file.path for file in find_files(THINGS, paths)] == [str(tmp_path / file) for file in found]


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        ("none.tsv", None, "none.tsv: no such file, folder or match"),
        ("*.csv", None, r"\*.csv: no such file, folder or match"),
        ("empty.tsv", b"", "empty.tsv: empty"),
        ("blank.tsv", b"\n\n", "blank.tsv: empty"),
        ("bom.tsv", b"\xef\xbb\xbf", "bom.tsv: empty"),
        ("empty.tsv.gz", b"", "empty.tsv.gz: empty"),
        (
            "a.tsv",
            b"id\tvalu\n",
            "a.tsv: no column 'value'; found: id, valu; the file looks tab-separated; name it: --columns value=NAME",
        ),
        ("a.tsv", b"id\tvalue\tid\n", "a.tsv: has 2 columns 'id'"),
        ("a.tsv", b"id;values\n", "a.tsv: no column 'value'; found: id, values; the file looks semicolon-separated;"),
        ("a.tsv", b"one\ttwo\tID", "a.tsv: no column 'value'; found: one, two, ID; the file looks tab-separated"),
        ("a.tsv", "id,valu\n".encode("utf-16"), "a.tsv: no column 'value'; .*comma-separated, in UTF-16;"),
        (
            "a.tsv",
            b"id,valu\r1,one\r",
            "a.tsv: no column 'value'; .*comma-separated, with carriage returns as line ends",
        ),
        ("a.tsv", b"PK\x03\x04rest", "a.tsv: cannot be read: File is not a zip file$"),
        ("a.tsv", b"\x28\xb5\x2f\xfdrest", "a.tsv: cannot be read: Truncated compressed stream$"),
        ("a.tsv", b"\x04\x22\x4d\x18rest", "a.tsv: compressed as lz4; only gzip, bz2, zstd, xz, zip can be read"),
        ("a.parquet", b"PAR1 and nothing of the kind PAR1", "a.parquet: cannot be read: "),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        put(tmp_path, path, content=content)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=f"^{message}"):
        find_files(THINGS, [path])


def test_a_folder_without_files_and_no_path_at_all_are_errors(tmp_path: Path) -> None:
    put(tmp_path, "_SUCCESS", "below/a.tsv")
    with pytest.raises(UsageError, match="no files in this folder"):
        find_files(THINGS, [str(tmp_path)])
    with pytest.raises(UsageError, match="no path of things given"):
        find_files(THINGS, [])


@pytest.mark.parametrize("path", ["f", "f/*"])
def test_empty_files_among_others_are_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path, "f/part-0", "f/part-1.gz", content=b"")
    for name, compress in COMPRESSED.items():
        (tmp_path / "f" / name).write_bytes(compress(b""))
    with pytest.raises(UsageError, match=r"^f/a\.tsv\.bz2: empty"):
        find_files(THINGS, [path])
    put(tmp_path, "f/part-2")
    assert [file.path for file in find_files(THINGS, [path])] == [str(tmp_path / "f/part-2")]
    with pytest.raises(UsageError, match=r"^f/part-0: empty"):
        find_files(THINGS, [path, "f/part-0"])


@pytest.mark.parametrize("content", [b"\n", b"\xef\xbb\xbf", b"\x28\xb5\x2f\xfdrest", b"PK\x03\x04rest"])
def test_files_that_only_look_empty_are_not_passed_over(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, "f/part-0", content=content)
    put(tmp_path, "f/part-1")
    with pytest.raises(UsageError, match=r"f/part-0: (empty|cannot be read)"):
        find_files(THINGS, [str(tmp_path / "f")])


@pytest.mark.parametrize(
    ("content", "skipped", "reason"),
    [
        (b'"id","full\ntext"\n"1","x"\n', 0, "a quote in the header does not close in its line; rename that column"),
        (b'"id","text"\n"1","x"\n', 2, "empty, not even a header"),
    ],
)
def test_a_file_without_a_header_that_can_be_read_says_why(
    tmp_path: Path, content: bytes, skipped: int, reason: str
) -> None:
    put(tmp_path, "a.csv", content=content)
    with pytest.raises(UsageError, match=rf"a\.csv: {reason}"):
        find_files(
            THINGS, [str(tmp_path / "a.csv")], Reading(quoting="rfc4180", delimiter="comma", skip_lines=skipped)
        )


NOTES = b'# About the data\n\n"Posts" of 2021.\n'


@pytest.mark.parametrize(
    ("name", "content"), [("README.md", NOTES), ("LICENSE", NOTES), ("notes.txt", NOTES), ("about.json", b"[1]")]
)
@pytest.mark.parametrize("path", ["f", "f/*"])
def test_a_file_beside_the_data_is_an_error_that_says_how_to_leave_it_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path, "f/posts.csv", content=b'"id","value"\n"1","one"\n')
    put(tmp_path, f"f/{name}", content=content)
    with pytest.raises(UsageError, match=rf"^f/{name}: .*; if it is no data, name the others alone: f/\*\.csv$"):
        find_files(THINGS, [path])
    assert len(find_files(THINGS, ["f/*.csv"])) == 1


@pytest.mark.parametrize("names", [["a.csv", "b.csv"], ["a.csv", "README.md"], ["a.csv", "b.csv", "c.tsv"]])
def test_a_file_that_ends_like_the_data_is_not_said_to_be_none(tmp_path: Path, names: list[str]) -> None:
    put(tmp_path, *names)
    put(tmp_path, "a.csv", content=b"id\tvalu\n")
    with pytest.raises(UsageError, match=r"a\.csv: no column 'value'; .*value=NAME$"):
        find_files(THINGS, [str(tmp_path)])


def test_a_file_with_the_columns_is_data_whatever_its_name(tmp_path: Path) -> None:
    put(tmp_path, "README.md", "posts.csv")
    assert len(find_files(THINGS, [str(tmp_path)])) == 2


def test_columns_are_found_by_name_in_any_order_and_others_ignored(tmp_path: Path) -> None:
    put(tmp_path, "a.tsv", content=b"more\tvalue\tlang\tid\r\nm\tone\ten\t1\r\n")
    file = examine(tmp_path / "a.tsv")
    assert (file.columns, file.fields, file.body) == ((3, 1), 4, 20)
    assert read(file).values == [(b"1", b"one")]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfid\tvalue\n1\tone",
        b"\n\r\nid\tvalue\n\n1\tone\n\r\n",
        b'"id"\t"value"\n"1"\t"one"\n',
        b'\xef\xbb\xbf"id"\t"value"\r\n"1"\t"one"\r\n',
    ],
)
def test_marks_blank_lines_and_quoted_headers_are_no_trouble(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, "a.tsv", content=content)
    assert read(examine(tmp_path / "a.tsv", quoting="auto")).values == [(b"1", b"one")]


def test_compression_is_told_by_content_not_by_name(tmp_path: Path) -> None:
    put(tmp_path, "plain", content=gzip.compress(b"id\tvalue\n1\tone\n"))
    file = examine(tmp_path / "plain")
    assert file.compression == "gzip"
    assert read(file).values == [(b"1", b"one")]


def test_a_file_of_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    put(tmp_path, "a.tsv", "a.tsv.gz", content=b"id\tvalue\n")
    for name in ("a.tsv", "a.tsv.gz"):
        file = examine(tmp_path / name)
        rows = [read(file, split.start, split.end).rows for split in plan_splits([file], 100)]
        assert [row for part in rows for row in part] == []


def test_the_sample_data_is_understood() -> None:
    data = Path(__file__).parents[1] / "data"
    for table, name, rows, malformed in [
        (POSTS, "tiny/posts.tsv", 55, 2),
        (ACCOUNTS, "tiny/accounts.tsv", 33, 0),
        (POSTS, "medium/posts.tsv.gz", 15_000, 0),
        (ACCOUNTS, "medium/accounts.tsv.gz", 3_000, 0),
    ]:
        (file,) = find_files(table, [str(data / name)])
        found = read(file, table=table)
        assert file.dialect.quoting == "none"
        assert (len(found.rows), len(found.malformed)) == (rows, malformed), name


def raw_file(size: int, body: int) -> InputFile:
    return InputFile("a.tsv", size, 0, "text", None, Dialect(), (0, 1), 2, body)


@given(st.integers(0, 10_000), st.integers(0, 100), st.integers(1, 12_000))
def test_byte_ranges_cover_the_body_once_and_none_is_too_large(body: int, header: int, split_bytes: int) -> None:
    splits = plan_splits([raw_file(header + body, header)], split_bytes)
    if not body:
        assert splits == ()
        return
    assert (splits[0].start, splits[-1].end) == (header, header + body)
    assert all(one.end == other.start for one, other in itertools.pairwise(splits))
    assert all(0 < split.end - split.start <= split_bytes for split in splits)


def test_files_that_cannot_be_cut_are_one_split_each(tmp_path: Path) -> None:
    put(tmp_path, "b.tsv.gz")
    put(tmp_path, "a.tsv", content="id\tvalue\n1\tone\n".encode("utf-16"))
    files = [examine(tmp_path / "a.tsv", encoding="auto"), examine(tmp_path / "b.tsv.gz")]
    assert plan_splits(files, 1) == (Split(0, 0, TO_THE_END), Split(1, 0, TO_THE_END))


def test_a_small_quoted_file_is_one_split(tmp_path: Path) -> None:
    put(tmp_path, "a.tsv")
    file = examine(tmp_path / "a.tsv", quoting="rfc4180")
    assert plan_splits([file], 1000) == (Split(0, 0, TO_THE_END),)
    assert len(plan_splits([file], 1)) == file.size - file.body


def test_parquet_is_cut_between_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    numbers = [str(i) for i in range(1000)]
    pq.write_table(pa.table({"id": numbers, "value": numbers}), path, row_group_size=100)
    file = examine(path)
    assert file.groups is not None
    whole = read(file)
    assert [place for place, _, _ in whole.rows] == list(range(1000))
    for split_bytes in (1, 2 * file.groups[0], 1 << 30):
        splits = plan_splits([file], split_bytes)
        parts = [row for split in splits for row in read(file, split.start, split.end).rows]
        assert parts == whole.rows
    assert len(plan_splits([file], 1)) == 10
    assert len(plan_splits([file], 1 << 30)) == 1
