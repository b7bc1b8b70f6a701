"""What is taken away: files hold what the database holds, each by its own reader, and the pages tell of them truly."""

import csv
import hashlib
import html
import io
import json
import re
import shutil
import sqlite3
import subprocess
import zipfile
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

import duckdb
import httpx
import openpyxl
import pytest
import sqlite_utils
from datasette.app import Datasette
from frictionless import Package as DataPackage
from frictionless import system

from scripts.build import ROOT
from scripts.derive import wide_table
from scripts.downloads import dump_sha256, write_downloads
from scripts.package import open_package
from scripts.releases import as_released
from tests.conftest import Server

PACKAGE = open_package(ROOT)
NAMES = [*PACKAGE.tables, *PACKAGE.derived, *PACKAGE.wide, *PACKAGE.views]
PYTHON = {"date": date, "integer": int, "number": (int, float), "boolean": bool, "string": str}
MEDIA_TYPES = {
    "csv": "text/csv",
    "db": "application/vnd.sqlite3",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "zip": "application/zip",
    "sha256": "text/plain",
    "SHA256SUMS": "text/plain",
}


@pytest.fixture(scope="module")
def folder(site: Path) -> Path:
    return site / "static/downloads"


@pytest.fixture(scope="module")
def catalogue(folder: Path) -> dict:
    return json.loads((folder / "tables.json").read_text(encoding="utf-8"))


def entry(catalogue: dict, name: str) -> dict:
    return next(table for table in catalogue["tables"] if table["name"] == name)


def stored_rows(database: Path, name: str) -> list[tuple]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return connection.execute(f"select * from {name}").fetchall()  # noqa: S608


def typed_rows(database: Path, table: dict) -> list[tuple]:
    """The rows of the database, dates and booleans as such, each of the type that its column says."""
    convert = {"date": date.fromisoformat, "boolean": bool}
    rows = stored_rows(database, table["name"])
    types = [column["type"] for column in table["columns"]]
    found = [
        tuple(None if v is None else convert.get(t, lambda v: v)(v) for v, t in zip(row, types, strict=True))
        for row in rows
    ]
    for row in found:
        assert all(v is None or isinstance(v, PYTHON[t]) for v, t in zip(row, types, strict=True)), (table, row)
    return found


def test_the_catalogue_names_every_table_and_view(catalogue: dict):
    assert [table["name"] for table in catalogue["tables"]] == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_csv_has_the_rows_of_the_database(name: str, folder: Path, database: Path, catalogue: dict):
    header, *rows = csv.reader(io.StringIO((folder / f"{name}.csv").read_text(encoding="utf-8"), newline=""))
    assert header == [column["name"] for column in entry(catalogue, name)["columns"]]
    assert rows == [["" if value is None else str(value) for value in row] for row in stored_rows(database, name)]
    assert len(rows) == entry(catalogue, name)["rows"]


@pytest.mark.parametrize("name", NAMES)
def test_a_workbook_has_the_rows_of_the_database_and_no_formula(
    name: str, folder: Path, database: Path, catalogue: dict
):
    book = openpyxl.load_workbook(folder / f"{name}.xlsx", read_only=True)
    cells = list(book[name].iter_rows())
    assert not [cell for row in cells for cell in row if cell.value is not None and cell.data_type == "f"]
    header, *rows = ([cell.value for cell in row] for row in cells)
    table = entry(catalogue, name)
    assert header == [column["name"] for column in table["columns"]]
    width = len(header)
    found = [tuple(v.date() if isinstance(v, datetime) else v for v in (row + [None] * width)[:width]) for row in rows]
    assert found == typed_rows(database, table)


@pytest.mark.parametrize("name", NAMES)
def test_a_workbook_says_what_its_columns_mean(name: str, folder: Path, catalogue: dict):
    book = openpyxl.load_workbook(folder / f"{name}.xlsx")
    _, *rows = book["columns"].iter_rows(values_only=True)
    columns = entry(catalogue, name)["columns"]
    assert rows == [tuple(c[key] for key in ("name", "title", "type", "description")) for c in columns]
    assert (book[name].freeze_panes, book[name]["A1"].font.bold) == ("A2", True)


@pytest.mark.parametrize("name", NAMES)
def test_parquet_has_the_rows_of_the_database_and_the_words_of_the_schema(
    name: str, folder: Path, database: Path, catalogue: dict
):
    path, table = str(folder / f"{name}.parquet"), entry(catalogue, name)
    assert duckdb.read_parquet(path).fetchall() == typed_rows(database, table)
    metadata = duckdb.execute("select decode(key), decode(value) from parquet_kv_metadata(?)", [path]).fetchall()
    words = dict(metadata)
    assert (words["title"], words["description"]) == (table["title"], table["description"])
    assert json.loads(words["columns"]) == {column["name"]: column["description"] for column in table["columns"]}


def test_a_text_that_looks_like_a_formula_or_a_link_stays_a_text(site: Path, database: Path, tmp_path: Path):
    copy = shutil.copy(database, tmp_path / "record.db")
    with sqlite3.connect(copy) as connection:
        connection.execute("update members set short_name = '=1+1' where id = 'USA'")
        connection.execute("update members set short_name = 'http://example.org' where id = 'RUS'")
        connection.execute("update members set short_name = '007' where id = 'FRA'")
    connection.close()
    write_downloads(tmp_path / "files", copy, PACKAGE, [*PACKAGE.tables.values(), *PACKAGE.derived.values()])
    sheet = openpyxl.load_workbook(tmp_path / "files/members.xlsx")["members"]
    cells = {cell.value: (cell.data_type, cell.hyperlink) for row in sheet.iter_rows() for cell in row}
    assert {cells[text] for text in ("=1+1", "http://example.org", "007")} == {("s", None)}


@pytest.mark.parametrize("name", ["un", "press"])
def test_a_data_package_is_valid_by_itself(name: str, folder: Path, catalogue: dict, tmp_path: Path):
    with zipfile.ZipFile(folder / f"{name}.zip") as archive:
        archive.extractall(tmp_path)
    with system.use_context(trusted=True):
        descriptor = tmp_path / "datapackage.json"
        report = DataPackage(str(descriptor)).validate()
    assert report.valid, report.flatten(["path", "rowNumber", "fieldName", "message"])
    described = json.loads(descriptor.read_text(encoding="utf-8"))
    assert described["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert (described["name"], described["version"]) == (f"on-the-record-{name}", PACKAGE.descriptor["version"])
    assert [resource["name"] for resource in described["resources"]] == report_names(catalogue, name)
    tables = {f"data/{resource['name']}.csv" for resource in described["resources"]}
    documents = {"press": {"CODEBOOK.md"}, "un": set()}[name] | {"GAPS.md", "LICENSE.txt", "README.md"}
    there = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert there == tables | documents | {"datapackage.json"}
    assert (tmp_path / "LICENSE.txt").read_bytes() == (ROOT / "data/LICENSE").read_bytes()


def report_names(catalogue: dict, name: str) -> list[str]:
    return next(bundle["tables"] for bundle in catalogue["packages"] if bundle["name"] == name)


@pytest.mark.parametrize("change", ["a key that is nowhere", "a row less"])
def test_a_data_package_that_was_changed_is_not_valid(change: str, folder: Path, tmp_path: Path):
    with zipfile.ZipFile(folder / "un.zip") as archive:
        archive.extractall(tmp_path)
    votes = tmp_path / "data/votes.csv"
    text = votes.read_text(encoding="utf-8")
    votes.write_text(
        text.replace(",USA,", ",XXX,", 1)
        if change == "a key that is nowhere"
        else text[: text.rindex("\n", 0, -1) + 1],
        encoding="utf-8",
    )
    assert not DataPackage(str(tmp_path / "datapackage.json")).validate().valid


def test_every_table_is_in_a_data_package_with_what_the_build_computed(catalogue: dict, folder: Path):
    packed = {name for bundle in catalogue["packages"] for name in bundle["tables"]}
    # What the search looks through has nothing of its own; the others tell of the project, and are files by themselves.
    by_themselves = {"search_entries", "published_keys", "build_inputs"}
    assert packed == (PACKAGE.tables.keys() | PACKAGE.derived.keys()) - by_themselves
    with zipfile.ZipFile(folder / "press.zip") as archive:
        descriptor = json.loads(archive.read("datapackage.json"))
        claims = csv.DictReader(io.StringIO(archive.read("data/claims.csv").decode(), newline=""))
        assert {claim["verdict"] for claim in claims} >= {"accurate", "inaccurate"}
    described = next(resource for resource in descriptor["resources"] if resource["name"] == "claims")
    assert described["schema"]["fields"][-1]["name"] == "verdict"
    assert described["schema"].keys() == {"fields", "primaryKey", "foreignKeys"}


def test_the_version_is_that_of_the_project():
    assert f'version = "{PACKAGE.descriptor["version"]}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_same_database_gives_the_same_bytes(folder: Path, database: Path, tmp_path: Path):
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        wide = [wide_table(sqlite_utils.Database(connection), table) for table in PACKAGE.wide.values()]
    tables = [*PACKAGE.tables.values(), *PACKAGE.derived.values(), *wide, *PACKAGE.views.values()]
    write_downloads(tmp_path / "again", database, as_released(PACKAGE), tables)
    digests = [
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in place.iterdir()}
        for place in (folder, tmp_path / "again")
    ]
    assert digests[0] == digests[1]


def test_the_sums_verify_what_was_downloaded(server: Server, tmp_path: Path):
    with httpx.Client(base_url=f"{server.url}/static/downloads/") as client:
        sums = client.get("SHA256SUMS").text
        names = [line.split("  ")[1] for line in sums.splitlines()]
        for name in names:
            (tmp_path / name).write_bytes(client.get(name).content)
    (tmp_path / "SHA256SUMS").write_text(sums)

    def check() -> subprocess.CompletedProcess:
        return subprocess.run(
            ["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    checked = check()
    assert (checked.returncode, checked.stdout) == (0, "")
    assert {"record.db", "un.zip", "press.zip", "tables.json"} <= set(names)
    assert len(names) == len(NAMES) * 3 + 5
    (tmp_path / "votes.csv").write_bytes(b"another")
    assert "votes.csv: FAILED" in check().stdout


async def test_every_file_is_linked_with_its_size_and_served_as_what_it_is(ds: Datasette, folder: Path):
    page = await ds.client.get("/downloads")
    linked = set(re.findall(r'href="/static/downloads/([^"]+)"', page.text))
    assert linked == {path.name for path in folder.iterdir()}
    for name in sorted(linked):
        answer = await ds.client.get(f"/static/downloads/{name}")
        form = name.rpartition(".")[2]
        assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, MEDIA_TYPES[form]), name
        assert len(answer.content) == (folder / name).stat().st_size


def in_words(size: int) -> str:
    """A number of bytes as the pages have it."""
    if size < 1000:
        return f"{size} Bytes"
    return f"{size / 1000:.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


async def test_the_sizes_and_rows_shown_are_those_of_the_files(ds: Datasette, folder: Path, database: Path):
    text = (await ds.client.get("/downloads")).text
    for name in NAMES:
        row = re.search(rf'<tr id="{name}">.*?</tr>', text, re.DOTALL)[0]
        assert re.findall(r'class="size">([^<]+)<', row) == [
            in_words((folder / f"{name}.{form}").stat().st_size) for form in ("csv", "xlsx", "parquet")
        ]
        assert f'class="rows">{len(stored_rows(database, name)):,}<' in row


@pytest.mark.parametrize("name", NAMES)
async def test_the_page_of_a_table_leads_to_its_files(name: str, ds: Datasette, folder: Path):
    text = (await ds.client.get(f"/record/{name}")).text
    for form in ("csv", "xlsx", "parquet"):
        size = in_words((folder / f"{name}.{form}").stat().st_size)
        assert re.search(rf'href="/static/downloads/{name}\.{form}">\w+</a>&nbsp;\({size}\)', text)


async def test_the_dictionary_has_every_table_column_and_rule(ds: Datasette):
    text = html.unescape((await ds.client.get("/data-dictionary")).text)
    for table in (PACKAGE.tables | PACKAGE.derived | PACKAGE.wide | PACKAGE.views).values():
        section = re.search(rf'<section aria-labelledby="{table.name}">.*?</section>', text, re.DOTALL)[0]
        assert table.title in section and table.description in section
        for key in table.foreign_keys:
            assert f'<a href="#{key.table}">' in section
        for field in table.fields:
            told = re.search(rf'<dt id="{table.name}\.{field.name}">.*?</dd>', section, re.DOTALL)[0]
            assert f'<span class="title">{field.title}</span>' in told and f"<p>{field.description}</p>" in told
            assert ("never empty" in told, "computed by the build" in told) == (field.required, field.computed)
            assert ("; one of " in told) == ("enum" in field.constraints)
    anchors = re.findall(r' id="([^"]+)"', text)
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(anchors)


async def test_the_ways_to_load_that_the_page_shows_work(ds: Datasette, folder: Path, monkeypatch: pytest.MonkeyPatch):
    text = html.unescape((await ds.client.get("/downloads")).text)
    shown = re.findall(r"<pre><code>(.*?)</code></pre>", text, re.DOTALL)
    monkeypatch.chdir(folder)
    [sql] = [example for example in shown if example.startswith("select")]
    counted = dict(duckdb.sql(sql).fetchall())
    [sql] = [re.fullmatch('sqlite3 record.db "(.*)"', example)[1] for example in shown if "sqlite3" in example]
    with sqlite3.connect("file:record.db?mode=ro", uri=True) as connection:
        assert dict(connection.execute(sql).fetchall()) == counted
    [sums] = [example for example in shown if example.startswith("sha256sum")]
    assert subprocess.run(sums.split(), capture_output=True, check=False).returncode == 0


def test_the_sum_of_the_dump_is_the_same_where_the_bytes_are_not(database: Path, folder: Path, tmp_path: Path):
    copy = tmp_path / "record.db"
    shutil.copy(database, copy)
    connection = sqlite3.connect(copy)
    connection.execute("pragma page_size = 8192")
    connection.execute("vacuum")
    connection.execute("update build_inputs set version = '9.9.9' where path = 'SQLite'")
    connection.commit()
    assert copy.read_bytes() != database.read_bytes()
    said = (folder / "record.sql.sha256").read_text(encoding="utf-8")
    assert said == f"{dump_sha256(copy)}  record.sql\n"
    connection.execute("update votes set vote = 'yes' where roll_call_id = 'A-RES-ES-11-7' and member_id = 'SYR'")
    connection.commit()
    connection.close()
    assert said != f"{dump_sha256(copy)}  record.sql\n"
