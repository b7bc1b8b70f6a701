"""The site as a reader or a program meets it: every page, row, query and check, as a page, as JSON and as CSV."""

import csv
import hashlib
import html
import io
import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from datasette.app import Datasette
from datasette.utils import tilde_encode
from markupsafe import escape

from scripts.build import ROOT
from scripts.package import open_package
from scripts.queries import read_metadata, read_queries
from tests.conftest import Rows, addresses, words

METADATA = read_metadata(ROOT)["databases"]["record"]
QUERIES = read_queries(read_metadata(ROOT))
PACKAGE = open_package(ROOT)
TABLES = PACKAGE.tables | PACKAGE.derived | PACKAGE.wide
VIEWS = PACKAGE.views
FACETS = [(name, facet) for name, table in METADATA["tables"].items() for facet in table.get("facets", [])]
NAMED = [
    (name, key.fields[0], key.table, METADATA["tables"][key.table]["label_column"])
    for name, table in TABLES.items()
    for key in table.foreign_keys
    if key.fields != table.primary_key and "label_column" in METADATA["tables"].get(key.table, {})
]
CHECKS = [
    (row["claim_id"], row["position"])
    for row in csv.DictReader(io.StringIO((ROOT / "data/press/checks.csv").read_text(encoding="utf-8"), newline=""))
]
# What a claim's page has for the two answers that are no word.
SHOWN = {None: "not known", "[]": "none"}
LICENCE = "https://creativecommons.org/licenses/by/4.0/"


def columns_of(rows: Rows, name: str) -> list[str]:
    return [row["name"] for row in rows("select name from pragma_table_info(?)", name)]


def cells(text: str, column: str) -> list[str]:
    """The HTML of each cell of a column."""
    return re.findall(rf'<td class="col-{column}(?: [^"]*)?"[^>]*>(.*?)</td>', text, re.DOTALL)


def rows_of_checks(text: str) -> list[str]:
    """The HTML of each check on a claim's page."""
    [body] = re.findall(r'<table class="checks">.*?<tbody>(.*?)</tbody>', text, re.DOTALL)
    return body.split("</tr>")[:-1]


def table_of_checks(text: str) -> list[list[str]]:
    """What the checks on a claim's page say, a list of cells a check."""
    return [[words(cell) for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)] for row in rows_of_checks(text)]


def said(check: sqlite3.Row, value: str) -> str:
    """A check's value as a claim's page says it: a vote in the words of the United Nations."""
    votes = {"yes": "in favour", "no": "against", "abstain": "abstaining"}
    plain = value.replace("_", " ")
    return votes.get(value, plain) if check["query_name"] in ("how_voted", "bloc_majority") else plain


def as_csv(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def with_extension(address: str, extension: str) -> str:
    """`/record/outcome?x=y` as `/record/outcome.json?x=y`."""
    path, mark, query = address.partition("?")
    return f"{path}.{extension}{mark}{query}"


# --- home and pages ---


async def test_home_says_what_the_site_is_and_under_which_licence(ds: Datasette):
    response = await ds.client.get("/")
    assert response.status_code == 200
    assert "<h1>On the Record</h1>" in response.text
    assert LICENCE in addresses(response.text)


async def test_every_link_of_the_home_page_opens(ds: Datasette):
    links = [link for link in addresses((await ds.client.get("/")).text) if link.startswith("/")]
    statuses = {
        link: (await ds.client.get(link.partition("#")[0], follow_redirects=True)).status_code for link in links
    }
    assert set(statuses.values()) == {200}, statuses


async def test_the_page_of_the_database_lists_every_table_view_and_query(ds: Datasette):
    links = {re.split("[?#]", link)[0] for link in addresses((await ds.client.get("/record")).text)}
    assert {f"/record/{name}" for name in [*TABLES, *VIEWS, *QUERIES]} <= links


@pytest.mark.parametrize(
    ("page", "source", "title"),
    [
        ("/codebook", "data/press/CODEBOOK.md", "Codebook: how a claim is coded"),
        ("/known-gaps", "data/GAPS.md", "Known gaps"),
    ],
)
async def test_a_document_is_a_page(page: str, source: str, title: str, ds: Datasette):
    text = (ROOT / source).read_text(encoding="utf-8")
    response = await ds.client.get(page)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert f"<title>{title}</title>" in response.text
    assert f"<h1>{title}</h1>" in response.text
    assert response.text.count("<h2>") == len(re.findall(r"^## ", text, re.MULTILINE)) > 0
    assert response.text.count("<table") == len(re.findall(r"^\|[-| :]+\|$", text, re.MULTILINE))
    assert not re.search(r"\{[{%#]|[#%}]\}", response.text)


async def test_the_codebook_has_tables(ds: Datasette):
    text = (await ds.client.get("/codebook")).text
    assert "<th>kind</th>" in text
    assert "<td>tally</td>" in text


async def test_a_page_lists_every_roll_call_without_all_votes_and_what_is_missing(ds: Datasette, rows: Rows):
    text = (await ds.client.get("/incomplete-roll-calls")).text
    expected = rows(
        """select id, question from roll_calls where votes_known <> 'all'
        order by voted_on, body, sequence nulls last, id"""
    )
    items = re.findall(r"<li>(.*?)</li>", text, re.DOTALL)
    assert [addresses(item) for item in items] == [[f"/record/roll_calls/{row['id']}"] for row in expected]
    for item, row in zip(items, expected, strict=True):
        assert row["question"] in words(item)
    shown = {addresses(item)[0].rpartition("/")[2]: words(item) for item in items}
    assert "7 of 15 votes known; missing: 1 of the 7 against, all 7 abstaining." in shown["S-PV-8386-vote-1"]
    assert "missing: the number in favour, the number against" in shown["A-ES-11-L-15"]
    assert "/incomplete-roll-calls" in addresses((await ds.client.get("/")).text)


async def test_the_known_gaps_and_the_codebook_are_linked_from_the_home_page(ds: Datasette):
    assert {"/known-gaps", "/codebook"} <= set(addresses((await ds.client.get("/")).text))


# --- tables and views ---


@pytest.mark.parametrize("name", [*TABLES, *VIEWS])
async def test_a_table_explains_itself(name: str, ds: Datasette, rows: Rows):
    table = (TABLES | VIEWS)[name]
    response = await ds.client.get(f"/record/{name}")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert f"<h1>{escape(table.title)}</h1>" in response.text
    assert escape(table.description) in response.text
    help_of = dict(re.findall(r"<dt>(\w+)</dt><dd>(.+?)</dd>", response.text))
    assert list(help_of) == columns_of(rows, name)
    assert {field.name: html.unescape(help_of[field.name]) for field in table.fields} == {
        field.name: field.description for field in table.fields
    }
    assert LICENCE in addresses(response.text)


@pytest.mark.parametrize("name", [*TABLES, *VIEWS])
async def test_a_table_is_json(name: str, ds: Datasette, rows: Rows):
    response = await ds.client.get(f"/record/{name}.json?_shape=objects&_size=max")
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.json()["columns"] == columns_of(rows, name)
    assert len(response.json()["rows"]) == min(1000, rows(f"select count(*) from {name}")[0][0])  # noqa: S608


@pytest.mark.parametrize("name", [*TABLES, *VIEWS])
async def test_a_table_is_csv(name: str, ds: Datasette, rows: Rows):
    response = await ds.client.get(f"/record/{name}.csv?_size=max")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    lines = as_csv(response.text)
    assert lines[0] == columns_of(rows, name)
    assert len(lines) - 1 == rows(f"select count(*) from {name}")[0][0]  # noqa: S608


async def test_a_csv_to_save_is_named_after_its_table(ds: Datasette):
    response = await ds.client.get("/record/votes.csv?_dl=1")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="votes.csv"'


@pytest.mark.parametrize("name", TABLES)
async def test_a_row_opens_by_its_key(name: str, ds: Datasette, rows: Rows):
    table = TABLES[name]
    found = rows(f"select * from {name} limit 1")  # noqa: S608
    if not found:
        assert table.may_be_empty
        return
    key = ",".join(tilde_encode(str(found[0][column])) for column in table.primary_key)
    page = await ds.client.get(f"/record/{name}/{key}")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert escape(table.description) in page.text
    data = await ds.client.get(f"/record/{name}/{key}.json?_shape=objects")
    assert data.json()["rows"] == [dict(found[0])]


async def test_a_vote_opens_at_the_address_that_is_promised(ds: Datasette):
    text = (await ds.client.get("/record/votes/A-RES-ES-11-7,USA")).text
    assert [words(cell) for cell in cells(text, "vote")] == ["no"]
    assert [words(cell) for cell in cells(text, "member_id")] == ["United States USA"]
    assert "/record/members/USA" in addresses(text)
    assert "/record/roll_calls/A-RES-ES-11-7" in addresses(text)


@pytest.mark.parametrize(
    "address",
    ["/record/votes/A-RES-ES-11-7,XXX", "/record/claims/nothing-01", "/record/nothing", "/nothing", "/nothing/nothing"],
)
async def test_what_does_not_exist_is_not_found(address: str, ds: Datasette):
    assert (await ds.client.get(address)).status_code == 404


@pytest.mark.parametrize("address", ["/record/votes/A-RES-ES-11-7,USA", "/record/how_voted?roll_call=&member="])
async def test_the_licence_stands_on_every_page(address: str, ds: Datasette):
    assert LICENCE in addresses((await ds.client.get(address)).text)


async def test_a_key_in_another_letter_case_redirects(ds: Datasette):
    response = await ds.client.get("/record/votes/a-res-es-11-7,usa")
    assert (response.status_code, response.headers["location"]) == (301, "/record/votes/A-RES-ES-11-7,USA")


async def test_a_key_that_had_to_change_redirects(altered: Callable[[str], Datasette]):
    ds = altered(
        "insert into redirects values ('claims', 'sociose-2025-03-02-99', 'sociose-2025-03-02-09', 'a test', '1.0.0')"
    )
    response = await ds.client.get("/record/claims/sociose-2025-03-02-99")
    assert (response.status_code, response.headers["location"]) == (301, "/record/claims/sociose-2025-03-02-09")


async def test_a_key_that_changed_twice_leads_to_the_end_at_once(altered: Callable[[str], Datasette]):
    ds = altered(
        """insert into redirects values ('outlets', 'cable', 'cable-news', 'A name.', '1.0.0'),
        ('outlets', 'cable-news', 'cnn', 'A name.', '1.0.0'), ('outlets', 'wire', 'wired', 'A name.', '1.0.0'),
        ('outlets', 'wired', null, 'It is no outlet.', '1.0.0'), ('outlets', 'agency', 'reuters', 'A name.', '1.0.0'),
        ('outlets', 'reuters', null, 'It is back.', '1.0.0')"""
    )
    for key in ("agency", "Reuters"):
        response = await ds.client.get(f"/record/outlets/{key}")
        assert (response.status_code, response.headers.get("location")) == (301, "/record/outlets/reuters")
    response = await ds.client.get("/record/outlets/cable")
    assert (response.status_code, response.headers["location"]) == (301, "/record/outlets/cnn")
    for key in ("wire", "WIRED"):
        response = await ds.client.get(f"/record/outlets/{key}")
        assert (response.status_code, "has been withdrawn. It is no outlet." in words(response.text)) == (410, True)


HISTORY = """insert into redirects values ('outlets', 'cable', 'wire', 'A name.', null),
    ('outlets', 'wire', 'cnn', 'A name.', null),
    ('outlets', 'cable-us', 'cnn', 'They were one.', '1.0.0'), ('outlets', 'gone', null, 'It is no outlet.', null),
    ('outlets', 'going', 'gone', 'A name.', null), ('claims', 'cnn-claim', 'sociose-2025-03-02-09', 'A name.', null);
    insert into corrections values
    ('2026-12-05-01', '2026-12-05', 'outlets', 'cable', 'name', 'A', 'B', 'A name.', 'dgacm-es11-extract', null),
    ('2026-12-05-02', '2026-12-05', 'outlets', 'cnn', 'name', 'B', 'C', 'A name.', 'dgacm-es11-extract', null),
    ('2026-12-05-03', '2026-12-05', 'outlets', 'wire', 'name', 'C', 'D', 'A name.', 'dgacm-es11-extract', null),
    ('2026-12-05-04', '2026-12-05', 'claims', 'cnn-claim', 'claim', 'A', 'B', 'A word.', 'dgacm-es11-extract', null)"""


async def asked(ds: Datasette, query: str, table: str, key: str) -> list[dict[str, Any]]:
    address = f"/record/{query}.json?{urlencode({'table_name': table, 'row_key': key})}&_shape=array"
    return (await ds.client.get(address)).json()


@pytest.mark.parametrize("key", ["cable", "wire", "cable-us", "cnn"])
async def test_any_key_that_a_row_had_has_its_whole_history(key: str, altered: Callable[[str], Datasette]):
    ds = altered(HISTORY)
    assert [(row["row_key"], row["what"]) for row in await asked(ds, "row_history", "outlets", key)] == [
        ("cnn", "first published"),
        ("cable-us", "moved to cnn"),
        ("cable", "corrected"),
        ("cnn", "corrected"),
        ("wire", "corrected"),
        ("cable", "moved to wire"),
        ("wire", "moved to cnn"),
    ]
    about = await asked(ds, "corrections_about", "outlets", key)
    assert [row["id"][-2:] for row in about if row["table_name"] == "outlets"] == ["03", "02", "01"]


async def test_a_row_that_was_withdrawn_after_its_key_moved_has_both(altered: Callable[[str], Datasette]):
    ds = altered(HISTORY)
    for key in ("going", "gone"):
        told = await asked(ds, "row_history", "outlets", key)
        assert [(row["row_key"], row["what"]) for row in told] == [("going", "moved to gone"), ("gone", "withdrawn")]


@pytest.mark.parametrize("version", ["null", "'1.0.0'"])
async def test_a_row_that_is_back_was_withdrawn_before(version: str, altered: Callable[[str], Datasette]):
    ds = altered(
        """insert into redirects values ('outlets', 'cnn', null, 'It is no outlet.', VERSION);
        insert into corrections values
        ('2026-12-05-01', '2026-12-05', 'outlets', 'cnn', 'name', 'A', 'B', 'A name.', 'cnn-page', null),
        ('2026-12-05-02', '2026-12-05', 'outlets', 'cnn', 'id', null, 'cnn', 'It is one.', 'cnn-page', null)
        """.replace("VERSION", version)
    )
    told = [(row["what"], row["correction_id"]) for row in await asked(ds, "row_history", "outlets", "cnn")]
    corrected = [("corrected", "2026-12-05-01"), ("corrected", "2026-12-05-02")]
    corrected.insert(1 if version == "null" else 0, ("withdrawn", None))
    assert told == [("first published", None), *corrected]


@pytest.mark.parametrize(
    ("table", "key"), [("claims", "cnn-claim"), ("articles", "sociose-2025-03-02"), ("outlets", "sociose")]
)
async def test_a_claim_whose_key_moved_keeps_its_corrections(table: str, key: str, altered: Callable[[str], Datasette]):
    about = await asked(altered(HISTORY), "corrections_about", table, key)
    assert "2026-12-05-04" in [row["id"] for row in about]


async def test_a_program_may_encode_the_comma_of_a_key(ds: Datasette):
    response = await ds.client.get("/record/votes/A-RES-ES-11-7%2CUSA")
    assert (response.status_code, [words(cell) for cell in cells(response.text, "vote")]) == (200, ["no"])


@pytest.mark.parametrize("version", ["1.0.0", "1~2E0~2E0"])
@pytest.mark.parametrize("ending", ["", ".json?_shape=array", ".csljson"])
async def test_a_version_is_a_key_with_dots(version: str, ending: str, ds: Datasette):
    response = await ds.client.get(f"/record/releases/{version}{ending}")
    assert (response.status_code, "1.0.0" in response.text) == (200, True)


async def test_a_redirect_keeps_what_was_asked_for(ds: Datasette):
    response = await ds.client.get("/record/claims/SOCIOSE-2025-03-02-09.json?_shape=objects")
    assert response.headers["location"] == "/record/claims/sociose-2025-03-02-09.json?_shape=objects"


async def test_a_key_with_parts_missing_is_not_found(ds: Datasette):
    assert (await ds.client.get("/record/votes/A-RES-ES-11-7")).status_code == 404


# --- facets, names and search ---


@pytest.mark.parametrize(("name", "facet"), FACETS)
async def test_a_declared_facet_is_shown(name: str, facet: str, ds: Datasette):
    assert f'id="facet-{facet}" data-column="{facet}"' in (await ds.client.get(f"/record/{name}")).text


@pytest.mark.parametrize(("name", "facet"), [(name, facet) for name, facet in FACETS if name in TABLES])
def test_a_declared_facet_is_indexed(name: str, facet: str, rows: Rows):
    first = {
        rows("select name from pragma_index_info(?)", index["name"])[0]["name"]
        for index in rows("select name from pragma_index_list(?)", name)
    }
    assert facet in first


async def test_a_facet_counts_what_it_narrows_to(ds: Datasette, rows: Rows):
    facet = (await ds.client.get("/record/claims.json")).json()["facet_results"]["verdict"]
    counted = {row["verdict"]: row["n"] for row in rows("select verdict, count(*) as n from claims group by verdict")}
    counted.pop(None)
    assert {value["value"]: value["count"] for value in facet["results"]} == counted


async def test_no_facet_is_suggested(ds: Datasette):
    assert (await ds.client.get("/record/claims.json")).json()["suggested_facets"] == []
    assert "Suggested facets" not in (await ds.client.get("/record/claims")).text


async def test_votes_show_the_names_of_members(ds: Datasette):
    text = (await ds.client.get("/record/votes?roll_call_id=A-RES-ES-11-7&member_id=USA")).text
    assert [words(cell) for cell in cells(text, "member_id")] == ["United States USA"]


@pytest.mark.parametrize(("name", "column", "other", "label"), NAMED)
async def test_a_foreign_key_shows_a_name(name: str, column: str, other: str, label: str, ds: Datasette, rows: Rows):
    sql = f"select b.id, b.{label} from {name} as a join {other} as b on b.id = a.{column} limit 1"  # noqa: S608
    for key, named in rows(sql):
        text = (await ds.client.get(f"/record/{name}", params={column: key})).text
        assert f'<a href="/record/{other}/{tilde_encode(key)}">{escape(named)}</a>' in cells(text, column)[0]


async def test_every_row_that_a_foreign_key_names_has_a_name(rows: Rows):
    named = {(other, label) for _, _, other, label in NAMED}
    nameless = {other: rows(f"select id from {other} where {label} is null") for other, label in named}  # noqa: S608
    assert {other: found for other, found in nameless.items() if found} == {}


async def found_by(ds: Datasette, table: str, text: str) -> list[str]:
    response = await ds.client.get(f"/record/{table}.json", params={"_search": text, "_shape": "array", "_size": "max"})
    assert response.status_code == 200
    return [row["id"] for row in response.json()]


@pytest.mark.parametrize(
    ("table", "text", "key"),
    [
        ("claims", "Syria", "sociose-2025-03-02-09"),
        ("claims", "syria voting against", "sociose-2025-03-02-09"),
        ("claims", '"Syria voted against"', "sociose-2025-03-02-09"),
        ("articles", "secret deal", "county-local-news-2025-06-21"),
        ("resolutions", "A/RES/ES-11/7", "A-RES-ES-11-7"),
        ("resolutions", "ES-11/7", "A-RES-ES-11-7"),
        ("resolutions", '"path to peace"', "A-RES-ES-11-8"),
        ("resolutions", "S/RES/2774 (2025)", "S-RES-2774-2025"),
    ],
)
async def test_search_finds(table: str, text: str, key: str, ds: Datasette, rows: Rows):
    found = await found_by(ds, table, text)
    assert key in found
    assert len(found) < rows(f"select count(*) from {table}")[0][0]  # noqa: S608


@pytest.mark.parametrize("table", ["claims", "articles", "resolutions"])
@pytest.mark.parametrize(
    "text",
    [
        "d'Europe",
        "“peace”",
        "co-sponsored",
        "NOT peace",
        "OR",
        "(",
        "*",
        "claim:peace",
        "NEAR(",
        "-",
        "/",
        "%",
        "100%",
        ":",
    ],
)
async def test_search_takes_any_punctuation(table: str, text: str, ds: Datasette, rows: Rows):
    found = await found_by(ds, table, text)
    assert len(found) < rows(f"select count(*) from {table}")[0][0]  # noqa: S608


@pytest.mark.parametrize("text", ["голосования", "ГОЛОСОВАНИЯ", "Україна", "联合国", "résolution", "resolution"])
async def test_search_finds_text_in_any_script(text: str, altered: Callable[[str], Datasette]):
    ds = altered(
        """
        update articles set title = 'Итоги голосования: Україна, 联合国, résolution' where id = 'tagtik-2025-06-23';
        insert into articles_fts (articles_fts) values ('rebuild');
        """
    )
    assert "tagtik-2025-06-23" in await found_by(ds, "articles", text)


# --- queries ---


@pytest.mark.parametrize("name", QUERIES)
async def test_a_query_explains_itself(name: str, ds: Datasette):
    declared = METADATA["queries"][name]
    response = await ds.client.get(f"/record/{name}", params=QUERIES[name].example)
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f"<h1>{escape(declared['title'])}</h1>" in response.text
    assert escape(declared["description"].strip()) in response.text or name == "search"
    for parameter in QUERIES[name].parameters:
        assert f'name="{parameter}"' in response.text


@pytest.mark.parametrize("name", [name for name, query in QUERIES.items() if query.parameters])
async def test_a_query_with_parameters_links_its_example(name: str, ds: Datasette):
    asked = "&".join(f"{parameter}=" for parameter in QUERIES[name].parameters)
    links = addresses((await ds.client.get(f"/record/{name}?{asked}")).text)
    examples = [parse_qs(urlsplit(link).query) for link in links if link.startswith(f"/record/{name}?")]
    assert {key: [value] for key, value in QUERIES[name].example.items()} in examples
    assert set(QUERIES[name].example) == set(QUERIES[name].parameters)


@pytest.mark.parametrize("name", QUERIES)
async def test_a_querys_example_has_an_answer(name: str, ds: Datasette):
    response = await ds.client.get(f"/record/{name}.json", params={**QUERIES[name].example, "_shape": "array"})
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json; charset=utf-8")
    assert len(response.json()) > 0
    assert all(row.get("answer", "") is not None for row in response.json())


@pytest.mark.parametrize("name", QUERIES)
async def test_a_query_gives_the_same_as_page_json_and_csv(name: str, ds: Datasette):
    example = QUERIES[name].example
    page = await ds.client.get(f"/record/{name}", params=example)
    data = (await ds.client.get(f"/record/{name}.json", params={**example, "_shape": "array"})).json()
    lines = await ds.client.get(f"/record/{name}.csv", params=example)
    assert lines.headers["content-type"] == "text/csv; charset=utf-8"
    assert as_csv(lines.text) == [
        list(data[0]),
        *(["" if value is None else str(value) for value in row.values()] for row in data),
    ]
    first = next(iter(data[0]))
    assert len(cells(page.text, first)) == len(data) or name == "search"


@pytest.mark.parametrize("name", QUERIES)
async def test_a_query_runs_before_anything_is_filled_in(name: str, ds: Datasette):
    response = await ds.client.get(f"/record/{name}.json?_shape=array")
    assert response.status_code == 200
    if QUERIES[name].answer:
        assert [row["answer"] for row in response.json()] == [None]


@pytest.mark.parametrize("name", QUERIES)
async def test_keys_in_a_querys_result_are_links_that_open(name: str, ds: Datasette):
    text = (await ds.client.get(f"/record/{name}", params=QUERIES[name].example)).text
    keys = [
        cell.strip() for column in set(re.findall(r'<td class="col-(\w+_id)[ "]', text)) for cell in cells(text, column)
    ]
    keys = [key for key in keys if key != "&nbsp;"]
    assert [key for key in keys if not re.match(r'<a href="/record/\w+/[^"]+">', key)] == []
    assert {(await ds.client.get(addresses(key)[0])).status_code for key in sorted(set(keys))[:10]} <= {200}


# --- checks ---


@pytest.mark.parametrize(("claim_id", "position"), CHECKS)
async def test_a_checks_address_gives_what_the_check_found(claim_id: str, position: str, ds: Datasette, rows: Rows):
    [check] = rows("select * from checks where claim_id = ? and position = ?", claim_id, position)
    assert (await ds.client.get(check["url"])).status_code == 200
    response = await ds.client.get(with_extension(check["url"], "json") + "&_shape=array")
    answer = next(iter(response.json()[0].values()))
    if QUERIES[check["query_name"]].answer["type"] == "list":
        answer = answer and json.dumps(json.loads(answer))
    assert (None if answer is None else str(answer)) == check["found"]


def test_every_check_has_an_address(rows: Rows):
    assert rows("select * from checks where url is null or url not like '/record/%?%=%'") == []
    assert len(CHECKS) == rows("select count(*) from checks")[0][0]


def test_a_checks_address_asks_the_question_of_the_check(rows: Rows):
    for check in rows("select query_name, params, url from checks"):
        address = urlsplit(check["url"])
        assert address.path == f"/record/{check['query_name']}"
        assert parse_qs(address.query) == {key: [value] for key, value in json.loads(check["params"]).items()}


async def test_a_checks_address_is_a_link_wherever_it_is_shown(ds: Datasette):
    for page in (
        "/record/checks",
        "/record/contradicted_claims",
        "/record/checks_of_claim?claim=sociose-2025-03-02-09",
    ):
        shown = cells((await ds.client.get(page)).text, "url")
        assert len(shown) > 0
        for cell in shown:
            assert re.fullmatch(r'<a href="(/record/[^"]+)">\1</a>', cell.strip())


# --- the page of a claim ---


async def test_the_page_of_a_claim_that_the_record_contradicts(ds: Datasette, rows: Rows):
    text = (await ds.client.get("/record/claims/sociose-2025-03-02-09")).text
    assert "<h1>Syria voted against A/RES/ES-11/7.</h1>" in text
    assert "inaccurate : the record contradicts it." in words(text)
    [roll_call] = rows("select question from roll_calls where id = 'A-RES-ES-11-7'")
    asked = f"How did a member vote? Roll call: {roll_call['question']} Member: Syria"
    assert table_of_checks(text) == [[asked, "is against", "abstaining", "no"]]
    assert "/record/how_voted?roll_call=A-RES-ES-11-7&member=SYR" in addresses(text)


@pytest.mark.parametrize(
    "verdict",
    [
        "accurate",
        "imprecise",
        "ambiguous",
        "inaccurate",
        "accurate_elsewhere",
        "inaccurate_elsewhere",
        "not_checkable",
    ],
)
async def test_the_page_of_a_claim_shows_its_verdict_and_why(verdict: str, ds: Datasette, rows: Rows):
    claims = rows("select * from claims where verdict = ? and rationale is not null order by id limit 1", verdict)
    if not claims:
        pytest.skip(f"no claim is {verdict} for a reason that was written down")
    [claim] = claims
    text = (await ds.client.get(f"/record/claims/{claim['id']}")).text
    above = text.partition("row-as-stored")[0]
    assert f"<h1>{escape(claim['claim'])}</h1>" in above
    assert f'<p class="verdict verdict-{verdict}"><strong>{verdict.replace("_", " ")}</strong>: ' in above
    assert f">{escape(claim['quote'])}</q>" in above
    assert f"<p>{escape(claim['rationale'])}</p>" in above
    assert "None" not in words(above)
    if claim["source_id"]:
        [source] = rows("select title from sources where id = ?", claim["source_id"])
        assert f"Source: {source['title']}" in words(above)


@pytest.mark.parametrize("verdict", ["accurate", "imprecise", "ambiguous", "inaccurate"])
async def test_the_page_of_a_claim_shows_each_check(verdict: str, ds: Datasette, rows: Rows):
    claim = rows("select id from claims where verdict = ? order by id limit 1", verdict)[0]["id"]
    checks = rows("select * from checks where claim_id = ? order by position", claim)
    text = (await ds.client.get(f"/record/claims/{claim}")).text
    shown = table_of_checks(text)
    asked = [METADATA["queries"][check["query_name"]]["title"] for check in checks]
    assert [cells[0][: len(title)] for cells, title in zip(shown, asked, strict=True)] == asked
    stated = [f"{c['relation'].replace('_', ' ')} {said(c, c['stated'])}" for c in checks]
    assert [cells[1] for cells in shown] == stated
    assert [cells[2] for cells in shown] == [SHOWN.get(c["found"]) or said(c, c["found"]) for c in checks]
    assert [cells[3] for cells in shown] == [check["agrees"] for check in checks]
    assert [addresses(row) for row in rows_of_checks(text)] == [[check["url"]] for check in checks]


async def test_readings_of_an_open_definition_are_marked(ds: Datasette, rows: Rows):
    [claim, *_] = rows("select claim_id, count(*) as n from checks where alternative = 1 group by claim_id")
    text = (await ds.client.get(f"/record/claims/{claim['claim_id']}")).text
    assert text.count('<span class="reading">one reading</span>') == claim["n"]


async def test_a_check_that_the_record_cannot_answer_says_so(altered: Callable[[str], Datasette]):
    ds = altered("update checks set found = null, agrees = 'unknown' where claim_id = 'sociose-2025-03-02-09'")
    text = (await ds.client.get("/record/claims/sociose-2025-03-02-09")).text
    assert table_of_checks(text)[0][1:] == ["is against", "not known", "unknown"]


@pytest.mark.parametrize("kind", ["opinion", "prediction"])
async def test_an_opinion_or_a_prediction_has_no_verdict(kind: str, ds: Datasette, rows: Rows):
    claim = rows("select id, claim from claims where kind = ? order by id limit 1", kind)[0]
    text = (await ds.client.get(f"/record/claims/{claim['id']}")).text
    assert f"<h1>{escape(claim['claim'])}</h1>" in text
    assert "Opinions and predictions have no verdict." in words(text)
    assert "The record says" not in words(text)


async def test_a_veto_by_nobody_is_put_in_words(ds: Datasette, rows: Rows):
    claim = rows("select claim_id from checks where found = '[]' limit 1")[0]["claim_id"]
    shown = table_of_checks((await ds.client.get(f"/record/claims/{claim}")).text)
    assert "none" in {check[2] for check in shown}


async def test_every_claim_has_its_page(ds: Datasette, rows: Rows):
    for claim in rows("select id, claim from claims"):
        assert f"<h1>{escape(claim['claim'])}</h1>" in (await ds.client.get(f"/record/claims/{claim['id']}")).text


@pytest.mark.parametrize(
    "address",
    [
        "/record/claims/sociose-2025-03-02-09",
        "/record/claims?id=sociose-2025-03-02-09",
        "/record/checks?claim_id=sociose-2025-03-02-09",
        "/record/checks/sociose-2025-03-02-09,1",
        "/record/articles/sociose-2025-03-02",
        "/record/story_of_claim?claim=sociose-2025-03-02-09",
        "/record/claims_about_member?member=SYR",
        "/record/contradicted_claims",
    ],
)
async def test_markup_in_the_data_is_shown_as_text(address: str, altered: Callable[[str], Datasette]):
    ds = altered(
        """
        update claims set claim = '<script>alert(1)</script>', quote = '</q><script>alert(2)</script>',
          rationale = '<script>alert(3)</script>', said_by = '<script>alert(4)</script>'
          where id = 'sociose-2025-03-02-09';
        update articles set title = '<script>alert(5)</script>', label = '<script>alert(6)</script>'
          where id = 'sociose-2025-03-02';
        update outlets set name = '<script>alert(7)</script>' where id = 'sociose';
        update checks set stated = '<script>alert(8)</script>' where claim_id = 'sociose-2025-03-02-09';
        """
    )
    response = await ds.client.get(address)
    assert response.status_code == 200
    assert "<script>alert" not in response.text
    assert "&lt;script&gt;alert" in response.text


# --- what programs rely on ---


async def test_the_record_is_immutable(ds: Datasette, site: Path):
    databases = {found["name"]: found for found in (await ds.client.get("/-/databases.json")).json()}
    content = (site / "record.db").read_bytes()
    assert databases["record"]["is_mutable"] is False
    assert databases["record"]["size"] == len(content)
    assert databases["record"]["hash"] == hashlib.sha256(content).hexdigest()


async def test_the_settings_are_those_of_the_build(ds: Datasette, site: Path):
    written = json.loads((site / "settings.json").read_text(encoding="utf-8"))
    assert written["suggest_facets"] is False
    assert written["sql_time_limit_ms"] == 1000
    assert written.items() <= (await ds.client.get("/-/settings.json")).json().items()


async def test_the_plugins_are_loaded(ds: Datasette):
    loaded = {plugin["name"] for plugin in (await ds.client.get("/-/plugins.json")).json()}
    assert {"pages.py", "limits.py", "links.py", "datasette-vega"} <= loaded


@pytest.mark.parametrize("name", ["votes_named", "votes_by_member"])
async def test_a_download_has_every_row_and_streaming_gives_the_same(name: str, ds: Datasette, rows: Rows):
    download = await ds.client.get(f"/static/downloads/{name}.csv")
    stream = await ds.client.get(f"/record/{name}.csv?_stream=1")
    assert download.headers["content-type"] == "text/csv"
    assert as_csv(download.text)[0] == columns_of(rows, name)
    assert len(as_csv(download.text)) - 1 == rows(f"select count(*) from {name}")[0][0] > 100  # noqa: S608
    assert sorted(as_csv(stream.text)) == sorted(as_csv(download.text))


async def test_every_vote_is_in_the_download_in_words(ds: Datasette, rows: Rows):
    lines = as_csv((await ds.client.get("/static/downloads/votes_named.csv")).text)
    found = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    assert len(found) == rows("select count(*) from votes")[0][0]
    [vote] = [row for row in found if (row["roll_call_id"], row["member_id"]) == ("A-RES-ES-11-7", "USA")]
    assert (vote["member"], vote["vote_in_words"]) == ("United States", "voted against")


async def test_the_database_can_be_downloaded_whole(ds: Datasette, site: Path):
    response = await ds.client.get("/record.db")
    assert response.status_code == 200
    assert response.content == (site / "record.db").read_bytes()
    assert response.headers["content-disposition"] == 'attachment; filename="record.db"'


async def test_a_query_can_join_databases(ds: Datasette, rows: Rows):
    sql = "select count(*) as votes from [record].votes"
    response = await ds.client.get("/_memory.json", params={"sql": sql, "_shape": "array"})
    assert response.json() == [{"votes": rows("select count(*) from votes")[0][0]}]


async def test_other_sites_may_read_the_json(ds: Datasette):
    response = await ds.client.get("/record/votes.json")
    assert response.headers["access-control-allow-origin"] == "*"
