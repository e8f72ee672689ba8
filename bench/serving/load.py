"""Load by wrk, on a core of its own, and what it says of the answers."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# Asks for the lines of a file one after the other, waits before each request if told to, and says at the end
# what was measured, in one line of JSON.
_SCRIPT: Final = """
local paths, place = {}, 0
for line in io.lines("@PATHS@") do paths[#paths + 1] = line end
request = function()
  place = place % #paths + 1
  return wrk.format("GET", paths[place])
end
@DELAY@
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"bytes":%d,"microseconds":%d,"p50":%d,"p99":%d,"failed":%d}\\n',
    summary.requests, summary.bytes, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True)
class Load:
    """What came back.

    rate: answers a second. seconds: of the whole. p50, p99: seconds of the median answer and of 99 in 100.
    failed: answers. processor: seconds of processor time that the server took, if it was looked at.
    """

    requests: int
    bytes: int
    seconds: float
    p50: float
    p99: float
    failed: int
    processor: float = 0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds

    @property
    def processor_rate(self) -> float:
        """Answers a second of the server's processor time."""
        return self.requests / self.processor


class Wrk:
    """One run of wrk, begun at once."""

    def __init__(
        self, url: str, paths: Sequence[str], *, core: int, seconds: float, connections: int, pause: float = 0
    ) -> None:
        """pause: seconds that each connection waits before a request."""
        self._folder = tempfile.TemporaryDirectory()
        listed, script = Path(self._folder.name) / "paths", Path(self._folder.name) / "load.lua"
        listed.write_text("".join(f"{path}\n" for path in paths))
        delay = f"delay = function() return {round(1000 * pause)} end" if pause else ""
        script.write_text(_SCRIPT.replace("@PATHS@", str(listed)).replace("@DELAY@", delay))
        command = ["taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--latency"]
        command += ["--timeout", "30s", "-s", str(script), url]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def result(self) -> Load:
        """Wait for the end."""
        output, _ = self._process.communicate()
        self._folder.cleanup()
        found = re.search(r"^\{.*\}$", output, re.MULTILINE)
        if self._process.returncode or found is None:
            raise RuntimeError(f"wrk failed:\n{output}")
        said = json.loads(found[0])
        return Load(
            requests=said["requests"],
            bytes=said["bytes"],
            seconds=said["microseconds"] / 1e6,
            p50=said["p50"] / 1e6,
            p99=said["p99"] / 1e6,
            failed=said["failed"],
        )
