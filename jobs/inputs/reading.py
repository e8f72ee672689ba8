"""What the options say of how input files are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from jobs.inputs.tables import Quoting

Delimiter = Literal["tab", "comma", "semicolon", "pipe"]

NO_COLUMN: Final = ""  # as the name of a column that the files do not have

DELIMITERS: Final[Mapping[Delimiter, int]] = {"tab": 9, "comma": ord(","), "semicolon": ord(";"), "pipe": ord("|")}


@dataclass(frozen=True)
class Reading:
    """How files of one table are to be read; what is "auto" is found out.

    separator: between the hashtags of a post. skip_lines: lines above the header.
    day_first: in dates such as 10/9/2013. preset: a name of presets.registry, auto or none. hashtags_from: auto is the
    column, where there is one. columns: the names that columns of the table have in the files, where they
    differ. usual: the same, where neither columns nor a preset says it. insisted: columns that must be there, because
    the options name them.
    """

    quoting: Quoting | Literal["auto"] = "auto"
    encoding: str = "auto"
    delimiter: Delimiter | Literal["auto"] = "auto"
    separator: str = "auto"
    skip_lines: int = 0
    day_first: bool = False
    preset: str = "auto"
    hashtags_from: Literal["auto", "column", "text"] = "auto"
    columns: Mapping[str, str] = field(default_factory=dict)
    usual: Mapping[str, str] = field(default_factory=dict)
    insisted: frozenset[str] = frozenset()


ALL_AUTO: Final = Reading()
