"""Bounds on what an anonymous query may do; a time limit alone does not bound memory."""

import sqlite3

from datasette import hookimpl

# A page of 1,000 rows holds at most a thousand of these.
LONGEST_VALUE = 32_768
LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: LONGEST_VALUE,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: LONGEST_VALUE,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 50,
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1_000,
}


@hookimpl
def prepare_connection(conn: sqlite3.Connection) -> None:
    """Cap the length of values, statements and patterns, so that zeroblob and its kin fail at once."""
    for limit, value in LIMITS.items():
        conn.setlimit(limit, value)
    conn.execute("pragma trusted_schema = off")
