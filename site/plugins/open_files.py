"""For programs elsewhere: with --cors every answer may be read from any page, and what is packed is not packed again.

Datasette 0.65 lets other pages read its data, not its files, redirects and texts; all is public here. A packed file
that is packed again is no smaller, loses its length, and holds up everyone while it is packed.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils import add_cors_headers

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
# A database would get smaller, but packing it takes a second in which nothing else is answered; un.zip has the tables.
PACKED = (".zip", ".xlsx", ".parquet", ".db", ".jpg", ".jpeg", ".png")


# Outside datasette-gzip, which asks to come last too and was there before.
@hookimpl(trylast=True)
def asgi_wrapper(datasette: Datasette) -> Callable[[App], App]:
    """Headers for other pages' scripts on every answer; no compression asked for where it is of no use."""
    shared: dict[str, str] = {}
    if datasette.cors:
        add_cors_headers(shared)
    added = [(name.lower().encode(), value.encode()) for name, value in shared.items()]

    def wrap(app: App) -> App:
        """The same application with both."""

        async def opened(scope: dict[str, Any], receive: Any, send: Any) -> None:
            """Hand on what was asked; of a packed file, without the reader's offer to unpack."""
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            if scope["path"].endswith(PACKED):
                scope = {**scope, "headers": [one for one in scope["headers"] if one[0] != b"accept-encoding"]}
            await app(scope, receive, _sharing(send, added))

        return opened

    return wrap


def _sharing(send: Any, added: list[tuple[bytes, bytes]]) -> Callable[[dict[str, Any]], Awaitable[None]]:
    async def sending(message: dict[str, Any]) -> None:
        """The answer with the headers that it does not have yet."""
        if message["type"] == "http.response.start":
            headers = [tuple(one) for one in message.get("headers", [])]
            names = {name.lower() for name, _ in headers}
            message = {**message, "headers": headers + [one for one in added if one[0] not in names]}
        await send(message)

    return sending
