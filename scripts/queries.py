"""The canned queries of metadata.yml: a journalist's tools, and the vocabulary of checks."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from scripts.problems import BadDataError, Problem

DATABASE = "record"
METADATA = "metadata.yml"


@dataclass(frozen=True)
class Query:
    """A canned query.

    `answer` is the type of the answer (`type`, and `enum` where it has one) or None for a query that checks cannot use;
    `parameters` says for each what its values must be: {table: T}, {enumeration: table.column} or {form: date}.
    """

    name: str
    sql: str
    answer: dict[str, Any] | None
    parameters: dict[str, dict[str, str]]
    example: dict[str, str]


def read_metadata(root: Path) -> dict[str, Any]:
    """metadata.yml as it stands; BadDataError if it is not YAML."""
    try:
        return yaml.safe_load((root / METADATA).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadDataError([Problem(METADATA, None, None, f"cannot be read: {error}")]) from error


def read_queries(metadata: dict[str, Any]) -> dict[str, Query]:
    """Every canned query by name."""
    return {
        name: Query(name, query["sql"], query.get("answer"), query.get("parameters", {}), query.get("example", {}))
        for name, query in metadata["databases"][DATABASE]["queries"].items()
    }


def query_url(name: str, params: dict[str, str]) -> str:
    """The address, from the site's root, at which anyone can run the query."""
    return f"/{DATABASE}/{name}" + (f"?{urlencode(params)}" if params else "")
