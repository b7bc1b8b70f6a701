"""A bare UN symbol as an address, as it stands in an article or on a document: `/A/RES/ES-11/7` leads to the text."""

import re
from urllib.parse import unquote

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils import tilde_decode, tilde_encode
from datasette.utils.asgi import NotFound, Request, Response

DATABASE = "record"
# The Assembly's documents begin with A, the Council's with S.
SYMBOL = re.compile(r"/(?P<symbol>[as]/.+)$", re.IGNORECASE)


@hookimpl
def register_routes() -> list[tuple[re.Pattern[str], object]]:
    """No database is called a or s, so no page is hidden."""
    return [(SYMBOL, lead_to_text)]


async def lead_to_text(request: Request, datasette: Datasette) -> Response:
    """A 301 where exactly one text has the symbol; NotFound, with what to do next, where none or several have.

    Datasette asks once more with tildes for percent signs before it says that a page is not found.
    """
    symbol = tilde_decode(unquote(request.url_vars["symbol"])).strip("/ ")
    found = await datasette.answer(DATABASE, "texts_with_symbol", {"symbol": symbol})
    if len(found) != 1:
        raise NotFound(_hint(datasette, symbol, [row["resolution_id"] for row in found]))
    path = datasette.urls.row(DATABASE, "resolutions", tilde_encode(found[0]["resolution_id"]))
    return Response.redirect(path, status=301)


def _hint(datasette: Datasette, symbol: str, keys: list[str]) -> str:
    if keys:
        return f"{len(keys)} texts have the symbol {symbol.upper()}: {', '.join(keys)}."
    texts = datasette.urls.table(DATABASE, "resolutions")
    return f"No text in the record has the symbol {symbol.upper()} for certain. Every text is at {texts}."
