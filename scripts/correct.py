"""Correct: put published rows right and say so in the ledger, all at once or not at all.

    python -m scripts.correct --set TABLE KEY COLUMN OLD NEW --why WHY --source SOURCE [--on DAY] [--dry-run]

`--set` gives a cell its right value, `--withdraw TABLE KEY` takes out a row that nothing takes the place of, and
`--move TABLE KEY NEW` gives a row another key; where that key has a row already, the two were one and that row stays.
`--restore TABLE KEY` says of a row that was withdrawn, and that is in its table again, that it is back. Each may be
repeated for what has to change together for one reason, such as a vote and its tally. A key is the one in the row's
address; '' is an empty cell.

Nothing is written unless every old value stands where it is said to stand and all tables are sound afterwards. Exit
code 0 when it is done, 1 when it is refused, 2 for bad usage.
"""

import argparse
import difflib
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from datasette.utils import tilde_decode

from scripts.build import ROOT, prepare
from scripts.ledger import restored_keys
from scripts.package import ForeignKey, Package, Row, Rows, Table, Value
from scripts.problems import BadDataError, Problem, exit_code
from scripts.progress import Progress
from scripts.read import read_whole
from scripts.tidy import canonical
from scripts.together import UNFINISHED, changing, finish, write_together

LEDGER = ("corrections", "redirects", "releases", "published_keys")
# A correction is numbered with two digits.
MOST_A_DAY = 99
# What a build reads before it loads anything.
READ_FIRST = ("datapackage.yaml", "metadata.yml", "schema", "data", "archive")


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; returns the exit code."""
    parser = _parser()
    given = sys.argv[1:] if arguments is None else arguments
    options = parser.parse_args(given)
    if not (options.set or options.withdraw or options.move or options.restore):
        parser.error("one of --set, --withdraw, --move and --restore is needed")
    try:
        "".join(given).encode()
    except UnicodeEncodeError:
        parser.error("what is given is not UTF-8")
    return exit_code(lambda: _alone(root, options), root, "nothing was changed")


def today() -> date:
    """The day it is, everywhere the same."""
    return datetime.now(UTC).date()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="correct", description="Put published rows right and say so in the ledger.")
    for name, parts, does in (
        ("--set", ("TABLE", "KEY", "COLUMN", "OLD", "NEW"), "give a cell another value"),
        ("--withdraw", ("TABLE", "KEY"), "take out a row"),
        ("--move", ("TABLE", "KEY", "NEW"), "give a row another key, here and wherever it is referred to"),
        ("--restore", ("TABLE", "KEY"), "say that a row which was withdrawn is back"),
    ):
        parser.add_argument(name, nargs=len(parts), action="append", default=[], metavar=parts, help=does)
    parser.add_argument("--why", required=True, help="why it was wrong, in a sentence that readers will see")
    parser.add_argument("--source", required=True, help="the key of the source of what is right")
    parser.add_argument("--on", type=date.fromisoformat, default=today(), help="the day, if not today")
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and change nothing")
    return parser


def _alone(root: Path, options: argparse.Namespace) -> None:
    with changing(root):
        _run(root, options)


def _run(root: Path, options: argparse.Namespace) -> None:
    if options.on > today():
        raise BadDataError([Problem("--on", None, None, f"{options.on} is still to come")])
    if options.dry_run and (root / UNFINISHED).exists():
        raise BadDataError(
            [Problem(UNFINISHED, None, None, "is an interrupted change; without --dry-run it is finished")]
        )
    if left := finish(root):
        print(f"An interrupted change is now finished, before this one: {', '.join(left)}.")
    package, rows = read_whole(root)
    draft = Draft(package, {name: list(found) for name, found in rows.items()}, options.why)
    _enter(draft, options)
    last = max((row["released_on"] for row in rows["releases"]), default="")
    if options.on.isoformat() < last:
        draft.refuse("corrections", None, "corrected_on", f"{options.on} is before {last}, the day of the last version")
    if options.source not in {row["id"] for row in rows["sources"]}:
        draft.refuse("corrections", None, "source_id", f"no source has the key {options.source}")
    if draft.problems:
        raise BadDataError(draft.problems)
    contents = draft.contents(rows)
    as_read = {name: _file(package, rows, name) for name in contents}
    _must_be(root, as_read, "is not tidy; run make tidy first")
    must_be_sound(root, contents)
    print(*_differences(root, contents), sep="\n")
    if not options.dry_run:
        # An editor saves a file without asking for a lock.
        _must_be(root, as_read, "was changed meanwhile; repeat the command")
        write_together(root, contents)


def _enter(draft: "Draft", options: argparse.Namespace) -> None:
    """Change the tables as asked."""
    entry = {"source_id": options.source, "day": options.on.isoformat()}
    for table, key, *cells in options.set:
        draft.set(table, _as_stored(key), *cells, **entry)
    for table, key in options.withdraw:
        draft.withdraw(table, _as_stored(key))
    for table, key, new in options.move:
        draft.move(table, _as_stored(key), _as_stored(new))
    for table, key in options.restore:
        draft.restore(table, _as_stored(key), **entry)


def _as_stored(key: str) -> str:
    """A key as the tables have it, where it was taken from an address."""
    return ",".join(map(tilde_decode, key.split(",")))


@dataclass
class Draft:
    """The tables as they shall be. What cannot be done is noted in `problems` and left out."""

    package: Package
    rows: Rows
    why: str

    def __post_init__(self) -> None:
        self.problems: list[Problem] = []

    def refuse(self, table: str, row: Row | None, column: str | None, reason: str) -> None:
        """Note why something cannot be done."""
        number = row.number if row else None
        self.problems.append(Problem(str(self.package.tables[table].path), number, column, reason))

    def set(self, table: str, key: str, column: str, old: str, new: str, *, source_id: str, day: str) -> None:
        """Give a cell another value, and enter that among the corrections."""
        row = self._row(table, key)
        if row is None:
            return
        if wrong := _wrong(self.package.tables[table], row, column, old, new):
            self.refuse(table, row, column, wrong)
            return
        self._replace(table, row, {column: new or None})
        cells = {"table_name": table, "row_key": key, "old_value": old or None, "new_value": new or None}
        self._correction(column, cells, source_id, day)

    def _correction(self, column: str, cells: Mapping[str, Value], source_id: str, day: str) -> None:
        entered = [int(other["id"][-2:]) for other in self.rows["corrections"] if other["id"].startswith(day)]
        number = max(entered, default=0) + 1
        if number > MOST_A_DAY:
            reason = f"{day} has {MOST_A_DAY} corrections, which is all that a day has room for"
            self.refuse("corrections", None, "id", reason)
            return
        entry = {"id": f"{day}-{number:02d}", "corrected_on": day, "column_name": column}
        self._add("corrections", {**entry, **cells, "why": self.why, "source_id": source_id})

    def restore(self, table: str, key: str, *, source_id: str, day: str) -> None:
        """Enter among the corrections that a row is back: the first part of its key was nothing, and is there."""
        row = self._row(table, key)
        if row is None:
            return
        column = self.package.tables[table].primary_key[0]
        withdrawn = {(row["table_name"], row["old_key"]) for row in self.rows["redirects"] if row["new_key"] is None}
        if (table, key) not in withdrawn - restored_keys(self.rows):
            self.refuse(table, row, column, "is of a row that was not withdrawn")
            return
        cells = {"table_name": table, "row_key": key, "old_value": None, "new_value": str(row[column])}
        self._correction(column, cells, source_id, day)

    def withdraw(self, table: str, key: str) -> None:
        """Take out a row, and enter that among the redirects."""
        row = self._row(table, key)
        if row is not None:
            self.rows[table].remove(row)
            self._redirect(table, key, None)

    def move(self, table: str, key: str, new: str) -> None:
        """Give a row another key and every row that refers to it, and enter that among the redirects."""
        row = self._row(table, key)
        columns = self.package.tables[table].primary_key if row else ()
        parts: list[Value] = [*new.split(",")]
        if row is None:
            return
        if len(parts) != len(columns) or new == key:
            self.refuse(table, row, ", ".join(columns), f"cannot have the key {new}")
        elif new in {self._key(table, other) for other in self.rows[table]}:
            self.rows[table].remove(row)
            self._redirect(table, key, new)
            self._refer(table, row, dict(zip(columns, parts, strict=True)))
        else:
            self._move(table, row, dict(zip(columns, parts, strict=True)))

    def _move(self, table: str, row: Row, cells: dict[str, Value]) -> None:
        """Change cells of a row, and where they are part of its key, what refers to it too."""
        before = self._key(table, row)
        after = self._replace(table, row, cells)
        if self._key(table, after) != before:
            self._redirect(table, before, self._key(table, after))
            self._refer(table, row, cells)

    def _refer(self, table: str, row: Row, cells: dict[str, Value]) -> None:
        """Have every row that refers to a row by cells that change refer to it by the new ones."""
        for other in self.package.tables.values():
            for key in other.foreign_keys:
                if key.table == table and set(key.references) & set(cells):
                    for referring in [found for found in self.rows[other.name] if _refers(found, key, row)]:
                        pairs = zip(key.fields, key.references, strict=True)
                        self._move(other.name, referring, {field: cells.get(name, row[name]) for field, name in pairs})

    def _redirect(self, table: str, key: str, new: str | None) -> None:
        """Enter where a key went. What led to it still does, so that what a version said stays."""
        self._add("redirects", {"table_name": table, "old_key": key, "new_key": new, "why": self.why})

    def _row(self, table: str, key: str) -> Row | None:
        """The row of a key; None, with the problem noted, if there is none that can be corrected."""
        if table not in self.package.tables or table in LEDGER:
            self.refuse("corrections", None, "table_name", f"{table} is not a table that is corrected")
            return None
        found = next((row for row in self.rows[table] if self._key(table, row) == key), None)
        if found is None:
            columns = ", ".join(self.package.tables[table].primary_key)
            self.refuse(table, None, columns, f"no row has the key {key}")
        return found

    def _key(self, table: str, row: Row) -> str:
        return ",".join(str(row[column]) for column in self.package.tables[table].primary_key)

    def _replace(self, table: str, row: Row, cells: dict[str, Value]) -> Row:
        changed = Row(row.number, {**row.values, **cells})
        self.rows[table][self.rows[table].index(row)] = changed
        return changed

    def _add(self, table: str, cells: dict[str, Value]) -> None:
        values = {field.name: cells.get(field.name) for field in self.package.tables[table].typed_fields}
        self.rows[table].append(Row(len(self.rows[table]) + 2, values))

    def contents(self, before: Rows) -> dict[str, bytes]:
        """The new contents of every file that is not as before, by path."""
        tables = [table for name, table in self.package.tables.items() if self.rows[name] != before[name]]
        return {str(table.path): canonical(table, self.rows[table.name]) for table in tables}


def _refers(row: Row, key: ForeignKey, referred: Row) -> bool:
    return all(row[field] == referred[name] for field, name in zip(key.fields, key.references, strict=True))


def _wrong(table: Table, row: Row, column: str, old: str, new: str) -> str | None:
    """What forbids to change a row's cell so."""
    if column in {field.name for field in table.fields if field.computed}:
        return "is computed by the build; correct what it is computed from"
    if column not in row.values:
        return f"is not a column of {table.name}"
    if column in table.primary_key:
        return "is part of the key, which is a promise: --move gives the row another key and keeps the old address good"
    present = "" if row[column] is None else str(row[column])
    if present != old:
        return f'is "{present}", not "{old}"'
    return f'is "{present}" already' if new == present else None


def _must_be(root: Path, contents: dict[str, bytes], otherwise: str) -> None:
    if others := [name for name, content in contents.items() if (root / name).read_bytes() != content]:
        raise BadDataError(Problem(name, None, None, otherwise) for name in others)


def _file(package: Package, rows: Rows, path: str) -> bytes:
    """The file at a path as it is when it is tidy."""
    table = next(table for table in package.tables.values() if table.path == path)
    return canonical(table, rows[table.name])


def must_be_sound(root: Path, contents: dict[str, bytes]) -> None:
    """Read and validate a copy of the tables with these files in it; BadDataError if anything is wrong there."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in READ_FIRST:
            if (root / name).is_dir():
                shutil.copytree(root / name, copy / name)
            else:
                shutil.copy2(root / name, copy / name)
        for path, content in contents.items():
            (copy / path).write_bytes(content)
        prepare(copy, None, Progress(quiet=True))


def _differences(root: Path, contents: dict[str, bytes]) -> Iterator[str]:
    """The lines that change, as a patch has them."""
    for path, content in contents.items():
        before, after = (root / path).read_text(encoding="utf-8"), content.decode()
        yield from difflib.unified_diff(before.splitlines(), after.splitlines(), path, path, lineterm="", n=0)


if __name__ == "__main__":
    sys.exit(main())
