"""Whatever is asked of the site, an answer says what is wrong: no error of the server, no memory filled."""

import pytest
from datasette.app import Datasette

THROUGH = '/record/members?_through={"table":"%s","column":"%s","value":%s}'
SLIPS = [
    "/record/claims?_sort=nonsense",
    "/record/claims?_sort_desc=nonsense",
    "/record/claims?_sort=id&_sort_desc=id",
    "/record/vote_changes?_sort=rowid",
    "/record/claims?_through=x",
    "/record/claims?_through=[]",
    THROUGH % ("zzz", "a", '"b"'),
    THROUGH % ("votes", "nonsense", '"b"'),
    THROUGH % ("votes", "vote", "[1]"),
    THROUGH % ("votes", "vote", "9" * 30),
    "/record/votes?_next=abc",
    "/record/claims?_sort=kind&_next=abc",
    f"/record/vote_changes?_next={'9' * 20}",
    "/record/claims?_size=x",
    "/record/claims?_facet=nonsense",
    "/record/claims?_facet={",
    '/record/claims?_facet={"a":1}',
    "/record/claims?_facet_array=nonsense",
    "/record/claims?_facet_size=x",
    "/record/claims?_nosuch=1",
    "/record/claims?id__in=[",
    f"/record/claims?position__gt={'9' * 30}",
]


@pytest.mark.parametrize("address", SLIPS)
@pytest.mark.parametrize("form", ["", ".json", ".csv"])
async def test_a_slip_is_no_error_of_the_server(address: str, form: str, ds: Datasette):
    assert (await ds.client.get(address.replace("?", f"{form}?"))).status_code == 400


async def test_what_is_right_passes(ds: Datasette):
    found = await ds.client.get((THROUGH % ("votes", "vote", '"no"')).replace("?", ".json?"))
    assert found.json()["filtered_table_rows_count"] > 0
    for asked in ("votes.json?_size=5", "claims.json?_sort=kind&_size=5", "vote_changes.json?_size=5"):
        page = (await ds.client.get(f"/record/{asked}")).json()
        following = (await ds.client.get(f"/record/{asked}&_next={page['next']}")).json()
        assert len(following["rows"]) == 5 and following["rows"][0] not in page["rows"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "NONSENSE"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/record",
        "/record/search",
        "/record/search.json",
        "/record/claims",
        "/record/members/USA",
        "/record.db",
        "/static/site.css",
        "/robots.txt",
        "/downloads",
        "/-/versions.json",
        "/nothing",
        "/A/RES/ES-11/7",
    ],
)
async def test_nothing_but_reading_is_possible(method: str, path: str, ds: Datasette):
    response = await ds.client.request(method, path)
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    said = response.json()["error"] if path.endswith(".json") else response.text
    assert "Nothing can be sent to this address." in said


@pytest.mark.parametrize("path", ["/", "/record/search", "/static/site.css", "/-/versions.json"])
async def test_options_says_what_is_possible(path: str, ds: Datasette):
    response = await ds.client.options(path)
    assert (response.status_code, response.headers["allow"]) == (200, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/record/nonsense/1", "No table is called nonsense."),
        ("/record/search/1", "No table is called search."),
        ("/record/nonsense/1.json", "No table is called nonsense."),
        ("/static/nothing", "There is no file at this address."),
        ("/static/", "There is no file at this address."),
        ("/-/static/nothing", "There is no file at this address."),
        ("/record/votes.bib", "Only a row has citations as files"),
        ("/record/how_voted.ris?roll_call=&member=", "Only a row has citations as files"),
    ],
)
async def test_what_is_not_there_is_not_found(path: str, said: str, ds: Datasette):
    response = await ds.client.get(path)
    assert response.status_code == 404
    assert said in response.text
    assert path.endswith(".json") or 'action="/record/search"' in response.text


@pytest.mark.parametrize(
    ("path", "media_type"),
    [
        ("/record/blocs.csv", "text/csv; charset=utf-8"),
        ("/record/members/USA.csv", "text/csv; charset=utf-8"),
        ("/record/how_voted.csv?roll_call=&member=", "text/csv; charset=utf-8"),
        ("/record.db", "application/vnd.sqlite3"),
    ],
)
async def test_a_file_is_called_what_it_is(path: str, media_type: str, ds: Datasette):
    response = await ds.client.get(path)
    assert (response.status_code, response.headers["content-type"]) == (200, media_type)


async def test_names_that_readers_make_up_are_not_remembered(ds: Datasette):
    await ds.invoke_startup()
    database = ds.get_database("record")
    questions = [getattr(database, name) for name in ("get_view_definition", "primary_keys", "foreign_keys_for_table")]
    for made_up in ("zzz", "zzz/1", "zzz.json"):
        await ds.client.get(f"/record/{made_up}")
    await ds.client.get(THROUGH % ("zzz", "a", '"b"'))
    assert await database.primary_keys("zzz") == []
    assert not [about for question in questions for about in question.answers if "zzz" in about]


@pytest.mark.parametrize("typed", ["24 February 2025", "2025-02-24", "February 24, 2025"])
async def test_a_day_leads_to_what_was_voted_on_it(typed: str, ds: Datasette):
    found = (await ds.client.get("/record/search.json", params={"q": typed, "_shape": "array"})).json()
    sql = "select '/record/roll_calls/' || id as url from roll_calls where voted_on = '2025-02-24'"
    roll_calls = (await ds.client.get("/record.json", params={"sql": sql, "_shape": "array"})).json()
    assert roll_calls
    first = [find["kind"] for find in found].index("claim") if "claim" in [find["kind"] for find in found] else 50
    assert {row["url"] for row in roll_calls} <= {find["url"] for find in found[:first]}
    assert "/record/resolutions/A-RES-ES-11-7" in {find["url"] for find in found[:first]}
