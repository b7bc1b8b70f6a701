"""Try: views, derivations and queries on tables without rows, so that SQL which cannot run is told before a build."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import sqlite_utils

from scripts.derive import derive, fill_wide_table
from scripts.load import SEARCHED, enable_search, load
from scripts.package import Package
from scripts.problems import BadDataError, Problem
from scripts.queries import ARCHIVE, BOTH, DATABASE, METADATA, Query, read_queries

# What the site adds to SQL, with how many arguments each takes: site/plugins/search.py.
FUNCTIONS = {"search_words": 1, "search_part": 1, "search_name": 2}


def sql_problems(record: Package, archive: Package, metadata: dict[str, Any]) -> Iterator[Problem]:
    """Queries of metadata.yml that do not run; where a view or a derivation does not, that alone."""
    connections = {name: sqlite3.connect(":memory:") for name in (DATABASE, ARCHIVE, BOTH)}
    try:
        _fill(connections[DATABASE], record, SEARCHED)
        _fill(connections[ARCHIVE], archive, {"resolutions": ["symbol", "title"]})
        for name in (DATABASE, ARCHIVE):
            connections[BOTH].execute(f"attach ':memory:' as {name}")
            connections[BOTH].deserialize(connections[name].serialize(), name=name)
        for name, connection in connections.items():
            for query in read_queries(metadata, name).values():
                yield from _query_problems(connection, query)
    except BadDataError as error:
        yield from error.problems
    finally:
        for connection in connections.values():
            connection.close()


def _fill(connection: sqlite3.Connection, package: Package, searched: dict[str, list[str]]) -> None:
    """All that a build would make of tables without rows."""
    database = sqlite_utils.Database(connection)
    load(database, package, {name: [] for name in package.tables})
    derive(database, package)
    for table in package.wide.values():
        fill_wide_table(database, table)
    enable_search(database, searched)
    connection.commit()


def _query_problems(connection: sqlite3.Connection, query: Query) -> Iterator[Problem]:
    for name, arguments in FUNCTIONS.items():
        connection.create_function(name, arguments, lambda *_: None)
    try:
        connection.execute(f"explain {query.sql}", dict.fromkeys(query.parameters))
    except (sqlite3.Error, sqlite3.Warning) as error:
        yield Problem(METADATA, None, query.name, f"has SQL that fails: {error}")
