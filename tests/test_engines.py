"""Every published query has the same answer on SQLite, DuckDB and Spark; what would differ is put right or refused."""

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
import sqlglot
import yaml

from scripts import dialects
from scripts.build import ROOT
from scripts.dialects import NotPortableError, translate
from scripts.engines import Answer, DuckdbEngine, Engine, EngineError, SparkEngine, SqliteEngine
from scripts.load import ddl
from scripts.package import Field, Table
from scripts.parquet import write_tables
from scripts.published import Database, published_databases
from scripts.queries import BOTH, Query, read_metadata, read_queries

METADATA = read_metadata(ROOT)
# Of both databases at once only Datasette is asked.
PUBLISHED = {name: read_queries(METADATA, name) for name in METADATA["databases"] if name != BOTH}
PORTABLE = [
    pytest.param(database, query, id=f"{database}-{name}")
    for database, queries in PUBLISHED.items()
    for name, query in queries.items()
    if not query.not_portable
]
NOT_PORTABLE = [
    pytest.param(database, query, id=f"{database}-{name}")
    for database, queries in PUBLISHED.items()
    for name, query in queries.items()
    if query.not_portable
]
DAYS = ["2014-03-15", "2022-03-02", "2025-02-24", "2025-02-30", "20250224", "2025"]
TEXTS = ["S/RES/2774", "a/res/es-11/7", "é", "100%", "'"]
Opened = Callable[[str, str], Engine]


@pytest.fixture(scope="session")
def databases(archived_project: Path) -> dict[str, Database]:
    found = published_databases(archived_project, archived_project / "build/site", METADATA)
    return {database.name: database for database in found}


@pytest.fixture(scope="session")
def opened(databases: dict[str, Database], parquet: Path, request: pytest.FixtureRequest) -> Iterator[Opened]:
    """An engine over a database of the site, opened once for the whole run."""
    engines: dict[tuple[str, str], Engine] = {}

    def engine(name: str, database: str) -> Engine:
        if database not in databases:
            pytest.skip(f"the site has no {database}, so none of its queries was compared")
        if (name, database) not in engines:
            engines[name, database] = open_for_test(name, databases[database], parquet, request)
        return engines[name, database]

    yield engine
    for engine_ in engines.values():
        engine_.close()


def open_for_test(name: str, database: Database, parquet: Path, request: pytest.FixtureRequest) -> Engine:
    if name == "sqlite":
        return SqliteEngine(database)
    if name == "duckdb":
        return DuckdbEngine(database, parquet)
    return SparkEngine(database, parquet, settings=request.getfixturevalue("spark_settings"))


def is_ordered(sql: str) -> bool:
    return sqlglot.parse_one(sql, read="sqlite").args.get("order") is not None


def comparable(answer: Answer, ordered: bool) -> tuple[tuple[str, ...], list[list[Any]]]:
    """Columns and rows, each value with its type; rows without an order in one of their own, floats to nine places."""
    rows = [
        [(type(value), round(value, 9) if isinstance(value, float) else value) for value in row] for row in answer.rows
    ]
    return answer.columns, rows if ordered else sorted(rows, key=repr)


def values_of(rule: dict[str, str], database: Database) -> list[str]:
    """Values that a parameter may have."""
    tables = {table.name: table for table in database.tables}
    if "enumeration" in rule:
        table, column = rule["enumeration"].split(".")
        return next(field for field in tables[table].fields if field.name == column).constraints["enum"]
    if "table" in rule:
        table = tables[rule["table"]]
        with closing(sqlite3.connect(f"file:{database.path}?mode=ro", uri=True)) as connection:
            return [str(key) for (key,) in connection.execute(f"select {table.primary_key[0]} from {table.name}")]  # noqa: S608
    return DAYS if rule.get("form") == "date" else TEXTS


def parameter_sets(query: Query, database: Database, varied: int) -> list[dict[str, str]]:
    """The example, nothing, what is not there, and some that are drawn by the query's name, the same each time."""
    drawn = random.Random(query.name)
    known = {name: values_of(rule, database) for name, rule in query.parameters.items()}
    sets = [query.example, dict.fromkeys(known, ""), dict.fromkeys(known, "nothing of the kind")]
    sets += [{name: drawn.choice(values) for name, values in known.items()} for _ in range(varied)]
    return sets if known else [{}]


@pytest.mark.parametrize(("engine", "varied"), [("duckdb", 3), ("spark", 0)])
@pytest.mark.parametrize(("database", "query"), PORTABLE)
def test_every_engine_has_the_same_answer(
    database: str, query: Query, engine: str, varied: int, opened: Opened, databases: dict[str, Database]
):
    sqlite, other = opened("sqlite", database), opened(engine, database)
    ordered = is_ordered(query.sql)
    for parameters in parameter_sets(query, databases[database], varied):
        expected = comparable(sqlite.ask(query.sql, parameters), ordered)
        assert comparable(other.ask(query.sql, parameters), ordered) == expected, parameters


@pytest.mark.parametrize(("database", "query"), NOT_PORTABLE)
def test_what_is_not_portable_is_refused(database: str, query: Query, opened: Opened):
    with pytest.raises(NotPortableError):
        opened("duckdb", database).ask(query.sql, dict.fromkeys(query.parameters, ""))


def field(name: str, kind: str = "string") -> Field:
    return Field(name, name, name, kind)


THINGS = Table(
    "things", "Things", "Things.",
    (field("id"), field("n", "integer"), field("m", "integer"), field("x", "number"), field("flag", "boolean"),
     field("day", "date"), field("note")),
    primary_key=("id",),
)  # fmt: skip
PARTS = Table("parts", "Parts", "Parts.", (field("id"), field("thing_id"), field("name")), primary_key=("id",))
ROWS = {
    "things": [
        ("a", 7, 2, 0.5, 1, "2025-02-24", "United Nations"),
        ("b", -7, 2, 2.9, 0, "2024-12-31", "united É, \"quoted\""),
        ("c", None, 0, None, None, None, None),
        ("d", 10, 3, -2.9, 1, "1999-01-01", "12 texts"),
    ],
    "parts": [("1", "a", "wheel"), ("2", "a", "Axle"), ("3", "b", "Ärmel"), ("4", "b", "bolt"), ("5", "x", None)],
}  # fmt: skip


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Database, Path]:
    """Two small tables with what engines differ on, and their Parquet."""
    folder = tmp_path_factory.mktemp("small")
    path = folder / "small.db"
    with closing(sqlite3.connect(path)) as connection:
        for table in (THINGS, PARTS):
            connection.execute(ddl(table))
            marks = ", ".join("?" * len(table.fields))
            connection.executemany(f"insert into {table.name} values ({marks})", ROWS[table.name])  # noqa: S608
        connection.commit()
    database = Database("small", path, (THINGS, PARTS))
    write_tables(folder / "parquet/small", path, database.tables)
    return database, folder / "parquet"


@pytest.fixture(scope="module")
def asked(small: tuple[Database, Path], request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Ask an engine over the small tables; rows in an order of their own where the query has none."""
    engines: dict[str, Engine] = {}

    def ask(name: str, sql: str, parameters: dict[str, str]) -> Any:
        if name not in engines:
            engines[name] = open_for_test(name, *small, request)
        return comparable(engines[name].ask(sql, parameters), is_ordered(sql))

    yield ask
    for engine in engines.values():
        engine.close()


DIFFERENCES = yaml.safe_load((ROOT / "tests/engine_differences.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("engine", ["duckdb", "spark"])
@pytest.mark.parametrize("case", DIFFERENCES, ids=itemgetter("sql"))
def test_what_engines_differ_on_is_put_right(engine: str, case: dict, asked: Callable[..., Any]):
    parameters = case.get("parameters", {})
    assert asked(engine, case["sql"], parameters) == asked("sqlite", case["sql"], parameters)


@pytest.mark.parametrize(
    "case", [case for case in DIFFERENCES if "without_it" in case], ids=lambda case: f"{case['step']}: {case['sql']}"
)
def test_without_its_step_an_engine_answers_otherwise(
    case: dict, asked: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    for steps in ("PREPARATIONS", "STEPS"):
        kept = tuple(step for step in getattr(dialects, steps) if step.__name__ != case["step"])
        monkeypatch.setattr(dialects, steps, kept)
    if case["step"] == "_columns_beside_aggregates":
        monkeypatch.setattr(dialects, case["step"], lambda *_: None)
    if case["step"] == "_divisions":
        monkeypatch.setattr(dialects, "annotate_types", lambda tree, **_: tree)
    parameters = case.get("parameters", {})
    try:
        answer = asked(case["without_it"], case["sql"], parameters)
    except (NotPortableError, EngineError):
        return
    assert answer != asked("sqlite", case["sql"], parameters)


def test_each_step_has_a_query_that_shows_what_it_is_for():
    shown = {case["step"] for case in DIFFERENCES if "without_it" in case}
    refusing = {"_one_type", "_parts_of_texts", "_json_values", "_parameters_are_texts"}
    assert {step.__name__ for step in (*dialects.PREPARATIONS, *dialects.STEPS)} - refusing <= shown


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select date('now') as d", "date()"),
        ("select date(day, '+1 month') as d from things", "date()"),
        ("select strftime('%Y', day) as y from things", "not known"),
        ("select random() as r", "not known"),
        ("select group_concat(name) as names from parts", "order"),
        ("select group_concat(distinct name) as names from parts", "order"),
        ("select group_concat(name) as names from (select name from parts order by id limit 2)", "order"),
        ("select json_group_array(name) as names from (select name from parts order by id)", "json_group_array"),
        ("select json_extract(note, '$.a') as a from things", "cast"),
        ("select note, count(*) as n from things group by flag", "beside aggregates"),
        (
            "select p.name, count(*) as n from things as t join parts as p on p.thing_id = t.id group by t.id",
            "beside aggregates",
        ),
        ("select substr(note, -2) as s from things", "beginning"),
        ("select note / 2 as half from things", "types"),
        ("select id from things where n in ('7', '8')", "a number with a text"),
        ("select case id when 'a' then n else note end as mixed from things", "a text in another"),
        ("select id from things where note", "condition"),
        ("select rowid from things", "not understood"),
        ("select nothing from things", "not understood"),
        ("select from", "not understood"),
    ],
)
def test_what_is_not_known_to_be_alike_is_refused(sql: str, reason: str):
    for dialect in ("duckdb", "spark"):
        with pytest.raises(NotPortableError, match=reason.replace("(", r"\(").replace(")", r"\)")):
            translate(sql, [THINGS, PARTS], dialect)


def test_a_parameter_is_never_a_part_of_the_text(asked: Callable[..., Any]):
    sql, nasty = "select :k as k, count(*) as n from things where note = :k", "' or 1 = 1 --"
    for engine in ("sqlite", "duckdb"):
        assert asked(engine, sql, {"k": nasty})[1] == [[(str, nasty), (int, 0)]]


def test_parquet_that_is_not_there_is_said(small: tuple[Database, Path], tmp_path: Path):
    with pytest.raises(EngineError, match="things of small is not there as Parquet; make parquet writes it"):
        DuckdbEngine(small[0], tmp_path)
