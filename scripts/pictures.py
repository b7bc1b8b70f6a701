"""Pictures: what the site shows of the record at a glance, drawn from specifications kept as files.

`site/pictures/NAME.vl.json` is a Vega-Lite specification, whose `usermeta` names the canned query that it draws; the
query's rows are the data set `rows`, the shapes of the map `atlas`. `site/pictures/NAME.sql` returns a row for each
picture to be drawn: its words (see WORDS), and in the other columns the parameters of the query. So the figures in the
words are the record's too. `day_in_words(day)` is at hand there; the words' `keys` are the data set `legend`.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import vl_convert

from scripts.load import reading
from scripts.problems import BadDataError, Problem
from scripts.queries import METADATA, Query, query_url

FOLDER = "static/pictures"
WORDS = ("id", "title", "sentence", "alternative", "keys", "about", "page", "day", "year")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
VEGA_LITE = "5.21"
# Widths are measured with this font; every system has one of the same widths, or near them.
MEASURED = "Liberation Sans"
FONTS = "Arial,'Liberation Sans',Helvetica,sans-serif"
CONFIG: dict[str, Any] = {
    "aria": False,
    "background": None,
    "padding": 8,
    "font": MEASURED,
    "view": {"stroke": None},
    "axis": {
        "labelFontSize": 13,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "labelColor": "#17202b",
        "titleColor": "#4b5663",
    },
    "legend": {"labelFontSize": 14, "labelColor": "#17202b", "symbolSize": 160, "columnPadding": 14},
    "header": {"labelColor": "#17202b"},
}
# Attributes that say nothing in a picture with a text alternative, or that its style says once.
DROPPED = (
    "aria-hidden",
    "aria-roledescription",
    "class",
    "clip-path",
    "font-family",
    "role",
    "stroke-miterlimit",
    "xmlns:xlink",
)
# What a colour becomes for a reader whose system is dark: the pairs of site.css, and the greys of the maps.
DARK = {
    "#ffffff": "#12171d",
    "#17202b": "#e6eaef",
    "#4b5663": "#aeb8c4",
    "#4b5664": "#aeb8c4",
    "#b5bcc5": "#4a5563",
    "#e9edf1": "#2a333d",
    "#2c6fa6": "#4f95cf",
    "#c0572a": "#dc7a4d",
    "#aeb6bf": "#7d8792",
    "#cfc3de": "#5d4d78",
    "#e3e8ed": "#333d48",
    "#fffffe": "#0c1015",
    "#1b6e4a": "#5fc396",
    "#a3330f": "#f0916c",
    "#8a6100": "#e0b04c",
}


def draw_pictures(site: Path, database: Path, sources: Path, queries: dict[str, Query]) -> int:
    """Write every picture of a folder of specifications, and their catalogue; returns how many."""
    folder = site / FOLDER
    folder.mkdir(parents=True)
    atlas = json.loads((sources / "atlas.json").read_text(encoding="utf-8"))["features"]
    catalogue = {}
    with reading(database) as connection:
        connection.row_factory = sqlite3.Row
        connection.create_function("day_in_words", 1, day_in_words, deterministic=True)
        for specification in sorted(sources.glob("*.vl.json")):
            for entry, svg in draw(specification, connection, atlas, queries):
                (folder / f"{entry['id']}.svg").write_text(svg, encoding="utf-8")
                catalogue[entry["id"]] = entry
    text = json.dumps(catalogue, indent=1, ensure_ascii=False)
    (folder / "catalogue.json").write_text(text + "\n", encoding="utf-8")
    return len(catalogue)


def draw(
    specification: Path, connection: sqlite3.Connection, atlas: list[dict[str, Any]], queries: dict[str, Query]
) -> Iterator[tuple[dict[str, Any], str]]:
    """The catalogue entry and SVG of each picture of a specification; BadDataError if its query is not there."""
    spec = json.loads(specification.read_text(encoding="utf-8"))
    query = queries.get(spec["usermeta"]["query"])
    if query is None:
        place = f"{specification.parent.name}/{specification.name}"
        raise BadDataError([Problem(place, None, "query", f"is no query of {METADATA}: {spec['usermeta']['query']}")])
    sentences = specification.with_name(specification.name.removesuffix(".vl.json") + ".sql")
    for words in connection.execute(sentences.read_text(encoding="utf-8")).fetchall():
        # A record without the roll calls that a picture compares has no sentence for it, and no picture.
        if words["title"] is None or words["alternative"] is None:
            continue
        parameters = {name: words[name] for name in words.keys() if name not in WORDS}  # noqa: SIM118  (a Row)
        rows = [dict(row) for row in connection.execute(query.sql, parameters)]
        datasets = {"rows": rows} | ({"atlas": atlas} if '"atlas"' in json.dumps(spec) else {})
        if "keys" in words.keys():  # noqa: SIM118  (a Row)
            datasets["legend"] = json.loads(words["keys"])
        svg = _drawn(json.dumps({**spec, "config": CONFIG, "datasets": datasets}))
        numbers = query_url(query.name, parameters)
        yield _entry(words, spec, numbers, svg), dress(svg, words["title"], words["alternative"])


def day_in_words(day: str | None) -> str | None:
    """`2025-02-24` as 24 February 2025, in English wherever it runs, which strftime's month names are not."""
    if day is None:
        return None
    year, month, of_month = day.split("-")
    return f"{int(of_month)} {MONTHS[int(month) - 1]} {year}"


# A process that builds more than once, as the tests do, draws again only what has changed.
@lru_cache(maxsize=200)
def _drawn(specification: str) -> str:
    return vl_convert.vegalite_to_svg(specification, vl_version=VEGA_LITE)


def _entry(words: sqlite3.Row, spec: dict[str, Any], numbers: str, svg: str) -> dict[str, Any]:
    """What the site has to know to show a picture."""
    known = {name: words[name] for name in WORDS if name in words.keys()}  # noqa: SIM118  (a Row)
    if "keys" in known:
        known["keys"] = json.loads(known["keys"])
    size = re.search(r'width="([\d.]+)" height="([\d.]+)"', svg)
    assert size
    place = {
        "numbers": numbers,
        "file": f"/{FOLDER}/{words['id']}.svg",
        "width": round(float(size[1])),
        "height": round(float(size[2])),
    }
    return {**known, **place, "note": spec["usermeta"].get("note")}


def dress(svg: str, title: str, alternative: str) -> str:
    """A drawing with its words, a system's fonts, colours for light and dark, and no more bytes than it needs."""
    # The number of a clip grows with every drawing of a process, and nothing of ours reaches beyond its frame.
    svg = re.sub(r"<defs>.*?</defs>", "", svg, flags=re.DOTALL)
    svg = re.sub(rf' (?:{"|".join(DROPPED)})="[^"]*"', "", svg)
    svg = re.sub(r' transform="translate\(0,0\)"|<path d="[^"]*" display="none"/>', "", svg)
    svg = re.sub(r'(<path) aria-label="([^"]*)"([^>]*)/>', r"\1\3><title>\2</title></path>", svg)
    svg = re.sub(r"-?\d+\.\d{2,}", lambda number: f"{float(number[0]):.1f}".removesuffix(".0"), svg)
    head = f"<title>{escape(title)}</title><desc>{escape(alternative)}</desc><style>{_style(svg)}</style>"
    return re.sub(r"^<svg([^>]*)>", lambda start: f'<svg{start[1]} role="img" lang="en">{head}', svg, count=1) + "\n"


def _style(svg: str) -> str:
    used = [colour for colour in DARK if f'"{colour}"' in svg]
    dark = "".join(f'[{part}="{colour}"]{{{part}:{DARK[colour]}}}' for colour in used for part in ("fill", "stroke"))
    # Opened by itself, a drawing would stand on a browser's white.
    ground = f":root{{background:{DARK['#ffffff']}}}"
    return f"text{{font-family:{FONTS}}}@media (prefers-color-scheme:dark){{{ground}{dark}}}"
