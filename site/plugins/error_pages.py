"""Errors as pages of the site: with its search and doors, and with the address at hand that went wrong."""

import json
import re
import sqlite3
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils.asgi import Base400, NotFound, Request, Response
from datasette.views.base import DatasetteError
from markupsafe import Markup

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
METHODS = ("GET", "HEAD", "OPTIONS")
FILES = re.compile(r"/(-/)?static(-plugins)?/.*", re.DOTALL)
NO_FILE = "There is no file at this address."
NOTHING_TAKEN = "Nothing can be sent to this address."
TOO_LONG = "The query took longer than one second of the processor, or than four by the clock, and was stopped."
TOO_BIG = "The query's result is too big for the memory that it may have."


@hookimpl
def startup(datasette: Datasette) -> None:
    """Give every other plugin `datasette.error_answer(scope, receive, status, text)`, for what it refuses."""

    async def error_answer(scope: dict[str, Any], receive: Any, status: int, text: str) -> Response:
        """An error as JSON, text or a page."""
        return await _answer(datasette, _request(scope, receive), _error(status, text))

    datasette.error_answer = error_answer


@hookimpl
def handle_exception(datasette: Datasette, request: Request, exception: Exception) -> Callable[[], Awaitable[Response]]:
    """The page error.html, or in JSON what Datasette answers."""
    error = _described(exception)
    if error["status"] == 500:
        traceback.print_exception(exception)

    async def answer() -> Response:
        """Awaited by Datasette."""
        return await _answer(datasette, request, error)

    return answer


@hookimpl
def asgi_wrapper(datasette: Datasette) -> Callable[[App], App]:
    """Refuse what only reads cannot do, which Datasette 0.65 does by chance, and dress its bare "File not found"."""

    def wrap(app: App) -> App:
        """The same application behind the check of methods."""

        async def checked(scope: dict[str, Any], receive: Any, send: Any) -> None:
            """Answer 405 with Allow to any other method, and to OPTIONS what there is; hand everything else on."""
            if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
                await _dressed(app, datasette, scope, receive, send)
                return
            await datasette.invoke_startup()
            if scope["method"] == "OPTIONS":
                response = Response.text("ok")
            else:
                response = await _answer(datasette, _request(scope, receive), _error(405, NOTHING_TAKEN))
            response.headers["Allow"] = ", ".join(METHODS)
            await response.asgi_send(send)

        return checked

    return wrap


async def _dressed(app: App, datasette: Datasette, scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer as the application does, with a page of the site where no file is found in a folder of files."""
    missing = False

    async def sending(message: dict[str, Any]) -> None:
        """Keep back what would be said of a file that is not there."""
        nonlocal missing
        missing = missing or message.get("status", 200) >= 400
        if not missing:
            await send(message)

    if scope["type"] != "http" or not FILES.fullmatch(scope["path"]):
        await app(scope, receive, send)
        return
    await app(scope, receive, sending)
    if missing:
        await (await _answer(datasette, _request(scope, receive), _error(404, NO_FILE))).asgi_send(send)


async def _answer(datasette: Datasette, request: Request, error: dict[str, Any]) -> Response:
    """An error as JSON, text or a page, rendered with the request, which Datasette's own page of an error lacks."""
    if request.path.endswith(".json"):
        return Response.json(error, status=error["status"])
    # What asks for a table in CSV would take a page for one.
    if request.path.endswith(".csv"):
        return Response.text(f"{error['error']}\n", status=error["status"])
    page = await datasette.render_template(["error.html"], error, request=request)
    return Response.html(page, status=error["status"])


def _request(scope: dict[str, Any], receive: Any) -> Request:
    """A request that has not come to where Datasette makes tokens for forms that write, of which there are none."""
    return Request({**scope, "csrftoken": str}, receive)


def _error(status: int, text: str) -> dict[str, Any]:
    return {"ok": False, "error": text, "status": status, "title": None}


def _described(exception: Exception) -> dict[str, Any]:
    """Datasette's description of an error: ok, error, status and title, with what else the error brings."""
    error = _error(500, str(exception))
    # Datasette's words on a query that was stopped are a form with a script.
    if isinstance(exception, DatasetteError) and exception.title == "SQL Interrupted":
        return {**error, "error": TOO_LONG, "status": exception.status, "title": exception.title}
    if isinstance(exception, DatasetteError):
        message = Markup(exception.message) if exception.message_is_html else exception.message
        return {**exception.error_dict, **error, "error": message, "status": exception.status, "title": exception.title}
    if isinstance(exception, Base400):
        return {**error, "error": exception.args[0] if exception.args else "", "status": exception.status}
    if isinstance(exception, sqlite3.DataError):
        return {**error, "error": f"The query is too big: {exception}.", "status": 400, "title": "Invalid SQL"}
    if isinstance(exception, MemoryError):
        return {**error, "error": TOO_BIG, "status": 400, "title": "Invalid SQL"}
    # Datasette reads lists and numbers in addresses as they come.
    if isinstance(exception, json.JSONDecodeError | OverflowError | RecursionError):
        return {**error, "error": f"A value in the address cannot be read: {exception}.", "status": 400}
    # A compound key with too few or too many parts ends in a statement with too few or too many values.
    if isinstance(exception, sqlite3.ProgrammingError):
        return {**error, "error": "No row has this key.", "status": NotFound.status}
    return error
