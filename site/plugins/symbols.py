"""A bare UN symbol as an address, as it stands in an article or on a document: `/A/RES/ES-11/7` leads to the text."""

import re
from urllib.parse import unquote

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils import tilde_decode, tilde_encode
from datasette.utils.asgi import NotFound, Request, Response

DATABASE, ARCHIVE = "record", "archive"
# The Assembly's documents begin with A, the Council's with S.
SYMBOL = re.compile(r"/(?P<symbol>[as]/.+)$", re.IGNORECASE)


@hookimpl
def register_routes() -> list[tuple[re.Pattern[str], object]]:
    """No database is called a or s, so no page is hidden."""
    return [(SYMBOL, lead_to_text)]


async def lead_to_text(request: Request, datasette: Datasette) -> Response:
    """A 301 where exactly one text of the record has the symbol, or else one of the archive, where that is served;
    NotFound, with what to do next, where none or several have.

    Datasette asks once more with tildes for percent signs before it says that a page is not found.
    """
    symbol = tilde_decode(unquote(request.url_vars["symbol"])).strip("/ ")
    found = await datasette.answer(DATABASE, "texts_with_symbol", {"symbol": symbol})
    database, keys = DATABASE, [row["resolution_id"] for row in found]
    if not keys and ARCHIVE in datasette.served:
        database, keys = ARCHIVE, await _in_archive(datasette, symbol)
    if len(keys) != 1:
        raise NotFound(_hint(datasette, symbol, keys))
    return Response.redirect(datasette.urls.row(database, "resolutions", tilde_encode(keys[0])), status=301)


async def _in_archive(datasette: Datasette, symbol: str) -> list[str]:
    """The text of the archive whose key is the symbol with hyphens; blanks within a symbol are all one."""
    key = re.sub(r"[^A-Za-z0-9]+", "-", symbol).strip("-")
    sql = "select id from resolutions where id = ? collate nocase"
    return [row["id"] for row in await datasette.execute(ARCHIVE, sql, [key])]


def _hint(datasette: Datasette, symbol: str, keys: list[str]) -> str:
    if keys:
        return f"{len(keys)} texts have the symbol {symbol.upper()}: {', '.join(keys)}."
    texts = datasette.urls.table(DATABASE, "resolutions")
    places = "the record and in the archive" if ARCHIVE in datasette.served else "the record"
    return f"No text in {places} has the symbol {symbol.upper()} for certain. Every text of the record is at {texts}."
