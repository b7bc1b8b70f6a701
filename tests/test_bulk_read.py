"""Read at size: a file has the reading that `read` gives it, or none; plain and compressed are the same."""

import csv
import gzip
import io
from pathlib import Path

import duckdb
import pytest
from conftest import small_package
from test_read import BLANK_ROWS, HEADER, SCHEMA, UNCLOSED

from scripts.build import ROOT
from scripts.bulk_read import read_csv
from scripts.package import open_package
from scripts.problems import BadDataError
from scripts.read import read_table


@pytest.fixture
def read(tmp_path: Path):
    """Read bytes; returns the rows behind their line, and the problems as text."""

    def run(content: bytes, *, packed: bool = False, keep_going: bool = False):
        path = tmp_path / ("games.csv.gz" if packed else "games.csv")
        path.write_bytes(gzip.compress(content) if packed else content)
        with duckdb.connect() as connection:
            try:
                problems = read_csv(connection, "games", path, file="games.csv", keep_going=keep_going)
            except BadDataError as error:
                assert connection.execute("select count(*) from duckdb_views() where not internal").fetchone() == (0,)
                return None, [str(problem) for problem in error.problems]
            rows = connection.execute("select line, * exclude (line) from games order by line").fetchall()
        return rows, [str(problem) for problem in problems]

    return run


GOOD = {
    "plain": b"A,b\n1,2\n3,4\n",
    "carriage returns": b"A,b\r\n1,2\r\n3,4\r\n",
    "both": b"A,b\n1,2\r\n3,4\n",
    "byte-order mark": b"\xef\xbb\xbfA,b\n1,2\n3,4\n",
    "no final line feed": b"A,b\n1,2\n3,4",
    "blanks": " A , b\n 1,2 \n\xa03,\t4\u3000\n".encode(),
    "quotation marks": b'"A","b"\n"1","2"\n3,"4"\n',
    "blanks and quotation marks": b'A,b\n" 1",2\n3," 4 "\n',
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("content", GOOD.values(), ids=GOOD)
def test_each_way_to_write_a_file_has_the_same_reading(read, content, packed):
    assert read(content, packed=packed) == ([(2, "1", "2"), (3, "3", "4")], [])


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        (b'"a, b","c ""d"""', ("a, b", 'c "d"')),
        (b',""', None),
        (b'"",x', (None, "x")),
        (b'a"b,c', ('a"b', "c")),
        ("Côte d\u2019Ivoire,美俄".encode(), ("Côte d\u2019Ivoire", "美俄")),
        (b"NULL,nan", ("NULL", "nan")),
        (b"#a,\\N", ("#a", "\\N")),
        (b"007,1e5", ("007", "1e5")),
        (b'a\\,"b\\"', ("a\\", "b\\")),
    ],
)
def test_cells_are_texts_as_they_stand(read, row, cells):
    rows, problems = read(b"a,b\n" + row + b"\n")
    assert (rows, problems) == (([(2, *cells)], []) if cells else (None, ["games.csv, row 2: is blank"]))


def test_names_of_columns_are_in_lower_case_and_without_blanks(read, tmp_path):
    (tmp_path / "games.csv").write_bytes(b' Undl_ID ,"MS Code"\n1,2\n')
    with duckdb.connect() as connection:
        read_csv(connection, "games", tmp_path / "games.csv")
        described = connection.execute("describe games").fetchall()
    assert [(name, kind) for name, kind, *_ in described] == [
        ("undl_id", "VARCHAR"),
        ("ms code", "VARCHAR"),
        ("line", "BIGINT"),
    ]


# What is wrong with a row of a file with two columns, and what is said of it.
WRONG = {
    "short row": (b"x", "has 1 cells where the header has 2"),
    "long row": (b"x,y,z", "has 3 cells where the header has 2"),
    "empty cell too many": (b"x,y,", "has 3 cells where the header has 2"),
    "empty line": (b"", "is blank"),
    "empty cells": (b",", "is blank"),
    "latin-1": (b"x,C\xf4te", "is not UTF-8 (byte 0xf4)"),
    "letter behind a mark": (b'"x"y,z', "has a quotation mark within a cell, or one that only the next cell's closes"),
    "blank behind a mark": (b'"x" ,z', "has a quotation mark within a cell, or one that only the next cell's closes"),
    "escaped by a backslash": (
        b'"x\\"y",z',
        "has a quotation mark within a cell, or one that only the next cell's closes",
    ),
    "mark that is never closed": (b'"x,y', "has a quotation mark that is never closed"),
    "record over two lines": (b'"x\ny",z', "has a quotation mark that is not closed on its line"),
    "carriage return": (b"x\ry,z", "new-line character seen in unquoted field"),
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("row", "reason"), WRONG.values(), ids=WRONG)
def test_a_row_that_cannot_be_read_is_named_and_only_that_row_left_out(read, row, reason, packed):
    content = b"a,b\n1,2\n" + row + b"\n3,4\n5,6\n"
    last = content.count(b"\n")
    refused, [problem] = read(content, packed=packed)
    assert refused is None
    assert problem.startswith(f"games.csv, row 3: {reason}")
    assert read(content, packed=packed, keep_going=True) == (
        [(2, "1", "2"), (last - 1, "3", "4"), (last, "5", "6")],
        [problem],
    )


def test_every_row_that_cannot_be_read_is_named(read):
    content = b'a,b\n"x\n1,2\n"y"z,\n\n3,4\n5\n"p\nq",r\n6,7\n'
    rows, problems = read(content, keep_going=True)
    assert rows == [(3, "1", "2"), (6, "3", "4"), (10, "6", "7")]
    assert [problem.partition(":")[0] for problem in problems] == [f"games.csv, row {row}" for row in (2, 4, 5, 7, 8)]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "games.csv: is empty"),
        (b"\n1,2\n", "games.csv, row 1: is blank"),
        (b"a;b\n1;2\n", "games.csv, row 1: is not separated by commas"),
        (b"a,,c\n1,2,3\n", "games.csv, row 1: has no name for column 2"),
        (b"a,b, A\n1,2,3\n", "games.csv, row 1, field a: is a column that is repeated"),
        (b"a,line\n1,2\n", "games.csv, row 1, field line: is a name that is kept for the line in the file"),
        (b'a,"b\nc"\n1,2\n', "games.csv, row 1: has a quotation mark that is never closed"),
        (b"a,\xf4\n1,2\n", "games.csv, row 1: is not UTF-8 (byte 0xf4)"),
    ],
)
@pytest.mark.parametrize("keep_going", [False, True])
def test_a_file_without_a_header_that_can_be_read_is_refused(read, content, problem, keep_going):
    assert read(content, keep_going=keep_going) == (None, [problem])


def test_a_compressed_file_that_was_cut_short_or_is_none_is_refused(tmp_path):
    whole = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (n, n * n) for n in range(5000)))
    for content, reason in (
        (whole[:-9], "ends too early"),
        (whole[:40] + b"xx" + whole[42:], "damaged"),
        (b"a,b\n", "not"),
    ):
        path = tmp_path / "games.csv.gz"
        path.write_bytes(content)
        with duckdb.connect() as connection, pytest.raises(BadDataError, match=reason):
            read_csv(connection, "games", path, keep_going=True)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with duckdb.connect() as connection, pytest.raises(BadDataError, match=r"games\.csv: cannot be read: No such file"):
        read_csv(connection, "games", tmp_path / "games.csv")


@pytest.mark.parametrize("text", [*UNCLOSED, *(text for text, _ in BLANK_ROWS), "a,1\n", "a,1,,,\n"])
def test_what_read_refuses_is_refused_in_its_words(read, tmp_path, text):
    package = small_package(tmp_path, {"games": SCHEMA}, {"games": HEADER + text})
    first = read_table(package, package.tables["games"])[1][0]
    found = read((HEADER + text).encode())[1][0]
    assert found == str(first).removeprefix("data/")


def test_each_file_of_the_record_has_the_same_reading(tmp_path):
    for table in open_package(ROOT).tables.values():
        path = ROOT / table.path
        expected = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))[1:]
        with duckdb.connect() as connection:
            assert read_csv(connection, table.name, path) == []
            rows = connection.execute(f'select line, * exclude (line) from "{table.name}" order by line').fetchall()  # noqa: S608
        assert rows == [(line, *(cell or None for cell in cells)) for line, cells in enumerate(expected, start=2)]


def test_lines_are_right_in_a_file_of_many_blocks_in_little_memory(tmp_path):
    path = tmp_path / "many.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("n,text\n")
        file.writelines(f"{n},{'x' * (n % 400)}\n" for n in range(2, 400_002))
    with duckdb.connect(tmp_path / "many.db", config={"memory_limit": "300MB", "threads": 2}) as connection:
        assert read_csv(connection, "many", path) == []
        wrong = connection.execute("select count(*) filter (n <> cast(line as varchar)), count(*) from many").fetchone()
    assert wrong == (0, 400_000)
