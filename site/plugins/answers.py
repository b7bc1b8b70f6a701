"""The site's own queries, asked by its plugins: what they tell can then be asked again at the query's address."""

from typing import Any

from datasette import hookimpl
from datasette.app import Datasette


@hookimpl
def startup(datasette: Datasette) -> None:
    """Give every other plugin `datasette.answer(database, name, parameters)`."""

    async def answer(database: str, name: str, parameters: dict[str, str | None] | None = None) -> list[dict[str, Any]]:
        """The rows that a canned query answers with."""
        query = await datasette.get_canned_query(database, name, None)
        assert query
        results = await datasette.get_database(database).execute(query["sql"], parameters or {})
        return [dict(row) for row in results.rows]

    datasette.answer = answer
