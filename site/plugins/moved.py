"""A key in another letter case, one that had to change, or one that people know instead of a number, leads to its row:
a cited address never breaks. That of a row which was withdrawn answers with the reason, 410.
"""

import re
import sqlite3
from collections.abc import Awaitable, Callable
from urllib.parse import unquote

from datasette import hookimpl
from datasette.app import Datasette
from datasette.database import Database
from datasette.utils import escape_sqlite, tilde_decode, tilde_encode
from datasette.utils.asgi import NotFound, Request, Response

REDIRECTS = "redirects"
ROW = re.compile(r"/(?P<database>[a-z_]+)/(?P<table>[a-z_]+)/(?P<key>[^/]+?)(?P<form>\.\w+)?")


# First, before the page that says that nothing was found.
@hookimpl(tryfirst=True)
def handle_exception(
    datasette: Datasette, request: Request, exception: Exception
) -> Callable[[], Awaitable[Response | None]] | None:
    """In the place of "not found", a permanent redirect to the row that the address means, if there is one."""
    place = ROW.fullmatch(unquote(request.path))
    if (
        not place
        or place["database"] not in datasette.served
        or not isinstance(exception, NotFound | sqlite3.ProgrammingError)
    ):
        return None

    async def redirect() -> Response | None:
        """A 301 to the key that the row has now, in the same form, or a 410; None where no row has or had it."""
        asked_for = [tilde_decode(part) for part in place["key"].split(",")]
        parts, why = await _followed(datasette, place["database"], place["table"], asked_for)
        found = await _key_now(datasette, place["database"], place["table"], parts)
        # A row that was withdrawn may be back.
        if found is None and why is not None:
            return await _gone(datasette, request, place["table"], ",".join(asked_for), why)
        if found is None or found == asked_for:
            return None
        key = ",".join(tilde_encode(part) for part in found)
        asked = f"?{request.query_string}" if request.query_string else ""
        address = datasette.urls.path(f"/{place['database']}/{place['table']}/{key}{place['form'] or ''}")
        return Response.redirect(address + asked, status=301)

    return redirect


async def _followed(datasette: Datasette, name: str, table: str, parts: list[str]) -> tuple[list[str], str | None]:
    """The key to which redirects lead, one after the other; and why the row was withdrawn, None where it was not."""
    database = datasette.get_database(name)
    if REDIRECTS not in await database.table_names():
        return parts, None
    sql = f"select new_key, why from {REDIRECTS} where table_name = ? and old_key = ? collate nocase"  # noqa: S608
    while row := (await database.execute(sql, [table, ",".join(parts)])).first():
        if row["new_key"] is None:
            return parts, row["why"]
        parts = row["new_key"].split(",")
    return parts, None


async def _gone(datasette: Datasette, request: Request, table: str, key: str, why: str) -> Response:
    """The answer to the address of a row that was withdrawn, as a page or as JSON."""
    told = {"ok": False, "error": f"This row was published and has been withdrawn. {why}", "status": 410, "title": None}
    if request.path.endswith(".json"):
        return Response.json(told, status=410)
    told |= {"table_name": table, "row_key": key}
    return Response.html(await datasette.render_template(["error.html"], told, request=request), status=410)


async def _key_now(datasette: Datasette, name: str, table: str, parts: list[str]) -> list[str] | None:
    """The key that a row has, from the one in an address: its own, or the one in the table's `key_column`."""
    database = datasette.get_database(name)
    if table not in await database.table_names():
        return None
    columns = await database.primary_keys(table)
    found = await _look_up(database, table, columns, columns, parts) if len(columns) == len(parts) else None
    known = datasette.served[name]["tables"].get(table, {}).get("key_column")
    return found or (await _look_up(database, table, columns, [known], parts) if known and len(parts) == 1 else None)


async def _look_up(
    database: Database, table: str, wanted: list[str], columns: list[str], values: list[str]
) -> list[str] | None:
    """The wanted columns of the row that has the values, in any letter case."""
    names = ", ".join(map(escape_sqlite, wanted))
    same = " and ".join(f"{escape_sqlite(column)} = ? collate nocase" for column in columns)
    found = await database.execute(f"select {names} from {escape_sqlite(table)} where {same}", values)  # noqa: S608
    row = found.first()
    return [str(value) for value in row] if row else None
