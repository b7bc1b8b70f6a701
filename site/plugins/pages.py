"""What the home page and the page of a thing show: rows of the site's own queries, which anyone can ask again."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils import tilde_decode
from datasette.utils.asgi import Request

DATABASE = "record"
Rows = list[dict[str, Any]]


@hookimpl
def extra_template_vars(
    table: str | None, view_name: str, request: Request | None, datasette: Datasette
) -> Callable[[], Awaitable[dict[str, Any]]] | None:
    """`page` and `asked` on the home page and on the page of each row whose table has a `page` in metadata.yml.

    `page` has a list of rows by part, `asked` the address of each part's query.
    """
    if request is None or view_name not in ("index", "row"):
        return None
    place = {"database": DATABASE, "table": table} if table else {}
    parts = datasette.metadata("page", fallback=False, **place) or {}
    key = tilde_decode(request.url_vars["pks"]) if table else None

    async def ask() -> dict[str, Any]:
        """Awaited by Datasette when it renders the page."""
        page, asked = {}, {}
        for part, name in parts.items():
            page[part], asked[part] = await _answer(datasette, name, key)
        return {"page": page, "asked": asked}

    return ask


async def _answer(datasette: Datasette, name: str, key: str | None) -> tuple[Rows, str]:
    """The rows of a query about one key, and the address at which anyone can ask it."""
    query = await datasette.get_canned_query(DATABASE, name, None)
    assert query
    values = dict.fromkeys(query["params"], key)
    results = await datasette.get_database(DATABASE).execute(query["sql"], values)
    address = datasette.urls.query(DATABASE, name) + (f"?{urlencode(values)}" if values else "")
    return [dict(row) for row in results.rows], address
