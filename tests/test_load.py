"""Load: SQLite itself refuses what the schemas refuse, and finds what is looked for."""

import sqlite3
from pathlib import Path

import pytest
import sqlite_utils
from conftest import small_package

from scripts import load
from scripts.package import open_package
from scripts.queries import read_metadata
from scripts.read import read_package

TEAMS = """
fields:
  - {name: id, type: string, constraints: {required: true}}
  - {name: name, type: string, constraints: {required: true, unique: true, maxLength: 8}}
  - {name: league, type: string, constraints: {enum: ["first", "it's"]}}
  - {name: founded_on, type: date}
  - {name: size, type: integer, constraints: {minimum: 1, maximum: 30}}
  - {name: active, type: boolean, trueValues: ["1"], falseValues: ["0"]}
  - {name: heir_id, type: string}
computedFields:
  - {name: points, type: integer, constraints: {required: true, minimum: 0}}
  - {name: average, type: number}
primaryKey: [id]
foreignKeys:
  - {fields: [heir_id], reference: {resource: "", fields: [id]}}
"""
SEASONS = """
fields:
  - {name: team_id, type: string, constraints: {required: true}}
  - {name: season, type: integer, constraints: {required: true}}
primaryKey: [team_id, season]
foreignKeys:
  - {fields: [team_id], reference: {resource: teams, fields: [id]}}
"""
FILES = {
    "teams": "id,name,league,founded_on,size,active,heir_id\nB,Bees,it's,2000-02-29,30,1,A\nA,Ants,,,,,\n",
    "seasons": "team_id,season\nB,2001\nA,2002\nA,2001\n",
}


@pytest.fixture
def small(tmp_path: Path) -> sqlite_utils.Database:
    """A database of two small tables, foreign keys on."""
    package = small_package(tmp_path, {"teams": TEAMS, "seasons": SEASONS}, FILES)
    rows, problems = read_package(package)
    assert problems == []
    database = load.create_database(tmp_path / "small.db")
    assert load.load(database, package, rows) == 5
    database.conn.commit()
    database.execute("pragma foreign_keys = on")
    return database


def test_rows_are_stored_as_they_were_read_in_the_order_of_their_keys(small):
    assert small.execute("select * from teams").fetchall() == [
        ("A", "Ants", None, None, None, None, None, None, None),
        ("B", "Bees", "it's", "2000-02-29", 30, 1, "A", None, None),
    ]
    assert small.execute("select * from seasons").fetchall() == [("A", 2001), ("A", 2002), ("B", 2001)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("update teams set league = 'third'", "CHECK"),
        ("update teams set league = 'FIRST'", "CHECK"),
        ("update teams set league = ''", "CHECK"),
        ("update teams set name = '' where id = 'A'", "CHECK"),
        ("update teams set name = 'Long names' where id = 'A'", "CHECK"),
        ("update teams set name = null", "NOT NULL"),
        ("update teams set name = 'Bees'", "UNIQUE"),
        ("update teams set founded_on = '2025-02-30'", "CHECK"),
        ("update teams set founded_on = '2025-2-3'", "CHECK"),
        ("update teams set founded_on = 'today'", "CHECK"),
        ("update teams set founded_on = ''", "CHECK"),
        ("update teams set size = 0", "CHECK"),
        ("update teams set size = 31", "CHECK"),
        ("update teams set size = 'many'", "cannot store TEXT value in INTEGER column"),
        ("update teams set size = 2.5", "cannot store REAL value in INTEGER column"),
        ("update teams set name = x'00' where id = 'A'", "cannot store BLOB value in TEXT column"),
        ("update teams set active = 2", "CHECK"),
        ("update teams set active = 'yes'", "cannot store TEXT value in INTEGER column"),
        ("update teams set points = -1", "CHECK"),
        ("update teams set points = 0.5", "cannot store REAL value in INTEGER column"),
        ("update teams set average = 'much'", "cannot store TEXT value in REAL column"),
        ("update teams set average = ''", "cannot store TEXT value in REAL column"),
        ("update teams set heir_id = 'Z'", "FOREIGN KEY"),
        ("insert into teams (id, name) values ('A', 'Again')", "UNIQUE"),
        ("insert into seasons values ('A', 2001)", "UNIQUE"),
        ("insert into seasons values ('Z', 2001)", "FOREIGN KEY"),
        ("insert into seasons values ('A', null)", "NOT NULL"),
        ("delete from teams where id = 'A'", "FOREIGN KEY"),
    ],
)
def test_sqlite_refuses_what_the_schema_refuses(small, change, reason):
    with pytest.raises(sqlite3.IntegrityError, match=reason):
        small.execute(change)


@pytest.mark.parametrize(
    "change",
    [
        "update teams set league = 'first', founded_on = '2024-02-29', size = 1, active = 0, points = 0",
        "update teams set league = null, founded_on = null, size = null, active = null, heir_id = null",
        "update teams set name = 'Éléphant' where id = 'A'",
        "update teams set average = -0.3333",
    ],
)
def test_sqlite_takes_what_the_schema_takes(small, change):
    small.execute(change)


@pytest.mark.parametrize(("value", "stored"), [(1, 1.0), (-0.3333, -0.3333), (0, 0.0), ("0.5", 0.5)])
def test_a_number_is_stored_as_one_with_places(small, value, stored):
    small.execute("update teams set average = ? where id = 'A'", [value])
    [row] = small.execute("select average, typeof(average) from teams where id = 'A'")
    assert row == (stored, "real")


def test_the_indexes_of_the_finished_record_are_numbers(database):
    connection = sqlite3.connect(database)
    numbers = [(table.name, f.name) for table in PACKAGE.derived.values() for f in table.fields if f.type == "number"]
    assert ("bloc_votes", "rice_index") in numbers
    for table, column in numbers:
        found = {row[0] for row in connection.execute(f"select distinct typeof({column}) from {table}")}  # noqa: S608
        assert "real" in found <= {"real", "null"}, (table, column)


def test_every_table_is_strict_and_those_with_a_compound_key_have_no_rowid(database):
    package = open_package(Path(__file__).parent.parent)
    connection = sqlite3.connect(database)
    for name, table in {**package.tables, **package.derived, **package.wide}.items():
        without_rowid, strict = connection.execute(
            "select wr, strict from pragma_table_list where name = ? and schema = 'main'", [name]
        ).fetchone()
        assert (name, strict, without_rowid) == (name, 1, len(table.primary_key) > 1)


@pytest.fixture(scope="module")
def scratch(database):
    """The finished record in memory, to try and break."""
    connection = sqlite3.connect(":memory:")
    sqlite3.connect(database).backup(connection)
    return connection


PACKAGE = open_package(Path(__file__).parent.parent)
ENUMERATIONS = [
    (table.name, field.name, field.constraints["enum"])
    for table in PACKAGE.tables.values()
    for field in table.fields
    if "enum" in field.constraints
]


@pytest.mark.parametrize(
    ("table", "column", "values"), ENUMERATIONS, ids=lambda value: value if type(value) is str else ""
)
def test_every_enumeration_of_the_schemas_is_checked_by_the_database(scratch, table, column, values):
    assert "CHECK" in refusal(scratch, table, column, "something else")
    for value in values:
        assert "CHECK" not in refusal(scratch, table, column, value)


def refusal(connection, table, column, value):
    """Why the database does not take a value; nothing where it does."""
    try:
        connection.execute(f"update {table} set {column} = ?", [value])  # noqa: S608
    except sqlite3.IntegrityError as error:
        return str(error)
    finally:
        connection.rollback()
    return ""


def test_the_finished_record_is_sound(database):
    connection = sqlite3.connect(database)
    assert connection.execute("pragma foreign_key_check").fetchall() == []
    assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]


def test_the_finished_record_has_the_foreign_keys_of_the_schemas(database):
    connection = sqlite3.connect(database)
    for table in [*PACKAGE.tables.values(), *PACKAGE.derived.values(), *PACKAGE.wide.values()]:
        found: dict[int, tuple] = {}
        for number, _, parent, column, to, *_ in connection.execute(f"pragma foreign_key_list({table.name})"):
            _, columns, references = found.get(number, (parent, (), ()))
            found[number] = (parent, (*columns, column), (*references, to))
        assert set(found.values()) == {(key.table, key.fields, key.references) for key in table.foreign_keys}


def test_an_orphan_that_came_in_unseen_is_found_at_the_end(small):
    small.execute("pragma foreign_keys = off")
    small.execute("update teams set heir_id = 'Z' where id = 'A'")
    assert load.close(small) == ["teams: row 1 has no match in teams"]


def indexed(connection, table):
    """The columns of each index of a table, its keys among them."""
    names = [row[1] for row in connection.execute(f"pragma index_list({table})")]
    return [[row[2] for row in connection.execute(f"pragma index_info({name})")] for name in names]


def test_every_foreign_key_and_declared_facet_has_an_index(database):
    connection = sqlite3.connect(database)
    declared = read_metadata(PACKAGE.root)["databases"]["record"]["tables"]
    for table in [*PACKAGE.tables.values(), *PACKAGE.derived.values(), *PACKAGE.wide.values()]:
        wanted = [list(key.fields) for key in table.foreign_keys]
        wanted += [[facet] for facet in declared.get(table.name, {}).get("facets", [])]
        indexes = indexed(connection, table.name)
        missing = [columns for columns in wanted if not any(index[: len(columns)] == columns for index in indexes)]
        assert (table.name, missing) == (table.name, [])


def test_no_index_is_made_twice(database):
    connection = sqlite3.connect(database)
    for table in PACKAGE.tables:
        indexes = indexed(connection, table)
        assert len(indexes) == len({tuple(index) for index in indexes}), table


SPOKEN = {
    "claims": ["claim", "quote", "rationale"],
    "articles": ["title", "author"],
    "resolutions": ["symbol", "title", "summary"],
}


@pytest.fixture
def searched(database, tmp_path):
    """Search one table of a copy of the record, and have the keys of what is found."""
    copy = sqlite_utils.Database(tmp_path / "copy.db")
    sqlite3.connect(database).backup(copy.conn)

    def search(table, words):
        return [row["id"] for row in copy.table(table).search(words, quote=True)]

    return search


@pytest.mark.parametrize(
    ("table", "words", "found"),
    [
        ("resolutions", "A/RES/ES-11/7", "A-RES-ES-11-7"),
        ("resolutions", "ES-11/7", "A-RES-ES-11-7"),
        ("resolutions", "S/RES/2774 (2025)", "S-RES-2774-2025"),
        ("resolutions", '"path to peace"', "A-RES-ES-11-8"),
        ("resolutions", "PATH PEACE", "A-RES-ES-11-8"),
        ("claims", "US-Russia veto", "world-today-news-2025-02-47"),
        ("claims", "joint US-Russia", "world-today-news-2025-02-47"),
        ("claims", "Ukraine\u2019s pre-war borders", "world-today-news-2025-02-25"),
        ("claims", "abstained", "world-today-news-2025-02-28"),
        ("claims", "abstaining", "world-today-news-2025-02-28"),
        ("claims", "charge d'affaires", "world-today-news-2025-02-29"),
        ("articles", "美俄反對聯大烏克蘭決議", "storm-media-2025-02-25"),
        ("articles", "Fassihi", "the-new-york-times-2025-02-24"),
    ],
)
def test_search_finds_words_with_quotes_hyphens_slashes_and_accents(searched, table, words, found):
    assert found in searched(table, words)


@pytest.mark.parametrize("words", ["nothingofthekind", "A/RES/99/99", "*", "NEAR(", "-", "''"])
def test_search_for_what_is_not_there_finds_nothing_and_does_not_fail(searched, words):
    assert searched("resolutions", words) == []


def test_every_searched_column_is_searched(database):
    connection = sqlite3.connect(database)
    for table, columns in SPOKEN.items():
        found = [row[1] for row in connection.execute(f"pragma table_info({table}_fts)")]
        assert found == columns
