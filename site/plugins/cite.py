"""How to cite a row: its permanent address, and a citation as text, BibTeX, RIS and CSL-JSON.

The page shows all of them, so that nothing is fetched to copy one; each is also a file, the row's address with .bib,
.ris or .csljson (.csl is a style, not a citation). The day of reading is the server's, in UTC.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils import tilde_encode, urlsafe_components
from datasette.utils.asgi import NotFound, Request, Response

# UTF-8 stands as it is: biber, Zotero and today's BibTeX read it. Only what TeX takes for a command is escaped.
TEX = {character: f"\\{character}" for character in "&%$#_"} | {
    "{": r"{\textbraceleft}",
    "}": r"{\textbraceright}",
    "~": r"{\textasciitilde}",
    "^": r"{\textasciicircum}",
    "\\": r"{\textbackslash}",
}
# Not strftime's, which speak the server's language.
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class Citation(NamedTuple):
    """What a citation of a row says; `name` is the table and the key, safe in file names and as a citation's key.

    `source` is a sentence that names whose data the row has, where they are not the dataset's own. `released_on` is the
    day of the version; tables that changed since have none.
    """

    title: str
    table: str
    dataset: str
    version: str
    author: str
    url: str
    name: str
    read_on: date
    source: str = ""
    released_on: date | None = None


def as_text(cited: Citation) -> str:
    """One line for a footnote."""
    stop = "" if cited.title.endswith((".", ".”", "?", "!")) else "."
    parts = (f"{cited.title}{stop}", f"{_where(cited)}.", cited.source, f"{cited.url} (read on {_day(cited.read_on)}).")
    return " ".join(filter(None, parts))


def as_bibtex(cited: Citation) -> str:
    """A @misc entry, the one type that every style knows; the note says what styles without `urldate` leave out."""
    fields = {
        "author": f"{{{_tex(cited.author)}}}",
        "title": f"{{{_tex(cited.title)}}}",
        "howpublished": _tex(_where(cited)),
        "publisher": _tex(cited.dataset),
        "version": _tex(cited.version),
        **({"year": str(cited.released_on.year), "date": cited.released_on.isoformat()} if cited.released_on else {}),
        "url": cited.url,
        "urldate": cited.read_on.isoformat(),
        "note": _tex(f"{cited.url}, read on {_day(cited.read_on)}. {cited.source}".removesuffix(". ")),
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
    return f"@misc{{{cited.name},\n{lines}\n}}\n"


def as_ris(cited: Citation) -> str:
    """A record of type DATA; its lines end as RIS has them."""
    fields = [
        ("TY", "DATA"),
        ("ID", cited.name),
        ("TI", cited.title),
        ("T2", f"{cited.dataset}, table {cited.table}"),
        ("AU", cited.author),
        ("PB", cited.dataset),
        ("ET", cited.version),
        *([("PY", str(cited.released_on.year)), ("DA", f"{cited.released_on:%Y/%m/%d}")] if cited.released_on else []),
        ("UR", cited.url),
        ("Y2", cited.read_on.strftime("%Y/%m/%d")),
        *([("N1", cited.source)] if cited.source else []),
        ("ER", ""),
    ]
    return "".join(f"{tag}  - {' '.join(value.split())}\r\n" for tag, value in fields)


def as_csl_json(cited: Citation) -> str:
    """A list of one item, as citation processors take it."""
    item = {
        "id": cited.name,
        "type": "dataset",
        "title": cited.title,
        "author": [{"literal": cited.author}],
        "container-title": cited.dataset,
        "section": cited.table,
        "publisher": cited.dataset,
        "version": cited.version,
        "URL": cited.url,
        **({"issued": _date_parts(cited.released_on)} if cited.released_on else {}),
        "accessed": _date_parts(cited.read_on),
    }
    note = {"note": cited.source} if cited.source else {}
    return json.dumps([item | note], ensure_ascii=False, indent=1) + "\n"


class Format(NamedTuple):
    """A form of a citation: what it is called, how it is written, its media type and how its file's name ends."""

    title: str
    write: Callable[[Citation], str]
    media_type: str
    ending: str


FORMATS = {
    "bib": Format("BibTeX", as_bibtex, "application/x-bibtex", "bib"),
    "ris": Format("RIS", as_ris, "application/x-research-info-systems", "ris"),
    "csljson": Format("CSL-JSON", as_csl_json, "application/vnd.citationstyles.csl+json", "csl.json"),
}


@hookimpl
def register_output_renderer() -> list[dict[str, Any]]:
    """The three forms as files; only a row has them."""
    return [
        {"extension": extension, "render": _renderer(form), "can_render": _is_row}
        for extension, form in FORMATS.items()
    ]


@hookimpl
def extra_template_vars(
    database: str | None, table: str | None, view_name: str, request: Request | None, datasette: Datasette
) -> Any:
    """`citation` on a row's page: title, url, text and formats, each of these with title, url and text."""
    if view_name != "row" or not database or not table or request is None:
        return {}
    key = urlsafe_components(request.url_vars["pks"])

    async def citation() -> dict[str, dict[str, Any]]:
        """Awaited by Datasette when it renders the page."""
        row = await datasette.titles.row(database, table, key)
        cited = await _citation(datasette, request, database, table, key, row)
        formats = [
            {"title": form.title, "url": f"{cited.url}.{extension}", "text": form.write(cited)}
            for extension, form in FORMATS.items()
        ]
        return {"citation": {"title": cited.title, "url": cited.url, "text": as_text(cited), "formats": formats}}

    return citation


def _is_row(view_name: str) -> bool:
    return view_name == "row"


def _renderer(form: Format) -> Callable[..., Any]:
    async def render(
        datasette: Datasette, request: Request, database: str, table: str, rows: list[Any], data: dict[str, Any]
    ) -> Response:
        """The citation as a file; NotFound for what is no row."""
        if "primary_key_values" not in data:
            raise NotFound("Only a row has citations as files, not a table or a query. There are .json and .csv.")
        cited = await _citation(datasette, request, database, table, data["primary_key_values"], dict(rows[0]))
        name = f'attachment; filename="{cited.name}.{form.ending}"'
        media_type = f"{form.media_type}; charset=utf-8"
        return Response(form.write(cited), headers={"content-disposition": name}, content_type=media_type)

    return render


async def _citation(
    datasette: Datasette, request: Request, database: str, table: str, key: list[str], row: dict[str, Any]
) -> Citation:
    dataset = datasette.metadata("dataset")
    about = datasette.served.get(database, {})
    source = about.get("source")
    path = datasette.urls.row(database, table, ",".join(map(tilde_encode, key)))
    return Citation(
        title=await datasette.titles.of_row(database, table, row),
        table=datasette.titles.of_table(database, table) + (f" of the {database}" if source else ""),
        dataset=dataset["title"],
        version=dataset["version"],
        author=dataset["author"],
        url=datasette.permanent_url(request, path),
        name=re.sub(r"[^A-Za-z0-9-]+", "-", "-".join([*([database] if source else []), table, *key])),
        read_on=datetime.now(UTC).date(),
        source=f"The data are those of the {source}." if source else "",
        released_on=date.fromisoformat(dataset["released_on"]) if "released_on" in dataset else None,
    )


def _where(cited: Citation) -> str:
    released = f" of {_day(cited.released_on)}" if cited.released_on else ""
    return f"{cited.dataset}, version {cited.version}{released}, table {cited.table}"


def _day(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _date_parts(day: date) -> dict[str, list[list[int]]]:
    return {"date-parts": [[day.year, day.month, day.day]]}


def _tex(text: str) -> str:
    return "".join(TEX.get(character, character) for character in " ".join(text.split()))
