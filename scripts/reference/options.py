"""The page of the job's options, made from the fields of JobConfig."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from jobs.options.reference import OptionRow, option_rows
from scripts.reference.markdown import code, head, joined, paragraph, sentence

_INTRODUCTION = """\
Options of `./spark-submit.sh`. Each is also a key of [conf/job.yaml](../../conf/job.yaml), with underscores:
`--min-similarity` is `min_similarity`. Flags win over the file.

Options of Spark come first and end with a lone `--`:

```sh
./spark-submit.sh --driver-memory 4g -- --posts posts.tsv --accounts accounts.tsv --output out
```

`--help` prints a shorter list, `--version` the version."""


def page() -> str:
    """The page in Markdown."""
    blocks = [head("Options of the job", _INTRODUCTION, "jobs/options/config.py")]
    for group, rows in itertools.groupby(option_rows(), key=lambda row: row.group):
        blocks.append(f"## {group}")
        for row in rows:
            blocks += _option(row)
    return joined(blocks)


def _option(row: OptionRow) -> Iterator[str]:
    yield f"### `{row.flag}`"
    yield paragraph(row.meaning)
    if row.choices:
        yield "\n".join(f"- {code(value)}: {meaning}" for value, meaning in row.choices)
        yield _default(row)
    else:
        yield f"{sentence(row.allowed)} {_default(row)}"


def _default(row: OptionRow) -> str:
    """The default; in words such as "off" if it is none of the allowed values."""
    if not row.default:
        return "Required."
    is_value = row.choices or (row.default not in ("on", "off", "none") and " " not in row.default)
    return f"Default: {code(row.default) if is_value else row.default}"
