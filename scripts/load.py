"""Load: STRICT tables whose DDL comes from the Table Schemas, then rows, indexes and full-text search.

The database is the same bytes for the same rows: tables in the package's order, rows in the order of their keys, fixed
page size and journal mode, no clock, VACUUM at the end.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path

import sqlite_utils

from scripts.package import Field, Package, Row, Rows, Table, Value

SQL_TYPES = {"string": "text", "date": "text", "integer": "integer", "number": "real", "boolean": "integer"}
SEARCHED = {
    "claims": ["claim", "quote", "rationale"],
    "articles": ["title", "author"],
    "resolutions": ["symbol", "title", "summary"],
    "search_entries": ["names", "title", "words"],
}


def create_database(path: Path) -> sqlite_utils.Database:
    """An empty database file with the settings that keep its bytes reproducible."""
    database = sqlite_utils.Database(path)
    for pragma in ("page_size = 4096", "journal_mode = off", "synchronous = off", "foreign_keys = off"):
        database.execute(f"pragma {pragma}").fetchall()
    return database


def load(database: sqlite_utils.Database, package: Package, rows: Rows) -> int:
    """Create every table, derived ones included, and insert the rows of the CSV files; returns how many."""
    for table in [*package.tables.values(), *package.derived.values()]:
        database.execute(ddl(table))
    for name, table in package.tables.items():
        insert(database, table, (row.values for row in sorted(rows[name], key=lambda row: sort_key(table, row))))
    return sum(map(len, rows.values()))


def insert(database: sqlite_utils.Database, table: Table, values: Iterable[dict[str, Value]]) -> None:
    """Insert rows into a table that exists, every column named."""
    columns = [field.name for field in table.fields]
    database.table(table.name).insert_all({column: row.get(column) for column in columns} for row in values)


def fill(database: sqlite_utils.Database, table: Table, values: Iterable[dict[str, Value]]) -> None:
    """Write the computed columns of rows that exist; each dictionary has them and the primary key, and nothing else."""
    computed = ", ".join(f"{field.name} = :{field.name}" for field in table.fields if field.computed)
    key = " and ".join(f"{column} = :{column}" for column in table.primary_key)
    database.conn.executemany(f"update {table.name} set {computed} where {key}", values)  # noqa: S608


def sort_key(table: Table, row: Row) -> tuple[tuple[bool, Value], ...]:
    """What the rows of a table are sorted by, in the database and in the CSV file: its primary key."""
    return tuple((row[column] is not None, row[column]) for column in table.primary_key)


def ddl(table: Table) -> str:
    """The CREATE TABLE statement of a Table Schema: STRICT, with its keys, enumerations, bounds and forms."""
    lines = [f"  {_column(table, field)}" for field in table.fields]
    if len(table.primary_key) > 1:
        lines.append(f"  primary key ({', '.join(table.primary_key)})")
    for key in table.foreign_keys:
        lines.append(f"  foreign key ({', '.join(key.fields)}) references {key.table} ({', '.join(key.references)})")
    options = "strict, without rowid" if len(table.primary_key) > 1 else "strict"
    return f"create table {table.name} (\n" + ",\n".join(lines) + f"\n) {options}"


def _column(table: Table, field: Field) -> str:
    parts = [field.name, SQL_TYPES[field.type]]
    if table.primary_key == (field.name,):
        parts.append("primary key")
    if field.required and not field.computed:
        parts.append("not null")
    if field.constraints.get("unique"):
        parts.append("unique")
    return " ".join([*parts, *(f"check ({condition})" for condition in _conditions(field))])


def _conditions(field: Field) -> list[str]:
    name, rules = field.name, field.constraints
    conditions = []
    if "enum" in rules:
        conditions.append(f"{name} in ({', '.join(_literal(value) for value in rules['enum'])})")
    if "minimum" in rules:
        conditions.append(f"{name} >= {_bound(rules['minimum'])}")
    if "maximum" in rules:
        conditions.append(f"{name} <= {_bound(rules['maximum'])}")
    if "maxLength" in rules:
        conditions.append(f"length({name}) <= {int(rules['maxLength'])}")
    if field.type == "boolean":
        conditions.append(f"{name} in (0, 1)")
    if field.type == "date":
        # Without a modifier SQLite 3.40 gives 2025-02-30 back as it came.
        conditions.append(f"date({name}, '+0 days') is {name}")
    elif field.type == "string":
        conditions.append(f"{name} <> ''")
    return conditions


def _bound(value: object) -> str:
    """A day, or a number."""
    return str(value) if isinstance(value, int | float) else _literal(value)


def _literal(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def index(database: sqlite_utils.Database, tables: Iterable[Table], facets: dict[str, list[str]]) -> int:
    """An index on every foreign key and every declared facet that no key begins with; returns how many."""
    count = 0
    for table in tables:
        wanted = [list(key.fields) for key in table.foreign_keys] + [[facet] for facet in facets.get(table.name, [])]
        made: list[list[str]] = [list(table.primary_key)]
        for columns in wanted:
            if not any(covered[: len(columns)] == columns for covered in made):
                database.table(table.name).create_index(columns)
                made.append(columns)
                count += 1
    return count


def enable_search(database: sqlite_utils.Database, searched: Mapping[str, Iterable[str]] = SEARCHED) -> None:
    """Full-text search over claims, articles, resolutions, and all that the search of the site leads to."""
    for name, columns in searched.items():
        database.table(name).enable_fts(columns, tokenize="porter unicode61 remove_diacritics 2")


def close(database: sqlite_utils.Database) -> list[str]:
    """Vacuum the database and close it; returns what integrity_check and foreign_key_check found wrong."""
    database.conn.commit()
    database.execute("vacuum")
    wrong = [row[0] for row in database.execute("pragma integrity_check").fetchall() if row[0] != "ok"]
    for table, rowid, parent, _ in database.execute("pragma foreign_key_check").fetchall():
        wrong.append(f"{table}: row {rowid} has no match in {parent}")
    database.close()
    return wrong


def reading(database: Path) -> closing[sqlite3.Connection]:
    """A connection that only reads, closed when its block ends."""
    return closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True))
