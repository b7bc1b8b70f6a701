"""The sums of all files that the site is made of, to hold a copy or a build of one's own against."""

from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils.asgi import Response

NAME = "SHA256SUMS"


@hookimpl
def register_routes() -> list[tuple[str, Callable[..., Awaitable[Any]]]]:
    """The address of the sums, which is the name of the file."""
    return [(rf"/{NAME}$", sums)]


async def sums(datasette: Datasette) -> Response:
    """The file as it stands in the site's folder."""
    return Response.text((datasette.config_dir / NAME).read_text(encoding="utf-8"))
