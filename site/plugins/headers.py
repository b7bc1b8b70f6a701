"""What browsers are told of each answer: where its parts may come from, and what no other site may do with it.

A script that gets into a page in spite of all does not run: scripts are files of the site, never text in a page. Charts
that a reader makes of a table or a query are drawn by datasette-vega, which puts its functions together from text
('unsafe-eval') and writes style sheets into the page; only the pages that load it allow both.
"""

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from datasette import hookimpl

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
Header = tuple[bytes, bytes]

NOTHING = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
PAGE = f"{NOTHING}; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'"
CHARTS = PAGE.replace("script-src 'self'", "script-src 'self' 'unsafe-eval'").replace(
    "style-src 'self'", "style-src 'self' 'unsafe-inline'"
)
# A picture has its own style sheet in it, and is a page when it is opened by itself.
PICTURE = f"{NOTHING}; style-src 'unsafe-inline'; sandbox"
ALWAYS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    # The address of a page can be a question that its reader would keep to themselves.
    b"referrer-policy": b"no-referrer",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    b"cross-origin-opener-policy": b"same-origin",
    # All is public, and may be read and shown by any page.
    b"cross-origin-resource-policy": b"cross-origin",
}
# What the page that is made for the present request needs; tasks that it starts share the set.
NEEDS: ContextVar[set[str] | None] = ContextVar("needs", default=None)


@hookimpl
def extra_template_vars() -> dict[str, Callable[[], str]]:
    """`allow_charts()` in every template, for the place that loads them; it writes nothing."""

    def allow_charts() -> str:
        """Note that this page draws charts."""
        if (needs := NEEDS.get()) is not None:
            needs.add("charts")
        return ""

    return {"allow_charts": allow_charts}


@hookimpl(trylast=True)
def asgi_wrapper() -> Callable[[App], App]:
    """The headers on every answer, whoever made it."""

    def wrap(app: App) -> App:
        """The same application with the headers."""

        async def told(scope: dict[str, Any], receive: Any, send: Any) -> None:
            """Hand on everything."""
            needs: set[str] = set()
            outer = NEEDS.set(needs)
            try:
                await app(scope, receive, _telling(send, needs))
            finally:
                NEEDS.reset(outer)

        return told

    return wrap


def _telling(send: Any, needs: set[str]) -> Callable[[dict[str, Any]], Awaitable[None]]:
    async def sending(message: dict[str, Any]) -> None:
        """The answer with the headers that it does not have yet."""
        if message["type"] == "http.response.start":
            headers = [(name.lower(), value) for name, value in message.get("headers", [])]
            names = dict(headers)
            added = ALWAYS.copy()
            # A page that is kept takes the headers of a 304, which does not know which page it speaks of.
            if message["status"] != 304:
                added[b"content-security-policy"] = _policy(names.get(b"content-type", b""), needs).encode()
            headers += [one for one in added.items() if one[0] not in names]
            message = {**message, "headers": headers}
        await send(message)

    return sending


def _policy(content_type: bytes, needs: set[str]) -> str:
    """The Content-Security-Policy of an answer, by what it is."""
    if content_type.startswith(b"text/html"):
        return CHARTS if "charts" in needs else PAGE
    return PICTURE if content_type.startswith(b"image/svg") else NOTHING
