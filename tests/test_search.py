# ruff: noqa: RUF001  (letters of other scripts are what is tested)
"""The search over everything: what readers type, in any script and spelling, finds what they mean, without error."""

import pytest
from datasette.app import Datasette
from markupsafe import escape

from tests.conftest import addresses, words


async def finds(ds: Datasette, typed: str) -> list[dict[str, object]]:
    response = await ds.client.get("/record/search.json", params={"q": typed, "_shape": "array"})
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        ("ES-11/7", "/record/resolutions/A-RES-ES-11-7"),
        ("A/RES/ES-11/7", "/record/resolutions/A-RES-ES-11-7"),
        ("a/res/es-11/7", "/record/resolutions/A-RES-ES-11-7"),
        ("A-RES-ES-11-7", "/record/resolutions/A-RES-ES-11-7"),
        ("es 11 7", "/record/resolutions/A-RES-ES-11-7"),
        ("A/ES-11/L.10", "/record/resolutions/A-RES-ES-11-7"),
        ("2774 (2025)", "/record/resolutions/S-RES-2774-2025"),
        ("S/RES/2774(2025)", "/record/resolutions/S-RES-2774-2025"),
        ("USA", "/record/members/USA"),
        ("usa", "/record/members/USA"),
        ("Turkey", "/record/members/TUR"),
        ("Türkiye", "/record/members/TUR"),
        ("TURKIYE", "/record/members/TUR"),
        ("Côte d’Ivoire", "/record/members/CIV"),
        ("cote d'ivoire", "/record/members/CIV"),
        ("Swaziland", "/record/members/SWZ"),
        ("European Union", "/record/blocs/EU"),
        ("tagtik", "/record/outlets/tagtik"),
        ("tagtik.co.uk", "/record/outlets/tagtik"),
        ("sociose-2025-03-02-09", "/record/claims/sociose-2025-03-02-09"),
    ],
)
async def test_a_name_or_symbol_leads_to_its_thing_first(typed: str, url: str, ds: Datasette):
    assert (await finds(ds, typed))[0]["url"] == url


async def test_the_roll_call_on_a_text_comes_right_after_the_text(ds: Datasette):
    assert [find["kind"] for find in await finds(ds, "ES-11/7")][:3] == ["resolution", "roll call", "claim"]


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        ("Syria voted against", "Syria voted against"),
        ('"Syria voted against"', "Syria voted against"),
        ("“Syria voted against”", "Syria voted against"),
        ("«Syria voted against»", "Syria voted against"),
        ("abst", "abst"),
        ("veto", "veto"),
        ("голосования", "голосования"),
        ("ГОЛОСОВАНИЯ", "голосования"),
        ("联合国", "联合国"),
        ("国大会", "国大会"),
        ("ウクライナ", "ウクライナ"),
        ("유엔", "유엔"),
        ("οηε", "ΟΗΕ"),
        ("ΟΗΕ", "ΟΗΕ"),
        ("المتحدة", "المتحدة"),
        ("გაერო", "გაერო"),
    ],
)
async def test_words_are_found_in_any_script_and_shown(typed: str, part: str, ds: Datasette):
    found = await finds(ds, typed)
    assert found
    shown = [str(find["found_in"]).replace("⟦", "").replace("⟧", "") for find in found]
    assert part.casefold() in shown[0].casefold()
    assert "⟦" in str(found[0]["found_in"])


@pytest.mark.parametrize(
    "typed", ["", " ", "*", "-", ":", "(", ")", '"', '""', "'", "/", "\\", "%", "_", "…", "⟦", "\u0000", "😀"]
)
async def test_what_has_no_letter_finds_nothing(typed: str, ds: Datasette):
    assert await finds(ds, typed) == []


@pytest.mark.parametrize(
    "typed",
    [
        '"path to',
        'path "to" "',
        "AND",
        "OR",
        "NOT",
        "NEAR",
        "NEAR(Russia Ukraine)",
        "Russia OR Ukraine",
        "Russia AND",
        "-Russia",
        "Russia*",
        "title:peace",
        "title : peace",
        "{title} : peace",
        "^Russia",
        "Russia + Ukraine",
        "'; drop table claims; --",
        "<script>alert(1)</script>",
        "a",
        "ж",
        "国",
        "x" * 5000,
        "vote " * 500,
        '"' * 199,
        "e\u0301" * 80,
    ],
)
async def test_nothing_that_is_typed_is_an_error(typed: str, ds: Datasette):
    found = await finds(ds, typed)
    assert len(found) <= 50
    page = await ds.client.get("/record/search", params={"q": typed})
    assert page.status_code == 200
    assert "<script>alert" not in page.text


async def test_operators_are_words(ds: Datasette):
    found = await finds(ds, "Russia NOT")
    assert found
    assert all("⟦not⟧" in str(find["found_in"]).casefold() or "not" in str(find["title"]).casefold() for find in found)


@pytest.mark.parametrize(
    ("typed", "expression"),
    [
        ("ES-11/7", '"ES 11 7"'),
        ("abst", '("abst" OR "abst"*)'),
        ("russia abst", '"russia" AND ("abst" OR "abst"*)'),
        ("“path to” pea", '"path to" AND ("pea" OR "pea"*)'),
        ("277", '("277" OR "277"*)'),
        ("联合国", None),
        ("(", None),
    ],
)
async def test_the_last_word_may_be_unfinished_but_a_short_number_is_whole(
    typed: str, expression: str | None, ds: Datasette
):
    asked = {"sql": "select search_words(:typed) as words", "typed": typed, "_shape": "array"}
    assert (await ds.client.get("/record.json", params=asked)).json() == [{"words": expression}]


async def test_words_without_spaces_between_them_are_found_wherever_they_stand(ds: Datasette):
    sql = "select count(*) as n from search_entries where title || ' ' || words like '%俄罗斯%'"
    [there_are] = (await ds.client.get("/record.json", params={"sql": sql, "_shape": "array"})).json()
    assert len(await finds(ds, "俄罗斯")) == min(50, there_are["n"]) > 3


async def test_the_number_of_finds_is_told_and_fifty_are_shown(ds: Datasette):
    found = await finds(ds, "Russia")
    assert len(found) == 50 < int(str(found[0]["found"]))
    text = (await ds.client.get("/record/search", params={"q": "Russia"})).text
    assert f"{found[0]['found']:,} finds for “Russia”, the best 50 of them here" in words(text)
    assert "/record/claims?_search=Russia" in addresses(text)


async def test_the_page_links_each_find_and_marks_the_words(ds: Datasette):
    found = await finds(ds, "голосования")
    text = (await ds.client.get("/record/search", params={"q": "голосования"})).text
    assert {find["url"] for find in found} <= set(addresses(text))
    assert escape(found[0]["title"]) in text
    assert "<mark>голосования</mark>" in text
    assert '<table class="rows-and-columns"' not in text


async def test_every_find_opens(ds: Datasette):
    for typed in ("ES-11/7", "European", "Reuters", "France"):
        for find in (await finds(ds, typed))[:8]:
            assert (await ds.client.get(str(find["url"]))).status_code == 200


async def test_an_empty_search_says_what_can_be_searched_with_examples_that_find(ds: Datasette):
    response = await ds.client.get("/record/search")
    assert response.status_code == 200
    assert "What can be searched for" in words(response.text)
    examples = [link for link in addresses(response.text) if link.startswith("/record/search?q=")]
    assert len(examples) >= 5
    for example in examples:
        assert " for “" in words((await ds.client.get(example)).text), example
        assert "Nothing was found" not in words((await ds.client.get(example)).text), example


async def test_nothing_found_says_what_to_try(ds: Datasette):
    text = (await ds.client.get("/record/search", params={"q": "zzzqq"})).text
    assert "Nothing was found for “zzzqq”" in words(text)
    assert len([link for link in addresses(text) if link.startswith("/record/search?q=")]) >= 3


async def test_the_box_of_every_page_leads_to_the_search_and_keeps_what_was_typed(ds: Datasette):
    text = (await ds.client.get("/record/search", params={"q": 'a "b" <c>'})).text
    assert 'action="/record/search"' in (await ds.client.get("/")).text
    assert text.count('value="a &#34;b&#34; &lt;c&gt;"') == 2


async def test_a_row_of_each_kind_is_in_the_index(ds: Datasette):
    response = await ds.client.get(
        "/record.json",
        params={
            "sql": """select
              (select count(*) from search_entries)
              - (select count(*) from resolutions) - (select count(*) from roll_calls) - (select count(*) from members)
              - (select count(*) from blocs) - (select count(*) from outlets) - (select count(*) from articles)
              - (select count(*) from claims) as difference""",
            "_shape": "array",
        },
    )
    assert response.json() == [{"difference": 0}]


async def test_the_search_is_also_csv(ds: Datasette):
    text = (await ds.client.get("/record/search.csv", params={"q": "ES-11/7"})).text
    assert text.splitlines()[0] == "kind,title,place,url,found_in,found"
    assert len(text.splitlines()) > 50
