"""The home page and the pages of things: what they tell is what the database has, and each part can be asked again."""

import html
import re
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest
from datasette.app import Datasette
from markupsafe import escape

from scripts.build import ROOT
from scripts.queries import read_metadata
from tests.conftest import Rows, addresses, words

METADATA = read_metadata(ROOT)
RECORD = METADATA["databases"]["record"]
PAGES = {name: table["page"] for name, table in RECORD["tables"].items() if "page" in table}
VOTES = {"yes": "in favour", "no": "against", "abstain": "abstaining", "not_voting": "not voting"}
PARTS = [(table, part) for table, parts in PAGES.items() for part in parts]
# A row of each table about which every part has something to say.
FULL = {
    "roll_calls": "A-RES-ES-11-8",
    "members": "HUN",
    "resolutions": "A-RES-ES-11-8",
    "claims": "sociose-2025-03-02-09",
    "articles": "afp-2025-02",
    "outlets": "tagtik",
}


async def page_of(ds: Datasette, table: str, key: str) -> str:
    """The page of a thing, above the row as it is stored."""
    response = await ds.client.get(f"/record/{table}/{key}")
    assert response.status_code == 200, response.text
    return response.text.partition("<main")[2].partition('<section class="row-as-stored"')[0]


def section(text: str, part: str) -> str:
    """What stands on a page under the heading of a part."""
    [found] = re.findall(rf'<h2 id="{part}">.*?(?=<h2|\Z)', text, re.DOTALL)
    return found


def lists(text: str) -> list[tuple[str, list[str]]]:
    """The heading of each list of a roll call, and the names in it."""
    found = re.findall(r'<section class="list [^"]+">\s*<h3>(.*?)</h3>\s*<p>(.*?)</p>', text, re.DOTALL)
    return [(heading, re.findall(r'href="/record/members/(\w+)"', names)) for heading, names in found]


# --- every page ---


@pytest.mark.parametrize("table", [name for name in PAGES if name != "claims"])
async def test_every_row_of_a_table_has_its_page(table: str, ds: Datasette, rows: Rows):
    for row in rows(f"select id from {table}"):  # noqa: S608
        text = await page_of(ds, table, row["id"])
        assert text.count("<h1>") == 1
        assert "None" not in words(re.sub(r"<section class=.list.*?</section>", "", text, flags=re.DOTALL)), row["id"]


@pytest.mark.parametrize("table", PAGES)
async def test_each_part_of_a_page_can_be_asked_again(table: str, ds: Datasette):
    text = await page_of(ds, table, FULL[table])
    asked = [html.unescape(link) for link in re.findall(r'<p class="numbers"><a href="([^"]+)"', text)]
    assert len(asked) >= 1
    for address in asked:
        path = urlsplit(address)
        answer = await ds.client.get(f"{path.path}.json", params=[*parse_qsl(path.query), ("_shape", "array")])
        assert answer.status_code == 200
        assert len(answer.json()) >= 1, address


@pytest.mark.parametrize("table", PAGES)
async def test_a_page_keeps_the_row_with_every_column_and_its_meaning(table: str, ds: Datasette, rows: Rows):
    text = (await ds.client.get(f"/record/{table}/{FULL[table]}")).text.partition('class="row-as-stored"')[2]
    [row] = rows(f"select * from {table} where id = ?", FULL[table])  # noqa: S608
    for column in row.keys():  # noqa: SIM118  (iterating over a Row gives its values)
        assert f'<th scope="row">{column}</th>' in text
    described = re.findall(r'<td class="meaning">(.*?)</td>', text, re.DOTALL)
    assert len(described) == len(row.keys())
    assert all(described)


@pytest.mark.parametrize("table", PAGES)
async def test_days_are_in_words(table: str, ds: Datasette):
    # The title of a source may have a day in it, and a picture has its words from SQL.
    apart = r'<p class="source">.*?</p>|<figure.*?</figure>'
    told = words(re.sub(apart, "", await page_of(ds, table, FULL[table]), flags=re.DOTALL))
    assert re.findall(r"(?<![\w-])\d{4}-\d{2}-\d{2}(?![\w-])", told) == []


# --- roll calls ---


@pytest.mark.parametrize("roll_call", ["A-RES-ES-11-7", "A-RES-68-262", "S-RES-2774-2025", "S-2022-155"])
async def test_the_lists_of_a_roll_call_are_its_votes(roll_call: str, ds: Datasette, rows: Rows):
    shown = lists(await page_of(ds, "roll_calls", roll_call))
    assert [heading.split(":")[0] for heading, _ in shown] == ["In favour", "Against", "Abstaining", "Not voting"]
    for (heading, members), vote in zip(shown, VOTES, strict=True):
        voted = rows(
            "select member_id from votes join members on members.id = member_id where roll_call_id = ? and vote = ?"
            " order by short_name",
            roll_call,
            vote,
        )
        assert members == [row["member_id"] for row in voted]
        assert heading.endswith(f": {len(members)}")


async def test_a_list_that_is_not_whole_says_so(ds: Datasette, rows: Rows):
    [roll_call] = rows("select * from roll_calls where id = 'A-ES-11-L-12'")
    text = await page_of(ds, "roll_calls", roll_call["id"])
    assert roll_call["votes_known"] == "partial"
    assert "Not every member's vote is known" in words(text)
    for (heading, members), column in zip(lists(text), ["yes", "no", "abstain", "not_voting"], strict=True):
        official = roll_call[f"official_{column}"]
        assert heading.split(": ")[1].split(",")[0] == str(official)
        assert heading.endswith(f"of which {len(members)} known by name") == (len(members) != official)


async def test_a_roll_call_without_votes_has_no_lists(ds: Datasette, rows: Rows):
    roll_call = rows("select id from roll_calls where votes_known = 'none' order by id")[0]["id"]
    text = await page_of(ds, "roll_calls", roll_call)
    assert lists(text) == []
    assert "No source was found that says how the members voted." in words(text)


@pytest.mark.parametrize(
    ("roll_call", "told"),
    [
        ("A-RES-ES-11-7", "Here 74 votes in favour were needed, of the 111 in favour and against; there were 93 ."),
        (
            "A-RES-68-262",
            "not known. Of the 111 votes in favour and against, more than half would be 56, two thirds 74.",
        ),
        (
            "S-2022-155",
            "there were 11 , and Russia, a permanent member, voted against. The line in the bar",
        ),
        ("S-RES-2774-2025", "Here 9 votes in favour were needed; there were 10 . The line in the bar marks what was"),
    ],
)
async def test_the_tally_stands_against_the_majority_that_was_needed(roll_call: str, told: str, ds: Datasette):
    text = section(await page_of(ds, "roll_calls", roll_call), "tally")
    assert told in words(text)


@pytest.mark.parametrize(
    ("rule", "yes", "no", "needed"),
    [
        ("ga_simple", 5, 4, 5),
        ("ga_simple", 5, 5, 6),
        ("ga_two_thirds", 6, 3, 6),
        ("ga_two_thirds", 7, 3, 7),
        ("ga_two_thirds", 10, 1, 8),
        ("sc_procedural", 5, 4, 9),
        ("sc_substantive", 15, 0, 9),
        ("ga_not_known", 5, 4, None),
    ],
)
async def test_the_majority_needed_follows_from_the_rule(
    rule: str,
    yes: int,
    no: int,
    needed: int | None,
    altered: Callable[[str], Datasette],
):
    changes = f"majority_rule = '{rule}', official_yes = {yes}, official_no = {no}"
    ds = altered(f"update roll_calls set {changes} where id = 'A-RES-ES-11-7'")  # noqa: S608
    address = "/record/story_of_roll_call.json?roll_call=A-RES-ES-11-7&_shape=array"
    [story] = (await ds.client.get(address)).json()
    assert story["needed"] == needed


async def test_a_veto_is_named(ds: Datasette):
    assert "25 February 2022, meeting S/PV.8979: vetoed by Russia ." in words(
        await page_of(ds, "roll_calls", "S-2022-155")
    )


async def test_a_tally_that_is_not_known_says_so(ds: Datasette):
    text = section(await page_of(ds, "roll_calls", "A-ES-11-L-15"), "tally")
    assert "not known in favour" in words(text)
    assert "<svg" not in text


async def test_a_mover_is_named(ds: Datasette):
    text = await page_of(ds, "roll_calls", "S-PV-9866-vote-4")
    assert "Moved by Denmark , France , Greece , Slovenia , United Kingdom ." in words(text)
    assert "The line in the bar" not in words(text)


async def test_amendments_stand_before_the_text_that_they_would_change(ds: Datasette, rows: Rows):
    text = section(await page_of(ds, "roll_calls", "A-RES-ES-11-8"), "around")
    amendments = rows(
        "select roll_calls.id from roll_calls join resolutions on resolutions.id = resolution_id"
        " where parent_id = 'A-RES-ES-11-8'"
    )
    assert len(amendments) == 4
    assert {f"/record/roll_calls/{row['id']}" for row in amendments} <= set(addresses(text))
    assert "/record/roll_calls/A-RES-ES-11-8" not in addresses(text)
    back = section(await page_of(ds, "roll_calls", "A-ES-11-L-12"), "around")
    assert "/record/roll_calls/A-RES-ES-11-8" in addresses(back)


async def test_a_vote_on_procedure_stands_beside_the_votes_of_its_day(ds: Datasette):
    text = section(await page_of(ds, "roll_calls", "S-PV-9866-vote-1"), "around")
    assert "/record/roll_calls/S-RES-2774-2025" in addresses(text)
    assert "/record/roll_calls/A-RES-ES-11-7" not in addresses(text)


@pytest.mark.parametrize("roll_call", ["A-RES-ES-11-7", "A-RES-ES-11-8", "S-RES-2774-2025"])
async def test_claims_about_a_vote_are_counted_by_verdict(roll_call: str, ds: Datasette, rows: Rows):
    text = section(await page_of(ds, "roll_calls", roll_call), "claims")
    counted = rows(
        "select coalesce(verdict, 'no verdict') as verdict, count(*) as n from claims"
        " join claim_roll_calls on claim_id = id where roll_call_id = ? group by verdict",
        roll_call,
    )
    [shown] = re.findall(r'<ul class="verdict-counts">(.*?)</ul>', text, re.DOTALL)
    told = [words(item).rpartition(" ") for item in re.findall(r"<li>(.*?)</li>", shown)]
    assert {(verdict, int(n)) for verdict, _, n in told} == {
        (row["verdict"].replace("_", " "), row["n"]) for row in counted
    }


async def test_sources_of_a_vote_and_their_differences_are_told(ds: Datasette, rows: Rows):
    text = section(await page_of(ds, "roll_calls", "A-RES-ES-11-7"), "sources")
    sources = rows("select source_id from roll_call_sources where roll_call_id = 'A-RES-ES-11-7'")
    assert {f"/record/sources/{row['source_id']}" for row in sources} <= set(addresses(text))
    [differing] = rows(
        "select roll_call_id, count(*) as n from source_differences"
        " group by 1 having count(*) > 10 order by 2 desc limit 1"
    )
    text = section(await page_of(ds, "roll_calls", differing["roll_call_id"]), "sources")
    assert f"{differing['n']} things that a source has otherwise" in words(text)
    assert text.partition('<ul class="bullets differences">')[2].count("<li>") == 10


async def test_a_vote_that_a_delegation_meant_otherwise_is_marked(ds: Datasette):
    text = words(await page_of(ds, "roll_calls", "A-RES-ES-11-7"))
    assert "Serbia (*)" in text
    assert (
        "Serbia was recorded as in favour; its delegation said afterwards that it had meant to be abstaining." in text
    )


# --- members ---


@pytest.mark.parametrize("member", ["USA", "HUN", "TUV", "RUS"])
async def test_a_members_line_has_each_of_its_votes(member: str, ds: Datasette, rows: Rows):
    text = section(await page_of(ds, "members", member), "line")
    voted = rows("select roll_call_id, vote from votes where member_id = ?", member)
    told = re.findall(r'href="/record/roll_calls/([^"]+)".*?<span class="vote vote-(\w+)">', text, re.DOTALL)
    assert sorted(told) == sorted((row["roll_call_id"], row["vote"]) for row in voted)
    assert text.count('<span class="vote-') == len(voted)
    for vote, name in VOTES.items():
        assert f"{sum(row['vote'] == vote for row in voted)} {name}" in words(text)


async def test_what_most_of_a_members_groups_did_stands_beside_its_vote(ds: Datasette, rows: Rows):
    text = section(await page_of(ds, "members", "HUN"), "line")
    [line] = [row for row in re.findall(r"<tr>.*?</tr>", text, re.DOTALL) if "A-RES-ES-11-7" in row]
    assert "against" in words(line)
    assert "European Union (in favour)" in words(line)
    [majority] = rows(
        "select majority_vote from bloc_votes"
        " where bloc_id = 'EU' and roll_call_id = 'A-RES-ES-11-7' and known = eligible"
    )
    assert majority["majority_vote"] == "yes"


async def test_a_group_stands_beside_a_vote_only_while_the_member_belongs_to_it(ds: Datasette, rows: Rows):
    [left] = rows("select valid_until from bloc_memberships where bloc_id = 'EU' and member_id = 'GBR'")
    address = "/record/member_beside_its_blocs.json?member=GBR&_shape=array"
    line = (await ds.client.get(address)).json()
    together = {
        row["voted_on"]
        for row in line
        if "European Union" in f"{row['groups_that_did_the_same']}{row['groups_that_did_otherwise']}"
    }
    assert len(together) > 0
    assert max(together) <= left["valid_until"]


async def test_who_a_member_votes_with_is_in_the_order_of_agreement(ds: Datasette, rows: Rows):
    text = section(await page_of(ds, "members", "USA"), "agreement")
    shares = [int(share) for share in re.findall(r"</a> (\d+) %", text)]
    assert len(shares) == 16
    assert min(shares[:8]) > max(shares[8:])
    member, same, compared = re.findall(
        r'href="/record/members/(\w+)">[^<]+</a> \d+ % <span class="of">\((\d+) of (\d+)', text
    )[0]
    [pair] = rows(
        "select same, compared from pair_agreements"
        " where body = 'GA' and ? in (member_a, member_b) and 'USA' in (member_a, member_b)",
        member,
    )
    assert (pair["same"], pair["compared"]) == (int(same), int(compared))


# --- texts ---


async def test_what_amendments_changed_is_marked(ds: Datasette, rows: Rows):
    text = section(await page_of(ds, "resolutions", "A-RES-ES-11-8"), "versions")
    changed = rows(
        "select topic from provisions where resolution_id = 'A-RES-ES-11-8'"
        " group by topic having count(distinct stance) > 1 and count(*) = 2"
    )
    marked = re.findall(r'<tr class="changed"><th scope="row">(.*?)</th>', text)
    assert len(marked) >= 2
    assert {topic.lower().replace(" ", "_") for topic in marked} == {row["topic"] for row in changed}
    assert "3 of 4 amendments put to the vote were adopted." in words(text)


async def test_a_sponsor_that_voted_otherwise_is_told(ds: Datasette):
    text = words(section(await page_of(ds, "resolutions", "A-RES-ES-11-8"), "sponsors"))
    assert "United States (voted otherwise: abstaining)" in text


async def test_an_amendment_leads_to_its_text(ds: Datasette):
    assert "/record/resolutions/A-RES-ES-11-8" in addresses(await page_of(ds, "resolutions", "A-ES-11-L-12"))


# --- the press ---


async def test_a_claim_shows_where_it_came_from_and_who_took_it_over(ds: Datasette, rows: Rows):
    [link] = rows(
        "select first.claim_id as middle from claim_origins as first"
        " join claim_origins as second on second.origin_claim_id = first.claim_id order by 1 limit 1"
    )
    text = await page_of(ds, "claims", link["middle"])
    origins = rows("select origin_claim_id as id from claim_origins where claim_id = ?", link["middle"])
    copies = rows("select claim_id as id from claim_origins where origin_claim_id = ?", link["middle"])
    assert {f"/record/claims/{row['id']}" for row in origins} <= set(addresses(section(text, "origins")))
    assert {f"/record/claims/{row['id']}" for row in copies} <= set(addresses(section(text, "copies")))


async def test_a_quote_and_a_title_say_which_language_they_are_in(ds: Datasette, rows: Rows):
    [claim] = rows(
        "select claims.id, quote, title, articles.id as article from claims join articles on articles.id = article_id"
        " where language = 'ar' and title is not null order by claims.id limit 1"
    )
    quoted, titled = (f'lang="ar" dir="auto">{escape(text)}<' for text in (claim["quote"], claim["title"]))
    for table, key in [("claims", claim["id"]), ("articles", claim["article"])]:
        text = await page_of(ds, table, key)
        assert quoted in text
        assert titled in text


@pytest.mark.parametrize(
    "address", ["/record/articles?language=ar&title__notblank=1", "/record/claims_of_article?article={article}"]
)
async def test_words_of_articles_say_their_language_in_tables_too(address: str, ds: Datasette, rows: Rows):
    [article] = rows("select id from articles where language = 'ar' and title is not null order by id limit 1")
    text = (await ds.client.get(address.format(article=article["id"]))).text
    shown = re.findall(r'<td class="col-(?:title|quote)[^>]*>(.*?)</td>', text, re.DOTALL)
    assert len(shown) >= 1
    assert all(cell.strip().startswith('<span lang="ar" dir="auto">') for cell in shown)


async def test_an_article_that_was_not_seen_has_no_claims(ds: Datasette, rows: Rows):
    article = rows("select id from articles where seen = 'not_seen' order by id")[0]["id"]
    text = await page_of(ds, "articles", article)
    assert "not seen, so that it has no claims" in words(text)
    assert 'id="claims"' not in text


async def test_an_outlet_has_counts_and_never_a_score(ds: Datasette, rows: Rows):
    counted = rows(
        "select coalesce(verdict, 'no verdict') as verdict, count(*) as n from claims join articles"
        " on articles.id = article_id where outlet_id = 'tagtik' group by verdict"
    )
    whole = sum(row["n"] for row in counted)
    text = await page_of(ds, "outlets", "tagtik")
    for row in counted:
        assert f"{row['verdict'].replace('_', ' ')} {row['n']} of {whole}" in words(section(text, "verdicts"))
    assert "%" not in words(text)
    assert "A verdict is about a statement, never about an outlet or a person." in words(text)


# --- home ---


async def test_the_figures_of_the_home_page_are_counted(ds: Datasette, rows: Rows):
    text = words((await ds.client.get("/")).text)
    [counted] = rows(
        "select (select count(*) from votes) as votes, (select count(*) from roll_calls) as roll_calls,"
        " (select count(*) from claims) as claims, (select count(distinct article_id) from claims) as articles,"
        " (select count(*) from checks) as checks"
    )
    assert f"{counted['votes']:,} votes in {counted['roll_calls']} roll calls" in text
    assert f"{counted['claims']:,} claims in {counted['articles']} articles" in text
    assert f"{counted['checks']:,} questions to the record" in text
    [answered] = rows(
        "select count(*) as claims, sum(verdict = 'inaccurate') as contradicted from claims"
        " where checkable = 'record' and verdict in ('accurate', 'imprecise', 'ambiguous', 'inaccurate')"
    )
    assert f"Of {answered['claims']:,} claims that it answers, it contradicts {answered['contradicted']}" in text


async def test_the_home_page_has_one_search_and_every_other_page_has_it_too(ds: Datasette):
    for address in ("/", "/record/members/USA", "/codebook", "/record/votes"):
        text = (await ds.client.get(address)).text
        assert re.findall(r'<form class="([a-z]+)-search" role="search"', text) == ["big" if address == "/" else "site"]


async def test_a_figure_of_the_home_page_follows_the_data(altered: Callable[[str], Datasette]):
    ds = altered("pragma foreign_keys = off; delete from votes where member_id = 'USA'")
    assert "5,767 votes" in words((await ds.client.get("/")).text)


async def test_the_home_page_shows_the_latest_corrections(ds: Datasette, rows: Rows):
    text = (await ds.client.get("/")).text.partition("Latest corrections")[2]
    newest = rows(RECORD["queries"]["latest_corrections"]["sql"])[:3]
    assert len(newest) == 3
    for row in newest:
        assert f"/record/{row['table_name']}/{row['row_key']}" in addresses(text)
        assert row["why"] in words(text)
        assert (
            f"{row['row_name']} {row['column_name'].capitalize()} was “{row['old_value'].replace('_', ' ')}”"
            in words(text)
        )
