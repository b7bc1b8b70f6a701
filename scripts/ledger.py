"""The ledger's laws: what it says of other tables' rows has to be so, and what was published stays."""

import hashlib
import json
from collections.abc import Iterator
from itertools import pairwise

from scripts.package import Package, Row, Rows
from scripts.problems import Problem

Keyed = dict[str, dict[str, Row]]
Breach = tuple[Row, str, str]
Moved = dict[tuple[str, str], str | None]
# What a version says in the ledger and never changes. The source of a correction follows a row whose key moves later;
# the release holds it against the version before.
SEALED = {
    "releases": ("id", "released_on", "kind", "summary", "tables_sha256"),
    "published_keys": ("table_name", "row_key", "release_id"),
    "redirects": ("table_name", "old_key", "new_key", "why", "release_id"),
    "corrections": (
        *("id", "corrected_on", "table_name", "row_key", "column_name", "old_value", "new_value", "why", "release_id"),
    ),
}


def ledger_problems(package: Package, rows: Rows) -> Iterator[Problem]:
    """Every breach of the ledger's laws. Every table must be sound."""
    keyed = rows_by_key(package, rows)
    for name, find in LAWS.items():
        if rows.get(name):
            for row, column, reason in find(rows, keyed):
                yield Problem(str(package.tables[name].path), row.number, column, reason)


def rows_by_key(package: Package, rows: Rows) -> Keyed:
    """The rows of each table by their key as an address has it, parts joined by a comma."""
    return {
        name: {",".join(str(row[column]) for column in table.primary_key): row for row in rows[name]}
        for name, table in package.tables.items()
    }


def moved_keys(rows: Rows) -> Moved:
    """The key that each former key leads to in the end, by table and key; None for a row that was withdrawn."""
    return _followed({(row["table_name"], row["old_key"]): row["new_key"] for row in _redirects_in_force(rows)})


def keys_of_same_row(rows: Rows) -> Moved:
    """As `moved_keys`, but not beyond where two published rows were found to be one: each has a past of its own."""
    published = {(row["table_name"], row["row_key"]): row["release_id"] for row in rows.get("published_keys", [])}
    return _followed(
        {
            (row["table_name"], row["old_key"]): row["new_key"]
            for row in _redirects_in_force(rows)
            # A key that a row moved to is published by the version in which it moved.
            if published.get((row["table_name"], row["new_key"]), row["release_id"]) == row["release_id"]
        }
    )


def _redirects_in_force(rows: Rows) -> Iterator[Row]:
    """The redirects, without those of rows that were withdrawn and are back."""
    back = restored_keys(rows)
    for row in rows.get("redirects", []):
        if row["new_key"] is not None or (row["table_name"], row["old_key"]) not in back:
            yield row


def restored_keys(rows: Rows) -> set[tuple[str, str]]:
    """Tables and keys of withdrawn rows that are back: a correction has given them the first part of their key."""
    return {
        (row["table_name"], row["row_key"])
        for row in rows.get("corrections", [])
        if row["old_value"] is None and row["new_value"] == row["row_key"].split(",")[0]
    }


def _followed(steps: Moved) -> Moved:
    return {(table, key): _end(steps, table, key) for table, key in steps}


def _end(steps: Moved, table: str, start: str) -> str | None:
    """Where redirects lead one after the other; where they lead in a circle, a key in it."""
    key: str | None = start
    for _ in steps:
        if key is not None and (table, key) in steps:
            key = steps[table, key]
    return key


def ledger_sha256(rows: Rows, version: str) -> str:
    """SHA-256 over what the ledger says of a version and of those before it."""
    until = {row["id"] for row in rows["releases"] if parts_of_version(row["id"]) <= parts_of_version(version)}
    digest = hashlib.sha256()
    for name, columns in SEALED.items():
        of = "id" if name == "releases" else "release_id"
        lines = (json.dumps([name, *(row[column] for column in columns)]) for row in rows[name] if row[of] in until)
        digest.update("\n".join(sorted(lines)).encode())
    return digest.hexdigest()


def _corrections(rows: Rows, keyed: Keyed) -> Iterator[Breach]:
    """A correction's new value stands in its cell, or is the old value of the next correction of that cell.

    Those of a row that was withdrawn or found to be another, and published ones of a column that is gone, are history.
    """
    cells: dict[tuple[str, str, str], list[Row]] = {}
    moved, same = moved_keys(rows), keys_of_same_row(rows)
    for row in sorted(rows["corrections"], key=lambda row: row["id"]):
        table, column = row["table_name"], row["column_name"]
        key = same.get((table, row["row_key"]), row["row_key"])
        if table not in keyed:
            yield row, "table_name", f"{table} is not a table"
        elif key is None or (table, key) in moved:
            continue
        elif key not in keyed[table]:
            yield row, "row_key", f"{table} has no row {key}"
        elif column not in keyed[table][key].values:
            if row["release_id"] is None:
                yield row, "column_name", f"{table} has no column {column}"
        else:
            cells.setdefault((table, key, column), []).append(row)
    for (table, key, column), history in cells.items():
        for earlier, later in pairwise(history):
            if earlier["new_value"] != later["old_value"]:
                yield later, "old_value", f"is not the new value of {earlier['id']}"
        present = keyed[table][key][column]
        if history[-1]["new_value"] != (None if present is None else str(present)):
            yield history[-1], "new_value", f"is not what {table} {key} has in {column}"


def _redirects(rows: Rows, keyed: Keyed) -> Iterator[Breach]:
    """A redirect leads from a key that is gone to one that is there, or by others to one, or to a withdrawal."""
    moved, back = moved_keys(rows), restored_keys(rows)
    for row in rows["redirects"]:
        name, key = row["table_name"], row["old_key"]
        table = keyed.get(name)
        if table is None:
            yield row, "table_name", f"{name} is not a table"
        elif row["new_key"] is None and (name, key) in back:
            continue
        elif key in table:
            yield row, "old_key", f"{name} still has a row {key}"
        elif (end := moved[name, key]) is not None and end not in table:
            yield row, "new_key", f"{name} has no row {end}"


def _releases(rows: Rows, keyed: Keyed) -> Iterator[Breach]:
    """Versions follow one another by number and by day, each as its kind says."""
    in_order = sorted(rows["releases"], key=lambda row: parts_of_version(row["id"]))
    for earlier, later in pairwise(in_order):
        if later["released_on"] < earlier["released_on"]:
            yield later, "released_on", f"is before that of {earlier['id']}"
        if later["id"] != next_version(earlier["id"], later["kind"]):
            yield later, "id", f"is not the {later['kind']} version after {earlier['id']}"
    for row in in_order:
        if row.values.get("ledger_sha256") != ledger_sha256(rows, row["id"]):
            reason = f"is not that of the ledger up to {row['id']}, where a row was altered, added or taken out since"
            yield row, "ledger_sha256", reason


def _published_keys(rows: Rows, keyed: Keyed) -> Iterator[Breach]:
    """A key once published is there, or a redirect says where its row went or why it was withdrawn."""
    moved = moved_keys(rows)
    for row in rows["published_keys"]:
        table, key = row["table_name"], row["row_key"]
        if table not in keyed:
            yield row, "table_name", f"{table} is not a table"
        elif key not in keyed[table] and (table, key) not in moved:
            published = f"{table} has no row {key}, which version {row['release_id']} published"
            yield row, "row_key", f"{published}, and redirects says nothing of it"


LAWS = {
    "corrections": _corrections,
    "redirects": _redirects,
    "releases": _releases,
    "published_keys": _published_keys,
}


def parts_of_version(version: str) -> tuple[int, ...]:
    """Major, minor and patch as numbers, by which versions are put in order."""
    return tuple(map(int, version.split(".")))


def next_version(version: str, kind: str) -> str:
    """The version that follows one where the change is of this kind."""
    major, minor, patch = parts_of_version(version)
    return {
        "major": f"{major + 1}.0.0",
        "minor": f"{major}.{minor + 1}.0",
        "patch": f"{major}.{minor}.{patch + 1}",
    }[kind]
