"""Links that Datasette does not make by itself: a check's address, and the keys that queries return."""

import sqlite3
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette
from markupsafe import Markup

DATABASE = "record"
KEYS = {
    "claim_id": "claims",
    "roll_call_id": "roll_calls",
    "resolution_id": "resolutions",
    "member_id": "members",
    "source_id": "sources",
}


@hookimpl
def render_cell(
    row: sqlite3.Row, value: Any, column: str, table: str | None, database: str, datasette: Datasette
) -> Markup | None:
    """A link for an address on this site, and, in a query's result, for a key; anything else as Datasette has it."""
    if database != DATABASE or not isinstance(value, str):
        return None
    if column == "url" and value.startswith(f"/{DATABASE}/"):
        return Markup('<a href="{}">{}</a>').format(datasette.urls.path(value), value)
    if table is None and column in KEYS and "," not in value:
        return Markup('<a href="{}">{}</a>').format(datasette.urls.row(DATABASE, KEYS[column], value), value)
    return None
