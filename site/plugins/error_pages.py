"""Errors as pages of the site: with its search and doors, and with the address at hand that went wrong."""

import sqlite3
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils import add_cors_headers
from datasette.utils.asgi import Base400, NotFound, Request, Response
from datasette.views.base import DatasetteError
from markupsafe import Markup

TOO_BIG = "The query's result is too big for the memory that it may have."


@hookimpl
def handle_exception(datasette: Datasette, request: Request, exception: Exception) -> Callable[[], Awaitable[Response]]:
    """The page error.html, or in JSON what Datasette answers."""
    error = _described(exception)
    # Datasette 0.65 takes a POST to a table for its own mistake.
    if isinstance(exception, AssertionError) and request.method == "POST":
        error |= {"error": "Nothing can be sent to this address.", "status": 405, "title": "Method not allowed"}
    if error["status"] == 500:
        traceback.print_exception(exception)

    async def answer() -> Response:
        """Rendered with the request, which Datasette's own page of an error lacks."""
        headers: dict[str, str] = {}
        if datasette.cors:
            add_cors_headers(headers)
        if request.path.endswith(".json"):
            return Response.json(error, status=error["status"], headers=headers)
        page = await datasette.render_template(["error.html"], error, request=request)
        return Response.html(page, status=error["status"], headers=headers)

    return answer


def _described(exception: Exception) -> dict[str, Any]:
    """Datasette's description of an error: ok, error, status and title, with what else the error brings."""
    error: dict[str, Any] = {"ok": False, "error": str(exception), "status": 500, "title": None}
    if isinstance(exception, DatasetteError):
        message = Markup(exception.message) if exception.message_is_html else exception.message
        return {**exception.error_dict, **error, "error": message, "status": exception.status, "title": exception.title}
    if isinstance(exception, Base400):
        return {**error, "error": exception.args[0] if exception.args else "", "status": exception.status}
    if isinstance(exception, MemoryError):
        return {**error, "error": TOO_BIG, "status": 400, "title": "Invalid SQL"}
    # A compound key with too few or too many parts ends in a statement with too few or too many values.
    if isinstance(exception, sqlite3.ProgrammingError):
        return {**error, "error": "No row has this key.", "status": NotFound.status}
    return error
