"""Load: rows in the order of their keys into archive.db, STRICT tables whose DDL comes from the Table Schemas."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from scripts.archive.library import read_sql
from scripts.load import close, create_database, ddl
from scripts.package import Package, Table

BATCH = 20_000
SEARCHED = ["symbol", "title"]
# Of SQLite's pages; the rest of what this process may use is DuckDB's.
CACHE = "pragma cache_size = -50000"

Row = Sequence[Any]
Counting = Callable[[str, int, Iterator[list[Row]]], Iterator[list[Row]]]


def load_archive(
    path: Path,
    package: Package,
    connection: duckdb.DuckDBPyConnection,
    computed: Mapping[str, tuple[int, Iterator[list[Row]]]],
    counting: Counting,
) -> tuple[int, list[str]]:
    """Write every table of the archive, its indexes, search and views, and check keys and integrity.

    A table's rows are those of the relation of its name, or those that `computed` has: how many, and batches of them.
    `counting(name, rows, batches)` hands batches on and may tell how far they are. Returns the rows written, and what is
    wrong with the database.
    """
    database = create_database(path)
    database.execute(CACHE)
    count = 0
    for table in package.derived.values():
        rows, batches = _batches(connection, table, computed)
        database.execute(ddl(table))
        marks = ", ".join("?" * len(table.fields))
        for batch in counting(table.name, rows, batches):
            database.conn.executemany(f"insert into {table.name} values ({marks})", batch)  # noqa: S608
        count += rows
    database.conn.executescript(read_sql(package.root, "indexes"))
    database.table("resolutions").enable_fts(SEARCHED, tokenize="porter unicode61 remove_diacritics 2")
    for view in package.views:
        database.conn.executescript((package.root / f"schema/views/{view}.sql").read_text(encoding="utf-8"))
    return count, close(database)


def _batches(
    connection: duckdb.DuckDBPyConnection, table: Table, computed: Mapping[str, tuple[int, Iterator[list[Row]]]]
) -> tuple[int, Iterator[list[Row]]]:
    """How many rows a table has, and the rows in batches, in the order of its key."""
    if table.name in computed:
        return computed[table.name]
    columns = ", ".join(f'"{field.name}"' for field in table.fields)
    key = ", ".join(f'"{column}"' for column in table.primary_key)
    [(rows,)] = connection.execute(f"select count(*) from {table.name}").fetchall()  # noqa: S608
    found = connection.execute(f"select {columns} from {table.name} order by {key}")  # noqa: S608
    return rows, iter(lambda: found.fetchmany(BATCH), [])
