"""The archive beside the record: every page, query and file of it; and a site without one has no word of it."""

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from datasette.app import Datasette
from datasette.plugins import pm
from playwright.sync_api import Browser, expect

from tests.conftest import Server, closing_databases, serve, watched_page, words

ROLL_CALL = "A-RES-ES-11-7"


@pytest.fixture(scope="module")
def ds(archive_site: Path) -> Iterator[Datasette]:
    with closing_databases() as opened:
        yield opened(archive_site)


@pytest.fixture(scope="module")
def server(archive_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(archive_site, tmp_path_factory.mktemp("archive-served") / "folder") as server:
        yield server


@pytest.fixture(scope="module")
def told(archive_site: Path) -> dict[str, dict[str, Any]]:
    """What the build tells of each database."""
    databases: dict[str, dict[str, Any]] = json.loads((archive_site / "metadata.json").read_text())["databases"]
    return databases


async def ask(ds: Datasette, sql: str, database: str = "archive") -> list[dict[str, Any]]:
    answer = await ds.client.get(f"/{database}.json", params={"sql": sql, "_shape": "array"})
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()
    return rows


async def row_address(ds: Datasette, table: str, key: list[str]) -> str:
    columns = ", ".join(key)
    [row] = await ask(ds, f"select {columns} from {table} limit 1")  # noqa: S608
    return f"/archive/{table}/{','.join(str(row[column]).replace('.', '~2E').replace(' ', '+') for column in key)}"


async def test_every_query_opens_with_its_example_and_with_nothing_filled_in(ds: Datasette, told):
    for database in ("archive", "_memory"):
        for name, query in told[database]["queries"].items():
            empty = dict.fromkeys(query["params"], "")
            for asked in (query.get("example", empty), empty):
                page = await ds.client.get(f"/{database}/{name}", params=asked)
                assert (page.status_code, "message-error" in page.text) == (200, False), (name, asked)
                answer = await ds.client.get(f"/{database}/{name}.json", params={**asked, "_shape": "array"})
                text = (await ds.client.get(f"/{database}/{name}.csv", params=asked)).text
                assert len(answer.json()) == len(list(csv.DictReader(io.StringIO(text)))), (name, asked)


async def test_a_query_that_is_asked_nothing_opens_with_its_example(ds: Datasette):
    answer = await ds.client.get("/archive/roll_calls_with_tally")
    assert (answer.status_code, answer.headers["location"]) == (302, "/archive/roll_calls_with_tally?tally=93-18-65")


async def test_every_table_and_view_opens_in_each_form(ds: Datasette, told):
    for name, about in told["archive"]["tables"].items():
        page = await ds.client.get(f"/archive/{name}")
        assert page.status_code == 200, name
        assert about["title"] in words(page.text)
        assert "UN Digital Library terms of use" in words(page.text)
        assert "/static/downloads/" + name not in page.text
        found = (await ds.client.get(f"/archive/{name}.json")).json()
        text = (await ds.client.get(f"/archive/{name}.csv")).text
        assert len(list(csv.DictReader(io.StringIO(text)))) == found["filtered_table_rows_count"], name


async def test_a_row_of_each_table_opens_and_is_cited_with_its_source(ds: Datasette, told):
    for table in told["archive"]["tables"]:
        key = await ds.get_database("archive").primary_keys(table)
        if not key or not await ask(ds, f"select 1 from {table} limit 1"):  # noqa: S608
            continue
        address = await row_address(ds, table, key)
        page = await ds.client.get(address)
        assert page.status_code == 200, address
        assert "The data are those of the UN Digital Library." in words(page.text)
        assert f"@misc{{archive-{table.replace('_', '-')}-" in (await ds.client.get(f"{address}.bib")).text
        note = (await ds.client.get(f"{address}.csljson")).json()[0]["note"]
        assert note == "The data are those of the UN Digital Library."


async def test_the_record_is_cited_as_before(ds: Datasette):
    cited = await ds.client.get("/record/votes/A-RES-ES-11-7,USA.bib")
    assert cited.text.startswith("@misc{votes-A-RES-ES-11-7-USA,")
    assert "UN Digital Library" not in cited.text


@pytest.mark.parametrize(
    ("typed", "table", "key"),
    [
        ("members/USA", "members", "USA"),
        ("members/usa.json", "members", "USA"),
        ("roll_calls/A-RES-ES-11-7", "roll_calls", ROLL_CALL),
        ("roll_calls/a-res-es-11-7", "roll_calls", ROLL_CALL),
        ("resolutions/a-res-es-11-7", "resolutions", None),
    ],
)
async def test_a_key_that_people_know_leads_to_the_row(ds: Datasette, typed: str, table: str, key: str | None):
    column = {"members": "code", "roll_calls": "resolution_id"}.get(table)
    number = (await ask(ds, f"select id from {table} where {column} = '{key}'"))[0]["id"] if key else ROLL_CALL  # noqa: S608
    answer = await ds.client.get(f"/archive/{typed}")
    assert answer.status_code == 301
    assert answer.headers["location"] == f"/archive/{table}/{number}{'.json' if typed.endswith('json') else ''}"


async def test_a_key_that_is_nobodys_is_not_found(ds: Datasette):
    for typed in ("members/XXX", "roll_calls/A-RES-999-1", "nothing/1"):
        assert (await ds.client.get(f"/archive/{typed}")).status_code == 404


async def test_a_question_takes_codes_and_symbols_in_any_form(ds: Datasette):
    asked = {"roll_call": "A/RES/ES-11/7", "member": "usa"}
    answer = await ds.client.get("/archive/how_voted.json", params={**asked, "_shape": "array"}, follow_redirects=True)
    assert [row["answer"] for row in answer.json()] == ["no"]


async def test_a_form_offers_names_for_codes(ds: Datasette):
    page = await ds.client.get("/archive/how_voted", params={"roll_call": ROLL_CALL, "member": "USA"})
    assert '<option value="USA" selected>United States (USA)</option>' in page.text


async def test_answers_lead_to_the_archives_own_pages(ds: Datasette):
    page = (await ds.client.get("/archive/who_changed", params={"roll_call_a": "", "roll_call_b": ""})).text
    assert "Fill in roll_call_a" in words(page) or 'href="/archive/members/' in page
    page = (await ds.client.get("/archive/votes_on_roll_call", params={"roll_call": ROLL_CALL})).text
    assert 'href="/archive/members/USA">USA</a>' in page
    page = (await ds.client.get("/archive/record_beside_archive")).text
    assert f'href="/record/roll_calls/{ROLL_CALL}"' in page
    [vote] = await ask(ds, "select * from votes where member_id = (select id from members where code = 'USA') limit 1")
    page = (await ds.client.get(f"/archive/votes/{vote['roll_call_id']},{vote['member_id']}")).text
    assert f'<a href="/archive/members/{vote["member_id"]}">United States</a>' in page


async def test_a_symbol_leads_to_the_record_if_it_has_the_text_and_else_to_the_archive(ds: Datasette):
    answer = await ds.client.get("/A/RES/ES-11/7")
    assert (answer.status_code, answer.headers["location"]) == (301, f"/record/resolutions/{ROLL_CALL}")
    answer = await ds.client.get("/a/res/79/999 B")
    assert (answer.status_code, answer.headers["location"]) == (301, "/archive/resolutions/A-RES-79-999-B")


async def test_a_roll_calls_page_has_every_vote_in_words(ds: Datasette):
    page = (await ds.client.get(f"/archive/roll_calls/{ROLL_CALL}", follow_redirects=True)).text
    votes = await ask(
        ds,
        "select members.code, votes.vote_id from votes join members on members.id = votes.member_id "  # noqa: S608
        f"join roll_calls on roll_calls.id = votes.roll_call_id where roll_calls.resolution_id = '{ROLL_CALL}'",
    )
    lists = dict(zip((1, 0, 2, 3), re.findall(r'<section class="list.*?</section>', page, re.DOTALL), strict=True))
    assert len(votes) == 193
    for vote in votes:
        assert f'href="/archive/members/{vote["code"]}">' in lists[vote["vote_id"]], vote
    told = words(page)
    for count, kind in ((93, "in favour"), (18, "against"), (65, "abstaining"), (17, "not voting")):
        assert f"{count} {kind}" in told
    assert f'href="/record/roll_calls/{ROLL_CALL}"' in page
    assert 'href="https://digitallibrary.un.org/record/' in page
    assert 'href="/archive/blocs/EU"' in page


async def test_a_printed_total_that_differs_is_said(ds: Datasette):
    page = (await ds.client.get("/archive/roll_calls/A-RES-79-999-B", follow_redirects=True)).text
    assert "The Library prints otherwise: in favour 94." in words(page)


async def test_a_members_page_has_names_line_and_friends(ds: Datasette):
    page = (await ds.client.get("/archive/members/HUN", follow_redirects=True)).text
    told = words(page)
    assert "HUNGARY, " in told
    assert "Its votes, year by year" in told
    assert page.count('<rect class="vote-yes"') >= 2
    assert "Who votes with it" in told
    assert 'href="/record/members/HUN"' in page
    assert "since 1946" in words((await ds.client.get("/record/members/HUN")).text)


async def test_facets_show_names_and_are_counted_once(ds: Datasette, monkeypatch: pytest.MonkeyPatch):
    await ds.client.get("/archive/votes?_facet=roll_call_id")
    page = words((await ds.client.get("/archive/votes")).text)
    assert re.search(r"member_id >20 .*Brazil", page)
    assert re.search(r"vote_id 4 .*yes \d", page)
    asked: list[str] = []
    execute = ds.execute

    async def noted(database: str, sql: str, *arguments: Any, **options: Any) -> Any:
        asked.append(sql)
        return await execute(database, sql, *arguments, **options)

    monkeypatch.setattr(ds, "execute", noted)
    whole = (await ds.client.get("/archive/votes.json?_size=7")).json()
    following = (await ds.client.get(f"/archive/votes.json?_size=7&_next={whole['next']}")).json()
    assert [sql for sql in asked if "count(*) as count" in sql] == []
    assert (
        following["facet_results"]["vote_id"]["results"][0]["count"]
        == whole["facet_results"]["vote_id"]["results"][0]["count"]
    )
    narrowed = (await ds.client.get("/archive/votes.json?vote_id=0")).json()
    assert len([sql for sql in asked if "count(*) as count" in sql]) == 2
    [no] = narrowed["facet_results"]["vote_id"]["results"]
    assert no["count"] == narrowed["filtered_table_rows_count"] < whole["filtered_table_rows_count"]
    assert (
        sum(one["count"] for one in whole["facet_results"]["vote_id"]["results"]) == whole["filtered_table_rows_count"]
    )


async def test_a_reader_cannot_fill_memory_with_counts(ds: Datasette):
    await ds.client.get("/archive/votes")
    kept = len(ds.counted)
    for asked in ("_facet_size=17", "_col=member_id", "vote_id=1", "_where=1", "_facet_size=max"):
        assert (await ds.client.get(f"/archive/votes.json?{asked}")).status_code == 200
    assert len(ds.counted) == kept


async def test_a_view_has_its_number_of_rows_from_the_build(ds: Datasette, archive_site: Path):
    noted = json.loads((archive_site / "inspect-data.json").read_text())["archive"]["views"]
    found = (await ds.client.get("/archive/votes_named.json?_size=1")).json()
    assert found["filtered_table_rows_count"] == noted["votes_named"]["count"] > 193
    assert ds.inspect_data["archive"]["tables"]["votes_named"] == noted["votes_named"]
    assert "votes_named" not in await ds.get_database("archive").table_counts()


async def test_more_rows_than_a_csv_may_have_are_refused_whole(ds: Datasette, monkeypatch: pytest.MonkeyPatch):
    [plugin] = [found for found in pm.get_plugins() if getattr(found, "__name__", "") == "whole_results.py"]
    monkeypatch.setattr(plugin, "MOST_ROWS", 200)
    for asked in (
        "votes.csv",
        "votes.csv?_shape=array",
        "votes.csv?_nocount=1",
        "votes_named.csv",
        "votes.csv?vote_id=1",
    ):
        answer = await ds.client.get(f"/archive/{asked}")
        assert answer.status_code == 400, asked
        assert "/archive.db" in answer.text
    narrow = await ds.client.get("/archive/votes_named.csv?member_code=USA")
    assert narrow.status_code == 200
    assert {row["member_code"] for row in csv.DictReader(io.StringIO(narrow.text))} == {"USA"}


async def test_the_database_is_a_file(ds: Datasette, archive_site: Path):
    answer = await ds.client.get("/archive.db")
    assert answer.headers["content-type"] == "application/vnd.sqlite3"
    assert answer.content == (archive_site / "archive.db").read_bytes()


async def test_both_databases_are_read_in_one_query(ds: Datasette):
    rows = (await ds.client.get("/_memory/texts_in_their_year.json?_shape=array")).json()
    assert {row["symbol"] for row in rows} >= {"A/RES/ES-11/7"}
    assert {row["result"] for row in rows} == {"agrees"}
    page = (await ds.client.get("/_memory/texts_in_their_year")).text
    assert f'<a href="/record/roll_calls/{ROLL_CALL}">' in page
    assert 'href="/_memory/texts_in_their_year"' in (await ds.client.get("/archive")).text


@pytest.mark.parametrize(
    "sql",
    [
        "select zeroblob(1000000)",
        "select hex(zeroblob(20000)) from archive.votes",
        "attach 'x.db' as x",
        "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n",
    ],
)
async def test_limits_hold_across_databases(ds: Datasette, sql: str):
    assert (await ds.client.get("/_memory.json", params={"sql": sql})).status_code == 400


async def test_the_home_page_and_the_doors_lead_to_the_archive(ds: Datasette):
    home = (await ds.client.get("/")).text
    [(votes, roll_calls)] = [
        tuple(row.values())
        for row in await ask(ds, "select (select count(*) from votes) as v, (select count(*) from roll_calls) as r")
    ]
    assert f"The archive : {votes:,} votes in {roll_calls:,} recorded votes" in words(home)
    assert home.count('href="/archive"') == 2
    assert 'href="/archive/resolutions?_search=peace"' in (await ds.client.get("/record/search?q=peace")).text


async def test_machines_are_told_of_the_archive(ds: Datasette, told):
    sitemap = (await ds.client.get("/sitemap.xml")).text
    listed = re.findall(r"<loc>http://localhost(/(?:archive|_memory)[^<]*)</loc>", sitemap)
    assert {f"/archive/{name}" for name in told["archive"]["tables"]} <= set(listed)
    assert "/archive/archive_in_numbers" in listed
    assert not [address for address in listed if re.match(r"/archive/(votes|roll_calls|resolutions)/", address)]
    for address in listed[:40]:
        assert (await ds.client.get(address)).status_code == 200, address
    text = (await ds.client.get("/llms.txt")).text
    for name in [*told["archive"]["tables"], *told["archive"]["queries"]]:
        assert f"/archive/{name})" in text
    page = (await ds.client.get("/archive/votes")).text
    described = json.loads(re.search(r'<script type="application/ld\+json">(.*?)</script>', page)[1])
    assert described["@type"] == "Dataset"
    assert described["creator"]["name"] == "UN Digital Library"
    assert described["license"] == told["archive"]["license_url"]


async def test_the_dictionary_and_the_downloads_have_the_archive(ds: Datasette, told):
    dictionary = (await ds.client.get("/data-dictionary")).text
    for name, about in told["archive"]["tables"].items():
        assert f'id="archive.{name}"' in dictionary
        for column in about["columns"]:
            assert f'id="archive.{name}.{column}"' in dictionary
    ids = re.findall(r' id="([^"]+)"', dictionary)
    assert len(ids) == len(set(ids))
    downloads = (await ds.client.get("/downloads")).text
    assert 'href="/archive.db"' in downloads
    assert "make parquet" in words(downloads)


async def test_a_page_that_a_reader_has_is_not_sent_again(ds: Datasette):
    for address in ("/archive", "/archive/votes", "/archive/members", "/_memory/texts_in_their_year"):
        etag = (await ds.client.get(address)).headers["etag"]
        assert (await ds.client.get(address, headers={"if-none-match": etag})).status_code == 304


async def test_slips_are_told(ds: Datasette):
    for asked in ("votes?_sort=nonsense", "members?nonsense=1", "votes_named?_search=x"):
        assert (await ds.client.get(f"/archive/{asked}")).status_code == 400
    assert "resolutions" in (await ds.client.get("/archive/votes?_search=x")).text


async def test_a_site_without_an_archive_has_no_word_of_it(site: Path):
    with closing_databases() as opened:
        alone = opened(site)
        for address in (
            "/",
            "/record",
            "/record/members/HUN",
            "/record/search?q=peace",
            "/downloads",
            "/data-dictionary",
        ):
            page = await alone.client.get(address)
            assert 'href="/archive' not in page.text, address
            assert "The archive:" not in words(page.text), address
        assert "/archive" not in (await alone.client.get("/llms.txt")).text
        assert "/archive" not in (await alone.client.get("/sitemap.xml")).text
        assert "archive" not in json.loads((site / "static/downloads/tables.json").read_text())
        assert not (site / "archive.db").exists()
        for address in ("/_memory", "/_memory?sql=select+1", "/_memory?sql=select+1+where+0"):
            assert (await alone.client.get(address)).status_code == 200, address
        for address in ("/archive", "/archive/members/USA"):
            page = await alone.client.get(address)
            assert page.status_code == 404
            assert "make archive" in words(page.text)


PAGE_TYPES = {
    "home": "/",
    "archive": "/archive",
    "roll-call": f"/archive/roll_calls/{ROLL_CALL}",
    "member": "/archive/members/HUN",
    "text": f"/archive/resolutions/{ROLL_CALL}",
    "table": "/archive/votes",
    "view": "/archive/votes_named",
    "query": f"/archive/how_voted?roll_call={ROLL_CALL}&member=USA",
    "both": "/_memory/texts_in_their_year",
    "sql-of-both": "/_memory",
    "data-dictionary": "/data-dictionary",
    "downloads": "/downloads",
}


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_is_for_everyone(browser: Browser, server: Server, scheme: Any, width: int):
    """In one window: axe finds nothing, each page has one heading and fits."""
    with watched_page(browser, server, viewport={"width": width, "height": 800}, color_scheme=scheme) as page:
        for address in PAGE_TYPES.values():
            page.goto(address)
            expect(page.locator("h1")).to_have_count(1)
            found = Axe().run(page)
            assert found.violations_count == 0, f"{address}: {found.generate_report()}"
            wide, window = page.evaluate("[document.scrollingElement.scrollWidth, window.innerWidth]")
            assert wide <= window, address
