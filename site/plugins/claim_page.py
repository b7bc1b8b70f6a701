"""What the page of a claim shows beside its row: its article and its checks, from the site's own queries."""

import json
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils import tilde_decode
from datasette.utils.asgi import Request

DATABASE = "record"
QUERIES = {"checks": "checks_of_claim", "story": "story_of_claim"}


@hookimpl
def extra_template_vars(table: str | None, view_name: str, request: Request | None, datasette: Datasette) -> Any:
    """`checks` and `story` on a claim's page, each a list of rows."""
    if view_name != "row" or table != "claims" or request is None:
        return {}
    claim = tilde_decode(request.url_vars["pks"].split(",")[0])

    async def rows_of_claim() -> dict[str, list[dict[str, Any]]]:
        """A list of rows by name; awaited by Datasette when it renders the page."""
        found = {}
        for name, query_name in QUERIES.items():
            query = await datasette.get_canned_query(DATABASE, query_name, request.actor)
            assert query
            results = await datasette.get_database(DATABASE).execute(query["sql"], {"claim": claim})
            found[name] = [dict(row) for row in results.rows]
        for check in found["checks"]:
            check["parameters"] = json.loads(check["params"])
        return found

    return rows_of_claim
