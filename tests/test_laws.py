"""The laws, each on the fewest rows that keep it and on rows that break it."""

import itertools
from pathlib import Path

import pytest

from scripts import laws
from scripts.package import Row

# What a row is where a test does not say otherwise.
DAY = "2025-02-24"
USUAL = {
    "members": {"short_name": None, "name": None, "aliases": None, "joined_on": "1945-10-24"},
    "member_names": {"valid_from": None, "valid_until": "2022-05-31"},
    "council_terms": {"valid_from": "2024-01-01", "valid_until": None, "is_permanent": 0},
    "roll_calls": {
        "body": "GA",
        "meeting": "A/PV.1",
        "resolution_id": "A-RES-1",
        "kind": "whole_text",
        "voted_on": DAY,
        "sequence": None,
        "moved_by": None,
        "majority_rule": "ga_simple",
        "votes_known": "all",
        "official_yes": None,
        "official_no": None,
        "official_abstain": None,
        "official_not_voting": None,
        "outcome": "adopted",
    },
    "votes": {"roll_call_id": "A-RES-1", "intended_vote": None, "intended_source_id": None},
    "roll_call_sources": {"roll_call_id": "A-RES-1", "source_id": "a-source"},
    "source_differences": {"roll_call_id": "A-RES-1", "member_id": None},
    "resolutions": {
        "symbol": "A/RES/1",
        "symbol_certain": 1,
        "body": "GA",
        "kind": "resolution",
        "parent_id": None,
        "submitted_on": None,
        "adopted_on": DAY,
        "outcome": "adopted",
        "series": "emergency_session",
    },
    "sources": {},
    "corrections": {},
    "text_versions": {"resolution_id": "A-RES-1", "version": "draft"},
    "blocs": {"kind": "union"},
    "bloc_memberships": {"bloc_id": "EU", "valid_until": None},
    "articles": {
        "outlet_id": "daily",
        "published_on": "2025-02",
        "seen": "full_text",
        "accessed_on": DAY,
        "text_sha256": "0",
        "words": 9,
        "chosen_for": "wire_copy",
        "coded_on": "2025-03-01",
        "coder": "a",
        "source_id": None,
    },
    "claims": {
        "article_id": "daily-2025-02",
        "position": 1,
        "quote": "a vote",
        "locator_start": 10,
        "locator_end": 16,
        "kind": "vote",
        "checkable": "record",
        "assessment": "complete",
        "rationale": None,
        "source_id": None,
    },
    "checks": {"claim_id": "daily-2025-02-01", "position": 1, "alternative": 0},
    "article_origins": {},
}


def table(name, *rows):
    return [Row(number, {**USUAL[name], **row}) for number, row in enumerate(rows, start=2)]


def record(**tables):
    """Rows of every table; those not given have none."""
    return {name: table(name, *tables.get(name, ())) for name in USUAL}


def breaches(law, **tables):
    """Where the law is broken: table, line and column."""
    return [(name, row.number, column) for name, row, column, _ in law(record(**tables))]


def reasons(law, **tables):
    return [reason for *_, reason in law(record(**tables))]


def members(codes, **values):
    return [{"id": code, "short_name": code, "name": code, **values} for code in codes]


def votes(roll_call="A-RES-1", **cast):
    return [{"roll_call_id": roll_call, "member_id": code, "vote": vote} for code, vote in cast.items()]


def seats(count, **values):
    return [{"member_id": f"M{number:02d}", **values} for number in range(count)]


THREE = members(["AAA", "BBB", "CCC"])
ALL_THREE = votes(AAA="yes", BBB="yes", CCC="no")
IN_COUNCIL = {"id": "S-1", "body": "SC", "meeting": "S/PV.1", "resolution_id": "S-1", "majority_rule": "sc_substantive"}


@pytest.mark.parametrize(
    ("terms", "broken"),
    [
        (seats(15), False),
        (seats(14), True),
        (seats(16), True),
        ([*seats(14), {"member_id": "OLD", "valid_until": DAY}], False),
        ([*seats(14), {"member_id": "OLD", "valid_until": "2025-02-23"}], True),
        ([*seats(14), {"member_id": "NEW", "valid_from": DAY}], False),
        ([*seats(14), {"member_id": "NEW", "valid_from": "2025-02-25"}], True),
    ],
)
def test_council_has_fifteen_seats_on_the_day_of_a_roll_call(terms, broken):
    found = breaches(laws.council_has_fifteen_seats, council_terms=terms, roll_calls=[IN_COUNCIL])
    assert found == [("roll_calls", 2, "voted_on")] * broken


def test_seats_do_not_matter_to_the_assembly():
    assert breaches(laws.council_has_fifteen_seats, roll_calls=[{"id": "A-RES-1"}]) == []


@pytest.mark.parametrize(
    ("known", "cast", "broken"),
    [
        ("all", ALL_THREE, False),
        ("all", ALL_THREE[:2], True),
        ("all", [], True),
        ("partial", ALL_THREE[:1], False),
        ("partial", ALL_THREE, True),
        ("partial", [], True),
        ("none", [], False),
        ("none", ALL_THREE[:1], True),
    ],
)
def test_votes_known_says_how_many_members_have_a_vote(known, cast, broken):
    tables = {"members": THREE, "votes": cast, "roll_calls": [{"id": "A-RES-1", "votes_known": known}]}
    found = breaches(laws.known_votes_are_all_there, **tables)
    assert found == [("roll_calls", 2, "votes_known")] * broken


def test_a_member_that_joined_later_needs_no_vote():
    later = members(["DDD"], joined_on="2025-02-25")
    tables = {"members": THREE + later, "votes": ALL_THREE, "roll_calls": [{"id": "A-RES-1"}]}
    assert breaches(laws.known_votes_are_all_there, **tables) == []


@pytest.mark.parametrize(("joined_on", "broken"), [("2025-02-23", False), (DAY, False), ("2025-02-25", True)])
def test_nobody_votes_before_joining(joined_on, broken):
    tables = {
        "members": members(["AAA"], joined_on=joined_on),
        "votes": votes(AAA="yes"),
        "roll_calls": [{"id": "A-RES-1"}],
    }
    assert breaches(laws.only_members_with_a_vote_vote, **tables) == [("votes", 2, "member_id")] * broken


@pytest.mark.parametrize(
    ("terms", "broken"),
    [
        ([{"member_id": "AAA"}], False),
        ([{"member_id": "BBB"}], True),
        ([{"member_id": "AAA", "valid_until": "2025-01-01"}], True),
        ([], True),
    ],
)
def test_nobody_votes_in_the_council_without_a_seat(terms, broken):
    tables = {"members": THREE, "council_terms": terms, "votes": votes("S-1", AAA="yes"), "roll_calls": [IN_COUNCIL]}
    assert breaches(laws.only_members_with_a_vote_vote, **tables) == [("votes", 2, "member_id")] * broken


@pytest.mark.parametrize(
    ("intended", "source", "columns"),
    [
        (None, None, []),
        ("no", "a-source", []),
        ("abstain", "a-source", []),
        ("not_voting", "a-source", []),
        ("yes", "a-source", ["intended_vote"]),
        ("no", None, ["intended_source_id"]),
        (None, "a-source", ["intended_source_id"]),
    ],
)
def test_an_intended_vote_is_not_the_one_recorded_and_has_a_source(intended, source, columns):
    cast = [{**ALL_THREE[0], "intended_vote": intended, "intended_source_id": source}, ALL_THREE[2]]
    found = breaches(laws.intended_votes_differ, votes=cast)
    assert found == [("votes", 2, column) for column in columns]


@pytest.mark.parametrize(
    ("column", "member", "source_says", "here"),
    [
        ("vote", "AAA", "no", None),
        ("vote", "AAA", "yes", "yes"),
        ("vote", "CCC", "yes", None),
        ("vote", "DDD", "yes", None),
        ("official_yes", None, "3", None),
        ("official_yes", None, "2", "2"),
        ("official_no", None, "2", None),
        ("official_abstain", None, "0", None),
        ("outcome", None, "failed", None),
        ("outcome", None, "adopted", "adopted"),
        ("voted_on", None, DAY, DAY),
    ],
)
def test_what_a_source_has_otherwise_is_not_what_the_record_has(column, member, source_says, here):
    difference = {"column_name": column, "member_id": member, "source_says": source_says}
    other_text = {"id": "A-RES-2", "outcome": "failed", "official_yes": 3}
    tables = {
        "roll_calls": [{"id": "A-RES-1", "official_yes": 2, "official_no": 1}, other_text],
        "votes": ALL_THREE + votes("A-RES-2", AAA="no", DDD="yes"),
        "source_differences": [difference],
    }
    found = breaches(laws.differences_differ, **tables)
    assert found == [("source_differences", 2, "source_says")] * (here is not None)
    expected = [] if here is None else [f"is {here}, which is what the record has"]
    assert reasons(laws.differences_differ, **tables) == expected


@pytest.mark.parametrize(
    ("listed", "broken"),
    [
        ([{}], False),
        ([{"source_id": "another"}, {}], False),
        ([{"source_id": "another"}], True),
        ([{"roll_call_id": "A-RES-2"}], True),
        ([], True),
    ],
)
def test_the_source_of_a_vote_is_among_those_of_its_roll_call(listed, broken):
    tables = {"votes": [{**ALL_THREE[0], "source_id": "a-source"}], "roll_call_sources": listed}
    found = breaches(laws.votes_rest_on_a_listed_source, **tables)
    assert found == [("votes", 2, "source_id")] * broken


def tallied(known="all", **official):
    return [{"id": "A-RES-1", "votes_known": known, **{f"official_{vote}": count for vote, count in official.items()}}]


@pytest.mark.parametrize(
    ("roll_calls", "columns"),
    [
        (tallied(yes=2, no=1, abstain=0, not_voting=0), []),
        (tallied(yes=2), []),
        (tallied(), []),
        (tallied(yes=3, no=1), ["official_yes"]),
        (tallied(yes=1, no=2), ["official_yes", "official_no"]),
        (tallied(yes=2, no=1, abstain=1), ["official_abstain"]),
        (tallied("partial", yes=9, no=9), []),
        (tallied("partial", yes=2, no=0), ["official_no"]),
    ],
)
def test_votes_add_up_to_the_official_tally(roll_calls, columns):
    found = breaches(laws.votes_add_up, roll_calls=roll_calls, votes=ALL_THREE)
    assert found == [("roll_calls", 2, column) for column in columns]


@pytest.mark.parametrize(
    ("roll_calls", "broken"),
    [
        (tallied(yes=1, no=1, abstain=1, not_voting=0), False),
        (tallied(yes=1, no=1, abstain=0, not_voting=0), True),
        (tallied(yes=2, no=1, abstain=1, not_voting=0), True),
        (tallied(yes=1, no=1), False),
        (tallied(yes=3, no=1), True),
        (tallied(), False),
    ],
)
def test_official_counts_cover_the_members(roll_calls, broken):
    found = breaches(laws.tallies_cover_the_members, members=THREE, roll_calls=roll_calls)
    assert found == [("roll_calls", 2, None)] * broken


UNKNOWN = None
EITHER = {"adopted", "failed"}


@pytest.mark.parametrize(
    ("rule", "yes", "no", "permanent_no", "allowed"),
    [
        ("ga_simple", 2, 1, False, {"adopted"}),
        ("ga_simple", 1, 1, False, {"failed"}),
        ("ga_simple", 1, 2, False, {"failed"}),
        ("ga_simple", 0, 0, False, {"failed"}),
        ("ga_simple", 1, 0, False, {"adopted"}),
        ("ga_simple", 2, 1, True, {"adopted"}),
        ("ga_simple", UNKNOWN, 1, False, EITHER),
        ("ga_simple", 2, UNKNOWN, False, EITHER),
        ("ga_two_thirds", 2, 1, False, {"adopted"}),
        ("ga_two_thirds", 94, 47, False, {"adopted"}),
        ("ga_two_thirds", 93, 47, False, {"failed"}),
        ("ga_two_thirds", 47, 94, False, {"failed"}),
        ("ga_two_thirds", 0, 0, False, {"failed"}),
        ("ga_two_thirds", 1, 0, False, {"adopted"}),
        ("ga_two_thirds", 93, 18, True, {"adopted"}),
        ("ga_two_thirds", UNKNOWN, UNKNOWN, False, EITHER),
        ("ga_not_known", 2, 1, False, {"adopted"}),
        ("ga_not_known", 141, 5, True, {"adopted"}),
        ("ga_not_known", 1, 0, False, {"adopted"}),
        ("ga_not_known", 93, 47, False, set()),
        ("ga_not_known", 3, 2, False, set()),
        ("ga_not_known", 1, 1, False, {"failed"}),
        ("ga_not_known", 1, 2, False, {"failed"}),
        ("ga_not_known", 0, 0, False, {"failed"}),
        ("ga_not_known", UNKNOWN, 1, False, EITHER),
        ("ga_not_known", 2, UNKNOWN, False, EITHER),
        ("sc_substantive", 9, 0, False, {"adopted"}),
        ("sc_substantive", 9, 6, False, {"adopted"}),
        ("sc_substantive", 8, 0, False, {"failed"}),
        ("sc_substantive", 8, 1, True, {"failed"}),
        ("sc_substantive", 9, 1, True, {"vetoed"}),
        ("sc_substantive", 13, 2, True, {"vetoed"}),
        ("sc_substantive", 9, UNKNOWN, True, {"vetoed"}),
        ("sc_substantive", 9, UNKNOWN, False, {"adopted"}),
        ("sc_substantive", 9, 1, UNKNOWN, {"adopted", "vetoed"}),
        ("sc_substantive", 8, 1, UNKNOWN, {"failed"}),
        ("sc_substantive", UNKNOWN, 0, False, EITHER),
        ("sc_substantive", UNKNOWN, 1, True, {"failed", "vetoed"}),
        ("sc_substantive", UNKNOWN, UNKNOWN, UNKNOWN, {"adopted", "failed", "vetoed"}),
        ("sc_procedural", 9, 6, False, {"adopted"}),
        ("sc_procedural", 9, 1, True, {"adopted"}),
        ("sc_procedural", 8, 1, True, {"failed"}),
        ("sc_procedural", 9, 1, UNKNOWN, {"adopted"}),
        ("sc_procedural", UNKNOWN, 1, True, EITHER),
    ],
)
def test_outcomes_allowed(rule, yes, no, permanent_no, allowed):
    assert laws.outcomes_allowed(rule, yes, no, permanent_no) == allowed


def council_vote(outcome, rule="sc_substantive", yes=9, **cast):
    """A Council roll call and its votes; AAA and BBB hold permanent seats, CCC an elected one."""
    cast = {"AAA": "yes", "BBB": "yes"} | cast
    roll_call = {**IN_COUNCIL, "majority_rule": rule, "official_yes": yes, "outcome": outcome}
    terms = [{"member_id": "AAA", "is_permanent": 1}, {"member_id": "BBB", "is_permanent": 1}, {"member_id": "CCC"}]
    return {"roll_calls": [roll_call], "council_terms": terms, "votes": votes("S-1", **cast)}


@pytest.mark.parametrize(
    ("tables", "broken"),
    [
        (council_vote("adopted", AAA="yes", CCC="no"), False),
        (council_vote("adopted", AAA="abstain"), False),
        (council_vote("adopted", AAA="no"), True),
        (council_vote("vetoed", AAA="no"), False),
        (council_vote("vetoed", AAA="no", BBB="no"), False),
        (council_vote("vetoed", CCC="no"), True),
        (council_vote("vetoed", AAA=UNKNOWN), False),
        (council_vote("adopted", AAA=UNKNOWN), False),
        (council_vote("failed", AAA=UNKNOWN), True),
        (council_vote("vetoed", yes=8, AAA="no"), True),
        (council_vote("failed", yes=8, AAA="no"), False),
        (council_vote("failed", AAA="no"), True),
        (council_vote("adopted", rule="sc_procedural", AAA="no", BBB="no"), False),
        (council_vote("vetoed", rule="sc_procedural", AAA="no"), True),
    ],
)
def test_the_outcome_in_the_council_follows_from_the_votes(tables, broken):
    assert breaches(laws.outcome_follows, **tables) == [("roll_calls", 2, "outcome")] * broken


def test_a_seat_that_was_permanent_another_day_vetoes_nothing():
    tables = council_vote("adopted", AAA="no")
    tables["council_terms"][0]["valid_until"] = "2024-12-31"
    assert breaches(laws.outcome_follows, **tables) == []


@pytest.mark.parametrize(
    ("outcome", "yes", "no", "broken"),
    [("adopted", 2, 1, False), ("failed", 2, 1, True), ("vetoed", 2, 1, True), ("adopted", 1, 1, True)],
)
def test_the_outcome_in_the_assembly_follows_from_the_tally(outcome, yes, no, broken):
    roll_call = {"id": "A-RES-1", "outcome": outcome, "official_yes": yes, "official_no": no}
    assert breaches(laws.outcome_follows, roll_calls=[roll_call]) == [("roll_calls", 2, "outcome")] * broken


@pytest.mark.parametrize("outcome", ["adopted", "failed"])
def test_a_majority_that_is_not_known_may_not_be_what_decided(outcome):
    roll_call = tallied(yes=93, no=47)[0] | {"outcome": outcome, "majority_rule": "ga_not_known"}
    assert breaches(laws.outcome_follows, roll_calls=[roll_call]) == [("roll_calls", 2, "outcome")]
    roll_call |= {"majority_rule": "ga_simple" if outcome == "adopted" else "ga_two_thirds"}
    assert breaches(laws.outcome_follows, roll_calls=[roll_call]) == []


@pytest.mark.parametrize(
    ("body", "rule"), [("GA", "sc_substantive"), ("SC", "ga_simple"), ("GA", "sc_procedural"), ("SC", "ga_not_known")]
)
def test_a_majority_rule_belongs_to_its_body(body, rule):
    roll_call = {"id": "A-RES-1", "body": body, "majority_rule": rule}
    assert breaches(laws.outcome_follows, roll_calls=[roll_call]) == [("roll_calls", 2, "majority_rule")]


MOTION = {"id": "A-PV-1-vote-1", "kind": "procedure", "resolution_id": None}
PARAGRAPH = {"id": "A-PV-1-vote-2", "kind": "paragraph", "outcome": "failed"}


@pytest.mark.parametrize(
    ("roll_call", "text", "found"),
    [
        ({}, {}, []),
        (MOTION, {}, []),
        (PARAGRAPH, {}, []),
        ({"kind": "procedure"}, {}, [("roll_calls", 2, "resolution_id")]),
        ({"resolution_id": None}, {}, [("roll_calls", 2, "resolution_id")]),
        ({}, {"body": "SC"}, [("resolutions", 2, "body")]),
        ({}, {"outcome": "failed"}, [("resolutions", 2, "outcome")]),
        ({}, {"submitted_on": DAY}, []),
        ({}, {"submitted_on": "2025-02-25"}, [("resolutions", 2, "submitted_on")]),
        ({}, {"adopted_on": "2025-02-25"}, [("resolutions", 2, "adopted_on")]),
        ({}, {"adopted_on": None}, [("resolutions", 2, "adopted_on")]),
        ({"outcome": "failed"}, {"outcome": "failed", "adopted_on": None}, []),
        ({"outcome": "failed"}, {"outcome": "failed"}, [("resolutions", 2, "adopted_on")]),
    ],
)
def test_a_text_and_its_roll_call_agree(roll_call, text, found):
    tables = {"roll_calls": [{"id": "A-RES-1", **roll_call}], "resolutions": [{"id": "A-RES-1", **text}]}
    assert breaches(laws.text_and_roll_call_agree, **tables) == found


@pytest.mark.parametrize(
    ("symbol", "key"),
    [
        ("A/RES/ES-11/7", "A-RES-ES-11-7"),
        ("S/RES/2774 (2025)", "S-RES-2774-2025"),
        ("S/2022/155", "S-2022-155"),
        ("A/ES-11/L.12", "A-ES-11-L-12"),
        ("A/ES-11/PV.20", "A-ES-11-PV-20"),
    ],
)
def test_a_key_is_the_symbol_with_other_characters_as_one_hyphen(symbol, key):
    assert laws.key_of_symbol(symbol) == key


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ({"id": "A-RES-1"}, []),
        ({"id": "A-RES-2"}, ["id"]),
        ({"id": "A-PV-1-vote-3", "symbol_certain": 0}, []),
        ({"id": "A-PV-1-vote-3", "symbol": None, "symbol_certain": 0}, []),
        ({"id": "A-PV-1-vote-3", "symbol": None}, ["symbol_certain"]),
        ({"id": "A-RES-1", "kind": "amendment", "parent_id": "A-RES-2"}, []),
        ({"id": "A-RES-1", "kind": "amendment"}, ["parent_id"]),
        ({"id": "A-RES-1", "parent_id": "A-RES-2"}, ["parent_id"]),
    ],
)
def test_texts_are_keyed_by_symbol_and_only_amendments_amend(text, columns):
    found = breaches(laws.texts_are_keyed_by_symbol, resolutions=[text])
    assert found == [("resolutions", 2, column) for column in columns]


COUNCIL_TEXT = {"body": "SC", "series": "security_council"}


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ({}, False),
        ({"series": "single"}, False),
        ({"series": "security_council"}, True),
        (COUNCIL_TEXT, False),
        ({**COUNCIL_TEXT, "series": "single"}, True),
        ({**COUNCIL_TEXT, "series": "emergency_session"}, True),
    ],
)
def test_texts_of_the_council_and_no_others_are_in_its_series(text, broken):
    found = breaches(laws.texts_stand_in_their_series, resolutions=[{"id": "A-RES-1", **text}])
    assert found == [("resolutions", 2, "series")] * broken


@pytest.mark.parametrize(
    ("text", "amendment", "broken"),
    [
        ({}, {}, False),
        ({}, {"series": "human_rights"}, True),
        ({}, {"series": "single"}, True),
        ({"series": "human_rights"}, {"series": "human_rights"}, False),
        (COUNCIL_TEXT, COUNCIL_TEXT, False),
        ({}, COUNCIL_TEXT, True),
    ],
)
def test_an_amendment_is_in_the_series_of_its_text(text, amendment, broken):
    amendment = {"id": "A-L-1", "kind": "amendment", "parent_id": "A-RES-1", **amendment}
    found = breaches(laws.texts_stand_in_their_series, resolutions=[amendment, {"id": "A-RES-1", **text}])
    assert found == [("resolutions", 2, "series")] * broken


@pytest.mark.parametrize("outcome", ["adopted", "failed", "vetoed"])
def test_only_an_adopted_text_has_an_adopted_version(outcome):
    texts = [{"id": "A-RES-1", "outcome": outcome}, {"id": "A-RES-2"}]
    versions = [{"version": "draft"}, {"version": "adopted"}, {"version": "adopted", "resolution_id": "A-RES-2"}]
    found = breaches(laws.texts_stand_in_their_series, resolutions=texts, text_versions=versions)
    assert found == [("text_versions", 3, "version")] * (outcome != "adopted")


@pytest.mark.parametrize(
    ("roll_calls", "found"),
    [
        ([{"id": "A-RES-1"}], []),
        ([{"id": "A-RES-2"}], [("roll_calls", 2, "id")]),
        ([{"id": "A-PV-1-vote-2"}], []),
        ([{"id": "A-PV-1-vote-0"}], [("roll_calls", 2, "id")]),
        ([{"id": "A-PV-2-vote-1"}], [("roll_calls", 2, "id")]),
        ([{"id": "A-RES-1", "moved_by": "AAA|CCC"}], []),
        ([{"id": "A-RES-1", "moved_by": "AAA|XXX"}], [("roll_calls", 2, "moved_by")]),
        ([{"id": "A-RES-1", "sequence": 1}, {"id": "A-PV-1-vote-2", "sequence": 2}], []),
        (
            [{"id": "A-RES-1", "sequence": 1}, {"id": "A-PV-1-vote-2", "sequence": 1}],
            [("roll_calls", 3, "sequence")],
        ),
        (
            [{"id": "A-RES-1", "sequence": 1}, {"id": "A-PV-1-vote-2", "sequence": 1, "voted_on": "2025-02-25"}],
            [],
        ),
    ],
)
def test_roll_calls_are_keyed_by_text_or_meeting_and_have_a_place_of_their_own(roll_calls, found):
    tables = {"roll_calls": roll_calls, "members": THREE}
    assert breaches(laws.roll_calls_are_keyed_by_text_or_meeting, **tables) == found


def time_of(start, end=None, member="AAA", bloc="EU"):
    return {"bloc_id": bloc, "member_id": member, "valid_from": start, "valid_until": end}


@pytest.mark.parametrize("name", ["bloc_memberships", "council_terms"])
@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([time_of("2020-01-01", "2021-12-31"), time_of("2022-01-01")], []),
        ([time_of("2020-01-01", "2020-01-01")], []),
        ([time_of("2020-01-01", "2019-12-31")], [(2, "valid_until")]),
        ([time_of("2020-01-01", "2021-12-31"), time_of("2021-12-31")], [(3, "valid_from")]),
        ([time_of("2020-01-01"), time_of("2022-01-01")], [(3, "valid_from")]),
        ([time_of("2022-01-01"), time_of("2020-01-01")], [(2, "valid_from")]),
        ([time_of("2020-01-01"), time_of("2020-01-01", member="BBB")], []),
    ],
)
def test_times_are_in_order_and_do_not_overlap(name, rows, found):
    expected = [(name, row, column) for row, column in found]
    assert breaches(laws.times_are_in_order, **{name: rows}) == expected


def test_a_member_may_be_in_two_blocs_at_once():
    rows = [time_of("2020-01-01"), time_of("2020-01-01", bloc="NATO")]
    assert breaches(laws.times_are_in_order, bloc_memberships=rows) == []


@pytest.mark.parametrize("kind", ["m49_region", "m49_subregion", "regional_group"])
def test_a_derived_bloc_is_not_typed(kind):
    blocs = [{"id": "EU"}, {"id": "m49-europe", "kind": kind}]
    assert breaches(laws.times_are_in_order, blocs=blocs) == [("blocs", 3, "kind")]


@pytest.mark.parametrize(
    ("one", "other", "broken"),
    [
        ({"aliases": "Albion|Britain"}, {"aliases": "Brittany"}, False),
        ({"aliases": "Albion|Britain"}, {"aliases": "Gaul|britain"}, True),
        ({"short_name": "Guinea"}, {"short_name": "Guinea-Bissau"}, False),
        ({"short_name": "Congo"}, {"aliases": "Congo"}, True),
        ({"name": "Republic of Korea"}, {"short_name": "Republic of Korea"}, True),
        ({"short_name": "Cuba", "name": "Cuba", "aliases": "Cuba"}, {}, False),
    ],
)
def test_no_name_stands_for_two_members(one, other, broken):
    rows = [{**members(["AAA"])[0], **one}, {**members(["BBB"])[0], **other}]
    assert breaches(laws.names_stand_for_one_member, members=rows) == [("members", 3, "aliases")] * broken


@pytest.mark.parametrize(
    ("names", "lines"),
    [
        ([("AAA", "Albion")], []),
        ([("AAA", "Albion"), ("AAA", "Caledonia")], []),
        ([("AAA", "Old Gaul"), ("BBB", "Old Albion")], []),
        ([("AAA", "albion"), ("BBB", "ALBION")], [3]),
        ([("BBB", "Albion")], []),
        ([("BBB", "Britain")], [2]),
        ([("BBB", "britain")], [2]),
        ([("AAA", "Britain"), ("AAA", "Gaul"), ("BBB", "Gaul")], [3]),
    ],
)
def test_no_former_name_stands_for_another_member(names, lines):
    rows = [
        {"id": "AAA", "short_name": "Britain", "name": "United Kingdom"},
        {"id": "BBB", "short_name": "France", "name": "French Republic", "aliases": "Gaul"},
    ]
    former = [{"member_id": code, "name": name} for code, name in names]
    found = breaches(laws.names_stand_for_one_member, members=rows, member_names=former)
    assert found == [("member_names", line, "name") for line in lines]


@pytest.mark.parametrize(
    ("start", "end", "broken"),
    [
        (None, "2022-05-31", False),
        ("2022-05-31", "2022-05-31", False),
        ("2019-02-14", "2022-05-31", False),
        ("2022-06-01", "2022-05-31", True),
    ],
)
def test_a_former_name_ended_after_it_began(start, end, broken):
    former = [{"member_id": "AAA", "name": "Albion", "valid_from": start, "valid_until": end}]
    found = breaches(laws.names_stand_for_one_member, members=THREE, member_names=former)
    assert found == [("member_names", 2, "valid_until")] * broken


READ = {"id": "daily-2025-02"}
UNSEEN = {
    **dict.fromkeys(["accessed_on", "text_sha256", "words", "chosen_for", "coded_on", "coder"]),
    "id": "daily-2025-02",
    "seen": "not_seen",
    "source_id": "a-source",
}


@pytest.mark.parametrize(
    ("article", "columns"),
    [
        (READ, []),
        ({**READ, "id": "daily-2025-02-2"}, []),
        ({**READ, "id": "daily-2025-02-0"}, ["id"]),
        ({**READ, "id": "daily-2025-03"}, ["id"]),
        ({**READ, "id": "daily", "published_on": None}, []),
        (UNSEEN, []),
        ({**UNSEEN, "source_id": None}, ["source_id"]),
        ({**READ, "published_on": "2025-02-24", "id": "daily-2025-02-24", "coded_on": "2025-02-23"}, ["coded_on"]),
        *(({**READ, column: None}, [column]) for column in UNSEEN if UNSEEN[column] is None),
    ],
)
def test_articles_say_what_was_seen(article, columns):
    found = breaches(laws.articles_say_what_was_seen, articles=[article])
    assert found == [("articles", 2, column) for column in columns]


def test_an_article_that_was_not_seen_has_no_claims():
    tables = {"articles": [UNSEEN], "claims": [{"id": "daily-2025-02-01"}]}
    assert breaches(laws.articles_say_what_was_seen, **tables) == [("articles", 2, "seen")]


@pytest.mark.parametrize(
    ("claim", "columns"),
    [
        ({}, []),
        ({"id": "daily-2025-02-02"}, ["id"]),
        ({"id": "daily-2025-02-1"}, ["id"]),
        ({"position": 12, "id": "daily-2025-02-12"}, []),
        ({"locator_end": 17}, ["locator_end"]),
        ({"locator_start": 16, "locator_end": 10}, ["locator_end"]),
        ({"quote": "São Tomé", "locator_end": 18}, []),
        ({"quote": "a b c d e f g h i j k l", "locator_end": 33}, []),
        ({"quote": "a b c d e f g h i j k l m", "locator_end": 35}, ["quote"]),
    ],
)
def test_claims_are_located_by_short_quotes(claim, columns):
    found = breaches(laws.claims_are_located, claims=[{"id": "daily-2025-02-01", **claim}])
    assert found == [("claims", 2, column) for column in columns]


CHECKED = [{}]
ALTERNATIVES = [{"alternative": 1}, {"alternative": 1, "position": 2}]
ELSEWHERE = {"checkable": "elsewhere", "assessment": "accurate_elsewhere", "source_id": "a-source"}
UNCHECKABLE = {"checkable": "no", "assessment": "not_checkable"}
LATER = {"checkable": "record_later", "assessment": "awaits_record"}


@pytest.mark.parametrize(
    ("claim", "checks", "columns"),
    [
        ({}, CHECKED, []),
        ({}, [], ["checkable"]),
        (ELSEWHERE, [], []),
        (ELSEWHERE, CHECKED, ["checkable"]),
        ({**ELSEWHERE, "source_id": None}, [], ["source_id"]),
        ({**ELSEWHERE, "assessment": "inaccurate_elsewhere"}, [], ["rationale"]),
        ({**ELSEWHERE, "assessment": "inaccurate_elsewhere", "rationale": "It was not."}, [], []),
        (UNCHECKABLE, [], []),
        (UNCHECKABLE, CHECKED, ["checkable"]),
        ({**UNCHECKABLE, "kind": "opinion"}, [], []),
        ({**UNCHECKABLE, "kind": "prediction"}, [], []),
        ({"kind": "opinion"}, CHECKED, ["checkable"]),
        ({"kind": "prediction"}, CHECKED, ["checkable"]),
        (LATER, [], []),
        (LATER, CHECKED, ["checkable"]),
        ({"assessment": "incomplete", "rationale": "It leaves out the rest."}, CHECKED, []),
        ({"assessment": "incomplete"}, CHECKED, ["rationale"]),
        ({}, ALTERNATIVES, ["rationale"]),
        ({"rationale": "Two readings."}, ALTERNATIVES, []),
    ],
)
def test_claims_are_coded_by_the_book(claim, checks, columns):
    tables = {"claims": [{"id": "daily-2025-02-01", **claim}], "checks": checks}
    assert breaches(laws.claims_are_coded_by_the_book, **tables) == [("claims", 2, column) for column in columns]


FITTING = {
    ("record", "complete"),
    ("record", "incomplete"),
    ("record_later", "awaits_record"),
    ("elsewhere", "accurate_elsewhere"),
    ("elsewhere", "inaccurate_elsewhere"),
    ("no", "not_checkable"),
}


@pytest.mark.parametrize(
    ("checkable", "assessment"),
    list(itertools.product(["record", "record_later", "elsewhere", "no"], sorted({pair[1] for pair in FITTING}))),
)
def test_an_assessment_fits_what_the_claim_can_be_checked_by(checkable, assessment):
    claim = {"id": "daily-2025-02-01", "checkable": checkable, "assessment": assessment}
    claim |= {"rationale": "A reason.", "source_id": "a-source"}
    tables = {"claims": [claim], "checks": CHECKED if checkable == "record" else []}
    found = breaches(laws.claims_are_coded_by_the_book, **tables)
    assert found == [("claims", 2, "assessment")] * ((checkable, assessment) not in FITTING)


def numbered(*positions, alternative=0):
    return [{"position": position, "alternative": alternative} for position in positions]


@pytest.mark.parametrize(
    ("checks", "found"),
    [
        (numbered(1), []),
        (numbered(1, 2, 3), []),
        (numbered(2, 1), []),
        (numbered(2), [("checks", 2, "position")]),
        (numbered(1, 3), [("checks", 3, "position")]),
        (numbered(1, 2, alternative=1), []),
        (numbered(1, alternative=1), [("checks", 2, "alternative")]),
        (numbered(1) + numbered(2, alternative=1), [("checks", 3, "alternative")]),
        (numbered(1) + numbered(2, 3, alternative=1), []),
        ([*numbered(1), {"claim_id": "daily-2025-02-02"}], []),
    ],
)
def test_checks_are_numbered_and_an_alternative_is_never_alone(checks, found):
    assert breaches(laws.checks_are_numbered, checks=checks) == found


def drew(*pairs):
    return [{"article_id": article, "origin_article_id": origin} for article, origin in pairs]


@pytest.mark.parametrize(
    ("origins", "lines"),
    [
        (drew("ba", "cb"), []),
        (drew("ba", "cb", "ca"), []),
        (drew("aa"), [2]),
        (drew("ab", "ba"), [2, 3]),
        (drew("ab", "bc", "ca"), [2, 3, 4]),
        (drew("ab", "bc", "cb"), [3, 4]),
    ],
)
def test_no_article_is_its_own_origin(origins, lines):
    found = breaches(laws.origins_have_a_beginning, article_origins=origins)
    assert found == [("article_origins", line, "origin_article_id") for line in lines]


@pytest.mark.parametrize(("accessed_on", "wrong"), [(DAY, False), ("2025-03-01", False), ("2025-02-23", True)])
@pytest.mark.parametrize("names_it", [True, False], ids=["the record follows it", "one of several"])
def test_a_source_was_looked_at_on_the_day_of_the_vote_or_later(accessed_on, wrong, names_it):
    found = breaches(
        laws.sources_are_looked_at_after_the_vote,
        sources=[{"id": "a-source", "accessed_on": accessed_on}, {"id": "b-source", "accessed_on": DAY}],
        roll_calls=[{"id": "A-RES-1", "source_id": "a-source" if names_it else "b-source"}],
        roll_call_sources=[{"source_id": "b-source" if names_it else "a-source"}],
    )
    assert found == ([("sources", 2, "accessed_on")] if wrong else [])


@pytest.mark.parametrize(("key", "wrong"), [("2025-02-24-01", False), ("2025-02-25-01", True)])
def test_a_corrections_key_begins_with_its_day(key, wrong):
    found = breaches(laws.corrections_are_keyed_by_day, corrections=[{"id": key, "corrected_on": DAY}])
    assert found == ([("corrections", 2, "id")] if wrong else [])


def test_a_breach_says_what_is_wrong_in_numbers():
    tables = {"members": THREE, "votes": ALL_THREE[:2], "roll_calls": tallied(yes=3)}
    assert reasons(laws.known_votes_are_all_there, **tables) == ["is all, but 2 of 3 members have a vote"]
    assert reasons(laws.votes_add_up, **tables) == ["the official count is 3, the votes table has 2 of yes"]


@pytest.mark.parametrize("law", laws.LAWS, ids=lambda law: law.find.__name__)
def test_every_law_is_tested_here_or_with_the_press(law):
    tests = (Path(__file__), Path(__file__).with_name("test_press.py"))
    assert any(f"laws.{law.find.__name__}," in file.read_text(encoding="utf-8") for file in tests)
