"""Paths that Datasette 0.65 takes wrongly: an encoded comma, a backslash, and what is no path."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl
from datasette.utils.asgi import Response

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
ENCODED_COMMA = re.compile(rb"%2c", re.IGNORECASE)


@hookimpl
def asgi_wrapper() -> Callable[[App], App]:
    """Read an encoded comma as the comma of a compound key, which many programs encode; refuse a backslash,
    and an address with a host in the place of a path.

    The first would end in an error of the server, the others in a redirect to another site.
    """

    def wrap(app: App) -> App:
        """The same application behind the check of paths."""

        async def checked(scope: dict[str, Any], receive: Any, send: Any) -> None:
            """Answer 400 to a backslash and to what is no path; hand everything else on, with plain commas."""
            if scope["type"] == "http" and "\\" in scope["path"]:
                await Response.text("A path here has no backslash.", status=400).asgi_send(send)
                return
            if scope["type"] == "http" and not scope["path"].startswith("/"):
                await Response.text("A path begins with a slash.", status=400).asgi_send(send)
                return
            if scope.get("raw_path"):
                scope = {**scope, "raw_path": ENCODED_COMMA.sub(b",", scope["raw_path"])}
            await app(scope, receive, send)

        return checked

    return wrap
