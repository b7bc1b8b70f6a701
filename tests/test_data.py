"""The shipped data: its description, its names, its queries, and facts that anyone can look up."""

import re
import sqlite3
import subprocess
import sys
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
SCHEMAS = sorted((ROOT / "schema").rglob("*.yaml"))


def schema_name(path: Path) -> str:
    return path.relative_to(ROOT / "schema").as_posix()


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
}
FIELD_PROPERTIES = {"name", "title", "type", "format", "description", "constraints", "trueValues", "falseValues"}
CONSTRAINTS = {"required", "unique", "enum", "pattern", "minimum", "maximum", "maxLength"}


@pytest.mark.parametrize("path", SCHEMAS, ids=schema_name)
def test_a_schema_has_only_properties_that_something_reads(path):
    schema = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert schema.keys() <= SCHEMA_PROPERTIES
    for field in schema["fields"] + schema.get("computedFields", []):
        assert field.keys() <= FIELD_PROPERTIES, field["name"]
        assert field.get("constraints", {}).keys() <= CONSTRAINTS, field["name"]
        assert field.get("type", "string") in {"string", "integer", "number", "boolean", "date"}, field["name"]


@pytest.mark.parametrize("path", SCHEMAS, ids=schema_name)
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
        [(kind, place)] = rule.items()
        if kind == "table":
            assert len(PACKAGE.tables[place].primary_key) == 1
        elif kind == "enumeration":
            assert PACKAGE.field(place).constraints["enum"]
        else:
            assert rule == {"form": "date"}
    if query.parameters:
        assert query.example.keys() == query.parameters.keys()


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_has_a_title_and_a_description(name):
    declared = RECORD["queries"][name]
    assert declared["title"].strip()
    assert declared["description"].strip().endswith(".")


ANSWERING = [query for query in QUERIES.values() if query.answer]
TOOLS = [query for query in QUERIES.values() if not query.answer]
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
