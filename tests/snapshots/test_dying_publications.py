"""A publication that fails or dies at any step: the live snapshot stays, and the next run clears away the rest."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from lookalike.errors import UsageError
from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.publisher import Publication, begin
from lookalike.snapshots.reader import Snapshot
from lookalike.snapshots.validate import validate

from .dying import STEPS, Failing, KilledError
from .old_and_new import NEW, OLD, assert_live_is_whole, folders, temporaries
from .publishing import publish_sample


def attempt(output: Path) -> BaseException | None:
    """Publish the new sample; return what stopped it."""
    try:
        publish_sample(output, NEW)
    except (KilledError, OSError, UsageError) as error:
        return error
    return None


def test_a_run_killed_at_any_step_leaves_the_live_snapshot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output, template = tmp_path / "output", tmp_path / "template"
    old = publish_sample(template, OLD).manifest.id
    published = 0
    for passes in count():
        shutil.copytree(template, output)
        with monkeypatch.context() as patch:
            steps = Failing(patch, passes, KilledError(), only=STEPS)
            stopped = attempt(output)
        assert (stopped is not None) == steps.failed
        published += assert_live_is_whole(output, old)
        # The next run clears away what the dead one left, but no snapshot that was whole.
        with begin(output):
            pass
        assert not temporaries(output)
        for name in folders(output):
            validate(Snapshot.open(FolderOutput(output), name))
        shutil.rmtree(output)
        if not steps.failed:
            break
    assert passes > 30
    assert 1 <= published <= 3  # the end of the loop, and a death after the switch


@pytest.mark.parametrize(
    "error", [errno.ENOSPC, pytest.param(errno.EIO, marks=pytest.mark.thorough)], ids=["disk full", "disk broken"]
)
def test_a_failure_at_any_step_is_raised_and_cleared_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    output, template = tmp_path / "output", tmp_path / "template"
    old = publish_sample(template, OLD).manifest.id
    for passes in count():
        shutil.copytree(template, output)
        failure = OSError(error, os.strerror(error))
        with monkeypatch.context() as patch:
            steps = Failing(patch, passes, failure, only=("fsync", "replace", "rename"))
            stopped = attempt(output)
        assert (stopped is not None) == steps.failed
        assert stopped is None or os.strerror(error) in str(stopped)
        if not assert_live_is_whole(output, old):
            assert folders(output) == [old]
        assert not temporaries(output)
        shutil.rmtree(output)
        if not steps.failed:
            break
    assert passes > 20


KILLED_RUN = """
import os, pathlib, signal, sys
from lookalike.snapshots.publisher import begin
publication = begin(pathlib.Path(sys.argv[1]))
(publication.folder / "pairs").mkdir()
(publication.folder / "pairs" / "half").write_bytes(bytes(1000))
(publication.work / "blob").write_bytes(bytes(1000))
print(publication.id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_removed_by_the_next_run(tmp_path: Path) -> None:
    old = publish_sample(tmp_path, OLD).manifest.id
    command = [sys.executable, "-c", KILLED_RUN, str(tmp_path)]
    dead = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    assert dead.returncode == -signal.SIGKILL
    assert folders(tmp_path) == sorted([old, dead.stdout.strip()])
    (tmp_path / ".CURRENT.0123.tmp").write_text("half")
    with begin(tmp_path) as publication:
        assert folders(tmp_path) == sorted([old, publication.id])
        assert not temporaries(tmp_path)
    assert not assert_live_is_whole(tmp_path, old)


def test_a_publication_given_up_when_it_was_whole_never_looks_so_while_it_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = publish_sample(tmp_path, OLD).manifest.id
    full = OSError(errno.ENOSPC, "full")
    monkeypatch.setattr(FolderOutput, "make_live", lambda *_: (_ for _ in ()).throw(full))
    for passes in count():
        with monkeypatch.context() as patch:
            steps = Failing(patch, 10**9, KilledError(), only=("unlink", "rmdir"))
            patch.setattr(Publication, "abort", dying_in(Publication.abort, steps, passes))
            stopped = attempt(tmp_path)
        assert isinstance(stopped, KilledError if steps.failed else OSError)
        for name in folders(tmp_path):
            if (tmp_path / "snapshots" / name / "manifest.json").exists():
                validate(Snapshot.open(FolderOutput(tmp_path), name))
        if not steps.failed:
            break
    assert passes > 10
    assert not assert_live_is_whole(tmp_path, old)


def test_a_publication_whose_manifest_cannot_be_removed_keeps_all_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = publish_sample(tmp_path, OLD).manifest.id
    error = OSError(errno.EIO, "broken")
    with monkeypatch.context() as patch:
        patch.setattr(FolderOutput, "make_live", lambda *_: (_ for _ in ()).throw(error))
        steps = Failing(patch, 10**9, error, only=("unlink",))
        patch.setattr(Publication, "abort", dying_in(Publication.abort, steps, 0))
        assert attempt(tmp_path) is error
        assert steps.failed
    (new,) = set(folders(tmp_path)) - {old}
    validate(Snapshot.open(FolderOutput(tmp_path), new))
    assert not assert_live_is_whole(tmp_path, old)


def dying_in(function: Callable[[Publication], None], steps: Failing, passes: int) -> Callable[[Publication], None]:
    """The function, in which so many steps pass before its process dies."""

    def call(publication: Publication) -> None:
        steps.left = passes
        function(publication)

    return call
