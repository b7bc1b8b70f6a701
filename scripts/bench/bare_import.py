"""A bare import of CSV files with Python, as `sqlite3 .import` does it: bare_import.py DATABASE TABLE FILE …."""

import csv
import sqlite3
import sys
from contextlib import closing
from pathlib import Path


def import_csv(connection: sqlite3.Connection, table: str, path: Path) -> None:
    """Add the rows of a file to a table, which has the columns of the first file that was added to it."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        columns = next(reader)
        connection.execute(f"create table if not exists {table} ({', '.join(columns)})")
        connection.executemany(f"insert into {table} values ({', '.join('?' * len(columns))})", reader)  # noqa: S608


if __name__ == "__main__":
    with closing(sqlite3.connect(sys.argv[1])) as database:
        for name in sys.argv[3:]:
            import_csv(database, sys.argv[2], Path(name))
        database.commit()
