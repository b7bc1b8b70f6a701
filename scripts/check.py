"""Check: run each check's query read-only against the record, compare, and compute the verdicts."""

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

import sqlite_utils

from scripts.laws import ARGUED_KINDS
from scripts.load import fill, insert
from scripts.package import Package, Row, Rows, Table
from scripts.problems import Problem
from scripts.queries import Query, query_url

READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
STEPS_ALLOWED = 20_000_000
EQUALITY = {"is", "is_not"}
ORDER = EQUALITY | {"at_least", "at_most", "more_than", "fewer_than", "between"}
RELATIONS = {
    "string": EQUALITY,
    "boolean": EQUALITY,
    "list": {"includes", "excludes"},
    "integer": ORDER | {"about"},
    "date": ORDER,
}
# What is checked, a claim or its second coding, and the table of its checks.
CHECKED = {"claims": "checks", "codings": "coding_checks"}
SPANS = {"between": "..", "about": "±"}
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "is": lambda found, stated: found == stated,
    "is_not": lambda found, stated: found != stated,
    "at_least": lambda found, stated: found >= stated,
    "at_most": lambda found, stated: found <= stated,
    "more_than": lambda found, stated: found > stated,
    "fewer_than": lambda found, stated: found < stated,
    "between": lambda found, stated: stated[0] <= found <= stated[1],
    "about": lambda found, stated: stated[0] <= found <= stated[1],
    "includes": lambda found, stated: stated in found,
    "excludes": lambda found, stated: stated not in found,
}


class CheckError(Exception):
    """A check cannot be run: `field` is the column of the checks table that is wrong."""

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        super().__init__(reason)


@dataclass(frozen=True)
class Question:
    """What a check asks: a query, its parameters, and the stated value in the form that its relation compares."""

    query: Query
    params: dict[str, str]
    stated: Any


@dataclass(frozen=True)
class Result:
    """What a check found: `found` as text (None where the record does not know), and yes, no or unknown.

    `table` and `key` say which check it is; the key without its last part, the position, is that of what is checked.
    """

    table: str
    key: tuple[str | int, ...]
    alternative: bool
    question: Question
    found: str | None
    agrees: str


def run_checks(
    path: Path, package: Package, rows: Rows, queries: dict[str, Query]
) -> tuple[list[Result], list[Problem]]:
    """Run every check against the database at `path`, read-only; returns the results and what could not be run."""
    results: list[Result] = []
    problems: list[Problem] = []
    connection = read_only(path)
    for table, row in _checks(rows):
        try:
            results.append(_run(connection, package, table, row, queries))
        except CheckError as error:
            problems.append(_problem(package, table, row, error))
    connection.close()
    return results, problems


def _checks(rows: Rows) -> Iterator[tuple[str, Row]]:
    """Every check with the table it stands in, as far as the tables could be read."""
    for table in CHECKED.values():
        for row in rows.get(table, []):
            yield table, row


def read_only(path: Path) -> sqlite3.Connection:
    """A connection that can do nothing but read, and gives up on a query that takes too many steps."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in READING else sqlite3.SQLITE_DENY)
    connection.set_progress_handler(lambda: 1, STEPS_ALLOWED)
    return connection


def question_problems(package: Package, rows: Rows, queries: dict[str, Query]) -> list[Problem]:
    """The checks that cannot be questions to the record, as far as that can be said without asking it."""
    problems = []
    for table, row in _checks(rows):
        try:
            read_question(package, row, queries)
        except CheckError as error:
            problems.append(_problem(package, table, row, error))
    return problems


def _problem(package: Package, table: str, row: Row, error: CheckError) -> Problem:
    return Problem(str(package.tables[table].path), row.number, error.field, str(error))


def read_question(package: Package, row: Row, queries: dict[str, Query]) -> Question:
    """A row of the checks table as a question; CheckError where its query, parameters or stated value are wrong."""
    query = queries.get(row["query_name"])
    if query is None:
        raise CheckError("query_name", f"metadata.yml has no query {row['query_name']}")
    if query.answer is None:
        raise CheckError("query_name", f"{query.name} declares no answer, so checks cannot use it")
    params = read_params(row["params"], query)
    for name, value in params.items():
        check_form(package.tables, name, value, query.parameters[name])
    return Question(query, params, read_stated(query.answer, row["relation"], row["stated"]))


def _run(connection: sqlite3.Connection, package: Package, table: str, row: Row, queries: dict[str, Query]) -> Result:
    key = tuple(row[column] for column in package.tables[table].primary_key)
    found, agrees, question = answer(connection, package, row, queries)
    return Result(table, key, bool(row["alternative"]), question, found, agrees)


def answer(
    connection: sqlite3.Connection, package: Package, row: Row, queries: dict[str, Query]
) -> tuple[str | None, str, Question]:
    """What the record answers to one check, whether that agrees, and the question; CheckError if it cannot be asked."""
    question = read_question(package, row, queries)
    for name, value in question.params.items():
        look_up(connection, package.tables, name, value, question.query.parameters[name])
    value = ask(connection, question.query, question.params)
    if value is None:
        return None, "unknown", question
    return shown(value), "yes" if COMPARE[row["relation"]](value, question.stated) else "no", question


def read_params(text: str, query: Query) -> dict[str, str]:
    """A check's parameters: a JSON object with a text for each parameter of the query, no more and no fewer."""
    try:
        params = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise CheckError("params", f"is not JSON: {error}") from error
    if not isinstance(params, dict) or not all(isinstance(value, str) for value in params.values()):
        raise CheckError("params", "is not a JSON object of texts")
    if set(params) != set(query.parameters):
        wanted = ", ".join(query.parameters)
        raise CheckError("params", f"{query.name} takes {wanted}, not {', '.join(params) or 'nothing'}")
    return params


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object, in which Python would let the last of two values under one name count."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def check_form(tables: Mapping[str, Table], name: str, value: str, rule: dict[str, str]) -> None:
    """A parameter that is a value of an enumeration, or a date, is one; CheckError if not."""
    if "enumeration" in rule:
        table, column = rule["enumeration"].split(".")
        allowed = next(field for field in tables[table].fields if field.name == column).constraints["enum"]
        if value not in allowed:
            raise CheckError("params", f'{name} "{value}" is not one of {", ".join(allowed)}')
    elif rule.get("form") == "date" and not is_date(value):
        raise CheckError("params", f'{name} "{value}" is not a date')


def look_up(
    connection: sqlite3.Connection,
    tables: Mapping[str, Table],
    name: str,
    value: str,
    rule: dict[str, str],
    keys: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """A parameter that is a key of a table, derived rows included, is there; CheckError if not.

    `keys` names the column by which a table's rows are asked for, where that is not the primary key.
    """
    if "table" in rule:
        table = tables[rule["table"]]
        key = keys.get(table.name, table.primary_key[0])
        found = connection.execute(f"select 1 from {table.name} where {key} = ?", [value])  # noqa: S608
        if not found.fetchone():
            raise CheckError("params", f'{name} "{value}" is not in the {table.name} table')


def is_date(text: str) -> bool:
    """Whether a text is a day of the calendar, as 2025-02-24."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def read_stated(answer: dict[str, Any], relation: str, stated: str) -> Any:
    """The stated value in the form that the relation compares: a number, a pair of bounds, or a text."""
    kind = answer["type"]
    if relation not in RELATIONS[kind]:
        raise CheckError("relation", f"{relation} does not go with an answer of type {kind}")
    if relation in SPANS:
        parts = stated.split(SPANS[relation])
        if len(parts) != 2:
            raise CheckError("stated", f'"{stated}" is not two values joined by {SPANS[relation]}')
        first, second = (_value(answer, part) for part in parts)
        bounds = (first, second) if relation == "between" else (first - second, first + second)
        if bounds[0] > bounds[1]:
            raise CheckError("stated", f'"{stated}" ends before it begins')
        return bounds
    return _value(answer, stated)


def _value(answer: dict[str, Any], text: str) -> Any:
    """One stated value: a number or a text."""
    kind = answer["type"]
    if kind == "integer":
        if not re.fullmatch(r"-?[0-9]+", text):
            raise CheckError("stated", f'"{text}" is not a whole number')
        return int(text)
    if kind == "date" and not is_date(text):
        raise CheckError("stated", f'"{text}" is not a date')
    allowed = ["yes", "no"] if kind == "boolean" else answer.get("enum", [text])
    if text not in allowed:
        raise CheckError("stated", f'"{text}" is not one of {", ".join(allowed)}')
    return text


def ask(connection: sqlite3.Connection, query: Query, params: dict[str, str]) -> Any:
    """The answer of a query: None where the record does not know, a list for an answer of type list."""
    try:
        cursor = connection.execute(query.sql, params)
        rows = cursor.fetchmany(2)
    except sqlite3.DatabaseError as error:
        reason = "tries to do more than read" if "not authorized" in str(error) else f"fails: {error}"
        raise CheckError("query_name", f"{query.name} {reason}") from error
    if cursor.description is None or cursor.description[0][0] != "answer":
        raise CheckError("query_name", f"{query.name} does not have answer as its first column")
    if len(rows) != 1:
        raise CheckError(
            "query_name", f"{query.name} returns {'no row' if not rows else 'more than one row'}; a check needs one"
        )
    return _typed(query, rows[0][0])


def _typed(query: Query, answer: Any) -> Any:
    assert query.answer
    kind = query.answer["type"]
    if answer is None:
        return None
    if kind == "list":
        return _list(query, answer)
    allowed = ["yes", "no"] if kind == "boolean" else query.answer.get("enum", [answer])
    wrong_form = kind == "date" and not is_date(str(answer))
    if isinstance(answer, int) != (kind == "integer") or answer not in allowed or wrong_form:
        raise CheckError("query_name", f"{query.name} answers {answer!r}, which is not what it declares")
    return answer


def _list(query: Query, answer: Any) -> list[str]:
    try:
        items = json.loads(answer)
    except (TypeError, ValueError):
        items = None
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise CheckError("query_name", f"{query.name} answers {answer!r}, which is not a JSON list of texts")
    return items


def shown(answer: Any) -> str:
    """An answer as the checks table shows it, the same text as the query's: JSON for a list."""
    return json.dumps(answer) if isinstance(answer, list) else str(answer)


def verdict(kind: str, assessment: str, checks: Iterable[tuple[str, bool]]) -> str | None:
    """A claim's verdict: the first rule that fits its assessment and its checks, pairs of agrees and alternative."""
    pairs = list(checks)
    answers = {agrees for agrees, alternative in pairs if not alternative}
    readings = {agrees for agrees, alternative in pairs if alternative}
    if kind in ARGUED_KINDS:
        return None
    differ = {"yes", "no"} <= readings
    if readings and not differ:
        answers.add("unknown" if "unknown" in readings else readings.pop())
    if "no" in answers:
        return "inaccurate"
    if "unknown" in answers or assessment == "awaits_record":
        return "undetermined"
    if differ:
        return "ambiguous"
    if pairs:
        return "imprecise" if assessment == "incomplete" else "accurate"
    return assessment


def write_results(
    database: sqlite_utils.Database, package: Package, rows: Rows, results: list[Result]
) -> dict[str, int]:
    """Write what was found, the verdicts, and what each claim is about; returns how many claims have each verdict."""
    for checks in CHECKED.values():
        fill(
            database, package.tables[checks], (_found(package, result) for result in results if result.table == checks)
        )
    reached = {checked: _verdicts(package, rows, results, checked) for checked in CHECKED}
    for checked, verdicts in reached.items():
        fill(database, package.tables[checked], verdicts)
    of_claims = [result for result in results if result.table == "checks"]
    for subject in ("roll_calls", "members", "resolutions"):
        _write_subjects(database, package, subject, of_claims)
    return dict(Counter(row["verdict"] for row in reached["claims"] if row["verdict"]))


def _found(package: Package, result: Result) -> dict[str, Any]:
    """What a check found, with its key."""
    key = dict(zip(package.tables[result.table].primary_key, result.key, strict=True))
    url = query_url(result.question.query.name, result.question.params)
    return {**key, "found": result.found, "agrees": result.agrees, "url": url}


def _verdicts(package: Package, rows: Rows, results: list[Result], checked: str) -> list[dict[str, Any]]:
    """The verdict of every row of a table that is checked, with its key."""
    answers: dict[tuple[str | int, ...], list[tuple[str, bool]]] = {}
    for result in results:
        if result.table == CHECKED[checked]:
            answers.setdefault(result.key[:-1], []).append((result.agrees, result.alternative))
    reached = []
    for row in rows[checked]:
        key = {column: row[column] for column in package.tables[checked].primary_key}
        found = answers.get(tuple(key.values()), [])
        reached.append({**key, "verdict": verdict(row["kind"], row["assessment"], found)})
    return reached


def _write_subjects(database: sqlite_utils.Database, package: Package, subject: str, results: list[Result]) -> None:
    """Tie each claim to the rows of `subject` that its checks' parameters name."""
    table = package.derived[f"claim_{subject}"]
    pairs = {
        (str(result.key[0]), value)
        for result in results
        for name, value in result.question.params.items()
        if result.question.query.parameters[name].get("table") == subject
    }
    columns = [field.name for field in table.fields]
    insert(database, table, (dict(zip(columns, pair, strict=True)) for pair in sorted(pairs)))
