"""Finding the columns of a table among those of a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from jobs.inputs.reading import NO_COLUMN, Reading
from jobs.inputs.tables import Table
from lookalike.errors import UsageError

_SHOWN = 12  # columns of a file in a message


def plain_name(name: str) -> str:
    """A column's name without regard to case, and to space or quotes around it."""
    return name.strip().strip("\"'").strip().casefold()


def find_columns(table: Table, names: Sequence[str], renamed: Mapping[str, str]) -> tuple[int | None, ...]:
    """The place of each column of the table among `names`, None where it is missing.

    A name that is the same to the letter counts before one that is not. ValueError if a name is there twice.
    """
    return tuple(_find(renamed.get(column, column), names) for column in table.columns)


def _find(wanted: str, names: Sequence[str]) -> int | None:
    """The place of a name, or of the first of several with bars between them that is there."""
    if wanted == NO_COLUMN:
        return None
    found = (_find_one(one, names) for one in wanted.removesuffix("?").split("|"))
    return next((place for place in found if place is not None), None)


def _find_one(wanted: str, names: Sequence[str]) -> int | None:
    exact = [place for place, name in enumerate(names) if name == wanted]
    found = exact or [place for place, name in enumerate(names) if plain_name(name) == plain_name(wanted)]
    if len(found) > 1:
        raise ValueError(f"has {len(found)} columns {wanted!r}")
    return found[0] if found else None


def has_columns(table: Table, names: Sequence[str], reading: Reading) -> bool:
    """Whether all columns that the table needs are among `names`, each once."""
    try:
        places = dict(zip(table.columns, find_columns(table, names, reading.columns), strict=True))
    except ValueError:
        return False
    return table.missing(lambda column: places[column] is not None) is None


def find_column(path: str, wanted: str, names: Sequence[str], flag: str) -> int:
    """The place of the column that an option names among those of a file. Raises UsageError if it is not there."""
    try:
        place = _find_one(wanted, names)
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None
    if place is None:
        raise UsageError(f"{path}: no column {wanted!r}, which {flag} names; found: {shown(names)}")
    return place


class ColumnsError(UsageError):
    """Columns are missing in a file. table: its name. lacking: the columns, as the job calls them."""

    def __init__(
        self,
        path: str,
        table: Table,
        lacking: Sequence[str],
        found: str,
        reading: Reading,
        *,
        hint: str = "",
        what: str = "column ",
        place: str = "NAME",
    ) -> None:
        """The message is of the first of them. found: what there is. hint: what may help; else it is its name."""
        wanted = reading.columns.get(lacking[0])
        if not hint and wanted is None:
            hint = f"name it: --columns {lacking[0]}={place}"
        parts = (f"{path}: no {what}{wanted or lacking[0]!r}", found, hint)
        super().__init__("; ".join(filter(None, parts)))
        self.table, self.lacking, self.found, self.hint = table, tuple(lacking), found, hint


def missing_columns(table: Table, has: Callable[[str], bool], reading: Reading) -> tuple[str, ...]:
    """The columns that the options name, or that the table needs, and that a file lacks. has: whether it has one."""
    insisted = [one for one in table.columns if one in reading.insisted and not has(one)]
    return tuple(dict.fromkeys((*insisted, *table.lacking(has))))


def positions(
    path: str, table: Table, names: Sequence[str], reading: Reading, looks: str = "", hint: str = ""
) -> tuple[int, ...]:
    """The place of each column of the table among the names of a file's columns, -1 if it may be missing and is.

    looks: what the file looks like, and hint: what may help, for the message. Raises ColumnsError if a column is
    missing, UsageError if it is there twice.
    """
    try:
        found = find_columns(table, names, reading.columns)
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None
    present = {column for column, place in zip(table.columns, found, strict=True) if place is not None}
    lacking = missing_columns(table, present.__contains__, reading)
    if lacking:
        raise ColumnsError(path, table, lacking, f"found: {shown(names)}{looks}", reading, hint=hint)
    return tuple(-1 if place is None else place for place in found)


def shown(names: Sequence[str]) -> str:
    """The first of the names of a file's columns, for a message."""
    first = ", ".join(names[:_SHOWN])
    more = len(names) - _SHOWN
    return first if more <= 0 else f"{first} and {more} more"
