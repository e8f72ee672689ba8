import gzip
import itertools
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.inputs.accounts.choose import NamesOverTime
from jobs.inputs.accounts.read import AccountCounts, AccountsRead, read_accounts
from jobs.inputs.accounts.rows import RowReader
from jobs.inputs.dates.timeparts import NULL_TIME
from jobs.inputs.files import find_files
from jobs.inputs.reading import Reading
from jobs.inputs.rejects import Reason, RejectLog
from jobs.inputs.tables import ACCOUNTS
from tests.examples import examples

HEADER = b"id\tcreated_at\tscreen_name\n"
REJECTS = "snapshots/20260102T030405Z-0a1b2c/rejects/part-00000.parquet"


class Outcome(NamedTuple):
    accounts: list[tuple[str, str, int]]
    counts: AccountCounts
    rejected: list[tuple[str, str]]
    read: AccountsRead
    names: NamesOverTime


def outcome(folder: Path, *bodies: bytes, suffix: str = ".tsv", header: bytes = HEADER) -> Outcome:
    for number, body in enumerate(bodies):
        content = header + body
        path = folder / f"in/{number}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content) if suffix.endswith(".gz") else content)
    files = find_files(ACCOUNTS, [str(folder / "in")], Reading(quoting="none", encoding="utf-8"))
    with RejectLog(folder / "out", REJECTS) as rejects:
        read, names = read_accounts(RowReader(files), fold="none", rejects=rejects)
        entry = rejects.close()
    rows = [] if entry is None else pq.read_table(folder / "out" / entry.path).to_pylist()
    assert all(row["source"] == "accounts" and Path(row["file"]).parent == folder / "in" for row in rows)
    table = read.table
    accounts = zip(table.ids.to_pylist(), table.screen_names.to_pylist(), table.created_at.tolist(), strict=True)
    return Outcome(list(accounts), read.counts, [(row["reason"], row["row"]) for row in rows], read, names)


def test_accounts_come_in_order_of_id_and_every_row_is_accounted_for(tmp_path: Path) -> None:
    found = outcome(
        tmp_path,
        b"b\t1970-01-01 00:00:01\tBob\n"
        b"\t2020-01-01\tnobody\n"
        b"a\t2020-01-01\n"
        b"c\t\tno date\n"
        b"d\tyesterday\tbad date\n"
        b"e\t2020-01-01\t \n"
        b"b\t1970-01-01T00:00:01Z\tBob\n",
        b"a\t1970-01-01\tAnn\na\t1970-01-02\tAnnie\na\t1970-01-02\tAnna\na\t1970-01-01\tAnn\n",
    )
    assert found.accounts == [
        ("a", "Anna", 86_400_000_000),
        ("b", "Bob", 1_000_000),
        ("c", "no date", NULL_TIME),
        ("d", "bad date", NULL_TIME),
    ]
    assert found.counts == AccountCounts(
        rows=11,
        used=4,
        duplicates=2,
        earlier_names=2,
        rejected={Reason.FIELDS: 1, Reason.NO_ID: 1, Reason.NO_SCREEN_NAME: 1},
        unreadable_dates=1,
        undecoded_names=0,
    )
    assert sorted(found.rejected) == [
        ("empty id", "\t2020-01-01\tnobody"),
        ("empty screen name", "e\t2020-01-01\t "),
        ("wrong number of fields", "a\t2020-01-01"),
    ]


def test_rows_with_one_name_and_two_dates_of_creation_conflict(tmp_path: Path) -> None:
    found = outcome(tmp_path, b"a\t1970-01-02\tAnn\na\t1970-01-01\tAnn\na\t1970-01-02\tAnn\n")
    assert found.accounts == [("a", "Ann", 86_400_000_000)]
    assert found.rejected == [("conflicting duplicate", "a\t1970-01-01\tAnn")]
    assert (found.counts.duplicates, found.counts.earlier_names) == (1, 0)


DATES = {"": NULL_TIME, "never": NULL_TIME, "1970-01-01": 0, "1970-01-01T00:00Z": 0, "1970-01-02": 86_400_000_000}
dates = st.sampled_from(sorted(DATES))
rows = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "aa", "é", "12345678", "123456789"]),
        dates,
        st.sampled_from(["x", "y", "longer name", "longer nam"]),
        dates,
    ),
    max_size=30,
)


@examples(40)
@given(parts=st.lists(rows, min_size=1, max_size=3), suffix=st.sampled_from([".tsv", ".tsv.gz"]))
def test_the_rows_of_an_account_are_resolved_as_by_hand(
    tmp_path_factory: pytest.TempPathFactory, parts: list[list[tuple[str, str, str, str]]], suffix: str
) -> None:
    header = HEADER.replace(b"\n", b"\tseen_at\n")
    bodies = ["".join("\t".join(row) + "\n" for row in part).encode() for part in parts]
    found = outcome(tmp_path_factory.mktemp("accounts"), *bodies, suffix=suffix, header=header)
    by_id: dict[str, list[tuple[int, int, int, str]]] = {}
    numbers = itertools.count()
    for id_, date, name, seen in itertools.chain.from_iterable(parts):
        by_id.setdefault(id_, []).append((DATES[seen], DATES[date], next(numbers), name))
    accounts, names, conflicts, duplicates, earlier = [], [], Counter[tuple[str, int, str]](), 0, 0
    for id_ in sorted(by_id, key=str.encode):
        _, used_date, _, used_name = max(by_id[id_])
        accounts.append((id_, used_name, used_date))
        distinct = {(name, date) for _, date, _, name in by_id[id_]}
        duplicates += len(by_id[id_]) - len(distinct)
        earlier += sum(name != used_name for name, _ in distinct)
        conflicts.update((id_, date, name) for name, date in distinct if name == used_name and date != used_date)
        if len({name for name, _ in distinct}) > 1:
            for each in sorted({name for name, _ in distinct}, key=str.encode):
                moments = [seen for seen, _, _, name in by_id[id_] if name == each]
                dated = [moment for moment in moments if moment != NULL_TIME] or [NULL_TIME]
                names.append((id_, each, min(dated), max(dated), len(moments)))
    assert found.accounts == accounts
    fields = [row.split("\t") for _, row in found.rejected]
    assert Counter((id_, DATES[date], name) for id_, date, name, _ in fields) == conflicts
    assert (found.counts.rows, found.counts.duplicates) == (sum(map(len, parts)), duplicates)
    assert found.counts.earlier_names == earlier
    over = found.names
    columns = (over.ids.to_pylist(), over.screen_names.to_pylist(), over.first, over.last, over.rows)
    assert list(zip(*(list(column) for column in columns), strict=True)) == names


def test_bytes_that_are_not_utf_8_do_not_stop_the_run(tmp_path: Path) -> None:
    found = outcome(tmp_path, b"\xff1\t2020-01-01\tna\xefme\n\xff1\t2019-01-01\tolder\xef\nz\t2020-01-01\t\xc3\xa9\n")
    assert [account[:2] for account in found.accounts] == [("\\xff1", "na\uf7efme"), ("z", "é")]
    assert (found.rejected, found.counts.earlier_names) == ([], 1)
    assert found.counts.undecoded_names == 2


def test_names_of_more_characters_than_are_compared_are_rejected(tmp_path: Path) -> None:
    names = ["é" * 256, "é" * 257, "a" * 257, " @" + "a" * 256]
    found = outcome(tmp_path, "".join(f"{i}\t\t{name}\n" for i, name in enumerate(names)).encode())
    assert [(account, name) for account, name, _ in found.accounts] == [("0", names[0]), ("3", "a" * 256)]
    assert found.counts.rejected == {Reason.LONG_SCREEN_NAME: 2}
    assert found.rejected == [("screen name too long", f"{i}\t\t{names[i]}") for i in (1, 2)]


def test_no_accounts_are_an_empty_table(tmp_path: Path) -> None:
    found = outcome(tmp_path, b"")
    assert (found.accounts, found.counts) == ([], AccountCounts(0, 0, 0, 0, {}, 0, 0))
    path = str(tmp_path / "accounts.arrow")
    found.read.table.write(path)
    assert len(type(found.read.table).open(path)) == 0
