"""No result is cut without a word: CSV and JSON are whole or refused, a page says what it leaves out."""

import csv
import html
import io
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from datasette import hookimpl
from datasette.app import Datasette
from datasette.plugins import pm
from httpx import Response as Answer

from scripts.build import ROOT
from scripts.package import open_package
from scripts.queries import read_metadata

PACKAGE = open_package(ROOT)
NAMES = [*PACKAGE.tables, *PACKAGE.derived, *PACKAGE.wide, *PACKAGE.views]
QUERIES = read_metadata(ROOT)["databases"]["record"]["queries"]
VOTES = "select roll_call_id, member_id, vote from votes order by roll_call_id, member_id"
COUNT = "with recursive n(i) as (select 1 union all select i + 1 from n {}) select {} from n"
REFUSED = {
    "too many rows": COUNT.format("", "i"),
    "too many texts": "select a.claim from claims as a, claims as b",
    "too many columns": COUNT.format("limit 3000", ", ".join(["i"] * 200)),
    "too long": COUNT.format("", "count(*)"),
    "no table": "select 1 from nowhere",
    "no query": "delete from votes",
}
FORMS = {
    "arrays": lambda body: body["rows"],
    "objects": lambda body: [list(row.values()) for row in body["rows"]],
    "array": lambda body: [list(row.values()) for row in body],
}


@pytest.fixture(scope="module")
def rows(database: Path) -> Callable[[str], list[tuple]]:
    def ask(sql: str) -> list[tuple]:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()

    return ask


def as_text(rows: list[tuple]) -> list[list[str]]:
    return [["" if value is None else str(value) for value in row] for row in rows]


def read(answer: Answer) -> list[list[str]]:
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.text, newline="")))


async def sql(ds: Datasette, form: str, statement: str, **options: Any) -> Answer:
    return await ds.client.get(f"/record.{form}?{urlencode({'sql': statement, **options})}")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("asked", ["", "?_size=max", "?_stream=1"])
async def test_csv_of_a_table_is_whole(name: str, asked: str, ds: Datasette, rows: Callable):
    header, *found = read(await ds.client.get(f"/record/{name}.csv{asked}"))
    columns = ", ".join(header)
    assert sorted(found) == sorted(as_text(rows(f"select {columns} from {name}")))  # noqa: S608


async def test_csv_of_a_filtered_table_is_whole_and_only_that(ds: Datasette, rows: Callable):
    _, *found = read(await ds.client.get("/record/votes.csv?vote=yes&_labels=on&_col=vote"))
    [(count,)] = rows("select count(*) from votes where vote = 'yes'")
    assert count > 1000
    assert len(found) == count and {row[-1] for row in found} == {"yes"}


@pytest.mark.parametrize(("asked", "size"), [("_size=7", 7), ("_size=0", 0)])
async def test_a_page_of_csv_is_what_was_asked_for(asked: str, size: int, ds: Datasette):
    assert len(read(await ds.client.get(f"/record/votes.csv?{asked}"))) == size + 1


async def test_the_pages_of_csv_follow_each_other(ds: Datasette):
    first = (await ds.client.get("/record/votes.json?_size=5")).json()
    second = (await ds.client.get(f"/record/votes.json?_size=5&_next={first['next']}")).json()
    _, *found = read(await ds.client.get(f"/record/votes.csv?_size=5&_next={first['next']}"))
    assert [row[:3] for row in found] == [row[:3] for row in second["rows"]]


async def test_csv_of_sql_is_whole(ds: Datasette, rows: Callable):
    header, *found = read(await sql(ds, "csv", VOTES))
    assert (header, found) == (["roll_call_id", "member_id", "vote"], as_text(rows(VOTES)))


async def test_csv_of_a_query_of_the_site_is_whole(site: Path, rows: Callable):
    # The examples of the site's own queries have fewer rows than a page shows.
    queries = {"all_votes": {"sql": VOTES}}
    ds = Datasette(config_dir=site, metadata={"databases": {"record": {"queries": queries}}})
    _, *found = read(await ds.client.get("/record/all_votes.csv"))
    assert found == as_text(rows(VOTES))
    assert len((await ds.client.get("/record/all_votes.json?_shape=array")).json()) == len(found)


async def test_csv_of_each_query_is_what_json_says(ds: Datasette):
    for name, query in QUERIES.items():
        asked = urlencode({**query.get("example", {}), "_shape": "arrays"})
        told = await ds.client.get(f"/record/{name}.json?{asked}")
        assert told.status_code == 200 and told.json()["truncated"] is False
        header, *found = read(await ds.client.get(f"/record/{name}.csv?{asked}"))
        assert (header, found) == (told.json()["columns"], as_text(told.json()["rows"]))


@pytest.mark.parametrize("shape", FORMS)
async def test_json_of_sql_is_whole_in_every_shape(shape: str, ds: Datasette, rows: Callable):
    answer = await sql(ds, "json", VOTES, _shape=shape)
    assert list(map(tuple, FORMS[shape](answer.json()))) == rows(VOTES)


async def test_json_by_lines_is_whole(ds: Datasette, rows: Callable):
    answer = await sql(ds, "json", VOTES, _shape="array", _nl="on")
    assert answer.text.count("\n") + 1 == len(rows(VOTES))


async def test_csv_keeps_what_datasette_gives(ds: Datasette):
    plain, saved = await sql(ds, "csv", VOTES), await sql(ds, "csv", VOTES, _dl="1")
    assert plain.headers["content-type"] == "text/csv; charset=utf-8"
    assert saved.headers["content-type"] == "text/csv; charset=utf-8"
    assert saved.headers["content-disposition"] == 'attachment; filename="record.csv"'
    assert plain.headers["access-control-allow-origin"] == "*"
    saved = await ds.client.get("/record/votes.csv?_dl=1&_header=off&_size=1")
    assert saved.headers["content-disposition"] == 'attachment; filename="votes.csv"'
    assert saved.text.count("\r\n") == 1
    assert read(await sql(ds, "csv", VOTES, _header="off")) == read(plain)[1:]


@pytest.mark.parametrize("form", ["csv", "json"])
@pytest.mark.parametrize("why", REFUSED)
async def test_what_is_too_much_is_refused(why: str, form: str, ds: Datasette):
    answer = await sql(ds, form, REFUSED[why], _shape="array")
    assert answer.status_code == 400
    assert answer.headers["access-control-allow-origin"] == "*"
    # Whether rows that are many and small take too long first depends on the machine.
    if why in {"too many texts", "too many columns"}:
        assert "result too big: more than 4,000,000 characters" in answer.text and "/downloads" in answer.text


async def test_sql_that_is_missing_is_asked_for(ds: Datasette):
    answer = await ds.client.get("/record.csv")
    assert (answer.status_code, "?sql=" in answer.text) == (400, True)


async def test_a_page_says_what_it_leaves_out(site: Path):
    template = Datasette(config_dir=site)
    await template.invoke_startup()
    said = {
        truncated: await template.render_template(
            "_truncated.html",
            {"truncated": truncated, "url_csv": "/record.csv?sql=x&y", "settings": {"max_returned_rows": 1000}},
        )
        for truncated in (True, False)
    }
    assert said[False].strip() == ""
    assert "More than 1,000 rows: only the first 1,000 are shown" in said[True]
    assert re.findall('href="([^"]+)"', html.unescape(said[True])) == ["/record.csv?sql=x&y", "/downloads"]


async def test_a_page_still_shows_a_thousand_rows(ds: Datasette):
    page = await ds.client.get(f"/record?{urlencode({'sql': VOTES})}")
    assert page.text.count('<td class="col-vote"') == 1000


@pytest.mark.parametrize("form", ["xlsx", "parquet"])
async def test_the_address_of_a_table_leads_to_its_file(form: str, ds: Datasette):
    for name in NAMES:
        answer = await ds.client.get(f"/record/{name}.{form}")
        assert (answer.status_code, answer.headers["location"]) == (302, f"/static/downloads/{name}.{form}")
        assert (await ds.client.get(answer.headers["location"])).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/record.xlsx",
        "/record.txt?sql=select+1",
        "/record/votes.xyz",
        "/record/nowhere.xlsx",
        "/record/nowhere.csv",
        "/record/how_voted.parquet",
        "/record/how_voted.html?roll_call=A-RES-ES-11-7&member=USA",
        "/record/votes/A-RES-ES-11-7,USA.xlsx",
        "/record/members/USA.html",
    ],
)
async def test_an_unknown_ending_is_not_found(address: str, ds: Datasette):
    assert (await ds.client.get(address)).status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/record.json",
        "/record.db",
        "/record/votes.json",
        "/record/how_voted.json?roll_call=A-RES-ES-11-7&member=USA",
        "/record/votes/A-RES-ES-11-7,USA.json",
        "/record/votes/A-RES-ES-11-7,USA.csv",
        "/record/members/USA.json?_shape=array",
    ],
)
async def test_a_known_ending_is_answered_as_before(address: str, ds: Datasette):
    assert (await ds.client.get(address)).status_code == 200


def test_no_key_has_a_dot_that_would_be_taken_for_an_ending(rows: Callable):
    # Versions are read whole by site/plugins/paths.py.
    tables = [table for table in PACKAGE.tables.values() if len(table.primary_key) == 1 and table.name != "releases"]
    for table in tables:
        assert rows(f"select 1 from {table.name} where {table.primary_key[0]} like '%.%'") == []  # noqa: S608


async def test_the_format_of_another_plugin_is_answered(site: Path):
    class Other:
        """A plugin with a format of queries and an address of rows."""

        __name__ = "other"

        @hookimpl
        def register_output_renderer(self) -> dict:
            return {"extension": "count", "render": lambda rows: {"body": str(len(rows))}}

        @hookimpl
        def register_routes(self) -> list:
            return [(r"/record/(?P<table>[^/.]+)/(?P<pks>[^/]+)\.bib$", lambda: Answered())]

    class Answered:
        async def asgi_send(self, send: Callable) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"@misc"})

    pm.register(Other(), name="other")
    try:
        ds = Datasette(config_dir=site)
        assert (await ds.client.get(f"/record.count?{urlencode({'sql': VOTES})}")).text == "5821"
        assert (await ds.client.get("/record/votes/A-RES-ES-11-7,USA.bib")).text == "@misc"
    finally:
        pm.unregister(name="other")
