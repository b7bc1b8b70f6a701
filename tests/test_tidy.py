"""Tidy: files are rewritten in one way, and never guessed at."""

import csv
import io
from pathlib import Path

import pytest
from conftest import small_package

from scripts import tidy
from scripts.build import ROOT
from scripts.package import open_package
from scripts.read import read_table

SCHEMA = """
fields:
  - {name: id, type: string, constraints: {required: true}}
  - {name: position, type: integer, constraints: {required: true}}
  - {name: note, type: string}
primaryKey: [id, position]
"""
TIDY = 'id,position,note\n004,1,"a, b"\nNA,1,\nNA,2,yes\nNA,10,no\nno,1,"a ""b"""\nyes,1,Côte d\u2019Ivoire\n'
PACKAGE = open_package(ROOT)


@pytest.fixture
def tidied(tmp_path: Path):
    """Tidy a small table with this text; returns the exit code and the text after."""

    def run(text: str) -> tuple[int, str]:
        small_package(tmp_path, {"notes": SCHEMA}, {"notes": text})
        code = tidy.main(tmp_path)
        return code, (tmp_path / "data/notes.csv").read_text(encoding="utf-8")

    return run


@pytest.mark.parametrize("table", PACKAGE.tables.values(), ids=lambda table: table.name)
def test_shipped_file_is_tidy(table):
    rows, problems = read_table(PACKAGE, table)
    assert problems == []
    assert tidy.canonical(table, rows).decode() == (ROOT / table.path).read_text(encoding="utf-8"), table.path


def test_the_shipped_files_are_all_called_tidy():
    assert tidy.untidy_files(PACKAGE) == []


def test_a_file_that_is_not_tidy_is_named(tmp_path):
    head, *lines = TIDY.splitlines(keepends=True)
    files = {"shuffled": head + "".join(reversed(lines)), "tidy": TIDY, "empty": ""}
    package = small_package(tmp_path, dict.fromkeys(files, SCHEMA), files)
    assert tidy.untidy_files(package) == ["data/shuffled.csv", "data/empty.csv"]


def test_a_shuffled_file_is_sorted_by_its_key(tidied):
    head, *lines = TIDY.splitlines(keepends=True)
    assert tidied(head + "".join(reversed(lines))) == (0, TIDY)


def test_a_tidy_file_is_left_alone(tidied, tmp_path, capsys):
    assert tidied(TIDY) == (0, TIDY)
    assert capsys.readouterr() == ("", "")


def test_a_rewritten_file_is_named(tidied, capsys):
    tidied("id,position,note\nb,1,\na,1,\n")
    assert capsys.readouterr() == ("data/notes.csv: rewritten\n", "")


def test_needless_quotation_marks_go(tidied):
    assert tidied('"id","position","note"\n"a","1","b c"\n') == (0, "id,position,note\na,1,b c\n")


@pytest.mark.parametrize("value", ["NA", "004", "yes", "no", "null", "1e5", "1.50", "TRUE", "2025-02-24", "0x1F"])
def test_a_text_that_a_spreadsheet_would_change_survives(tidied, value):
    code, text = tidied(f"id,position,note\nb,1,\n{value},1,{value}\n")
    assert code == 0
    assert [value, "1", value] in list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("id,position,note\nb,1,\na,1\n", "data/notes.csv, row 3: has 2 cells where the header has 3"),
        ("id,position,note\nb,1,\na,1,,\n", "data/notes.csv, row 3: has 4 cells where the header has 3"),
        ('id,position,note\nb,1,"\na,1,\n', "data/notes.csv, row 2: has a quotation mark that is never closed"),
        ("id,position,note\nb,1,\n\na,1,\n", "data/notes.csv, row 3: is blank"),
        ("id,position,note\nb,1,\na,01,\n", 'data/notes.csv, row 3, field position: "01" is not a whole number'),
        ("id,position,note\nb,1,\na,1, x\n", "data/notes.csv, row 3, field note: has blanks around it"),
        ("id,position,note\nb,1,\na,1,", "data/notes.csv, row 3: does not end in a line feed"),
        ("id;position;note\nb;1;\na;1;\n", "data/notes.csv, row 1: is not separated by commas"),
        ("", "data/notes.csv: is empty"),
    ],
)
def test_a_malformed_file_is_reported_and_left_as_it_was(tidied, capsys, text, problem):
    assert tidied(text) == (1, text)
    assert problem in capsys.readouterr().err


def test_csvclean_says_what_is_wrong_with_the_shape_of_a_row(tidied, capsys):
    tidied("id,position,note\na,1,b,c\n")
    assert "Expected 3 columns, found 4 columns" in capsys.readouterr().err


def test_a_column_that_no_row_fills_yet_is_no_fault(tidied):
    assert tidied("id,position,note\na,1,\n") == (0, "id,position,note\na,1,\n")


def test_other_files_are_tidied_beside_one_that_is_malformed(tmp_path):
    files = {"wrong": "id,position,note\na\n", "shuffled": "id,position,note\nb,1,\na,1,\n"}
    small_package(tmp_path, dict.fromkeys(files, SCHEMA), files)
    assert tidy.main(tmp_path) == 1
    assert (tmp_path / "data/wrong.csv").read_text(encoding="utf-8") == files["wrong"]
    assert (tmp_path / "data/shuffled.csv").read_text(encoding="utf-8") == "id,position,note\na,1,\nb,1,\n"


def test_a_file_that_is_not_there_is_reported(tmp_path, capsys):
    small_package(tmp_path, {"notes": SCHEMA}, {"notes": TIDY})
    (tmp_path / "data/notes.csv").unlink()
    assert tidy.main(tmp_path) == 1
    assert "data/notes.csv: cannot be read: No such file or directory" in capsys.readouterr().err
