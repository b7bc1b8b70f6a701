"""Places: a folder is made beside the last good one, and put in its place in one step.

What has no dot before its name is whole, whenever a build is killed or the power fails. What a killed build leaves has
one, and the next build removes it.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from scripts.finished import SUMS

LOCK = ".lock"
# Where builds of each kind stand side by side.
PLACES = ("sites", "archives", "parquets")


@contextmanager
def alone(build: Path, say: Callable[[str], None]) -> Iterator[bool]:
    """Have a block build alone, in a folder without leftovers; yields whether it had to wait."""
    with one_at_a_time(build / LOCK, "another build is at work; waiting for its end", say) as waited:
        _remove_leftovers(build)
        yield waited


@contextmanager
def one_at_a_time(lock: Path, wait: str, say: Callable[[str], None]) -> Iterator[bool]:
    """Have a block run in one process at a time; yields whether it had to wait, which is said before.

    The system frees the lock of a process that is killed.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("ab") as file:
        waited = not _locked(file)
        if waited:
            say(wait)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield waited


def _locked(file: IO[bytes]) -> bool:
    """Whether nobody else had the file locked, and it is now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _remove_leftovers(build: Path) -> None:
    for link in build.glob(".*"):
        if link.is_symlink():
            link.unlink()
    for places in PLACES:
        for left in (build / places).glob(".*"):
            shutil.rmtree(left)


@contextmanager
def workshop(parent: Path, name: str) -> Iterator[Path]:
    """A folder to make something in, gone again if that fails, and beside it the temporary files of the making."""
    parent.mkdir(parents=True, exist_ok=True)
    hidden = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=parent))
    made, passing = hidden / name, hidden / "passing"
    try:
        made.mkdir()
        passing.mkdir()
        with _temporary_files_in(passing):
            yield made
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


@contextmanager
def _temporary_files_in(folder: Path) -> Iterator[None]:
    """So that none outlives a build that is killed, and each counts where the room is looked for."""
    before = tempfile.tempdir
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = before


def put(made: Path, place: Path) -> None:
    """Move a finished folder to its place, with all that it has on the disk and not only on the way there."""
    for path in [*made.rglob("*"), made]:
        # Whoever builds, with whatever umask: what is published may be read by everyone.
        path.chmod(0o755 if path.is_dir() else 0o644)
        flush(path)
    if place.exists():
        remove(place)
    made.replace(place)
    flush(place.parent)


def point(link: Path, place: Path) -> None:
    """Have a link point at a folder below its own; whoever follows it sees the old one or the new one."""
    temporary = link.with_name(f".{link.name}-{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(place.relative_to(link.parent))
    try:
        temporary.replace(link)
    finally:
        temporary.unlink(missing_ok=True)
    flush(link.parent)


def forget_old(parent: Path, keep: int) -> None:
    """Remove all but the latest of what was put in place, and but what a server still serves."""
    finished = sorted(
        (path for path in parent.iterdir() if not path.name.startswith(".")), key=lambda path: path.stat().st_mtime
    )
    for old in finished[:-keep]:
        # What cannot be removed is no reason for a build to fail.
        with suppress(OSError):
            if not _is_held(old):
                remove(old)


def remove(place: Path) -> None:
    """Take a folder away; a part of it is never to be seen."""
    hidden = place.with_name(f".{place.name}-{os.getpid()}")
    place.replace(hidden)
    shutil.rmtree(hidden, ignore_errors=True)


def _is_held(place: Path) -> bool:
    """Whether a server holds the folder, by a shared lock on its sums (site/plugins/held.py)."""
    try:
        with (place / SUMS).open("rb") as sums:
            return not _locked(sums)
    except FileNotFoundError:
        return False


def flush(path: Path) -> None:
    """Have the disk keep a file, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
