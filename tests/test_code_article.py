"""Coding an article: the text cut up, what is asked, what is kept, and the rows that are written or not."""

import codecs
import csv
import hashlib
import io
import json
import os
import pty
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from conftest import add_row, copy_project

from scripts import build
from scripts.code_article import (
    LONGEST_QUOTE_CHARACTERS,
    Coder,
    Draft,
    StopCodingError,
    article_key,
    locate,
    main,
    sentences,
    slug,
)
from scripts.locators import verify_locators
from scripts.package import open_package
from scripts.read import read_package
from scripts.tidy import untidy_files
from scripts.validate import validate

TEXT = (
    "The resolution was adopted — by 93 votes.\n"
    "The United States voted against the resolution. Kyiv hopes that “all will end well.”\n"
    "\n"
    "The envoy flew home.\n"
)
PRESS = ("outlets", "articles", "claims", "checks")
NEW_OUTLET = ["Daily Planet", "newspaper", "USA", "en", "planet.example"]
KNOWN_OUTLET = ["tagtik"]
ARTICLE = ["How they voted", "", "2025-02-25", "en", "https://planet.example/vote", "full_text", "broad_sample"]
CHECK = ["how_voted", "A-RES-ES-11-7", "USA", "is", "no", "no", "yes"]
VOTE = ["2", "voted against", "The United States voted against A/RES/ES-11/7.", "vote", "", "", "record"]
VOTE += [*CHECK, "", "complete", ""]
TALLY = ["1", "adopted — by 93 votes", "A/RES/ES-11/7 was adopted with 90 votes.", "tally", "", "tagtik", "record"]
TALLY += ["outcome", "A-RES-ES-11-7", "is", "adopted", "no", "yes"]
TALLY += ["vote_count", "A-RES-ES-11-7", "yes", "is", "90", "no", "yes"]
TALLY += ["", "incomplete", "It leaves out the rest."]
OPINION = ["3", "all will end well", "All will end well.", "opinion", "Kyiv", "", ""]
ELSEWHERE = ["4", "The envoy flew home.", "The envoy flew home.", "procedure", "", "", "elsewhere"]
ELSEWHERE += ["accurate_elsewhere", "", "112-57401"]
FINISHED = [""]


# --- the text ---


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It passed. It failed! Did it? Perhaps… So.", ["It passed.", "It failed!", "Did it?", "Perhaps…", "So."]),
        ("It rose by 9.5 to 1.000 on un.org.", ["It rose by 9.5 to 1.000 on un.org."]),
        ("A/RES/ES-11/7 of the U.N. passed.", ["A/RES/ES-11/7 of the U.N.", "passed."]),
        ("Well... yes.", ["Well...", "yes."]),
        ("A headline\nA line. Another\n\n\n  the last  \n", ["A headline", "A line.", "Another", "the last"]),
        ("One.\r\nTwo\r\nthree.\r\n", ["One.", "Two", "three."]),
        ("“It is so.” He left. (He came.) «Да.» Yes.", ["“It is so.”", "He left.", "(He came.)", "«Да.»", "Yes."]),
        ('He said "no." Then "yes!"', ['He said "no."', 'Then "yes!"']),
        (
            "决议通过。美国反对\uff01是吗\uff1f「不。」他说",
            ["决议通过。", "美国反对\uff01", "是吗\uff1f", "「不。」", "他说"],
        ),
        ("no full stop", ["no full stop"]),
        ("", []),
        (" \n\t\n", []),
    ],
)
def test_a_text_is_cut_into_sentences(text, words):
    found = sentences(text)
    assert [sentence.words for sentence in found] == words
    assert [sentence.number for sentence in found] == list(range(1, len(words) + 1))
    assert all(text.startswith(sentence.words, sentence.start) for sentence in found)


def at(text: str, number: int, quote: str) -> tuple[int, int]:
    return locate(text, sentences(text)[number - 1], quote)


TWELVE = "one two three four five six seven eight nine ten eleven twelve"


@pytest.mark.parametrize(
    ("text", "number", "quote", "place"),
    [
        ("They voted. They voted no.", 1, "voted", (5, 10)),
        ("They voted. They voted no.", 2, "voted", (17, 22)),
        ("They voted. They voted no.", 2, "They voted no.", (12, 26)),
        ("no, no and no", 1, "no", (0, 2)),
        ("ÄÖ 😀 São Tomé", 1, "São Tomé", (5, 13)),
        ("决议通过。美国反对。", 2, "反对", (7, 9)),
        (f"So {TWELVE} thirteen.", 1, TWELVE, (3, 3 + len(TWELVE))),
        ("x" * 161, 1, "x" * 160, (0, 160)),
        ("They voted yes. They voted no. He stayed.", 2, "no. He", (27, 33)),
        ("The U.S. voted against it.", 1, "U.S. voted against", (4, 22)),
    ],
)
def test_a_quote_begins_in_its_sentence_and_not_before_and_may_end_after_it(text, number, quote, place):
    assert at(text, number, quote) == place
    assert text[slice(*place)] == quote


@pytest.mark.parametrize(
    ("quote", "reason"),
    [
        ("", "a quote is some words"),
        (" voted", "without blanks at its ends"),
        ("voted ", "without blanks at its ends"),
        (f"{TWELVE} more", "it is too long; a quote has at most 12 words and 160 characters"),
        ("x" * 161, "it is too long; a quote has at most 12 words and 160 characters"),
        ("- no", "a spreadsheet would run it as a formula"),
        ("=1", "a spreadsheet would run it as a formula"),
        ("Voted no", "it does not begin in sentence 2 so, letter for letter"),
        ("voted yes", "it does not begin in sentence 2"),
        ("yes. They", "it does not begin in sentence 2"),
        ("stayed", "it does not begin in sentence 2"),
    ],
)
def test_a_quote_that_is_none_is_refused_with_the_reason(quote, reason):
    with pytest.raises(ValueError, match=reason):
        at("They voted yes. They voted no. He stayed.", 2, quote)


def test_the_longest_quote_is_the_longest_that_the_schema_allows():
    quote = open_package(build.ROOT).field("claims.quote")
    assert quote.constraints["maxLength"] == LONGEST_QUOTE_CHARACTERS


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Le Monde", "le-monde"),
        ("112.ua", "112-ua"),
        ("  The Times (of London) ", "the-times-of-london"),
        ("County Local News", "county-local-news"),
        ("A & B -- C", "a-b-c"),
        ("Nación321", "nacion321"),
        ("Правда", ""),
    ],
)
def test_a_slug_is_small_letters_and_digits_with_single_hyphens(name, key):
    assert slug(name) == key


@pytest.mark.parametrize(
    ("published_on", "taken", "key"),
    [
        ("2025-02-24", set(), "daily-2025-02-24"),
        ("2025-02", {"daily-2025-02-24", "other-2025-02"}, "daily-2025-02"),
        ("", set(), "daily"),
        ("2025-02-24", {"daily-2025-02-24"}, "daily-2025-02-24-2"),
        ("2025-02-24", {"daily-2025-02-24", "daily-2025-02-24-2"}, "daily-2025-02-24-3"),
        ("2025-02-24", {"daily-2025-02-24-2"}, "daily-2025-02-24"),
        ("", {"daily"}, "daily-2"),
    ],
)
def test_an_article_gets_a_number_only_where_its_key_is_taken(published_on, taken, key):
    assert article_key("daily", published_on, taken) == key


# --- the draft ---


def test_a_draft_is_what_was_kept_and_empty_for_another_text(tmp_path):
    draft = Draft.open(tmp_path / "coding", "a" * 64)
    assert (draft.outlet, draft.article, draft.claims) == ({}, {}, [])
    assert not (tmp_path / "coding").exists()
    draft.article["id"] = "daily"
    draft.claims.append({"quote": "“没有”"})
    draft.keep()
    again = Draft.open(tmp_path / "coding", "a" * 64)
    assert (again.outlet, again.article, again.claims) == ({}, {"id": "daily"}, [{"quote": "“没有”"}])
    assert Draft.open(tmp_path / "coding", "b" * 64).claims == []
    assert [path.name for path in (tmp_path / "coding").iterdir()] == [f"{'a' * 16}.json"]


# --- questions ---


@dataclass
class Script:
    """Somebody who answers in order and then has gone; remembers what was asked and said."""

    answers: Iterator[str | type[BaseException]]
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, *answers: str | type[BaseException]) -> "Script":
        return cls(iter(answers))

    def ask(self, question: str) -> str:
        self.asked.append(question.removesuffix(": "))
        answer = next(self.answers, EOFError)
        if isinstance(answer, str):
            return answer
        raise answer

    def say(self, text: str) -> None:
        self.said.append(text)

    def used_up(self) -> bool:
        return next(self.answers, None) is None


@pytest.fixture(scope="module")
def idle(built_project: Path) -> Coder:
    """A session over the built project in which nothing is asked yet; nothing is written from it."""
    return Coder(built_project, TEXT, Draft(built_project / "no-draft.json"), input, print)


@pytest.fixture
def session(idle: Coder, tmp_path: Path) -> Callable[..., tuple[Coder, Script]]:
    """That session with an empty draft and somebody who answers so."""

    def begin(*answers: str | type[BaseException]) -> tuple[Coder, Script]:
        script = Script.of(*answers)
        idle.draft, idle._ask, idle.say = Draft(tmp_path / "draft.json"), script.ask, script.say
        return idle, script

    return begin


def test_what_is_not_allowed_is_asked_again(session):
    coder, script = session("", "maybe", "YES", "?", " yes ")
    assert coder.ask("Keep it?", ["yes", "no"]) == "yes"
    assert script.asked == ["Keep it?"] * 5
    assert script.said == ["This cannot be empty.", "Not one of: yes, no", "Not one of: yes, no", "yes, no"]


def test_nothing_is_an_answer_where_none_is_needed(session):
    coder, script = session("?", "", "?", "a")
    assert coder.ask("Byline", needed=False) == ""
    assert coder.ask("Title") == "a"
    assert script.said == ["Any text, or nothing.", "Any text."]


def test_stop_stops_at_any_question(session):
    coder, _ = session("stop")
    with pytest.raises(StopCodingError):
        coder.ask("Keep it?", ["yes", "no"])


@pytest.mark.parametrize(
    ("column", "wrong", "reason", "right"),
    [
        ("articles.published_on", "24 February", "Not of the right form. Day of publication", "2025-02"),
        ("articles.published_on", "2025-02-24 ca.", "Not of the right form.", ""),
        ("articles.language", "eng", "Not of the right form.", "en"),
        ("articles.url", "planet.example", "Not of the right form.", "https://planet.example"),
        ("articles.author", "a" * 121, "Longer than 120 characters.", "a" * 120),
        ("articles.seen", "all", "Not one of: full_text, opening, not_seen", "opening"),
        ("articles.published_on", "2025-02-30", "There is no such day.", "2025-02-28"),
        ("articles.title", "=1+1", "A spreadsheet would run this as a formula", "1+1"),
        ("claims.claim", "", "This cannot be empty.", "It passed."),
        ("claims.kind", "figure", "Not one of: tally, vote,", "tally"),
    ],
)
def test_a_column_takes_only_what_its_schema_allows(session, column, wrong, reason, right):
    coder, script = session(wrong, right)
    assert coder.ask_column(column, "It is") == right
    assert len(script.said) == 1
    assert script.said[0].startswith(reason)


def test_a_question_mark_lists_the_values_of_a_column(session):
    coder, script = session("?", "elsewhere")
    coder.ask_column("claims.checkable", "checkable")
    assert script.said == ["record, record_later, elsewhere, no"]


def test_a_parameter_that_is_a_key_is_one_of_the_keys(session):
    wrong, right = ["A-RES-ES-11-9999", "A-RES-ES-11-7"], ["America", "?", "USA"]
    coder, script = session("how_voted", *wrong, *right, *CHECK[3:], "")
    [check] = coder._ask_checks()
    assert json.loads(check["params"]) == {"roll_call": "A-RES-ES-11-7", "member": "USA"}
    unknown_roll_call, unknown_member, members = script.said[-4:-1]
    assert unknown_roll_call.startswith("Not one of: A-73-PV-3-vote-1, ")
    assert unknown_member.startswith("Not one of: AFG, AGO, ")
    assert members.startswith("AFG, AGO, ")
    assert "USA" in members.split(", ")


def test_a_parameter_that_is_a_word_is_one_of_the_words(session):
    coder, script = session("vote_count", "A-RES-ES-11-7", "for", "yes", "more_than", "90", "no", "yes", "")
    [check] = coder._ask_checks()
    assert json.loads(check["params"])["vote"] == "yes"
    assert "Not one of: yes, no, abstain, not_voting" in script.said


@pytest.mark.parametrize(
    ("check", "reason"),
    [
        (["vote_count", "A-RES-ES-11-7", "yes", "is", "ninety", "no"], 'stated: "ninety" is not a whole number'),
        (["vote_date", "A-RES-ES-11-7", "is", "2025-02-30", "no"], 'stated: "2025-02-30" is not a date'),
        (["in_bloc", "FRA", "EU", "yesterday", "is", "yes", "no"], 'params: date "yesterday" is not a date'),
    ],
)
def test_a_check_that_cannot_be_asked_is_refused_with_the_reason(session, check, reason):
    coder, script = session(*check, *CHECK, "")
    [kept] = coder._ask_checks()
    assert kept["query_name"] == "how_voted"
    assert f"Cannot be asked: {reason}." in script.said


def test_a_relation_is_one_that_fits_the_answer(session):
    coder, script = session(
        "how_voted", "A-RES-ES-11-7", "USA", "more_than", "is_not", "against", "no", "no", "yes", ""
    )
    [check] = coder._ask_checks()
    assert (check["relation"], check["stated"], check["agrees"]) == ("is_not", "no", "no")
    assert "Not one of: is, is_not" in script.said
    assert "Not one of: yes, no, abstain, not_voting, not_a_member" in script.said


def test_a_check_is_run_on_the_spot_and_kept_only_if_the_coder_says_so(session):
    tried = ["how_voted", "A-RES-ES-11-7", "SYR", "is", "no", "no", "no"]
    coder, script = session(*tried, "", *CHECK, "")
    checks = coder._ask_checks()
    assert [(check["params"], check["alternative"], check["agrees"]) for check in checks] == [
        ('{"roll_call": "A-RES-ES-11-7", "member": "USA"}', 0, "yes")
    ]
    assert "The record: abstain. Agrees: no." in script.said
    assert "The record: no. Agrees: yes." in script.said
    assert "This cannot be empty." in script.said, "a claim that the record answers has a check"
    assert script.used_up()


def test_one_alternative_alone_is_not_left(session):
    readings = [*CHECK[:5], "yes", "yes"], [*CHECK[:4], "abstain", "yes", "yes"]
    coder, script = session(*readings[0], "", *readings[1], "")
    assert [(check["alternative"], check["agrees"]) for check in coder._ask_checks()] == [(1, "yes"), (1, "no")]
    assert script.said[-3:-1] == ["The record: no. Agrees: yes.", "This cannot be empty."]
    assert script.used_up()


def test_every_predicate_is_named_with_its_parameters(session):
    coder, script = session(*CHECK, "")
    coder._ask_checks()
    assert {"  how_voted(roll_call, member)", "  vote_count(roll_call, vote)"} <= set(script.said)
    assert not any("contradicted_claims" in line for line in script.said)


def test_a_quote_is_asked_for_until_it_stands_there(session):
    coder, script = session("Voted", "", "envoy", "voted against")
    assert coder._ask_quote(coder.sentences[1]) == ("voted against", 60, 73)
    assert [line for line in script.said if line.startswith("Not taken: it does not begin in sentence 2")] == [
        "Not taken: it does not begin in sentence 2 so, letter for letter."
    ] * 2


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ([*VOTE[1:-2], "incomplete"], "imprecise"),
        ([*VOTE[1:12], "yes", "yes", *CHECK[:4], "abstain", "yes", "yes", "", "complete"], "ambiguous"),
        ([*ELSEWHERE[1:7], "inaccurate_elsewhere"], "inaccurate_elsewhere"),
    ],
)
def test_a_rationale_is_asked_for_until_it_is_given_where_the_codebook_asks_for_one(session, answers, verdict):
    coder, script = session(*answers, "", "A reason.", *ELSEWHERE[-1:])
    cells = coder.code_claim(coder.sentences[3 if "elsewhere" in answers else 1])
    assert cells["rationale"] == "A reason."
    assert script.asked.count("rationale") == 2
    assert script.said[-2:] == ["This cannot be empty.", f"Verdict: {verdict}"]


@pytest.mark.parametrize("kind", ["opinion", "prediction"])
def test_an_opinion_is_asked_for_no_check_assessment_or_source(session, kind):
    coder, script = session(*OPINION[1:3], kind, *OPINION[4:])
    cells = coder.code_claim(coder.sentences[2])
    assert script.asked == [
        *("Quote, as it stands there", "The claim, in your own words"),
        *("kind", "said_by", "credited_to", "rationale"),
    ]
    assert (cells["checkable"], cells["assessment"], cells["checks"]) == ("no", "not_checkable", [])
    assert (cells["source_id"], cells["said_by"]) == ("", "Kyiv")
    assert script.said == ["Verdict: none"]


def test_what_is_checked_elsewhere_needs_a_source_that_is_known(session):
    answers = [*ELSEWHERE[1:7], "complete", "accurate_elsewhere", "", "", "my notes", "112-57401"]
    coder, script = session(*answers)
    cells = coder.code_claim(coder.sentences[3])
    assert (cells["assessment"], cells["source_id"], cells["checks"]) == ("accurate_elsewhere", "112-57401", [])
    assert "Not one of: accurate_elsewhere, inaccurate_elsewhere" in script.said
    assert "This cannot be empty." in script.said
    assert script.said[-1] == "Verdict: accurate_elsewhere"
    assert not any("how_voted" in line for line in script.said)


@pytest.mark.parametrize(
    ("checkable", "assessment", "verdict"),
    [("no", "not_checkable", "not_checkable"), ("record_later", "awaits_record", "undetermined")],
)
def test_where_one_assessment_fits_it_is_not_asked(session, checkable, assessment, verdict):
    coder, script = session(*ELSEWHERE[1:6], checkable, "")
    cells = coder.code_claim(coder.sentences[3])
    assert (cells["checkable"], cells["assessment"]) == (checkable, assessment)
    assert "assessment" not in script.asked
    assert script.said == [f"Verdict: {verdict}"]


def test_the_sentence_of_a_claim_is_one_that_was_shown(session):
    coder, script = session("5", "0", "second", "?", "")
    coder.code_claims()
    assert script.said == [
        "[1] The resolution was adopted — by 93 votes.",
        "[2] The United States voted against the resolution.",
        "[3] Kyiv hopes that “all will end well.”",
        "[4] The envoy flew home.",
        "0 claims so far.",
        *["Not one of: 1, 2, 3, 4"] * 3,
        "1, 2, 3, 4",
    ]


def test_an_outlet_that_exists_is_not_asked_for_again(session):
    coder, script = session(*KNOWN_OUTLET, *ARTICLE)
    coder.code_article("coder T")
    assert script.asked[1] == "title"
    assert coder.draft.outlet == {}
    assert (coder.draft.article["id"], coder.draft.article["outlet_id"]) == ("tagtik-2025-02-25", "tagtik")
    for name, key in (("Tagtik", "tagtik"), ("Agence France-Presse", "afp")):
        coder, script = session(name, *ARTICLE)
        coder.code_article("coder T")
        assert (coder.draft.outlet, coder.draft.article["outlet_id"]) == ({}, key)


def test_why_an_article_was_chosen_is_asked_for_until_it_is_given(session):
    coder, script = session(*KNOWN_OUTLET, *ARTICLE[:-1], "", ARTICLE[-1])
    coder.code_article("coder T")
    assert script.asked[-2:] == ["chosen_for"] * 2
    assert script.said == ["This cannot be empty."]
    assert coder.draft.article["chosen_for"] == "broad_sample"


def test_an_article_of_the_same_outlet_and_day_gets_a_number(session):
    coder, _ = session(*KNOWN_OUTLET, *ARTICLE[:2], "2025-06-23", *ARTICLE[3:])
    coder.code_article("coder T")
    assert coder.draft.article["id"] == "tagtik-2025-06-23-2"


# --- whole runs ---


@pytest.fixture
def ready(project: Path, built_project: Path) -> Path:
    """A copy of the project with its site built, to add to."""
    shutil.copytree(built_project / "build", project / "build", symlinks=True)
    return project


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """The file with the article's text, which is not in the project."""
    path = tmp_path / "article.txt"
    path.write_text(TEXT, encoding="utf-8", newline="")
    return path


def code(root: Path, text: Path, *answers: str | type[BaseException]) -> tuple[int, Script]:
    script = Script.of(*answers)
    return main([str(text), "--coder", "coder T"], root, script.ask, script.say), script


def data(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in (root / "data").rglob("*.csv")}


def added(root: Path, before: dict[str, bytes]) -> dict[str, list[dict[str, str]]]:
    """The rows of the press tables that were not there before, without their empty cells."""
    found = {}
    for name in PRESS:
        path = f"data/press/{name}.csv"
        old = before[path].decode().splitlines()
        new = (root / path).read_text(encoding="utf-8").splitlines()
        assert set(old) <= set(new), name
        fresh = io.StringIO("\n".join([new[0], *(line for line in new if line not in set(old))]))
        found[name] = [{column: cell for column, cell in row.items() if cell} for row in csv.DictReader(fresh)]
    return found


def drafts(root: Path) -> list[Path]:
    return sorted((root / "build/coding").glob("*"))


@dataclass
class Run:
    """A whole run that was finished."""

    root: Path
    before: dict[str, bytes]
    code: int
    script: Script


@pytest.fixture(scope="module")
def run(built_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A text coded from its outlet to its fourth claim."""
    folder = tmp_path_factory.mktemp("coded")
    root = copy_project(folder / "project")
    shutil.copytree(built_project / "build", root / "build", symlinks=True)
    (folder / "texts").mkdir()
    (folder / "texts/article.txt").write_text(TEXT, encoding="utf-8", newline="")
    before = data(root)
    answers = [*NEW_OUTLET, *ARTICLE, *TALLY, *VOTE, *OPINION, *ELSEWHERE, *FINISHED]
    return Run(root, before, *code(root, folder / "texts/article.txt", *answers))


def test_a_whole_run_writes_every_row(run):
    assert (run.code, run.script.used_up(), drafts(run.root)) == (0, True, [])
    key = "daily-planet-2025-02-25"
    assert run.script.said[-1] == f"{key}: 4 claims are in data/press. Now run make build."
    rows = added(run.root, run.before)
    [outlet], [article] = rows["outlets"], rows["articles"]
    assert outlet == {
        **{"id": "daily-planet", "name": "Daily Planet", "kind": "newspaper"},
        **{"country_id": "USA", "language": "en", "domain": "planet.example"},
    }
    assert article.pop("accessed_on") == article.pop("coded_on")
    assert article == {
        **{"id": key, "outlet_id": "daily-planet", "title": "How they voted", "published_on": "2025-02-25"},
        **{"language": "en", "url": "https://planet.example/vote", "seen": "full_text", "chosen_for": "broad_sample"},
        **{"text_sha256": hashlib.sha256(TEXT.encode()).hexdigest(), "words": "26", "coder": "coder T"},
    }
    claims = [(claim["id"], claim["article_id"], claim["position"], claim["kind"]) for claim in rows["claims"]]
    kinds = ["tally", "vote", "opinion", "procedure"]
    assert claims == [(f"{key}-0{number}", key, str(number), kind) for number, kind in enumerate(kinds, 1)]
    assert rows["claims"][0] == {
        **{"id": f"{key}-01", "article_id": key, "position": "1", "kind": "tally", "credited_to": "tagtik"},
        **{"claim": "A/RES/ES-11/7 was adopted with 90 votes.", "quote": "adopted — by 93 votes"},
        **{"locator_start": "19", "locator_end": "40", "checkable": "record", "assessment": "incomplete"},
        "rationale": "It leaves out the rest.",
    }
    assert rows["claims"][3]["source_id"] == "112-57401"
    checks = [(check["claim_id"][-2:], check["position"], check["query_name"]) for check in rows["checks"]]
    assert checks == [("01", "1", "outcome"), ("01", "2", "vote_count"), ("02", "1", "how_voted")]
    assert rows["checks"][1] == {
        **{"claim_id": f"{key}-01", "position": "2", "query_name": "vote_count", "relation": "is", "stated": "90"},
        **{"params": '{"roll_call": "A-RES-ES-11-7", "vote": "yes"}', "alternative": "0"},
    }


def test_what_was_written_is_tidy_valid_and_located(run):
    package = open_package(run.root)
    rows, problems = read_package(package)
    assert problems + validate(package, rows) == []
    assert untidy_files(package) == []
    located, misplaced = verify_locators(package, rows, run.root.parent / "texts")
    assert (located, misplaced) == (1, [])
    others = {path: content for path, content in data(run.root).items() if Path(path).stem not in PRESS}
    assert others.items() <= run.before.items()


def test_the_build_reaches_the_verdicts_that_the_coder_was_told(run, tmp_path):
    told = [line for line in run.script.said if line.startswith("Verdict: ")]
    assert told == ["Verdict: inaccurate", "Verdict: accurate", "Verdict: none", "Verdict: accurate_elsewhere"]
    root = copy_project(tmp_path / "again")
    shutil.rmtree(root / "data")
    shutil.copytree(run.root / "data", root / "data")
    assert build.main(["-q"], root=root) == 0
    database = sqlite3.connect(root / "build/site/record.db")
    sql = "select coalesce(verdict, 'none') from claims where article_id = 'daily-planet-2025-02-25' order by id"
    assert [f"Verdict: {verdict}" for (verdict,) in database.execute(sql)] == told


@pytest.mark.parametrize("end", ["stop", EOFError, KeyboardInterrupt])
def test_who_stops_goes_on_where_they_left_off(ready, text, end):
    before = data(ready)
    stopped, script = code(ready, text, *NEW_OUTLET, *ARTICLE, *VOTE, *TALLY[:4], end)
    assert stopped == 0
    assert script.said[-1] == "\nKept: 1 claims. The same command goes on from here."
    assert data(ready) == before
    [draft] = drafts(ready)
    assert draft.name == f"{hashlib.sha256(TEXT.encode()).hexdigest()[:16]}.json"
    finished, script = code(ready, text, *OPINION, *FINISHED)
    assert (finished, script.used_up(), drafts(ready)) == (0, True, [])
    assert script.asked[0] == "Sentence of the next claim (nothing to finish)"
    assert "1 claims so far." in script.said
    rows = added(ready, before)
    assert [claim["quote"] for claim in rows["claims"]] == ["voted against", "all will end well"]
    assert [len(rows[name]) for name in PRESS] == [1, 1, 2, 1]


def test_who_stops_before_the_article_is_described_begins_anew(ready, text):
    stopped, script = code(ready, text, *NEW_OUTLET, *ARTICLE[:3], "stop")
    assert (stopped, drafts(ready)) == (0, [])
    assert script.said[-1] == "\nKept: 0 claims. The same command goes on from here."
    assert code(ready, text, "stop")[1].asked == ["Outlet (its key, or its name)"]


def test_another_text_has_a_draft_of_its_own(ready, text, tmp_path):
    code(ready, text, *KNOWN_OUTLET, *ARTICLE, *VOTE, "stop")
    other = tmp_path / "other.txt"
    other.write_text(f"{TEXT}More.\n", encoding="utf-8")
    _, script = code(ready, other, "stop")
    assert script.asked == ["Outlet (its key, or its name)"]
    assert len(drafts(ready)) == 1


@pytest.mark.parametrize(
    ("article", "problem"),
    [
        ([*ARTICLE[:5], "not_seen", ARTICLE[6]], "seen: was not seen, and has claims"),
        ([*ARTICLE[:2], "2099-12-31", *ARTICLE[3:]], "coded_on: is before the publication of 2099-12-31"),
    ],
)
def test_rows_that_break_a_rule_are_not_written_and_the_draft_stays(ready, text, capsys, article, problem):
    before = data(ready)
    refused, script = code(ready, text, *NEW_OUTLET, *article, *VOTE, *FINISHED)
    assert (refused, script.used_up()) == (1, True)
    assert data(ready) == before
    assert len(drafts(ready)) == 1
    said = capsys.readouterr().err
    assert said.startswith("data/press/articles.csv, row ")
    assert f", field {problem}\n" in said
    assert said.endswith("Nothing was written; the draft is kept.\n")


def test_an_article_without_claims_can_be_written(ready, text):
    before = data(ready)
    assert code(ready, text, *KNOWN_OUTLET, *ARTICLE, *FINISHED)[0] == 0
    rows = added(ready, before)
    assert [len(rows[name]) for name in PRESS] == [0, 1, 0, 0]


def test_a_text_that_is_coded_already_is_refused(ready, text, capsys):
    assert code(ready, text, *KNOWN_OUTLET, *ARTICLE, *FINISHED)[0] == 0
    before = data(ready)
    refused, script = code(ready, text)
    assert (refused, script.asked, drafts(ready), data(ready)) == (2, [], [], before)
    said = capsys.readouterr().err
    assert said == "article.txt cannot be coded: this text is coded already, as tagtik-2025-02-25\n"


@pytest.mark.parametrize("content", [None, "S\xe3o Tom\xe9".encode("latin-1"), TEXT.encode("utf-16")])
def test_a_text_that_cannot_be_read_is_refused(ready, tmp_path, capsys, content):
    text = tmp_path / "article.txt"
    if content is not None:
        text.write_bytes(content)
    refused, script = code(ready, text)
    assert (refused, script.asked, drafts(ready)) == (2, [], [])
    assert capsys.readouterr().err.startswith("article.txt cannot be coded: ")


def test_without_a_site_nothing_is_asked(project, text, capsys):
    refused, script = code(project, text)
    assert (refused, script.asked) == (2, [])
    assert capsys.readouterr().err == "article.txt cannot be coded: unable to open database file\n"
    assert not (project / "build/site").exists()


def test_tables_that_cannot_be_read_are_reported_before_anything_is_asked(ready, text, capsys):
    row = add_row(ready / "data/press/claims.csv", "one cell")
    refused, script = code(ready, text)
    assert (refused, script.asked) == (2, [])
    assert f"data/press/claims.csv, row {row}: has 1 cells" in capsys.readouterr().err


# --- faults that were mended ---


@pytest.mark.parametrize("content", ["", " \n\t\n"])
def test_a_text_without_words_is_refused(ready, text, capsys, content):
    text.write_text(content, encoding="utf-8")
    refused, script = code(ready, text)
    assert (refused, script.asked, drafts(ready)) == (2, [], [])
    assert capsys.readouterr().err == "article.txt cannot be coded: it has no words\n"


def test_an_outlet_with_a_name_in_another_script_is_asked_for_its_key(session):
    name = "\u041f\u0440\u0430\u0432\u0434\u0430"
    coder, script = session(name, "\u043f", "", "pravda", *NEW_OUTLET[1:], *ARTICLE)
    coder.code_article("coder T")
    assert script.asked[1:4] == ["A key for this outlet, in Latin letters"] * 3
    assert "This cannot be empty." in script.said
    assert (coder.draft.outlet["id"], coder.draft.outlet["name"]) == ("pravda", name)
    assert (coder.draft.article["id"], script.used_up()) == ("pravda-2025-02-25", True)


def test_the_country_of_an_outlet_is_a_member(session):
    coder, script = session(*NEW_OUTLET[:2], "XXX", *NEW_OUTLET[2:], *ARTICLE)
    coder.code_article("coder T")
    assert script.said[0].startswith("Not one of: AFG, ")
    assert coder.draft.outlet["country_id"] == "USA"


def test_what_was_edited_during_a_session_stays(ready, text):
    answers = Script.of(*KNOWN_OUTLET, *ARTICLE, *FINISHED)

    def ask(question: str) -> str:
        if question.startswith("Sentence"):
            add_row(ready / "data/press/outlets.csv", "zz-test,ZZ Test,blog,,,,,,,")
        return answers.ask(question)

    assert main([str(text)], ready, ask, answers.say) == 0
    assert b"\nzz-test," in (ready / "data/press/outlets.csv").read_bytes()


def test_what_was_broken_during_a_session_is_reported_and_stays(ready, text, capsys):
    answers = Script.of(*KNOWN_OUTLET, *ARTICLE, *FINISHED)
    left: list[dict[str, bytes]] = []

    def ask(question: str) -> str:
        if question.startswith("Sentence"):
            add_row(ready / "data/press/claims.csv", "one cell")
            left.append(data(ready))
        return answers.ask(question)

    assert main([str(text)], ready, ask, answers.say) == 1
    assert "has 1 cells" in capsys.readouterr().err
    assert ([data(ready)], len(drafts(ready))) == (left, 1)


def test_an_interrupted_check_of_the_rows_leaves_the_tables_alone(ready, text, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    before = data(ready)
    monkeypatch.setattr("scripts.code_article.validate", interrupted)
    with suppress(KeyboardInterrupt):
        code(ready, text, *KNOWN_OUTLET, *ARTICLE, *FINISHED)
    assert data(ready) == before


@pytest.mark.parametrize("content", ["{", "[]", '{"id": 1}'])
def test_a_broken_draft_is_reported(ready, text, capsys, content):
    path = ready / f"build/coding/{hashlib.sha256(TEXT.encode()).hexdigest()[:16]}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8")
    refused, script = code(ready, text)
    assert (refused, script.asked, path.read_text(encoding="utf-8")) == (2, [], content)
    assert capsys.readouterr().err.startswith("article.txt cannot be coded: ")


# --- at a terminal ---


@dataclass
class Terminal:
    """A program at a pseudo-terminal: what it printed so far, and somebody who types."""

    master: int
    process: subprocess.Popen[bytes]
    screen: str = ""

    def until(self, shown: str) -> None:
        """Read on until something is shown; a prompt, which ends in a blank, is the last thing that is."""
        fresh, deadline = "", time.monotonic() + 60
        decoder = codecs.getincrementaldecoder("utf-8")()
        while not (fresh.endswith(shown) if shown.endswith(" ") else shown in fresh):
            ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"{shown} was not shown in time: {self.screen}{fresh}"
            fresh += decoder.decode(os.read(self.master, 65536))
        self.screen += fresh

    def type(self, *lines: str) -> None:
        """Answer one question after the other."""
        for line in lines:
            os.write(self.master, f"{line}\n".encode())
            self.until(": ")

    def interrupt(self) -> None:
        """Press Control-C once the program waits: Python sees one that comes just before only after an answer."""
        while Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()[0] != "S":
            time.sleep(0.01)
        os.write(self.master, b"\x03")


@contextmanager
def terminal(root: Path, text: Path) -> Iterator[Terminal]:
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "scripts.code_article", str(text), "--coder", "coder T"]

    def sit_down() -> None:
        os.login_tty(slave)
        # What runs in the background of a shell ignores this, and so would what it starts.
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    process = subprocess.Popen(command, cwd=root, preexec_fn=sit_down)
    os.close(slave)
    try:
        yield Terminal(master, process)
    finally:
        process.kill()
        process.wait()
        os.close(master)


def test_at_a_terminal_a_session_is_interrupted_and_finished(ready, text):
    before = data(ready)
    with terminal(ready, text) as session:
        session.until("Outlet (its key, or its name): ")
        session.type("tagtik", *ARTICLE[:-1], "everything")
        assert "Not one of: source_article, " in session.screen
        os.write(session.master, f"{ARTICLE[-1]}\n".encode())
        session.until("nothing to finish): ")
        assert "[1] The resolution was adopted — by 93 votes." in session.screen
        session.type(*TALLY[:3])
        session.interrupt()
        session.until("Kept: 0 claims.")
        assert session.process.wait(30) == 0
    assert "Traceback" not in session.screen
    assert data(ready) == before
    with terminal(ready, text) as session:
        session.until("nothing to finish): ")
        assert "Outlet" not in session.screen
        session.type(*TALLY[:-1])
        os.write(session.master, f"{TALLY[-1]}\n".encode())
        session.until("nothing to finish): ")
        assert "Verdict: inaccurate" in session.screen
        os.write(session.master, b"\n")
        session.until("Now run make build.")
        assert session.process.wait(30) == 0
    rows = added(ready, before)
    assert [claim["quote"] for claim in rows["claims"]] == ["adopted — by 93 votes"]
    assert [len(rows[name]) for name in PRESS] == [0, 1, 1, 2]
