"""How the files of a table were read and why, in words for the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from jobs.inputs.formats.registry import words_of
from jobs.inputs.presets.registry import PRESETS
from jobs.inputs.separators.registry import SEPARATORS
from jobs.inputs.tables import InputFile
from jobs.inputs.text.quoting import Evidence
from jobs.options.config import JobConfig

_SHOWN = 3  # kinds of files


def how_read(files: Sequence[InputFile], quotes: Evidence, config: JobConfig) -> str:
    """What the files were taken for, and what told it. quotes: what the quotes in the rows that were read tell."""
    kinds = Counter(_kind(file) for file in files).most_common()
    parts = [f"{count:,} file{'s' if count != 1 else ''} {kind}" for kind, count in kinds[:_SHOWN]]
    if len(kinds) > _SHOWN:
        parts.append(f"{sum(count for _, count in kinds[_SHOWN:]):,} others")
    return "; ".join(parts) + _of_quotes(quotes, config)


def _kind(file: InputFile) -> str:
    words = words_of(file)
    if file.preset is not None:
        words += f", columns of {PRESETS[file.preset].title}"
    if file.from_text:
        return f"{words}, hashtags out of the text"
    return words if file.separator is None else f"{words}, hashtags {SEPARATORS[file.separator].words}"


def _of_quotes(quotes: Evidence, config: JobConfig) -> str:
    if config.quoting != "auto":
        return f" (--quoting {config.quoting})"
    if quotes.quoted:
        return f" ({quotes.quoted:,} values are in quotes)"
    if quotes.literal:
        return f" ({quotes.literal:,} values begin with a quote that does not enclose them)"
    return ""
