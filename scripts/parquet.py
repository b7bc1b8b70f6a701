"""Parquet: every table and view of the site's databases, by year where its rows have one, with the words of its schema.

    python -m scripts.parquet [-q]

The files stand in `build/parquet/<database>/<table>/`, those of a year in `year=YYYY/` below, and rows whose year is
not known in `year=__HIVE_DEFAULT_PARTITION__/`. Exit code 0 when they are written or up to date, 1 when a schema or the
system does not allow it (the last good files stay), 2 for bad usage or where no site is built.
"""

import argparse
import csv
import hashlib
import sqlite3
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from scripts.build import ROOT
from scripts.finished import is_published, write_sums
from scripts.load import reading
from scripts.package import Table
from scripts.parquet_files import YEAR, write_parquet
from scripts.places import alone, workshop
from scripts.problems import BadDataError, Problem
from scripts.progress import Progress
from scripts.publish import publish
from scripts.published import Database, published_databases
from scripts.queries import read_metadata

SITE, PARQUET, PLACES = "build/site", "build/parquet", "build/parquets"
# Stands in the passing CSV file for an empty cell, which an empty text is not; no text of the databases is this.
NOTHING = "\x1a"
SETTINGS: dict[str, str | bool | int | float | list[str]] = {"threads": 1, "memory_limit": "400MB"}
WRITTEN_BY = ("parquet.py", "parquet_files.py")


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="parquet", description="Write the site's databases as Parquet.")
    parser.add_argument("-q", "--quiet", action="store_true", help="print problems only")
    progress = Progress(parser.parse_args(arguments).quiet)
    try:
        databases = published_databases(root, root / SITE, read_metadata(root))
        if not databases:
            print(f"{SITE} has no database; make build makes it", file=sys.stderr)
            return 2
        write_databases(root, databases, progress)
    except BadDataError as error:
        print(error, "no Parquet was written", sep="\n", file=sys.stderr)
        return 1
    except (OSError, sqlite3.Error, duckdb.Error) as error:
        print(f"{error}; no Parquet was written", file=sys.stderr)
        return 1
    return 0


def write_databases(root: Path, databases: list[Database], progress: Progress) -> None:
    """Write all databases beside the last files and put them in their place."""
    name = fingerprint(root, databases)
    if _is_up_to_date(root, name, progress):
        return
    with alone(root / "build", progress.say) as waited:
        if waited and _is_up_to_date(root, name, progress):
            return
        with workshop(root / PLACES, name) as folder:
            for database in databases:
                progress.run(database.name, _write, folder / database.name, database)
            write_sums(folder)
            publish(folder, root / PLACES, name, root / PARQUET, keep=2)


def _is_up_to_date(root: Path, name: str, progress: Progress) -> bool:
    """Whether there is nothing to write; says so."""
    if is_published(root / PLACES, root / PARQUET, name):
        progress.say(f"{PARQUET} is up to date ({name})")
        return True
    return False


def fingerprint(root: Path, databases: Iterable[Database]) -> str:
    """Sixteen characters that change when a database, what a schema says of it, or the way of writing changes."""
    digest = hashlib.sha256(duckdb.__version__.encode())
    for name in WRITTEN_BY:
        digest.update((root / "scripts" / name).read_bytes())
    for database in databases:
        with database.path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
        digest.update(repr((database.name, database.tables)).encode())
    return digest.hexdigest()[:16]


def _write(folder: Path, database: Database) -> tuple[None, str]:
    """The progress line's stage for one database."""
    rows = write_tables(folder, database.path, database.tables)
    files = list(folder.rglob("*.parquet"))
    size = sum(path.stat().st_size for path in files)
    return None, f"{len(database.tables)} tables, {rows} rows, {len(files)} files, {size / 1e6:.1f} MB"


def write_tables(folder: Path, database: Path, tables: Iterable[Table]) -> int:
    """Write tables and views of a database, each into a folder of its own below `folder`; returns how many rows.

    BadDataError where what dates a table is not there.
    """
    by_name = {table.name: table for table in tables}
    rows = 0
    for table in by_name.values():
        dated = year_of(table, by_name)
        target = folder / table.name
        target.mkdir(parents=True)
        passing = folder / ".rows.csv"
        found = _write_rows(passing, database, table, dated)
        # A table without rows has no year to stand in.
        by_year = dated is not None and found > 0
        with duckdb.connect(config={**SETTINGS, "temp_directory": tempfile.gettempdir()}) as writer:
            write_parquet(
                writer, table, passing, target if by_year else target / "data_0.parquet", NOTHING, by_year=by_year
            )
        passing.unlink()
        rows += found
    return rows


def _write_rows(path: Path, database: Path, table: Table, dated: str | None) -> int:
    """The rows of a table as a CSV file, the year they belong to as the last column; returns how many there are."""
    names = [field.name for field in table.fields]
    columns = [f"ifnull({table.name}.{name}, char({ord(NOTHING)}))" for name in names]
    if dated is not None and YEAR not in names:
        names.append(YEAR)
        columns.append(f"ifnull({dated}, char({ord(NOTHING)}))")
    with reading(database) as connection, path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        cursor = connection.execute(f"select {', '.join(columns)} from {table.name}")  # noqa: S608  (names of the schemas)
        found = 0
        while batch := cursor.fetchmany(10_000):
            writer.writerows(batch)
            found += len(batch)
    return found


def year_of(table: Table, tables: Mapping[str, Table]) -> str | None:
    """The SQL of the year that a row of a table belongs to, None where `datedBy` of its schema names nothing.

    `datedBy` is a column, which has a day or a year, or a column and the table in whose row that it names the day is.
    """
    dated = table.schema.get("datedBy")
    if dated is None:
        return None
    types = {field.name: field.type for field in table.fields}
    if isinstance(dated, str):
        if YEAR in types and dated != YEAR:
            raise _undated(table, f"is {dated}, and the table has a column {YEAR} of its own")
        column = f"{table.name}.{dated}"
        return column if types[dated] == "integer" else f"cast(substr({column}, 1, 4) as integer)"
    [(column, name)] = dated.items()
    other = tables.get(name)
    year = year_of(other, tables) if other is not None and other is not table else None
    if other is None or year is None or len(other.primary_key) != 1:
        raise _undated(table, f"leads to {name}, which has no day, or not one column as its key")
    return f"(select {year} from {name} where {name}.{other.primary_key[0]} = {table.name}.{column})"  # noqa: S608


def _undated(table: Table, reason: str) -> BadDataError:
    return BadDataError([Problem(f"schema of {table.name}", None, "datedBy", reason)])


if __name__ == "__main__":
    sys.exit(main())
