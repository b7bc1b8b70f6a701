"""Machine formats have all rows of a query, CSV all rows of a table or none, and what is not there is not found.

Datasette 0.65 ends the CSV and JSON of a query at max_returned_rows and the CSV of a table at a page; neither file says
so. It calls CSV plain text, answers an ending that it does not know with a page, and takes a table that is not there
for wrong SQL. A page shows max_returned_rows at most and says so.

A file of a million rows would keep a processor busy for half a minute, so more than MOST_ROWS are refused, with the
name of the file that has them. A view, which has no key to go on from, is read at once and not page by page: each page
would begin anew, and one that takes too long would end the file in its middle.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from datasette import hookimpl
from datasette.app import Datasette
from datasette.database import Database, QueryInterrupted
from datasette.utils import InvalidSql, sqlite3, tilde_decode
from datasette.utils.asgi import AsgiStream, NotFound, Request, Response
from datasette.views.base import DataView
from datasette.views.database import DatabaseView
from datasette.views.row import RowView
from datasette.views.table import TableView

MOST_ROWS = 100_000
# With these Datasette does not count rows.
UNCOUNTED = {"_nocount", "_shape"}
FORMAT = r"\.(?P<format>(?!db$)\w+)$"
TOO_LONG = "The query took too long. Ask for less at a time, or take whole tables from /downloads."
TOO_MANY = (
    "More than {most:,} rows: as CSV they are not given here. Narrow them with a filter, or take the whole database at "
    "{database}. To have it as Parquet, run make parquet where the site is built."
)
NOTHING_ASKED = "Name a query, or a table, or give SQL as ?sql=. Whole tables are at /downloads."


class _Untruncated:
    """Datasette or a database, except that a query's rows are all fetched; limits of time and size stay in force."""

    def __init__(self, whole: Datasette | Database) -> None:
        self._whole = whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)

    async def execute(self, *arguments: Any, truncate: bool = False, **options: Any) -> Any:
        """As Datasette.execute and Database.execute, with `truncate` left out."""
        return await self._whole.execute(*arguments, **options)


class _AtOnce(_Untruncated):
    """Datasette with pages of as many rows as a CSV may have."""

    def __init__(self, datasette: Datasette) -> None:
        super().__init__(datasette)
        self.max_returned_rows = MOST_ROWS

    def get_database(self, *name: str, **route: str) -> _Untruncated:
        """As Datasette.get_database."""
        return _Untruncated(self._whole.get_database(*name, **route))


class _Whole(DataView):
    """What the CSV of Datasette lacks: it is called CSV, and a refused query is told, and is no empty file."""

    async def as_csv(self, request: Request, database: str) -> Any:
        """The rows as they come, or the response in their place."""
        response = await super().as_csv(request, database)
        if isinstance(response, AsgiStream) and response.content_type.startswith("text/plain"):
            response.content_type = "text/csv; charset=utf-8"
        return response

    async def data(self, request: Request, **options: Any) -> Any:
        """What the view has to show, or the response in its place."""
        if request.url_vars["format"] != "csv":
            return await super().data(request, **options)
        try:
            found = await super().data(request, **options)
        except QueryInterrupted:
            return _refused(TOO_LONG)
        except (sqlite3.OperationalError, InvalidSql) as error:
            return _refused(str(error))
        if isinstance(found, Response):
            return found
        wrong = found[0].get("error") or (None if "columns" in found[0] else NOTHING_ASKED)
        return _refused(wrong) if wrong else found


def _refused(text: str) -> Response:
    return Response.text(f"{text}\n", status=400)


class _Database(_Whole, DatabaseView):
    """The database, and SQL that a reader writes."""


class _Table(_Whole, TableView):
    """A table, a view, or a query of the site."""

    async def data(self, request: Request, **options: Any) -> Any:
        """As ever; the first page of a CSV that is to be whole counts the rows, which Datasette leaves out of a CSV."""
        if request.url_vars["format"] != "csv" or "_stream" not in request.args or options:
            return await super().data(request, **options)
        asked = [pair for pair in parse_qsl(request.query_string, keep_blank_values=True) if pair[0] not in UNCOUNTED]
        counting = Request({**request.scope, "query_string": urlencode(asked).encode("latin-1")}, request.receive)
        found = await super().data(counting)
        if isinstance(found, Response) or "filtered_table_rows_count" not in found[0]:
            return found
        rows = found[0]["filtered_table_rows_count"]
        if rows is None or rows > MOST_ROWS:
            database = self.ds.urls.database(request.url_vars["database"])
            return _refused(TOO_MANY.format(most=MOST_ROWS, database=f"{database}.db"))
        return found


class _Row(_Whole, RowView):
    """A row of a table."""


@hookimpl
def extra_template_vars() -> dict[str, int]:
    """`most_csv_rows`, more than which a table has no CSV."""
    return {"most_csv_rows": MOST_ROWS}


@hookimpl(trylast=True)
def register_routes(datasette: Datasette) -> list[tuple[str, Callable[..., Awaitable[Any]]]]:
    """Every row, and every address in a database with an ending, after those that another plugin answers."""
    database = f"/(?P<database>{'|'.join(datasette.databases)})"
    return [
        (rf"{database}{FORMAT}", _whole_result),
        (rf"{database}/(?P<table>[^/.]+){FORMAT}", _whole_table),
        (rf"{database}/(?P<table>[^/]+?)/(?P<pks>[^/]+?)(\.(?P<format>\w+))?$", _row),
    ]


async def _whole_result(request: Request, datasette: Datasette) -> Any:
    """The answer to a reader's SQL."""
    _refuse_unknown(request, datasette)
    return await _Database(_Untruncated(datasette)).dispatch_request(request)


async def _whole_table(request: Request, datasette: Datasette) -> Any:
    """A table or the answer to a query of the site; as CSV whole, unless a page of it is asked for."""
    _refuse_unknown(request, datasette)
    asked_of: _Untruncated = _Untruncated(datasette)
    page_asked = request.args.get("_size", "max") != "max" or request.args.get("_next")
    if request.url_vars["format"] == "csv" and not page_asked:
        asked = f"{request.query_string}&_size=max&_stream=1".lstrip("&")
        request = Request({**request.scope, "query_string": asked.encode("latin-1")}, request.receive)
        views = await datasette.get_database(request.url_vars["database"]).view_names()
        if tilde_decode(request.url_vars["table"]) in views:
            asked_of = _AtOnce(datasette)
    return await _Table(asked_of).dispatch_request(request)


async def _row(request: Request, datasette: Datasette) -> Any:
    """A row, as Datasette has it; only tables have rows, views and queries have none."""
    table = tilde_decode(request.url_vars["table"])
    if table not in await datasette.get_database(request.url_vars["database"]).table_names():
        raise NotFound(f"No table is called {table}.")
    if request.url_vars["format"]:
        _refuse_unknown(request, datasette)
    return await _Row(datasette).dispatch_request(request)


def _refuse_unknown(request: Request, datasette: Datasette) -> None:
    """NotFound for an ending that no format has; Datasette would answer it with the page."""
    ending = request.url_vars["format"]
    if ending not in {"csv", "jsono", *datasette.renderers}:
        raise NotFound(f"Nothing here is given as .{ending}. There are .json and .csv.")
