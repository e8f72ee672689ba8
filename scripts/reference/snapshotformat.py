"""The page of the snapshot's format, made from the descriptions of its tables."""

from __future__ import annotations

from collections.abc import Iterator

from lookalike.snapshots.manifest import GROUPED_VERSION, SCHEMA_VERSION
from lookalike.tables import TABLES, Column, Order, Table
from scripts.reference.markdown import code, head, joined, paragraph, sentence, table

_INTRODUCTION = f"""\
What a run publishes: Parquet files and a manifest of version {SCHEMA_VERSION}. Published files never change.
Snapshots of older versions are refused: run the job once in full to replace them. With `--identical group` the
version is {GROUPED_VERSION}; a service that does not know it refuses the snapshot and keeps the one that it serves.
[Open a snapshot](../how-to/open-a-snapshot.md) shows how to read one with pandas, DuckDB, Polars and Spark."""

_FILES = """\
- `CURRENT` is replaced last of all, in one step. It is one line: the id, a space, and the checksum of the snapshot's
  `manifest.json`. `cut -d' ' -f1 out/CURRENT` prints the id. Earlier versions wrote the id alone, which is read, too.
- `runs.jsonl` has a line for each run, see [Monitor](../how-to/monitor.md#the-record-of-runs).
- **The manifest's list of files is what counts.** Read the files that it lists, and not what a folder holds: a
  snapshot also uses files in the folders of earlier ones, where nothing has changed.
- A row is in bucket `crc32(value) mod B` if its table is split into buckets. The value is that of the column named
  below, in UTF-8; B is the manifest's `buckets`. A table has no file where it has no rows."""

_GENERATIONS = """\
An incremental run adds rows to some tables in small files of their own, sorted like the table. The manifest gives
each file's `generation`, and the rows have it in the column `generation`. For a key, the row of the newest generation
counts:"""

_MANIFEST = """\
`manifest.json` holds

- the configuration of the run, whether it was full or incremental, and why (`mode`),
- the input files, with size, time of change, and how each was read (format, encoding, quoting and so on),
- the counts. For both inputs: rows = used + without hashtag + excluded reposts + duplicates + rejected by reason,
- the seconds of each stage,
- the recall, if blocking was lossy, and what `--verify` compared,
- every data file with table, bucket, generation, rows, bytes and checksum (BLAKE3, as `b3sum` prints it).

The footer of the table of hashtags repeats `created`, `job_version`, `floor`, `buckets`, `configuration` and
`generation`, as JSON under the key `lookalike`. The job, the service and `python -m jobs.snapshots` refuse a snapshot
whose manifest says otherwise, or differs from the checksum in `CURRENT`."""


def page() -> str:
    """The page in Markdown."""
    public = [one for one in TABLES.values() if not one.internal]
    internal = [one for one in TABLES.values() if one.internal]
    blocks = [head("Snapshot format", _INTRODUCTION, "lookalike/tables"), "## Files", _paths(), _FILES]
    blocks += ["## Generations", *_generations(), "## Tables", _overview(public)]
    for one in public:
        blocks += _described(one)
    blocks += ["## Internal tables", "Only the next run needs these. They may change without notice."]
    for one in internal:
        blocks += _described(one)
    return joined([*blocks, "## Manifest", _MANIFEST])


def newest_rows(table: Table) -> str:
    """The query for the rows of a table with generations that count."""
    return (
        f"SELECT * FROM {table.name}\n"
        f"QUALIFY row_number() OVER (PARTITION BY {', '.join(table.key)} ORDER BY generation DESC) = 1"
    )


def _paths() -> str:
    lines = [
        ("out/CURRENT", "the id of the live snapshot, and the checksum of its manifest"),
        ("out/runs.jsonl", "a line for each run"),
        ("out/snapshots/<id>/manifest.json", "what the snapshot was made from and holds"),
    ]
    lines += [
        (
            f"out/snapshots/<id>/{one.name}/{'bucket=NNN/' if one.bucket else ''}*.parquet",
            one.meaning.partition(":")[0],
        )
        for one in TABLES.values()
        if not one.internal
    ]
    widest = max(len(path) for path, _ in lines)
    return "```\n" + "\n".join(f"{path:<{widest}}  {meaning}" for path, meaning in lines) + "\n```"


def _generations() -> Iterator[str]:
    tables = [one for one in TABLES.values() if one.generations]
    yield _GENERATIONS
    yield "```sql\n" + ";\n\n".join(newest_rows(one) for one in tables) + ";\n```"
    yield paragraph(
        f"This concerns {' and '.join(code(one.name) for one in tables)}. All other tables have each key once. "
        "`--max-generations 1` makes each run merge the generations, so that these have each key once, too."
    )


def _overview(tables: list[Table]) -> str:
    rows = [
        (f"[{one.name}](#{one.name})", sentence(one.meaning), code(one.bucket) if one.bucket else "")
        for one in tables
    ]
    return table(("table", "rows", "bucket by"), rows)


def _described(one: Table) -> Iterator[str]:
    yield f"### {one.name}"
    yield paragraph(sentence(one.meaning))
    facts = []
    if one.key:
        key = ", ".join(code(name) for name in one.key)
        facts.append(f"- Key: {key}" + (", the newest generation counts" if one.generations else ""))
    if one.order:
        facts.append("- Sorted by " + ", ".join(_order(order) for order in one.order))
    facts.append(f"- Bucket by {code(one.bucket)}" if one.bucket else "- Not split into buckets")
    if one.compression != "none":
        facts.append(f"- Compressed with {one.compression}")
    yield "\n".join(facts)
    yield table(("column", "type", "meaning"), [_column(column) for column in one.columns])


def _order(order: Order) -> str:
    return code(order.column) + (" (greatest first)" if order.descending else "")


def _column(column: Column) -> tuple[str, str, str]:
    unit = f", in {column.unit}" if column.unit else ""
    kind = f"{column.type} or null" if column.nullable else str(column.type)
    return code(column.name), kind, sentence(column.meaning + unit)
