"""Publish: what was built in a folder of its own takes the place of the last build in one step, or not at all."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scripts.finished import is_whole
from scripts.load import reading
from scripts.package import Table
from scripts.places import forget_old, point, put


def inspect(database: Path, views: Iterable[Table] = ()) -> dict[str, Any]:
    """What `datasette inspect` would say, and the rows of views; its presence has Datasette serve it as immutable.

    One of `views` whose schema says of which tables it has every row (`rowsOf`) is not counted, which can take seconds.
    """
    rows_of = {view.name: view.schema["rowsOf"] for view in views if "rowsOf" in view.schema}
    listed = "select name from sqlite_master where type = ? order by name"
    with reading(database) as connection:

        def count(name: str) -> int:
            """The rows of a table or view."""
            return int(connection.execute(f'select count(*) from "{name}"').fetchone()[0])  # noqa: S608

        names = {
            kind: [name for (name,) in connection.execute(listed, [kind]).fetchall()] for kind in ("table", "view")
        }
        tables = {name: count(name) for name in names["table"]}
        counted = {
            name: sum(map(tables.__getitem__, rows_of[name])) if name in rows_of else count(name)
            for name in names["view"]
        }
    content = database.read_bytes()
    return {
        database.stem: {
            "hash": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "file": database.name,
            "tables": {name: {"count": rows} for name, rows in tables.items()},
            # Datasette does not ask for these; the site's page of a view does.
            "views": {name: {"count": rows} for name, rows in counted.items()},
        }
    }


def write_json(path: Path, content: object) -> None:
    """JSON that a person can read, too."""
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def publish(made: Path, places: Path, name: str, link: Path, keep: int = 5) -> Path:
    """Move a finished folder into place, if it is not there yet, and point the link at it; only `keep` stay."""
    place = places / name
    if not is_whole(place):
        put(made, place)
    os.utime(place)
    point(link, place)
    forget_old(places, keep)
    return place
