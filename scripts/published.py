"""The databases that a built site has, each with its tables and views as their schemas describe them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlite_utils

from scripts.derive import wide_table
from scripts.load import reading
from scripts.package import Table, open_package
from scripts.problems import BadDataError, Problem
from scripts.queries import DATABASE


@dataclass(frozen=True)
class Database:
    """A database file, and every table and view of it that has a schema."""

    name: str
    path: Path
    tables: tuple[Table, ...]


def published_databases(root: Path, site: Path, metadata: dict[str, Any]) -> list[Database]:
    """The databases that metadata.yml names and the site has.

    BadDataError if a schema cannot be read, or describes a table that its database does not have.
    """
    found = []
    for name in metadata["databases"]:
        path = site / f"{name}.db"
        if path.is_file():
            found.append(Database(name, path, _described_tables(root, name, path)))
    return found


def _described_tables(root: Path, name: str, path: Path) -> tuple[Table, ...]:
    """The tables and views of the record, or of the archive, whose package stands in a folder of its name."""
    package = open_package(root if name == DATABASE else root / name)
    made = [*package.derived.values(), *package.wide.values(), *package.views.values()]
    # What the archive's package keeps as a file goes into its tables and is none of them.
    tables, wide = [*(package.tables.values() if name == DATABASE else ()), *made], package.wide
    with reading(path) as connection:
        there = {row[0] for row in connection.execute("select name from sqlite_master where type in ('table', 'view')")}
        if missing := [table.name for table in tables if table.name not in there]:
            raise BadDataError([Problem(path.name, None, table, "has a schema and is not there") for table in missing])
        database = sqlite_utils.Database(connection)
        return tuple(wide_table(database, table) if table.name in wide else table for table in tables)
