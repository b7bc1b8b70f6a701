"""Reliability: agreement by hand, and a second coding that the build measures against the first."""

import csv
import hashlib
import io
import sqlite3
from pathlib import Path

import pytest

from scripts.build import ROOT, main
from scripts.package import open_package
from scripts.read import read_package
from scripts.reliability import VARIABLES, measure
from tests.conftest import copy_project, never_published

CODER = "second coder T"
US_VOTED_NO = "sociose-2025-03-02-02"
SYRIA_VOTED_NO = "sociose-2025-03-02-09"
STOPPED = "tagtik-2025-06-23-05"
AN_OPINION = "world-today-news-2025-02-48"
UNCHECKABLE = "world-today-news-2025-02-38"


def pairs(first: str, second: str) -> list[tuple[str, str]]:
    return list(zip(first.split(), second.split(), strict=True))


# Alpha is 1 - (n - 1) * o / e: of n values o stand beside another; e is n squared less each value's count squared.
@pytest.mark.parametrize(
    ("first", "second", "agreeing", "share", "alpha"),
    [
        # Always the same: o is 0.
        ("a b c a", "a b c a", 4, 1.0, 1.0),
        ("a b", "a b", 2, 1.0, 1.0),
        # As chance would have it: n 20, o 2, e 400 - 361 - 1 = 38.
        ("a b b b b b b b b b", "b b b b b b b b b b", 9, 0.9, 0.0),
        ("a", "b", 0, 0.0, 0.0),
        # Worse than chance: n 4, o 4, e 16 - 8 = 8.
        ("a b", "b a", 0, 0.0, -0.5),
        # One value says nothing.
        ("a a a", "a a a", 3, 1.0, None),
        ("a", "a", 1, 1.0, None),
        # Krippendorff (2011), two observers: two values, n 20, o 8, e 400 - 196 - 36 = 168.
        ("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0", 6, 0.6, 0.0952),
        # The same, five values: n 24, o 6, e 576 - 16 - 3 * 36 - 4 = 448.
        ("a a b b d c c c e d d a", "b a b b b c c c e d d d", 9, 0.75, 0.692),
    ],
)
def test_agreement_and_alpha_are_what_the_formula_gives(first, second, agreeing, share, alpha):
    coded = pairs(first, second)
    assert measure("kind", coded) == {
        **{"variable": "kind", "claims": len(coded), "agreeing": agreeing},
        **{"observed_agreement": share, "alpha": alpha},
    }


def test_alpha_does_not_depend_on_who_is_first_or_on_what_values_are_called():
    coded = pairs("a a b b d c c c e d d a", "b a b b b c c c e d d d")
    turned = [(second, first) for first, second in coded]
    renamed = [tuple("edcba"["abcde".index(value)] for value in pair) for pair in coded]
    assert measure("kind", turned) == measure("kind", renamed) == measure("kind", coded)


def first_coding(claim: str) -> dict[str, str]:
    with (ROOT / "data/press/claims.csv").open(encoding="utf-8", newline="") as file:
        [row] = [row for row in csv.DictReader(file) if row["id"] == claim]
    return {column: row[column] for column in ("kind", "checkable", "assessment")}


def rewrite(file: Path, rows: list[dict[str, str]]) -> None:
    """Leave these rows in a table, and no other."""
    columns = file.read_text(encoding="utf-8").partition("\n")[0].split(",")
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({"coder": CODER, **row} for row in rows)
    file.write_text(out.getvalue(), encoding="utf-8")


def check(claim: str, position: int, query: str, params: str, relation: str, stated: str, alternative: int = 0):
    values = {"claim_id": claim, "position": position, "query_name": query, "params": params}
    return {**values, "relation": relation, "stated": stated, "alternative": alternative}


ON_ES_11_7 = '{{"roll_call": "A-RES-ES-11-7", "member": "{}"}}'
CODINGS = [
    {"claim_id": US_VOTED_NO, **first_coding(US_VOTED_NO)},
    {"claim_id": SYRIA_VOTED_NO, **first_coding(SYRIA_VOTED_NO)},
    {"claim_id": STOPPED, "kind": "procedure", "checkable": "record", "assessment": "incomplete"},
    {"claim_id": UNCHECKABLE, **first_coding(UNCHECKABLE)},
    {"claim_id": AN_OPINION, "kind": "text", "checkable": "no", "assessment": "not_checkable"},
]
CODING_CHECKS = [
    check(US_VOTED_NO, 1, "how_voted", ON_ES_11_7.format("USA"), "is", "no"),
    check(SYRIA_VOTED_NO, 1, "how_voted", ON_ES_11_7.format("SYR"), "is", "abstain", 1),
    check(SYRIA_VOTED_NO, 2, "how_voted", ON_ES_11_7.format("SYR"), "is", "no", 1),
    check(STOPPED, 1, "how_voted", ON_ES_11_7.format("RUS"), "is_not", "yes"),
]


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    """The record of a project in which five claims have a second coding."""
    root = never_published(copy_project(tmp_path_factory.mktemp("twice") / "project"))
    rewrite(root / "data/press/codings.csv", CODINGS)
    rewrite(root / "data/press/coding_checks.csv", CODING_CHECKS)
    assert main(["-q"], root=root) == 0
    return sqlite3.connect(root / "build/site/record.db")


def test_the_second_coder_s_verdicts_follow_from_the_second_coder_s_checks(twice):
    sql = "select codings.claim_id, claims.verdict, codings.verdict from codings join claims on claims.id = claim_id"
    assert {claim: verdicts for claim, *verdicts in twice.execute(sql)} == {
        US_VOTED_NO: ["accurate", "accurate"],
        SYRIA_VOTED_NO: ["inaccurate", "ambiguous"],
        STOPPED: ["inaccurate", "imprecise"],
        UNCHECKABLE: ["not_checkable", "not_checkable"],
        AN_OPINION: [None, "not_checkable"],
    }


def test_the_second_coder_s_checks_say_what_was_found_and_where_to_ask_again(twice):
    sql = "select claim_id, position, found, agrees, url from coding_checks order by claim_id, position"
    address = "/record/how_voted?roll_call=A-RES-ES-11-7&member="
    assert twice.execute(sql).fetchall() == [
        (US_VOTED_NO, 1, "no", "yes", f"{address}USA"),
        (SYRIA_VOTED_NO, 1, "abstain", "yes", f"{address}SYR"),
        (SYRIA_VOTED_NO, 2, "abstain", "no", f"{address}SYR"),
        (STOPPED, 1, "no", "yes", f"{address}RUS"),
    ]


def test_what_a_claim_is_about_follows_from_its_own_checks_alone(twice):
    sql = "select member_id from claim_members where claim_id = ?"
    assert twice.execute(sql, [STOPPED]).fetchall() == []
    sql = "select roll_call_id from claim_roll_calls where claim_id = ?"
    assert twice.execute(sql, [STOPPED]).fetchall() == [("A-RES-ES-11-8",)]


def test_the_first_coding_s_verdicts_stay_as_they_were(twice, database):
    sql = "select id, verdict from claims order by id"
    assert twice.execute(sql).fetchall() == sqlite3.connect(database).execute(sql).fetchall()


def test_the_build_fills_the_reliability_table(twice):
    found = twice.execute("select * from reliability order by variable").fetchall()
    kinds = [(first_coding(row["claim_id"])["kind"], row["kind"]) for row in CODINGS]
    verdicts = [
        *(("accurate", "accurate"), ("inaccurate", "ambiguous"), ("inaccurate", "imprecise")),
        *(("not_checkable", "not_checkable"), ("none", "not_checkable")),
    ]
    expected = {"kind": measure("kind", kinds), "verdict": measure("verdict", verdicts)}
    assert [row[:4] for row in found] == [("checkable", 5, 5, 1.0), ("kind", 5, 3, 0.6), ("verdict", 5, 2, 0.4)]
    assert found[0][4] == 1.0
    assert [row[4] for row in found[1:]] == [expected["kind"]["alpha"], expected["verdict"]["alpha"]]
    # n 10, o 6; accurate 2, inaccurate 2, ambiguous 1, imprecise 1, not_checkable 3, none 1.
    assert found[2][4] == round(1 - 9 * 6 / (100 - 4 - 4 - 1 - 1 - 9 - 1), 4) == 0.325


def test_every_difference_is_listed(twice):
    sql = "select claim_id, variable, first_value, second_value, coder from coding_disagreements"
    assert twice.execute(sql).fetchall() == [
        (SYRIA_VOTED_NO, "verdict", "inaccurate", "ambiguous", CODER),
        (STOPPED, "kind", "outcome", "procedure", CODER),
        (STOPPED, "verdict", "inaccurate", "imprecise", CODER),
        (AN_OPINION, "kind", "opinion", "text", CODER),
        (AN_OPINION, "verdict", "none", "not_checkable", CODER),
    ]


def test_without_a_second_coding_nothing_is_built(project, capsys):
    for name in ("codings", "coding_checks"):
        rewrite(project / f"data/press/{name}.csv", [])
    assert main(["-q"], root=project) == 1
    said = capsys.readouterr().err
    for name in ("codings", "coding_checks"):
        assert f"data/press/{name}.csv: has a header and no rows\n" in said


def test_the_finished_table_measures_every_variable_by_every_second_coding(database):
    record = sqlite3.connect(database)
    [codings] = record.execute("select count(*) from codings").fetchone()
    found = record.execute("select variable, claims from reliability order by variable").fetchall()
    assert found == [(variable, codings) for variable in sorted(VARIABLES)]


def test_the_claims_coded_twice_are_those_that_the_codebook_draws():
    rows, _ = read_package(open_package(ROOT))
    drawn_from = {row["id"] for row in rows["articles"] if (row["coded_on"] or "9999") <= "2026-11-22"}
    claims = [row["id"] for row in rows["claims"] if row["article_id"] in drawn_from]
    twice = {row["claim_id"] for row in rows["codings"]}
    ranked = sorted(claims, key=lambda claim: hashlib.sha256(f"20261122 {claim}".encode()).hexdigest())
    assert len(twice) >= 150
    assert twice == set(ranked[: len(twice)])
