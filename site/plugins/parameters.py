"""What stands behind the question mark of a table's address: a slip of the pen gets an answer that names it.

Datasette 0.65 finds no row by a column that is not there, every row by a comparison or a search that is not there, and
stumbles over an empty search; programs take each of them for the truth.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from datasette import hookimpl
from datasette.app import Datasette
from datasette.filters import Filters
from datasette.utils.asgi import BadRequest, Request

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
# An empty search, as a form sends it that was not filled in, and what other sites put behind addresses they pass on.
DROPPED = re.compile(r"(utm_\w+|fbclid|gclid|msclkid|mc_cid|mc_eid)=.*|_search(_\w+)?=[\s\"]*", re.DOTALL)
LOOKUPS = [filter.key for filter in Filters._filters]
NUMBERS = ("_timelimit",)


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
        columns = await found.table_columns(table)
        if not await found.primary_keys(table):
            columns = [*columns, "rowid"]
        for name in request.args:
            _check_name(name, table, columns)
        for name in [*NUMBERS, *(["_next"] if await found.get_view_definition(table) else [])]:
            if not re.fullmatch(r"\d*", request.args.get(name) or ""):
                raise BadRequest(f"{name} takes a number.")
        searched = request.args.get("_fts_table") or await found.fts_table(table)
        if "_search" in request.args and not searched:
            raise BadRequest(
                f"The table {table} has no full-text search; the search at /record/search looks everywhere."
            )

    return check


def _check_name(name: str, table: str, columns: list[str]) -> None:
    """BadRequest unless a parameter is one of Datasette's own or a column, bare or with a comparison."""
    if name in columns or (name.startswith("_") and "__" not in name):
        return
    column, _, lookup = name.rpartition("__") if "__" in name else (name, "", "exact")
    if column not in columns:
        raise BadRequest(f"{table} has no column {column}. Its columns: {', '.join(columns)}.")
    if lookup not in LOOKUPS:
        raise BadRequest(f"There is no comparison {lookup}. Comparisons, after two underscores: {', '.join(LOOKUPS)}.")
