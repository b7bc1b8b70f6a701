"""What the page of a query has beside its answer: a form that offers names for keys, and an example to open with."""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils import await_me_maybe, escape_sqlite
from datasette.utils.asgi import Request, Response

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
DATABASE = "record"
# More rows than these are no list to choose from: the form takes a key and links the table.
LONGEST_LIST = 250
# Beside their names, roll calls are known by their day.
BEFORE_THE_LABEL = {"roll_calls": "voted_on"}
# The search has a page of its own that says what can be searched for.
WITHOUT_EXAMPLE = {"search"}


@hookimpl
def asgi_wrapper(datasette: Datasette) -> Callable[[App], App]:
    """Open a query that is asked nothing with its example, and one that is asked by a name with the key that it means.

    An empty parameter still asks for all.
    """

    def wrap(app: App) -> App:
        """The same application behind the look at addresses."""

        async def led(scope: dict[str, Any], receive: Any, send: Any) -> None:
            """Answer 302 where another address is meant; hand everything else on."""
            address = None
            if scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
                asked = scope["query_string"].decode("latin-1")
                meant = _with_keys(datasette, scope["path"], asked) if asked else _example(datasette, scope["path"])
                address = await await_me_maybe(meant)
            await (Response.redirect(address).asgi_send(send) if address else app(scope, receive, send))

        return led

    return wrap


@hookimpl
def extra_template_vars(
    datasette: Datasette, request: Request | None, view_name: str, columns: list[str] | None
) -> Any:
    """`fields`, the form of a query, each with its `value` and, where values are few, its `choices`: (key, name)."""
    if request is None or view_name not in ("table", "database"):
        return {}
    query = _queries(datasette).get(request.url_vars.get("table", ""))
    if not query:
        return {"column_help": {}}

    async def form() -> dict[str, Any]:
        """Awaited by Datasette when it renders the page."""
        return {
            "fields": [
                {**field, "value": request.args.get(field["name"]) or "", "choices": await _choices(datasette, field)}
                for field in query["fields"]
            ],
            "column_help": _column_help(datasette, columns or []),
        }

    return form


def _queries(datasette: Datasette) -> dict[str, dict[str, Any]]:
    """The site's queries by name, as the build has written them."""
    databases = datasette.metadata("databases") or {}
    queries: dict[str, dict[str, Any]] = databases.get(DATABASE, {}).get("queries", {})
    return queries


def _example(datasette: Datasette, path: str) -> str | None:
    """The address of the example of the query at a path, with the chart that shows it, if it has one."""
    base = datasette.urls.database(DATABASE)
    name = path.removeprefix(f"{base}/")
    query = _queries(datasette).get(name)
    if not query or path != f"{base}/{name}" or "example" not in query or name in WITHOUT_EXAMPLE:
        return None
    return f"{path}?{urlencode(query['example'])}" + (f"#{query['fragment']}" if "fragment" in query else "")


async def _with_keys(datasette: Datasette, path: str, asked: str) -> str | None:
    """The address with a row's key where a parameter has it in other letters or as a UN symbol; None if all is well."""
    name = re.sub(r"\.(json|csv)$", "", path.removeprefix(f"{datasette.urls.database(DATABASE)}/"))
    tables = {
        field["name"]: field["table"]
        for field in _queries(datasette).get(name, {}).get("fields", [])
        if "table" in field
    }
    given = parse_qsl(asked, keep_blank_values=True)
    meant = [
        (key, await _key(datasette, tables[key], value) if key in tables and value else value) for key, value in given
    ]
    return f"{path}?{urlencode(meant)}" if meant != given else None


async def _key(datasette: Datasette, table: str, value: str) -> str:
    """The key of the row that a value means, in letters of any case or with a symbol's slashes; else the value."""
    sql = f"select id from {escape_sqlite(table)} where id = ? collate nocase limit 2"  # noqa: S608
    rows = (await datasette.get_database(DATABASE).execute(sql, [re.sub(r"[^A-Za-z0-9]+", "-", value).strip("-")])).rows
    return rows[0]["id"] if len(rows) == 1 else value


async def _choices(datasette: Datasette, field: dict[str, Any]) -> list[tuple[str, str]]:
    """The values of an enumeration, or the keys of a short table with the names of its rows."""
    if "options" in field:
        return [(value, value.replace("_", " ")) for value in field["options"]]
    if "table" not in field:
        return []
    database = datasette.get_database(DATABASE)
    label = (datasette.metadata("label_column", DATABASE, field["table"], fallback=False)) or "id"
    first = BEFORE_THE_LABEL.get(field["table"])
    named = f"{escape_sqlite(first)} || ': ' || {escape_sqlite(label)}" if first else escape_sqlite(label)
    sql = f"select id, {named} as name from {escape_sqlite(field['table'])} order by name, id limit {LONGEST_LIST + 1}"  # noqa: S608
    rows = (await database.execute(sql)).rows
    return [(row["id"], f"{row['name']} ({row['id']})") for row in rows] if len(rows) <= LONGEST_LIST else []


def _column_help(datasette: Datasette, columns: list[str]) -> dict[str, str]:
    """What the tables say of a column's name, where all that have it say the same."""
    databases = datasette.metadata("databases") or {}
    tables = databases.get(DATABASE, {}).get("tables", {}).values()
    said = {
        column: {table["columns"][column] for table in tables if column in table.get("columns", {})}
        for column in columns
    }
    return {column: texts.pop() for column, texts in said.items() if len(texts) == 1}
