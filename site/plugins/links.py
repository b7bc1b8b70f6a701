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

# The table that a column of a query or a view leads to, in the same database.
KEYS = {
    "agreeing_claim_id": "claims",
    "article_id": "articles",
    "asked_id": "articles",
    "bloc_id": "blocs",
    "claim_id": "claims",
    "correction_id": "corrections",
    "differing_claim_id": "claims",
    "earlier_roll_call_id": "roll_calls",
    "first_claim_id": "claims",
    "later_roll_call_id": "roll_calls",
    "member_code": "members",
    "member_id": "members",
    "origin_article_id": "articles",
    "origin_claim_id": "claims",
    "outlet_id": "outlets",
    "release_id": "releases",
    "roll_call_id": "roll_calls",
    "resolution_id": "resolutions",
    "source_id": "sources",
}
# The same, in a database that is named.
KEYS_ELSEWHERE = {"record_roll_call_id": ("record", "roll_calls")}


# Column and table of each foreign key, by database and table; looked up once, since a page asks for every cell.
FOREIGN_KEYS: dict[str, dict[str, dict[str, str]]] = {}


@hookimpl
def startup(datasette: Datasette) -> Callable[[], Awaitable[None]]:
    """Note the foreign keys of the immutable databases."""

    async def note() -> None:
        """Only keys that refer to a column id: those that a page can name."""
        for name in datasette.served:
            database, noted = datasette.get_database(name), FOREIGN_KEYS.setdefault(name, {})
            for table in await database.table_names():
                keys = await database.foreign_keys_for_table(table)
                noted[table] = {key["column"]: key["other_table"] for key in keys if key["other_column"] == "id"}

    return note


@hookimpl
def render_cell(
    row: sqlite3.Row, value: Any, column: str, table: str | None, database: str, datasette: Datasette
) -> Markup | Awaitable[Markup] | None:
    """A link for an address on this site and for a key that is not one yet; anything else as Datasette has it.

    On a table's page a foreign key comes as a dictionary that Datasette links by itself; on a row's page it is bare.
    """
    if database not in FOREIGN_KEYS or not isinstance(value, str | int):
        return None
    tables = FOREIGN_KEYS[database]
    if table and column in tables.get(table, {}):
        return _named(datasette, database, table, column, value)
    key = str(value)
    if column == "url" and key.startswith(tuple(f"/{name}/" for name in FOREIGN_KEYS)):
        return Markup('<a href="{}">{}</a>').format(datasette.urls.path(key), key)
    if column == "row_key" and "table_name" in row.keys():  # noqa: SIM118  (a sqlite3.Row holds values)
        return _link(datasette, database, row["table_name"], ",".join(map(tilde_encode, key.split(","))), key)
    if column in KEYS_ELSEWHERE and database != KEYS_ELSEWHERE[column][0]:
        return _link(datasette, *KEYS_ELSEWHERE[column], key, key)
    # A view is no table with foreign keys: its keys are linked like those of a query's answer.
    if table not in tables and KEYS.get(column) in tables and "," not in key:
        return _link(datasette, database, KEYS[column], key, key)
    return None


def _link(datasette: Datasette, database: str, table: str, key: str, name: object) -> Markup:
    return Markup('<a href="{}">{}</a>').format(datasette.urls.row(database, table, key), name)


async def _named(datasette: Datasette, database: str, table: str, column: str, key: str | int) -> Markup:
    """A foreign key as the name of its row, linked, with the key beside it."""
    names = await datasette.expand_foreign_keys(database, table, column, [key])
    name = names.get((column, key)) or key
    link = _link(datasette, database, FOREIGN_KEYS[database][table][column], str(key), name)
    return link + Markup("&nbsp;<em>{}</em>").format(key)
