"""Bits of the live snapshot are flipped, one at a time, while the service serves it and before it starts.

No answer may have a wrong row: it is the one that the undamaged snapshot gives, or 503 with the reason. The service
runs under uvicorn in a process of its own, which must not crash or take much more memory than without the flip. There
are two snapshots: one of two generations, and one that has identical names as groups. While
it serves, a flip is mended before the next one, and answers that it keeps in memory are forgotten. CURRENT and the
manifest are flipped, too.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, Final
from unittest import mock

import httpx

from bench.jobrun import CACHE, tell
from bench.stress import localrun
from bench.stress.children import Ended, forked
from bench.stress.flips import FLIPPED, OTHER_FILES, Flip, random_flips
from bench.stress.sample import Identical, Sample
from lookalike.outputs.folder import FolderOutput
from lookalike.snapshots.reader import Snapshot
from serving.ops.metrics import Metrics
from serving.settings import Settings
from serving.state import State
from tests.serving.running import PATH, Service, ServiceFactory, eventually

EXAMPLES: Final = """\
examples:
  python -m bench.stress served
  python -m bench.stress served --flips 1000 --restarts 0 --tables members
"""
MORE_BYTES: Final = 256 << 20  # of memory than without a flip
_DAMAGED: Final = "urn:lookalike:problem:damaged-snapshot"
_NOT_READY: Final = "urn:lookalike:problem:not-ready"
_WRONG: Final = "WRONG"
_SAID: Final = "said "  # begins the lines of a child that are for its parent
_FORMS: Final[tuple[Identical, ...]] = "pairs", "group"
_ASKED: Final = 3  # hashtags and accounts

Answers = dict[str, Any]  # by URL


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this trial."""
    parser.add_argument("--flips", type=int, default=100, help="flips of each table while serving (default 100)")
    parser.add_argument("--restarts", type=int, default=20, help="flips of each table before a start (default 20)")
    parser.add_argument("--tables", nargs="+", choices=FLIPPED, default=FLIPPED, help="default: all", metavar="TABLE")
    parser.add_argument("--seed", type=int, default=0, help="other bits for another seed (default 0)")
    parser.add_argument("--folder", type=Path, default=CACHE / "stress-served", help="for the files of the trial")


def main(options: argparse.Namespace) -> int:
    """Try all flips; 1 if one of them went wrong."""
    localrun.load()
    wrong: list[str] = []
    for identical in _FORMS:
        wrong += _try(Sample(options.folder / identical, identical=identical), identical, options)
    tell(f"{len(wrong)} things went wrong\n" + "".join(f"{line}\n" for line in wrong))
    return 1 if wrong else 0


def _try(sample: Sample, identical: str, options: argparse.Namespace) -> list[str]:
    """Try all flips in one snapshot; a line for all that went wrong."""
    sample.make()
    trial = Trial(sample)
    tell(f"flips of what is served, --identical {identical}: without a flip {trial.usual_bytes >> 20} MB\n")
    tables = {*OTHER_FILES, *(entry.table for entry in Snapshot.open(FolderOutput(sample.output)).manifest.files)}
    wrong: list[str] = []
    for table in options.tables:
        if table not in tables:
            continue
        tell(f"  {table:16}  while serving: ")
        wrong += trial.while_serving(random_flips(sample.output, table, options.flips, options.seed))
        tell("; before a start: ")
        wrong += trial.before_a_start(random_flips(sample.output, table, options.restarts, options.seed + 1))
        tell("\n")
    return wrong


class Trial:
    """Services over copies of one output. usual_bytes: of memory that one takes over the undamaged output."""

    def __init__(self, sample: Sample) -> None:
        """Ask for the right answers. Raises RuntimeError if that goes wrong."""
        self._sample = sample
        self._output = sample.folder / "served"
        self._known = sample.folder / "answers.json"
        urls = _urls(sample.output)

        def ask() -> int:
            with Served(sample.output) as served:
                served.await_snapshot()
                answers = {url: served.answer(url) for url in urls}
            self._known.write_text(json.dumps(answers), encoding="utf-8")
            return 0

        ended = forked(ask)
        if ended.code:
            raise RuntimeError(f"without a flip the service ended with {ended.code}:\n{ended.printed}")
        self._answers: Answers = json.loads(self._known.read_text(encoding="utf-8"))
        unanswered = [url for url, (status, _) in self._answers.items() if status != 200]
        if unanswered:
            raise RuntimeError(f"without a flip the service does not answer {unanswered}")
        self.usual_bytes = ended.peak_bytes

    def while_serving(self, flips: list[Flip]) -> list[str]:
        """Flip bits of what one service serves; a line for all that went wrong."""

        def flip_and_ask() -> int:
            with Served(self._output) as served:
                served.await_snapshot()
                for flip in flips:
                    flip.do(self._output)
                    _say(flip, self._outcome(served))
                    flip.do(self._output)
            return 0

        return self._tried([flip_and_ask])

    def before_a_start(self, flips: list[Flip]) -> list[str]:
        """Flip a bit, start a service, and so on; a line for all that went wrong."""

        def start_and_ask(flip: Flip) -> int:
            flip.do(self._output)
            with Served(self._output) as served:
                served.await_verdict()
                _say(flip, self._outcome(served))
            return 0

        return self._tried([partial(start_and_ask, flip) for flip in flips])

    def _tried(self, calls: Iterable[Callable[[], int]]) -> list[str]:
        """Make each call in a process of its own, over a copy of the output; a line for all that went wrong."""
        outcomes: Counter[str] = Counter()
        wrong, most = [], 0
        for call in calls:
            shutil.rmtree(self._output, ignore_errors=True)
            shutil.copytree(self._sample.output, self._output)
            ended = forked(call)
            said = [line.removeprefix(_SAID) for line in ended.printed.splitlines() if line.startswith(_SAID)]
            most = max(most, ended.peak_bytes)
            wrong += self._judged(said, ended)
            outcomes.update(line.partition(": ")[0] for line in said)
        shown = [f"{count} {outcome}" for outcome, count in sorted(outcomes.items())]
        tell(", ".join([*shown, f"at most {most >> 20} MB"]))
        return wrong

    def _judged(self, said: list[str], ended: Ended) -> list[str]:
        wrong = [line for line in said if line.startswith(_WRONG)]
        if ended.code:
            wrong.append(f"after {len(said)} flips the service ended with {ended.code}: {ended.printed[-600:]}")
        if ended.peak_bytes > self.usual_bytes + MORE_BYTES:
            wrong.append(f"the service took {ended.peak_bytes >> 20} MB: {said[:1]}")
        return wrong

    def _outcome(self, served: Served) -> str:
        """What the answers are, in a word or two; with an example if one is wrong."""
        told = 0
        for url, expected in self._answers.items():
            status, body = found = served.answer(url)
            if status == 503 and body.get("type") in (_DAMAGED, _NOT_READY):
                told += 1
            elif list(found) != expected:
                return f"{_WRONG}: {url} gives {status} {str(body)[:300]}"
        if told:
            return "all refused" if told == len(self._answers) else "some refused"
        return "right"


def _say(flip: Flip, outcome: str) -> None:
    word, colon, example = outcome.partition(": ")
    print(f"{_SAID}{word}: {flip}{colon}{example}", flush=True)


class Served(Service):
    """A service in a thread of this process; use as a context manager."""

    def __init__(self, output: Path) -> None:
        """Start it."""
        mock.patch("serving.snapshots.opened._MOST_GROUPED", 0).start()  # for good: this process serves nothing else
        settings = Settings(output=output, poll_seconds=0.05, access_log=False)
        self._state = State.of(settings, Metrics())
        self._factory = ServiceFactory()
        with mock.patch("serving.app.State.of", return_value=self._state):
            super().__init__(self._factory(output, wait=False).url)

    def __enter__(self) -> Served:
        """Return it."""
        return self

    def __exit__(self, *error: object) -> None:
        """End it."""
        self._factory.close()

    def await_snapshot(self) -> None:
        """Wait until it serves one, and all its files have been compared."""
        eventually(lambda: self._state.holder.served)
        eventually(self.client.is_ready)

    def await_verdict(self) -> None:
        """Wait until it serves one or refuses to."""
        eventually(lambda: self._state.holder.served or self._state.holder.refused)

    def answer(self, url: str) -> tuple[int, Any]:
        """Status and body, of nothing that is kept in memory; 503 for an answer that ends before its end."""
        if self._state.holder.served is not None:
            self._state.holder.served.cache.clear()
        try:
            found = self.client.get(url)
        except httpx.RemoteProtocolError:
            return 503, {"type": _DAMAGED}
        return found.status_code, found.json()


def _urls(output: Path) -> list[str]:
    """Of look-ups in every table that look-ups read."""
    snapshot = Snapshot.open(FolderOutput(output))
    alike = "accounts" if snapshot.manifest.is_grouped else "lookalikes"
    tables = {table: _rows(snapshot, table, range(snapshot.manifest.buckets)) for table in ("names", alike)}
    largest = sorted(_rows(snapshot, "hashtags", [None]), key=lambda row: -row["pairs"])
    hashtags = [row["hashtag"] for row in largest[:_ASKED]]
    accounts = [tables[table][n]["account_id"] for table in tables for n in range(_ASKED)]
    found = ["/api/v1/hashtags", f"{PATH}?hashtag={hashtags[0]}&min_similarity=0.6"]
    for hashtag in hashtags:
        found += [f"{PATH}?hashtag={hashtag}", f"/api/v1/hashtags/{hashtag}", f"/api/v1/hashtags/{hashtag}/pairs"]
    found += [f"/api/v1/accounts/{account}" for account in accounts]
    return found


def _rows(snapshot: Snapshot, table: str, buckets: Iterable[int | None]) -> list[dict[str, Any]]:
    return [row for bucket in buckets for row in snapshot.stored(table, bucket).read().to_pylist()]
