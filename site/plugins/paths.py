"""Paths that Datasette 0.65 takes wrongly: an encoded comma, a version, a backslash, and what is no path."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl
from datasette.utils.asgi import Response

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
ENCODED_COMMA = re.compile(rb"%2c", re.IGNORECASE)
# A version is a key with dots, after which Datasette looks for a format: 1.0.0 would be the row 1.0 in the format 0.
VERSION = re.compile(rb"(?<=/)([0-9]+)\.([0-9]+)\.([0-9]+)(?=\.[a-z]+$|$)")


@hookimpl
def asgi_wrapper() -> Callable[[App], App]:
    """Read an encoded comma as the comma of a compound key, which many programs encode, and a version as one key;
    refuse a backslash, and an address with a host in the place of a path.

    The first would end in an error of the server, the last two in a redirect to another site.
    """

    def wrap(app: App) -> App:
        """The same application behind the check of paths."""

        async def checked(scope: dict[str, Any], receive: Any, send: Any) -> None:
            """Answer 400 to a backslash and to what is no path; hand on everything else, its keys in one piece."""
            if scope["type"] == "http" and "\\" in scope["path"]:
                await Response.text("A path here has no backslash.", status=400).asgi_send(send)
                return
            if scope["type"] == "http" and not scope["path"].startswith("/"):
                await Response.text("A path begins with a slash.", status=400).asgi_send(send)
                return
            if scope.get("raw_path"):
                raw_path = VERSION.sub(rb"\1~2E\2~2E\3", ENCODED_COMMA.sub(b",", scope["raw_path"]))
                scope = {**scope, "raw_path": raw_path}
            await app(scope, receive, send)

        return checked

    return wrap
