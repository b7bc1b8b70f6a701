"""What crawlers are told: robots.txt keeps them out of facets and SQL, which have no end; sitemap.xml has the rest."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from xml.etree import ElementTree

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils import escape_sqlite, tilde_encode
from datasette.utils.asgi import Request, Response

# The votes themselves are left to the pages of roll calls and members: thousands of pages that say one word. Of the
# archive, which others have too, there are the tables and queries, and the members and blocs.
ROWS_OF = {
    "record": ("resolutions", "roll_calls", "members", "claims", "articles", "outlets", "blocs"),
    "archive": ("members", "blocs"),
}
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
# The longest rule that fits an address decides, so a page's own style sheet may be fetched with its fingerprint.
ROBOTS = """User-agent: *
Disallow: /*?
Disallow: /-/
Allow: /-/static/
Allow: /-/static-plugins/
Allow: /

Sitemap: {sitemap}
"""


@hookimpl
def register_routes() -> list[tuple[str, Callable[..., object]]]:
    """The two addresses at which crawlers look."""
    return [(r"/robots\.txt$", robots), (r"/sitemap\.xml$", sitemap)]


def robots(request: Request, datasette: Datasette) -> Response:
    """Any page may be read; what has a query string is a search, a facet or SQL."""
    address = datasette.permanent_url(request, datasette.urls.path("/sitemap.xml"))
    return Response.text(ROBOTS.format(sitemap=address))


async def sitemap(request: Request, datasette: Datasette) -> Response:
    """Home, documents, tables, queries that take nothing, and rows.

    No `lastmod`, since the data does not say when a page last changed.
    """
    home = datasette.permanent_url(request, datasette.urls.path("/"))
    root = ElementTree.Element("urlset", xmlns=NAMESPACE)
    async for path in _paths(datasette):
        url = ElementTree.SubElement(root, "url")
        ElementTree.SubElement(url, "loc").text = home + path.removeprefix("/")
    body = ElementTree.tostring(root, encoding="unicode", xml_declaration=False)
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return Response(declaration + body + "\n", content_type="application/xml; charset=utf-8")


async def _paths(datasette: Datasette) -> AsyncIterator[str]:
    """Every address of the sitemap, from the site's root."""
    yield "/"
    pages = Path(datasette.template_dir) / "pages"
    for page in sorted(pages.rglob("*.html")):
        if "{" not in page.name:
            yield f"/{page.relative_to(pages).with_suffix('').as_posix()}"
    for database, about in datasette.served.items():
        yield f"/{database}"
        for name in about["tables"]:
            yield f"/{database}/{name}"
        for name, query in about["queries"].items():
            # What opens with an example has a query string, which robots.txt forbids.
            if not query["params"]:
                yield f"/{database}/{name}"
        for name in ROWS_OF.get(database, ()):
            for row in await datasette.execute(database, f"select id from {escape_sqlite(name)} order by id"):  # noqa: S608
                yield f"/{database}/{name}/{tilde_encode(str(row['id']))}"
