"""How input files would be read: what --inspect prints, without Spark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from jobs.inputs.columns import ColumnsError
from jobs.inputs.files import find_files
from jobs.inputs.formats.registry import words_of
from jobs.inputs.paths import named_files
from jobs.inputs.presets.registry import PRESETS
from jobs.inputs.reading import Reading
from jobs.inputs.separators.registry import SEPARATORS
from jobs.inputs.stores.choose import absolute
from jobs.inputs.tables import ACCOUNTS, HASHTAGS, POSTS, InputFile, Table
from jobs.options.config import JobConfig
from jobs.pipeline.firstrows import FirstRows
from jobs.pipeline.inputs import reading_of
from jobs.reporting.terminal import printable, table
from lookalike.errors import UsageError
from lookalike.inputurls import TABLE

_TABLES: Final = (POSTS, ACCOUNTS)
_SELDOM: Final = frozenset({"seen_at"})  # columns that few files have
_NAMES: Final = 3  # of files that are read alike
_ROWS: Final = 3
_WAYS: Final = 2  # places of a column
_WIDEST: Final = 40  # columns of a value


def inspection_lines(config: JobConfig, paths: Sequence[str]) -> Iterator[str]:
    """What each file is taken for, its first rows as they are understood, and warnings.

    The files of a table are judged together, as a run does, and those that are read alike are shown together. Raises
    UsageError at last, with a line or more of each file that cannot be read.
    """
    for flag in ("posts_format", "accounts_format"):
        if getattr(config, flag) != "auto":
            raise UsageError(f"--{flag.replace('_', '-')}: --inspect does not start Spark, which would read them")
    readings = {kind: reading_of(config, kind) for kind in _TABLES}
    names, problems = _named(paths)
    given = {absolute(name): name for name in names}
    known: dict[Table, dict[str, tuple[InputFile, ...]]] = {kind: {} for kind in _TABLES}
    for name in names:
        reasons = []
        for kind in _TABLES:
            try:
                known[kind][name] = find_files(kind, [name], readings[kind])
            except UsageError as error:
                reasons.append(error)
        if len(reasons) == len(_TABLES):
            problems.append(_neither(name, reasons))
    for kind, alone in known.items():
        try:
            files = find_files(kind, [*alone], readings[kind]) if len(alone) > 1 else sum(alone.values(), ())
            for alike in _alike(files, kind):
                yield from _described(kind, alike, readings[kind], config, given)
        except UsageError as error:
            problems.append(str(error))
    if problems:
        raise UsageError("\n".join(problems))


def _named(paths: Sequence[str]) -> tuple[list[str], list[str]]:
    """The files that the paths name, and what is wrong with paths that name none."""
    names, problems = [], []
    for path in paths:
        if path.startswith(TABLE):
            problems.append(f"{path}: only Spark can read a table of its catalogue, and --inspect does not start it")
            continue
        try:
            names += sorted(named_files(path))
        except UsageError as error:
            problems.append(str(error))
    return list(dict.fromkeys(names)), problems


def _neither(name: str, reasons: Sequence[UsageError]) -> str:
    """Why a file is of no table."""
    lacking = [reason for reason in reasons if isinstance(reason, ColumnsError)]
    if len(lacking) < len(reasons):
        return str(next(reason for reason in reasons if reason not in lacking))
    lines = [f"{name}: has neither the columns of posts nor those of accounts", f"  {lacking[0].found}"]
    lines += [f"  {one.table.name} also need {_listed(one)}" for one in lacking]
    hint = next((one.hint for one in lacking if "--skip-lines" in one.hint), "")
    return "\n".join([*lines, f"  {hint or 'name the columns that are there: --columns COLUMN=NAME,...'}"])


def _listed(error: ColumnsError) -> str:
    either = error.table.either
    return ", ".join(" or ".join(either) if one in either else one for one in error.lacking)


def _alike(files: Iterable[InputFile], kind: Table) -> Iterable[list[InputFile]]:
    """The files, those that are read in one way together."""
    groups: dict[object, list[InputFile]] = {}
    for file in files:
        has = tuple(file.has(kind, column) for column in kind.columns)
        way = (words_of(file), file.preset, file.separator, file.from_text, has)
        groups.setdefault(way, []).append(file)
    return groups.values()


def _described(
    kind: Table, files: Sequence[InputFile], reading: Reading, config: JobConfig, given: Mapping[str, str]
) -> Iterator[str]:
    """Lines about files that are read alike. given: their names, by their full paths."""
    paths = ", ".join(printable(given[file.path]) for file in files[:_NAMES])
    more = "" if len(files) <= _NAMES else f" and {len(files) - _NAMES:,} more"
    yield f"{paths}{more}: {kind.name}"
    facts = _facts(kind, files[0], reading)
    yield from (f"  {name:<{max(map(len, facts))}}  {fact}" for name, fact in facts.items())
    first = FirstRows.read(kind, files, config)
    columns = [column for column in kind.columns if _is_known(kind, files[0], column)]
    rows = [[row[column] for column in columns] for row in first.rows[:_ROWS]]
    yield ""
    yield from (f"  {line}" for line in table(rows, columns, widest=_WIDEST) or ["no rows"])
    warnings = list(first.warnings())
    if warnings:
        yield ""
    yield from (f"  warning: {printable(warning)}" for warning in warnings)
    yield ""


def _is_known(kind: Table, file: InputFile, column: str) -> bool:
    """Whether there are values of a column, be it out of another."""
    return file.has(kind, column) or (column == HASHTAGS and file.from_text)


def _facts(kind: Table, file: InputFile, reading: Reading) -> dict[str, str]:
    """What was found out of how a file is read."""
    facts = {"format": words_of(file)}
    names: Mapping[str, str] = {**reading.usual, **reading.columns}
    if file.preset is not None:
        preset = PRESETS[file.preset]
        facts["preset"] = f"{preset.name}, {preset.title}"
        names = {**reading.usual, **preset.names_in(kind.name), **reading.columns}
    renamed = [name for name in kind.columns if names.get(name, name) != name and file.has(kind, name)]
    if renamed:
        facts["columns"] = ", ".join(f"{name} from {_words(names[name])}" for name in renamed)
    if missing := [name for name in kind.columns if name not in _SELDOM and not _is_known(kind, file, name)]:
        facts["missing"] = ", ".join(missing)
    if file.from_text:
        facts[HASHTAGS] = "out of the text"
    elif kind is POSTS and file.separator is not None and (file.format == "text" or file.separator != "bar"):
        facts[HASHTAGS] = SEPARATORS[file.separator].words
    return facts


def _words(name: str) -> str:
    """A name that the options or a preset give a column."""
    ways = name.removesuffix("?").split("|")
    place = " or ".join(ways) if len(ways) <= _WAYS else f"the first of {len(ways)} places that has it"
    return f"whether there is {place}" if name.endswith("?") else place
