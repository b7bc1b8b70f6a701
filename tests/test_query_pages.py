"""The pages of queries, tables, of both together and of errors: forms, answers, and what to do where there is none."""

import html
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from datasette.app import Datasette

from tests.conftest import Server, addresses, words
from tests.test_site import QUERIES, TABLES, VIEWS, cells

EXAMPLES = [name for name, query in QUERIES.items() if query.example and name != "search"]
MEMBERS = ("member", "member_a", "member_b")


def main_of(text: str) -> str:
    """What a page says between its header and its footer."""
    return words(text.partition("<main")[2].partition("</main>")[0])


# --- queries ---


@pytest.mark.parametrize("name", EXAMPLES)
async def test_a_query_that_is_asked_nothing_leads_to_its_example(name: str, ds: Datasette):
    response = await ds.client.get(f"/record/{name}")
    assert response.status_code == 302
    address = httpx.URL(response.headers["location"])
    assert (address.path, dict(address.params)) == (f"/record/{name}", QUERIES[name].example)
    page = await ds.client.get(response.headers["location"].partition("#")[0])
    assert re.search(r"[1-9]\d* rows?", main_of(page.text))


async def test_an_example_with_a_picture_opens_the_picture(ds: Datasette):
    response = await ds.client.get("/record/member_line")
    assert "#g.mark=circle" in response.headers["location"]


@pytest.mark.parametrize("name", ["record_in_numbers", "search", "contradicted_claims", "votes"])
async def test_what_has_no_example_is_no_redirect(name: str, ds: Datasette):
    assert (await ds.client.get(f"/record/{name}")).status_code == 200


@pytest.mark.parametrize("form", ["json", "csv"])
async def test_programs_are_not_led_anywhere(form: str, ds: Datasette):
    assert (await ds.client.get(f"/record/how_voted.{form}")).status_code == 200


@pytest.mark.parametrize("form", ["", ".json", ".csv"])
@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ({"roll_call": "A-RES-ES-11-7", "member": "usa"}, {"roll_call": "A-RES-ES-11-7", "member": "USA"}),
        ({"roll_call": "a/res/es-11/7", "member": "USA"}, {"roll_call": "A-RES-ES-11-7", "member": "USA"}),
        ({"roll_call": "S/RES/2774 (2025)", "member": "Usa"}, {"roll_call": "S-RES-2774-2025", "member": "USA"}),
    ],
)
async def test_a_key_in_other_letters_or_as_a_symbol_leads_to_the_question_that_is_meant(
    form: str, asked: dict[str, str], meant: dict[str, str], ds: Datasette
):
    response = await ds.client.get(f"/record/how_voted{form}", params=asked)
    assert response.status_code == 302
    address = httpx.URL(response.headers["location"])
    assert (address.path, dict(address.params)) == (f"/record/how_voted{form}", meant)
    assert (await ds.client.get(response.headers["location"])).status_code == 200


@pytest.mark.parametrize("member", ["USA", "", "nobody", "%27"])
async def test_a_key_that_is_right_missing_or_means_nothing_stays_as_it_is(member: str, ds: Datasette):
    response = await ds.client.get(f"/record/how_voted?roll_call=A-RES-ES-11-7&member={member}")
    assert response.status_code == 200


async def test_an_empty_parameter_asks_for_all(ds: Datasette):
    one = (await ds.client.get("/record/source_disagreements.json?roll_call=A-RES-ES-11-7&_shape=array")).json()
    everything = await ds.client.get("/record/source_disagreements?roll_call=")
    assert everything.status_code == 200
    assert len(cells(everything.text, "why")) > len(one)


@pytest.mark.parametrize("name", [name for name, query in QUERIES.items() if set(MEMBERS) & set(query.parameters)])
async def test_members_are_chosen_by_name(name: str, ds: Datasette):
    text = (await ds.client.get(f"/record/{name}", params=QUERIES[name].example)).text
    for parameter in set(MEMBERS) & set(QUERIES[name].parameters):
        [field] = re.findall(rf'<select id="ask-{parameter}" name="{parameter}".*?</select>', text, re.DOTALL)
        assert field.count("<option") == 194
        assert f'value="{QUERIES[name].example[parameter]}" selected' in field
        assert '<option value="CIV">Côte d&#39;Ivoire (CIV)</option>' in field


@pytest.mark.parametrize("name", [name for name, query in QUERIES.items() if query.parameters])
async def test_each_parameter_is_a_field_with_a_label_and_help(name: str, ds: Datasette):
    text = (await ds.client.get(f"/record/{name}", params=QUERIES[name].example)).text
    for parameter in QUERIES[name].parameters:
        assert f'<label for="ask-{parameter}">' in text
        assert f"<code>{parameter}</code>" in text
        assert words(text.partition(f'id="help-{parameter}">')[2].partition("</p>")[0])


async def test_an_enumeration_offers_its_values(ds: Datasette):
    text = (await ds.client.get("/record/vote_count?roll_call=&vote=yes")).text
    [field] = re.findall(r'<select id="ask-vote".*?</select>', text, re.DOTALL)
    assert re.findall(r'value="(\w*)"', field) == ["", "yes", "no", "abstain", "not_voting"]


async def test_a_value_that_is_not_in_the_list_stays_in_sight(ds: Datasette):
    text = (await ds.client.get("/record/how_voted?roll_call=A-RES-ES-11-7&member=XXX")).text
    assert '<option value="XXX" selected>XXX (not in the list)</option>' in text


async def test_a_big_table_is_asked_for_a_key_and_linked(ds: Datasette):
    text = (await ds.client.get("/record/checks_of_claim?claim=")).text
    assert '<input type="text" id="ask-claim" name="claim"' in text
    assert "/record/claims" in addresses(text.partition('id="help-claim"')[2].partition("</p>")[0])


async def test_the_sql_is_folded_and_can_be_edited(ds: Datasette):
    text = (await ds.client.get("/record/how_voted?roll_call=A-RES-ES-11-7&member=USA")).text
    assert re.search(
        r'<details class="sql-of-query"><summary>The SQL of this query</summary>\s*<pre id="sql-query"', text
    )
    [edit] = [link for link in addresses(text) if link.startswith("/record?sql=")]
    page = await ds.client.get(edit)
    assert [words(cell) for cell in cells(page.text, "answer")] == ["no"]
    assert "Your own query" in main_of(page.text)


async def test_only_a_page_with_sql_to_edit_has_the_editor(ds: Datasette):
    assert "codemirror" not in (await ds.client.get("/record/how_voted?roll_call=&member=")).text
    assert "codemirror" in (await ds.client.get("/record?sql=select+1")).text


async def test_more_rows_than_are_shown_are_told(ds: Datasette):
    assert "More than 1,000 rows" in main_of((await ds.client.get("/record?sql=select+*+from+votes")).text)


# --- the list of tables and queries ---


async def test_each_query_of_the_list_opens_with_its_example(ds: Datasette):
    links = set(addresses((await ds.client.get("/record")).text))
    for name in EXAMPLES:
        assert any(
            httpx.URL(link).path == f"/record/{name}" and dict(httpx.URL(link).params) == QUERIES[name].example
            for link in links
        ), name


async def test_each_table_of_the_list_has_its_title_and_sentence_once(ds: Datasette):
    text = (await ds.client.get("/record")).text
    for name, table in (TABLES | VIEWS).items():
        [link] = re.findall(rf'<a href="/record/{name}">([^<]+)</a> <code>', text)
        assert html.unescape(link) == table.title
        assert " ".join(table.description.split()) in words(text)


async def test_each_table_of_the_package_is_in_a_group_of_its_own(ds: Datasette):
    made = (await ds.client.get("/record")).text.partition('id="tables-made"')[2].partition("</section>")[0]
    names = re.findall(r'<a href="/record/(\w+)">', made)
    assert {name for name in names if TABLES[name].path} == set()


async def test_the_tables_of_the_full_text_search_are_hidden(ds: Datasette):
    assert "_fts" not in (await ds.client.get("/record")).text


# --- slips in addresses ---


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("claims?nothing=1", "claims has no column nothing. Its columns: id, article_id"),
        ("claims?nothing__contains=1", "claims has no column nothing."),
        ("claims?verdict__nothing=1", "There is no comparison nothing. Comparisons, after two underscores: exact"),
        ("vote_changes?nothing=1", "vote_changes has no column nothing"),
        ("votes?_search=Russia", "The table votes has no full-text search"),
        ("vote_changes?_next=x", "_next takes a number"),
        ("votes?_timelimit=x", "_timelimit takes a number"),
        ("votes?_size=x", "_size must be a positive integer"),
        ("votes?_sort=nothing", "_sort takes a column, and votes has none nothing"),
    ],
)
@pytest.mark.parametrize("form", ["", ".json", ".csv"])
async def test_a_slip_is_answered_with_what_there_is(asked: str, said: str, form: str, ds: Datasette):
    name, _, query = asked.partition("?")
    response = await ds.client.get(f"/record/{name}{form}?{query}")
    assert response.status_code == 400
    texts = {"": main_of, ".json": lambda text: json.loads(text)["error"], ".csv": str}
    assert said in texts[form](response.text)
    if form == ".json":
        assert {"ok", "error", "status", "title"} <= response.json().keys()


@pytest.mark.parametrize(
    "query",
    [
        "verdict=inaccurate",
        "verdict__not=inaccurate",
        "quote__contains=a&quote__startswith=b",
        "position__gt=3&rationale__notblank=1",
        "verdict__in=accurate,inaccurate",
        "_search=Syria",
        "_search_claim=Syria",
        "_where=position>1",
        "_col=id&_facet=kind&_size=5&_sort=id&_labels=on&_nofacet=1&_ttl=5&_next=",
        "_extra=x&_trace=1",
    ],
)
async def test_what_datasette_knows_still_passes(query: str, ds: Datasette):
    assert (await ds.client.get(f"/record/claims.json?{query}")).status_code == 200


async def test_a_table_without_a_key_knows_its_rowid(ds: Datasette):
    assert (await ds.client.get("/record/claims_fts.json?rowid=1")).status_code == 200


@pytest.mark.parametrize(
    "query", ["_search=", "_search=+", "_search=%22%22", "_search_claim=", "utm_source=x&fbclid=y"]
)
@pytest.mark.parametrize("form", ["", ".json", ".csv"])
async def test_what_asks_for_nothing_is_passed_over(query: str, form: str, ds: Datasette):
    response = await ds.client.get(f"/record/claims{form}?verdict=inaccurate&{query}")
    assert response.status_code == 200
    if form == ".json":
        plain = (await ds.client.get("/record/claims.json?verdict=inaccurate")).json()
        assert response.json()["filtered_table_rows_count"] == plain["filtered_table_rows_count"] > 0


async def test_the_filter_form_works_with_its_search_left_empty(ds: Datasette):
    asked = "/record/claims?_search=&_filter_column=verdict&_filter_op=exact&_filter_value=inaccurate&_sort=id"
    response = await ds.client.get(asked)
    assert response.status_code == 302
    assert "rows where verdict" in main_of((await ds.client.get(response.headers["location"])).text)


# --- errors ---


@pytest.mark.parametrize(
    ("address", "status", "next_step"),
    [
        ("/nothing", 404, "/record/search?q=ES-11%2F7"),
        ("/record/nothing", 404, "/record"),
        ("/record/members/XXX", 404, "/record/members"),
        ("/record/votes/USA", 404, "/record/votes"),
        ("/record/claims?nothing=1", 400, "/record/claims"),
        ("/record?sql=select+nothing", 400, "/record"),
        ("/record?sql=select+*+from+nothing", 400, "/record"),
        ("/record?sql=drop+table+votes", 400, "/record.db"),
        ("/record?sql=select+zeroblob(100000000)", 400, "/downloads"),
        (
            "/record?sql=with+recursive+c(n)+as+(select+1+union+all+select+n%2B1+from+c)+select+count(*)+from+c",
            400,
            "/record.db",
        ),
    ],
)
async def test_an_error_says_what_to_do_next(address: str, status: int, next_step: str, ds: Datasette):
    response = await ds.client.get(address)
    assert (response.status_code, response.headers["content-type"]) == (status, "text/html; charset=utf-8")
    steps = response.text.partition('next-steps"')[2].partition("</ul>")[0]
    assert next_step in addresses(steps)
    assert 'action="/record/search"' in response.text


async def test_a_query_that_took_too_long_names_the_limit_of_the_settings(ds: Datasette, site: Path):
    assert json.loads((site / "settings.json").read_text(encoding="utf-8"))["sql_time_limit_ms"] == 1000
    response = await ds.client.get(
        "/record",
        params={"sql": "with recursive c(n) as (select 1 union all select n + 1 from c) select count(*) from c"},
    )
    assert (
        "The query took longer than one second of the processor, or than four by the clock, and was stopped."
        in main_of(response.text)
    )
    assert "<textarea" not in response.text.partition("<main")[2]


@pytest.mark.parametrize("address", ["/record/~3Cscript~3Ealert(1)~3C~2Fscript~3E", "/record/claims?%3Cscript%3E=1"])
async def test_an_error_shows_markup_as_text(address: str, ds: Datasette):
    response = await ds.client.get(address)
    assert response.status_code in (400, 404)
    assert "<script>alert" not in response.text
    assert "<script>" not in response.text.partition("<main")[2]


async def test_an_error_in_json_is_as_datasette_has_it(ds: Datasette):
    response = await ds.client.get("/record/members/XXX.json")
    assert response.status_code == 404
    assert response.json().keys() == {"ok", "error", "status", "title"}


async def test_nothing_can_be_sent(ds: Datasette):
    response = await ds.client.post("/record/claims", data={"id": "x"})
    assert response.status_code == 405
    assert "only answers questions" in main_of(response.text)


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


def test_a_page_that_needs_too_much_memory_is_a_page_of_the_site(client: httpx.Client):
    sql = "select json_group_array(printf('%.*c', 30000, vote)) from votes"
    response = client.get("/record", params={"sql": sql})
    assert (response.status_code, response.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert "too big" in main_of(response.text)
    assert "/downloads" in addresses(response.text.partition("next-steps")[2])


# --- tables ---


@pytest.mark.parametrize("name", ["claims", "votes", "vote_changes"])
async def test_each_field_of_the_filter_has_a_name(name: str, ds: Datasette):
    text = (await ds.client.get(f"/record/{name}?_sort={'id' if name == 'claims' else 'member_id'}")).text
    form = text.partition('<form class="filters"')[2].partition("</form>")[0]
    fields = re.findall(r'<(?:select|input type="text"|input id)[^>]*>', form)
    assert len(fields) >= 3
    assert [field for field in fields if "aria-label" not in field and 'id="_search"' not in field] == []


async def test_how_a_table_is_made_is_folded(ds: Datasette):
    text = (await ds.client.get("/record/claims")).text
    folded = text.partition('<details class="how-made">')[2].partition("</details>")[0]
    assert "create table claims" in folded.casefold()


def test_headings_come_in_order(client: httpx.Client):
    pages = ["/record", "/record/claims", "/record/how_voted?roll_call=&member=", "/record/search?q=vote", "/nothing"]
    for page in pages:
        levels = [int(level) for level in re.findall(r"<h([1-6])", client.get(page).text)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels)), (page, levels)
