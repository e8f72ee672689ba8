"""The page of presets, made from the registry of presets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from jobs.inputs.presets.preset import Preset
from jobs.inputs.presets.registry import PRESETS
from jobs.inputs.reading import NO_COLUMN
from jobs.inputs.tables import ACCOUNTS, HASHTAGS, POSTS
from scripts.reference.markdown import code, head, joined, paragraph, table

_INTRODUCTION: Final = """\
Common exports whose columns the job knows. With `--preset auto` it takes the first preset that recognises a file, and
`./spark-submit.sh --inspect FILE` shows which. `--preset NAME` sets one for all files, and `--preset none` takes
none. `--columns` comes before a preset.

These exports have the posts and their authors in one file, so one path is enough:

```sh
./spark-submit.sh --posts export.csv --accounts-from posts --output out
```

Separate files of accounts need no preset if they have the columns of [input files](input-files.md).
[Read another format](../how-to/read-another-format.md) shows how to add a preset."""

_NAMES: Final = """\
`|` separates alternatives, of which the first one counts. A name that ends with `?` means yes if it has a value. In
JSON Lines, names are [paths](input-files.md#json-lines)."""

_FORMATS: Final[Mapping[str, str]] = {"text": "delimited text or Parquet", "jsonl": "JSON Lines"}
_SEPARATED: Final[Mapping[str | None, str]] = {
    "bar": "separated by vertical bars",
    "comma": "separated by commas",
    "semicolon": "separated by semicolons",
    "space": "separated by spaces",
    "list": "a list in one field",
}


def page() -> str:
    """The page in Markdown."""
    rows = [(f"[{one.name}](#{one.name})", one.title) for one in PRESETS.values()]
    blocks = [head("Presets", _INTRODUCTION, "jobs/inputs/presets"), table(("preset", "export"), rows), _NAMES]
    for one in PRESETS.values():
        blocks += _described(one)
    return joined(blocks)


def _described(preset: Preset) -> Iterator[str]:
    yield f"## {preset.name}"
    telling = ", ".join(map(code, preset.telling))
    kind = "paths" if preset.format == "jsonl" else "columns"
    yield "\n".join(
        (
            f"- {preset.title}: {_FORMATS[preset.format]}",
            paragraph(f"- Recognised by the {kind} {telling}").replace("\n", "\n  "),
            f"- Hashtags: {_hashtags(preset)}",
        )
    )
    names = dict(preset.names_in(POSTS.name)), dict(preset.names_in(ACCOUNTS.name))
    yield table(
        ("input", "column", "in the export"),
        [
            (kind.name, code(column), code(known[column]) if known.get(column, NO_COLUMN) else "none")
            for kind, known in zip((POSTS, ACCOUNTS), names, strict=True)
            for column in kind.columns
        ],
    )


def _hashtags(preset: Preset) -> str:
    if HASHTAGS not in preset.posts:
        return "taken from the text"
    if preset.format == "jsonl":
        return "a list in JSON"
    return _SEPARATED.get(preset.separator, "the job finds out what separates them")
