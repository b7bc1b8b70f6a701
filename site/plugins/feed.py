"""`/feed.atom`: corrections and new claims, for whoever wants to hear of them without coming back."""

import uuid
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils import tilde_encode
from datasette.utils.asgi import Request, Response

DATABASE = "record"
NAMESPACE = "http://www.w3.org/2005/Atom"
# An entry's id is made from its key alone, so that it stays when the site moves to another host.
FAMILY = uuid.uuid5(uuid.NAMESPACE_URL, "urn:on-the-record")


@hookimpl
def register_routes() -> list[tuple[str, Callable[..., object]]]:
    """The feed's one address."""
    return [(r"/feed\.atom$", feed)]


async def feed(request: Request, datasette: Datasette) -> Response:
    """An Atom feed whose days are the data's own; a day has no hour, so midnight UTC stands for it."""
    query = await datasette.get_canned_query(DATABASE, "news_of_the_dataset", request.actor)
    assert query
    rows = (await datasette.execute(DATABASE, query["sql"])).rows
    dataset = datasette.metadata("dataset")

    def address(path: str) -> str:
        """An absolute address on this site."""
        return datasette.absolute_url(request, datasette.urls.path(path))

    root = Element("feed", xmlns=NAMESPACE)
    _text(root, "id", f"urn:uuid:{FAMILY}")
    _text(root, "title", f"{dataset['title']}: corrections and new claims")
    _text(root, "subtitle", dataset["description"].strip())
    _text(root, "updated", _midnight(max((row["day"] for row in rows), default="1970-01-01")))
    _text(root, "rights", f"{datasette.metadata('license')} {datasette.metadata('license_url')}")
    _text(SubElement(root, "author"), "name", dataset["author"])
    SubElement(root, "link", rel="self", type="application/atom+xml", href=address("/feed.atom"))
    SubElement(root, "link", rel="alternate", type="text/html", href=address("/"))
    for row in rows:
        _add_entry(root, dict(row), address)
    body = '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"
    return Response(body, content_type="application/atom+xml; charset=utf-8")


def _add_entry(root: Element, row: dict[str, Any], address: Callable[[str], str]) -> None:
    table, key = row["table_name"], row["row_key"]
    entry = SubElement(root, "entry")
    _text(entry, "id", f"urn:uuid:{uuid.uuid5(FAMILY, f'{table}/{key}')}")
    _text(entry, "title", row["title"])
    _text(entry, "updated", _midnight(row["day"]))
    _text(entry, "published", _midnight(row["day"]))
    SubElement(entry, "category", term=table)
    SubElement(
        entry, "link", rel="alternate", type="text/html", href=address(f"/{DATABASE}/{table}/{tilde_encode(key)}")
    )
    _text(entry, "summary", row["summary"])


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text


def _midnight(day: str) -> str:
    return f"{day}T00:00:00Z"
