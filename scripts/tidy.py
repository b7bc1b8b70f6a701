"""Tidy: report on the hand-coded CSV files, sort them by key and rewrite their canonical bytes.

csvclean reports what is malformed; it is never let loose to fill or join rows. A file that cannot be read strictly is
reported and left as it is. Canonical bytes are UTF-8 without a mark, line feeds, a final one, and quotes only where
they are needed.
"""

import csv
import io
import subprocess
import sys
from pathlib import Path

from scripts.build import ROOT
from scripts.load import sort_key
from scripts.package import Package, Row, Table, open_package
from scripts.problems import BadDataError
from scripts.read import read_table
from scripts.together import changing, finish


def main(root: Path = ROOT) -> int:
    """Tidy every table's file; returns 1 if any could not be."""
    with changing(root):
        finish(root)
        return _tidy(root)


def _tidy(root: Path) -> int:
    try:
        package = open_package(root)
    except BadDataError as error:
        print(error, file=sys.stderr)
        return 1
    untidy = 0
    for table in package.tables.values():
        path = root / str(table.path)
        report = csvclean(path)
        rows, problems = read_table(package, table)
        if report or problems:
            untidy += 1
            print(report, *problems, sep="\n", file=sys.stderr)
        elif (content := canonical(table, rows)) != path.read_bytes():
            path.write_bytes(content)
            print(f"{table.path}: rewritten")
    return int(untidy > 0)


def csvclean(path: Path) -> str:
    """What `csvclean -a` finds wrong with a file; nothing is changed."""
    command = [sys.executable, "-m", "csvkit.utilities.csvclean", "-a", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
    # Empty columns are a fault to csvclean; a column that no row fills yet is none to a schema that knows it.
    faults = [line for line in done.stderr.splitlines() if "Empty columns" not in line]
    return "\n".join(faults[1:]) if len(faults) > 1 else ""


def canonical(table: Table, rows: list[Row]) -> bytes:
    """The file's bytes as they should be: rows in the order of their keys, minimal quoting."""
    columns = [field.name for field in table.typed_fields]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in sorted(rows, key=lambda row: sort_key(table, row)):
        writer.writerow("" if row[column] is None else row[column] for column in columns)
    return out.getvalue().encode("utf-8")


def untidy_files(package: Package) -> list[str]:
    """The files whose bytes are not canonical, or that cannot be read at all."""
    found = []
    for table in package.tables.values():
        rows, problems = read_table(package, table)
        if problems or canonical(table, rows) != (package.root / str(table.path)).read_bytes():
            found.append(str(table.path))
    return found


if __name__ == "__main__":
    sys.exit(main())
