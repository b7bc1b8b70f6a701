"""Say which language the words of an article are in, so that a screen reader and a browser treat them as such."""

import sqlite3
from typing import Any

from datasette import hookimpl
from markupsafe import Markup

WORDS_OF_ARTICLES = {"title", "quote"}


@hookimpl
def render_cell(row: sqlite3.Row, value: Any, column: str) -> Markup | None:
    """The cell marked with the language that its row names; anything else as Datasette has it."""
    if column not in WORDS_OF_ARTICLES or not value or "language" not in row.keys() or not row["language"]:  # noqa: SIM118
        return None
    return Markup('<span lang="{}" dir="auto">{}</span>').format(row["language"], value)
