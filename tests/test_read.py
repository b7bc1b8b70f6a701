"""Read: a CSV file has one reading, or none."""

from pathlib import Path

import pytest
from conftest import small_package

from scripts.package import open_package
from scripts.read import read_package, read_table

SCHEMA = """
fields:
  - {name: id, type: string, constraints: {required: true, pattern: ".+"}}
  - {name: score, type: integer}
  - {name: won, type: boolean, trueValues: ["1"], falseValues: ["0"]}
  - {name: played_on, type: date}
primaryKey: [id]
"""
HEADER = "id,score,won,played_on\n"
NUMBERS_WRITTEN_OTHERWISE = [
    "01",
    "+1",
    "-0",
    "1.0",
    "1e3",
    "1 000",
    '"1,000"',
    "0x1F",
    "one",
    "\uff11",
    "1_000",
    "9" * 20,
]
BOOLEANS_WRITTEN_OTHERWISE = ["yes", "true", "TRUE", "2", "00"]
DATES_WRITTEN_OTHERWISE = [
    "2025-2-24",
    "24.02.2025",
    "2025/02/24",
    "2025-02",
    "20250224",
    "2025-02-24T00:00",
    "\uff12025-02-24",
]
BLANKS_AROUND = [" a", "a ", "\xa0a", "a\u3000"]
UNCLOSED = ['"a,,,\n', 'a,,,\n"b,,,\nc,,,\n', 'a,,,\n"b,,,\nc"",,,\n', '"a\nb",,,\n']
BLANK_ROWS = [("a,,,\n\nb,,,\n", 3), ("a,,,\n,,,\n", 3), ("a,,,\n\n", 3)]


@pytest.fixture
def read(tmp_path: Path):
    """Read a file with this text, after the header; returns the rows and the problems as text."""

    def run(text: str, header: str = HEADER):
        package = small_package(tmp_path, {"games": SCHEMA}, {"games": header + text})
        rows, problems = read_table(package, package.tables["games"])
        return rows, [str(problem) for problem in problems]

    return run


def test_cells_become_texts_numbers_and_nothing(read):
    rows, problems = read("a,12,1,2025-02-24\nb,,,\n")
    assert problems == []
    assert [row.values for row in rows] == [
        {"id": "a", "score": 12, "won": 1, "played_on": "2025-02-24"},
        {"id": "b", "score": None, "won": None, "played_on": None},
    ]


def test_rows_know_the_line_they_stand_on(read):
    assert [row.number for row in read("a,,,\nb,,,\n")[0]] == [2, 3]


@pytest.mark.parametrize("text", ["NA", "null", "None", "nan", "yes", "no", "true", "004", "1e5", "0x1F"])
def test_a_text_that_looks_like_something_else_stays_a_text(read, text):
    assert read(f"{text},,,\n")[0][0]["id"] == text


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('"a, b"', "a, b"),
        ('"a ""b"" c"', 'a "b" c'),
        ("Côte d\u2019Ivoire", "Côte d\u2019Ivoire"),
        ("美俄", "美俄"),
        ("a - b", "a - b"),
        ("a=b", "a=b"),
        ("a; b", "a; b"),
    ],
)
def test_quoted_and_foreign_text_is_read_as_it_is(read, cell, text):
    rows, problems = read(f"{cell},,,\n")
    assert (problems, rows[0]["id"]) == ([], text)


@pytest.mark.parametrize("cell", ["0", "7", "12", "-3"])
def test_a_whole_number_written_plainly_is_read(read, cell):
    assert read(f"a,{cell},,\n")[0][0]["score"] == int(cell)


@pytest.mark.parametrize("cell", NUMBERS_WRITTEN_OTHERWISE)
def test_a_number_written_otherwise_is_refused(read, cell):
    shown = cell.strip('"')
    assert read(f"a,{cell},,\n") == (
        [],
        [f'data/games.csv, row 2, field score: "{shown}" is not a whole number written plainly, such as 12'],
    )


@pytest.mark.parametrize(("cell", "value"), [("0.25", 0.25), ("-1.5", -1.5), ("3", 3.0), ("1e3", None), ("0,5", None)])
def test_a_number_with_a_fraction_has_a_point(tmp_path, cell, value):
    schema = "fields: [{name: id, type: string}, {name: share, type: number}]\nprimaryKey: [id]"
    package = small_package(tmp_path, {"shares": schema}, {"shares": f'id,share\na,"{cell}"\n'})
    rows, problems = read_table(package, package.tables["shares"])
    assert [row["share"] for row in rows] == ([] if value is None else [value])
    assert len(problems) == (value is None)


@pytest.mark.parametrize("cell", BOOLEANS_WRITTEN_OTHERWISE)
def test_a_boolean_is_0_or_1(read, cell):
    assert read(f"a,,{cell},\n")[1] == [f'data/games.csv, row 2, field won: "{cell}" is not 0 or 1']


@pytest.mark.parametrize("cell", DATES_WRITTEN_OTHERWISE)
def test_a_date_is_written_one_way(read, cell):
    assert read(f"a,,,{cell}\n")[1] == [
        f'data/games.csv, row 2, field played_on: "{cell}" is not a date written as 2025-02-24'
    ]


@pytest.mark.parametrize("sign", "=+-@")
def test_a_text_that_a_spreadsheet_would_run_is_refused(read, sign):
    assert "is not text that no spreadsheet runs as a formula" in read(f"{sign}A1,,,\n")[1][0]


CANNOT_BE_SEEN = (
    "\0\t\x0b\x1f\x7f\x85\xad"  # controls, soft hyphen
    "\u200b\u200d\u2060\ufeff"  # widthless
    "\u2028\u2029"  # line and paragraph ends
    "\u200f\u202e\u2066\u2069"  # direction
)


@pytest.mark.parametrize("sign", CANNOT_BE_SEEN)
def test_a_character_that_cannot_be_seen_is_refused(read, sign):
    assert read(f"a{sign}b,,,\n")[1] == [
        "data/games.csv, row 2, field id: has a control character or one that cannot be seen"
    ]


@pytest.mark.parametrize("cell", BLANKS_AROUND)
def test_blanks_around_a_cell_are_refused(read, cell):
    assert read(f"{cell},,,\n")[1] == [f'data/games.csv, row 2, field id: has blanks around it: "{cell}"']


@pytest.mark.parametrize(
    ("header", "problems"),
    [
        ("id,score,won\n", [", row 1, field played_on: is a column that is missing"]),
        ("id,score,won,played_on,fun\n", [", row 1, field fun: is a column that the schema does not have"]),
        (
            "id,score,won,played\n",
            [
                ", row 1, field played_on: is a column that is missing",
                ", row 1, field played: is a column that the schema does not have",
            ],
        ),
        (
            "score,id,won,played_on\n",
            [", row 1: has its columns repeated or in another order; expected id,score,won,played_on"],
        ),
        (
            "id,id,score,won,played_on\n",
            [", row 1: has its columns repeated or in another order; expected id,score,won,played_on"],
        ),
        ("id;score;won;played_on\n", [", row 1: is not separated by commas"]),
        ("id\tscore\twon\tplayed_on\n", [", row 1: is not separated by commas"]),
        ("ID,score,won,played_on\n", [", row 1, field id: is a column", ", row 1, field ID: is a column"]),
    ],
)
def test_the_header_has_the_columns_of_the_schema_in_their_order(read, header, problems):
    rows, found = read("a,,,\n", header)
    assert rows == []
    assert len(found) == len(problems)
    assert all(text.startswith(f"data/games.csv{problem}") for text, problem in zip(found, problems, strict=True))


@pytest.mark.parametrize(("text", "row"), BLANK_ROWS)
def test_a_blank_row_is_refused(read, text, row):
    assert read(text) == ([], [f"data/games.csv, row {row}: is blank"])


def test_every_wrong_cell_of_every_row_is_named(read):
    rows, problems = read("=a,01,yes,today\nb,1\n,,,\nc,+1,,\n")
    assert rows == []
    assert [problem.partition(":")[0] for problem in problems] == [
        "data/games.csv, row 2, field id",
        "data/games.csv, row 2, field score",
        "data/games.csv, row 2, field won",
        "data/games.csv, row 2, field played_on",
        "data/games.csv, row 3",
        "data/games.csv, row 4",
        "data/games.csv, row 5, field score",
    ]


@pytest.mark.parametrize("text", UNCLOSED)
def test_an_unclosed_quotation_mark_swallows_no_row(read, text):
    rows, [problem] = read(text)
    assert rows == []
    assert "has a quotation mark that is" in problem


def test_a_table_without_rows_is_refused_unless_the_schema_allows_it(tmp_path):
    schemas = {"games": SCHEMA, "trips": SCHEMA + "mayBeEmpty: true\n"}
    package = small_package(tmp_path, schemas, {"games": HEADER, "trips": HEADER})
    rows, problems = read_package(package)
    assert rows == {"trips": []}
    assert [str(problem) for problem in problems] == ["data/games.csv: has a header and no rows"]


def test_tables_that_can_be_read_are_read_beside_those_that_cannot(tmp_path):
    files = {"games": HEADER + "a,01,,\n", "trips": HEADER + "a,1,,\n"}
    rows, problems = read_package(small_package(tmp_path, {"games": SCHEMA, "trips": SCHEMA}, files))
    assert rows.keys() == {"trips"}
    assert len(problems) == 1


def test_columns_that_the_build_computes_do_not_stand_in_the_file(tmp_path):
    schema = SCHEMA + "computedFields:\n  - {name: rank, type: integer}\n"
    package = small_package(tmp_path, {"games": schema}, {"games": "id,score,won,played_on,rank\na,1,,,1\n"})
    assert [str(problem) for problem in read_package(package)[1]] == [
        "data/games.csv, row 1, field rank: is a column that the schema does not have"
    ]


def test_a_table_in_a_deeper_folder_that_the_package_does_not_name_is_refused(tmp_path):
    small_package(tmp_path, {"games": SCHEMA}, {"games": HEADER + "a,,,\n"})
    (tmp_path / "data/old/more").mkdir(parents=True)
    (tmp_path / "data/old/more/games.csv").write_text("id\n", encoding="utf-8")
    rows, problems = read_package(open_package(tmp_path))
    assert rows.keys() == {"games"}
    assert [str(problem) for problem in problems] == ["data/old/more/games.csv: is not named in datapackage.yaml"]
