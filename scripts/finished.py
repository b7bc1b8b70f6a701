"""Whether a build is finished; by itself, since a build with nothing to do should not wait for other libraries."""

import hashlib
import json
from pathlib import Path
from typing import Any

NOTED = "inspect-data.json"
SUMS = "SHA256SUMS"


def inspected(folder: Path) -> dict[str, Any]:
    """What a finished folder notes of its databases, by name."""
    noted: dict[str, Any] = json.loads((folder / NOTED).read_text(encoding="utf-8"))
    return noted


def write_sums(folder: Path) -> None:
    """`SHA256SUMS`, by which `sha256sum -c` tells whether every file of the folder is the one that was written."""
    (folder / SUMS).write_text(_sums(folder), encoding="utf-8")


def is_whole(folder: Path) -> bool:
    """Whether a folder has the files of its `SHA256SUMS`, each as it was written, and no other."""
    try:
        return (folder / SUMS).read_text(encoding="utf-8") == _sums(folder)
    except (OSError, ValueError):
        return False


def is_published(places: Path, link: Path, name: str) -> bool:
    """Whether the link leads to the build of this name, and that is whole."""
    place = link.resolve()
    return place == (places / name).resolve() and is_whole(place)


def _sums(folder: Path) -> str:
    """The text of `SHA256SUMS`: each file below the folder but itself, by its path, in the order of the letters."""
    files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    # A program that reads the plugins may leave its compiled form beside them.
    names = sorted(name for name in files if name != SUMS and "__pycache__" not in files[name].parts)
    return "".join(f"{_sum(files[name])}  {name}\n" for name in names)


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
