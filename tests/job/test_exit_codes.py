"""What the command returns, prints and leaves behind.

Each code is returned by the real command at least once, 3 to 5 where runs are recorded and planned. What else
leads to it is tried in this process.
"""

import gzip
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lookalike.outputs.folder import FolderOutput
from lookalike.outputs.lock import OutputLock
from lookalike.snapshots.reader import Snapshot

from .command import start, submit, submit_alone
from .known import tiny
from .running import Job, Result

POSTS = "id\tcreated_at\tauthor_id\tis_repost\ttext\thashtags\n"
ACCOUNTS = "id\tcreated_at\tscreen_name\n"
Run = Callable[..., subprocess.CompletedProcess[str]]
WAIT = 600  # seconds, a bound for what takes a few


@pytest.fixture
def posts(tmp_path: Path) -> Path:
    path = tmp_path / "posts.tsv"
    path.write_text(POSTS + "p1\t2023-01-01\ta1\tFalse\ttext\tcovid\n")
    return path


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.tsv"
    path.write_text(ACCOUNTS + "a1\t2023-01-01\tname\n")
    return path


def refused(code: int, *arguments: str | Path, run: Run = submit_alone) -> str:
    """Run the command; return the one line that it prints."""
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith("\n")
    return done.stderr.removeprefix("error: ").rstrip("\n")


def left_behind(output: Path) -> list[str]:
    """All files and folders in the output but for the lock, the record of runs and the empty folder of snapshots."""
    return sorted(
        str(path.relative_to(output))
        for path in output.rglob("*")
        if path.name not in (".lock", "runs.jsonl", "snapshots")
    )


def test_a_published_run_returns_0_and_prints_what_the_snapshot_holds(job: Job, tmp_path: Path) -> None:
    known, output = tiny(), tmp_path / "out put"
    arguments: list[str | Path] = [
        "--posts",
        known.posts,
        "--accounts",
        known.accounts,
        "--max-reject-fraction",
        "0.1",
    ]
    done = submit("--master", "local[1]", "--", *arguments, "--output", output)
    assert (done.returncode, done.stderr) == (0, "")
    manifest = Snapshot.open(FolderOutput(output)).manifest
    assert done.stdout.startswith(f"Published snapshot {manifest.id} in {output}\n")
    again = job(known.posts, known.accounts, max_reject_fraction=0.1, buckets=manifest.buckets)
    assert Result(output, manifest, done.stdout).contents() == again.contents()
    assert sorted(path.name for path in output.iterdir()) == [".lock", "CURRENT", "runs.jsonl", "snapshots"]
    assert [path.name for path in (output / "snapshots").iterdir()] == [manifest.id]


@pytest.mark.parametrize(
    ("run", "arguments", "expected"),
    [
        (submit_alone, ["--bogus", "1"], "unrecognized arguments: --bogus 1"),
        (submit_alone, ["--buckets", "0"], "--buckets: "),
        (submit_alone, ["--min-similarity", "1.5"], "--min-similarity: 1.5 is not between 0 and 1"),
        (submit, ["--posts", "/nowhere/*.tsv"], "/nowhere/*.tsv: no such file"),
        (submit_alone, ["--config", "{folder}/job.yaml"], "{folder}/job.yaml: unknown key 'bucket'"),
        (submit_alone, ["--accounts", "{folder}/posts.tsv"], "{folder}/posts.tsv: no column 'screen_name'"),
        (submit_alone, ["--posts", "{folder}/empty.tsv"], "{folder}/empty.tsv: empty"),
        (submit_alone, ["--posts", "{folder}/cut.parquet"], "{folder}/cut.parquet: cannot be read"),
        (
            submit_alone,
            ["--posts", "{folder}/numbers.parquet"],
            "{folder}/numbers.parquet: column 'text' is of type int64",
        ),
    ],
)
def test_what_its_user_can_mend_is_one_line_and_leaves_no_trace(
    tmp_path: Path, posts: Path, accounts: Path, run: Run, arguments: list[str], expected: str
) -> None:
    (tmp_path / "job.yaml").write_text("bucket: 3\n")
    (tmp_path / "empty.tsv").touch()
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and no more")
    columns = POSTS.strip().split("\t")
    pq.write_table(pa.table({name: [1] for name in columns}), tmp_path / "numbers.parquet")
    valid: list[str | Path] = ["--posts", posts, "--accounts", accounts, "--output", tmp_path / "out"]
    given = [argument.format(folder=tmp_path) for argument in arguments]
    assert refused(2, *valid, *given, run=run).startswith(expected.format(folder=tmp_path))
    assert not (tmp_path / "out").exists()


def test_an_output_that_cannot_be_a_folder_is_one_line(posts: Path, accounts: Path) -> None:
    told = refused(2, "--posts", posts, "--accounts", accounts, "--output", posts)
    assert told.startswith(f"{posts}: cannot be written to: ")
    assert posts.read_text().startswith(POSTS)


def damaged_gzip(path: Path, header: str, row: Callable[[int], str]) -> Path:
    """A file of some megabytes with wrong bytes in its middle: its head is fine."""
    content = bytearray(gzip.compress((header + "".join(map(row, range(40_000)))).encode()))
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    return path


def test_damage_that_only_a_task_meets_is_one_line_and_publishes_nothing(tmp_path: Path, accounts: Path) -> None:
    digits = random.Random(1)
    posts = damaged_gzip(
        tmp_path / "posts.tsv.gz", POSTS, lambda i: f"p{i}\t\ta1\t\t{digits.getrandbits(300):x}\tcovid\n"
    )
    told = refused(2, "--posts", posts, "--accounts", accounts, "--output", tmp_path / "out", run=submit)
    assert told.startswith(f"{posts}: cannot be read: ")
    assert left_behind(tmp_path / "out") == []


def test_damaged_accounts_are_one_line_and_publish_nothing(tmp_path: Path, posts: Path) -> None:
    digits = random.Random(1)
    accounts = damaged_gzip(
        tmp_path / "accounts.tsv.gz", ACCOUNTS, lambda i: f"a{i}\t\t{digits.getrandbits(300):x}\n"
    )
    told = refused(2, "--posts", posts, "--accounts", accounts, "--output", tmp_path / "out")
    assert told.startswith(f"{accounts}: cannot be read: ")
    assert left_behind(tmp_path / "out") == []


def test_too_many_rejects_return_3_with_three_examples_of_each_reason(tmp_path: Path, accounts: Path) -> None:
    posts = tmp_path / "posts.tsv"
    good = [f"p{i}\t2023-01-01\ta1\tFalse\ttext\tcovid\n" for i in range(10)]
    short = [f"short{i}\t2023-01-01\n" for i in range(5)]
    blank = [f"\t2023-01-01\ta1\tFalse\tblank{i}\tcovid\n" for i in range(4)]
    posts.write_text("".join([POSTS, *good, *short, *blank]))
    done = submit_alone("--posts", posts, "--accounts", accounts, "--output", tmp_path / "out")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.splitlines() == [
        "error: 9 of 19 rows of posts cannot be used: 47.37%, more than the 1.00% of --max-reject-fraction. "
        "Nothing was published.",
        "  empty id:",
        *(f"    \\t2023-01-01\\ta1\\tFalse\\tblank{i}\\tcovid" for i in range(3)),
        "  wrong number of fields:",
        *(f"    short{i}\\t2023-01-01" for i in range(3)),
    ]
    assert left_behind(tmp_path / "out") == []


def test_an_output_that_another_run_holds_returns_4_at_once(tmp_path: Path, posts: Path, accounts: Path) -> None:
    with OutputLock(tmp_path):
        before = {*tmp_path.rglob("*"), tmp_path / "runs.jsonl"}
        told = refused(4, "--posts", posts, "--accounts", accounts, "--output", tmp_path)
        assert told.startswith(f"another run holds the output {tmp_path}: process ")
        assert {*tmp_path.rglob("*")} == before


def test_anything_else_returns_1_with_all_that_is_known(tmp_path: Path, posts: Path, accounts: Path) -> None:
    options = ["--conf", "spark.io.compression.codec=nowhere"]
    done = submit(*options, "--", "--posts", posts, "--accounts", accounts, "--output", tmp_path / "out")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback (most recent call last):" in done.stderr
    assert "nowhere" in done.stderr
    assert left_behind(tmp_path / "out") == []


@pytest.mark.parametrize("state", [pytest.param("work", marks=pytest.mark.thorough), "members"])
def test_an_interrupted_run_says_so_and_publishes_nothing(tmp_path: Path, state: str) -> None:
    # "work" is there before Java has started, "members" when a task is at work.
    known, output = tiny(), tmp_path / "out"
    arguments: list[str | Path] = [
        "--posts",
        known.posts,
        "--accounts",
        known.accounts,
        "--max-reject-fraction",
        "0.1",
    ]
    with start(*arguments, "--output", output) as process:
        deadline = time.monotonic() + WAIT
        while not list(output.glob(f"snapshots/*/{state}")) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate()
    assert (process.returncode, stdout) == (1, "")
    assert stderr.splitlines()[-1] == "error: interrupted; nothing was published"
    assert "Traceback" not in stderr
    assert left_behind(output) == []
