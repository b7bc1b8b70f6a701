"""Paths that Datasette 0.65 takes wrongly: an encoded comma, and a backslash."""

import re
from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl
from datasette.utils.asgi import Response

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
ENCODED_COMMA = re.compile(rb"%2c", re.IGNORECASE)


@hookimpl
def asgi_wrapper() -> Callable[[App], App]:
    """Read an encoded comma as the comma of a compound key, which many programs encode; refuse a backslash.

    The first would end in an error of the server, the second in a redirect to what browsers take for another site.
    """

    def wrap(app: App) -> App:
        """The same application behind the check of paths."""

        async def checked(scope: dict[str, Any], receive: Any, send: Any) -> None:
            """Answer 400 to a backslash; hand everything else on, with plain commas."""
            if scope["type"] == "http" and "\\" in scope["path"]:
                await Response.text("A path here has no backslash.", status=400).asgi_send(send)
                return
            if scope.get("raw_path"):
                scope = {**scope, "raw_path": ENCODED_COMMA.sub(b",", scope["raw_path"])}
            await app(scope, receive, send)

        return checked

    return wrap
