"""Bounds on what an anonymous query may do; a time limit alone does not bound memory."""

import sqlite3
from collections.abc import Callable
from json.encoder import encode_basestring_ascii
from typing import Any
from weakref import WeakKeyDictionary

from datasette import hookimpl

LONGEST_VALUE = 32_768
LARGEST_RESULT = 4_000_000
# What a row and a value that is no text count for; without it a million small rows would count for nothing.
ROW, NUMBER = 16, 8
TOO_BIG = (
    f"result too big: more than {LARGEST_RESULT:,} characters. "
    "Ask for less at a time, or take whole tables from /downloads."
)
# Of all connections together: json_group_array grows without regard to the length of a value until it is done.
MOST_MEMORY = 100_000_000
LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: LONGEST_VALUE,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: LONGEST_VALUE,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 50,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1_000,
}


@hookimpl
def prepare_connection(conn: sqlite3.Connection) -> None:
    """Cap the length of values, statements and patterns, and what one query returns: zeroblob and its kin fail."""
    for limit, value in LIMITS.items():
        conn.setlimit(limit, value)
    conn.execute("pragma trusted_schema = off")
    conn.execute(f"pragma hard_heap_limit = {MOST_MEMORY}")
    conn.row_factory = counting_rows()


def counting_rows(names_too: bool = False) -> Callable[[sqlite3.Cursor, tuple[Any, ...]], sqlite3.Row]:
    """Rows as Datasette has them, until those of one query are too big together.

    In JSON every row names its columns: a reader's own names can be long, and count in each row with `names_too`. Those
    of the site's tables are short, and its CSV has them once.
    """
    taken: WeakKeyDictionary[sqlite3.Cursor, int] = WeakKeyDictionary()
    names: WeakKeyDictionary[sqlite3.Cursor, int] = WeakKeyDictionary()

    def row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> sqlite3.Row:
        """One row, or OperationalError where it takes its cursor over LARGEST_RESULT characters."""
        if cursor not in taken:
            taken[cursor] = 0
            names[cursor] = sum(_written(name) for name, *_ in cursor.description) if names_too else 0
        size = taken[cursor] + ROW + names[cursor] + sum(_written(value) for value in values)
        if size > LARGEST_RESULT:
            raise sqlite3.OperationalError(TOO_BIG)
        taken[cursor] = size
        return sqlite3.Row(cursor, values)

    return row


def _written(value: object) -> int:
    """How many characters a value takes in JSON, where a NUL is six of them."""
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError:
            return len(value) * 4 // 3
    return len(encode_basestring_ascii(value)) if isinstance(value, str) else NUMBER
