"""What stands behind the question mark of a table's address: a slip of the pen gets an answer that names it.

Datasette 0.65 finds no row by a column that is not there, every row by a comparison, a search or a parameter that
is not there, and programs take each of them for the truth; an empty search or a wrong sort order is an error.
"""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from datasette import hookimpl
from datasette.app import Datasette
from datasette.database import Database
from datasette.filters import Filters
from datasette.utils import urlsafe_components
from datasette.utils.asgi import BadRequest, Request

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
# An empty search, as a form sends it that was not filled in, and what other sites put behind addresses they pass on.
DROPPED = re.compile(r"(utm_\w+|fbclid|gclid|msclkid|mc_cid|mc_eid)=.*|_search(_\w+)?=[\s\"]*", re.DOTALL)
LOOKUPS = [filter.key for filter in Filters._filters]
# Datasette's own, and what its forms and formats send.
KNOWN = re.compile(
    r"_(col|nocol|dl|extras?|facet|facet_array|facet_date|facet_size|filter_(column|op|value)(_\d+)?|fts_pk|fts_table|hash"
    r"|header|json|json_infinity|labels?|next|nl|nocount|nofacet|nosuggest|search|search_\w+|searchmode|shape|size|sort"
    r"|sort_by_desc|sort_desc|stream|through|timelimit|trace|ttl|where|blob_column|blob_hash)"
)
SEARCH = re.compile(r"_search(_(?!mode$).*)?", re.DOTALL)
OF_COLUMNS = ("_sort", "_sort_desc", "_facet", "_facet_array", "_facet_date")
NUMBERS = {"_timelimit": r"\d{0,15}", "_facet_size": r"\d{0,15}|max"}
# Full-text search looks a word up within one step of SQLite, so that no limit of time stops three thousand of them.
LONGEST_SEARCH = 500
THROUGH = '{"table": a table, "column": its column, "value": what stands there}'


@hookimpl
def asgi_wrapper() -> Callable[[App], App]:
    """Take out of an address what asks for nothing."""

    def wrap(app: App) -> App:
        """The same application behind the cleaning."""

        async def cleaned(scope: dict[str, Any], receive: Any, send: Any) -> None:
            """Hand everything on; a query string without anything to drop stays as it is, letter for letter."""
            asked = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
            kept = [(name, value) for name, value in asked if not DROPPED.fullmatch(f"{name}={value}")]
            if len(kept) < len(asked):
                scope = {**scope, "query_string": urlencode(kept).encode("latin-1")}
            await app(scope, receive, send)

        return cleaned

    return wrap


@hookimpl(tryfirst=True)
def filters_from_request(
    request: Request, table: str, database: str, datasette: Datasette
) -> Callable[[], Awaitable[None]]:
    """Refuse, with a 400 that says what there is, a column, a comparison, a number or a search that is not there."""

    async def check() -> None:
        """BadRequest for the first slip; Datasette takes care of everything else."""
        found = datasette.get_database(database)
        is_view = bool(await found.get_view_definition(table))
        keys = await found.primary_keys(table)
        columns = await found.table_columns(table)
        if not keys and not is_view:
            columns = [*columns, "rowid"]
        for name in request.args:
            _check_name(name, table, columns)
        _check_columns(request, table, columns)
        sorts = datasette.table_metadata(database, table)
        in_order = any(request.args.get(name) or sorts.get(name[1:]) for name in OF_COLUMNS[:2])
        _check_numbers(request, {**NUMBERS, "_next": r"\d{0,15}"} if is_view else NUMBERS)
        if not is_view:
            _check_next(request, (len(keys) or 1) + in_order)
        await _check_search(request, found, table)
        for through in request.args.getlist("_through"):
            await _check_through(through, found, table)

    return check


def _check_name(name: str, table: str, columns: list[str]) -> None:
    """BadRequest unless a parameter is one of Datasette's own or a column, bare or with a comparison."""
    if name in columns or KNOWN.fullmatch(name):
        return
    if name.startswith("_") and "__" not in name:
        raise BadRequest(f"There is no parameter {name}. A column stands without an underscore before it.")
    column, _, lookup = name.rpartition("__") if "__" in name else (name, "", "exact")
    if column not in columns:
        raise BadRequest(f"{table} has no column {column}. Its columns: {', '.join(columns)}.")
    if lookup not in LOOKUPS:
        raise BadRequest(f"There is no comparison {lookup}. Comparisons, after two underscores: {', '.join(LOOKUPS)}.")


def _check_columns(request: Request, table: str, columns: list[str]) -> None:
    """BadRequest where what is sorted or counted by is no column, or where two orders are asked for."""
    for name in OF_COLUMNS:
        for value in filter(None, request.args.getlist(name)):
            if value not in columns:
                raise BadRequest(f"{name} takes a column, and {table} has none {value}. Columns: {', '.join(columns)}.")
    if request.args.get("_sort") and request.args.get("_sort_desc"):
        raise BadRequest("Take _sort or _sort_desc: rows stand in one order.")


def _check_numbers(request: Request, numbers: dict[str, str]) -> None:
    for name, form in numbers.items():
        if not re.fullmatch(form, request.args.get(name) or ""):
            raise BadRequest(f"{name} takes a number.")


def _check_next(request: Request, parts: int) -> None:
    """BadRequest unless the place where the next page begins has a part for each column of the key and of the order."""
    place = request.args.get("_next")
    if place and len(urlsafe_components(place)) != parts:
        raise BadRequest("_next takes what the page before gives as next, in the same order of rows.")


async def _check_search(request: Request, database: Database, table: str) -> None:
    searches = [value for name in request.args if SEARCH.fullmatch(name) for value in request.args.getlist(name)]
    if sum(map(len, searches)) > LONGEST_SEARCH:
        raise BadRequest(f"A search is at most {LONGEST_SEARCH} characters long.")
    searched = request.args.get("_fts_table") or await database.fts_table(table)
    if "_search" in request.args and not searched:
        tables = [name for name in await database.table_names() if await database.fts_table(name)]
        raise BadRequest(
            f"The table {table} has no full-text search; these have one: {', '.join(tables)}. "
            "The search at /record/search looks everywhere in the record."
        )


async def _check_through(through: str, database: Database, table: str) -> None:
    """BadRequest unless it is JSON that names a table with a key of this one, a column there, and a value."""
    try:
        asked = json.loads(through)
        other, column, value = asked["table"], asked["column"], asked["value"]
    except (ValueError, LookupError, TypeError):
        raise BadRequest(f"_through takes {THROUGH}.") from None
    keys = await database.foreign_keys_for_table(other) if other in await database.table_names() else []
    if not any(key["other_table"] == table for key in keys):
        raise BadRequest(f"_through takes {THROUGH}; {other} is no table that names rows of {table}.")
    if column not in await database.table_columns(other):
        raise BadRequest(f"_through takes {THROUGH}; {other} has no column {column}.")
    if not isinstance(value, str | float) and not (isinstance(value, int) and value.bit_length() < 64):
        raise BadRequest(f"_through takes {THROUGH}; the value is a text or a number.")
