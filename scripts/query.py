"""Ask a published query of the site from the command line, by any engine.

    python -m scripts.query [--engine sqlite|duckdb|spark] [--database NAME] [--format table|csv|json] NAME key=value …
    python -m scripts.query --list

A parameter that is empty (`member=`) means all, as on the site. DuckDB and Spark read what `make parquet` writes; Spark
runs in this process, or on the cluster that `--master` names. Exit code 0 with an answer, 2 with a message without one.
"""

import argparse
import csv
import json
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as Grid

from scripts.build import ROOT
from scripts.check import CheckError, check_form, look_up
from scripts.dialects import NotPortableError
from scripts.engines import ENGINES, MASTER, Answer, EngineError, open_engine
from scripts.load import reading
from scripts.parquet import PARQUET, SITE
from scripts.problems import BadDataError
from scripts.published import Database, published_databases
from scripts.queries import Query, read_metadata, read_queries

FORMATS = ("table", "csv", "json")


class UsageError(Exception):
    """Something was asked for that is not there; the message says what is."""


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        metadata = read_metadata(root)
        databases = {database.name: database for database in published_databases(root, root / SITE, metadata)}
        if not databases:
            raise UsageError(f"{SITE} has no database; make build makes it")
        published = {name: read_queries(metadata, name) for name in databases}
        if options.list:
            _print_list(metadata, published)
            return 0
        database, query = find_query(published, options.name, options.database)
        parameters = read_parameters(query, options.parameters)
        check_values(databases[database], query, parameters, metadata["databases"][database]["tables"])
        answer = _ask(databases[database], query, parameters, options, root)
    except (UsageError, CheckError, NotPortableError, EngineError, BadDataError) as error:
        print(error, file=sys.stderr)
        return 2
    WRITERS[options.format](answer)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="query", description="Ask a published query of the site.")
    parser.add_argument("--engine", choices=ENGINES, default="sqlite", help="what answers (sqlite)")
    parser.add_argument("--database", help="where the query is; the record's is asked before another of its name")
    parser.add_argument("--format", choices=FORMATS, default="table", help="how the answer is written (table)")
    parser.add_argument("--master", default=MASTER, help=f"Spark's master ({MASTER})")
    parser.add_argument("--list", action="store_true", help="list the queries and their parameters")
    parser.add_argument("name", nargs="?", metavar="NAME", help="name of the query")
    parser.add_argument("parameters", nargs="*", metavar="key=value", help="its parameters; empty means all")
    return parser


def _ask(
    database: Database, query: Query, parameters: dict[str, str], options: argparse.Namespace, root: Path
) -> Answer:
    if options.engine != "sqlite" and query.not_portable:
        raise UsageError(f"{query.name} is answered by sqlite only. {query.not_portable}")
    with open_engine(options.engine, database, root / PARQUET, options.master) as engine:
        try:
            return engine.ask(query.sql, parameters)
        except NotPortableError as error:
            raise UsageError(f"{query.name} {error}") from error


def find_query(published: dict[str, dict[str, Query]], name: str | None, database: str | None) -> tuple[str, Query]:
    """The query of a name and the database that has it, the record before another; UsageError if there is none."""
    if name is None:
        raise UsageError("say which query; --list lists them")
    if database is not None and database not in published:
        raise UsageError(f"no database {database}{_like(database, published)}")
    found = [(place, queries[name]) for place, queries in published.items() if name in queries]
    found = [(place, query) for place, query in found if database in (None, place)]
    if not found:
        places = published if database is None else {database: published[database]}
        raise UsageError(f"no query {name}{_like(name, [known for queries in places.values() for known in queries])}")
    # Where both have it, the record's is meant: it comes first in metadata.yml.
    return found[0]


def read_parameters(query: Query, given: Iterable[str]) -> dict[str, str]:
    """A query's parameters from `key=value` texts; UsageError unless each of them is given once, and no other."""
    parameters: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"{text} is not of the form key=value")
        if name not in query.parameters:
            takes = ", ".join(query.parameters) or "nothing"
            raise UsageError(f"{query.name} has no parameter {name}{_like(name, query.parameters)}; it takes {takes}")
        if name in parameters:
            raise UsageError(f"{name} is given twice")
        parameters[name] = value
    if missing := [name for name in query.parameters if name not in parameters]:
        example = " ".join(f"{name}={value}" for name, value in query.example.items())
        raise UsageError(f"{query.name} needs {', '.join(missing)}, which may be empty, as in: {query.name} {example}")
    return parameters


def check_values(database: Database, query: Query, parameters: dict[str, str], told: dict[str, dict[str, Any]]) -> None:
    """Every value that is not empty is one that a check of the site could have; CheckError if not.

    `told` is what metadata.yml says of the database's tables.
    """
    tables = {table.name: table for table in database.tables}
    keys = {name: about["key_column"] for name, about in told.items() if "key_column" in about}
    with reading(database.path) as connection:
        for name, value in parameters.items():
            if value:
                check_form(tables, name, value, query.parameters[name])
                look_up(connection, tables, name, value, query.parameters[name], keys)


def _like(name: str, known: Iterable[str]) -> str:
    """Names that may have been meant, as the end of a message."""
    near = get_close_matches(name, list(known), n=3)
    return f"; there is {', '.join(near)}" if near else ""


def _print_list(metadata: dict[str, Any], published: dict[str, dict[str, Query]]) -> None:
    for database, queries in published.items():
        for name, query in queries.items():
            title = metadata["databases"][database]["queries"][name].get("title", "")
            print(f"{database}  {' '.join([name, *(f'{parameter}=' for parameter in query.parameters)])}  {title}")


def _print_table(answer: Answer) -> None:
    """Columns side by side, as wide as they need to be where the output is no terminal."""
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 10_000)
    grid = Grid(*answer.columns, box=None, pad_edge=False)
    for row in answer.rows:
        grid.add_row(*("" if value is None else str(value) for value in row))
    console.print(grid)


def _print_csv(answer: Answer) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(answer.columns)
    writer.writerows(answer.rows)


def _print_json(answer: Answer) -> None:
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    print(json.dumps(rows, indent=1, ensure_ascii=False))


WRITERS = {"table": _print_table, "csv": _print_csv, "json": _print_json}


if __name__ == "__main__":
    sys.exit(main())
