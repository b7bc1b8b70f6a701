"""Pictures in any template: `picture(id)` is a figure with its words, its numbers and its text alternative.

The build draws them and writes their catalogue (static/pictures/catalogue.json), which is read once.
"""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette
from markupsafe import Markup

CATALOGUE: dict[str, dict[str, Any]] = {}
FIGURE = Markup(
    '<figure class="picture" id="{id}">{title}<a href="{file}"><img src="{file}" width="{width}" height="{height}"'
    ' alt="{alternative}" loading="lazy"></a>{keys}<figcaption><p>{sentence} <a href="{numbers}">The numbers</a></p>'
    "{note}</figcaption></figure>"
)


@hookimpl
def startup(datasette: Datasette) -> Callable[[], Awaitable[None]]:
    """Read the catalogue that the build wrote beside the pictures."""

    async def read() -> None:
        """Fill CATALOGUE."""
        static = next(Path(folder) for mount, folder in datasette.static_mounts if mount == "static")
        CATALOGUE.clear()
        CATALOGUE.update(json.loads((static / "pictures/catalogue.json").read_text(encoding="utf-8")))

    return read


@hookimpl
def extra_template_vars(datasette: Datasette) -> dict[str, Any]:
    """`picture(id, level=None)`, a figure or nothing; `pictures`, the whole catalogue by id."""

    def picture(name: str, level: int | None = None) -> Markup:
        """The figure of a picture, its title as a heading of a level or as a paragraph; empty if there is none."""
        return figure(datasette, CATALOGUE[name], level) if name in CATALOGUE else Markup("")

    return {"picture": picture, "pictures": CATALOGUE}


def figure(datasette: Datasette, entry: dict[str, Any], level: int | None) -> Markup:
    """An entry of the catalogue as HTML."""
    tag = f"h{level}" if level else "p"
    return FIGURE.format(
        **{name: entry[name] for name in ("id", "width", "height", "alternative", "sentence")},
        file=datasette.urls.path(entry["file"]),
        numbers=datasette.urls.path(entry["numbers"]),
        title=Markup('<{0} class="picture-title">{1}</{0}>').format(tag, entry["title"]),
        keys=_keys(entry.get("keys") or []),
        note=Markup('<p class="picture-note">{}</p>').format(entry["note"]) if entry["note"] else "",
    )


def _keys(keys: list[dict[str, Any]]) -> Markup:
    """The colours of a map in words, which on a phone are too small to read in the drawing."""
    item = Markup('<li><span class="swatch swatch-{vote}"></span>{says}</li>')
    items = Markup("").join(item.format(**key) for key in keys)
    return Markup('<ul class="picture-keys">{}</ul>').format(items) if keys else Markup("")
