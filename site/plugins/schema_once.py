"""Read the schema of an immutable database once: Datasette 0.65 asks for it table by table, on every page anew."""

from collections.abc import Awaitable, Callable
from copy import copy
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette

Question = Callable[..., Awaitable[Any]]
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
def startup(datasette: Datasette) -> Callable[[], Awaitable[None]]:
    """Have each immutable database remember what it answers about its schema."""

    async def remember() -> None:
        """Awaited by Datasette before the first page."""
        for database in datasette.databases.values():
            if not database.is_mutable:
                names = frozenset([*await database.table_names(), *await database.view_names()])
                for name in QUESTIONS:
                    setattr(database, name, _Remembering(getattr(database, name), names))

    return remember


class _Remembering:
    """A question, answered from memory the second time; each asker gets a copy of its own.

    Readers ask for tables that they make up, and memory has bounds: only what is in the schema is remembered.
    """

    def __init__(self, ask: Question, names: frozenset[str]) -> None:
        self.ask = ask
        self.names = names
        self.answers: dict[tuple[Any, ...], Any] = {}

    async def __call__(self, *about: Any, **more: Any) -> Any:
        """What the question has as its answer."""
        if more or not self.names.issuperset(about[:1]):
            return await self.ask(*about, **more)
        if about not in self.answers:
            self.answers[about] = await self.ask(*about)
        return copy(self.answers[about])
