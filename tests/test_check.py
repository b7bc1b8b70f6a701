"""Check: what is found, whether it agrees, and the verdict that follows."""

import dataclasses
import json
import sqlite3
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from scripts.check import (
    RELATIONS,
    CheckError,
    question_problems,
    read_only,
    read_params,
    read_stated,
    run_checks,
    verdict,
    write_results,
)
from scripts.load import create_database, ddl, insert
from scripts.package import Field, Package, Row, Table
from scripts.queries import Query, query_url, read_metadata, read_queries
from tests.conftest import never_published

CHECKS = Table("checks", "Checks", "Checks.", (), "data/press/checks.csv", ("claim_id", "position"))


def agreement(folder: Path, kind: str, answer: str, relation: str, stated: str) -> tuple[str | None, str]:
    """What one check of a query with this answer (in SQL) finds, and whether that agrees."""
    path = folder / "empty.db"
    sqlite3.connect(path).close()
    query = Query("question", f"select {answer} as answer", {"type": kind}, {}, {})
    values = {"claim_id": "a-01", "position": 1, "query_name": "question", "params": "{}", "alternative": 0}
    row = Row(2, {**values, "relation": relation, "stated": stated})
    package = Package(folder, {}, {"checks": CHECKS}, {}, {}, {})
    [result], problems = run_checks(path, package, {"checks": [row]}, {"question": query})
    assert problems == []
    return result.found, result.agrees


# The type of the answer, the relation, the answer, what agrees with it, and what does not.
AGREEMENTS = [
    ("integer", "is", "93", ["93"], ["92", "94", "-93"]),
    ("integer", "is_not", "93", ["92"], ["93"]),
    ("integer", "at_least", "93", ["92", "93"], ["94"]),
    ("integer", "at_most", "93", ["93", "94"], ["92"]),
    ("integer", "more_than", "93", ["92"], ["93", "94"]),
    ("integer", "fewer_than", "93", ["94"], ["93", "92"]),
    ("integer", "between", "93", ["93..94", "92..93", "90..100", "93..93"], ["94..100", "80..92"]),
    ("integer", "about", "93", ["93±0", "90±3", "96±3"], ["90±2", "97±3"]),
    ("date", "is", "'2025-02-24'", ["2025-02-24"], ["2025-02-25", "2024-02-24"]),
    ("date", "is_not", "'2025-02-24'", ["2025-02-25"], ["2025-02-24"]),
    ("date", "at_least", "'2025-02-24'", ["2025-02-24", "2024-12-31"], ["2025-02-25"]),
    ("date", "at_most", "'2025-02-24'", ["2025-02-24", "2025-10-01"], ["2025-02-23"]),
    ("date", "more_than", "'2025-02-24'", ["2025-02-23"], ["2025-02-24"]),
    ("date", "fewer_than", "'2025-02-24'", ["2025-02-25"], ["2025-02-24"]),
    (
        "date",
        "between",
        "'2025-02-24'",
        ["2025-02-24..2025-02-28", "2025-02-01..2025-02-24"],
        ["2025-02-25..2025-03-01"],
    ),
    ("string", "is", "'no'", ["no"], ["yes", "No"]),
    ("string", "is_not", "'no'", ["yes"], ["no"]),
    ("boolean", "is", "'yes'", ["yes"], ["no"]),
    ("boolean", "is", "'no'", ["no"], ["yes"]),
    ("boolean", "is_not", "'yes'", ["no"], ["yes"]),
    ("list", "includes", """'["CHN", "RUS"]'""", ["RUS", "CHN"], ["USA", "RU", "CHN, RUS"]),
    ("list", "excludes", """'["CHN", "RUS"]'""", ["USA"], ["RUS"]),
    ("list", "includes", "'[]'", [], ["RUS"]),
    ("list", "excludes", "'[]'", ["RUS"], []),
]


@pytest.mark.parametrize(("kind", "relation", "answer", "agreeing", "differing"), AGREEMENTS)
def test_a_relation_says_yes_and_no(tmp_path, kind, relation, answer, agreeing, differing):
    assert [agreement(tmp_path, kind, answer, relation, stated)[1] for stated in agreeing] == ["yes"] * len(agreeing)
    assert [agreement(tmp_path, kind, answer, relation, stated)[1] for stated in differing] == ["no"] * len(differing)


def test_every_relation_is_tested_with_every_type_it_goes_with():
    assert {(kind, relation) for kind, relation, *_ in AGREEMENTS} == {
        (kind, relation) for kind, relations in RELATIONS.items() for relation in relations
    }


@pytest.mark.parametrize(
    ("kind", "relation", "stated"),
    [
        ("integer", "is", "93"),
        ("integer", "is_not", "93"),
        ("integer", "about", "93±5"),
        ("date", "between", "2025-02-01..2025-02-28"),
        ("string", "is_not", "no"),
        ("boolean", "is", "no"),
        ("boolean", "is_not", "yes"),
        ("list", "excludes", "RUS"),
    ],
)
def test_what_the_record_does_not_know_is_unknown_whatever_is_stated(tmp_path, kind, relation, stated):
    assert agreement(tmp_path, kind, "null", relation, stated) == (None, "unknown")


@pytest.mark.parametrize(
    ("kind", "answer", "relation", "stated", "found"),
    [
        ("integer", "0", "is", "0", "0"),
        ("boolean", "'yes'", "is", "yes", "yes"),
        ("boolean", "'no'", "is", "yes", "no"),
        ("string", "'not_a_member'", "is", "no", "not_a_member"),
        ("date", "'2025-02-24'", "is", "2025-02-24", "2025-02-24"),
        ("list", "'[\"RUS\"]'", "includes", "RUS", '["RUS"]'),
        ("list", "'[]'", "includes", "RUS", "[]"),
    ],
)
def test_what_was_found_is_shown_as_a_reader_would_write_it(tmp_path, kind, answer, relation, stated, found):
    assert agreement(tmp_path, kind, answer, relation, stated)[0] == found


NOT_FITTING = [
    (kind, relation)
    for kind, relations in sorted(RELATIONS.items())
    for relation in sorted(set().union(*RELATIONS.values()) - relations)
]


@pytest.mark.parametrize(("kind", "relation"), NOT_FITTING)
def test_a_relation_that_does_not_fit_the_answer_is_refused(kind, relation):
    with pytest.raises(CheckError, match=f"^{relation} does not go with an answer of type {kind}$"):
        read_stated({"type": kind}, relation, "1")


@pytest.mark.parametrize(
    ("kind", "relation", "stated"),
    [
        ("integer", "is", ""),
        ("integer", "is", "9.5"),
        ("integer", "is", "ninety"),
        ("integer", "is", "1,000"),
        ("integer", "between", "90"),
        ("integer", "between", "90..95..99"),
        ("integer", "between", "90-95"),
        ("integer", "about", "90"),
        ("integer", "about", "90±"),
        ("date", "is", "2025-02-30"),
        ("date", "is", "2025-2-3"),
        ("date", "is", "20250224"),
        ("integer", "between", "95..90"),
        ("integer", "about", "90±-1"),
        ("date", "between", "2025-02-28..2025-02-01"),
        ("date", "between", "2025-02-01..2025-02-30"),
        ("boolean", "is", "true"),
        ("boolean", "is", "1"),
        ("boolean", "is", "YES"),
    ],
)
def test_a_stated_value_of_the_wrong_form_is_refused(kind, relation, stated):
    with pytest.raises(CheckError) as caught:
        read_stated({"type": kind}, relation, stated)
    assert caught.value.field == "stated"


@pytest.mark.parametrize(
    "text", ["", "[]", '"a"', "null", '{"vote": 1}', '{"vote": null}', '{"vote": ["yes"]}', "{vote}"]
)
def test_parameters_are_a_json_object_of_texts(text):
    with pytest.raises(CheckError) as caught:
        read_params(text, Query("question", "", {}, {"vote": {"form": "date"}}, {}))
    assert caught.value.field == "params"


YES, NO, UNKNOWN = ("yes", False), ("no", False), ("unknown", False)
ONE_YES, ONE_NO, ONE_UNKNOWN = ("yes", True), ("no", True), ("unknown", True)


@pytest.mark.parametrize(
    ("assessment", "checks", "expected"),
    [
        ("complete", [YES], "accurate"),
        ("complete", [YES, YES, YES], "accurate"),
        ("incomplete", [YES], "imprecise"),
        ("complete", [NO], "inaccurate"),
        ("incomplete", [NO], "inaccurate"),
        ("complete", [YES, NO], "inaccurate"),
        ("complete", [UNKNOWN, NO], "inaccurate"),
        ("complete", [UNKNOWN], "undetermined"),
        ("incomplete", [YES, UNKNOWN], "undetermined"),
        # Readings of a word that the claim leaves open.
        ("complete", [ONE_YES, ONE_YES], "accurate"),
        ("incomplete", [ONE_YES, ONE_YES], "imprecise"),
        ("complete", [ONE_NO, ONE_NO], "inaccurate"),
        ("complete", [ONE_YES, ONE_NO], "ambiguous"),
        ("complete", [ONE_NO, ONE_YES], "ambiguous"),
        ("incomplete", [ONE_YES, ONE_NO], "ambiguous"),
        ("complete", [ONE_YES, ONE_NO, ONE_UNKNOWN], "ambiguous"),
        ("complete", [ONE_YES, ONE_UNKNOWN], "undetermined"),
        ("complete", [ONE_NO, ONE_UNKNOWN], "undetermined"),
        ("complete", [ONE_UNKNOWN, ONE_UNKNOWN], "undetermined"),
        # Readings beside checks of what the claim says outright.
        ("complete", [YES, ONE_YES, ONE_YES], "accurate"),
        ("complete", [YES, ONE_YES, ONE_NO], "ambiguous"),
        ("complete", [YES, ONE_NO, ONE_NO], "inaccurate"),
        ("complete", [NO, ONE_YES, ONE_NO], "inaccurate"),
        ("complete", [UNKNOWN, ONE_YES, ONE_NO], "undetermined"),
        ("complete", [UNKNOWN, ONE_NO, ONE_NO], "inaccurate"),
        # Without checks.
        ("accurate_elsewhere", [], "accurate_elsewhere"),
        ("inaccurate_elsewhere", [], "inaccurate_elsewhere"),
        ("not_checkable", [], "not_checkable"),
        ("awaits_record", [], "undetermined"),
    ],
)
def test_the_verdict_is_the_first_rule_that_fits(assessment, checks, expected):
    assert verdict("vote", assessment, checks) == expected


@pytest.mark.parametrize("kind", ["opinion", "prediction"])
def test_an_opinion_has_no_verdict(kind):
    assert verdict(kind, "not_checkable", []) is None


@pytest.mark.parametrize(
    "kind", ["tally", "outcome", "procedure", "text", "sponsor", "membership", "chronology", "attribution"]
)
def test_every_other_kind_of_claim_has_a_verdict(kind):
    assert verdict(kind, "complete", [YES]) == "accurate"


@pytest.mark.parametrize(
    "statement",
    [
        "insert into redirects values ('a', 'b', 'c', 'd')",
        "update votes set vote = 'yes'",
        "delete from votes",
        "replace into redirects values ('a', 'b', 'c', 'd')",
        "drop table votes",
        "drop view votes_named",
        "create table more (a)",
        "create temp table more (a)",
        "create view more as select 1",
        "create trigger more after insert on votes begin select 1; end",
        "alter table votes rename to ballots",
        "reindex",
        "analyze",
        "vacuum into 'copy.db'",
        "attach 'other.db' as other",
        "pragma query_only = off",
        "pragma writable_schema = on",
        "pragma table_info(votes)",
        "select * from pragma_table_info('votes')",
        "begin",
        "savepoint a",
        "select load_extension('more')",
    ],
)
def test_a_check_can_do_nothing_but_read(database, tmp_path, monkeypatch, statement):
    monkeypatch.chdir(tmp_path)
    before = database.read_bytes()
    with pytest.raises(sqlite3.DatabaseError):
        read_only(database).execute(statement).fetchall()
    assert database.read_bytes() == before
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "statement",
    [
        "select count(*) from votes",
        "select vote, count(*) from votes_named group by vote order by 2",
        "with recursive n (i) as (select 1 union all select i + 1 from n where i < 1000) select sum(i) from n",
        "select json_group_array(id) from members",
    ],
)
def test_a_check_can_read(database, statement):
    assert read_only(database).execute(statement).fetchall()


def test_a_database_that_is_not_there_is_not_made(tmp_path):
    with pytest.raises(sqlite3.OperationalError):
        read_only(tmp_path / "none.db").execute("select 1")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def checks(database):
    """Every check of the finished record, with what was found."""
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    return connection.execute("select * from checks").fetchall()


def test_every_check_has_an_answer_or_is_unknown(checks):
    for check in checks:
        assert (check["found"] is None) == (check["agrees"] == "unknown")
        assert check["agrees"] in ("yes", "no", "unknown")


def test_the_address_of_a_check_asks_what_the_check_asked(checks):
    for check in checks:
        address = urlsplit(check["url"])
        assert address.path == f"/record/{check['query_name']}"
        assert dict(parse_qsl(address.query)) == json.loads(check["params"])


def test_an_address_keeps_what_would_break_it():
    params = {"a": "S/RES/2774 (2025)", "b": "x&y=z", "c": "Côte d\u2019Ivoire"}
    assert dict(parse_qsl(urlsplit(query_url("question", params)).query)) == params
    assert query_url("question", {}) == "/record/question"


def test_asking_the_finished_record_again_finds_the_same(database, built_project, checks):
    connection = read_only(database)
    queries = read_queries(read_metadata(built_project))
    for check in checks:
        answer = connection.execute(queries[check["query_name"]].sql, json.loads(check["params"])).fetchone()[0]
        assert check["found"] == (None if answer is None else str(answer))


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("sociose-2025-03-02-02", "accurate"),
        ("sociose-2025-03-02-09", "inaccurate"),
        ("tagtik-2025-06-23-05", "inaccurate"),
        ("world-today-news-2025-02-47", "inaccurate"),
        ("unidentified-d96f1ded-02", "ambiguous"),
        ("county-local-news-2025-06-21-20", "imprecise"),
        ("world-today-news-2025-02-49", "accurate"),
        ("world-today-news-2025-02-25", "inaccurate_elsewhere"),
        ("world-today-news-2025-02-35", "accurate_elsewhere"),
        ("world-today-news-2025-02-38", "not_checkable"),
        ("world-today-news-2025-02-48", None),
    ],
)
def test_known_claims_have_the_verdict_that_the_record_gives(database, claim, expected):
    found = sqlite3.connect(database).execute("select verdict from claims where id = ?", [claim]).fetchone()
    assert found == (expected,)


def test_only_opinions_and_predictions_have_no_verdict(database):
    sql = "select distinct kind from claims where verdict is null"
    assert {row[0] for row in sqlite3.connect(database).execute(sql)} <= {"opinion", "prediction"}
    sql = "select count(*) from claims where verdict is not null and kind in ('opinion', 'prediction')"
    assert sqlite3.connect(database).execute(sql).fetchone() == (0,)


@pytest.mark.parametrize(
    ("table", "column", "names"),
    [
        ("claim_roll_calls", "roll_call_id", {"roll_call", "roll_call_a", "roll_call_b"}),
        ("claim_members", "member_id", {"member", "member_a", "member_b"}),
        ("claim_resolutions", "resolution_id", {"resolution"}),
    ],
)
def test_a_claim_is_about_what_its_checks_name(database, checks, table, column, names):
    expected = {
        (check["claim_id"], value)
        for check in checks
        for name, value in json.loads(check["params"]).items()
        if name in names
    }
    found = sqlite3.connect(database).execute(f"select claim_id, {column} from {table}").fetchall()  # noqa: S608
    assert set(found) == expected
    assert len(found) == len(expected) > 0


# --- the checks of a second coding ---

SECOND = Table(
    "coding_checks", "Checks", "Checks.", (), "data/press/coding_checks.csv", ("claim_id", "coder", "position")
)
BOTH = {"checks": CHECKS, "coding_checks": SECOND}
ANSWERS_93 = Query("question", "select 93 as answer", {"type": "integer"}, {}, {})
BY_WORD = Query("by_word", "select 93 as answer where :vote <> ''", {"type": "integer"}, {"vote": {"form": "date"}}, {})
VOCABULARY = {"question": ANSWERS_93, "by_word": BY_WORD}


def check_row(number: int, **values: str | int) -> Row:
    usual = {"claim_id": "a-01", "position": 1, "query_name": "question", "params": "{}", "alternative": 0}
    return Row(number, {**usual, "relation": "is", "stated": "93", **values})


@pytest.fixture
def both(tmp_path):
    """A package of the two tables of checks and of what they check, and a database that has them."""
    coded = (Field("kind", "", ""), Field("assessment", "", ""), Field("verdict", "", "", computed=True))
    check = tuple(Field(name, "", "") for name in ("query_name", "params"))
    check += tuple(Field(name, "", "", computed=True) for name in ("found", "agrees", "url"))
    key = (Field("claim_id", "", ""), Field("coder", "", ""))
    position = Field("position", "", "", "integer")
    tables = {
        "claims": Table("claims", "", "", (Field("id", "", ""), *coded), "claims.csv", ("id",)),
        "codings": Table("codings", "", "", (*key, *coded), "codings.csv", ("claim_id", "coder")),
        "checks": dataclasses.replace(CHECKS, fields=(key[0], position, *check)),
        "coding_checks": dataclasses.replace(SECOND, fields=(*key, position, *check)),
    }
    about = ("roll_calls", "members", "resolutions")
    derived = {
        f"claim_{subject}": Table(
            f"claim_{subject}",
            "",
            "",
            (key[0], Field(f"{subject.removesuffix('s')}_id", "", "")),
            None,
            ("claim_id", f"{subject.removesuffix('s')}_id"),
        )
        for subject in about
    }
    database = create_database(tmp_path / "small.db")
    for table in [*tables.values(), *derived.values()]:
        database.execute(ddl(table))
    return Package(tmp_path, {}, tables, derived, {}, {}), database


def test_the_checks_of_both_codings_are_run(tmp_path):
    sqlite3.connect(tmp_path / "empty.db").close()
    package = Package(tmp_path, {}, BOTH, {}, {}, {})
    second = [check_row(2, coder="b"), check_row(3, coder="b", position=2, stated="92", alternative=1)]
    rows = {"checks": [check_row(2)], "coding_checks": second}
    results, problems = run_checks(tmp_path / "empty.db", package, rows, VOCABULARY)
    assert problems == []
    assert [(result.table, result.key, result.agrees, result.alternative) for result in results] == [
        ("checks", ("a-01", 1), "yes", False),
        ("coding_checks", ("a-01", "b", 1), "yes", False),
        ("coding_checks", ("a-01", "b", 2), "no", True),
    ]


def test_a_table_of_checks_that_could_not_be_read_is_passed_over(tmp_path):
    package = Package(tmp_path, {}, BOTH, {}, {}, {})
    wrong = check_row(5, coder="b", query_name="who_won")
    assert question_problems(package, {}, VOCABULARY) == []
    assert len(question_problems(package, {"coding_checks": [wrong]}, VOCABULARY)) == 1
    assert question_problems(package, {"checks": [check_row(2)]}, VOCABULARY) == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"query_name": "who_won"}, "query_name"),
        ({"params": '{"vote": "yes"}'}, "params"),
        ({"params": "{}", "query_name": "by_word"}, "params"),
        ({"params": '{"vote": "yes"}', "query_name": "by_word"}, "params"),
        ({"relation": "includes"}, "relation"),
        ({"stated": "many"}, "stated"),
    ],
)
@pytest.mark.parametrize("table", ["checks", "coding_checks"])
def test_a_wrong_check_of_either_coding_is_reported_where_it_stands(tmp_path, table, values, field):
    sqlite3.connect(tmp_path / "empty.db").close()
    package = Package(tmp_path, {}, BOTH, {}, {}, {})
    rows = {"checks": [], "coding_checks": []} | {table: [check_row(2, coder="b"), check_row(7, coder="b", **values)]}
    results, problems = run_checks(tmp_path / "empty.db", package, rows, VOCABULARY)
    assert [(problem.file, problem.row, problem.field) for problem in problems] == [
        (f"data/press/{table}.csv", 7, field)
    ]
    assert [result.table for result in results] == [table]
    assert question_problems(package, rows, VOCABULARY) == problems


def test_a_verdict_follows_from_the_checks_of_its_own_coding(both):
    package, database = both
    coded = {"kind": "vote", "assessment": "complete"}
    rows = {
        "claims": [Row(2, {"id": "a-01", **coded}), Row(3, {"id": "a-02", **coded, "kind": "opinion"})],
        "codings": [Row(2, {"claim_id": "a-01", "coder": name, **coded}) for name in ("b", "c")],
        "checks": [check_row(2)],
        "coding_checks": [
            check_row(2, coder="b", stated="92"),
            check_row(3, coder="c", alternative=1),
            check_row(4, coder="c", position=2, stated="92", alternative=1),
        ],
    }
    for name, table in package.tables.items():
        insert(database, table, (row.values for row in rows[name]))
    database.conn.commit()
    results, problems = run_checks(package.root / "small.db", package, rows, VOCABULARY)
    assert problems == []
    assert write_results(database, package, rows, results) == {"accurate": 1}
    assert database.execute("select id, verdict from claims order by id").fetchall() == [
        ("a-01", "accurate"),
        ("a-02", None),
    ]
    assert database.execute("select coder, verdict from codings order by coder").fetchall() == [
        ("b", "inaccurate"),
        ("c", "ambiguous"),
    ]
    assert database.execute("select coder, position, agrees from coding_checks order by 1, 2").fetchall() == [
        ("b", 1, "no"),
        ("c", 1, "yes"),
        ("c", 2, "no"),
    ]
    assert database.execute("select agrees, found, url from checks").fetchall() == [("yes", "93", "/record/question")]


def test_the_build_reports_a_wrong_check_of_a_second_coding(project, build):
    never_published(project)
    claim = "sociose-2025-03-02-02"
    for name, cells in (
        ("codings", f"{claim},coder T,vote,record,complete"),
        ("coding_checks", f'{claim},coder T,1,how_voted,"{{""roll_call"": ""A-RES-ES-11-7""}}",is,no,0'),
    ):
        path = project / f"data/press/{name}.csv"
        path.write_text(f"{path.read_text(encoding='utf-8').partition(chr(10))[0]}\n{cells}\n", encoding="utf-8")
    code, said = build(project, "--validate")
    assert code == 1
    reason = "how_voted takes roll_call, member, not roll_call"
    assert said == f"data/press/coding_checks.csv, row 2, field params: {reason}\n1 problem; nothing was built\n"
