"""What a row said before, on its page and on the pages made of it; and how to report an error."""

from typing import Any
from urllib.parse import quote, urlencode

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils import tilde_decode, tilde_encode, urlsafe_components
from datasette.utils.asgi import Request

DATABASE = "record"
PAGE = "/corrections"
LONGEST_ADDRESS = 500

Told = dict[str, Any]


@hookimpl
def extra_template_vars(
    database: str | None, table: str | None, view_name: str, request: Request | None, datasette: Datasette
) -> Any:
    """`history` on a row's page, `report` on the page about corrections."""
    if request is None:
        return {}
    if view_name == "page" and tilde_decode(request.path) == datasette.urls.path(PAGE):
        return lambda: _report(datasette, request)
    if view_name == "row" and database and table:
        return lambda: _history(datasette, request, database, table, urlsafe_components(request.url_vars["pks"]))
    return {}


async def _history(datasette: Datasette, request: Request, database: str, table: str, key: list[str]) -> Told:
    """Where to report an error; of a row of the record the version that had it first, and what was corrected."""
    joined = ",".join(key)
    place = {"database": database, "table": table, "key": joined}
    history: Told = {"report_url": f"{datasette.urls.path(PAGE)}?{urlencode(place)}#report"}
    if database == DATABASE:
        asked = {"table_name": table, "row_key": joined}
        told = await datasette.answer(DATABASE, "row_history", asked)
        own = [await _in_words(datasette, row, table) for row in told if row["what"] == "corrected"]
        about = await datasette.answer(DATABASE, "corrections_about", asked)
        history |= {
            "published": next((row for row in told if row["what"] == "first published"), None),
            "of_column": {
                row["column_name"]: [one for one in own if one["column_name"] == row["column_name"]] for row in own
            },
            "about": [await _in_words(datasette, row, row["table_name"]) for row in about],
            "url": f"{datasette.urls.query(DATABASE, 'row_history')}?{urlencode(asked)}",
            "about_url": f"{datasette.urls.query(DATABASE, 'corrections_about')}?{urlencode(asked)}",
        }
    return {"history": history}


async def _in_words(datasette: Datasette, told: Told, table: str) -> Told:
    """A correction with its row, its column and its values as they are said."""
    titles, key, column = datasette.titles, told["row_key"].split(","), told["column_name"]
    row = await titles.row(DATABASE, table, key)
    return {
        **told,
        "row": await titles.of_row(DATABASE, table, row) if row else told["row_key"],
        "row_url": datasette.urls.row(DATABASE, table, ",".join(map(tilde_encode, key))),
        "column": titles.of_column(table, column),
        "was": await titles.of_value(DATABASE, table, column, told["old_value"]),
        "is_now": await titles.of_value(DATABASE, table, column, told["new_value"]),
    }


async def _report(datasette: Datasette, request: Request) -> Told:
    """A report to be filled in, with what is known of the row or the page that it is about; and every correction."""
    dataset = datasette.metadata("dataset")
    lines = await _of_row(datasette, request) or _of_address(datasette, request)
    lines += [f"Version: {dataset['version']}", "What is wrong, and what is right:", "A source that anyone can read:"]
    text = "\n".join(lines)
    send_to = dataset.get("report_corrections_to", "")
    if send_to.startswith("mailto:"):
        send_to += f"?subject={quote('Correction: ' + lines[0])}&body={quote(text)}"
    corrections = await datasette.answer(DATABASE, "latest_corrections")
    gone = await datasette.execute(DATABASE, "select * from redirects order by table_name, old_key")
    return {
        "report": {
            "text": text,
            "lines": len(lines) + 2,
            "send_to": send_to,
            "corrections": [
                await _in_words(datasette, row, row["table_name"]) for row in corrections if row["table_name"]
            ],
            "redirects": [dict(row) for row in gone.rows],
        }
    }


async def _of_row(datasette: Datasette, request: Request) -> list[str]:
    """Address, table, key and present values of the row that the reader came from; nothing if there is none."""
    database, table, key = (request.args.get(name) or "" for name in ("database", "table", "key"))
    if table not in datasette.served.get(database, {"tables": {}})["tables"]:
        return []
    parts = key.split(",")
    base = datasette.get_database(database)
    row = (
        await datasette.titles.row(database, table, parts)
        if len(parts) == len(await base.primary_keys(table))
        else None
    )
    if row is None:
        return []
    path = datasette.urls.row(database, table, ",".join(map(tilde_encode, parts)))
    values = [f"  {column}: {'' if value is None else value}" for column, value in row.items()]
    return [f"Address: {datasette.permanent_url(request, path)}", f"Table: {table}", f"Key: {key}", "It says:", *values]


def _of_address(datasette: Datasette, request: Request) -> list[str]:
    """The address of a page of this site that the reader came from; an empty place for one if there is none."""
    address = request.args.get("address") or ""
    named = address.startswith("/") and len(address) <= LONGEST_ADDRESS and address.isprintable()
    return [f"Address: {datasette.permanent_url(request, address) if named else ''}"]
