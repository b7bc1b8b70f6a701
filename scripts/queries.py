"""The canned queries of metadata.yml: a journalist's tools, and the vocabulary of checks."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any
from urllib.parse import urlencode

import yaml

from scripts.package import Package, Table, not_yaml, unreadable
from scripts.problems import BadDataError, Problem
from scripts.shapes import load_yaml, shape_problems

DATABASE = "record"
ARCHIVE = "archive"
# What Datasette calls the place from which both can be read, where it is started with --crossdb.
BOTH = "_memory"
METADATA = "metadata.yml"
FORMS = ("date", "text")
COLUMN_SETTINGS = ("label_column", "key_column", "sort", "sort_desc")


@dataclass(frozen=True)
class Query:
    """A canned query.

    `answer` is the type of the answer (`type`, and `enum` where it has one) or None for a query that checks cannot use;
    `parameters` says for each what its values must be: {table: T}, {enumeration: table.column}, {form: date} or
    {form: text}, and may add a title and a help for whoever fills it in. `not_portable` says why only SQLite can
    answer; None for a query that DuckDB and Spark answer the same.
    """

    name: str
    sql: str
    answer: dict[str, Any] | None
    parameters: dict[str, dict[str, str]]
    example: dict[str, str]
    not_portable: str | None = None


def read_metadata(root: Path) -> dict[str, Any]:
    """metadata.yml as it stands; BadDataError if it is not YAML or not of its shape."""
    try:
        metadata = load_yaml((root / METADATA).read_text(encoding="utf-8"))
        for database in (DATABASE, ARCHIVE, BOTH):
            metadata["databases"][database]["tables"], metadata["databases"][database]["queries"]
    except (OSError, UnicodeDecodeError) as error:
        raise BadDataError([unreadable(METADATA, error)]) from error
    except yaml.YAMLError as error:
        raise BadDataError([not_yaml(METADATA, error)]) from error
    except (KeyError, TypeError) as error:
        raise BadDataError(
            [Problem(METADATA, None, "databases", f"has no {database} with tables and queries")]
        ) from error
    if problems := list(shape_problems(METADATA, metadata, "metadata")):
        raise BadDataError(problems)
    return metadata


def metadata_problems(package: Package, metadata: dict[str, Any], database: str = DATABASE) -> Iterator[Problem]:
    """Tables, columns and parameters that metadata.yml names and the schemas of a database do not have."""
    described = metadata["databases"][database]
    known = {**package.tables, **package.derived, **package.wide, **package.views}
    for name, settings in described["tables"].items():
        if name not in known:
            yield Problem(METADATA, None, name, "is not a table or a view")
            continue
        columns = {field.name for field in known[name].fields}
        named = [*settings.get("facets", []), *(settings[key] for key in COLUMN_SETTINGS if key in settings)]
        for column in sorted(set(named) - columns):
            yield Problem(METADATA, None, name, f"has no column {column}")
        yield from _page_problems(name, settings.get("page", {}), described["queries"], [name])
    yield from _title_problems(known, described.get("row_titles", {}))
    if database == DATABASE:
        yield from _page_problems("page", metadata.get("page", {}), described["queries"], [])
    for name, query in described["queries"].items():
        if name in known:
            yield Problem(METADATA, None, name, "is a query named like a table, which it would hide")
        yield from _query_problems({**package.tables, **package.derived}, name, query)


def _title_problems(tables: dict[str, Table], titles: dict[str, str]) -> Iterator[Problem]:
    """What rows are called where it cannot be read, or names a column that is not there."""
    for name, pattern in titles.items():
        try:
            named = {column for _, column, _, _ in Formatter().parse(pattern) if column is not None}
        except ValueError as error:
            yield Problem(METADATA, None, name, f"has a row title that cannot be read: {error}")
            continue
        columns = {field.name for field in tables[name].fields} if name in tables else set()
        for column in sorted(named - columns):
            yield Problem(METADATA, None, name, f"has a row title with the column {column}, which is not there")


def _page_problems(name: str, page: dict[str, str], queries: dict[str, Any], tables: list[str]) -> Iterator[Problem]:
    """Parts of a page that are no query, or a query whose parameters are not one key of each of the tables.

    Further parameters whose values are of no table are left empty on the page.
    """
    for query in page.values():
        if query not in queries:
            yield Problem(METADATA, None, name, f"has a page with the query {query}, which is not there")
            continue
        rules = queries[query].get("parameters", {}).values()
        taken = [rule["table"] for rule in rules if "table" in rule]
        if taken != tables or (rules and not tables):
            yield Problem(METADATA, None, name, f"has a page with the query {query}, which takes other parameters")


def _query_problems(tables: dict[str, Table], name: str, query: dict[str, Any]) -> Iterator[Problem]:
    for parameter, rule in query.get("parameters", {}).items():
        table, _, column = rule.get("enumeration", rule.get("table", "")).partition(".")
        fields = tables[table].fields if table in tables else ()
        listed = {field.name for field in fields if "enum" in field.constraints}
        found = column in listed if "enumeration" in rule else table in tables
        if not found and rule.get("form") not in FORMS:
            yield Problem(METADATA, None, name, f"has a parameter {parameter} whose values are nowhere: {rule}")
    for parameter in sorted(set(query.get("example", {})) - set(query.get("parameters", {}))):
        yield Problem(METADATA, None, name, f"has an example of {parameter}, which is no parameter of it")


def read_queries(metadata: dict[str, Any], database: str = DATABASE) -> dict[str, Query]:
    """Every canned query of a database by name."""
    return {
        name: Query(
            name,
            query["sql"],
            query.get("answer"),
            query.get("parameters", {}),
            query.get("example", {}),
            query.get("not_portable"),
        )
        for name, query in metadata["databases"][database]["queries"].items()
    }


def query_url(name: str, params: dict[str, str]) -> str:
    """The address, from the site's root, at which anyone can run the query."""
    return f"/{DATABASE}/{name}" + (f"?{urlencode(params)}" if params else "")
