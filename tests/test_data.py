"""The shipped data: its description, its names, its queries, and facts that anyone can look up."""

import itertools
import re
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest
import yaml

from scripts.build import ROOT
from scripts.derive import column_of_roll_call
from scripts.package import open_package
from scripts.queries import read_metadata, read_queries
from scripts.read import read_package

PACKAGE = open_package(ROOT)
RECORD = read_metadata(ROOT)["databases"]["record"]
QUERIES = read_queries(read_metadata(ROOT))
DOCUMENTED = {**PACKAGE.tables, **PACKAGE.derived, **PACKAGE.wide, **PACKAGE.views}
SCHEMAS = sorted(path for path in (ROOT / "schema").rglob("*.yaml") if path.parent.name not in ("packages", "shapes"))
ARCHIVE_SCHEMAS = sorted((ROOT / "archive/schema").rglob("*.yaml"))


def schema_name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def record(database):
    """Ask the finished record; returns the rows."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)

    def run(sql: str, *values: str, **named: str) -> list[tuple]:
        return connection.execute(sql, named or values).fetchall()

    return run


# --- the descriptor ---


def test_the_descriptor_is_valid_for_anyone_who_validates_a_checkout():
    command = [sys.executable, "-m", "frictionless", "validate", "datapackage.yaml"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout
    assert "invalid" not in done.stdout.lower()


def test_every_table_is_described_and_pinned_to_one_way_of_reading():
    descriptor = yaml.safe_load((ROOT / "datapackage.yaml").read_text(encoding="utf-8"))
    for resource in descriptor["resources"]:
        assert resource.keys() == {"name", "type", "title", "description", "path", "encoding", "dialect", "schema"}
        assert resource["encoding"] == "utf-8"
        assert resource["dialect"]["csv"]["delimiter"] == ","
        assert resource["schema"] == f"schema/{resource['name']}.yaml"
        assert Path(resource["path"]).stem == resource["name"]
        assert ".." not in resource["path"]


def test_every_schema_and_every_file_belongs_to_a_table():
    assert {path.stem for path in (ROOT / "schema").glob("*.yaml")} == PACKAGE.tables.keys()
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "data").rglob("*.csv")} == {
        table.path for table in PACKAGE.tables.values()
    }


SCHEMA_PROPERTIES = {
    *("fields", "computedFields", "primaryKey", "foreignKeys", "mayBeEmpty"),
    *("title", "description"),
    "datedBy",
    "rowsOf",
}
FIELD_PROPERTIES = {"name", "title", "type", "format", "description", "constraints", "trueValues", "falseValues"}
CONSTRAINTS = {"required", "unique", "enum", "pattern", "minimum", "maximum", "maxLength"}


@pytest.mark.parametrize("path", [*SCHEMAS, *ARCHIVE_SCHEMAS], ids=schema_name)
def test_a_schema_has_only_properties_that_something_reads(path):
    schema = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert schema.keys() <= SCHEMA_PROPERTIES
    for field in schema["fields"] + schema.get("computedFields", []):
        assert field.keys() <= FIELD_PROPERTIES, field["name"]
        assert field.get("constraints", {}).keys() <= CONSTRAINTS, field["name"]
        assert field.get("type", "string") in {"string", "integer", "number", "boolean", "date"}, field["name"]


@pytest.mark.parametrize("path", [*SCHEMAS, *ARCHIVE_SCHEMAS], ids=schema_name)
def test_every_column_has_a_title_and_a_description(path):
    schema = yaml.safe_load(path.read_text(encoding="utf-8"))
    for field in schema["fields"] + schema.get("computedFields", []):
        assert field["title"].strip(), field["name"]
        assert field["description"].strip().endswith("."), field["name"]


@pytest.mark.parametrize("path", SCHEMAS, ids=schema_name)
def test_enumerations_are_texts(path):
    """YAML reads yes, no and on without quotation marks as true and false."""
    schema = yaml.safe_load(path.read_text(encoding="utf-8"))
    for field in schema["fields"] + schema.get("computedFields", []):
        for value in field.get("constraints", {}).get("enum", []):
            assert isinstance(value, str), field["name"]


@pytest.mark.parametrize("table", [*PACKAGE.tables.values(), *PACKAGE.derived.values()], ids=lambda table: table.name)
def test_keys_are_made_of_columns_that_exist(table):
    columns = {field.name for field in table.typed_fields}
    assert table.primary_key
    assert set(table.primary_key) <= columns
    for key in table.foreign_keys:
        parent = PACKAGE.tables[key.table]
        assert set(key.fields) <= columns
        assert key.references == parent.primary_key


@pytest.mark.parametrize("table", PACKAGE.tables.values(), ids=lambda table: table.name)
def test_what_is_named_after_a_table_is_a_foreign_key(table):
    known = {f"{name.removesuffix('s')}_id" for name in PACKAGE.tables}
    named = {field.name for field in table.typed_fields if field.name in known}
    assert named <= {column for key in table.foreign_keys for column in key.fields}


# --- names ---

# https://www.sqlite.org/lang_keywords.html
KEYWORDS = """
    abort action add after all alter always analyze and as asc attach autoincrement before begin between by cascade case
    cast check collate column commit conflict constraint create cross current current_date current_time
    current_timestamp database default deferrable deferred delete desc detach distinct do drop each else end escape
    except exclude exclusive exists explain fail filter first following for foreign from full generated glob group
    groups having if ignore immediate in index indexed initially inner insert instead intersect into is isnull join key
    last left like limit match materialized natural no not nothing notnull null nulls of offset on or order others
    outer over partition plan pragma preceding primary query raise range recursive references regexp reindex release
    rename replace restrict returning right rollback row rows savepoint select set table temp temporary then ties to
    transaction trigger unbounded union unique update using vacuum values view virtual when where window with without
"""


def test_no_table_view_or_column_is_a_word_of_sql(record):
    names = record(
        "select name from sqlite_master where type in ('table', 'view') and name not like '%\\_fts%' escape '\\'"
    )
    assert len(names) > len(PACKAGE.tables)
    for (name,) in names:
        columns = [row[1] for row in record(f"pragma table_info({name})")]
        assert columns
        for word in (name, *columns):
            assert re.fullmatch("[a-z][a-z0-9_]*", word), f"{name}: {word}"
            assert word not in KEYWORDS.split(), f"{name}: {word}"


def test_every_table_and_column_of_the_record_is_described(record):
    names = record(
        "select name from sqlite_master where type in ('table', 'view') and name not like '%\\_fts%' escape '\\'"
    )
    assert {name for (name,) in names} == DOCUMENTED.keys()
    wide = {column_of_roll_call(key) for (key,) in record("select id from roll_calls where votes_known <> 'none'")}
    for name, table in DOCUMENTED.items():
        found = {row[1] for row in record(f"pragma table_info({name})")}
        assert found == {field.name for field in table.fields} | (wide if name in PACKAGE.wide else set()), name


def test_no_query_hides_a_table():
    assert not {name.lower() for name in QUERIES} & {name.lower() for name in DOCUMENTED}


# --- metadata.yml ---


def test_metadata_speaks_of_tables_and_columns_that_exist():
    for name, table in RECORD["tables"].items():
        assert name in DOCUMENTED
        columns = {field.name for field in DOCUMENTED[name].fields}
        named = [table.get(key) for key in ("label_column", "sort", "sort_desc")] + table.get("facets", [])
        assert {column for column in named if column} <= columns, name


def test_every_table_of_the_package_has_its_place_in_the_metadata():
    assert PACKAGE.tables.keys() <= RECORD["tables"].keys()


@pytest.mark.parametrize("query", QUERIES.values(), ids=lambda query: query.name)
def test_a_query_declares_the_parameters_that_it_takes(query):
    assert set(re.findall(r"(?<!:):([a-z_]+)", query.sql)) == query.parameters.keys()
    for rule in query.parameters.values():
        [(kind, place)] = [(kind, place) for kind, place in rule.items() if kind not in ("title", "help")]
        if kind == "table":
            assert len(PACKAGE.tables[place].primary_key) == 1
        elif kind == "enumeration":
            assert PACKAGE.field(place).constraints["enum"]
        else:
            assert (kind, place) in (("form", "date"), ("form", "text"))
    if query.parameters:
        assert query.example.keys() == query.parameters.keys()


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_has_a_title_and_a_description(name):
    declared = RECORD["queries"][name]
    assert declared["title"].strip()
    assert declared["description"].strip().endswith(".")


ANSWERING = [query for query in QUERIES.values() if query.answer]
# The search is made with functions that the site gives SQL.
TOOLS = [query for query in QUERIES.values() if not query.answer and query.name != "search"]
FILL_IN = re.compile(r"\b[Ff]ill in \w+")


@pytest.mark.parametrize("query", ANSWERING, ids=lambda query: query.name)
def test_a_predicate_answers_its_example_in_one_row(record, query):
    [row] = record(query.sql, **query.example)
    kind, answer = query.answer["type"], row[0]
    assert type(answer) is (int if kind == "integer" else str)
    assert answer in (["yes", "no"] if kind == "boolean" else query.answer.get("enum", [answer]))
    assert not any(isinstance(cell, str) and FILL_IN.search(cell) for cell in row)


@pytest.mark.parametrize("query", ANSWERING, ids=lambda query: query.name)
def test_a_predicate_without_parameters_says_in_one_row_what_to_fill_in(record, query):
    [row] = record(query.sql, **dict.fromkeys(query.parameters, ""))
    assert row[0] is None
    assert any(isinstance(cell, str) and FILL_IN.search(cell) for cell in row)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        pytest.param(query, parameter, id=f"{query.name}-{parameter}")
        for query in ANSWERING
        for parameter in query.parameters
    ],
)
def test_a_predicate_with_one_parameter_empty_says_what_to_fill_in(record, query, parameter):
    [row] = record(query.sql, **{**query.example, parameter: ""})
    assert row[0] is None
    assert any(isinstance(cell, str) and FILL_IN.search(cell) for cell in row)


@pytest.mark.parametrize("query", TOOLS, ids=lambda query: query.name)
def test_a_tool_finds_something_for_its_example(record, query):
    assert record(query.sql, **query.example) if query.example else record(query.sql)


@pytest.mark.parametrize("query", TOOLS, ids=lambda query: query.name)
def test_a_tool_without_parameters_gives_all_or_says_that_some_are_needed(record, query):
    rows = record(query.sql, **dict.fromkeys(query.parameters, "")) if query.parameters else record(query.sql)
    assert rows or FILL_IN.search(RECORD["queries"][query.name]["description"]) or "Fill in" in str(rows)


# --- what the queries answer ---

SEVEN, EIGHT, COUNCIL = "A-RES-ES-11-7", "A-RES-ES-11-8", "S-RES-2774-2025"
DAY = "2025-02-24"


@pytest.mark.parametrize(
    ("name", "params", "answer"),
    [
        ("how_voted", (SEVEN, "USA"), "no"),
        ("how_voted", (COUNCIL, "UKR"), "not_a_member"),
        ("how_voted", ("A-ES-11-L-12", "FRA"), None),
        ("vote_count", (SEVEN, "not_voting"), 17),
        ("vote_count", ("A-ES-11-L-15", "yes"), None),
        ("bloc_vote_count", (SEVEN, "EU", "yes"), 26),
        ("bloc_vote_count", (SEVEN, "EU", "not_voting"), 0),
        ("bloc_vote_count", ("A-ES-11-L-12", "EU", "yes"), None),
        ("same_vote", (SEVEN, "USA", "RUS"), "yes"),
        ("same_vote", (EIGHT, "USA", "RUS"), "no"),
        ("same_vote", (COUNCIL, "USA", "UKR"), None),
        ("outcome", (EIGHT,), "adopted"),
        ("outcome", ("S-PV-9866-vote-5",), "vetoed"),
        ("body_of", (COUNCIL,), "SC"),
        ("vetoed_by", (SEVEN,), "[]"),
        ("vetoed_by", (COUNCIL,), "[]"),
        ("sponsored_by", (EIGHT, "USA"), "yes"),
        ("amendments_adopted", (EIGHT,), 3),
        ("amendments_adopted", (SEVEN,), 0),
        ("amendments_adopted", (COUNCIL,), 0),
        ("provision", (EIGHT, "draft", "full_scale_invasion"), "not_stated"),
        ("provision", (EIGHT, "adopted", "full_scale_invasion"), "stated"),
        ("in_bloc", ("GBR", "EU", "2020-01-31"), "yes"),
        ("in_bloc", ("GBR", "EU", "2020-02-01"), "no"),
        ("in_bloc", ("FIN", "NATO", "2023-04-03"), "no"),
        ("in_bloc", ("FIN", "NATO", "2023-04-04"), "yes"),
        ("in_bloc", ("FRA", "EU", "today"), None),
        ("on_council", ("SVN", "2025-12-31"), "yes"),
        ("on_council", ("SVN", "2026-01-01"), "no"),
        ("on_council", ("ITA", "2017-12-31"), "yes"),
        ("on_council", ("ITA", "2018-01-01"), "no"),
        ("on_council", ("SVN", "2013-12-31"), None),
        ("on_council", ("UKR", "2025-02-24"), "no"),
        ("is_permanent", ("GBR",), "yes"),
        ("is_permanent", ("DEU",), "no"),
        ("vote_date", (COUNCIL,), "2025-02-24"),
        ("came_before", (SEVEN, COUNCIL), "yes"),
        ("came_before", (COUNCIL, SEVEN), "no"),
        ("came_before", (SEVEN, "A-ES-11-L-15"), None),
    ],
)
def test_a_query_answers_what_is_so_and_nothing_where_that_is_not_known(record, name, params, answer):
    [row] = record(QUERIES[name].sql, **dict(zip(QUERIES[name].parameters, params, strict=True)))
    assert row[0] == answer


@pytest.mark.parametrize(("name", "params"), [("in_bloc", ("FRA", "EU")), ("on_council", ("FRA",))])
def test_a_day_that_never_was_has_no_answer(record, name, params):
    values = dict(zip(QUERIES[name].parameters, (*params, "2025-02-30"), strict=True))
    [row] = record(QUERIES[name].sql, **values)
    assert row[0] is None


# --- what the tools tell, against the rows themselves ---

PARTIAL, NO_VOTES = "A-ES-11-PV-12-vote-1", "A-80-PV-60-vote-1"
WORDS = {"yes": "voted in favour", "no": "voted against", "abstain": "abstained", "not_voting": "did not vote"}


@pytest.fixture(scope="module")
def ask(database):
    """Ask a query of the site with the values of its parameters in their order; returns the rows by column."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row

    def run(name: str, *values: str) -> list[dict]:
        query = QUERIES[name]
        return [dict(row) for row in connection.execute(query.sql, dict(zip(query.parameters, values, strict=True)))]

    return run


@pytest.fixture(scope="module")
def table(database):
    """All rows of a table, by column."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    return cache(lambda name: [dict(row) for row in connection.execute(f"select * from {name}")])  # noqa: S608


@pytest.fixture(scope="module")
def votes(table):
    """Votes by roll call and member."""
    found = defaultdict(dict)
    for row in table("votes"):
        found[row["roll_call_id"]][row["member_id"]] = row["vote"]
    return found


@pytest.fixture(scope="module")
def by_key(table):
    """The rows of a table by their key."""
    return cache(lambda name: {row["id"]: row for row in table(name)})


def in_order(rows: Iterable[dict]) -> list[dict]:
    """Roll calls day by day, the Assembly first, and what has a place in the day before what has none."""
    return sorted(
        rows, key=lambda row: (row["voted_on"], row["body"], row["sequence"] is None, row["sequence"] or 0, row["id"])
    )


def columns_of(rows: Iterable[dict], *columns: str) -> list[tuple]:
    return [tuple(row[column] for column in columns) for row in rows]


def belonged(rows: Iterable[dict], bloc: str, day: str) -> set[str]:
    return {
        row["member_id"]
        for row in rows
        if row["bloc_id"] == bloc and row["valid_from"] <= day <= (row["valid_until"] or "9999")
    }


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("roll_call_as_printed", ["A-RES-0"]),
        ("compare_members", ["YYY", "ZZZ"]),
        ("who_changed", [SEVEN, "A-RES-0"]),
        ("agreement_with_member", ["ZZZ"]),
        ("member_line", ["ZZZ"]),
        ("changes_by_text", ["single"]),
        ("apart_from_bloc", ["XX"]),
        ("closest_votes", ["XX"]),
        ("sponsors_and_their_votes", ["A-RES-0"]),
        ("provisions_side_by_side", ["A-RES-0"]),
        ("votes_by_region", ["A-RES-0"]),
    ],
)
def test_a_tool_with_a_wrong_key_says_in_one_row_what_to_fill_in(ask, name, params):
    [row] = ask(name, *params)
    [said] = [cell for cell in row.values() if cell is not None]
    assert FILL_IN.search(said)


@pytest.mark.parametrize("key", ["", SEVEN, COUNCIL, PARTIAL, "A-ES-11-PV-19-vote-1", NO_VOTES])
def test_a_roll_call_is_printed_in_four_lists_beside_the_official_count(ask, by_key, votes, key):
    roll_call = by_key("roll_calls")[key or SEVEN]
    expected = []
    for vote, words in WORDS.items():
        names = sorted(by_key("members")[m]["short_name"] for m, cast in votes[key or SEVEN].items() if cast == vote)
        count = roll_call[f"official_{vote}"]
        listed = ", ".join(names) or None
        expected.append(
            (roll_call["question"], words, count, len(names), listed, roll_call["votes_known"], key or SEVEN)
        )
    assert [tuple(row.values()) for row in ask("roll_call_as_printed", key)] == expected


def test_a_roll_call_of_which_some_votes_are_known_is_printed_as_such(ask):
    rows = ask("roll_call_as_printed", PARTIAL)
    assert {row["votes_known"] for row in rows} == {"partial"}
    assert all(row["members_known"] < row["official_count"] for row in rows[1:])


@pytest.mark.parametrize("key", ["", EIGHT, PARTIAL])
def test_the_regions_have_the_votes_that_are_known(ask, by_key, votes, key):
    regions = Counter((by_key("members")[m]["region"], WORDS[vote]) for m, vote in votes[key or SEVEN].items())
    known = by_key("roll_calls")[key or SEVEN]["votes_known"]
    expected = [(*group, count, known, key or SEVEN) for group, count in sorted(regions.items())]
    assert [tuple(row.values()) for row in ask("votes_by_region", key)] == expected


@pytest.mark.parametrize("series", ["", "human_rights", "militarization"])
def test_changes_are_told_between_texts_of_which_all_votes_are_known(ask, table, by_key, series):
    roll_calls = by_key("roll_calls")
    changes = [row for row in table("vote_changes") if row["series"] == (series or "emergency_session")]
    columns = ("earlier_roll_call_id", "later_roll_call_id", "vote_before", "vote_after")
    whole = [row for row in changes if {roll_calls[row[key]]["votes_known"] for key in columns[:2]} == {"all"}]
    rows = ask("changes_by_text", series)
    assert {(*group, row["members"]) for group, row in zip(columns_of(rows, *columns), rows, strict=True)} == {
        (*group, count) for group, count in Counter(columns_of(whole, *columns)).items()
    }
    assert (len(whole) < len(changes)) == (series == "")


@pytest.mark.parametrize("keys", [(SEVEN, EIGHT), ("A-RES-ES-11-4", PARTIAL), (PARTIAL, "GA-2026-02-24-vote-2")])
def test_who_changed_says_among_how_many(ask, votes, keys):
    both = {
        member: (vote, votes[keys[1]][member]) for member, vote in votes[keys[0]].items() if member in votes[keys[1]]
    }
    expected = [(member, *pair, len(both)) for member, pair in both.items() if pair[0] != pair[1]]
    found = columns_of(ask("who_changed", *keys), "member_id", "vote_a", "vote_b", "votes_compared")
    assert expected
    assert sorted(found) == sorted(expected)


@pytest.mark.parametrize("one", WORDS)
@pytest.mark.parametrize("other", WORDS)
def test_two_that_did_not_vote_did_not_vote_alike(ask, votes, one, other):
    cast = votes[SEVEN].items()
    a = next(member for member, vote in cast if vote == one)
    b = next(member for member, vote in cast if vote == other and member != a)
    [row] = ask("same_vote", SEVEN, a, b)
    nobody = one == other == "not_voting"
    assert (row["answer"], row["vote_a"], row["vote_b"]) == (
        None if nobody else "yes" if one == other else "no",
        one,
        other,
    )


@pytest.mark.parametrize("pair", [("USA", "RUS"), ("GEO", "VEN")])
def test_two_members_stand_side_by_side_and_only_votes_cast_are_held_together(ask, table, votes, pair):
    expected = []
    for row in in_order(table("roll_calls")):
        one, other = (votes[row["id"]].get(member) for member in pair)
        if one or other:
            cast = None not in (one, other) and "not_voting" not in (one, other)
            expected.append((row["id"], one, other, int(one == other) if cast else None))
    found = columns_of(ask("compare_members", *pair), "roll_call_id", "vote_a", "vote_b", "same")
    assert found == expected
    assert any(row[1:3] == ("not_voting", "not_voting") for row in found) == (pair == ("GEO", "VEN"))


@pytest.mark.parametrize("member", ["USA", "BRA"])
def test_a_members_line_is_in_the_order_of_the_votes(ask, table, votes, member):
    expected = [row["id"] for row in in_order(table("roll_calls")) if member in votes[row["id"]]]
    assert [row["roll_call_id"] for row in ask("member_line", member)] == expected


@pytest.mark.parametrize(
    ("key", "member", "said"),
    [
        ("A-ES-11-L-12", "FRA", "The record does not know this vote."),
        (NO_VOTES, "USA", "The record does not know this vote."),
        (SEVEN, "USA", None),
        (SEVEN, "GEO", None),
        (COUNCIL, "UKR", None),
        (PARTIAL, "RUS", None),
    ],
)
def test_how_voted_says_where_a_vote_is_not_known(ask, key, member, said):
    [row] = ask("how_voted", key, member)
    assert row["not_known"] == said


def test_what_the_record_says_stands_beside_what_a_source_has_otherwise(ask, table, by_key, votes):
    rows, differences = ask("source_disagreements", ""), table("source_differences")
    assert len(rows) == len(differences)
    codes = {row["short_name"]: row["id"] for row in table("members")}
    for row in rows:
        key, column = row["roll_call_id"], row["column_name"]
        here = votes[key].get(codes[row["member"]]) if column == "vote" else by_key("roll_calls")[key][column]
        assert row["record_says"] == here
    assert {"official_yes", "official_no", "official_abstain", "official_not_voting"} <= {
        row["column_name"] for row in rows if isinstance(row["record_says"], int)
    }


def test_a_text_without_amendments_says_so_and_all_texts_are_those_that_have_some(ask, table):
    parents = {row["parent_id"] for row in table("resolutions") if row["parent_id"]}
    for text in table("resolutions"):
        rows = ask("text_and_amendments", text["id"])
        assert {row["resolution_id"] for row in rows} == {text["id"]}
        none = [row["amendment"] for row in rows] == ["The record has no amendment to this text."]
        assert none == (text["id"] not in parents)
        assert not none or [*rows[0].values()][3:] == [None] * 6
    amendments = sorted(row["title"] for row in table("resolutions") if row["parent_id"])
    assert sorted(row["amendment"] for row in ask("text_and_amendments", "")) == amendments


def test_the_record_in_numbers_counts_sources_that_bear_a_figure(ask, table):
    sources, differences = (
        table("roll_call_sources"),
        Counter(row["roll_call_id"] for row in table("source_differences")),
    )
    bearing = [row for row in sources if row["covers"] != "circumstances"]
    assert len(bearing) < len(sources)
    cast = Counter(row["roll_call_id"] for row in table("votes"))
    all_of_them = Counter(row["roll_call_id"] for row in bearing)
    independent = Counter(row["roll_call_id"] for row in bearing if row["independent"])
    groups = defaultdict(list)
    for row in table("roll_calls"):
        groups[row["body"], row["kind"]].append(row)
        groups["both", "all"].append(row)
    expected = {}
    for group, rows in groups.items():
        known = Counter(row["votes_known"] for row in rows)
        two = sum(independent[row["id"]] >= 2 for row in rows)
        expected[group] = (
            *(len(rows), known["all"], known["partial"], known["none"], sum(cast[row["id"]] for row in rows)),
            *(sum(all_of_them[row["id"]] >= 2 for row in rows), two),
            *(pytest.approx(count / len(rows), abs=0.00006) for count in (known["all"], two)),
            sum(differences[row["id"]] for row in rows),
        )
    found = {tuple(row.values())[:2]: tuple(row.values())[2:] for row in ask("record_in_numbers")}
    assert found == expected
    assert list(found)[-1] == ("both", "all")


@pytest.mark.parametrize("bloc", ["", "P5", "NATO", "m49-africa"])
def test_who_stood_apart_are_those_without_the_majoritys_vote(ask, table, by_key, votes, bloc):
    expected = []
    for row in table("bloc_votes"):
        if row["bloc_id"] == (bloc or "EU") and row["majority_vote"]:
            roll_call = by_key("roll_calls")[row["roll_call_id"]]
            for member in belonged(table("bloc_memberships"), row["bloc_id"], roll_call["voted_on"]):
                vote = votes[roll_call["id"]].get(member, row["majority_vote"])
                if vote != row["majority_vote"]:
                    name = by_key("members")[member]["short_name"]
                    expected.append((roll_call["voted_on"], roll_call["id"], vote, name, member, row["majority_vote"]))
    columns = ("voted_on", "roll_call_id", "vote", "member", "member_id", "majority_vote")
    assert expected
    assert columns_of(ask("apart_from_bloc", bloc), *columns) == sorted(expected)


@pytest.mark.parametrize("member", ["", "RUS", "VEN", "AFG"])
def test_who_votes_with_a_member_comes_in_order_and_who_was_seldom_compared_last(ask, table, member):
    pairs = {}
    for row in table("pair_agreements"):
        codes = [row["member_a"], row["member_b"]]
        if row["body"] == "GA" and (member or "USA") in codes:
            codes.remove(member or "USA")
            pairs[codes[0]] = row
    most = max(row["compared"] for row in pairs.values())
    rows = ask("agreement_with_member", member)
    for row in rows:
        pair = pairs.pop(row["member_id"])
        assert row["few_compared"] == (pair["compared"] < most / 2)
        assert (row["compared"], row["lijphart_index"]) == (pair["compared"], pair["lijphart_index"])
    assert not pairs
    order = [(row["few_compared"], -row["lijphart_index"], -row["agreement"], row["member"]) for row in rows]
    assert order == sorted(order)
    assert {few for few, *_ in order} == {0, 1}


@pytest.mark.parametrize("body", ["", "SC"])
def test_the_closest_votes_come_from_the_nearest_to_one_half(ask, table, body):
    expected = []
    for row in table("roll_calls"):
        if row["body"] == (body or "GA") and None not in (row["official_yes"], row["official_no"]):
            share = row["official_yes"] / (row["official_yes"] + row["official_no"])
            expected.append((round(abs(share - 0.5), 4), row["voted_on"], row["id"]))
    rows = ask("closest_votes", body)
    assert columns_of(rows, "from_half", "voted_on", "roll_call_id") == sorted(expected)
    assert all(row["margin"] == row["official_yes"] - row["official_no"] for row in rows)


@pytest.mark.parametrize("series", ["", "human_rights", "emergency_session"])
def test_support_over_time_has_the_assemblys_texts_in_order(ask, table, by_key, series):
    expected = []
    for row in in_order(table("roll_calls")):
        text = by_key("resolutions").get(row["resolution_id"])
        if (row["body"], row["kind"]) == ("GA", "whole_text") and series in ("", text["series"]):
            share = pytest.approx(row["official_yes"] / 193, abs=0.00006)
            expected.append((row["id"], text["series"], row["official_yes"], share))
    columns = ("roll_call_id", "series", "official_yes", "share_of_members")
    assert columns_of(ask("support_over_time", series), *columns) == expected
    assert expected


def test_support_over_time_says_where_the_councils_texts_are(ask):
    [row] = ask("support_over_time", "security_council")
    assert "council_votes" in dict(row)["title"]


@pytest.mark.parametrize("outcome", ["", "vetoed", "failed", "adopted"])
def test_council_votes_are_those_of_an_outcome_in_order(ask, table, outcome):
    council = [row for row in in_order(table("roll_calls")) if row["body"] == "SC" and outcome in ("", row["outcome"])]
    columns = ("official_yes", "official_no", "official_abstain", "outcome", "vetoed_by", "votes_known")
    rows = ask("council_votes", outcome)
    assert rows
    assert columns_of(rows, "roll_call_id", *columns) == columns_of(council, "id", *columns)


@pytest.mark.parametrize("text", ["", EIGHT, "A-RES-77-284", COUNCIL])
def test_sponsors_stand_with_their_votes_on_the_text(ask, table, votes, text):
    sponsors = [row for row in table("sponsorships") if row["resolution_id"] == (text or SEVEN)]
    expected = [(row["member_id"], row["role"], votes[text or SEVEN].get(row["member_id"])) for row in sponsors]
    assert expected
    assert sorted(columns_of(ask("sponsors_and_their_votes", text), "member_id", "role", "vote")) == sorted(expected)


@pytest.mark.parametrize("text", ["", SEVEN, COUNCIL])
def test_a_draft_and_what_was_adopted_stand_side_by_side(ask, table, text):
    stances = defaultdict(dict)
    for row in table("provisions"):
        if row["resolution_id"] == (text or EIGHT):
            stances[row["topic"]][row["version"]] = row
    expected = [
        (
            topic,
            *(versions.get(version, {}).get("stance") for version in ("draft", "adopted")),
            versions.get("adopted", {}).get("paragraph"),
            text or EIGHT,
        )
        for topic, versions in sorted(stances.items())
    ]
    assert expected
    assert [tuple(row.values()) for row in ask("provisions_side_by_side", text)] == expected


@pytest.fixture
def ask_altered(database, tmp_path):
    """Ask a tool of a copy of the record that a script has changed; returns the rows."""

    def run(name: str, script: str, *values: str) -> list[tuple]:
        # A copy on disk: one in memory would count against the heap limit that a site in this process has set.
        shutil.copyfile(database, tmp_path / "altered.db")
        with closing(sqlite3.connect(tmp_path / "altered.db")) as copy:
            copy.executescript(script)
            query = QUERIES[name]
            return copy.execute(query.sql, dict(zip(query.parameters, values, strict=True))).fetchall()

    return run


@pytest.mark.parametrize(
    ("covers", "independent", "more"),
    [("circumstances", 1, (0, 0)), ("tally", 0, (1, 0)), ("tally", 1, (1, 1)), ("some", 1, (1, 1))],
)
def test_two_sources_count_where_both_bear_a_figure(ask_altered, covers, independent, more):
    script = f"""delete from roll_call_sources where roll_call_id = '{SEVEN}';
        insert into roll_call_sources (roll_call_id, source_id, covers, independent, note)
        select '{SEVEN}', id, '{covers}', {independent}, 'A note.' from sources limit"""  # noqa: S608
    before, after = (ask_altered("record_in_numbers", f"{script} {count}")[-1] for count in (0, 2))
    assert tuple(b - a for a, b in zip(before[7:9], after[7:9], strict=True)) == more


@pytest.mark.parametrize(("member", "apart"), [("FRA", True), ("GBR", False)])
def test_who_has_left_a_bloc_does_not_stand_apart_from_it(ask_altered, member, apart):
    script = f"update votes set vote = 'no' where roll_call_id = '{SEVEN}' and member_id = '{member}'"  # noqa: S608
    rows = ask_altered("apart_from_bloc", script, "EU")
    assert any(row[-2:] == (member, SEVEN) for row in rows) == apart


# --- predicates, counted again from the rows ---


def test_the_majority_of_a_bloc_is_more_than_half_of_those_that_voted(ask, table, votes):
    eligible = defaultdict(set)
    for row in table("eligible_members"):
        eligible[row["roll_call_id"]].add(row["member_id"])
    answers = Counter()
    for roll_call, bloc in itertools.product(table("roll_calls"), table("blocs")):
        key = roll_call["id"]
        members = belonged(table("bloc_memberships"), bloc["id"], roll_call["voted_on"]) & eligible[key]
        cast = Counter(votes[key].get(member) for member in members)
        expected = None
        if not cast.pop(None, 0):
            cast.pop("not_voting", 0)
            most = next((vote for vote in cast if cast[vote] * 2 > cast.total()), "split")
            expected = most if cast else None
        assert ask("bloc_majority", key, bloc["id"])[0]["answer"] == expected, (key, bloc["id"])
        answers[expected] += 1
    assert answers.keys() == {"yes", "no", "abstain", "split", None}


@pytest.mark.parametrize("pair", [("USA", "RUS"), ("FRA", "USA"), ("UKR", "USA"), ("BRA", "VEN")])
@pytest.mark.parametrize("before", ["2014-01-01", "2023-02-23", DAY, "2027-01-01"])
def test_both_voted_counts_the_texts_of_a_series_before_a_day(ask, table, by_key, votes, pair, before):
    could = {(row["roll_call_id"], row["member_id"]) for row in table("eligible_members")}
    texts = [row for row in table("roll_calls") if row["kind"] == "whole_text" and row["voted_on"] < before]
    for series in {row["series"] for row in table("resolutions")}:
        keys = [
            row["id"]
            for row in texts
            if by_key("resolutions")[row["resolution_id"]]["series"] == series
            and could >= {(row["id"], member) for member in pair}
        ]
        cast = [tuple(votes[key].get(member) for member in pair) for key in keys]
        for vote in WORDS:
            [row] = ask("both_voted", *pair, vote, series, before)
            known = not any(None in both for both in cast)
            assert row["answer"] == (cast.count((vote, vote)) if known else None), (series, vote)
            assert row["texts_compared"] == len(keys)


SPANS = [("2014-01-01", "2026-12-31"), ("2022-03-02", DAY), ("2022-03-03", "2025-02-23"), (DAY, DAY)]


@pytest.mark.parametrize(("first", "last"), SPANS)
@pytest.mark.parametrize("body", ["GA", "SC"])
def test_texts_stating_counts_what_adopted_texts_state_between_two_days(ask, table, body, first, last):
    adopted = [
        row["id"]
        for row in table("resolutions")
        if (row["kind"], row["outcome"], row["body"]) == ("resolution", "adopted", body)
        and first <= row["adopted_on"] <= last
    ]
    stances = {
        (row["resolution_id"], row["topic"]): row["stance"]
        for row in table("provisions")
        if row["version"] == "adopted"
    }
    for topic in {row["topic"] for row in table("provisions")}:
        found = Counter(stances.get((key, topic)) for key in adopted)
        [row] = ask("texts_stating", body, topic, first, last)
        counted = (row["answer"], row["texts_adopted"], row["texts_of_which_it_is_not_known"])
        assert counted == (found["stated"], len(adopted), found[None]), topic


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("bloc_majority", ["A-RES-0", "EU"]),
        ("bloc_majority", [SEVEN, "XX"]),
        ("both_voted", ["ZZZ", "RUS", "no", "emergency_session", DAY]),
        ("both_voted", ["USA", "ZZZ", "no", "emergency_session", DAY]),
        ("both_voted", ["USA", "RUS", "never", "emergency_session", DAY]),
        ("both_voted", ["USA", "RUS", "no", "another", DAY]),
        ("both_voted", ["USA", "RUS", "no", "emergency_session", "2025-02-30"]),
        ("texts_stating", ["XX", "aggression", DAY, DAY]),
        ("texts_stating", ["GA", "another", DAY, DAY]),
        ("texts_stating", ["GA", "aggression", "2025-02-30", DAY]),
        ("texts_stating", ["GA", "aggression", DAY, "today"]),
    ],
)
def test_a_predicate_with_a_wrong_value_has_no_answer_and_says_which(ask, name, params):
    [row] = ask(name, *params)
    assert row["answer"] is None
    assert len([cell for cell in row.values() if isinstance(cell, str) and FILL_IN.search(cell)]) == 1


# --- facts ---


@pytest.mark.parametrize(
    ("roll_call", "tally"), [(SEVEN, (93, 18, 65, 17)), (EIGHT, (93, 8, 73, 19)), (COUNCIL, (10, 0, 5, 0))]
)
def test_known_tallies(record, roll_call, tally):
    sql = "select official_yes, official_no, official_abstain, official_not_voting from roll_calls where id = ?"
    counted = {"yes": tally[0], "no": tally[1], "abstain": tally[2], "not_voting": tally[3]}
    assert record(sql, roll_call) == [tally]
    assert dict(record("select vote, count(*) from votes where roll_call_id = ? group by vote", roll_call)) == {
        vote: count for vote, count in counted.items() if count
    }


@pytest.mark.parametrize(
    ("member", "seven", "eight", "council"),
    [
        ("USA", "no", "abstain", "yes"),
        ("UKR", "yes", "abstain", None),
        ("RUS", "no", "no", "yes"),
        ("SYR", "abstain", "abstain", None),
        ("GEO", "not_voting", "abstain", None),
        ("HUN", "no", "abstain", None),
        ("FRA", "yes", "yes", "abstain"),
        ("CHN", "abstain", "abstain", "yes"),
    ],
)
def test_known_votes(record, member, seven, eight, council):
    votes = dict(record("select roll_call_id, vote from votes where member_id = ?", member))
    assert [votes.get(roll_call) for roll_call in (SEVEN, EIGHT, COUNCIL)] == [seven, eight, council]


@pytest.mark.parametrize(
    ("roll_call", "members"),
    [
        (SEVEN, "BDI BFA BLR CAF ERI GNQ HTI HUN ISR MHL MLI NER NIC PLW PRK RUS SDN USA"),
        (EIGHT, "BFA BLR MLI NER NIC PRK RUS SDN"),
        (COUNCIL, ""),
    ],
)
def test_known_votes_against(record, roll_call, members):
    sql = "select member_id from votes where roll_call_id = ? and vote = 'no' order by 1"
    assert [row[0] for row in record(sql, roll_call)] == members.split()


def test_the_council_of_2025(record):
    sql = """select member_id from council_terms
        where valid_from <= '2025-02-24' and coalesce(valid_until, '9999') >= '2025-02-24' order by 1"""
    assert " ".join(row[0] for row in record(sql)) == "CHN DNK DZA FRA GBR GRC GUY KOR PAK PAN RUS SLE SOM SVN USA"


def test_there_are_193_members_and_the_last_to_join_was_south_sudan(record):
    assert record("select count(*) from members") == [(193,)]
    assert record("select id, joined_on from members order by joined_on desc limit 1") == [("SSD", "2011-07-14")]


@pytest.mark.parametrize(
    ("member", "column", "value"),
    [("NAM", "iso2", "NA"), ("AFG", "m49", "004"), ("NOR", "iso2", "NO"), ("USA", "regional_group", None)],
)
def test_codes_that_software_likes_to_change_are_whole(record, member, column, value):
    assert record(f"select {column} from members where id = ?", member) == [(value,)]  # noqa: S608


def test_every_row_has_a_source_that_exists(record):
    for name, table in PACKAGE.tables.items():
        if any(field.name == "source_id" and field.required for field in table.fields):
            sql = f"select count(*) from {name} where source_id not in (select id from sources) or source_id is null"  # noqa: S608
            assert record(sql) == [(0,)], name


def test_no_source_is_listed_that_nothing_rests_on(record):
    used = {
        key
        for name, table in PACKAGE.tables.items()
        for reference in table.foreign_keys
        if reference.table == "sources"
        for (key,) in record(f"select {reference.fields[0]} from {name}")  # noqa: S608
    }
    assert sorted({key for (key,) in record("select id from sources")} - used) == []


def test_every_roll_call_has_the_source_it_follows_among_its_sources(record):
    sql = """select id, source_id from roll_calls
        except select roll_call_id, source_id from roll_call_sources"""
    assert record(sql) == []


def test_every_quote_has_twelve_words_at_most(record):
    quotes = record("select quote from claims")
    assert quotes
    assert [quote for (quote,) in quotes if len(quote.split()) > 12] == []


def test_no_claim_only_repeats_its_quote(record):
    assert record("select id from claims where lower(trim(claim, '.')) = lower(quote)") == []


# --- the cards of the source documents ---


CARDS = sorted((ROOT / "seeds").glob("*.yml"))


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_a_card_agrees_with_its_article(path):
    card = yaml.safe_load(path.read_text(encoding="utf-8"))
    rows, _ = read_package(PACKAGE)
    [article] = [row for row in rows["articles"] if row["id"] == card["article"]]
    assert card.keys() == {"article", "about", "file", "sha256", "encoding", "bytes", "characters"}
    assert (path.stem, card["sha256"], card["encoding"]) == (article["id"], article["text_sha256"], "utf-8")
    assert article["seen"] == "full_text"
    last = max(row["locator_end"] for row in rows["claims"] if row["article_id"] == article["id"])
    assert last <= card["characters"] <= card["bytes"]


def test_every_source_article_has_a_card():
    rows, _ = read_package(PACKAGE)
    chosen = {row["id"] for row in rows["articles"] if row["chosen_for"] == "source_article"}
    assert {path.stem for path in CARDS} == chosen


@pytest.mark.parametrize("path", CARDS, ids=lambda path: path.stem)
def test_a_card_is_the_card_of_the_text_at_hand(path, article_texts):
    card = yaml.safe_load(path.read_text(encoding="utf-8"))
    content = (article_texts / card["file"]).read_bytes()
    assert (len(content), len(content.decode("utf-8"))) == (card["bytes"], card["characters"])
