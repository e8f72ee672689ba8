"""The rows of a table that count, by the rule that the documents give to other readers."""

from typing import Any

from lookalike.tables import TABLES


def that_count(table: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each key the row of the newest generation, without its generation; all rows of a table that has none."""
    if not TABLES[table].generations:
        return rows
    newest = {
        tuple(row[name] for name in TABLES[table].key): row for row in sorted(rows, key=lambda row: row["generation"])
    }
    return [{name: value for name, value in row.items() if name != "generation"} for row in newest.values()]
