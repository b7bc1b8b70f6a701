"""`/feed.atom`: corrections and newly coded articles, for whoever wants to hear of them without coming back."""

import uuid
from collections.abc import Callable
from typing import Any, NamedTuple
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

Address = Callable[[str], str]


class Entry(NamedTuple):
    """What the feed says of a piece of news; `news` and `key` are its own row, `page` the row that it is about."""

    news: str
    key: str
    day: str
    title: str
    summary: str
    page: str


@hookimpl
def register_routes() -> list[tuple[str, Callable[..., object]]]:
    """The feed's one address."""
    return [(r"/feed\.atom$", feed)]


async def feed(request: Request, datasette: Datasette) -> Response:
    """An Atom feed whose days are the data's own; a day has no hour, so midnight UTC stands for it."""
    entries = await _entries(datasette)

    def address(path: str) -> str:
        """An absolute address on this site."""
        return str(datasette.permanent_url(request, datasette.urls.path(path)))

    root = _head(datasette, address, max((entry.day for entry in entries), default="1970-01-01"))
    for entry in entries:
        _add_entry(root, entry, address)
    body = '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"
    return Response(body, content_type="application/atom+xml; charset=utf-8")


async def _entries(datasette: Datasette) -> list[Entry]:
    return [await _entry(datasette, told) for told in await datasette.answer(DATABASE, "news_of_the_dataset")]


async def _entry(datasette: Datasette, told: dict[str, Any]) -> Entry:
    """A row of the query in words: the row that it is about by its title, as a citation has it."""
    table, column, key = told["table_name"], told["column_name"], told["row_key"].split(",")
    row = await datasette.titles.row(DATABASE, table, key)
    title = await datasette.titles.of_row(DATABASE, table, row) if row else told["row_key"]
    summary = told["summary"]
    if told["news"] == "corrections":
        place = f"{datasette.titles.of_table(DATABASE, table)}, {datasette.titles.of_column(table, column)}"
        title = f"Correction in {place}: {title}"
        values = [told[name] for name in ("old_value", "new_value")]
        was, is_now = [await datasette.titles.of_value(DATABASE, table, column, value) for value in values]
        summary = f"Was: {was}. Is: {is_now}. {summary}"
    else:
        title = f"Claims coded: {title}"
    page = f"/{DATABASE}/{table}/{','.join(map(tilde_encode, key))}"
    return Entry(told["news"], told["news_key"], told["day"], title, summary, page)


def _head(datasette: Datasette, address: Address, updated: str) -> Element:
    dataset = datasette.metadata("dataset")
    root = Element("feed", xmlns=NAMESPACE)
    _text(root, "id", f"urn:uuid:{FAMILY}")
    _text(root, "title", f"{dataset['title']}: corrections and new claims")
    _text(root, "subtitle", dataset["description"].strip())
    _text(root, "updated", _midnight(updated))
    _text(root, "rights", f"{datasette.metadata('license')} {datasette.metadata('license_url')}")
    _text(SubElement(root, "author"), "name", dataset["author"])
    SubElement(root, "link", rel="self", type="application/atom+xml", href=address("/feed.atom"))
    SubElement(root, "link", rel="alternate", type="text/html", href=address("/"))
    return root


def _add_entry(root: Element, told: Entry, address: Address) -> None:
    own = f"/{DATABASE}/{told.news}/{tilde_encode(told.key)}"
    entry = SubElement(root, "entry")
    _text(entry, "id", f"urn:uuid:{uuid.uuid5(FAMILY, f'{told.news}/{told.key}')}")
    _text(entry, "title", told.title)
    _text(entry, "updated", _midnight(told.day))
    _text(entry, "published", _midnight(told.day))
    SubElement(entry, "category", term=told.news)
    SubElement(entry, "link", rel="alternate", type="text/html", href=address(told.page))
    if own != told.page:
        SubElement(entry, "link", rel="related", type="text/html", href=address(own))
    _text(entry, "summary", told.summary)


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text


def _midnight(day: str) -> str:
    return f"{day}T00:00:00Z"
