"""The options for people to look up: as rows for a page, and as conf/job.yaml.

python -m jobs.options.reference    writes conf/job.yaml again
"""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterator
from typing import Final, NamedTuple

from jobs.options.cli import CONFIG_MEANING, DEFAULT_CONFIG, INSPECT_MEANING
from jobs.options.config import JobConfig
from jobs.options.inputs import INPUT
from jobs.options.option import DescribedOption, described_options

_WIDTH: Final = 104

_HEAD: Final = """\
# The options of the job: ./spark-submit.sh --config conf/job.yaml
#
# Each key is also a flag (min_similarity: --min-similarity), and flags win. The values below are the
# defaults. posts, accounts and output have none: set them here or give them as flags. An unknown key is an
# error.
#
# This file is generated from jobs/options/config.py by `python -m jobs.options.reference`.
"""


class OptionRow(NamedTuple):
    """An option in words.

    group: a heading. flag: as it is typed, with its value. default: "" for none. meaning: full sentences.
    choices: each value and its meaning. allowed: the allowed values, beginning with a small letter.
    """

    group: str
    flag: str
    default: str
    meaning: str
    allowed: str
    choices: tuple[tuple[str, str], ...]


def option_rows() -> list[OptionRow]:
    """All options of the command line but --help and --version, group by group."""
    rows = [_row(described) for described in described_options(JobConfig)]
    config = OptionRow(INPUT, "--config FILE", "conf/job.yaml", CONFIG_MEANING, "a path", ())
    last = max(place for place, row in enumerate(rows) if row.group == INPUT)
    inspect = OptionRow("Other", "--inspect FILE...", "", INSPECT_MEANING, "a path or several", ())
    return [*rows[: last + 1], config, *rows[last + 1 :], inspect]


def job_yaml() -> str:
    """The content of conf/job.yaml: each key with its default, its meaning and allowed values above it."""
    parts = [_HEAD]
    for group, members in itertools.groupby(described_options(JobConfig), key=lambda one: one.option.group):
        parts.append(f"# --- {group} ".ljust(_WIDTH, "-") + "\n")
        parts += ["\n".join(_yaml_lines(described)) + "\n" for described in members]
    return "\n".join(parts)


def _row(described: DescribedOption) -> OptionRow:
    option, flag = described.option, described.flag
    if described.kind == "switch":
        shown = f"{flag}, --no-{flag.removeprefix('--')}"
    else:
        shown = f"{flag} {'|'.join(described.values) or option.metavar}" + "..." * (described.kind == "paths")
    return OptionRow(
        group=option.group,
        flag=shown,
        default=described.default_shown or "",
        meaning=_meaning(described),
        allowed=described.allowed,
        choices=tuple(option.choices.items()),
    )


def _meaning(described: DescribedOption) -> str:
    return f"{described.option.meaning} {described.option.details}".rstrip()


def _yaml_lines(described: DescribedOption) -> Iterator[str]:
    option = described.option
    if option.choices:
        yield from _comment(option.meaning)
        longest = max(map(len, option.choices))
        for value, meaning in option.choices.items():
            yield from _comment(meaning, first=f"  {value:<{longest}}  ")
        yield from _comment(option.details)
    else:
        is_null = option.unset is not None and described.field.default is None
        or_null = f", or null for {option.unset}" if is_null else ""
        yield from _comment(f"{_meaning(described)} {described.allowed[0].upper()}{described.allowed[1:]}{or_null}.")
    if option.example is not None:
        yield f"# {described.name}: {option.example}"
    else:
        yield f"{described.name}: {described.default}"


def _comment(text: str, first: str = "") -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=f"# {first}", subsequent_indent="# " + " " * len(first))


if __name__ == "__main__":
    DEFAULT_CONFIG.write_text(job_yaml(), encoding="utf-8")
