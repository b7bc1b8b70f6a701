"""Derive: what follows from the typed rows by SQL alone, the views, and the member by roll call table."""

import dataclasses
import re
import sqlite3

import sqlite_utils

from scripts.load import ddl, insert
from scripts.package import Field, Package, Table, Value, below_project
from scripts.problems import BadDataError, Problem, refusal


def derive(database: sqlite_utils.Database, package: Package) -> int:
    """Create schema/views/*.sql, then run schema/derived/*.sql, which may draw on them; returns how many views."""
    _run(database, package, "schema/views")
    for name in package.views:
        try:
            database.execute(f"select * from {name} limit 0")  # noqa: S608
        except sqlite3.Error as error:
            raise BadDataError([_failing(package, f"schema/views/{name}.sql", error)]) from error
    _run(database, package, "schema/derived")
    return len(package.views)


def _run(database: sqlite_utils.Database, package: Package, folder: str) -> None:
    for path in sorted((package.root / folder).glob("*.sql")):
        try:
            database.conn.executescript(path.read_text(encoding="utf-8"))
        except sqlite3.Error as error:
            if refusal(error, package.root):
                raise
            raise BadDataError([_failing(package, f"{folder}/{path.name}", error)]) from error


def _failing(package: Package, path: str, error: sqlite3.Error) -> Problem:
    return Problem(below_project(package.root, path), None, None, f"fails: {error}")


def wide_table(database: sqlite_utils.Database, base: Table) -> Table:
    """`base`, which has the columns of a member, widened by a column for each roll call that has votes."""
    voted = database.query(
        """select id, question from roll_calls where votes_known <> 'none'
        order by voted_on, body, sequence nulls last, id"""
    )
    columns = [
        Field(
            name=column_of_roll_call(row["id"]),
            title=row["id"],
            description=f"Vote on {row['id']}: {row['question']}. Empty where there is none or it is not known.",
        )
        for row in voted
    ]
    return dataclasses.replace(base, fields=(*base.fields, *columns))


def column_of_roll_call(roll_call_id: str) -> str:
    """A roll call's key as a column name that needs no quotes in SQL."""
    return re.sub(r"[^a-z0-9]+", "_", roll_call_id.lower())


def fill_wide_table(database: sqlite_utils.Database, table: Table) -> int:
    """Create the member by roll call table and fill it, a row a member; returns how many."""
    database.execute(ddl(table))
    rows: dict[str, dict[str, Value]] = {
        row["id"]: {"member_id": row["id"], **{f.name: row[f.name] for f in table.fields[1:] if f.name in row}}
        for row in database.query("select id, short_name, region, regional_group from members order by id")
    }
    for vote in database.query("select roll_call_id, member_id, vote from votes"):
        rows[vote["member_id"]][column_of_roll_call(vote["roll_call_id"])] = vote["vote"]
    insert(database, table, rows.values())
    return len(rows)
