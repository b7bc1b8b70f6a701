"""Parquet has the rows, types and words of every table, by year, the same bytes each time, swapped in one step."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

import duckdb
import pytest

from scripts import parquet as module
from scripts.build import ROOT
from scripts.package import Field, Table, read_yaml
from scripts.parquet import main, write_tables, year_of
from scripts.parquet_files import TYPES, table_schema
from scripts.problems import BadDataError
from scripts.published import Database, published_databases
from scripts.queries import read_metadata
from tests.conftest import replace_text

CONVERT = {"date": date.fromisoformat, "boolean": bool}


@pytest.fixture(scope="module")
def databases(archived_project: Path) -> list[Database]:
    return published_databases(archived_project, archived_project / "build/site", read_metadata(archived_project))


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def rows_of(folder: Path, columns: str = "*") -> list[tuple]:
    source = f"read_parquet('{folder}/**/*.parquet', hive_partitioning = false)"
    return duckdb.sql(f"select {columns} from {source}").fetchall()  # noqa: S608


def test_every_table_and_view_has_the_rows_of_the_database(databases: list[Database], parquet: Path):
    for database in databases:
        with closing(sqlite3.connect(f"file:{database.path}?mode=ro", uri=True)) as connection:
            for table in database.tables:
                stored = connection.execute(f"select * from {table.name}").fetchall()  # noqa: S608
                types = [field.type for field in table.fields]
                typed = [
                    tuple(
                        None if v is None else CONVERT.get(t, lambda v: v)(v) for v, t in zip(row, types, strict=True)
                    )
                    for row in stored
                ]
                found = rows_of(parquet / database.name / table.name)
                assert sorted(found, key=repr) == sorted(typed, key=repr), table.name


def test_every_file_has_the_types_and_the_words_of_its_schema(databases: list[Database], parquet: Path):
    for database in databases:
        for table in database.tables:
            for path in (parquet / database.name / table.name).rglob("*.parquet"):
                source = f"read_parquet('{path}', hive_partitioning = false)"
                described = duckdb.sql(f"describe from {source}").fetchall()
                assert [(row[0], row[1]) for row in described] == [(f.name, TYPES[f.type]) for f in table.fields]
                stored = duckdb.sql(f"select key, value from parquet_kv_metadata('{path}')").fetchall()  # noqa: S608
                words = {key.decode(): value.decode() for key, value in stored}
                assert words["title"] == table.title
                assert json.loads(words["table_schema"]) == table_schema(table)


def test_the_schema_in_a_file_has_all_columns_with_their_descriptions(parquet: Path):
    [path] = list((parquet / "record/claim_members").rglob("*.parquet"))
    stored = duckdb.sql(f"select value from parquet_kv_metadata('{path}') where key = 'table_schema'").fetchall()  # noqa: S608
    schema = json.loads(stored[0][0])
    assert [field["name"] for field in schema["fields"]] == ["claim_id", "member_id"]
    assert all(field["title"] and field["description"] for field in schema["fields"])
    assert schema["primaryKey"] == ["claim_id", "member_id"]
    assert {"fields": ["claim_id"], "reference": {"resource": "claims", "fields": ["id"]}} in schema["foreignKeys"]


def test_dated_rows_stand_in_the_folder_of_their_year(parquet: Path):
    folder = parquet / "record"
    years = {path.name for path in (folder / "roll_calls").iterdir()}
    assert {"year=2014", "year=2022", "year=2025"} <= years
    for path in (folder / "votes_named").iterdir():
        days = rows_of(path, "min(voted_on), max(voted_on)")[0]
        assert {f"year={day.year}" for day in days} == {path.name}
    votes = f"read_parquet('{folder}/votes/*/*.parquet', hive_partitioning = true)"
    roll_calls = f"read_parquet('{folder}/roll_calls/*/*.parquet', hive_partitioning = true)"
    wrong = (
        f"select count(*) from {votes} v join {roll_calls} r on r.id = v.roll_call_id where v.year <> year(r.voted_on)"  # noqa: S608
    )
    assert duckdb.sql(wrong).fetchone() == (0,)
    assert [path.name for path in (folder / "members").iterdir()] == ["data_0.parquet"]


def test_a_claim_stands_in_the_year_of_its_article(parquet: Path, database: Path):
    sql = """select substr(articles.published_on, 1, 4), count(*) from claims
    join articles on articles.id = claims.article_id group by 1"""
    with closing(sqlite3.connect(database)) as connection:
        expected = {f"year={year or '__HIVE_DEFAULT_PARTITION__'}": n for year, n in connection.execute(sql)}
    folder = parquet / "record/claims"
    assert {path.name: rows_of(path, "count(*)")[0][0] for path in folder.iterdir()} == expected


def test_the_same_databases_give_the_same_bytes(databases: list[Database], parquet: Path, tmp_path: Path):
    for database in databases:
        write_tables(tmp_path / database.name, database.path, database.tables)
        assert files_of(tmp_path / database.name) == files_of(parquet / database.name)


def small(folder: Path, schema: dict, rows: list[tuple], *names: str) -> tuple[Path, Table]:
    """A database with one table, all of whose columns are texts but the ones that are named."""
    types = dict(name.split(":") for name in names)
    fields = tuple(Field(name, name, name, types.get(name, "string")) for name in ("id", "day", "year", "note"))
    with closing(sqlite3.connect(folder / "small.db")) as connection:
        connection.execute("create table things (id, day, year, note)")
        connection.executemany("insert into things values (?, ?, ?, ?)", rows)
        connection.commit()
    return folder / "small.db", Table("things", "Things", "Things.", fields, primary_key=("id",), schema=schema)


def test_nothing_and_an_empty_text_and_odd_texts_stay_what_they_are(tmp_path: Path):
    texts = ["", None, '"', "a,b", "line\nand line", "É ⟦x⟧", "NULL", " ", "\\N"]
    path, table = small(tmp_path, {}, [(str(i), None, None, text) for i, text in enumerate(texts)])
    assert write_tables(tmp_path / "out", path, [table]) == len(texts)
    assert [row[3] for row in rows_of(tmp_path / "out/things")] == texts


def test_a_table_without_rows_has_its_columns(tmp_path: Path):
    path, table = small(tmp_path, {"datedBy": "day"}, [], "day:date")
    path, table = path, Table(table.name, "", "", table.fields[:2], schema=table.schema)
    write_tables(tmp_path / "out", path, [table])
    assert rows_of(tmp_path / "out/things") == []


def test_a_year_of_its_own_stays_a_column(tmp_path: Path):
    rows = [("a", None, 1946, None), ("b", None, 2025, None), ("c", None, None, None)]
    path, table = small(tmp_path, {"datedBy": "year"}, rows, "year:integer")
    write_tables(tmp_path / "out", path, [table])
    names = {path.name for path in (tmp_path / "out/things").iterdir()}
    assert names == {"year=1946", "year=2025", "year=__HIVE_DEFAULT_PARTITION__"}
    assert sorted(rows_of(tmp_path / "out/things"), key=repr) == sorted(rows, key=repr)


def test_what_dates_a_table_has_to_be_there(tmp_path: Path):
    _, table = small(tmp_path, {"datedBy": "day"}, [])
    with pytest.raises(BadDataError, match="field datedBy: is day, and the table has a column year of its own"):
        year_of(table, {})
    for tables in ({}, {"others": Table("others", "", "", table.fields[:1])}):
        table = Table("things", "", "", table.fields[:2], schema={"datedBy": {"id": "others"}})
        with pytest.raises(BadDataError, match="leads to others, which has no day"):
            year_of(table, tables)


@pytest.mark.parametrize(
    "dated", ["nothing", {"nothing": "roll_calls"}, {"roll_call_id": "roll_calls", "vote": "votes"}]
)
def test_a_schema_that_dates_by_no_column_is_refused(
    dated: object, project: Path, build: Callable[..., tuple[int, str]]
):
    schema = project / "schema/votes.yaml"
    replace_text(schema, "datedBy: {roll_call_id: roll_calls}", f"datedBy: {json.dumps(dated)}")
    code, said = build(project, "--validate")
    assert (code, "schema/votes.yaml, field datedBy: is neither a column nor {column: table}" in said) == (1, True)


def test_writing_again_does_nothing_and_a_failure_leaves_the_last_files(
    archived_project: Path,
    parquet: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    before = parquet.resolve()
    assert main([], root=archived_project) == 0
    assert "build/parquet is up to date" in capsys.readouterr().out

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "fingerprint", lambda *_: "another")
    monkeypatch.setattr(module, "write_parquet", interrupted)
    with pytest.raises(KeyboardInterrupt):
        main(["-q"], root=archived_project)
    assert parquet.resolve() == before
    assert [path.name for path in before.parent.iterdir()] == [before.name]


def test_a_disk_that_is_full_or_a_missing_site_is_said(
    archived_project: Path,
    parquet: Path,
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    assert main(["-q"], root=project) == 2
    assert capsys.readouterr().err == "build/site has no database; make build makes it\n"

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "fingerprint", lambda *_: "another")
    monkeypatch.setattr(module, "write_parquet", full)
    assert main(["-q"], root=archived_project) == 1
    assert "No space left on device; no Parquet was written" in capsys.readouterr().err


def test_a_schema_without_its_table_is_said(archived_project: Path, tmp_path: Path):
    sqlite3.connect(tmp_path / "record.db").close()
    with pytest.raises(BadDataError, match="roll_calls"):
        published_databases(archived_project, tmp_path, read_metadata(archived_project))


def test_what_dates_votes_is_written_in_their_schema():
    assert read_yaml(ROOT, "schema/votes.yaml")["datedBy"] == {"roll_call_id": "roll_calls"}
