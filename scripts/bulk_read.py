"""Read at size: a CSV file of any length into DuckDB, as strictly as `read` reads the record's small ones.

DuckDB's own reader is fast and lets some things pass: an empty line, an empty cell too many, blanks outside quotation
marks, a record over several lines. Each of these loses bytes or line feeds between the file and the table, so both
are counted. A file whose bytes do not add up, or which DuckDB refuses, is read again line by line, which finds what is
wrong where. Lines may end in LF or CRLF, and a byte-order mark is passed over: these files are others'.
"""

import csv
import gzip
import tempfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import duckdb

from scripts.bulk_rules import literal, quoted
from scripts.package import unreadable
from scripts.portable_pattern import BLANKS
from scripts.problems import BadDataError, Problem
from scripts.read import BLANK, EMPTY, NEVER_CLOSED, NO_COMMAS, SPANS_LINES, not_csv, not_utf8, wrong_width

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
GZIP = b"\x1f\x8b"
CHUNK = 1 << 20
CUT_SHORT = "is a compressed file that ends too early"
DAMAGED = "is not a compressed file, or a damaged one"
# How far a quotation mark that is not closed on its line is looked for.
LINES_OF_A_RECORD = 100


def read_csv(
    connection: duckdb.DuckDBPyConnection, name: str, path: Path, *, file: str | None = None, keep_going: bool = False
) -> list[Problem]:
    """Load a CSV file, plain or .gz, as the relation `name`.

    It has the columns of the header in lower case, all VARCHAR, an empty cell being NULL, blanks around names and cells
    taken off; and `line`, the line in the file, the header being line 1. The relation is a view over a table of that
    name and the word read, in the order of the file: no row may be deleted there. The connection is set to keep order.

    `file` is what problems call the file, its name unless told. A file with a row that cannot be read raises
    BadDataError with every such row; with `keep_going` these rows are left out, and the problems returned. A file that
    cannot be read as a whole raises in either case.
    """
    file = file or path.name
    with _opened(path, file) as text:
        header = _header(text, file)
        connection.execute("set preserve_insertion_order = true")
        if _load(connection, name, text, header):
            return []
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / "rows.csv"
            problems = _rewritten(text, file, header, plain)
            if problems and not keep_going:
                raise BadDataError(problems)
            _store(connection, name, plain, ["line", *header.columns], skip=0)
            _show(connection, name, header.columns, "cast(line as bigint)")
            return problems


@dataclass(frozen=True)
class Scan:
    """A file to be read in SQL without being stored: its columns, and `rows`, a relation in which they are all VARCHAR.

    What comes of it holds only if `adds_up` says so: how many rows there were, the bytes of their cells, and how many
    quotation marks stood within cells. `lines` is how many lines the file has behind its header.
    """

    columns: list[str]
    lines: int
    rows: str
    adds_up: Callable[[int, int, int], bool]


@contextmanager
def scanned(path: Path, *, file: str | None = None) -> Iterator[Scan]:
    """A file for whoever needs it once or twice and not all at once; BadDataError if it cannot be read as a whole."""
    file = file or path.name
    with _opened(path, file) as text:
        header = _header(text, file)
        counted = _counted(text, header.bytes)

        def adds_up(rows: int, cells: int, within: int) -> bool:
            """Whether that is all that the file has."""
            return _adds_up(header, counted, rows, cells, within)

        yield Scan(header.columns, counted.lines, _rows_of(text, header.columns, skip=1), adds_up)


@dataclass(frozen=True)
class Header:
    """The columns, and how many bytes of the file are theirs."""

    columns: list[str]
    bytes: int
    crlf: bool


@contextmanager
def _opened(path: Path, file: str) -> Iterator[Path]:
    """A plain file with the content of this one, which may be compressed."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == GZIP or path.suffix == ".gz"
    except OSError as error:
        raise BadDataError([unreadable(file, error)]) from error
    if not packed:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.csv"
        try:
            with gzip.open(path) as content, plain.open("wb") as out:
                while chunk := content.read(CHUNK):
                    out.write(chunk)
        except EOFError as error:
            raise BadDataError([Problem(file, None, None, CUT_SHORT)]) from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise BadDataError([Problem(file, None, None, DAMAGED)]) from error
        yield plain


def _header(text: Path, file: str) -> Header:
    with text.open("rb") as content:
        first = content.readline()
    if not first:
        raise BadDataError([Problem(file, None, None, EMPTY)])
    line = first.removeprefix(BYTE_ORDER_MARK)
    try:
        [cells] = csv.reader([line.decode("utf-8").rstrip("\r\n")], strict=True)
    except UnicodeDecodeError as error:
        raise BadDataError([Problem(file, 1, None, not_utf8(error))]) from error
    except csv.Error as error:
        raise BadDataError([Problem(file, 1, None, not_csv(error))]) from error
    columns = [cell.strip().lower() for cell in cells]
    problems = list(_header_problems(file, columns))
    if problems:
        raise BadDataError(problems)
    return Header(columns, len(first), line.endswith(b"\r\n"))


def _header_problems(file: str, columns: list[str]) -> Iterator[Problem]:
    if not any(columns):
        yield Problem(file, 1, None, BLANK)
    elif len(columns) == 1 and any(mark in columns[0] for mark in ";\t"):
        yield Problem(file, 1, None, NO_COMMAS)
    else:
        for number, column in enumerate(columns, start=1):
            if not column:
                yield Problem(file, 1, None, f"has no name for column {number}")
            elif column in columns[: number - 1]:
                yield Problem(file, 1, column, "is a column that is repeated")
            elif column == "line":
                yield Problem(file, 1, column, "is a name that is kept for the line in the file")


def _load(connection: duckdb.DuckDBPyConnection, name: str, text: Path, header: Header) -> bool:
    """Load by DuckDB; whether all bytes and lines of the file are in the table."""
    try:
        _store(connection, name, text, header.columns, skip=1)
    except duckdb.Error:
        return False
    if not _complete(connection, name, header, _counted(text, header.bytes)):
        connection.execute(f"drop table {_table(name)}")
        return False
    _show(connection, name, header.columns, "rowid + 2")
    return True


def _store(connection: duckdb.DuckDBPyConnection, name: str, text: Path, columns: list[str], *, skip: int) -> None:
    connection.execute(f"drop view if exists {quoted(name)}")
    connection.execute(f"create or replace table {_table(name)} as from {_rows_of(text, columns, skip=skip)}")


def _rows_of(text: Path, columns: list[str], *, skip: int) -> str:
    """A file as a relation, every option pinned: nothing is guessed but LF or CRLF, which `new_line` mistakes."""
    typed = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    return f"""read_csv(
        {literal(str(text))}, columns={{{typed}}}, header=false, skip={skip}, auto_detect=false, strict_mode=true,
        delim=',', quote='"', escape='"', comment='', nullstr='', null_padding=false, ignore_errors=false,
        all_varchar=true, compression='none', encoding='utf-8'
    )"""


@dataclass(frozen=True)
class Counted:
    """What stands in a file behind its header: lines, line feeds, quotation marks and bytes."""

    lines: int
    feeds: int
    marks: int
    size: int


def _counted(text: Path, start: int) -> Counted:
    feeds = marks = size = 0
    last = b"\n"
    with text.open("rb") as content:
        content.seek(start)
        while chunk := content.read(CHUNK):
            feeds, marks, size = feeds + chunk.count(b"\n"), marks + chunk.count(b'"'), size + len(chunk)
            last = chunk[-1:]
    return Counted(feeds + (last != b"\n"), feeds, marks, size)


def _complete(connection: duckdb.DuckDBPyConnection, name: str, header: Header, counted: Counted) -> bool:
    """Whether each line is a row, no row is blank, and cells, commas, marks and line ends make up all bytes."""
    table = _table(name)
    cells = _sum(connection, f"select sum(strlen(columns(*))) from {table}")  # noqa: S608
    marks = "strlen(columns(*)) - strlen(replace(columns(*), '\"', ''))"
    within = _sum(connection, f"select sum({marks}) from {table}") if counted.marks else 0  # noqa: S608
    blank = f"coalesce({', '.join(map(quoted, header.columns))}) is null"
    rows, blanks = connection.execute(f"select count(*), count(*) filter ({blank}) from {table}").fetchall()[0]  # noqa: S608
    return not blanks and _adds_up(header, counted, rows, cells, within)


def _adds_up(header: Header, counted: Counted, rows: int, cells: int, within: int) -> bool:
    """Whether rows, bytes of cells and marks within them are all that a file has beside commas and line ends."""
    around = rows * (len(header.columns) - 1) + counted.feeds * (2 if header.crlf else 1) + counted.marks - within
    return rows == counted.lines and cells + around == counted.size


def _sum(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    """All sums of a query's one row."""
    return sum(number or 0 for number in connection.execute(query).fetchall()[0])


def _show(connection: duckdb.DuckDBPyConnection, name: str, columns: list[str], line: str) -> None:
    """The view, with blanks taken off the columns that have some."""
    blanks = literal(BLANKS)
    aggregated = ", ".join(f"bool_or(trim({quoted(c)}, {blanks}) <> {quoted(c)})" for c in columns)
    found = connection.execute(f"select {aggregated} from {_table(name)}").fetchone()  # noqa: S608
    assert found
    shown = [
        f"nullif(trim({quoted(column)}, {blanks}), '') as {quoted(column)}" if blank else quoted(column)
        for column, blank in zip(columns, found, strict=True)
    ]
    connection.execute(f"create view {quoted(name)} as select {', '.join(shown)}, {line} as line from {_table(name)}")  # noqa: S608


def _table(name: str) -> str:
    return quoted(f"{name} read")


def _rewritten(text: Path, file: str, header: Header, plain: Path) -> list[Problem]:
    """Write the rows that can be read, each behind the number of its line, and say what is wrong with the others."""
    problems = []
    with text.open("rb") as content, plain.open("w", encoding="utf-8", newline="") as out:
        content.seek(header.bytes)
        writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
        for number, found in _records(content, len(header.columns)):
            if isinstance(found, str):
                problems.append(Problem(file, number, None, found))
            else:
                writer.writerow([number, *found])
    return problems


def _records(content: BinaryIO, width: int) -> Iterator[tuple[int, list[str] | str]]:
    """The lines behind the header with their cells, or with what is wrong with them."""
    waiting: deque[bytes] = deque()
    number = 2
    while line := waiting.popleft() if waiting else content.readline():
        found = _cells(line, width)
        lines = 1
        if found == NEVER_CLOSED:
            waiting.extend(islice(content, LINES_OF_A_RECORD - len(waiting)))
            found, lines = _over_lines([line, *waiting], width)
        yield number, found
        for _ in range(lines - 1):
            waiting.popleft()
        number += lines


def _cells(line: bytes, width: int) -> list[str] | str:
    try:
        text = line.decode("utf-8").removesuffix("\n").removesuffix("\r")
        cells = next(csv.reader([text], strict=True), [])
    except UnicodeDecodeError as error:
        return not_utf8(error)
    except csv.Error as error:
        return not_csv(error)
    if not any(cells):
        return BLANK
    return cells if len(cells) == width else wrong_width(len(cells), width)


def _over_lines(lines: list[bytes], width: int) -> tuple[str, int]:
    """What is wrong with a line whose quotation mark is not closed there, and how many lines are wrong by that.

    Where the lines up to the next mark make a row they are one record; else the mark is a slip of this line alone, and
    may swallow no other.
    """
    reader = csv.reader((line.decode("utf-8", "replace") for line in lines), strict=True)
    try:
        cells = next(reader)
    except csv.Error as error:
        return not_csv(error), 1
    return SPANS_LINES, reader.line_num if len(cells) == width else 1
