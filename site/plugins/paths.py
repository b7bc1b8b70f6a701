"""Addresses that no page here has, and that a browser would read as another site's."""

from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl
from datasette.utils.asgi import Response

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


@hookimpl
def asgi_wrapper() -> Callable[[App], App]:
    """Refuse a backslash in a path: Datasette 0.65 redirects /\\host/ to it, and browsers take that for //host/."""

    def wrap(app: App) -> App:
        async def refuse(scope: dict[str, Any], receive: Any, send: Any) -> None:
            if scope["type"] == "http" and "\\" in scope["path"]:
                await Response.text("A path here has no backslash.", status=400).asgi_send(send)
            else:
                await app(scope, receive, send)

        return refuse

    return wrap
