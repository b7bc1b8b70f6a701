"""Derive: blocs, vetoes, who could vote, who agrees with whom, and the tables to take away."""

import csv
import itertools
import json
import sqlite3
from collections import Counter, defaultdict
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.derive import column_of_roll_call
from scripts.load import ddl
from scripts.package import open_package

ROOT = Path(__file__).parent.parent
SQL = ROOT / "schema"
DERIVED = open_package(ROOT).derived
DAY = "2025-02-24"
VOTES = ("yes", "no", "abstain", "not_voting")


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
    """A record with the columns that the derivations look at, and what a row is where a test does not say otherwise."""
    database = sqlite3.connect(":memory:")
    database.executescript("""
        create table members (id, joined_on default '1945-10-24', short_name, region);
        create table council_terms (member_id, valid_from, valid_until, is_permanent);
        create table resolutions (id, series default 'emergency_session', symbol);
        create table roll_calls (
          id, body default 'GA', voted_on default '2025-02-24', sequence, kind default 'whole_text', resolution_id,
          votes_known default 'all', question, outcome, vetoed_by,
          official_yes, official_no, official_abstain, official_not_voting
        );
        create table votes (roll_call_id, member_id, vote, intended_vote);
        create table bloc_memberships (bloc_id, member_id, valid_from default '2000-01-01', valid_until);
        insert into council_terms values
          ('RUS', '1945-10-24', null, 1), ('CHN', '1945-10-24', null, 1), ('USA', '1945-10-24', null, 1),
          ('DZA', '2024-01-01', '2025-12-31', 0);
    """)
    for table in ("bloc_votes", "pair_agreements"):
        database.execute(ddl(DERIVED[table]))
    for shared in ("roll_call_symbols", "roll_call_counts"):
        derive(database, f"views/{shared}.sql")
    return database


def add(database: sqlite3.Connection, table: str, *rows: dict) -> None:
    for row in rows:
        places = ", ".join("?" * len(row))
        database.execute(f"insert into {table} ({', '.join(row)}) values ({places})", [*row.values()])  # noqa: S608


def add_members(database: sqlite3.Connection, *codes: str) -> None:
    add(database, "members", *({"id": code, "short_name": code.title()} for code in codes))


def add_text(database: sqlite3.Connection, key: str, votes: dict[str, str], series="emergency_session", **values):
    """A text, the roll call on it, and its votes."""
    add(database, "resolutions", {"id": key, "series": series, "symbol": key.replace("-", "/")})
    add_roll_call(database, key, votes, resolution_id=key, **values)


def add_roll_call(database: sqlite3.Connection, key: str, votes: dict[str, str], **values):
    add(database, "roll_calls", {"id": key, **values})
    add(database, "votes", *({"roll_call_id": key, "member_id": member, "vote": votes[member]} for member in votes))


def derive(database: sqlite3.Connection, name: str) -> None:
    database.executescript((SQL / name).read_text(encoding="utf-8"))


def view(database: sqlite3.Connection, name: str, columns: str = "*") -> list[tuple]:
    derive(database, f"views/{name}.sql")
    return database.execute(f"select {columns} from {name}").fetchall()  # noqa: S608


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
    add_roll_call(small, "S-1", votes, body="SC", outcome=outcome)
    derive(small, "derived/02_vetoed_by.sql")
    [(found,)] = small.execute("select vetoed_by from roll_calls").fetchall()
    assert json.loads(found) == vetoed_by


def test_a_veto_of_one_text_is_none_of_another(small):
    add_roll_call(small, "S-1", {"RUS": "no"}, outcome="vetoed")
    add_roll_call(small, "S-2", {"CHN": "no", "RUS": "yes"}, outcome="vetoed")
    derive(small, "derived/02_vetoed_by.sql")
    assert small.execute("select vetoed_by from roll_calls").fetchall() == [('["RUS"]',), ('["CHN"]',)]


def could_vote(small: sqlite3.Connection, body: str) -> list[str]:
    add(small, "roll_calls", {"id": "X", "body": body})
    return sorted(member for _, member in view(small, "eligible_members"))


def test_every_member_of_the_day_can_vote_in_the_assembly(small):
    days = {"OLD": "1945-10-24", "NEW": DAY, "LATE": "2025-02-25"}
    add(small, "members", *({"id": code, "joined_on": days[code]} for code in days))
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
    add_members(small, "P", "ENDS", "BEGINS", "OVER", "NEXT", "NO")
    assert could_vote(small, "SC") == ["BEGINS", "ENDS", "P"]


COUNTS = "eligible, known, in_favour, against, abstaining, not_voting"
INDEXES = "majority_vote, rice_index, attina_index"


def bloc_votes(database: sqlite3.Connection, columns: str, bloc: str = "EU") -> tuple:
    """What is stored of a bloc on the one roll call X."""
    derive(database, "views/eligible_members.sql")
    derive(database, "derived/04_bloc_votes.sql")
    [row] = database.execute(f"select {columns} from bloc_votes where bloc_id = ?", [bloc])  # noqa: S608
    return row


def test_a_bloc_counts_the_votes_of_those_who_belonged_to_it_that_day(small):
    times = {
        "A": ("2000-01-01", None),
        "B": ("2000-01-01", DAY),
        "C": (DAY, None),
        "D": ("2000-01-01", "2020-01-31"),
        "E": ("2025-02-25", None),
    }
    add_members(small, *times)
    small.executemany("insert into bloc_memberships values ('EU', ?, ?, ?)", [(code, *times[code]) for code in times])
    add_roll_call(small, "X", {"A": "yes", "B": "abstain", "D": "no", "E": "no"})
    assert bloc_votes(small, COUNTS) == (3, 2, 1, 0, 1, 0)


def test_a_bloc_member_that_could_not_vote_is_not_counted(small):
    add_members(small, "RUS", "FRA")
    add(small, "bloc_memberships", *({"bloc_id": "P", "member_id": code} for code in ("RUS", "FRA")))
    add_roll_call(small, "X", {"RUS": "no"}, body="SC")
    assert bloc_votes(small, f"{COUNTS}, {INDEXES}", "P") == (1, 1, 0, 1, 0, 0, "no", 1, 1)


def test_blocs_and_roll_calls_are_counted_apart(small):
    add_members(small, "A", "B")
    add(small, "bloc_memberships", {"bloc_id": "EU", "member_id": "A"}, {"bloc_id": "P", "member_id": "B"})
    add_roll_call(small, "X", {"A": "yes", "B": "no"})
    add_roll_call(small, "Y", {"A": "abstain", "B": "not_voting"})
    derive(small, "views/eligible_members.sql")
    derive(small, "derived/04_bloc_votes.sql")
    found = small.execute("select roll_call_id, bloc_id, majority_vote from bloc_votes order by 1, 2").fetchall()
    assert found == [("X", "EU", "yes"), ("X", "P", "no"), ("Y", "EU", "abstain"), ("Y", "P", None)]


@pytest.mark.parametrize(
    ("votes", "majority", "rice", "attina"),
    [
        ("yyy", "yes", 1, 1),
        ("nnn", "no", 1, 1),
        ("aaa", "abstain", None, 1),
        ("yynn", None, 0, 0),
        ("yna", None, 0, -1 / 3),
        ("yyna", None, 1 / 3, 0),
        ("yyyna", "yes", 1 / 2, 1 / 5),
        ("ynnn", "no", 1 / 2, 1 / 2),
        ("yaa", "abstain", 1, 1 / 3),
        ("yyyxx", "yes", 1, 1),
        ("yynxxx", "yes", 1 / 3, 1 / 3),
        ("xx", None, None, None),
        ("yyy?", None, None, None),
        ("???", None, None, None),
    ],
)
def test_a_bloc_is_as_united_as_the_formulas_have_it(small, votes, majority, rice, attina):
    words = {"y": "yes", "n": "no", "a": "abstain", "x": "not_voting"}
    codes = [f"M{number}" for number in range(len(votes))]
    add_members(small, *codes)
    add(small, "bloc_memberships", *({"bloc_id": "EU", "member_id": code} for code in codes))
    cast = {code: words[letter] for code, letter in zip(codes, votes, strict=True) if letter in words}
    add_roll_call(small, "X", cast)
    expected = (majority, *(None if index is None else round(index, 4) for index in (rice, attina)))
    assert bloc_votes(small, INDEXES) == expected


@pytest.mark.parametrize(
    ("bloc", "roll_call", "counts", "indexes"),
    [
        ("EU", "A-RES-ES-11-7", (27, 27, 26, 1, 0, 0), ("yes", 0.9259, 0.9259)),
        ("P5", "A-RES-ES-11-7", (5, 5, 2, 2, 1, 0), (None, 0, -0.2)),
        ("P5", "S-RES-2774-2025", (5, 5, 3, 0, 2, 0), ("yes", 1, 0.2)),
        ("EU", "S-RES-2774-2025", (4, 4, 0, 0, 4, 0), ("abstain", None, 1)),
    ],
)
def test_blocs_voted_as_the_record_has_it(database, bloc, roll_call, counts, indexes):
    sql = f"select {COUNTS}, {INDEXES} from bloc_votes where bloc_id = ? and roll_call_id = ?"  # noqa: S608
    assert query(database, sql, bloc, roll_call) == [counts + indexes]


@pytest.fixture(scope="module")
def written(built_project):
    """The record as it was typed, read without the project's code: tables, votes by roll call, who could vote."""
    tables = {}
    for path in (built_project / "data/un").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            tables[path.stem] = list(csv.DictReader(file))
    votes = defaultdict(dict)
    for row in tables["votes"]:
        votes[row["roll_call_id"]][row["member_id"]] = row["vote"]
    eligible = {row["id"]: could_vote_by_hand(tables, row) for row in tables["roll_calls"]}
    return SimpleNamespace(**tables, votes_on=votes, eligible=eligible)


def could_vote_by_hand(tables: dict, roll_call: dict) -> set[str]:
    members = {row["id"] for row in tables["members"] if row["joined_on"] <= roll_call["voted_on"]}
    seats = {row["member_id"] for row in tables["council_terms"] if holds(row, roll_call["voted_on"])}
    return members if roll_call["body"] == "GA" else members & seats


def holds(row: dict, day: str) -> bool:
    return row["valid_from"] <= day and (row["valid_until"] == "" or day <= row["valid_until"])


def bloc_by_hand(written: SimpleNamespace, bloc: str, roll_call: dict) -> tuple[Counter, set[str]]:
    """The votes of a bloc on a roll call, and its members that could vote."""
    rows = [row for row in written.bloc_memberships if row["bloc_id"] == bloc and holds(row, roll_call["voted_on"])]
    members = {row["member_id"] for row in rows} & written.eligible[roll_call["id"]]
    votes = written.votes_on[roll_call["id"]]
    return Counter(votes[member] for member in members if member in votes), members


def majority_by_hand(written: SimpleNamespace, bloc: str, roll_call: dict) -> str | None:
    votes, members = bloc_by_hand(written, bloc, roll_call)
    if votes.total() < len(members):
        return None
    del votes["not_voting"]
    return next((vote for vote in votes if votes[vote] * 2 > votes.total()), None)


def near(value: float | None):
    """A figure of four places."""
    return value if value is None else pytest.approx(value, abs=0.00006)


def test_those_who_could_vote_are_the_members_of_the_day_or_the_council_of_the_day(database, written):
    found = defaultdict(set)
    for roll_call, member in query(database, "select roll_call_id, member_id from eligible_members"):
        found[roll_call].add(member)
    assert found == written.eligible


def test_every_typed_bloc_is_counted_and_measured_as_by_hand(database, written):
    expected = []
    for roll_call, bloc in itertools.product(written.roll_calls, sorted(row["id"] for row in written.blocs)):
        votes, members = bloc_by_hand(written, bloc, roll_call)
        yes, no, abstain = (votes[vote] for vote in ("yes", "no", "abstain"))
        voting, whole = yes + no + abstain, votes.total() == len(members)
        rice = abs(yes - no) / (yes + no) if whole and yes + no else None
        largest = max(yes, no, abstain)
        attina = (largest - (voting - largest)) / voting if whole and voting else None
        counts = (len(members), votes.total(), yes, no, abstain, votes["not_voting"])
        indexes = (majority_by_hand(written, bloc, roll_call), near(rice), near(attina))
        if members:
            expected.append((roll_call["id"], bloc, *counts, *indexes))
    sql = f"""select roll_call_id, bloc_id, {COUNTS}, {INDEXES} from bloc_votes join blocs on blocs.id = bloc_id
        where kind not in ('m49_region', 'm49_subregion', 'regional_group') order by 1, 2"""  # noqa: S608
    assert query(database, sql) == sorted(expected, key=lambda row: row[:2])


def test_the_regions_together_have_the_official_tally_of_the_assembly(database):
    sql = """select roll_calls.id from roll_calls
        join bloc_votes on roll_call_id = roll_calls.id join blocs on blocs.id = bloc_id and blocs.kind = 'm49_region'
        where body = 'GA' and votes_known = 'all' group by roll_calls.id
        having sum(in_favour) <> official_yes or sum(against) <> official_no or sum(abstaining) <> official_abstain"""
    assert query(database, sql) == []


PAIR = "compared, same, opposite, one_abstained, agreement, lijphart_index"


def pairs(database: sqlite3.Connection, columns: str = PAIR) -> list[tuple]:
    derive(database, "derived/05_pair_agreements.sql")
    return database.execute(f"select {columns} from pair_agreements order by 1, 2, 3").fetchall()  # noqa: S608


@pytest.mark.parametrize(
    ("one", "other", "found"),
    [
        ("yes", "yes", (1, 1, 0, 0, 1, 1)),
        ("no", "no", (1, 1, 0, 0, 1, 1)),
        ("abstain", "abstain", (1, 1, 0, 0, 1, 1)),
        ("yes", "no", (1, 0, 1, 0, 0, 0)),
        ("no", "yes", (1, 0, 1, 0, 0, 0)),
        ("yes", "abstain", (1, 0, 0, 1, 0, 0.5)),
        ("abstain", "no", (1, 0, 0, 1, 0, 0.5)),
        ("not_voting", "yes", None),
        ("not_voting", "not_voting", None),
    ],
)
def test_two_votes_are_the_same_or_opposite_or_half_way(small, one, other, found):
    add_roll_call(small, "X", {"A": one, "B": other})
    assert pairs(small) == ([found] if found else [])


def test_who_did_not_vote_is_not_compared_and_the_indexes_are_those_of_the_formulas(small):
    by_roll_call = [("yes", "yes"), ("yes", "no"), ("no", "abstain"), ("abstain", "abstain"), ("yes", "not_voting")]
    for number, (one, other) in enumerate(by_roll_call):
        add_roll_call(small, f"X{number}", {"A": one, "B": other})
    assert pairs(small) == [(4, 2, 1, 1, 0.5, 0.625)]


@pytest.mark.parametrize("known", ["partial", "none"])
def test_a_roll_call_without_all_votes_tells_nothing_about_a_pair(small, known):
    add_roll_call(small, "X", {"A": "yes", "B": "yes"})
    add_roll_call(small, "Y", {"A": "yes", "B": "no"}, votes_known=known)
    assert pairs(small) == [(1, 1, 0, 0, 1, 1)]


def test_every_pair_stands_once_with_the_first_code_first_and_the_bodies_apart(small):
    add_roll_call(small, "X", {"C": "yes", "A": "yes", "B": "no"})
    add_roll_call(small, "Y", {"B": "yes", "A": "yes"}, body="SC")
    assert pairs(small, "body, member_a, member_b, compared, same") == [
        ("GA", "A", "B", 1, 0),
        ("GA", "A", "C", 1, 1),
        ("GA", "B", "C", 1, 0),
        ("SC", "A", "B", 1, 1),
    ]


def test_all_pairs_agree_as_far_as_by_hand(database, written):
    compared, same, one_abstained = Counter(), Counter(), Counter()
    for roll_call in written.roll_calls:
        if roll_call["votes_known"] == "all":
            votes = sorted(pair for pair in written.votes_on[roll_call["id"]].items() if pair[1] != "not_voting")
            for (one, vote), (other, other_vote) in itertools.combinations(votes, 2):
                pair = roll_call["body"], one, other
                compared[pair] += 1
                same[pair] += vote == other_vote
                one_abstained[pair] += vote != other_vote and "abstain" in (vote, other_vote)
    expected = [
        (*pair, count, same[pair], count - same[pair] - one_abstained[pair], one_abstained[pair])
        for pair, count in sorted(compared.items())
    ]
    sql = f"select body, member_a, member_b, {PAIR} from pair_agreements order by 1, 2, 3"  # noqa: S608
    found = query(database, sql)
    assert [row[:-2] for row in found] == expected
    wrong = [
        row
        for row in found
        if abs(row[-2] - row[4] / row[3]) > 0.00006 or abs(row[-1] - (row[4] + row[6] / 2) / row[3]) > 0.00006
    ]
    assert wrong == []


CHANGE = "earlier_roll_call_id, later_roll_call_id, member_id, vote_before, vote_after"


def test_a_change_is_between_one_text_and_the_next_of_its_series(small):
    add_members(small, "A", "B")
    add_text(small, "T-3", {"A": "yes", "B": "no"}, voted_on="2024-01-01")
    add_text(small, "T-1", {"A": "yes", "B": "yes"}, voted_on="2022-01-01")
    add_text(small, "T-2", {"A": "abstain", "B": "yes"}, voted_on="2023-01-01")
    add_text(small, "OTHER", {"A": "no", "B": "no"}, series="human_rights", voted_on="2022-06-01")
    assert sorted(view(small, "vote_changes", CHANGE)) == [
        ("T-1", "T-2", "A", "yes", "abstain"),
        ("T-2", "T-3", "A", "abstain", "yes"),
        ("T-2", "T-3", "B", "yes", "no"),
    ]


def test_two_texts_of_one_day_follow_each_other_by_their_place(small):
    add_members(small, "A")
    add_text(small, "T-1", {"A": "no"}, sequence=10)
    add_text(small, "T-2", {"A": "yes"}, sequence=9)
    add_text(small, "T-3", {"A": "abstain"}, sequence=1, voted_on="2025-02-25")
    assert view(small, "vote_changes", CHANGE) == [
        ("T-2", "T-1", "A", "yes", "no"),
        ("T-1", "T-3", "A", "no", "abstain"),
    ]


@pytest.mark.parametrize(
    ("series", "values"),
    [
        ("single", {}),
        ("security_council", {"body": "SC"}),
        ("emergency_session", {"kind": "amendment"}),
        ("emergency_session", {"kind": "paragraph"}),
    ],
)
def test_only_whole_texts_of_a_series_of_the_assembly_are_held_against_each_other(small, series, values):
    add_members(small, "A")
    add_text(small, "T-1", {"A": "yes"}, series, voted_on="2022-01-01", **values)
    add_text(small, "T-2", {"A": "no"}, series, **values)
    assert view(small, "vote_changes") == []


def test_an_amendment_does_not_come_between_two_texts(small):
    add_members(small, "A")
    add_text(small, "T-1", {"A": "yes"}, voted_on="2022-01-01")
    add_text(small, "L-1", {"A": "no"}, voted_on="2023-01-01", kind="amendment")
    add_text(small, "T-2", {"A": "yes"})
    assert view(small, "vote_changes") == []


def test_who_has_no_known_vote_on_one_of_two_texts_has_not_changed(small):
    add_members(small, "A", "B", "C")
    add_text(small, "T-1", {"A": "yes", "B": "yes"}, voted_on="2022-01-01")
    add_text(small, "T-2", {"A": "not_voting", "C": "no"}, votes_known="partial")
    assert view(small, "vote_changes", CHANGE) == [("T-1", "T-2", "A", "yes", "not_voting")]


def test_a_change_says_whether_all_votes_on_both_texts_are_known(small):
    add_members(small, "A")
    for number, known in enumerate(["all", "partial", "all", "all"], start=1):
        vote = "no" if number % 2 else "yes"
        add_text(small, f"T-{number}", {"A": vote}, votes_known=known, voted_on=f"2025-02-0{number}")
    found = view(small, "vote_changes", "later_roll_call_id, all_votes_known")
    assert found == [("T-2", 0), ("T-3", 0), ("T-4", 1)]


def test_every_change_of_the_record_says_whether_all_votes_are_known(database, written):
    known = {row["id"]: row["votes_known"] == "all" for row in written.roll_calls}
    found = query(
        database, "select distinct earlier_roll_call_id, later_roll_call_id, all_votes_known from vote_changes"
    )
    assert {whole for *_, whole in found} == {0, 1}
    assert [row for row in found if row[2] != (known[row[0]] and known[row[1]])] == []


def in_time(roll_calls: list[dict]) -> list[dict]:
    """Day by day, the Assembly before the Council, and what has a place in the day before what has none."""

    def place(row: dict) -> tuple:
        return row["voted_on"], row["body"], row["sequence"] == "", int(row["sequence"] or 0), row["id"]

    return sorted(roll_calls, key=place)


def test_every_change_of_the_record_is_there_and_no_other(database, written):
    series_of = {row["id"]: row["series"] for row in written.resolutions}
    in_series = defaultdict(list)
    for row in in_time(written.roll_calls):
        if (row["kind"], row["body"]) == ("whole_text", "GA") and series_of[row["resolution_id"]] != "single":
            in_series[series_of[row["resolution_id"]]].append(row["id"])
    expected = [
        (earlier, later, member, written.votes_on[earlier][member], vote)
        for keys in in_series.values()
        for earlier, later in itertools.pairwise(keys)
        for member, vote in written.votes_on[later].items()
        if written.votes_on[earlier].get(member, vote) != vote
    ]
    found = query(database, f"select {CHANGE} from vote_changes")  # noqa: S608
    assert len(found) > 100
    assert sorted(found) == sorted(expected)
    ordered = "series, later_voted_on, later_roll_call_id, member"
    rows = query(database, f"select {ordered} from vote_changes")  # noqa: S608
    assert rows == sorted(rows)


def test_a_line_has_the_votes_of_four_members_and_the_union_beside_the_members_own(small):
    votes = {"UKR": "yes", "USA": "no", "RUS": "abstain", "CHN": "not_voting", "FRA": "no", "AUT": "no", "BRA": "yes"}
    add_members(small, *votes)
    add(small, "bloc_memberships", *({"bloc_id": "EU", "member_id": code} for code in ("FRA", "AUT")))
    add(small, "bloc_memberships", {"bloc_id": "P", "member_id": "BRA"})
    add_text(small, "A-1", votes, outcome="adopted", question="A-1 as a whole")
    add_roll_call(small, "A-PV-1-vote-2", {"BRA": "no"}, votes_known="partial", kind="procedure", sequence=2)
    small.execute("update votes set intended_vote = 'abstain' where member_id = 'BRA' and vote = 'yes'")
    derive(small, "views/eligible_members.sql")
    derive(small, "derived/04_bloc_votes.sql")
    own = "symbol, vote, intended_vote, ukraine, united_states, russia, china, eu_majority, outcome"
    lines = view(small, "member_lines", f"member_id, {own}")
    assert [line[1:] for line in lines if line[0] == "BRA"] == [
        ("A-PV-1-vote-2", "no", None, None, None, None, None, None, None),
        ("A/1", "yes", "abstain", "yes", "no", "abstain", "not_voting", "no", "adopted"),
    ]
    assert len(lines) == 8


# A day in the order in which it is told: what has a place in it first, the Assembly before the Council.
ONE_DAY = {
    "Z": {"sequence": 1},
    "Y": {"sequence": 10},
    "A": {},
    "X": {"body": "SC", "sequence": 2},
    "B": {"body": "SC"},
    "AFTER": {"voted_on": "2025-02-25"},
}


@pytest.mark.parametrize("name", ["member_lines", "roll_call_tallies", "incomplete_roll_calls"])
def test_a_day_is_told_in_the_order_of_its_votes(small, name):
    add_members(small, "USA")
    for key in sorted(ONE_DAY):
        known = "partial" if name == "incomplete_roll_calls" else "all"
        add_roll_call(small, key, {"USA": "yes"}, votes_known=known, question=key, **ONE_DAY[key])
    derive(small, "views/eligible_members.sql")
    assert view(small, name, "roll_call_id") == [(key,) for key in ONE_DAY]


def test_a_line_of_a_paragraph_has_the_key_of_its_vote_and_its_place_in_the_day(small):
    add_members(small, "BRA")
    add_text(small, "A-1", {"BRA": "yes"}, sequence=2)
    add_roll_call(small, "P-1", {"BRA": "no"}, kind="paragraph", resolution_id="A-1", sequence=1)
    assert view(small, "member_lines", "symbol, vote, order_of_the_day") == [("P-1", "no", 1), ("A/1", "yes", 2)]


def test_every_vote_is_once_in_the_lines_beside_the_right_votes(database, written):
    majorities = {row["id"]: majority_by_hand(written, "EU", row) for row in written.roll_calls}
    expected = [
        (member, row["id"], vote, *map(votes.get, ("UKR", "USA", "RUS", "CHN")), majorities[row["id"]])
        for row in in_time(written.roll_calls)
        for votes in [written.votes_on[row["id"]]]
        for member, vote in votes.items()
    ]
    columns = "member_id, roll_call_id, vote, ukraine, united_states, russia, china, eu_majority"
    found = query(database, f"select {columns} from member_lines")  # noqa: S608
    assert found == sorted(expected, key=lambda line: line[0])


DISTANCE = "member_id, pole, voting_year, roll_calls_compared, distance"


@pytest.mark.parametrize(
    ("own", "pole", "distance"),
    [
        ("yes", "yes", 0),
        ("abstain", "abstain", 0),
        ("yes", "no", 1),
        ("no", "yes", 1),
        ("abstain", "no", 0.5),
        ("yes", "abstain", 0.5),
    ],
)
def test_a_distance_is_none_or_half_or_whole(small, own, pole, distance):
    add_members(small, "BRA", "CHN")
    add_roll_call(small, "X", {"BRA": own, "CHN": pole})
    assert view(small, "member_distances", DISTANCE) == [("BRA", "CHN", 2025, 1, distance)]


def test_a_distance_is_one_less_the_index_of_agreement_of_the_year(small):
    add_members(small, "BRA", "RUS")
    by_roll_call = [("yes", "yes"), ("yes", "no"), ("no", "abstain"), ("abstain", "abstain"), ("not_voting", "yes")]
    for number, (one, other) in enumerate(by_roll_call):
        add_roll_call(small, f"X{number}", {"BRA": one, "RUS": other})
    add_roll_call(small, "Y", {"BRA": "no", "RUS": "no"}, voted_on="2024-12-31")
    add_roll_call(small, "PARTIAL", {"BRA": "no", "RUS": "yes"}, votes_known="partial")
    add_roll_call(small, "COUNCIL", {"BRA": "no", "RUS": "yes"}, body="SC")
    found = view(small, "member_distances", DISTANCE)
    assert found == [("BRA", "RUS", 2024, 1, 0), ("BRA", "RUS", 2025, 4, 0.375)]


def test_the_union_is_where_its_majority_is_and_nowhere_without_one(small):
    add_members(small, "BRA", "FRA")
    for roll_call, vote, majority in (("X", "yes", "no"), ("Y", "abstain", "abstain"), ("Z", "yes", None)):
        add_roll_call(small, roll_call, {"BRA": vote, "FRA": "not_voting"})
        counts = dict.fromkeys(COUNTS.split(", "), 0)
        blocs = {"EU": majority, "P5": "yes"}
        rows = ({"roll_call_id": roll_call, "bloc_id": b, "majority_vote": blocs[b], **counts} for b in blocs)
        add(small, "bloc_votes", *rows)
    assert view(small, "member_distances", DISTANCE) == [("BRA", "EU", 2025, 2, 0.5)]


def test_the_distances_of_the_record_are_those_by_hand(database, written):
    place = {"yes": 2, "abstain": 1, "no": 0}
    apart = defaultdict(list)
    for row in written.roll_calls:
        if (row["body"], row["votes_known"]) == ("GA", "all"):
            votes = written.votes_on[row["id"]]
            poles = {code: votes.get(code) for code in ("USA", "RUS", "CHN", "UKR")}
            poles["EU"] = majority_by_hand(written, "EU", row)
            for (member, vote), (pole, other) in itertools.product(votes.items(), poles.items()):
                if member != pole and vote in place and other in place:
                    apart[member, pole, int(row["voted_on"][:4])].append(abs(place[vote] - place[other]) / 2)
    expected = [(*key, len(apart[key]), near(sum(apart[key]) / len(apart[key]))) for key in sorted(apart)]
    assert query(database, f"select {DISTANCE} from member_distances") == expected  # noqa: S608


def test_over_all_years_a_distance_is_one_less_the_stored_index(database):
    stored = {}
    for one, other, compared, index in query(
        database, "select member_a, member_b, compared, lijphart_index from pair_agreements where body = 'GA'"
    ):
        stored[one, other] = stored[other, one] = compared, pytest.approx(1 - index, abs=0.00011)
    sql = """select member_id, pole, sum(roll_calls_compared), sum(distance * roll_calls_compared)
        / sum(roll_calls_compared) from member_distances where pole <> 'EU' group by member_id, pole"""
    assert [row for row in query(database, sql) if row[2:] != stored[row[:2]]] == []


@pytest.mark.parametrize(
    ("votes", "official", "missing"),
    [
        ({}, (3, 1, 0, 0), "all 3 in favour, all 1 against"),
        ({"A": "yes", "B": "abstain"}, (2, 1, 1, 0), "1 of the 2 in favour, all 1 against"),
        ({"A": "abstain", "B": "not_voting"}, (0, 0, 3, 2), "2 of the 3 abstaining, 1 of the 2 not voting"),
        ({"A": "yes"}, (3, None, None, 0), "2 of the 3 in favour, the number against, the number abstaining"),
        (
            {"A": "yes"},
            (None, 2, 1, None),
            "the number in favour, all 2 against, all 1 abstaining, the number not voting",
        ),
    ],
)
def test_a_roll_call_without_all_votes_says_what_is_missing(small, votes, official, missing):
    add_members(small, "A", "B", "C", "D")
    counts = {f"official_{vote}": count for vote, count in zip(VOTES, official, strict=True)}
    add_roll_call(small, "X", votes, votes_known="partial", **counts)
    add_roll_call(small, "WHOLE", {"A": "yes"}, official_yes=4)
    derive(small, "views/eligible_members.sql")
    found = view(small, "incomplete_roll_calls", "roll_call_id, known, could_vote, missing")
    assert found == [("X", len(votes), 4, missing)]


def test_the_roll_calls_without_all_votes_are_listed_each_with_what_is_missing(database, written):
    found = query(database, "select roll_call_id, votes_known, known, could_vote, missing from incomplete_roll_calls")
    assert [(*row[:4], bool(row[4])) for row in found] == [
        (row["id"], row["votes_known"], len(written.votes_on[row["id"]]), len(written.eligible[row["id"]]), True)
        for row in in_time(written.roll_calls)
        if row["votes_known"] != "all"
    ]


def test_the_wide_table_has_a_row_for_each_member_and_a_column_for_each_roll_call_with_votes(database):
    columns = [row[1] for row in query(database, "pragma table_info(votes_by_member)")]
    roll_calls = [row[0] for row in query(database, "select id from roll_calls where votes_known <> 'none'")]
    assert query(database, "select count(*), count(distinct member_id) from votes_by_member") == [(193, 193)]
    assert columns[:4] == ["member_id", "short_name", "region", "regional_group"]
    assert sorted(columns[4:]) == sorted(map(column_of_roll_call, roll_calls))


def test_the_columns_of_the_wide_table_are_in_the_order_of_the_votes(database, written):
    columns = [row[1] for row in query(database, "pragma table_info(votes_by_member)")]
    voted = [column_of_roll_call(row["id"]) for row in in_time(written.roll_calls) if row["votes_known"] != "none"]
    assert columns[4:] == voted


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


def test_the_official_tally_stands_beside_the_one_counted_from_the_votes(small):
    official = {"official_yes": 2, "official_no": 9, "official_abstain": None, "official_not_voting": 3}
    add_roll_call(small, "X", {"A": "yes", "B": "yes", "C": "no", "D": "abstain", "E": "not_voting"}, **official)
    add_roll_call(small, "NONE", {}, voted_on="2022-01-01", votes_known="none")
    columns = ", ".join(f"{name}, {name.replace('official', 'counted')}" for name in official)
    assert view(small, "roll_call_tallies", f"roll_call_id, {columns}") == [
        ("NONE", None, 0, None, 0, None, 0, None, 0),
        ("X", 2, 2, 9, 1, None, 1, 3, 1),
    ]


def test_counted_tallies_are_the_official_ones_where_all_votes_are_known(database):
    sql = """select roll_call_id from roll_call_tallies where votes_known = 'all' and (
        counted_yes is not official_yes or counted_no is not official_no
        or counted_abstain is not official_abstain or counted_not_voting is not official_not_voting)"""
    assert query(database, sql) == []
    assert query(database, "select count(*) from roll_call_tallies where votes_known = 'all'")[0][0] >= 5


def test_every_roll_call_has_its_tallies(database, written):
    columns = "roll_call_id, counted_yes, counted_no, counted_abstain, counted_not_voting"
    assert query(database, f"select {columns} from roll_call_tallies") == [  # noqa: S608
        (row["id"], *map(Counter(written.votes_on[row["id"]].values()).__getitem__, VOTES))
        for row in in_time(written.roll_calls)
    ]


def test_votes_are_told_in_words(database):
    sql = "select member, vote_in_words, symbol, region from votes_named where roll_call_id = ? and member_id = ?"
    assert query(database, sql, "A-RES-ES-11-7", "HUN") == [("Hungary", "voted against", "A/RES/ES-11/7", "Europe")]
    assert query(database, sql, "A-RES-ES-11-8", "USA")[0][1] == "abstained"
    assert query(database, sql, "S-RES-2774-2025", "RUS")[0][1:3] == ("voted in favour", "S/RES/2774 (2025)")
    assert query(database, sql, "A-RES-ES-11-7", "GEO")[0][1] == "did not vote"
    assert query(database, sql, "S-PV-9866-vote-1", "FRA")[0][2] == "S-PV-9866-vote-1"


def test_a_member_has_one_row_for_each_symbol_and_title(database):
    sql = "select member_id, symbol, title from votes_named group by 1, 2, 3 having count(*) > 1 or title is null"
    assert query(database, sql) == []


def test_a_paragraph_and_its_text_stand_apart_under_the_question_and_the_title(database, written):
    [question] = [row["question"] for row in written.roll_calls if row["id"] == "A-77-PV-69-vote-1"]
    [title] = [row["title"] for row in written.resolutions if row["id"] == "A-RES-77-284"]
    sql = """select distinct roll_call_id, kind, symbol, title from votes_named
        where voted_on = '2023-04-26' order by roll_call_id"""
    assert query(database, sql) == [
        ("A-77-PV-69-vote-1", "paragraph", "A-77-PV-69-vote-1", question),
        ("A-RES-77-284", "whole_text", "A/RES/77/284", title),
    ]
    assert question != title


def test_every_vote_is_in_the_table_of_votes_in_words(database):
    assert query(database, "select count(*) from votes_named") == query(database, "select count(*) from votes")


def test_an_article_is_labelled_by_its_outlet_and_date(database):
    sql = "select label from articles where id = ?"
    assert query(database, sql, "reuters-2025-02-24") == [("Reuters, 2025-02-24",)]
    assert query(database, sql, "bu-today") == [("BU Today",)]
    assert query(database, "select count(*) from articles where label is null") == [(0,)]
