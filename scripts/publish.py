"""Publish: what was built in a folder of its own takes the place of the last build in one step, or not at all."""

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from scripts.finished import is_whole
from scripts.load import reading
from scripts.places import forget_old, point


def inspect(database: Path) -> dict[str, Any]:
    """What `datasette inspect` would say, and the rows of views; its presence has Datasette serve it as immutable."""
    listed = "select name from sqlite_master where type = ? order by name"
    counts: dict[str, dict[str, dict[str, int]]] = {"table": {}, "view": {}}
    with reading(database) as connection:
        for kind, found in counts.items():
            for (name,) in connection.execute(listed, [kind]).fetchall():
                found[name] = {"count": connection.execute(f'select count(*) from "{name}"').fetchone()[0]}  # noqa: S608
    content = database.read_bytes()
    return {
        database.stem: {
            "hash": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "file": database.name,
            "tables": counts["table"],
            # Datasette does not ask for these; the site's page of a view does.
            "views": counts["view"],
        }
    }


def write_json(path: Path, content: object) -> None:
    """JSON that a person can read, too."""
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def publish(made: Path, places: Path, name: str, link: Path, keep: int = 5) -> Path:
    """Move a finished folder into place and point the link at it, each in one step; older ones past `keep` go."""
    place = places / name
    if is_whole(place):
        shutil.rmtree(made)
    else:
        shutil.rmtree(place, ignore_errors=True)
        made.replace(place)
    os.utime(place)
    point(link, place)
    forget_old(places, keep)
    return place
