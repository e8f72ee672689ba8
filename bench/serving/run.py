"""Measure the look-up service beside its baselines and write the figures to bench/serving/README.md.

    python bench/serving/run.py                 about three minutes; the first time it also makes the snapshot
    python bench/serving/run.py --output DIR    with a snapshot that exists already

Servers run on one core, the load on another; baselines and service take turns.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # run as a plain script, bench/serving/ is the root

import pyarrow as pa  # noqa: E402 - as above
import pyarrow.compute as pc  # noqa: E402

from bench.generate import SIZES, generate  # noqa: E402
from bench.serving.baselines import BODY_VARIABLE, PATH  # noqa: E402
from bench.serving.load import Load, Wrk  # noqa: E402
from bench.serving.table import Figures, write_results  # noqa: E402
from lookalike.outputs.folder import FolderOutput  # noqa: E402
from lookalike.snapshots.reader import Snapshot  # noqa: E402

CACHE: Final = ROOT / ".cache" / "bench"
SERVER_CORE: Final = 0
LOAD_CORE: Final = 1
_USUAL_PAIRS: Final = 50  # of the hashtag that is asked for again and again


def main(argv: list[str] | None = None) -> int:
    """Measure, and put the table into bench/serving/README.md."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--output", type=Path, help="folder that the job published to (default: made from size M)")
    parser.add_argument("--size", choices=sorted(SIZES), default="M", help="size of the generated data (default M)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4, help="seconds of each measurement (default 4)")
    options = parser.parse_args(argv)
    for tool in ("wrk", "taskset"):
        if shutil.which(tool) is None:
            print(f"error: {tool} is not installed (Debian: apt-get install wrk util-linux)", file=sys.stderr)
            return 2
    if len(os.sched_getaffinity(0)) < 2:
        print("error: two cores are needed, one for the server and one for the load", file=sys.stderr)
        return 2
    output = options.output or made_output(options.size)
    figures = measure(Snapshot.open(FolderOutput(output)), options.rounds, options.seconds)
    for line in write_results(ROOT / "bench" / "serving" / "README.md", figures):
        print(line)
    return 0


def made_output(size: str) -> Path:
    """A snapshot of made-up data, made if it is not there."""
    data, output = CACHE / size, CACHE / "serving" / size
    if not (output / "CURRENT").exists():
        if not (data / "posts.tsv").exists():
            generate(SIZES[size], data)
        command: list[str | Path] = [ROOT / "spark-submit.sh", "--output", output]
        command += ["--posts", data / "posts.tsv", "--accounts", data / "accounts.tsv"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return output


def measure(snapshot: Snapshot, rounds: int, seconds: float) -> Figures:
    """All figures of one snapshot."""
    assert isinstance(snapshot.output, FolderOutput)
    output = snapshot.output.folder
    pairs = pairs_by_hashtag(snapshot)
    usual = path_of(min(pairs, key=lambda key: abs(pairs[key] - _USUAL_PAIRS)))
    largest = path_of(max(pairs, key=lambda key: pairs[key]))
    folder = CACHE / "serving"
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(serve("serving.app:create_app", folder, output=output))
        body = folder / "body.json"
        body.write_bytes(fetch(service.url + usual))
        large_bytes = len(fetch(service.url + largest))
        bare, fastapi = (
            stack.enter_context(serve(f"bench.serving.baselines:{name}", folder, body=body))
            for name in ("bare", "fastapi")
        )

        def load(server: Server, path: str, connections: int, pause: float = 0) -> Load:
            return under_load(server, [path], seconds, connections, pause)

        turns = [tuple(load(server, usual, 32) for server in (bare, fastapi, service)) for _ in range(rounds)]
        pause = 2 * 64 / statistics.median(service.rate for _, _, service in turns)
        half = [load(service, usual, 64, pause) for _ in range(rounds)]
        large = [load(service, largest, 1) for _ in range(rounds)]
        beside = []
        for _ in range(rounds):
            sent = Wrk(service.url, [largest], core=LOAD_CORE, seconds=seconds + 1, connections=1)
            time.sleep(0.5)
            beside.append(load(service, usual, 8, 0.02))
            checked(sent.result())
    streamed, cold = [], []
    for number in range(rounds):
        with serve("serving.app:create_app", folder, output=output, cache=1 << 20) as fresh:
            streamed.append(under_load(fresh, [largest], seconds, 1))
        with serve("serving.app:create_app", folder, output=output) as fresh:
            keys = sorted(pairs)[number::rounds]  # more than can be asked for in the time: none comes twice
            cold.append(under_load(fresh, [path_of(key) for key in keys], 2, 1))
    return Figures(
        pairs=snapshot.manifest.counts.similar_pairs,
        hashtags=snapshot.manifest.counts.hashtags,
        usual_bytes=body.stat().st_size,
        large_bytes=large_bytes,
        bare=[bare for bare, _, _ in turns],
        fastapi=[fastapi for _, fastapi, _ in turns],
        service=[service for _, _, service in turns],
        half=half,
        large=large,
        streamed=streamed,
        beside=beside,
        cold=cold,
    )


def under_load(server: Server, paths: Sequence[str], seconds: float, connections: int, pause: float = 0) -> Load:
    """Ask a server for some time; RuntimeError if an answer failed."""
    before = server.processor_seconds()
    wrk = Wrk(server.url, paths, core=LOAD_CORE, seconds=seconds, connections=connections, pause=pause)
    return dataclasses.replace(checked(wrk.result()), processor=server.processor_seconds() - before)


def checked(load: Load) -> Load:
    """The same; RuntimeError if an answer failed."""
    if load.failed or not load.rate:
        raise RuntimeError(f"{load.failed} answers failed")
    return load


def pairs_by_hashtag(snapshot: Snapshot) -> Mapping[str, int]:
    """The number of pairs of every hashtag that has any."""
    files = snapshot.stored("hashtags", None).files
    rows = pa.concat_tables(
        [file.read(group, ["hashtag", "pairs"]) for file in files for group in range(len(file.bounds))]
    )
    rows = rows.filter(pc.greater(rows.column("pairs"), 0))
    return dict(zip(rows.column("hashtag").to_pylist(), rows.column("pairs").to_pylist(), strict=True))


def path_of(hashtag: str) -> str:
    """The look-up of a hashtag, as the tools of analysts ask for it."""
    return f"{PATH}?hashtag={quote(hashtag, safe='')}&min_similarity=0.8"


def fetch(url: str) -> bytes:
    """The body of an answer."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        body: bytes = answer.read()
        return body


@dataclasses.dataclass(frozen=True)
class Server:
    """One uvicorn."""

    url: str
    pid: int

    def processor_seconds(self) -> float:
        """Seconds of processor time of all its threads so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def serve(
    app: str, folder: Path, *, output: Path | None = None, body: Path | None = None, cache: int = 256 << 20
) -> Iterator[Server]:
    """uvicorn on the core for servers. The service logs every request, to a file."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = ["taskset", "-c", str(SERVER_CORE), sys.executable, "-m", "uvicorn", "--factory", app]
    command += ["--port", str(port), "--no-access-log", "--no-server-header", "--log-level", "warning"]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("LOOKALIKE_")}
    if output is not None:
        variables |= {"LOOKALIKE_OUTPUT": str(output.resolve()), "LOOKALIKE_CACHE_BYTES": str(cache)}
    if body is not None:
        variables[BODY_VARIABLE] = str(body)
    with (folder / f"{app.rpartition(':')[2]}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=log, stderr=subprocess.STDOUT)
    server = Server(f"http://127.0.0.1:{port}", process.pid)
    try:
        await_answer(lambda: fetch(server.url + ("/readyz" if output else path_of("a"))), process)
        await_idle(server)
        yield server
    finally:
        process.terminate()
        process.wait()


def await_answer(ask: Callable[[], bytes], process: subprocess.Popen[bytes]) -> None:
    """Ask until there is an answer; RuntimeError if there is none for two minutes or the server ends."""
    until = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError):
            ask()
            return
        time.sleep(0.1)
    raise RuntimeError("a server did not start; see its log in .cache/bench/serving")


def await_idle(server: Server) -> None:
    """Wait until a server has nothing to do of its own: a service compares checksums after its start."""
    before = -1.0
    while (now := server.processor_seconds()) - before > 0.02:
        before = now
        time.sleep(0.5)


if __name__ == "__main__":
    sys.exit(main())
