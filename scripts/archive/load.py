"""Load: rows in the order of their keys into archive.db, STRICT tables whose DDL comes from the Table Schemas."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from scripts.archive.library import read_sql
from scripts.load import close, create_database, ddl
from scripts.package import Package, Table

BATCH = 20_000
TOGETHER = 50
SEARCHED = ["symbol", "title"]
# Of SQLite's pages; the rest of what this process may use is DuckDB's.
CACHE = "pragma cache_size = -50000"

Rows = Sequence[Sequence[Any]] | NDArray[np.int32]
Counting = Callable[[str, int, Iterator[Rows]], Iterator[Rows]]


def load_archive(
    path: Path,
    package: Package,
    connection: duckdb.DuckDBPyConnection,
    computed: Mapping[str, Rows],
    counting: Counting,
) -> tuple[int, list[str]]:
    """Write every table of the archive, its indexes, search and views, and check keys and integrity.

    A table's rows are those of the relation of its name, or those that `computed` has, in the order of its key.
    `counting(name, rows, batches)` hands batches on and may tell how far they are. Returns the rows written, and what
    is wrong with the database.
    """
    database = create_database(path)
    database.execute(CACHE)
    count = 0
    for table in package.derived.values():
        rows, batches = _batches(connection, table, computed)
        database.execute(ddl(table))
        for batch in counting(table.name, rows, batches):
            _insert(database.conn, table, batch)
        count += rows
    database.conn.executescript(read_sql(package.root, "indexes"))
    database.table("resolutions").enable_fts(SEARCHED, tokenize="porter unicode61 remove_diacritics 2")
    for view in package.views:
        database.conn.executescript((package.root / f"schema/views/{view}.sql").read_text(encoding="utf-8"))
    return count, close(database)


def _batches(
    connection: duckdb.DuckDBPyConnection, table: Table, computed: Mapping[str, Rows]
) -> tuple[int, Iterator[Rows]]:
    """How many rows a table has, and the rows in batches, in the order of its key."""
    if table.name in computed:
        rows = computed[table.name]
        return len(rows), (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))
    columns = ", ".join(f'"{field.name}"' for field in table.fields)
    key = ", ".join(f'"{column}"' for column in table.primary_key)
    found = connection.execute(f"select {columns} from {table.name} order by {key}").fetchall()  # noqa: S608
    return len(found), iter([found])


def _insert(database: sqlite3.Connection, table: Table, rows: Rows) -> None:
    """Insert rows; those of an array many to a statement, which takes a third of the time."""
    row = f"({', '.join('?' * len(table.fields))})"
    statement = f"insert into {table.name} values "  # noqa: S608  (a name from the schemas)
    if isinstance(rows, np.ndarray):
        whole = len(rows) - len(rows) % TOGETHER
        many = rows[:whole].reshape(-1, TOGETHER * len(table.fields)).tolist()
        database.executemany(statement + ", ".join([row] * TOGETHER), many)
        rows = rows[whole:].tolist()
    database.executemany(statement + row, rows)
