"""What the home page and the page of a thing show: rows of the site's own queries, which anyone can ask again."""

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils import escape_sqlite, tilde_decode
from datasette.utils.asgi import Request

DATABASE, ARCHIVE = "record", "archive"
ARCHIVE_IN_NUMBERS = "archive_in_numbers"
Rows = list[dict[str, Any]]


@hookimpl
def extra_template_vars(
    database: str | None, table: str | None, view_name: str, request: Request | None, datasette: Datasette
) -> Callable[[], Awaitable[dict[str, Any]]] | None:
    """`page`, `asked` and `questions` on the home page and the page of a row whose table has a `page` in metadata.yml.

    A list of rows by part, the address of each part's query, and what each check of the page asks in words.
    """
    if request is None or view_name not in ("index", "row"):
        return None
    place = {"database": database, "table": table} if table else {}
    parts = datasette.metadata("page", fallback=False, **place) or {}

    async def ask() -> dict[str, Any]:
        """Awaited by Datasette when it renders the page."""
        page, asked = {}, {}
        key = await _known_key(datasette, request, database, table) if database and table and parts else ""
        for part, name in parts.items():
            page[part], asked[part] = await _answer(datasette, database or DATABASE, name, key)
        if view_name == "index" and ARCHIVE in datasette.served:
            page["archive"] = await _archive_in_numbers(datasette)
        questions = [await _question(datasette, check) for check in page.get("checks", [])]
        return {"page": page, "asked": asked, "questions": questions}

    return ask


async def _archive_in_numbers(datasette: Datasette) -> Rows:
    """How much the archive has; asked once, since it takes counting and a build never changes."""
    if not hasattr(datasette, "archive_in_numbers"):
        datasette.archive_in_numbers = await datasette.answer(ARCHIVE, ARCHIVE_IN_NUMBERS)
    numbers: Rows = datasette.archive_in_numbers
    return numbers


async def _known_key(datasette: Datasette, request: Request, database: str, table: str) -> str:
    """The key in the address, or what people know the row by: the value in the table's `key_column`."""
    key = tilde_decode(request.url_vars["pks"])
    known = datasette.served[database]["tables"][table].get("key_column")
    row = await datasette.titles.row(database, table, [key]) if known else None
    return str(row[known]) if row else key


async def _answer(datasette: Datasette, database: str, name: str, key: str) -> tuple[Rows, str]:
    """The rows of a query about one key, all its other parameters empty, and the address at which anyone can ask it."""
    query = await datasette.get_canned_query(database, name, None)
    assert query
    values = {field["name"]: key if "table" in field else "" for field in query["fields"]}
    address = datasette.urls.query(database, name) + (f"?{urlencode(values)}" if values else "")
    return await datasette.answer(database, name, values), address


async def _question(datasette: Datasette, check: dict[str, Any]) -> dict[str, Any]:
    """What a check asks: its query's title, each parameter's title and value in words, and whether votes answer."""
    query = await datasette.get_canned_query(DATABASE, check["query_name"], None)
    assert query
    values = json.loads(check["params"])
    parameters = [
        {"title": field["title"], "name": await _name(datasette, field.get("table"), values[field["name"]])}
        for field in query["fields"]
    ]
    answered_by_votes = "abstain" in query.get("answer", {}).get("enum", [])
    return {"title": query["title"], "parameters": parameters, "answered_by_votes": answered_by_votes}


async def _name(datasette: Datasette, table: str | None, value: str) -> str:
    """A value as a reader knows it: the label of the row of which it is the key, or the value without underscores."""
    label = datasette.metadata("label_column", DATABASE, table, fallback=False) if table else None
    if not label:
        return value.replace("_", " ")
    sql = f"select {escape_sqlite(label)} from {escape_sqlite(table)} where id = ?"  # noqa: S608  (names from the schemas)
    row = (await datasette.get_database(DATABASE).execute(sql, [value])).first()
    return row[0] if row else value
