"""Runs over what is new give what the definitions say of all that there is."""

import dataclasses
import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from jobs.errors import QualityGateError, TooManyCandidatesError
from tests.examples import examples, seeds

from .cases import made_inputs
from .reference import expected_result
from .running import Job, Result

SETTINGS: dict[str, Any] = {"quoting": "none", "max_reject_fraction": 1.0, "force": True, "mode": "incremental"}


@dataclasses.dataclass
class Days:
    """An input that grows from day to day: rows dealt out to files of posts, and accounts that become known."""

    rng: random.Random
    folder: Path
    files: int = 0

    def __post_init__(self) -> None:
        made = made_inputs(
            self.rng, self.folder / "made", accounts=self.rng.randint(2, 25), posts=self.rng.randint(5, 80)
        )
        self._post_header, self._posts = _rows(self.rng, made.posts)
        self._account_header, self._accounts = _rows(self.rng, made.accounts)
        self.posts: list[Path] = []
        self.accounts = self.folder / "accounts.tsv"
        self._known: list[bytes] = []

    def next(self) -> None:
        """Another file of posts, some of them seen before; some more accounts, and a new name for one of them."""
        part = self.rng.randint(0, max(1, len(self._posts) // 2))
        rows, self._posts = self._posts[:part], self._posts[part:]
        rows += self.rng.choices(rows, k=self.rng.randint(0, 3)) if rows else []
        name = self.rng.choice(["a", "b", "c"])  # a later file may come before an earlier one
        path = self.folder / f"{name}{self.files}.tsv"
        path.write_bytes(b"\n".join([self._post_header, *rows]) + b"\n")
        self.posts.append(path)
        self.files += 1
        part = self.rng.randint(0, len(self._accounts))
        self._known += self._accounts[:part]
        self._accounts = self._accounts[part:]
        if self._known and self.rng.random() < 0.4:
            self._known.append(self._renamed(self.rng.choice(self._known)))
        self.accounts.write_bytes(b"\n".join([self._account_header, *self._known]) + b"\n")

    def _renamed(self, row: bytes) -> bytes:
        """The row of an account with another's name, or another date, or both, and perhaps later than any."""
        names = self._account_header.split(b"\t")
        fields, other = row.split(b"\t"), self.rng.choice(self._known).split(b"\t")
        if len(fields) != len(names) or len(other) != len(names):
            return row
        if self.rng.random() < 0.8:
            fields[names.index(b"screen_name")] = other[names.index(b"screen_name")]
        if self.rng.random() < 0.8:
            fields[names.index(b"created_at")] = b"2024-0%d-01" % self.rng.randint(1, 9)
        return b"\t".join(fields)


def _rows(rng: random.Random, paths: list[Path]) -> tuple[bytes, list[bytes]]:
    """The header of the first file, and the rows of all that have it, in any order."""
    header, rows = b"", []
    for path in paths:
        first, *lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").split(b"\n")
        header = header or first
        rows += [line for line in lines if line] if first == header else []
    rng.shuffle(rows)
    return header, rows


def run_days(job: Job, rng: random.Random, folder: Path, days: int, cores: Sequence[int] = (1, 2, 3)) -> list[Result]:
    """Run and check each day, on any of these numbers of cores."""
    options: dict[str, Any] = {
        "min_similarity": rng.choice(["0.8", "0.3", "0.5", "1"]),
        "fold": rng.choice(["none", "case"]),
        "exclude_reposts": rng.random() < 0.3,
    }
    input_of = Days(rng, folder)
    results = []
    cutting: dict[str, Any] = {"buckets": rng.choice([1, 2, 5]), "block_size": rng.choice([1, 3, 100_000])}
    cutting["max_overlay_fraction"] = rng.choice([0.0, 0.125, 1.0])
    for _ in range(days):
        input_of.next()
        posts, accounts = input_of.posts, [input_of.accounts]
        result = job(
            posts, accounts, output=folder / "out", cores=rng.choice(cores), **SETTINGS, **cutting, **options
        )
        result.check(expected_result(posts, accounts, **options))
        results.append(result)
    return results


@examples(
    30,
    deadline=None,
    derandomize=True,
    database=None,
    # The folder and the patched job are emptied below and the same for every example.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(rng=st.randoms(use_true_random=False))
def test_day_by_day_the_result_is_what_the_definitions_say_of_all(
    quick_job: Job, tmp_path: Path, rng: random.Random
) -> None:
    shutil.rmtree(tmp_path)
    quick_job.cut_finely(rng.choice([60, 400, 1 << 20]))
    run_days(quick_job, rng, tmp_path, 4)


@seeds(2)
def test_on_spark_days_one_by_one_give_what_the_definitions_say(job: Job, tmp_path: Path, seed: int) -> None:
    rng = random.Random(300 + seed)
    results = run_days(job, rng, tmp_path, 3, (2,))
    assert [result.manifest.mode.name for result in results if result.manifest.mode][1:]


@seeds(5)
def test_rows_that_come_one_by_one_give_what_the_definitions_say(
    quick_job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    for place in ("scan._ROWS_AT_ONCE", "compare._ROWS_AT_ONCE", "compare.SMALL_GROUP", "postindex._ROW_GROUP"):
        monkeypatch.setattr(f"jobs.stages.{place}", 1)
    monkeypatch.setattr("jobs.stages.postindex._MOST_GENERATIONS", 2)  # every second index is written anew
    monkeypatch.setattr("jobs.snapshots.datafiles.ROW_GROUP_ROWS", 2)
    run_days(quick_job, random.Random(700 + seed), tmp_path, 6)


class Story:
    """A small input that a test tells how it goes on; accounts and posts as lines."""

    def __init__(self, job: Job, folder: Path, **options: Any) -> None:
        self._job, self._folder, self._options = job, folder, options
        self.accounts = {f"u{number}": ("2020-01-01", f"maga_eagle_{number:02d}") for number in range(9)}
        self.files: dict[str, list[str]] = {}
        self.post("one.tsv", "1 u0 #Maga", "2 u1 #maga", "3 u2 #maga", "4 u3 #Other", "5 u4 #other|#maga", "6 u5")

    def post(self, file: str, *posts: str, day: str = "2023-01-01") -> None:
        """Write a file of posts; each an id, an author and perhaps hashtags."""
        rows = [[*post.split(" "), ""][:3] for post in posts]
        lines = ["id\tcreated_at\tauthor_id\tis_repost\ttext\thashtags"]
        lines += ["\t".join([post, day, author, "false", "hi", hashtags]) for post, author, hashtags in rows]
        (self._folder / file).write_text("\n".join(lines) + "\n")
        self.files.setdefault(file, [])

    @property
    def posts(self) -> list[Path]:
        return [self._folder / file for file in self.files]

    def write_accounts(self) -> Path:
        path = self._folder / "accounts.tsv"
        rows = [f"{account}\t{created}\t{name}" for account, (created, name) in self.accounts.items()]
        path.write_text("\n".join(["id\tcreated_at\tscreen_name", *rows]) + "\n")
        return path

    def run(self, **options: Any) -> Result:
        """Run, and see that the result is that of all input."""
        accounts = self.write_accounts()
        settings: dict[str, Any] = {
            "quoting": "none",
            "max_reject_fraction": 1.0,
            "buckets": 3,
            "mode": "incremental",
        }
        settings |= self._options | options
        result = self._job(self.posts, accounts, output=self._folder / "out", **settings)
        known = ("min_similarity", "exclude_reposts", "fold")
        result.check(expected_result(self.posts, [accounts], **{k: v for k, v in settings.items() if k in known}))
        return result


@pytest.fixture
def story(quick_job: Job, tmp_path: Path) -> Story:
    return Story(quick_job, tmp_path)


def mode_of(result: Result) -> tuple[str, str]:
    assert result.manifest.mode is not None
    return result.manifest.mode.name, result.manifest.mode.reason


def paths(result: Result, *tables: str) -> set[str]:
    return {entry.path for entry in result.manifest.files if not tables or entry.table in tables}


def test_the_first_run_reads_all(story: Story) -> None:
    assert mode_of(story.run()) == ("full", "there is no live snapshot to build on")


def test_a_run_with_nothing_new_names_the_files_of_the_last(story: Story) -> None:
    first, second = story.run(), story.run()
    assert mode_of(second) == ("incremental", f"0 new files of posts since {first.manifest.id}")
    assert second.manifest.mode is not None
    assert (second.manifest.mode.base, second.manifest.mode.bytes) == (first.manifest.id, 0)
    assert paths(second) - paths(first) == paths(second, "hashtags")  # this one is always written


def test_only_buckets_with_something_new_are_written(quick_job: Job, tmp_path: Path) -> None:
    story = Story(quick_job, tmp_path, buckets=50)
    first = story.run()
    story.post("two.tsv", "7 u6 #other")
    second = story.run()
    written = paths(second) - paths(first)
    by_table = {table: len({path for path in written if f"/{table}/" in path}) for table in ("members", "pairs")}
    assert by_table == {"members": 1, "pairs": 1}
    assert len({path for path in written if "/accounts/" in path}) == 3  # of u6 and those whom he looks like
    assert len(paths(second, "members") & paths(first)) == 1
    assert second.manifest.mode is not None
    assert second.manifest.mode.files == 1
    assert second.manifest.mode.bytes == story.posts[1].stat().st_size


def test_a_renamed_account_loses_its_pairs_and_gains_others(story: Story) -> None:
    first = story.run()
    assert ("maga", "u0", "u1") in {pair[:3] for pair in first.pairs}
    story.accounts["u1"] = ("2020-01-01", "nobody_like_it")
    second = story.run()
    assert mode_of(second)[0] == "incremental"
    assert not {pair for pair in second.pairs if "u1" in pair[1:3]}
    story.accounts["u1"] = ("2020-01-01", "maga_eagle_1")
    assert ("maga", "u0", "u1") in {pair[:3] for pair in story.run().pairs}


def test_posts_of_an_author_who_becomes_known_are_used(story: Story) -> None:
    story.post("two.tsv", "7 late #maga", "8 later #maga")
    first = story.run()
    assert first.manifest.counts.posts.rejected == {"unknown author": 2}
    story.accounts = {"late": ("2020-01-01", "maga_eagle_99")} | story.accounts
    second = story.run()
    assert mode_of(second) == ("incremental", f"0 new files of posts since {first.manifest.id}")
    assert second.manifest.counts.posts.rejected == {"unknown author": 1}
    assert [row["row"].split("\t")[0] for row in second.rows("rejects")] == ["8"]
    story.accounts["later"] = ("2020-01-01", "x")
    assert story.run().rows("rejects") == []


def test_a_post_seen_again_counts_once(story: Story) -> None:
    story.run()
    story.post("two.tsv", "1 u0 #Maga", "7 u0 #maga")
    result = story.run()
    assert mode_of(result)[0] == "incremental"
    assert result.manifest.counts.posts.duplicates == 1


def test_an_older_version_of_a_post_is_rejected(story: Story) -> None:
    story.run()
    story.post("two.tsv", "1 u0 #new", day="2022-01-01")
    result = story.run()
    assert mode_of(result)[0] == "incremental"
    assert result.manifest.counts.posts.rejected == {"conflicting duplicate": 1}


def test_a_newer_version_of_a_post_makes_the_run_read_all(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    story.run()
    story.post("two.tsv", "1 u0 #new", day="2024-01-01")
    name, reason = mode_of(story.run())
    assert (name, reason) == ("full", "1 posts come with other content than before, which is the one to use")
    assert f"warning: all posts are read: {reason}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"min_similarity": "0.9"}, "min_similarity was 0.8"),
        ({"buckets": 4}, "buckets was 3"),
        ({"fold": "case"}, "fold was none"),
        ({"exclude_reposts": True}, "exclude_reposts was False"),
        ({"mode": "full"}, "asked for"),
    ],
)
def test_other_options_make_a_run_read_all(story: Story, options: dict[str, Any], reason: str) -> None:
    story.run()
    assert mode_of(story.run(**options)) == ("full", reason)


def test_a_threshold_that_is_only_written_in_another_way_is_the_same(story: Story) -> None:
    story.run()
    assert mode_of(story.run(min_similarity="0.80"))[0] == "incremental"


def test_other_ignored_hashtags_make_a_run_read_all(quick_job: Job, story: Story, tmp_path: Path) -> None:
    story.run()
    ignored = tmp_path / "ignored.txt"
    ignored.write_text("other\n")
    options: dict[str, Any] = {"buckets": 3, "mode": "incremental", "quoting": "none", "ignore_hashtags": ignored}
    second = quick_job(story.posts, story.write_accounts(), output=tmp_path / "out", **options)
    assert mode_of(second) == ("full", "other hashtags were ignored")
    moved = ignored.rename(tmp_path / "moved.txt")
    third = quick_job(
        story.posts, story.write_accounts(), output=tmp_path / "out", **options | {"ignore_hashtags": moved}
    )
    assert mode_of(third)[0] == "incremental"


def test_prefix_blocking_reads_all(quick_job: Job, story: Story, tmp_path: Path) -> None:
    story.run()
    options: dict[str, Any] = {"buckets": 3, "mode": "incremental", "quoting": "none", "blocking": "prefix"}
    result = quick_job(story.posts, story.write_accounts(), output=tmp_path / "out", **options)
    assert mode_of(result) == ("full", "prefix blocking may lose pairs, others in each run")


def test_a_file_that_has_changed_or_is_gone_makes_a_run_read_all(story: Story) -> None:
    story.post("two.tsv", "7 u6 #other")
    story.run()
    story.post("two.tsv", "7 u6 #others")
    name, reason = mode_of(story.run())
    assert (name, reason) == (
        "full",
        f"{story.posts[1]} has 81 bytes now, 80 before",
    )
    story.post("two.tsv", "7 u6 #otherz")
    assert mode_of(story.run()) == ("full", f"{story.posts[1]} has changed")
    gone = story.posts[1]
    del story.files["two.tsv"]
    assert mode_of(story.run()) == ("full", f"{gone} is not among the posts any more")


def test_an_account_that_is_gone_makes_a_run_read_all(story: Story) -> None:
    story.run()
    del story.accounts["u8"]
    assert mode_of(story.run()) == ("full", "the account 'u8' is not among the accounts any more")


def test_a_live_snapshot_that_lacks_a_file_is_not_built_on(story: Story) -> None:
    first = story.run()
    lost = sorted(paths(first, "account_hashtags"))[0]
    (first.output / lost).unlink()
    name, reason = mode_of(story.run())
    assert name == "full"
    assert reason.startswith("the live snapshot is damaged: ")
    assert lost in reason


def test_damage_is_measured_against_what_is_new_and_against_all(story: Story) -> None:
    story.post("large.tsv", *(f"{number} u6 #other" for number in range(100, 200)))
    story.run()
    story.post("two.tsv", "7 u6 #other", " u6 #other")  # no id: half of this file, but a hundredth of all
    with pytest.raises(QualityGateError, match="1 of 2 rows of posts cannot be used: 50\\.00%"):
        story.run(max_reject_fraction=0.1)
    story.run(max_reject_fraction=0.5)
    with pytest.raises(QualityGateError, match="1 of 108 rows of posts cannot be used: 0\\.93%"):
        story.run(max_reject_fraction=0.009)


def test_by_itself_a_run_reads_all_where_most_is_new(story: Story) -> None:
    story.post("two.tsv", *(f"{number} u6 #other" for number in range(7, 9)))
    story.run()
    story.post("three.tsv", "10 u7 #other")
    assert mode_of(story.run(mode="auto"))[0] == "incremental"
    story.post("four.tsv", *(f"{number} u8 #other" for number in range(11, 60)))
    name, reason = mode_of(story.run(mode="auto"))
    assert name == "full"
    assert reason.endswith("bytes of posts are new, more than half of all")


def test_more_candidates_than_allowed_are_left_to_the_estimate_of_a_full_run(story: Story) -> None:
    story.run()
    story.post("two.tsv", "7 u6 #maga")
    assert mode_of(story.run(max_candidates=4))[0] == "incremental"
    story.post("three.tsv", "8 u7 #maga")
    with pytest.raises(TooManyCandidatesError, match="16  estimated"):  # of all, where the new ones are 5
        story.run(max_candidates=4)
    assert mode_of(story.run(max_candidates=5))[0] == "incremental"
