"""Links that Datasette does not make by itself: of a check, of keys in a query's result, of one row's foreign keys,
and of a key whose table stands beside it, as a correction has it.
"""

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils import tilde_encode
from markupsafe import Markup

DATABASE = "record"
KEYS = {
    "agreeing_claim_id": "claims",
    "article_id": "articles",
    "asked_id": "articles",
    "bloc_id": "blocs",
    "claim_id": "claims",
    "differing_claim_id": "claims",
    "earlier_roll_call_id": "roll_calls",
    "first_claim_id": "claims",
    "later_roll_call_id": "roll_calls",
    "member_id": "members",
    "origin_article_id": "articles",
    "origin_claim_id": "claims",
    "outlet_id": "outlets",
    "roll_call_id": "roll_calls",
    "resolution_id": "resolutions",
    "source_id": "sources",
}


# Column and table of each foreign key, by table; looked up once, since a page asks for every cell.
FOREIGN_KEYS: dict[str, dict[str, str]] = {}


@hookimpl
def startup(datasette: Datasette) -> Callable[[], Awaitable[None]]:
    """Note the foreign keys of the immutable database."""

    async def note() -> None:
        """Only keys that refer to a column id: those that a page can name."""
        database = datasette.get_database(DATABASE)
        for table in await database.table_names():
            keys = await database.foreign_keys_for_table(table)
            FOREIGN_KEYS[table] = {key["column"]: key["other_table"] for key in keys if key["other_column"] == "id"}

    return note


@hookimpl
def render_cell(
    row: sqlite3.Row, value: Any, column: str, table: str | None, database: str, datasette: Datasette
) -> Markup | Awaitable[Markup] | None:
    """A link for an address on this site and for a key that is not one yet; anything else as Datasette has it.

    On a table's page a foreign key comes as a dictionary that Datasette links by itself; on a row's page it is bare.
    """
    if database != DATABASE or not isinstance(value, str):
        return None
    if column == "url" and value.startswith(f"/{DATABASE}/"):
        return Markup('<a href="{}">{}</a>').format(datasette.urls.path(value), value)
    if column == "row_key" and "table_name" in row.keys():  # noqa: SIM118  (a sqlite3.Row holds values)
        return _link(datasette, row["table_name"], ",".join(map(tilde_encode, value.split(","))), value)
    # A view is no table with foreign keys: its keys are linked like those of a query's answer.
    if table not in FOREIGN_KEYS and column in KEYS and "," not in value:
        return _link(datasette, KEYS[column], value, value)
    if table and column in FOREIGN_KEYS.get(table, {}):
        return _named(datasette, table, column, value)
    return None


def _link(datasette: Datasette, table: str, key: str, name: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(datasette.urls.row(DATABASE, table, key), name)


async def _named(datasette: Datasette, table: str, column: str, key: str) -> Markup:
    """A foreign key as the name of its row, linked, with the key beside it."""
    names = await datasette.expand_foreign_keys(DATABASE, table, column, [key])
    link = _link(datasette, FOREIGN_KEYS[table][column], key, names.get((column, key)) or key)
    return link + Markup("&nbsp;<em>{}</em>").format(key)
