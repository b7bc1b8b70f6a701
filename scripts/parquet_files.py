"""One table as Parquet: its rows from a CSV file, its types and its words from its Table Schema."""

import json
from pathlib import Path
from typing import Any

import duckdb

from scripts.package import Field, Table

TYPES = {
    "string": "VARCHAR",
    "date": "DATE",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
}
YEAR = "year"
# The metadata in which a file has the Frictionless Table Schema of its table, as JSON.
SCHEMA_KEY = "table_schema"
COPY = """
copy (
  from read_csv(
    $csv, auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', nullstr = $nothing,
    columns = {columns}
  )
) to {target} (format parquet, compression zstd, kv_metadata {metadata}{partition})
"""
BY_YEAR = ", partition_by (year), write_partition_columns {kept}"


def write_parquet(
    writer: duckdb.DuckDBPyConnection,
    table: Table,
    csv: Path,
    target: Path,
    nothing: str = "",
    *,
    by_year: bool = False,
) -> None:
    """A table as Parquet, from a CSV file with a header, in which an empty cell holds `nothing`.

    By year, `target` is a folder, with a file in `year=YYYY/` for each value of the column `year`, the CSV file's last
    where the table has none of its own.
    """
    types = {field.name: TYPES[field.type] for field in table.fields}
    statement = COPY.format(
        columns=_struct(types | {YEAR: "BIGINT"} if by_year else types),
        target=_quoted(str(target)),
        metadata=_struct(words(table)),
        partition=BY_YEAR.format(kept=str(YEAR in types).lower()) if by_year else "",
    )
    writer.execute(statement, {"csv": str(csv), "nothing": nothing})


def words(table: Table) -> dict[str, str]:
    """What a file says of its table: title, description, each column's description, and the whole Table Schema."""
    return {
        "title": table.title,
        "description": table.description,
        "columns": _json({field.name: field.description for field in table.fields}),
        SCHEMA_KEY: _json(table_schema(table)),
    }


def table_schema(table: Table) -> dict[str, Any]:
    """The Frictionless Table Schema of a table as it was built, with the columns that the build computes."""
    described: dict[str, Any] = {"fields": [_described(field) for field in table.fields]}
    if table.primary_key:
        described["primaryKey"] = list(table.primary_key)
    if table.foreign_keys:
        described["foreignKeys"] = [
            {"fields": list(key.fields), "reference": {"resource": key.table, "fields": list(key.references)}}
            for key in table.foreign_keys
        ]
    return described


def _described(field: Field) -> dict[str, Any]:
    described = {"name": field.name, "title": field.title, "type": field.type, "description": field.description}
    return {**described, "constraints": field.constraints} if field.constraints else described


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False)


def _struct(texts: dict[str, str]) -> str:
    """A literal of DuckDB that has the texts by name."""
    return "{" + ", ".join(f"{_quoted(name)}: {_quoted(text)}" for name, text in texts.items()) + "}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
