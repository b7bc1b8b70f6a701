"""`/llms.txt`: for programs that read text, what the site is, what it has and how to ask it by address."""

from collections.abc import Callable, Iterator
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils.asgi import Request, Response

DATABASE, ARCHIVE, BOTH = "record", "archive", "_memory"
ASKING = """Every table, row and query has an address. A table takes `column=value` for rows that have the value,
`_search=words` where it has a search, and `_sort=column`. A query takes its parameters by name.

- JSON: `.json?_shape=array` after the path of a table or query. A query comes whole, a table in pages of 100 rows:
  `_size=` asks for up to 1000 (`{base}/votes.json?_shape=array&_size=1000`), and the address of the next
  page, which has `_next=`, is in the `Link` header, or without `_shape` in `next_url`.
- CSV: `.csv` is whole, of a table (`{base}/votes.csv`) and of a query.
- A row: `{base}/votes/A-RES-ES-11-7,USA`; with `.json` as JSON, with `.bib`, `.ris` or `.csljson` its citation.
- A UN symbol after the host leads to the text that has it: `/A/RES/ES-11/7`.
- SQL of SQLite: `{base}.json?_shape=array&sql=select+count(*)+from+votes`. It may run for one second and answer with
  four million characters; every row within that is given.
- Everything at once: `{base}.db`. It spares this site, and you, thousands of requests.
"""

ARCHIVE_ASKING = """Beside the record, this site has every recorded vote on an adopted text since 1946, from the
files of the UN Digital Library, whose terms of use hold: {terms}. It is asked in the same way
under {base}, with the same codes of members and keys of texts.

- A member: `{base}/members/USA`, a roll call: `{base}/roll_calls/A-RES-2758-XXVI`; both lead on to
  the row, whose key is a number.
- `votes` has keys as numbers, `votes_named` the same in words.
- CSV of more than 100,000 rows is refused. Everything at once: `{base}.db`.
- SQL that reads both databases: `{home}_memory.json?_shape=array&sql=`, with tables named as
  `record.votes` and `archive.votes`.
"""

DOCUMENTS = """- [Codebook]({home}codebook): how claims are coded, and how verdicts follow.
- [Known gaps]({home}known-gaps): what no source settles, and what is left out.
- [Incomplete roll calls]({home}incomplete-roll-calls): those of which not every vote is known, with what is missing.
- [Data dictionary]({home}data-dictionary): every table and column, with its type and rules.
- [Downloads]({home}downloads): every table as CSV, XLSX and Parquet, data packages, and the database.
- [Feed]({home}feed.atom): corrections and newly coded articles, as Atom.
"""


@hookimpl
def register_routes() -> list[tuple[str, Callable[..., object]]]:
    """The address that llmstxt.org names."""
    return [(r"/llms\.txt$", llms)]


def llms(request: Request, datasette: Datasette) -> Response:
    """A Markdown document, made from the metadata, so that it lists what there is."""
    dataset = datasette.metadata("dataset")
    base = datasette.permanent_url(request, datasette.urls.database(DATABASE))
    home = datasette.permanent_url(request, datasette.urls.path("/"))
    parts = [
        f"# {dataset['title']}",
        f"> {_line(dataset['description'])}",
        "A verdict is about a statement, never about an outlet or a person. What no source settles is left out: a vote "
        "that is not here is not known, which is not the same as not cast.",
        "## How to ask",
        ASKING.format(base=base),
        "## Documents and files",
        DOCUMENTS.format(home=home),
        "## Tables",
        "\n".join(_links(base, datasette.metadata("tables", database=DATABASE))),
        "## Queries",
        "\n".join(_links(base, datasette.metadata("queries", database=DATABASE))),
        *_archive(request, datasette, home),
        "## Citation and licence",
        f"Cite {dataset['title']}, version {dataset['version']}, with the address of the row; its page has "
        f"the citation. {datasette.metadata('license')}: {datasette.metadata('license_url')}",
    ]
    return Response.text("\n\n".join(parts) + "\n")


def _archive(request: Request, datasette: Datasette, home: str) -> Iterator[str]:
    """The paragraphs about the archive, none where it is not served."""
    about = datasette.served.get(ARCHIVE)
    if not about:
        return
    base = datasette.permanent_url(request, datasette.urls.database(ARCHIVE))
    yield f"## {about['title']}"
    yield ARCHIVE_ASKING.format(base=base, home=home, terms=about["license_url"])
    yield "\n".join(_links(base, about["tables"]))
    yield "\n".join(_links(base, about["queries"]))
    if BOTH in datasette.served:
        both = datasette.permanent_url(request, datasette.urls.database(BOTH))
        yield "\n".join(_links(both, datasette.served[BOTH]["queries"]))


def _links(base: str, described: dict[str, dict[str, Any]]) -> Iterator[str]:
    """A line for each table or query: its title, its address, its parameters and what it answers."""
    for name, about in described.items():
        takes = f" Takes {', '.join(about['params'])}." if about.get("params") else ""
        yield f"- [{about['title']}]({base}/{name}): {_line(about['description'])}{takes}"


def _line(text: str) -> str:
    return " ".join(text.split())
