"""Validate: each rule of a Table Schema, each breach told once, and laws only over sound tables."""

import pytest
from conftest import change_row, small_package

from scripts.laws import LAWS
from scripts.package import open_package
from scripts.read import read_package
from scripts.validate import validate

TEAMS = """
fields:
  - {name: id, type: string, constraints: {required: true, pattern: "[A-Z]{3}"}}
  - {name: name, type: string, constraints: {required: true, unique: true, maxLength: 8}}
  - {name: founded, type: integer, constraints: {minimum: 1900, maximum: 2000}}
  - {name: league, type: string, constraints: {enum: ["first", "second"]}}
  - {name: site, type: string, format: uri, constraints: {pattern: 'https?://\\S+'}}
  - {name: heir_id, type: string}
primaryKey: [id]
foreignKeys:
  - {fields: [heir_id], reference: {resource: "", fields: [id]}}
"""
SEASONS = """
fields:
  - {name: team_id, type: string, constraints: {required: true}}
  - {name: year, type: integer, constraints: {required: true}}
primaryKey: [team_id, year]
foreignKeys:
  - {fields: [team_id], reference: {resource: teams, fields: [id]}}
"""
GOALS = """
fields:
  - {name: id, type: integer, constraints: {required: true}}
  - {name: team_id, type: string}
  - {name: year, type: integer}
primaryKey: [id]
foreignKeys:
  - {fields: [team_id, year], reference: {resource: seasons, fields: [team_id, year]}}
"""
EMPTY = """
fields: [{name: id, type: string, constraints: {required: true}}]
primaryKey: [id]
mayBeEmpty: true
"""
SCHEMAS = {"teams": TEAMS, "seasons": SEASONS, "goals": GOALS, "corrections": EMPTY, "redirects": EMPTY}
FILES = {
    "teams": "id,name,founded,league,site,heir_id\nABC,Abc,1900,first,https://abc.example,\nXYZ,Xyz,2000,,,ABC\nNEW,New,,,,\n",
    "seasons": "team_id,year\nABC,1990\nABC,1991\nXYZ,1990\n",
    "goals": "id,team_id,year\n1,ABC,1990\n2,XYZ,1990\n3,,\n",
    "corrections": "id\n",
    "redirects": "id\n",
}
# The table, a text in its file, the text put there, and how the one problem that this makes begins.
BROKEN = [
    ("teams", "NEW,New", "NEWS,New", 'teams.csv, row 4, field id: "NEWS": constraint "pattern"'),
    ("teams", "NEW,New", "new,New", 'teams.csv, row 4, field id: "new": constraint "pattern"'),
    ("teams", "NEW,New", "NEW,", 'teams.csv, row 4, field name: constraint "required"'),
    (
        "teams",
        "NEW,New",
        "ABC,New",
        "teams.csv, row 4, field id: the same as in the row at position 2 (primary-key)",
    ),
    ("teams", "NEW,New", "NEW,Abc", 'teams.csv, row 4, field name: "Abc": the same as in the row at position 2'),
    ("teams", "NEW,New", "NEW,Long names", 'teams.csv, row 4, field name: "Long names": constraint "maxLength"'),
    ("teams", "2000", "2001", 'teams.csv, row 3, field founded: "2001": constraint "maximum"'),
    ("teams", "1900", "1899", 'teams.csv, row 2, field founded: "1899": constraint "minimum"'),
    ("teams", "first", "third", 'teams.csv, row 2, field league: "third": constraint "enum"'),
    ("teams", "first", "First", 'teams.csv, row 2, field league: "First": constraint "enum"'),
    ("teams", "https:", "ftp:", 'teams.csv, row 2, field site: "ftp://abc.example": constraint "pattern"'),
    ("teams", ",,,ABC", ",,,ABD", 'teams.csv, row 3, field heir_id: for "heir_id": values "ABD" not found'),
    ("seasons", "ABC,1991", "ABD,1991", 'seasons.csv, row 3, field team_id: for "team_id": values "ABD" not found'),
    (
        "seasons",
        "ABC,1991",
        "ABC,1990",
        "seasons.csv, row 3, field team_id, year: the same as in the row at position 2",
    ),
    ("goals", "2,XYZ,1990", "2,XYZ,1991", 'goals.csv, row 3, field team_id, year: for "team_id, year": values'),
    ("goals", "2,XYZ,1990", "2,XYZ,", 'goals.csv, row 3, field team_id, year: for "team_id, year": values'),
]


@pytest.fixture
def problems_of(tmp_path):
    """What is wrong with the small package when its files have other texts."""

    def run(**files: str):
        package = small_package(tmp_path, SCHEMAS, FILES | files)
        rows, problems = read_package(package)
        return [str(problem) for problem in [*problems, *validate(package, rows)]]

    return run


def test_sound_tables_have_no_problem(problems_of):
    assert problems_of() == []


@pytest.mark.parametrize(("table", "old", "new", "problem"), BROKEN)
def test_each_rule_of_a_schema_is_enforced_and_its_breach_told_once(problems_of, table, old, new, problem):
    [found] = problems_of(**{table: FILES[table].replace(old, new)})
    assert found.startswith(f"data/{problem}")


def test_breaches_in_several_tables_are_all_told(problems_of):
    found = problems_of(
        teams=FILES["teams"].replace("first", "third").replace("2000", "2001"),
        goals=FILES["goals"].replace("3,,", "2,,"),
    )
    assert [problem.partition(":")[0] for problem in found] == [
        "data/teams.csv, row 2, field league",
        "data/teams.csv, row 3, field founded",
        "data/goals.csv, row 4, field id",
    ]


def test_a_table_that_cannot_be_read_makes_no_orphans_of_the_rows_that_refer_to_it(problems_of):
    assert problems_of(seasons="") == ["data/seasons.csv: is empty"]


def test_a_key_that_is_wrong_makes_no_orphans_of_the_rows_that_refer_to_it(problems_of):
    [found] = problems_of(teams=FILES["teams"].replace("XYZ,Xyz", "XYZW,Xyz"))
    assert found.startswith('data/teams.csv, row 3, field id: "XYZW": constraint "pattern"')


def test_an_orphan_is_told_even_where_another_table_cannot_be_read(problems_of):
    found = problems_of(goals="", seasons=FILES["seasons"].replace("ABC,1991", "ABD,1991"))
    assert len(found) == 2


def test_every_law_has_its_rule_in_words_and_needs_tables_that_exist(built_project):
    tables = open_package(built_project).tables
    for law in LAWS:
        assert law.rule.strip().endswith(".")
        assert law.needs <= tables.keys()


def test_a_law_waits_until_its_tables_are_sound(project, build):
    votes = project / "data/un/votes.csv"
    change_row(votes, "A-RES-ES-11-7,FRA", vote="no")
    broken_law = build(project, "--validate")[1]
    change_row(votes, "A-RES-ES-11-7,USA", vote="maybe")
    broken_schema = build(project, "--validate")[1]
    assert "the votes table has 19 of no" in broken_law
    assert "the votes table" not in broken_schema
    assert 'field vote: "maybe"' in broken_schema
