"""Finding the columns of a table among those of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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


def positions(path: str, table: Table, names: Sequence[str], reading: Reading, looks: str) -> tuple[int, ...]:
    """The place of each column of the table among the names of a file's columns, -1 if it may be missing and is.

    looks: what the file looks like, for the message. Raises UsageError if a column is missing or there twice.
    """
    renamed, insisted = reading.columns, reading.insisted
    try:
        found = find_columns(table, names, renamed)
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from None
    present = {column for column, place in zip(table.columns, found, strict=True) if place is not None}
    column = next((one for one in table.columns if one in insisted - present), None) or table.missing(
        present.__contains__
    )
    if column is not None:
        wanted = renamed.get(column, column)
        hint = "" if column in renamed else f"; name it: --columns {column}=NAME"
        raise UsageError(f"{path}: no column {wanted!r}; found: {_shown(names)}{looks}{hint}")
    return tuple(-1 if place is None else place for place in found)


def _shown(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    more = len(names) - _SHOWN
    return shown if more <= 0 else f"{shown} and {more} more"
