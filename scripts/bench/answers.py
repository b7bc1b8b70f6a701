"""How long the archive's canned queries take in SQLite, each with parameters drawn from the archive itself."""

import random
import sqlite3
import statistics
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts.assemble import SETTINGS
from scripts.bench.lab import Lab
from scripts.bench.result import Goal, Listing, Row, Section
from scripts.bench.timing import percentile
from scripts.build import ROOT
from scripts.queries import ARCHIVE, Query, read_metadata, read_queries

RUNS = 50
SHOWN = 3
SEED = 1946
MEANING = (
    "Each canned query of the archive runs {runs} times in SQLite with other members, texts, years, blocs, words and "
    "tallies, drawn from the archive with a fixed seed, and hands over as many rows as the site shows. The connection "
    "stays open, as Datasette's do, and each query ran once before. p95 is the time that 95 of 100 runs do not exceed."
)


@dataclass(frozen=True)
class Taken:
    """The times of one query, in milliseconds."""

    name: str
    milliseconds: list[float]

    @property
    def p95(self) -> float:
        """What 95 of 100 runs do not exceed."""
        return percentile(self.milliseconds, 0.95)


def measure(lab: Lab) -> Section:
    """The slowest queries as rows, and all of them in a listing."""
    runs = lab.runs(RUNS)
    taken = time_queries(lab.database(1), runs)
    rows = [
        Row(f"canned query {query.name}, p95", query.p95, unit="ms", goal=Goal(50, words="≤ 50 ms")) for query in taken
    ]
    cells = [
        (
            query.name,
            f"{statistics.median(query.milliseconds):.2f}",
            f"{query.p95:.2f}",
            f"{max(query.milliseconds):.2f}",
        )
        for query in taken
    ]
    listing = Listing("Every canned query of the archive", ("query", "median ms", "p95 ms", "slowest ms"), cells)
    slow = [query.name for query in taken if query.p95 > 50]
    finding = f"Over 50 ms: {', '.join(slow)}." if slow else f"None of the {len(taken)} queries is over 50 ms."
    return Section("Questions to the archive", MEANING.format(runs=runs), rows[:SHOWN], [listing], [finding])


def time_queries(database: Path, runs: int) -> list[Taken]:
    """The times of every canned query on an archive, the slowest by its p95 first."""
    metadata = read_metadata(ROOT)
    with closing(sqlite3.connect(f"file:{database}?mode=ro&immutable=1", uri=True)) as connection:
        draws = Draws(connection, metadata["databases"][ARCHIVE]["tables"])
        queries = read_queries(metadata, ARCHIVE).values()
        for query in queries:
            _milliseconds(connection, query, draws.parameters(query))
        taken = [
            Taken(query.name, [_milliseconds(connection, query, draws.parameters(query)) for _ in range(runs)])
            for query in queries
        ]
    return sorted(taken, key=lambda query: -query.p95)


def _milliseconds(connection: sqlite3.Connection, query: Query, parameters: dict[str, str]) -> float:
    started = time.perf_counter()
    connection.execute(query.sql, parameters).fetchmany(int(SETTINGS["max_returned_rows"]) + 1)
    return 1000 * (time.perf_counter() - started)


class Draws:
    """Draws values for the parameters of queries from an archive, the same ones each time."""

    def __init__(self, connection: sqlite3.Connection, tables: dict[str, dict[str, Any]]) -> None:
        self._connection = connection
        self._tables = tables
        self._chance = random.Random(SEED)
        self._known: dict[str, list[Any]] = {}

    def parameters(self, query: Query) -> dict[str, str]:
        """A value for each parameter; no last year is before the first, and what is of unknown form has its example."""
        drawn = {name: self._value(query, name, rule) for name, rule in query.parameters.items()}
        if {"first_year", "last_year"} <= drawn.keys():
            drawn["first_year"], drawn["last_year"] = sorted((drawn["first_year"], drawn["last_year"]))
        return drawn

    def _value(self, query: Query, name: str, rule: dict[str, str]) -> str:
        if "table" in rule:
            key = self._tables[rule["table"]].get("key_column", "id")
            return str(self._one_of(f"select {key} from {rule['table']} order by 1"))  # noqa: S608  (names from metadata.yml)
        if "enumeration" in rule:
            table, column = rule["enumeration"].split(".")
            return str(self._one_of(f"select distinct {column} from {table} order by 1"))  # noqa: S608
        if name in ("year", "first_year", "last_year"):
            return str(self._one_of("select distinct voting_year from roll_calls order by 1"))
        if name == "tally":
            return str(
                self._one_of(
                    "select counted_yes || '-' || counted_no || '-' || counted_abstain from roll_calls order by id"
                )
            )
        if name == "words":
            return self._words("select title from resolutions order by id")
        if name == "term":
            return self._words("select term from subject_terms order by id")
        return query.example.get(name, "")

    def _one_of(self, statement: str) -> Any:
        if statement not in self._known:
            self._known[statement] = [value for (value,) in self._connection.execute(statement)]
        values = self._known[statement]
        return self._chance.choice(values) if values else ""

    def _words(self, statement: str) -> str:
        """One or two words that stand side by side in a text."""
        words = str(self._one_of(statement)).split() or [""]
        first = self._chance.randrange(len(words))
        return " ".join(words[first : first + self._chance.choice((1, 2))])
