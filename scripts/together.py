"""Together: files of the checkout that change all at once, or not at all.

The new files are written in a folder of their own and put on the disk; then that folder gets its name among the data
in one step, and from there each file is moved into its place. What is broken off before that step has changed nothing;
what is broken off after it is finished by the next command that changes files, and until then no build takes the
tables, since files stand among the data that datapackage.yaml does not name.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.places import flush, one_at_a_time

UNFINISHED = "data/.unfinished"
LOCK = "build/.lock-tables"


@contextmanager
def changing(root: Path) -> Iterator[None]:
    """Have a block read the checkout's files and change them while no other command does; what one left is removed."""
    wait = "another command changes the tables; waiting for its end"
    with one_at_a_time(root / LOCK, wait, lambda said: print(said, file=sys.stderr)):
        for left in (root / "build").glob(".changed-*"):
            shutil.rmtree(left)
        yield


def write_together(root: Path, contents: dict[str, bytes]) -> None:
    """Give files below the root, by their paths, these contents; whoever does so has read them within `changing`."""
    (root / "build").mkdir(exist_ok=True)
    prepared = Path(tempfile.mkdtemp(prefix=".changed-", dir=root / "build"))
    try:
        for path, content in contents.items():
            _write_to_disk(prepared / path, content)
        prepared.rename(root / UNFINISHED)
    finally:
        shutil.rmtree(prepared, ignore_errors=True)
    flush(root / "data")
    finish(root)


def finish(root: Path) -> list[str]:
    """Put in place what an interrupted change left; returns the paths of its files."""
    left = root / UNFINISHED
    paths = sorted(path for path in left.rglob("*") if path.is_file())
    for path in paths:
        place = root / path.relative_to(left)
        path.replace(place)
        flush(place.parent)
    shutil.rmtree(left, ignore_errors=True)
    return [path.relative_to(left).as_posix() for path in paths]


def _write_to_disk(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    flush(path.parent)
