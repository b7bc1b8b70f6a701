"""The ledger's laws: what it says of other tables' rows has to be so."""

from collections.abc import Iterator
from itertools import pairwise

from scripts.package import Package, Row, Rows
from scripts.problems import Problem


def ledger_problems(package: Package, rows: Rows) -> Iterator[Problem]:
    """Corrections that the tables do not show, and redirects that lead nowhere. Every table must be sound."""
    keyed = {
        name: {",".join(str(row[column]) for column in table.primary_key): row for row in rows[name]}
        for name, table in package.tables.items()
    }
    for name, find in (("corrections", _corrections), ("redirects", _redirects)):
        for row, column, reason in find(rows, keyed):
            yield Problem(str(package.tables[name].path), row.number, column, reason)


def _corrections(rows: Rows, keyed: dict[str, dict[str, Row]]) -> Iterator[tuple[Row, str, str]]:
    """A correction's new value stands in its cell, or is the old value of the next correction of that cell."""
    cells: dict[tuple[str, str, str], list[Row]] = {}
    for row in sorted(rows["corrections"], key=lambda row: row["id"]):
        place = row["table_name"], row["row_key"], row["column_name"]
        if place[0] not in keyed:
            yield row, "table_name", f"{place[0]} is not a table"
        elif place[1] not in keyed[place[0]]:
            yield row, "row_key", f"{place[0]} has no row {place[1]}"
        elif place[2] not in keyed[place[0]][place[1]].values:
            yield row, "column_name", f"{place[0]} has no column {place[2]}"
        else:
            cells.setdefault(place, []).append(row)
    for (table, key, column), history in cells.items():
        for earlier, later in pairwise(history):
            if earlier["new_value"] != later["old_value"]:
                yield later, "old_value", f"is not the new value of {earlier['id']}"
        present = keyed[table][key][column]
        if history[-1]["new_value"] != (None if present is None else str(present)):
            yield history[-1], "new_value", f"is not what {table} {key} has in {column}"


def _redirects(rows: Rows, keyed: dict[str, dict[str, Row]]) -> Iterator[tuple[Row, str, str]]:
    """A redirect leads from a key that is gone to one that is there."""
    for row in rows["redirects"]:
        table = keyed.get(row["table_name"])
        if table is None:
            yield row, "table_name", f"{row['table_name']} is not a table"
        elif row["old_key"] in table:
            yield row, "old_key", f"{row['table_name']} still has a row {row['old_key']}"
        elif row["new_key"] not in table:
            yield row, "new_key", f"{row['table_name']} has no row {row['new_key']}"
