"""The page of exit codes, made from the errors that carry them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from lookalike import errors
from scripts.reference.markdown import code, head, joined, paragraph, table

_INTRODUCTION = """\
The exit codes of `./spark-submit.sh`. Unless the code is 0, nothing was published and the snapshot that was live
before is still live. The error is one line on stderr."""

_OTHER_COMMANDS = """\
`python -m jobs.snapshots` ends with 0 if it did what it was asked, 1 if a snapshot is missing, damaged or cannot be
written, 2 if the command line cannot be used, and 4 if a run is using the output. The service (`python -m serving`)
ends with 2 if a setting cannot be used."""


def page() -> str:
    """The page in Markdown."""
    rows = [
        ("0", "", "The snapshot was published, or the plan was printed."),
        *sorted(_rows()),
        (str(errors.JobError.exit_code), "", "Anything else: an error of the program, an interrupted or killed run."),
    ]
    rows.sort(key=lambda row: int(row[0]))
    return joined(
        [
            head("Exit codes", _INTRODUCTION, "lookalike/errors.py"),
            table(("exit code", "error", "meaning"), rows),
            "## Other commands",
            paragraph(_OTHER_COMMANDS),
            "[Schedule runs](../how-to/schedule-runs.md#act-on-the-exit-code) says which ones are worth another try.",
        ]
    )


def _rows() -> Iterator[tuple[str, str, str]]:
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, errors.JobError) and kind is not errors.JobError:
            yield str(kind.exit_code), code(name), (inspect.getdoc(kind) or "").partition("\n")[0]
