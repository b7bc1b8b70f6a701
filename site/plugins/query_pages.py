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
                await datasette.invoke_startup()
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
    database = request.url_vars.get("database", "")
    query = datasette.served.get(database, {}).get("queries", {}).get(request.url_vars.get("table", ""))
    if not query:
        return {"column_help": {}}

    async def form() -> dict[str, Any]:
        """Awaited by Datasette when it renders the page."""
        return {
            "fields": [
                {
                    **field,
                    "value": request.args.get(field["name"]) or "",
                    "choices": await _choices(datasette, database, field),
                }
                for field in query["fields"]
            ],
            "column_help": _column_help(datasette, database, columns or []),
        }

    return form


def _query(datasette: Datasette, path: str) -> tuple[str, dict[str, Any]]:
    """The database and the query at a path, as the build has written it; empty where there is none."""
    for database, about in datasette.served.items():
        base = f"{datasette.urls.database(database)}/"
        if path.startswith(base) and (query := about["queries"].get(path.removeprefix(base))):
            return database, query
    return "", {}


def _key_column(datasette: Datasette, database: str, table: str) -> str:
    """The column of a table by whose values people know its rows."""
    return str(datasette.served[database]["tables"].get(table, {}).get("key_column") or "id")


def _example(datasette: Datasette, path: str) -> str | None:
    """The address of the example of the query at a path, with the chart that shows it, if it has one."""
    _, query = _query(datasette, path)
    if "example" not in query or path.rpartition("/")[2] in WITHOUT_EXAMPLE:
        return None
    return f"{path}?{urlencode(query['example'])}" + (f"#{query['fragment']}" if "fragment" in query else "")


async def _with_keys(datasette: Datasette, path: str, asked: str) -> str | None:
    """The address with a row's key where a parameter has it in other letters or as a UN symbol; None if all is well."""
    database, query = _query(datasette, re.sub(r"\.(json|csv)$", "", path))
    tables = {field["name"]: field["table"] for field in query.get("fields", []) if "table" in field}
    given = parse_qsl(asked, keep_blank_values=True)
    meant = [
        (name, await _key(datasette, database, tables[name], value) if name in tables and value else value)
        for name, value in given
    ]
    return f"{path}?{urlencode(meant)}" if meant != given else None


async def _key(datasette: Datasette, database: str, table: str, value: str) -> str:
    """The key of the row that a value means, in letters of any case or with a symbol's slashes; else the value."""
    key = escape_sqlite(_key_column(datasette, database, table))
    sql = f"select {key} from {escape_sqlite(table)} where {key} = ? collate nocase limit 2"  # noqa: S608
    spelt = re.sub(r"[^A-Za-z0-9]+", "-", value).strip("-")
    rows = (await datasette.get_database(database).execute(sql, [spelt])).rows
    return str(rows[0][0]) if len(rows) == 1 else value


async def _choices(datasette: Datasette, database: str, field: dict[str, Any]) -> list[tuple[str, str]]:
    """The values of an enumeration, or the keys of a short table with the names of its rows."""
    if "options" in field:
        return [(value, value.replace("_", " ")) for value in field["options"]]
    if "table" not in field:
        return []
    key = _key_column(datasette, database, field["table"])
    label = datasette.served[database]["tables"][field["table"]].get("label_column") or key
    first = BEFORE_THE_LABEL.get(field["table"])
    named = f"{escape_sqlite(first)} || ': ' || {escape_sqlite(label)}" if first else escape_sqlite(label)
    listed = f"select {escape_sqlite(key)} as key, {named} as name from {escape_sqlite(field['table'])}"  # noqa: S608
    sql = f"{listed} order by name, key limit {LONGEST_LIST + 1}"
    rows = (await datasette.get_database(database).execute(sql)).rows
    return [(row["key"], f"{row['name']} ({row['key']})") for row in rows] if len(rows) <= LONGEST_LIST else []


def _column_help(datasette: Datasette, database: str, columns: list[str]) -> dict[str, str]:
    """What the tables say of a column's name, where all that have it say the same."""
    tables = datasette.served[database]["tables"].values()
    said = {
        column: {table["columns"][column] for table in tables if column in table.get("columns", {})}
        for column in columns
    }
    return {column: texts.pop() for column, texts in said.items() if len(texts) == 1}
