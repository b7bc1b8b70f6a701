"""Places: a folder is made beside the last good one, and put in its place in one step."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def workshop(parent: Path, name: str) -> Iterator[Path]:
    """A folder to make something in, gone again if that fails."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=parent))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def point(link: Path, place: Path) -> None:
    """Have a link point at a folder below its own; whoever follows it sees the old one or the new one."""
    temporary = link.with_name(f".{link.name}-{os.getpid()}")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(place.relative_to(link.parent))
    try:
        temporary.replace(link)
    finally:
        temporary.unlink(missing_ok=True)


def forget_old(parent: Path, keep: int) -> None:
    """Remove all but the latest of what was put in place."""
    finished = sorted(
        (path for path in parent.iterdir() if not path.name.startswith(".")), key=lambda path: path.stat().st_mtime
    )
    for old in finished[:-keep]:
        shutil.rmtree(old)
