"""The press: second codings and claims taken over, by law; how stories travelled and were told, by view and query."""

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from datasette.app import Datasette

from scripts import laws
from scripts.build import ROOT
from scripts.package import Row, open_package
from scripts.queries import read_metadata, read_queries

QUERIES = read_queries(read_metadata(ROOT))
PACKAGE = open_package(ROOT)
VERDICTS_BY = ["verdicts_by_chosen_for", "verdicts_by_outlet_kind", "verdicts_by_language", "verdicts_by_statement"]
CHOSEN_FOR = PACKAGE.field("articles.chosen_for").constraints["enum"]


# --- laws ---

# What a row is where a test does not say otherwise.
USUAL = {
    "articles": {"id": "daily-2025-02", "published_on": "2025-02", "coder": "a"},
    "claims": {"id": "daily-2025-02-01", "article_id": "daily-2025-02"},
    "codings": {
        **{"claim_id": "daily-2025-02-01", "coder": "b", "kind": "vote"},
        **{"checkable": "record", "assessment": "complete"},
    },
    "coding_checks": {"claim_id": "daily-2025-02-01", "coder": "b", "position": 1, "alternative": 0},
    "claim_origins": {},
}


def breaches(law, **tables: list[dict]) -> list[tuple[str, int, str]]:
    """Where the law is broken: table, line and column. A table that is not given has no rows."""
    rows = {
        name: [Row(number, {**USUAL[name], **row}) for number, row in enumerate(tables.get(name, ()), start=2)]
        for name in USUAL
    }
    return [(name, row.number, column) for name, row, column, _ in law(rows)]


def numbered(*positions: int, **values: object) -> list[dict]:
    return [{"position": position, **values} for position in positions]


@pytest.mark.parametrize(
    ("checks", "found"),
    [
        (numbered(1), []),
        (numbered(3, 1, 2), []),
        (numbered(2), [("coding_checks", 2, "position")]),
        (numbered(1, 3), [("coding_checks", 3, "position")]),
        (numbered(1, 2, alternative=1), []),
        (numbered(1, alternative=1), [("coding_checks", 2, "alternative")]),
        (numbered(1) + numbered(2, alternative=1), [("coding_checks", 3, "alternative")]),
        (numbered(1) + numbered(1, coder="c"), []),
        (numbered(1) + numbered(2, coder="c"), [("coding_checks", 3, "position")]),
        (numbered(1) + numbered(1, claim_id="daily-2025-02-02"), []),
        (
            numbered(1, alternative=1) + numbered(1, coder="c", alternative=1),
            [("coding_checks", 2, "alternative"), ("coding_checks", 3, "alternative")],
        ),
    ],
)
def test_the_checks_of_each_second_coding_are_numbered(checks, found):
    assert breaches(laws.second_checks_are_numbered, coding_checks=checks) == found


CHECKED = [{}]
LATER = {"checkable": "record_later", "assessment": "awaits_record"}
ELSEWHERE = {"checkable": "elsewhere", "assessment": "accurate_elsewhere"}
UNCHECKABLE = {"checkable": "no", "assessment": "not_checkable"}


@pytest.mark.parametrize(
    ("coding", "checks", "columns"),
    [
        ({}, CHECKED, []),
        ({}, [], ["checkable"]),
        ({}, [{"coder": "c"}], ["checkable"]),
        ({}, [{"claim_id": "daily-2025-02-02"}], ["checkable"]),
        ({"assessment": "incomplete"}, CHECKED, []),
        ({"coder": "a"}, [{"coder": "a"}], ["coder"]),
        (LATER, [], []),
        (LATER, CHECKED, ["checkable"]),
        (ELSEWHERE, [], []),
        ({**ELSEWHERE, "assessment": "inaccurate_elsewhere"}, [], []),
        (ELSEWHERE, CHECKED, ["checkable"]),
        (UNCHECKABLE, [], []),
        (UNCHECKABLE, CHECKED, ["checkable"]),
        ({**UNCHECKABLE, "kind": "opinion"}, [], []),
        ({**UNCHECKABLE, "kind": "prediction"}, [], []),
        ({"kind": "opinion"}, CHECKED, ["checkable"]),
        ({**ELSEWHERE, "kind": "prediction"}, [], ["checkable"]),
    ],
)
def test_second_codings_are_by_the_book(coding, checks, columns):
    tables = {"articles": [{}], "claims": [{}], "codings": [coding], "coding_checks": checks}
    found = breaches(laws.second_codings_are_by_the_book, **tables)
    assert found == [("codings", 2, column) for column in columns]


@pytest.mark.parametrize(
    ("checkable", "assessment"),
    [(checkable, word) for checkable in laws.ASSESSMENTS for word in sorted(set().union(*laws.ASSESSMENTS.values()))],
)
def test_a_second_assessment_fits_what_the_claim_can_be_checked_by(checkable, assessment):
    fitting = {
        "record": ("complete", "incomplete"),
        "record_later": ("awaits_record",),
        "elsewhere": ("accurate_elsewhere", "inaccurate_elsewhere"),
        "no": ("not_checkable",),
    }
    tables = {"codings": [{"checkable": checkable, "assessment": assessment}]}
    tables |= {"articles": [{}], "claims": [{}], "coding_checks": CHECKED if checkable == "record" else []}
    found = breaches(laws.second_codings_are_by_the_book, **tables)
    assert found == [("codings", 2, "assessment")] * (assessment not in fitting[checkable])


def test_a_second_coder_may_have_coded_other_articles():
    articles = [{}, {"id": "weekly-2025-02", "coder": "b"}]
    tables = {"articles": articles, "claims": [{}], "codings": [{}], "coding_checks": CHECKED}
    assert breaches(laws.second_codings_are_by_the_book, **tables) == []


def taken_over(*links: str) -> list[dict[str, str]]:
    """`ba`: claim b was taken over from claim a."""
    return [{"claim_id": link[0], "origin_claim_id": link[1]} for link in links]


def told(**days: str | None) -> dict[str, list[dict]]:
    """A claim in an article of its own for each day."""
    return {
        "articles": [{"id": f"article-{key}", "published_on": day} for key, day in days.items()],
        "claims": [{"id": key, "article_id": f"article-{key}"} for key in days],
    }


@pytest.mark.parametrize(
    ("links", "lines"),
    [
        (["ba", "cb"], []),
        (["ba", "cb", "ca"], []),
        (["ab", "ba"], [2, 3]),
        (["ab", "bc", "ca"], [2, 3, 4]),
        (["ab", "bc", "cb"], [3, 4]),
    ],
)
def test_no_claim_is_its_own_origin(links, lines):
    tables = told(a="2025-02-24", b="2025-02-24", c="2025-02-24")
    found = breaches(laws.claims_are_taken_over_from_earlier_ones, **tables, claim_origins=taken_over(*links))
    assert found == [("claim_origins", line, "origin_claim_id") for line in lines]


@pytest.mark.parametrize(
    ("origin", "copy", "broken"),
    [
        ("2025-02-24", "2025-02-25", False),
        ("2025-02-24", "2025-02-24", False),
        ("2025-02-25", "2025-02-24", True),
        ("2025-03", "2025-02", True),
        ("2025-02", "2025-02-01", False),
        ("2025-02-28", "2025-02", False),
        ("2025-03", "2025-02-28", True),
        ("2025-03-01", "2025-02", True),
        (None, "2025-02-24", False),
        ("2025-02-24", None, False),
        (None, None, False),
    ],
)
def test_no_claim_is_taken_over_from_a_later_article(origin, copy, broken):
    tables = told(a=origin, b=copy)
    found = breaches(laws.claims_are_taken_over_from_earlier_ones, **tables, claim_origins=taken_over("ba"))
    assert found == [("claim_origins", 2, "origin_claim_id")] * broken


def test_no_claim_is_taken_over_from_its_own_article():
    tables = {"articles": [{}], "claims": [{"id": "a"}, {"id": "b"}], "claim_origins": taken_over("ba")}
    found = breaches(laws.claims_are_taken_over_from_earlier_ones, **tables)
    assert found == [("claim_origins", 2, "origin_claim_id")]


# --- views and queries on the fewest rows ---


@pytest.fixture
def small() -> sqlite3.Connection:
    """A record with the columns that the views and queries of the press look at."""
    connection = sqlite3.connect(":memory:")
    connection.executescript("""
        create table outlets (id primary key, name, kind default 'newspaper');
        create table articles (id primary key, outlet_id, published_on, language default 'en', chosen_for);
        create table claims (id primary key, article_id, claim, quote, kind default 'vote', checkable default 'record',
          verdict);
        create table claim_origins (claim_id, origin_claim_id, how_known default 'says_so', note);
        create table checks (claim_id, position default 1, query_name default 'how_voted', params default '{}',
          relation default 'is', stated, alternative default 0, found default 'no', agrees);
        create table codings (claim_id, coder, kind default 'vote', checkable default 'record', verdict);
        create table roll_calls (id primary key, voted_on);
        create table claim_roll_calls (claim_id, roll_call_id);
    """)
    connection.executescript((ROOT / "schema/views/coded_twice.sql").read_text(encoding="utf-8"))
    # What goes on for ever fails instead.
    connection.set_progress_handler(lambda: 1, 1_000_000)
    return connection


def add(connection: sqlite3.Connection, table: str, *rows: dict) -> None:
    for row in rows:
        places = ", ".join("?" * len(row))
        connection.execute(f"insert into {table} ({', '.join(row)}) values ({places})", [*row.values()])  # noqa: S608


def add_claims(connection: sqlite3.Connection, **claims: dict) -> None:
    """Claims by key, each in an article and an outlet of its own where its values do not name another's."""
    for key, values in claims.items():
        own = {"article_id": f"article-{key}", "outlet_id": f"outlet-{key}", "published_on": None, **values}
        outlet, article = own.pop("outlet_id"), own.pop("article_id")
        for name, row in (
            ("outlets", {"id": outlet, "name": outlet.upper()}),
            ("articles", {"id": article, "outlet_id": outlet, "published_on": own.pop("published_on")}),
        ):
            if not connection.execute(f"select 1 from {name} where id = ?", [row["id"]]).fetchone():  # noqa: S608
                add(connection, name, row)
        add(connection, "claims", {"id": key, "article_id": article, "claim": f"{key} says", **own})


def view(connection: sqlite3.Connection, name: str, columns: str = "*") -> list[tuple]:
    connection.executescript((ROOT / f"schema/views/{name}.sql").read_text(encoding="utf-8"))
    return connection.execute(f"select {columns} from {name}").fetchall()  # noqa: S608


def ask(connection: sqlite3.Connection, name: str, **given: str) -> list[tuple]:
    """What a query answers; parameters that are not given are empty, as on the site."""
    return connection.execute(QUERIES[name].sql, dict.fromkeys(QUERIES[name].parameters, "") | given).fetchall()


DAYS = {
    "a": {"published_on": "2025-02-24", "verdict": "accurate"},
    "b": {"published_on": "2025-02-28", "verdict": "accurate"},
    "c": {"published_on": "2025-03-01", "verdict": "inaccurate"},
}


def test_a_chain_is_followed_from_its_beginning(small):
    add_claims(small, **DAYS)
    add(small, "claim_origins", *taken_over("cb", "ba"))
    columns = "first_claim_id, claim_id, steps, days_after, first_verdict, verdict, way"
    assert view(small, "copied_claims", columns) == [
        ("a", "b", 1, 4, "accurate", "accurate", "a > b"),
        ("a", "c", 2, 5, "accurate", "inaccurate", "a > b > c"),
    ]


def test_both_ends_of_a_chain_are_shown(small):
    add_claims(small, **DAYS)
    add(small, "claim_origins", *taken_over("ca"))
    columns = "first_claim, claim, first_published_on, published_on, first_outlet, outlet"
    expected = ("a says", "c says", "2025-02-24", "2025-03-01", "OUTLET-A", "OUTLET-C")
    assert view(small, "copied_claims", columns) == [expected]


def test_a_claim_with_two_origins_has_a_row_for_each_way(small):
    add_claims(small, **DAYS, d={"published_on": "2025-03-02"})
    add(small, "claim_origins", *taken_over("ba", "ca", "db", "dc"))
    assert view(small, "copied_claims", "first_claim_id, claim_id, steps, way") == [
        ("a", "b", 1, "a > b"),
        ("a", "c", 1, "a > c"),
        ("a", "d", 2, "a > b > d"),
        ("a", "d", 2, "a > c > d"),
    ]


def test_a_claim_with_two_beginnings_is_taken_over_from_both(small):
    add_claims(small, **DAYS)
    add(small, "claim_origins", *taken_over("ca", "cb"))
    found = view(small, "copied_claims", "first_claim_id, claim_id, steps, days_after")
    assert found == [("a", "c", 1, 5), ("b", "c", 1, 1)]


@pytest.mark.parametrize("days", [("2025-02", "2025-03-01"), ("2025-02-24", "2025-03"), (None, "2025-03-01")])
def test_days_are_counted_only_between_days(small, days):
    add_claims(small, a={"published_on": days[0]}, b={"published_on": days[1]})
    add(small, "claim_origins", *taken_over("ba"))
    assert view(small, "copied_claims", "days_after") == [(None,)]


def test_a_circle_does_not_go_on_for_ever(small):
    """The law refuses circles; the view must end all the same."""
    add_claims(small, **DAYS)
    add(small, "claim_origins", *taken_over("ba", "cb", "bc"))
    assert [steps for (steps,) in view(small, "copied_claims", "steps")] == list(range(1, 21))
    assert len(ask(small, "where_claim_came_from", claim="c")) == 10 + 2 * 10
    small.execute("delete from claim_origins where origin_claim_id = 'a'")
    assert small.execute("select count(*) from copied_claims").fetchone() == (0,)


def test_where_a_claim_came_from_walks_back_nearest_first(small):
    add_claims(small, **DAYS)
    add(small, "claim_origins", *taken_over("ba"))
    add(small, "claim_origins", {**taken_over("cb")[0], "how_known": "same_error", "note": "Both have 90."})
    assert ask(small, "where_claim_came_from", claim="c") == [
        ("c", 1, "OUTLET-B", "2025-02-28", "b says", "accurate", "same_error", "Both have 90.", "b"),
        ("c", 2, "OUTLET-A", "2025-02-24", "a says", "accurate", "says_so", None, "a"),
    ]
    assert [(row[0], row[-1]) for row in ask(small, "where_claim_came_from", claim="b")] == [("b", "a")]
    assert ask(small, "where_claim_came_from", claim="a") == []
    assert [(row[0], row[1], row[-1]) for row in ask(small, "where_claim_came_from")] == [
        ("b", 1, "a"),
        ("c", 1, "b"),
        ("c", 2, "a"),
    ]


def test_where_a_claim_came_from_names_every_origin(small):
    add_claims(small, **DAYS)
    add(small, "claim_origins", *taken_over("ca", "cb"))
    assert [(row[1], row[-1]) for row in ask(small, "where_claim_came_from", claim="c")] == [(1, "a"), (1, "b")]


AGREEING = {"claim_id": "a", "stated": "no", "agrees": "yes"}
DIFFERING = {"claim_id": "b", "stated": "yes", "agrees": "no"}


def test_a_question_that_two_outlets_answer_differently_is_told_differently(small):
    add_claims(small, a={}, b={})
    add(small, "checks", AGREEING, {**DIFFERING, "relation": "is_not"})
    assert view(small, "told_differently") == [("how_voted", "{}", "no", "b", "OUTLET-B", "is_not yes", 1, "a")]


@pytest.mark.parametrize(
    "other",
    [
        {"query_name": "outcome"},
        {"params": '{"member": "USA"}'},
        {"agrees": "yes"},
        {"agrees": "unknown"},
    ],
)
def test_other_questions_and_answers_are_not_told_differently(small, other):
    add_claims(small, a={}, b={})
    add(small, "checks", AGREEING, {**DIFFERING, **other})
    assert view(small, "told_differently") == []


@pytest.mark.parametrize("same", [{"article_id": "article-a"}, {"outlet_id": "outlet-a"}])
def test_an_outlet_is_not_held_against_itself(small, same):
    add_claims(small, a={}, b={**same, "outlet_id": "outlet-a"})
    add(small, "checks", AGREEING, DIFFERING)
    assert view(small, "told_differently") == []


@pytest.mark.parametrize("readings", [(DIFFERING, AGREEING), (AGREEING, DIFFERING)])
def test_a_reading_of_an_ambiguous_claim_neither_differs_nor_agrees(small, readings):
    """Claim b has two readings; a has one, which one of them contradicts."""
    add_claims(small, a={}, b={"verdict": "ambiguous"})
    of_b = [{**row, "claim_id": "b", "position": place, "alternative": 1} for place, row in enumerate(readings, 1)]
    add(small, "checks", {**readings[1], "claim_id": "a"}, *of_b)
    assert view(small, "told_differently") == []


def test_every_claim_that_differs_is_told_differently_once(small):
    add_claims(small, a={}, b={}, c={}, d={})
    add(small, "checks", {**AGREEING, "claim_id": "c"}, DIFFERING, AGREEING, {**DIFFERING, "claim_id": "d"})
    found = view(small, "told_differently", "differing_claim_id, agreeing_outlets, agreeing_claim_id")
    assert found == [("b", 2, "a"), ("d", 2, "a")]


def test_an_outlet_that_agrees_in_several_claims_is_counted_once(small):
    add_claims(small, a={}, b={}, c={"outlet_id": "outlet-a"}, d={"outlet_id": "outlet-b"})
    add(small, "checks", AGREEING, DIFFERING, *({**AGREEING, "claim_id": claim} for claim in "cd"))
    found = view(small, "told_differently", "differing_claim_id, agreeing_outlets, agreeing_claim_id")
    assert found == [("b", 1, "a")]


def test_only_what_two_coders_coded_differently_is_listed(small):
    add_claims(small, a={"verdict": "accurate", "quote": "a vote"}, b={"kind": "opinion", "checkable": "no"}, c={})
    add(
        small,
        "codings",
        {"claim_id": "a", "coder": "z", "verdict": "accurate"},
        {"claim_id": "a", "coder": "y", "kind": "tally", "checkable": "no", "verdict": "not_checkable"},
        {"claim_id": "a", "coder": "x"},
        {"claim_id": "b", "coder": "z", "kind": "opinion", "checkable": "no"},
        {"claim_id": "c", "coder": "z", "verdict": "imprecise"},
    )
    assert sorted(view(small, "coding_disagreements"), key=lambda row: (row[0], row[3], row[5])) == [
        ("a", "a says", "a vote", "checkable", "record", "no", "y"),
        ("a", "a says", "a vote", "kind", "vote", "tally", "y"),
        ("a", "a says", "a vote", "verdict", "accurate", "none", "x"),
        ("a", "a says", "a vote", "verdict", "accurate", "not_checkable", "y"),
        ("c", "c says", None, "verdict", "none", "imprecise", "z"),
    ]


def add_roll_calls(connection: sqlite3.Connection, about: dict[str, list[str]], **days: str) -> None:
    add(connection, "roll_calls", *({"id": key, "voted_on": day} for key, day in days.items()))
    pairs = [(claim, key) for claim, keys in about.items() for key in keys]
    add(connection, "claim_roll_calls", *({"claim_id": claim, "roll_call_id": key} for claim, key in pairs))


VOTED = {"x": "2022-03-02", "y": "2025-02-24", "z": "2025-12-03"}


@pytest.mark.parametrize(
    ("published_on", "about", "expected"),
    [
        ("2025-02-25", "y", ("2025-02-24", 1)),
        ("2025-02-24", "y", ("2025-02-24", 0)),
        ("2025-03-24", "xy", ("2025-02-24", 28)),
        ("2025-03-24", "xyz", ("2025-02-24", 28)),
        ("2024-03-02", "xyz", ("2022-03-02", 731)),
        ("2025-02-23", "y", None),
        ("2025-03", "y", None),
        (None, "y", None),
        ("2025-03-24", "", None),
    ],
)
def test_days_are_counted_from_the_latest_vote_before_the_article(small, published_on, about, expected):
    add_claims(small, a={"published_on": published_on})
    add_roll_calls(small, {"a": list(about)}, **VOTED)
    found = [(row[0], row[1], row[4], row[5]) for row in ask(small, "days_from_vote_to_article")]
    assert found == ([("article-a", "OUTLET-A", *expected)] if expected else [])


def test_an_article_is_counted_once_by_all_of_its_claims(small):
    one = {"article_id": "one", "outlet_id": "daily", "published_on": "2025-02-26"}
    add_claims(small, a=one, b=one, c={"published_on": "2025-12-13"})
    add_roll_calls(small, {"a": ["x"], "b": ["y"], "c": ["z"]}, **VOTED)
    found = [(row[0], row[-1]) for row in ask(small, "days_from_vote_to_article")]
    assert found == [("article-c", 10), ("one", 2)]
    assert [row[0] for row in ask(small, "days_from_vote_to_article", article="one")] == ["one"]


def test_verdicts_are_counted_by_hand(small):
    verdicts = ["accurate", "accurate", "imprecise", "ambiguous", "undetermined", "inaccurate"]
    one = {"article_id": "one", "outlet_id": "daily"}
    add_claims(small, **{f"a{number}": {**one, "verdict": verdict} for number, verdict in enumerate(verdicts)})
    add_claims(small, b={"verdict": "inaccurate", "kind": "tally"}, c={"verdict": "accurate", "kind": "outcome"})
    add_claims(small, d={**one, "checkable": "elsewhere", "verdict": "inaccurate_elsewhere"})
    small.execute("update articles set chosen_for = 'relay', language = 'fr' where id = 'one'")
    small.execute("update articles set chosen_for = 'wire_copy' where id = 'article-b'")
    small.execute("update outlets set kind = 'blog' where id = 'daily'")
    of_one = (1, 6, 2, 1, 1, 1, 1, "1 of 6")
    of_b, of_c = (1, 1, 0, 0, 0, 0, 1, "1 of 1"), (1, 1, 1, 0, 0, 0, 0, "0 of 1")
    of_both = (2, 2, 1, 0, 0, 0, 1, "1 of 2")
    assert ask(small, "verdicts_by_chosen_for") == [
        ("relay", *of_one),
        ("not chosen", *of_c),
        ("wire_copy", *of_b),
    ]
    assert ask(small, "verdicts_by_outlet_kind") == [("blog", *of_one), ("newspaper", *of_both)]
    assert ask(small, "verdicts_by_language") == [("fr", *of_one), ("en", *of_both)]
    assert ask(small, "verdicts_by_statement") == [
        ("something else", *of_one),
        ("a figure", *of_b),
        ("an outcome", *of_c),
    ]
    for name in VERDICTS_BY:
        [(_, *counts)] = ask(small, name, chosen_for="wire_copy")
        assert counts == [*of_b]
        assert ask(small, name, chosen_for="broad_sample") == []


# --- the finished record ---


@pytest.fixture(scope="module")
def record(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True)


def counted(record: sqlite3.Connection, where: str, *values: str) -> tuple:
    """Articles and claims of checkable record, and how many of the claims have each verdict."""
    sql = f"""select claims.article_id, claims.verdict from claims join articles on articles.id = claims.article_id
        where claims.checkable = 'record' and {where}"""  # noqa: S608
    rows = record.execute(sql, values).fetchall()
    verdicts = [verdict for _, verdict in rows]
    words = ("accurate", "imprecise", "ambiguous", "undetermined", "inaccurate")
    return len({article for article, _ in rows}), len(rows), *(verdicts.count(word) for word in words)


@pytest.mark.parametrize("chosen_for", ["", *CHOSEN_FOR])
@pytest.mark.parametrize("name", VERDICTS_BY)
def test_verdicts_add_up_to_the_claims_that_the_record_answers(record, name, chosen_for):
    rows = ask(record, name, chosen_for=chosen_for)
    where, values = ("articles.chosen_for = ?", [chosen_for]) if chosen_for else ("true", [])
    articles, *expected = counted(record, where, *values)
    sums = [sum(row[place] for row in rows) for place in range(2, 8)]
    assert sums == expected
    assert all(row[2] == sum(row[3:8]) for row in rows), "every claim that the record answers has one of five verdicts"
    assert [row[8] for row in rows] == [f"{row[7]} of {row[2]}" for row in rows]
    if name != "verdicts_by_statement":
        assert sum(row[1] for row in rows) == articles
    assert len({row[0] for row in rows}) == len(rows)


def test_the_articles_chosen_for_one_reason_are_the_row_of_that_reason(record):
    by_reason = {row[0]: row for row in ask(record, "verdicts_by_chosen_for")}
    assert by_reason.keys() >= {"source_article", "broad_sample"}
    for reason, row in by_reason.items():
        assert ask(record, "verdicts_by_chosen_for", chosen_for=reason) == [row]


def test_the_claims_of_an_outlet_are_all_of_its_claims_and_no_others(record):
    everything = ask(record, "claims_of_outlet")
    assert len(everything) == len({row[2] for row in everything})
    assert len(everything) == record.execute("select count(*) from claims").fetchone()[0]
    of_one = ask(record, "claims_of_outlet", outlet="tagtik")
    assert of_one == [row for row in everything if row[-1] == "tagtik"]
    assert ("tagtik-2025-06-23-05", "inaccurate") in {(row[2], row[5]) for row in of_one}


def test_days_are_never_negative_and_known_for_a_known_article(record):
    rows = ask(record, "days_from_vote_to_article")
    assert len(rows) == len({row[0] for row in rows}) > 0
    assert all(row[5] >= 0 for row in rows)
    [found] = ask(record, "days_from_vote_to_article", article="tagtik-2025-06-23")
    assert found[3:] == ("2025-06-23", "2025-02-24", 119)
    assert found in rows


def test_what_is_told_differently_is_every_contradicted_claim_that_another_outlet_answers(record):
    sql = """select query_name, params, agrees, claim_id, outlet_id from checks
        join claims on claims.id = claim_id join articles on articles.id = article_id where alternative = 0"""
    asked = record.execute(sql).fetchall()
    answered: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for query, params, agrees, claim, outlet in asked:
        if agrees == "yes":
            answered.setdefault((query, params), []).append((claim, outlet))
    expected = set()
    for query, params, agrees, claim, outlet in asked:
        others = [pair for pair in answered.get((query, params), []) if pair[1] != outlet]
        if agrees == "no" and others:
            expected.add((query, params, claim, len({outlet for _, outlet in others}), min(others)[0]))
    rows = record.execute("select * from told_differently").fetchall()
    assert len(rows) == len(expected)
    assert {(*row[:2], row[3], *row[6:]) for row in rows} == expected
    outcome = ("outcome", '{"roll_call": "A-RES-ES-11-8"}', "adopted", "tagtik-2025-06-23-05")
    assert outcome in {row[:4] for row in rows}


@pytest.mark.parametrize("name", [*VERDICTS_BY, "claims_of_outlet", "days_from_vote_to_article"])
async def test_a_query_of_the_press_opens_with_its_example(ds, name):
    response = await ds.client.get(f"/record/{name}.json", params={**QUERIES[name].example, "_shape": "array"})
    assert response.status_code == 200
    assert response.json()


@pytest.fixture
def travelled(altered: Callable[[str], Datasette]) -> Datasette:
    """The site over a copy of the database in which claims were taken over."""
    return altered(
        """
        delete from claim_origins;
        insert into claim_origins values
          ('tagtik-2025-06-23-05', 'sociose-2025-03-02-09', 'says_so', 'Made up.'),
          ('sociose-2025-03-02-09', 'world-today-news-2025-02-47', 'says_so', 'Made up.');
        """
    )


async def test_the_site_walks_back_from_a_claim_and_links_each_step(travelled):
    address = "/record/where_claim_came_from?claim=tagtik-2025-06-23-05"
    rows = (await travelled.client.get(address.replace("?", ".json?_shape=array&"))).json()
    origins = ["sociose-2025-03-02-09", "world-today-news-2025-02-47"]
    assert [(row["steps"], row["origin_claim_id"]) for row in rows] == list(enumerate(origins, 1))
    page = (await travelled.client.get(address)).text
    for origin in origins:
        assert f'<a href="/record/claims/{origin}">{origin}</a>' in page


@pytest.mark.parametrize("column", ["first_claim_id", "claim_id"])
async def test_a_key_in_a_view_is_a_link(travelled, column):
    page = (await travelled.client.get("/record/copied_claims")).text
    assert re.search(rf'<td class="col-{column}[^>]*><a href="/record/claims/', page)


async def test_the_site_shows_the_way_that_a_claim_went(travelled):
    rows = (await travelled.client.get("/record/copied_claims.json?_shape=array")).json()
    way = ["world-today-news-2025-02-47", "sociose-2025-03-02-09", "tagtik-2025-06-23-05"]
    assert [(row["steps"], row["way"]) for row in rows] == [(1, " > ".join(way[:2])), (2, " > ".join(way))]


@pytest.mark.parametrize(
    "column", ["agreeing_claim_id", "differing_claim_id", "first_claim_id", "origin_claim_id", "claim_id"]
)
async def test_a_key_in_an_answer_of_anyone_s_sql_is_a_link(ds, column):
    key = "tagtik-2025-06-23-05"
    page = (await ds.client.get("/record", params={"sql": f"select '{key}' as {column}"})).text
    assert re.search(rf'<a href="/record/claims/{key}">{key}</a>', page)
