"""Whether a build is finished; by itself, since a build with nothing to do should not wait for other libraries."""

import hashlib
import json
from pathlib import Path
from typing import Any

NOTED = "inspect-data.json"


def inspected(folder: Path) -> dict[str, Any]:
    """What a finished folder notes of its databases, by name."""
    noted: dict[str, Any] = json.loads((folder / NOTED).read_text(encoding="utf-8"))
    return noted


def is_whole(folder: Path) -> bool:
    """Whether every database of a finished folder is there and is the one that its notes describe."""
    try:
        return all(
            hashlib.sha256((folder / noted["file"]).read_bytes()).hexdigest() == noted["hash"]
            for noted in inspected(folder).values()
        )
    except (OSError, ValueError, KeyError):
        return False


def is_published(places: Path, link: Path, name: str) -> bool:
    """Whether the link leads to the build of this name, and that is whole."""
    place = link.resolve()
    return place == (places / name).resolve() and is_whole(place)
