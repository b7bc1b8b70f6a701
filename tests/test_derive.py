"""Derive: blocs, vetoes, who could vote, and the tables to take away."""

import json
import sqlite3
from pathlib import Path

import pytest

from scripts.derive import column_of_roll_call

SQL = Path(__file__).parent.parent / "schema"
DAY = "2025-02-24"


def query(database: Path, sql: str, *values: str) -> list[tuple]:
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True).execute(sql, values).fetchall()


@pytest.mark.parametrize(
    ("bloc", "members"),
    [
        ("m49-africa", 54),
        ("m49-asia", 47),
        ("m49-europe", 43),
        ("m49-americas", 35),
        ("m49-oceania", 14),
        ("group-western-european-and-other-states", 28),
        ("group-african-states", 54),
        ("group-eastern-european-states", 23),
        ("group-latin-american-and-caribbean-states", 33),
        ("EU", 27),
        ("NATO", 32),
        ("P5", 5),
    ],
)
def test_blocs_have_as_many_members_as_everyone_counts(database, bloc, members):
    sql = "select count(*) from bloc_memberships where bloc_id = ? and coalesce(valid_until, '9999') > '2025-02-24'"
    assert query(database, sql, bloc) == [(members,)]


def test_regions_and_their_subregions_each_have_every_member_once(database):
    for kind in ("m49_region", "m49_subregion"):
        sql = "select member_id from bloc_memberships join blocs on blocs.id = bloc_id where kind = ?"
        found = query(database, sql, kind)
        assert (len(found), len(set(found))) == (193, 193)


def test_the_united_states_belong_to_no_regional_group(database):
    sql = "select count(*) from bloc_memberships where member_id = ? and bloc_id like 'group-%'"
    assert query(database, sql, "USA") == [(0,)]
    assert query(database, sql, "CAN") == [(1,)]


def test_a_member_is_in_a_derived_bloc_from_the_day_it_joined(database):
    sql = "select valid_from, valid_until from bloc_memberships where bloc_id = 'm49-africa' and member_id = 'SSD'"
    assert query(database, sql) == [("2011-07-14", None)]


@pytest.fixture
def small():
    """A record with the few columns that the derivations look at, without constraints."""
    database = sqlite3.connect(":memory:")
    database.executescript("""
        create table members (id, joined_on);
        create table council_terms (member_id, valid_from, valid_until, is_permanent);
        create table roll_calls (id, body, voted_on, outcome, vetoed_by, official_no);
        create table votes (roll_call_id, member_id, vote);
        create table bloc_memberships (bloc_id, member_id, valid_from, valid_until);
        insert into council_terms values
          ('RUS', '1945-10-24', null, 1), ('CHN', '1945-10-24', null, 1), ('USA', '1945-10-24', null, 1),
          ('DZA', '2024-01-01', '2025-12-31', 0);
    """)
    return database


def derive(database: sqlite3.Connection, name: str) -> None:
    database.executescript((SQL / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("outcome", "votes", "vetoed_by"),
    [
        ("vetoed", {"RUS": "no", "USA": "yes", "DZA": "yes"}, ["RUS"]),
        ("vetoed", {"RUS": "no", "CHN": "no", "USA": "yes"}, ["CHN", "RUS"]),
        ("vetoed", {"RUS": "no", "CHN": "abstain", "USA": "not_voting"}, ["RUS"]),
        ("vetoed", {"RUS": "no", "DZA": "no"}, ["RUS"]),
        ("failed", {"RUS": "no", "CHN": "no"}, []),
        ("adopted", {"RUS": "yes", "DZA": "no"}, []),
    ],
)
def test_vetoed_by_names_the_permanent_members_that_voted_against(small, outcome, votes, vetoed_by):
    small.execute("insert into roll_calls (id, body, outcome) values ('S-1', 'SC', ?)", [outcome])
    small.executemany("insert into votes values ('S-1', ?, ?)", votes.items())
    derive(small, "derived/02_vetoed_by.sql")
    [(found,)] = small.execute("select vetoed_by from roll_calls").fetchall()
    assert json.loads(found) == vetoed_by


def test_a_veto_of_one_text_is_none_of_another(small):
    small.execute("insert into roll_calls (id, outcome) values ('S-1', 'vetoed'), ('S-2', 'vetoed')")
    small.execute("insert into votes values ('S-1', 'RUS', 'no'), ('S-2', 'CHN', 'no'), ('S-2', 'RUS', 'yes')")
    derive(small, "derived/02_vetoed_by.sql")
    assert small.execute("select vetoed_by from roll_calls").fetchall() == [('["RUS"]',), ('["CHN"]',)]


def could_vote(small: sqlite3.Connection, body: str) -> list[str]:
    small.execute("insert into roll_calls (id, body, voted_on) values ('X', ?, ?)", [body, DAY])
    derive(small, "views/eligible_members.sql")
    return [row[0] for row in small.execute("select member_id from eligible_members order by 1")]


def test_every_member_of_the_day_can_vote_in_the_assembly(small):
    small.execute(f"insert into members values ('OLD', '1945-10-24'), ('NEW', '{DAY}'), ('LATE', '2025-02-25')")  # noqa: S608
    assert could_vote(small, "GA") == ["NEW", "OLD"]


def test_only_members_with_a_seat_that_day_can_vote_in_the_council(small):
    small.execute("delete from council_terms")
    small.executemany(
        "insert into council_terms values (?, ?, ?, ?)",
        [
            ("P", "1945-10-24", None, 1),
            ("ENDS", "2023-01-01", DAY, 0),
            ("BEGINS", DAY, "2026-12-31", 0),
            ("OVER", "2023-01-01", "2025-02-23", 0),
            ("NEXT", "2025-02-25", "2026-12-31", 0),
        ],
    )
    small.executemany(
        "insert into members values (?, '1945-10-24')", [[m] for m in ("P", "ENDS", "BEGINS", "OVER", "NEXT", "NO")]
    )
    assert could_vote(small, "SC") == ["BEGINS", "ENDS", "P"]


def test_a_bloc_counts_the_votes_of_those_who_belonged_to_it_that_day(small):
    small.executemany("insert into members values (?, '1945-10-24')", [["A"], ["B"], ["C"], ["D"], ["E"]])
    small.executemany(
        "insert into bloc_memberships values ('EU', ?, ?, ?)",
        [
            ("A", "2000-01-01", None),
            ("B", "2000-01-01", DAY),
            ("C", DAY, None),
            ("D", "2000-01-01", "2020-01-31"),
            ("E", "2025-02-25", None),
        ],
    )
    small.executemany(
        "insert into votes values ('X', ?, ?)", [("A", "yes"), ("B", "abstain"), ("D", "no"), ("E", "no")]
    )
    could_vote(small, "GA")
    derive(small, "views/bloc_votes.sql")
    assert small.execute("select * from bloc_votes").fetchall() == [("X", "EU", 3, 2, 1, 0, 1, 0)]


def test_a_bloc_member_that_could_not_vote_is_not_counted(small):
    small.execute("insert into members values ('RUS', '1945-10-24'), ('FRA', '1945-10-24')")
    small.execute(
        "insert into bloc_memberships values ('P', 'RUS', '2000-01-01', null), ('P', 'FRA', '2000-01-01', null)"
    )
    small.execute("insert into votes values ('X', 'RUS', 'no')")
    could_vote(small, "SC")
    derive(small, "views/bloc_votes.sql")
    assert small.execute("select * from bloc_votes").fetchall() == [("X", "P", 1, 1, 0, 1, 0, 0)]


@pytest.mark.parametrize(
    ("bloc", "roll_call", "counts"),
    [
        ("EU", "A-RES-ES-11-7", (27, 27, 26, 1, 0, 0)),
        ("P5", "A-RES-ES-11-7", (5, 5, 2, 2, 1, 0)),
        ("P5", "S-RES-2774-2025", (5, 5, 3, 0, 2, 0)),
        ("EU", "S-RES-2774-2025", (4, 4, 0, 0, 4, 0)),
    ],
)
def test_blocs_voted_as_the_record_has_it(database, bloc, roll_call, counts):
    sql = """select eligible, known, in_favour, against, abstaining, not_voting from bloc_votes
        where bloc_id = ? and roll_call_id = ?"""
    assert query(database, sql, bloc, roll_call) == [counts]


def test_the_wide_table_has_a_row_for_each_member_and_a_column_for_each_roll_call_with_votes(database):
    columns = [row[1] for row in query(database, "pragma table_info(votes_by_member)")]
    roll_calls = [row[0] for row in query(database, "select id from roll_calls where votes_known <> 'none'")]
    assert query(database, "select count(*), count(distinct member_id) from votes_by_member") == [(193, 193)]
    assert columns[:4] == ["member_id", "short_name", "region", "regional_group"]
    assert sorted(columns[4:]) == sorted(map(column_of_roll_call, roll_calls))


def test_the_wide_table_has_every_vote_in_its_place_and_no_other(database):
    for (roll_call,) in query(database, "select id from roll_calls where votes_known <> 'none'"):
        column = column_of_roll_call(roll_call)
        wide = query(database, f"select member_id, {column} from votes_by_member where {column} is not null")  # noqa: S608
        assert sorted(wide) == query(
            database, "select member_id, vote from votes where roll_call_id = ? order by 1", roll_call
        )


@pytest.mark.parametrize(
    ("roll_call", "column"),
    [
        ("A-RES-ES-11-7", "a_res_es_11_7"),
        ("S-RES-2774-2025", "s_res_2774_2025"),
        ("S-PV-9866-vote-1", "s_pv_9866_vote_1"),
    ],
)
def test_a_roll_call_is_a_column_name_that_needs_no_quotes(database, roll_call, column):
    assert column_of_roll_call(roll_call) == column
    assert query(database, f"select count({column}) > 0 from votes_by_member") == [(1,)]  # noqa: S608


def test_counted_tallies_are_the_official_ones_where_all_votes_are_known(database):
    sql = """select roll_call_id from roll_call_tallies where votes_known = 'all' and (
        counted_yes is not official_yes or counted_no is not official_no
        or counted_abstain is not official_abstain or counted_not_voting is not official_not_voting)"""
    assert query(database, sql) == []
    assert query(database, "select count(*) from roll_call_tallies where votes_known = 'all'")[0][0] >= 5


def test_votes_are_told_in_words(database):
    sql = "select member, vote_in_words, symbol, region from votes_named where roll_call_id = ? and member_id = ?"
    assert query(database, sql, "A-RES-ES-11-7", "HUN") == [("Hungary", "voted against", "A/RES/ES-11/7", "Europe")]
    assert query(database, sql, "A-RES-ES-11-8", "USA")[0][1] == "abstained"
    assert query(database, sql, "S-RES-2774-2025", "RUS")[0][1:3] == ("voted in favour", "S/RES/2774 (2025)")
    assert query(database, sql, "A-RES-ES-11-7", "GEO")[0][1] == "did not vote"
    assert query(database, sql, "S-PV-9866-vote-1", "FRA")[0][2] == "S/PV.9866"


def test_every_vote_is_in_the_table_of_votes_in_words(database):
    assert query(database, "select count(*) from votes_named") == query(database, "select count(*) from votes")


def test_an_article_is_labelled_by_its_outlet_and_date(database):
    sql = "select label from articles where id = ?"
    assert query(database, sql, "reuters-2025-02-24") == [("Reuters, 2025-02-24",)]
    assert query(database, sql, "bu-today") == [("BU Today",)]
    assert query(database, "select count(*) from articles where label is null") == [(0,)]
