"""Look locked dependencies up in a database of known weaknesses.

    audit.py PIP_AUDIT FILE... [-- OPTION...]

PIP_AUDIT: the program. FILE: of requirements, with hashes. OPTION: of pip-audit, such as which database it asks.

exit codes:
  0  every dependency was looked up, and no weakness is known
  1  a weakness is known; each is printed with the versions that mend it
  2  the program or a file cannot be used
  3  no database can be reached, or it does not know some of the dependencies
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any, Final

DONE: Final = 0
WEAK: Final = 1
UNUSABLE: Final = 2
UNREACHABLE: Final = 3

_OPTIONS: Final = ("--disable-pip", "--format", "json", "--progress-spinner", "off")
_HINT: Final = "name one: make audit AUDIT='--vulnerability-service osv --osv-url URL'"
# What pip-audit says of a server that it cannot reach or that gives no answer.
_NO_ANSWER: Final = (
    "Could not connect",
    "ConnectionError",
    "ConnectTimeout",
    "HTTPError",
    "ServiceError",
    "timed out",
)


class NoAnswerError(Exception):
    """No database could be asked."""


def look_up(program: str, file: str, options: Sequence[str]) -> list[dict[str, Any]]:
    """What the database says of each dependency in the file. Raises NoAnswerError, RuntimeError."""
    command = [program, *_OPTIONS, "--requirement", file, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        said = done.stderr.strip().splitlines() or [f"ended with code {done.returncode}"]
        if any(word in done.stderr for word in _NO_ANSWER):
            raise NoAnswerError(said[-1]) from None
        raise RuntimeError(f"{file}: {program}: {said[-1]}") from None
    if found and all("skip_reason" in dependency for dependency in found):
        raise NoAnswerError(f"nothing is known there of {found[0]['name']} and the others of {file}")
    return found


def report(file: str, found: Sequence[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """A line for each known weakness, and for each dependency that the database does not know."""
    weak = [
        f"{file}: {dependency['name']} {dependency['version']}: {weakness['id']}, "
        f"mended in {', '.join(weakness['fix_versions']) or 'no version yet'}"
        for dependency in found
        for weakness in dependency.get("vulns", ())
    ]
    unknown = [f"{file}: {dependency['name']}: not looked up" for dependency in found if "skip_reason" in dependency]
    return weak, unknown


def main(argv: Sequence[str]) -> int:
    """See above."""
    program, *rest = argv
    end = rest.index("--") if "--" in rest else len(rest)
    files, options = rest[:end], rest[end + 1 :]
    weak, unknown = [], []
    try:
        for file in files:
            lines = report(file, look_up(program, file, options))
            weak += lines[0]
            unknown += lines[1]
    except NoAnswerError as error:
        print("\n".join(weak), end="\n" * bool(weak))
        print(f"error: no database of weaknesses answers: {error}; {_HINT}", file=sys.stderr)
        return WEAK if weak else UNREACHABLE
    except (OSError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return UNUSABLE
    print("\n".join(weak + unknown) or f"No weakness is known of the dependencies in {', '.join(files)}")
    return WEAK if weak else UNREACHABLE if unknown else DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
