"""Validate at size: whatever Frictionless says of a table, the SQL made from the same schema says, word for word."""

import csv
import io
import itertools
import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest
import test_read
import test_validate
from conftest import small_package
from test_bad_input import KINDS

from scripts.build import ROOT
from scripts.bulk_rules import quoted
from scripts.bulk_validate import bulk_problems
from scripts.package import Package, open_package
from scripts.portable_pattern import portable
from scripts.problems import BadDataError, Problem
from scripts.validate import schema_breaches

Rows = Iterable[list[str]]


def load(connection: duckdb.DuckDBPyConnection, package: Package, name: str) -> None:
    """A table as its file has it, with nothing taken off and nothing refused; a record counts as a line."""
    table = package.tables[name]
    with (package.root / table.path).open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    columns = {"line": "integer"} | {field.name: "varchar" for field in table.typed_fields}
    to_table(connection, name, columns, ([str(line), *row] for line, row in enumerate(rows, start=2)))


def to_table(connection: duckdb.DuckDBPyConnection, name: str, columns: dict[str, str], rows: Rows) -> None:
    """Texts by way of a file, which is faster than one by one; an empty one stays one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
        pinned = "header=false, auto_detect=false, quote='\"', escape='\"', nullstr='\\N', delim=','"
        read = f"read_csv($1, columns=$2, {pinned})"
        connection.execute(f"create table {quoted(name)} as from {read}", [str(path), columns])


def held_together(package: Package, names: list[str] | None = None) -> list[Problem]:
    """What both validators say of these tables, which must be the same."""
    names = [name for name in package.tables if names is None or name in names]
    with duckdb.connect() as connection:
        for name in names:
            load(connection, package, name)
        found = bulk_problems(connection, [package.tables[name] for name in names])
    assert found == schema_breaches(package, set(names))
    return found


def csv_text(*rows: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def shaped(package: Package) -> list[str]:
    """The tables that have the columns of their schema and a cell in each, which is what a validator needs."""
    names = []
    for table in package.tables.values():
        try:
            text = (package.root / table.path).read_text(encoding="utf-8")
            header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        except (OSError, ValueError, csv.Error):
            continue
        if header == [field.name for field in table.typed_fields] and all(len(row) == len(header) for row in rows):
            names.append(table.name)
    return names


# --- the record ---


def test_neither_finds_anything_in_the_record():
    assert held_together(open_package(ROOT)) == []


@pytest.fixture
def described(tmp_path):
    """A copy of what the validators look at, which a test may break."""
    for name in ("data", "schema"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("datapackage.yaml", "metadata.yml"):
        shutil.copy2(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("change", [pytest.param(change, id=kind) for kind, change, *_ in KINDS])
def test_both_say_the_same_of_every_kind_of_bad_input(described, change):
    change(described)
    changed = {
        path.relative_to(described).as_posix()
        for path in described.rglob("*")
        if path.is_file() and (not (ROOT / path.relative_to(described)).exists() or differs(path, described))
    }
    try:
        package = open_package(described)
    except BadDataError:
        # The package cannot be opened, so neither validator gets to see it.
        return
    tables = package.tables.values()
    touched = {table.name for table in tables if table.path in changed or f"schema/{table.name}.yaml" in changed}
    rekeyed = {name for name in touched if keys(described, package, name) != keys(ROOT, package, name)}
    referring = {table.name for table in tables if rekeyed & {key.table for key in table.foreign_keys}}
    referred = {key.table for name in touched | referring for key in package.tables[name].foreign_keys}
    held_together(package, sorted((touched | referring | referred) & set(shaped(package))))


def keys(root: Path, package: Package, name: str) -> set[tuple[str, ...]]:
    """What other tables may refer to; where it is as it was, those need no second look."""
    table = package.tables[name]
    with (root / table.path).open(encoding="utf-8", errors="replace", newline="") as file:
        return {tuple(row.get(column) or "" for column in table.primary_key) for row in csv.DictReader(file)}


def differs(path: Path, root: Path) -> bool:
    return path.read_bytes() != (ROOT / path.relative_to(root)).read_bytes()


# --- small packages ---


@pytest.mark.parametrize(("table", "old", "new", "problem"), test_validate.BROKEN)
def test_both_say_the_same_of_a_broken_rule(tmp_path, table, old, new, problem):
    files = test_validate.FILES | {table: test_validate.FILES[table].replace(old, new)}
    [found] = held_together(small_package(tmp_path, test_validate.SCHEMAS, files))
    assert str(found).startswith(f"data/{problem}")


ODD_NUMBERS = [
    "0",
    "-0",
    "00",
    "1",
    "-1",
    "+1",
    "01",
    " 1",
    "1 ",
    "\xa01",
    "1_0",
    "1__0",
    "_1",
    "1.",
    ".5",
    "1.0",
    "1.50",
    "-1.5",
    "0.1",
    "1e2",
    "1E2",
    "12e-1",
    "1,5",
    "\uff11",
    "\u0663",
    "nan",
    "inf",
    "-Infinity",
    "0x1F",
    "1\n",
    "--1",
    "one",
    "NA",
    "9" * 18,
    "9" * 19,
    "9" * 40,
    "-" + "9" * 18,
    "0." + "1" * 18,
    "0." + "1" * 19,
    "100",
    "99.999999999999999999",
    "100.000000000000000001",
]
ODD_BOOLEANS = ["0", "1", "true", "True", "TRUE", "tRUE", "false", "FALSE", "yes", "no", " 1", "01", "t", "\uff11"]
ODD_DATES = [
    "2025-02-24",
    "2025-2-24",
    "2025-02-30",
    "2024-02-29",
    "2023-02-29",
    "2025-13-01",
    "2025-00-10",
    "0000-01-01",
    "0001-01-01",
    "1899-12-31",
    "1900-01-01",
    "9999-12-31",
    "10000-01-01",
    "-2025-02-24",
    " 2025-02-24",
    "2025-02-24 ",
    "2025-02-24T00:00",
    "2025-02-24\n",
    "20250224",
    "25-02-24",
    "\uff12025-02-24",
    "2025-02-2\u0664",
    "2025/02/24",
    "infinity",
    "epoch",
    "today",
]
ODD_TEXTS = [
    "A",
    "ABC",
    "abc",
    "ABCD",
    "ABC\n",
    "\nABC",
    "ABC\nDEF",
    " ABC",
    "ABC ",
    "a'b",
    'a"b',
    "a\\b",
    "Côte",
    "Co\u0302te",
    "美俄",
    "\U0001f1fa\U0001f1e6",
    "\u200b",
    "\xa0",
    "https://a.example/b c",
    "https://a.example/b\xa0c",
    "https://a.example/b\u200bc",
    "https://a.example/b",
    "http:",
    "mailto:a@b.example",
    "a@b.example",
    "//a.example",
    "1a:b",
    "a+b:c",
    "é:b",
    "none",
    "NULL",
    "x" * 8,
    "x" * 9,
    "é" * 8,
    "\U0001f600" * 8,
    "A/RES/1",
    "(a)",
    "[a]",
    "1",
    "\u0661",
    "a_b",
    "\uff21BC",
]
CELLS = [*ODD_NUMBERS, *ODD_BOOLEANS, *ODD_DATES, *ODD_TEXTS, *test_read.NUMBERS_WRITTEN_OTHERWISE]
CELLS += [*test_read.BOOLEANS_WRITTEN_OTHERWISE, *test_read.DATES_WRITTEN_OTHERWISE, *test_read.BLANKS_AROUND]
CELLS = ["", *dict.fromkeys(CELLS)]
FIELDS = {
    "any text": "type: string",
    "text that must be": "type: string, constraints: {required: true}",
    "three letters": 'type: string, constraints: {pattern: "[A-Z]{3}"}',
    "one of two": 'type: string, constraints: {pattern: "A|ABC"}',
    "address": "type: string, format: uri, constraints: {pattern: 'https?://\\S+', maxLength: 500}",
    "reference": "type: string, format: uri",
    "mail": "type: string, format: email",
    "no portable pattern": "type: string, constraints: {pattern: '\\w+(?!x)', required: true}",
    "short": "type: string, constraints: {maxLength: 8}",
    "listed": """type: string, constraints: {enum: ["abc", "a'b", "1", "Côte"]}""",
    "integer": "type: integer",
    "bounded integer": "type: integer, constraints: {required: true, minimum: -1, maximum: 100}",
    "listed integer": 'type: integer, constraints: {enum: ["1", "02"]}',
    "number": "type: number",
    "bounded number": "type: number, constraints: {minimum: -0.5, maximum: 100}",
    "listed number": 'type: number, constraints: {enum: ["1.5", "100"]}',
    "boolean": "type: boolean",
    "zero or one": 'type: boolean, trueValues: ["1"], falseValues: ["0"], constraints: {required: true}',
    "listed boolean": 'type: boolean, constraints: {enum: ["true"]}',
    "date": "type: date",
    "bounded date": 'type: date, constraints: {minimum: "1900-01-01", maximum: "2025-02-24"}',
    "bounded by a date": "type: date, constraints: {minimum: 1900-01-01}",
    "listed date": 'type: date, constraints: {enum: ["2025-02-24", "2025-2-3"]}',
    "date written otherwise": 'type: date, format: "%d.%m.%Y"',
}


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_both_say_the_same_of_every_odd_cell_in_a_column_of_every_kind(tmp_path, field):
    schema = f"fields: [{{name: id, type: string}}, {{name: cell, {field}}}]"
    rows = [[f"row-{number}", cell] for number, cell in enumerate(CELLS)]
    held_together(small_package(tmp_path, {"cells": schema}, {"cells": csv_text(["id", "cell"], *rows)}))


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_both_find_the_same_values_equal(tmp_path, field):
    """Two readings of each cell twice: unique in itself, part of a key, referring to itself and to another table."""
    schemas = {
        "cells": f"""
            fields:
              - {{name: id, type: string}}
              - {{name: cell, {add_unique(field)}}}
            primaryKey: [cell, id]
            foreignKeys:
              - {{fields: [cell], reference: {{resource: others, fields: [cell]}}}}
              - {{fields: [id, cell], reference: {{resource: "", fields: [id, cell]}}}}
        """,
        "others": f"fields: [{{name: id, type: string}}, {{name: cell, {field}}}]",
    }
    kept = [cell for cell in CELLS if cell != "nan"]
    rows = [["a", cell] for cell in kept] + [["", cell] for cell in kept] + [["a", cell] for cell in kept[::2]]
    others = [["b", cell] for cell in kept[1::3]]
    files = {"cells": csv_text(["id", "cell"], *rows), "others": csv_text(["id", "cell"], *others)}
    held_together(small_package(tmp_path, schemas, files))


def add_unique(field: str) -> str:
    return (
        field.replace("constraints: {", "constraints: {unique: true, ")
        if "constraints" in field
        else (f"{field}, constraints: {{unique: true}}")
    )


ALL_AT_ONCE = """
fields:
  - {name: a, type: integer, constraints: {unique: true, minimum: 3}}
  - {name: b, type: date}
  - {name: c, type: string, constraints: {unique: true, pattern: "[a-z]+", maxLength: 2}}
  - {name: d, type: boolean}
primaryKey: [c, b]
foreignKeys:
  - {fields: [a, c], reference: {resource: "", fields: [a, c]}}
  - {fields: [d], reference: {resource: flags, fields: [flag]}}
  - {fields: [a], reference: {resource: flags, fields: [flag]}}
"""
FLAGS = 'fields: [{name: flag, type: boolean, trueValues: ["yes"], falseValues: ["no"]}]'


def test_several_things_wrong_with_a_row_are_told_in_the_same_order(tmp_path):
    values = [["", "1", "01", "x", "5"], ["", "2025-02-24", "2025-2-24", "day"], ["", "abc", "AB"], ["", "true", "x"]]
    rows = csv_text(["a", "b", "c", "d"], *map(list, itertools.product(*values)))
    package = small_package(tmp_path, {"rows": ALL_AT_ONCE, "flags": FLAGS}, {"rows": rows, "flags": "flag\nno\n"})
    found = held_together(package)
    assert {re.search(r"\(([a-z-]+)\)$", problem.reason)[1] for problem in found} == {
        "blank-row",
        "constraint-error",
        "foreign-key",
        "primary-key",
        "type-error",
        "unique-error",
    }
    assert {problem.reason for problem in held_together(package, ["rows"])} >= {
        'cells composing the primary keys are all "None" (primary-key)'
    }


NUMBERED = """
fields:
  - {name: id, type: integer, constraints: {required: true, minimum: 0}}
  - {name: kind, type: string, constraints: {enum: ["a"]}}
  - {name: parent, type: integer}
primaryKey: [id]
foreignKeys: [{fields: [parent], reference: {resource: "", fields: [id]}}]
"""


@pytest.mark.parametrize("wrong", [999, 1000, 1001, 1500])
@pytest.mark.parametrize("kind", ["a", "b"])
def test_no_more_is_told_of_a_table_than_anyone_reads(tmp_path, wrong, kind):
    rows = [[str(number), "a", ""] for number in range(500)] + [["7", kind, "-1"] for number in range(wrong // 2)]
    rows += [["x", "b", ""], ["8", "a", "9"]] * (wrong // 2) + [["-3", kind, "-3"]]
    found = held_together(
        small_package(tmp_path, {"rows": NUMBERED}, {"rows": csv_text(["id", "kind", "parent"], *rows)})
    )
    assert len(found) <= 1000


def test_cells_that_only_frictionless_can_read_are_passed_over_wherever_they_stand(tmp_path):
    rows = [[f"+{number}", "a", ""] for number in range(19, 3000)] + [["\uff11_8", "b", ""]]
    text = csv_text(["id", "kind", "parent"], *rows)
    assert len(held_together(small_package(tmp_path, {"rows": NUMBERED}, {"rows": text}))) == 1


def test_orphans_wait_until_the_table_referred_to_is_sound(tmp_path):
    schemas, files = test_validate.SCHEMAS, dict(test_validate.FILES)
    files["goals"] = files["goals"].replace("XYZ", "XXX")
    files["seasons"] = files["seasons"].replace("ABC,1991", "ABC,1990")
    package = small_package(tmp_path, schemas, files)
    assert [problem.file for problem in held_together(package)] == ["data/seasons.csv"]
    assert [problem.file for problem in held_together(package, ["teams", "goals"])] == []


def test_a_half_empty_key_is_held_against_rows_with_the_same_half(tmp_path):
    key = "fields: [{name: a, type: string}, {name: b, type: integer}]"
    refers = key + "\nforeignKeys: [{fields: [a, b], reference: {resource: others, fields: [a, b]}}]"
    files = {"rows": "a,b\nx,\ny,\n,1\n,2\nx,1\n,\n", "others": "a,b\nx,\n,1\n"}
    package = small_package(tmp_path, {"rows": refers, "others": key}, files)
    assert [problem.row for problem in held_together(package) if "foreign-key" in problem.reason] == [3, 5, 6]


def test_a_relation_may_have_another_name_and_null_for_an_empty_cell(tmp_path):
    package = small_package(tmp_path, {"rows": NUMBERED}, {"rows": "id,kind,parent\n1,,\n,b,\n"})
    with duckdb.connect() as connection:
        load(connection, package, "rows")
        connection.execute(
            'create view "the ""rows""" as select nullif(id, $$$$) as id, nullif(kind, $$$$) as kind, '
            "nullif(parent, $$$$) as parent, line from rows"
        )
        found = bulk_problems(connection, [package.tables["rows"]], {"rows": 'the "rows"'})
    assert found == schema_breaches(package, {"rows"})
    assert [problem.row for problem in found] == [3, 3, 3]


# --- patterns ---

PORTABLE = [
    "[A-Z]{3}",
    "a|b",
    "ab|ba|",
    "(a|b)+c?",
    "(?:ab){2,3}",
    "[^a]b",
    "a.b",
    "a\\.b",
    "\\S+",
    "\\S+( \\([0-9]{4}\\))?",
    "[a-z0-9-]+(\\.[a-z0-9-]+)+",
    "[A-Z]{3}(\\|[A-Z]{3})*",
    "\\{.*\\}",
    "é[à-ü]",
    "a*?b",
    "'",
]
NOT_PORTABLE = [
    "\\w",
    "\\d+",
    "\\s",
    "a(?=b)",
    "(a)\\1",
    "a++",
    "a{,2}",
    "[[:alpha:]]",
    "^a",
    "a$",
    "\\bA",
    "[\\d]",
]


@pytest.mark.parametrize("pattern", PORTABLE)
def test_a_portable_pattern_says_the_same_to_duckdb_as_to_python(pattern):
    alphabet = ["a", "b", "A", "B", "Z", ".", "|", "-", "0", "9", "{", "}", "(", ")", " ", "\n", "\xa0", "é", "'", "\\"]
    texts = [
        "".join(letters)
        for length in range(5)
        for letters in itertools.product(alphabet[:6] if length > 3 else alphabet, repeat=length)
    ]
    texts += ["ABC|DEF", "a.b-c.d9", "{a}\n", "a\n\n", "x (2025)", "a\u2003b", "a\x1cb", "a\x85b", "ababab", "aabbcc"]
    expected = [bool(re.compile(f"^{pattern}$").match(text)) for text in texts]
    with duckdb.connect() as connection:
        to_table(connection, "texts", {"t": "varchar"}, [[text] for text in texts])
        found = connection.execute(
            "select regexp_matches(t, $1) from texts order by rowid", [portable(pattern)]
        ).fetchall()
    assert [bool(matches) for (matches,) in found] == expected
    assert any(expected)


@pytest.mark.parametrize("pattern", NOT_PORTABLE)
def test_a_pattern_that_may_be_read_otherwise_is_left_to_frictionless(tmp_path, pattern):
    assert portable(pattern) is None
    schema = (
        f"fields: [{{name: id, type: string}}, {{name: cell, type: string, constraints: {{pattern: '{pattern}'}}}}]"
    )
    rows = [["x", cell] for cell in ["a", "A", "ab", "aa", "1", "\u0661", "é", " ", "\xa0", "l", "a\n", "", "a,2"]]
    assert held_together(small_package(tmp_path, {"cells": schema}, {"cells": csv_text(["id", "cell"], *rows)}))


def test_every_pattern_of_the_record_is_portable():
    fields = [field for table in open_package(ROOT).tables.values() for field in table.typed_fields]
    patterns = {field.constraints["pattern"] for field in fields if "pattern" in field.constraints}
    assert [pattern for pattern in patterns if portable(pattern) is None] == []
