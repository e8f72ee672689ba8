"""Accounts with several names over time, and accounts that only the posts tell of."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lookalike.errors import UsageError

from .running import Job, Result

HEADER = "id\tcreated_at\tauthor_id\tusername\thashtags\n"
NAMED = {"accounts_from": "posts", "columns": (("screen_name", "username"),)}
POSTS = """\
p1\t2021-01-01\ta\tmaga_eagle_01\tVote
p2\t2021-03-01\ta\tquiet_reader\tVote
p3\t2021-02-01\tb\tplumber_dan\tVote
p4\t2021-02-02\tb\tmaga_eagle_02\tVote|Now
p5\t2021-01-05\tc\tmaga_eagle_03\tVote
p6\t2021-01-06\tc\tmaga_eagle_03\t
"""


def written(folder: Path, content: str, name: str = "posts.tsv", header: str = HEADER) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(header + content, encoding="utf-8")
    return path


def run(job: Job, posts: Path | list[Path | str], **options: Any) -> Result:
    return job(posts, None, **(NAMED | options))


def names(result: Result) -> list[tuple[Any, ...]]:
    return sorted(tuple(row.values()) for row in result.rows("names"))


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_name_of_the_latest_post_is_compared_and_all_are_kept(quick_job: Job, tmp_path: Path) -> None:
    result = run(quick_job, written(tmp_path, POSTS))
    assert [row["screen_name"] for row in sorted(result.rows("accounts"), key=lambda row: row["account_id"])] == [
        "quiet_reader",
        "maga_eagle_02",
        "maga_eagle_03",
    ]
    assert result.pairs == [("vote", "b", "c", 1, 12 / 13)]
    assert names(result) == [
        ("a", "maga_eagle_01", day("2021-01-01"), day("2021-01-01"), 1),
        ("a", "quiet_reader", day("2021-03-01"), day("2021-03-01"), 1),
        ("b", "maga_eagle_02", day("2021-02-02"), day("2021-02-02"), 1),
        ("b", "plumber_dan", day("2021-02-01"), day("2021-02-01"), 1),
    ]
    counts = result.manifest.counts.accounts
    assert (counts.rows, counts.used, counts.duplicates, counts.earlier_names, counts.names) == (6, 3, 1, 2, 4)


def test_later_posts_bring_later_names(quick_job: Job, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    written(folder, POSTS, "1.tsv")
    output = tmp_path / "out"
    first = run(quick_job, [folder], output=output)
    written(folder, "p9\t2022-01-01\tb\tgreen_fields\tVote\n", "2.tsv")
    later = run(quick_job, [folder], output=output, max_fall_fraction=1.0)
    assert (first.manifest.mode.name, later.manifest.mode.name) == ("full", "incremental")
    assert later.pairs == []
    whole = run(quick_job, [folder])
    for table in ("pairs", "members", "accounts", "names", "lookalikes", "account_hashtags"):
        assert later.rows(table) == whole.rows(table), table


def test_accounts_from_posts_need_a_column_of_names(quick_job: Job, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no column 'screen_name'; found: id, created_at, author_id, username"):
        run(quick_job, written(tmp_path, POSTS), columns=())


def test_the_columns_of_the_posts_may_have_other_names(quick_job: Job, tmp_path: Path) -> None:
    posts = written(tmp_path, POSTS, header="Tweet\tWhen\tUser\tHandle\tTags\n")
    columns = {"id": "tweet", "created_at": "when", "author_id": "user", "screen_name": "handle", "hashtags": "tags"}
    result = run(quick_job, posts, columns=tuple(columns.items()))
    assert result.pairs == [("vote", "b", "c", 1, 12 / 13)]
    assert len(names(result)) == 4


def test_with_all_names_an_earlier_name_is_compared_too(quick_job: Job, tmp_path: Path) -> None:
    result = run(quick_job, written(tmp_path, POSTS), all_names=True)
    assert result.pairs == [
        ("vote", "a", "b", 1, 12 / 13),
        ("vote", "a", "c", 1, 12 / 13),
        ("vote", "b", "c", 1, 12 / 13),
    ]
    assert names(result) == names(run(quick_job, written(tmp_path, POSTS)))


ACCOUNTS = "id\tcreated_at\tscreen_name\tlast_seen\n"
RENAMED = "u7\t2020-01-01\tname07hhhh\t2021-01-01\nu7\t2020-01-01\teagle_news_01\t2020-06-01\n"
OTHERS = "u8\t2020-01-01\teagle_news_02\t2021-01-01\n"


@pytest.mark.parametrize(
    ("accounts", "columns", "name"),
    [
        (RENAMED, (("accounts.seen_at", "last_seen"),), "name07hhhh"),
        (RENAMED, (), "eagle_news_01"),
        ("".join(reversed(RENAMED.splitlines(keepends=True))), (), "name07hhhh"),
    ],
)
def test_of_a_renamed_account_the_latest_name_counts_else_that_of_the_last_row(
    quick_job: Job,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    accounts: str,
    columns: tuple[tuple[str, str], ...],
    name: str,
) -> None:
    posts = written(tmp_path, "p1\tu7\tVote\np2\tu8\tVote\n", header="id\tauthor_id\thashtags\n")
    table = written(tmp_path, accounts + OTHERS, "accounts.tsv", ACCOUNTS)
    result = quick_job(posts, table, columns=columns)
    assert {row["account_id"]: row["screen_name"] for row in result.rows("accounts")}["u7"] == name
    assert bool(result.pairs) == (name == "eagle_news_01")
    assert result.manifest.counts.accounts.rejected == {}
    warning = (
        "warning: 1 row of accounts has another name of an account, such as 'eagle_news_01' of 'u7' and "
        "'name07hhhh' of 'u7', and no date says which is the latest; that of the last row is compared. Name the "
        "column with the date when the name was seen: --columns accounts.seen_at=NAME\n"
    )
    assert capsys.readouterr().err == ("" if columns else warning)


@pytest.mark.parametrize(
    ("seen", "name", "warning"),
    [
        (("6/11/2023", "25/12/2023"), "name07hhhh", "dates such as '25/12/2023' cannot be read"),
        (("2023-11-06", "5. Januar 2024"), "name07hhhh", "1 of 4 accounts have a date that cannot be read"),
        (("2023-11-06", "2024-01-05"), "eagle_news_01", None),
    ],
)
def test_a_date_that_says_which_name_is_the_latest_and_cannot_be_read_is_a_warning(
    quick_job: Job,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    seen: tuple[str, str],
    name: str,
    warning: str | None,
) -> None:
    posts = written(tmp_path, "p1\tu7\tVote\np2\tu8\tVote\n", header="id\tauthor_id\thashtags\n")
    rows = f"u7\tname07hhhh\t{seen[0]}\nu7\teagle_news_01\t{seen[1]}\nu8\tother\t\nu9\tanna\t\nu10\tbert\t\n"
    table = written(tmp_path, rows, "accounts.tsv", "id\tscreen_name\tseen_at\n")
    result = quick_job(posts, table)
    assert {row["account_id"]: row["screen_name"] for row in result.rows("accounts")}["u7"] == name
    told = capsys.readouterr().err
    assert warning in told if warning is not None else told == ""
