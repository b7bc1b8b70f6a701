"""Read: each CSV file strictly, as bytes that have one reading only.

Frictionless lets an unclosed quote swallow the rest of a file, guesses encodings and accepts a byte-order mark, blanks
around a cell, `+1` and `2024-1-5`; all of that is refused here, before anything looks at what the cells mean.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from scripts.package import Field, Package, Row, Rows, Table, Value, open_package
from scripts.problems import BadDataError, Problem

FORMULA = re.compile(r"[=+\-@\t\r]")
CONTROL = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
CANONICAL: dict[str, Callable[[str], bool]] = {
    "integer": lambda cell: bool(re.fullmatch(r"0|-?[1-9][0-9]{0,17}", cell)),
    "number": lambda cell: bool(re.fullmatch(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?", cell)),
    "boolean": lambda cell: cell in ("0", "1"),
    "date": lambda cell: bool(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell)),
    "string": lambda cell: not FORMULA.match(cell),
}
NEVER_CLOSED = "has a quotation mark that is never closed"
QUOTATION_MARKS = {
    "unexpected end of data": NEVER_CLOSED,
    "expected after": "has a quotation mark within a cell, or one that only the next cell's closes",
}
SPANS_LINES = "has a quotation mark that is not closed on its line"
BLANK = "is blank"
EMPTY = "is empty"
NO_COMMAS = "is not separated by commas"
EXPECTED = {
    "integer": "a whole number written plainly, such as 12",
    "number": "a number written plainly, such as 0.25",
    "boolean": "0 or 1",
    "date": "a date written as 2025-02-24",
    "string": "text that no spreadsheet runs as a formula (it may not begin with = + - @)",
}


def read_whole(root: Path) -> tuple[Package, Rows]:
    """The package and every table's rows; BadDataError with every problem if one table cannot be read."""
    package = open_package(root)
    rows, problems = read_package(package)
    if problems:
        raise BadDataError(problems)
    return package, rows


def read_package(package: Package) -> tuple[Rows, list[Problem]]:
    """Read every table's CSV file.

    Returns the rows of the tables that could be read, by table name, and every problem found in all of them.
    """
    rows: Rows = {}
    problems = list(_unnamed_files(package))
    for table in package.tables.values():
        found, wrong = read_table(package, table)
        problems += wrong
        if not wrong:
            rows[table.name] = found
    return rows, problems


def read_table(package: Package, table: Table) -> tuple[list[Row], list[Problem]]:
    """Read one CSV file; the rows are complete only if there are no problems."""
    assert table.path
    try:
        content = (package.root / table.path).read_bytes()
    except OSError as error:
        return [], [Problem(table.path, None, None, f"cannot be read: {error.strerror}")]
    problems = list(_byte_problems(table.path, content))
    if problems:
        return [], problems
    lines, problems = _parse(table.path, content.decode("utf-8"))
    problems += _header_problems(table, lines)
    if problems:
        return [], problems
    problems = list(_row_problems(table, lines))
    if not lines[1:] and not table.may_be_empty:
        problems.append(Problem(table.path, None, None, "has a header and no rows"))
    return ([] if problems else [_row(table, number, cells) for number, cells in lines[1:]]), problems


def not_csv(error: csv.Error) -> str:
    """What a quotation mark does wrong."""
    return next((reason for said, reason in QUOTATION_MARKS.items() if said in str(error)), str(error))


def not_utf8(error: UnicodeDecodeError) -> str:
    """The byte at which a text stops being UTF-8."""
    return f"is not UTF-8 (byte 0x{error.object[error.start]:02x})"


def wrong_width(cells: int, columns: int) -> str:
    """How many cells a row has, and how many it should have."""
    return f"has {cells} cells where the header has {columns}"


def _unnamed_files(package: Package) -> Iterator[Problem]:
    named = {table.path for table in package.tables.values()}
    for path in sorted((package.root / "data").rglob("*.csv")):
        relative = path.relative_to(package.root).as_posix()
        if relative not in named:
            yield Problem(relative, None, None, "is not named in datapackage.yaml")


def _byte_problems(file: str, content: bytes) -> Iterator[Problem]:
    if not content:
        yield Problem(file, None, None, EMPTY)
        return
    if content.startswith(b"\xef\xbb\xbf"):
        yield Problem(file, 1, None, "begins with a byte-order mark")
    if b"\r" in content:
        yield Problem(
            file, content[: content.index(b"\r")].count(b"\n") + 1, None, "has a carriage return; lines end in LF alone"
        )
    if not content.endswith(b"\n"):
        yield Problem(file, content.count(b"\n") + 1, None, "does not end in a line feed")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        yield Problem(file, row, None, not_utf8(error))


def _parse(file: str, text: str) -> tuple[list[tuple[int, list[str]]], list[Problem]]:
    """Numbered lines of cells; each record must stand on one line, which is what an unclosed quote breaks."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for cells in reader:
            if reader.line_num != start:
                return lines, [Problem(file, start, None, SPANS_LINES)]
            lines.append((start, cells))
            start = reader.line_num + 1
    except csv.Error as error:
        return lines, [Problem(file, start, None, not_csv(error))]
    return lines, []


def _header_problems(table: Table, lines: list[tuple[int, list[str]]]) -> list[Problem]:
    assert table.path
    expected = [field.name for field in table.typed_fields]
    header = lines[0][1] if lines else []
    if header == expected:
        return []
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        return [Problem(table.path, 1, None, NO_COMMAS)]
    problems = [Problem(table.path, 1, name, "is a column that is missing") for name in expected if name not in header]
    problems += [
        Problem(table.path, 1, name, "is a column that the schema does not have")
        for name in header
        if name not in expected
    ]
    return problems or [
        Problem(table.path, 1, None, f"has its columns repeated or in another order; expected {','.join(expected)}")
    ]


def _row_problems(table: Table, lines: list[tuple[int, list[str]]]) -> Iterator[Problem]:
    assert table.path
    fields = table.typed_fields
    for number, cells in lines[1:]:
        if not any(cells):
            yield Problem(table.path, number, None, BLANK)
        elif len(cells) != len(fields):
            yield Problem(table.path, number, None, wrong_width(len(cells), len(fields)))
        else:
            for field, cell in zip(fields, cells, strict=True):
                reason = _cell_problem(field, cell)
                if reason:
                    yield Problem(table.path, number, field.name, reason)


def _cell_problem(field: Field, cell: str) -> str | None:
    if CONTROL.search(cell):
        return "has a control character or one that cannot be seen"
    if cell != cell.strip():
        return f'has blanks around it: "{cell}"'
    if not unicodedata.is_normalized("NFC", cell):
        return f'is not in Unicode normal form C: "{cell}"'
    if cell and not CANONICAL[field.type](cell):
        return f'"{cell}" is not {EXPECTED[field.type]}'
    return None


def _row(table: Table, number: int, cells: list[str]) -> Row:
    values = {f.name: _value(f, cell) for f, cell in zip(table.typed_fields, cells, strict=True)}
    return Row(number, values)


def _value(field: Field, cell: str) -> Value:
    if cell == "":
        return None
    if field.type in ("integer", "boolean"):
        return int(cell)
    return float(cell) if field.type == "number" else cell
