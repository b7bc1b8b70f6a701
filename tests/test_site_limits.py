"""What an anonymous visitor can do to the site with SQL: read, within bounds, and nothing else."""

import hashlib
import re
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import httpx
import pytest

from tests.conftest import Server, serve

MOST_MEGABYTES = 300

TOO_BIG = {
    "blob": "select zeroblob(100000000)",
    "length of a blob": "select length(zeroblob(100000000))",
    "hex of a blob": "select length(hex(zeroblob(400000000)))",
    "random blob": "select randomblob(500000000)",
    "fifty random blobs": """
        with recursive c(n) as (select 1 union all select n + 1 from c limit 50)
        select length(randomblob(100000000)) from c""",
    "a thousand big rows": """
        with recursive c(n) as (select 1 union all select n + 1 from c limit 1000)
        select n, hex(zeroblob(200000)) from c""",
    "replace bomb": "select length(replace(replace(hex(zeroblob(30000)), '0', '00000000'), '0', '00000000'))",
    "everything in one text": """
        select group_concat(a.quote || b.quote)
        from [record].claims as a, (select quote from [record].claims limit 99) as b""",
    "everything in one list": "select json_group_array(printf('%.*c', 30000, vote)) from [record].votes",
    "pattern": "select 'a' like '" + "%a" * 600 + "'",
    "unions": "select 1" + " union all select 1" * 60,
}
ENDLESS = {
    "counting": "with recursive c(n) as (select 1 union all select n + 1 from c) select count(*) from c",
    "cross join": "select count(*) from votes as a, votes as b, votes as c, votes as d",
}
FORBIDDEN = {
    "attach a file": "attach database 'other.db' as other",
    "attach memory": "attach database ':memory:' as other",
    "pragma": "pragma user_version",
    "pragma that writes": "pragma writable_schema = on",
    "pragma function": "select * from pragma_compile_options",
    "insert": "insert into sources (id) values ('x')",
    "insert after with": "with a as (select 'x') insert into sources (id) select * from a",
    "update": "update claims set verdict = 'accurate'",
    "delete": "delete from votes",
    "drop": "drop table votes",
    "create": "create table other (id text)",
    "vacuum into a file": "vacuum into 'other.db'",
    "load an extension": "select load_extension('other')",
    "read a file": "select readfile('/etc/hostname')",
    "write a file": "select writefile('other.txt', 'x')",
    "two statements": "select 1; select 2",
    "two statements, one writing": "select 1; drop table votes",
}
REFUSALS = "must be a SELECT|disallowed PRAGMA|readonly|not authorized|no such function|one statement at a time"


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.mark.parametrize("sql", TOO_BIG.values(), ids=TOO_BIG)
def test_a_value_that_is_too_big_is_refused(sql: str, server: Server, client: httpx.Client):
    response = client.get("/_memory.json", params={"sql": sql})
    assert response.status_code == 400
    assert re.search("too (big|complex|many)", response.json()["error"])
    assert server.peak_megabytes() < MOST_MEGABYTES


@pytest.mark.parametrize("sql", TOO_BIG.values(), ids=TOO_BIG)
def test_the_record_refuses_what_is_too_big_as_well(sql: str, server: Server, client: httpx.Client):
    response = client.get("/record.json", params={"sql": sql.replace("[record].", "")})
    assert response.status_code == 400
    assert re.search("too (big|complex|many)", response.json()["error"])
    assert server.peak_megabytes() < MOST_MEGABYTES


def test_a_page_that_is_refused_for_its_memory_says_so_and_the_next_is_served(server: Server, client: httpx.Client):
    sql = "select json_group_array(printf('%.*c', 30000, vote)) from votes"
    refused = client.get("/record", params={"sql": sql})
    assert refused.status_code == 400
    assert "too big" in refused.text
    assert client.get("/record/votes").status_code == 200
    assert server.peak_megabytes() < MOST_MEGABYTES


@pytest.mark.parametrize("sql", ENDLESS.values(), ids=ENDLESS)
def test_an_endless_query_is_stopped(sql: str, server: Server, client: httpx.Client):
    response = client.get("/record.json", params={"sql": sql})
    assert response.status_code == 400
    assert "took longer than one second of the processor, or than four by the clock" in response.json()["error"]
    assert server.peak_megabytes() < MOST_MEGABYTES


@pytest.mark.parametrize("sql", FORBIDDEN.values(), ids=FORBIDDEN)
def test_a_statement_that_does_more_than_read_is_refused(sql: str, server: Server, client: httpx.Client, site: Path):
    before = digest(site / "record.db")
    response = client.get("/record.json", params={"sql": sql})
    assert response.status_code == 400
    assert re.search(REFUSALS, response.json()["error"])
    assert digest(site / "record.db") == before
    assert list(server.folder.iterdir()) == []


def test_the_record_cannot_be_written_by_way_of_the_database_in_memory(client: httpx.Client, site: Path):
    before = digest(site / "record.db")
    sql = "with a as (select 'x') insert into [record].sources (id) select * from a"
    response = client.get("/_memory.json", params={"sql": sql})
    assert (response.status_code, response.json()["error"]) == (400, "not authorized")
    assert digest(site / "record.db") == before


@pytest.mark.parametrize("sql", [TOO_BIG["blob"], TOO_BIG["a thousand big rows"], FORBIDDEN["insert"]])
def test_pages_refuse_what_json_refuses(sql: str, server: Server, client: httpx.Client):
    assert client.get("/record", params={"sql": sql}).status_code == 400
    assert server.peak_megabytes() < MOST_MEGABYTES


@pytest.mark.parametrize("sql", [TOO_BIG["blob"], TOO_BIG["a thousand big rows"], FORBIDDEN["insert after with"]])
def test_csv_refuses_what_json_refuses(sql: str, server: Server, client: httpx.Client):
    # Datasette 0.65 would answer 200 with an empty file here, whatever went wrong.
    refused = client.get("/record.csv", params={"sql": sql})
    assert (refused.status_code, refused.text.count("\n")) == (400, 1)
    assert server.peak_megabytes() < MOST_MEGABYTES


def test_printf_makes_nothing_of_a_length_that_is_too_big(server: Server, client: httpx.Client):
    sql = "select printf('%.*c', 100000000, 'x') as text"
    response = client.get("/record.json", params={"sql": sql, "_shape": "array"})
    assert response.json() == [{"text": None}]
    assert server.peak_megabytes() < MOST_MEGABYTES


@pytest.mark.parametrize("columns", [["zeroblob(32000)"], ["hex(zeroblob(16000))"] * 5], ids=["blobs", "five texts"])
def test_many_values_just_below_the_bound_do_not_fill_the_memory(columns: list[str], site: Path, tmp_path: Path):
    thousand = "with recursive c(n) as (select 1 union all select n + 1 from c limit 1000)"
    sql = f"{thousand} select {', '.join(columns)} from c"  # noqa: S608
    with serve(site, tmp_path / "folder") as server:
        response = httpx.get(f"{server.url}/record.json", params={"sql": sql}, timeout=60)
        assert response.status_code < 500
        assert server.peak_megabytes() < MOST_MEGABYTES


def test_a_path_of_no_page_is_not_found(client: httpx.Client):
    assert client.get("/record/claims/nothing/nothing").status_code == 404


def test_a_page_that_is_not_found_takes_a_line_in_the_log(site: Path, tmp_path: Path):
    with serve(site, tmp_path / "folder") as server:
        before = server.log.stat().st_size
        assert httpx.get(f"{server.url}/nothing").status_code == 404
    assert server.log.stat().st_size - before < 1000


def test_a_refused_query_leaves_the_server_answering(client: httpx.Client):
    client.get("/record.json", params={"sql": TOO_BIG["blob"]})
    client.get("/record.json", params={"sql": ENDLESS["counting"]})
    response = client.get("/record.json", params={"sql": "select 1 as one", "_shape": "array"})
    assert response.json() == [{"one": 1}]


@pytest.mark.parametrize(
    "path",
    [
        "//example.com/",
        "///example.com/",
        "/\\example.com/",
    ],
)
def test_no_path_redirects_to_another_site(path: str, server: Server):
    connection = HTTPConnection(server.url.removeprefix("http://"))
    connection.request("GET", path)
    location = connection.getresponse().getheader("location", "/")
    connection.close()
    assert re.match(r"/(?![/\\])", location)


def test_json_functions_work_within_the_bounds(client: httpx.Client):
    sql = "select json_array_length((select json_group_array(id) from members)) as members"
    response = client.get("/record.json", params={"sql": sql, "_shape": "array"})
    assert response.json() == [{"members": 193}]


def test_a_list_of_every_member_works_within_the_bounds(client: httpx.Client):
    sql = "select group_concat(name, '; ') as names from members"
    response = client.get("/record.json", params={"sql": sql, "_shape": "array"})
    assert response.json()[0]["names"].count(";") == 192


def test_every_pair_of_members_works_within_the_bounds(client: httpx.Client):
    sql = "select a.id, a.name, b.name as other from members as a, members as b"
    response = client.get("/record.json", params={"sql": sql, "_shape": "array"})
    assert len(response.json()) == 193 * 193


def test_search_works_within_the_bounds(client: httpx.Client):
    response = client.get("/record/resolutions.json", params={"_search": "A/RES/ES-11/7", "_shape": "array"})
    assert [row["id"] for row in response.json()] == ["A-RES-ES-11-7"]


def test_facets_work_within_the_bounds(client: httpx.Client):
    response = client.get("/record/votes.json", params={"_facet": "member_id", "_facet_size": "max"})
    assert len(response.json()["facet_results"]["member_id"]["results"]) == 193
