"""The files to take away: what templates tell of them, their media types, and a table's address with their ending."""

import json
import mimetypes
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils.asgi import NotFound, Request, Response
from datasette.views.database import DatabaseDownload

DATABASE = "record"  # Only its tables are files.
FOLDER = "static/downloads"
# Without these a browser would show the file as text.
TYPES = {
    ".db": "application/vnd.sqlite3",
    ".parquet": "application/vnd.apache.parquet",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@hookimpl
def startup() -> None:
    """Tell the server of files what the formats are."""
    for ending, media_type in TYPES.items():
        mimetypes.add_type(media_type, ending)


@hookimpl
def extra_template_vars(datasette: Datasette) -> dict[str, Any]:
    """`downloads` in every template: tables, packages and files, as `tables.json` has them."""
    return {"downloads": _catalogue(datasette.config_dir)}


@cache
def _catalogue(site: Path) -> Any:
    return json.loads((site / FOLDER / "tables.json").read_text(encoding="utf-8"))


@hookimpl
def register_routes(datasette: Datasette) -> list[tuple[str, Callable[..., Awaitable[Any]]]]:
    """The databases, and the address of a table with the ending of a file that was made of it."""
    databases = "|".join(name for name, database in datasette.databases.items() if database.path)
    return [
        (rf"/(?P<database>{databases})\.db$", _database),
        (rf"/{DATABASE}/(?P<table>[^/.]+)\.(?P<form>xlsx|parquet)$", _file),
    ]


async def _database(request: Request, datasette: Datasette) -> Any:
    """The file as Datasette sends it, called what it is."""
    response = await DatabaseDownload(datasette).dispatch_request(request)
    response.content_type = TYPES[".db"]
    return response


async def _file(request: Request, datasette: Datasette) -> Response:
    """Lead to the file; NotFound where there is no table of the name."""
    name, form = request.url_vars["table"], request.url_vars["form"]
    for table in _catalogue(datasette.config_dir)["tables"]:
        if table["name"] == name:
            return Response.redirect(datasette.urls.path(f"/{FOLDER}/{table['files'][form]['name']}"))
    raise NotFound(f"No table is called {name}. Take a query's result as .csv or .json.")
