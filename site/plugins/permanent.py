"""Absolute addresses that last: under the dataset's `homepage` where it has one, whatever host the reader asked.

Without it they are the request's, as Datasette makes them. The links of a page, and the next page of a table's JSON,
stay on the host that was asked, so that a copy can be read where it is served.
"""

from urllib.parse import urlsplit

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils.asgi import Request


@hookimpl
def startup(datasette: Datasette) -> None:
    """Give every other plugin `datasette.permanent_url(request, path)`, as `absolute_url` but for the host."""
    homepage = urlsplit((datasette.metadata("dataset") or {}).get("homepage") or "")

    def permanent_url(request: Request, path: str) -> str:
        """The absolute address of a path from the host's root, a base path included."""
        if homepage.netloc:
            return f"{homepage.scheme}://{homepage.netloc}{path}"
        return str(datasette.absolute_url(request, path))

    datasette.permanent_url = permanent_url
