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

FORMULA = re.compile(r"[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
# Controls, private use and non-characters; what has no width (joiners, fillers, selectors, tags) or turns direction.
CONTROL = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ue000-\uf8ff\ufff0-\ufffb\ufffe\uffff\U000e0000-\U0010ffff"
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)
LATIN = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
# Letters of Cyrillic and Greek that a reader takes for Latin ones.
LOOK_ALIKE = (
    "\u0405\u0406\u0408\u0410\u0412\u0415\u041a\u041c-\u041e\u0420-\u0423\u0425\u0430\u0435\u043e\u0440\u0441\u0443"
    "\u0445\u0455\u0456\u0458\u04bb\u051b\u051d"
    "\u0391\u0392\u0395-\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bd\u03bf\u03c1\u03f2\u03f9"
)
# What text here has no use for, and a reader's program may run or a reader mistake. A bare < or & is no markup.
REFUSED_IN_TEXT = {
    "has markup of HTML": re.compile(r"<[A-Za-z/!?]|&(?:#[0-9]|#[xX][0-9A-Fa-f]|[A-Za-z][A-Za-z0-9]*;)"),
    "has an address that a browser would run": re.compile(
        r"\b(?:java|vb)script\s*:|\bdata:(?:[a-z]+/|[;,])", re.IGNORECASE
    ),
    "has letters that look like those of its words and are of another script": re.compile(
        rf"\b(?=\w*[{LATIN}])(?=\w*[{LOOK_ALIKE}])[{LATIN}{LOOK_ALIKE}0-9_]+\b"
    ),
    "has the sign for a letter that was lost": re.compile("\ufffd"),
}
# Without one of these a text is none of that, and need not be searched again.
SUSPICIOUS = re.compile(rf"[<&:\ufffd{LOOK_ALIKE}]")
PLAIN_KEY = re.compile(r"[!-~]+(?: [!-~]+)*")
YEARS = ("1800", "2100")
CANONICAL: dict[str, Callable[[str], bool]] = {
    "integer": lambda cell: bool(re.fullmatch(r"0|-?[1-9][0-9]{0,17}", cell)),
    "number": lambda cell: bool(re.fullmatch(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?", cell)),
    "boolean": lambda cell: cell in ("0", "1"),
    "date": lambda cell: bool(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell)),
    "string": lambda cell: not FORMULA.match(cell),
}
# A line in which each cell stands in quotation marks, inner ones doubled, or has none; Python takes `a"b` as it is.
QUOTED_WHOLE = re.compile(r'(?:"(?:[^"]|"")*"|[^",]*)(?:,(?:"(?:[^"]|"")*"|[^",]*))*')
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
    written = text.split("\n")
    lines: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for cells in reader:
            if reader.line_num != start:
                return lines, [Problem(file, start, None, SPANS_LINES)]
            if '"' in written[start - 1] and not QUOTED_WHOLE.fullmatch(written[start - 1]):
                return lines, [Problem(file, start, None, QUOTATION_MARKS["expected after"])]
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
    plain = table.plain_keys
    for number, cells in lines[1:]:
        if not any(cells):
            yield Problem(table.path, number, None, BLANK)
        elif len(cells) != len(fields):
            yield Problem(table.path, number, None, wrong_width(len(cells), len(fields)))
        else:
            for field, cell in zip(fields, cells, strict=True):
                reason = _cell_problem(field, cell, plain_key=field.name in plain)
                if reason:
                    yield Problem(table.path, number, field.name, reason)


def _cell_problem(field: Field, cell: str, *, plain_key: bool) -> str | None:
    if CONTROL.search(cell):
        return "has a control character or one that cannot be seen"
    if cell != cell.strip():
        return f'has blanks around it: "{cell}"'
    if not unicodedata.is_normalized("NFC", cell):
        return f'is not in Unicode normal form C: "{cell}"'
    if cell and not CANONICAL[field.type](cell):
        return f'"{cell}" is not {EXPECTED[field.type]}'
    if field.type == "date" and cell and not YEARS[0] <= cell < YEARS[1]:
        return f'"{cell}" is not of the years {YEARS[0]} to {int(YEARS[1]) - 1}'
    return _text_problem(cell, plain_key=plain_key) if field.type == "string" and cell else None


def _text_problem(cell: str, *, plain_key: bool) -> str | None:
    if SUSPICIOUS.search(cell):
        for reason, pattern in REFUSED_IN_TEXT.items():
            if pattern.search(cell):
                return f'{reason}: "{cell}"'
    if plain_key and not PLAIN_KEY.fullmatch(cell):
        return f'is a key with more than plain letters, digits and marks: "{cell}"'
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
