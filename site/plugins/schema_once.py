"""Read the schema of an immutable database once: Datasette 0.65 asks for it table by table, on every page anew."""

from collections.abc import Awaitable, Callable
from copy import copy
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette

Question = Callable[..., Awaitable[Any]]
# Not whether a table exists: that is asked of any name that a reader makes up, and memory has bounds.
QUESTIONS = (
    "foreign_keys_for_table",
    "fts_table",
    "get_all_foreign_keys",
    "get_table_definition",
    "get_view_definition",
    "hidden_table_names",
    "label_column_for_table",
    "primary_keys",
    "table_column_details",
    "table_columns",
    "table_names",
    "view_names",
)


@hookimpl
def startup(datasette: Datasette) -> None:
    """Have each immutable database remember what it answers about its schema."""
    for database in datasette.databases.values():
        if not database.is_mutable:
            for name in QUESTIONS:
                setattr(database, name, _remembering(getattr(database, name)))


def _remembering(ask: Question) -> Question:
    """The same question, answered from memory the second time; each asker gets a copy of its own."""
    answers: dict[Any, Any] = {}

    async def answer(*about: Any, **more: Any) -> Any:
        """What the question has as its answer."""
        key = (about, tuple(sorted(more.items())))
        if key not in answers:
            answers[key] = await ask(*about, **more)
        return copy(answers[key])

    return answer
