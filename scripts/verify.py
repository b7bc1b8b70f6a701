"""Verify: build the site from this checkout in a fresh folder, and hold every file against published sums.

    python -m scripts.verify [SUMS]

SUMS is a path or an address of a site's SHA256SUMS; without it those that came with an unpacked release are taken, else
those of build/site. The files that are at hand beside the sums are held against them, too; of an address only the sums
are fetched. Each file that is not the same is named, a line each. Exit code 0 when all are the same, or differ
only as a database does under another SQLite, whose dump is the same; 1 when not, 2 for bad usage.
"""

import argparse
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from scripts.build import INPUTS, ROOT
from scripts.downloads import dump_line
from scripts.finished import NOTED, SUMS
from scripts.places import one_at_a_time
from scripts.problems import BadDataError, Problem, exit_code

# What of the site is kept beside the checkout: the database, the packages, and the sums of everything.
KEPT = ("record.db", "static/downloads/un.zip", "static/downloads/press.zip", SUMS)
PUBLISHED = (f"published/{SUMS}", f"build/site/{SUMS}")
DATABASE = "record.db"
DUMP = "static/downloads/record.sql.sha256"
# The database itself, what says how big it is or what its sum is, and the table that names the SQLite.
HAS_ITS_SUM = {
    DATABASE,
    NOTED,
    *(f"static/downloads/{name}" for name in (DATABASE, SUMS, "tables.json")),
    *(f"static/downloads/build_inputs.{form}" for form in ("csv", "xlsx", "parquet")),
}
# Has the name and version of the SQLite.
PROGRAMS = "static/downloads/build_inputs.csv"
ARCHIVE = "archive.db"
# Another time zone, locale and hash seed than most.
ELSEWHERE = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "12345"}
Sums = Mapping[str, str]


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="verify", description="Hold a fresh build against published sums.")
    default = next((path for path in PUBLISHED if (root / path).is_file()), PUBLISHED[-1])
    parser.add_argument("sums", nargs="?", default=str(root / default), metavar="SUMS")
    options = parser.parse_args(arguments)
    return exit_code(lambda: _run(root, options.sums), root, "this is not what was published")


def _run(root: Path, place: str) -> None:
    published = read_sums(_text(place))
    if not published:
        raise BadDataError([Problem(place, None, None, "is not a SHA256SUMS")])
    with fresh_folder(root) as folder:
        _copy_inputs(root, folder, with_archive=ARCHIVE in published)
        rebuilt = read_sums((build_in(folder, ELSEWHERE) / SUMS).read_text(encoding="utf-8"))
    altered = dict(misfits(place, published))
    found = {**dict(differences(published, rebuilt)), **altered}
    if not found:
        print(f"{len(published)} files are the same bytes as those of {place}")
        if _is_address(place):
            print("only the sums were fetched: they say nothing of the files that are served beside them")
    elif not altered and only_another_sqlite(published, rebuilt):
        print(*(f"{name}: {said}" for name, said in found.items()), sep="\n")
        print("the database differs as it does under another SQLite; its SQL dump, and all the rest, is the same")
    else:
        raise BadDataError(Problem(name, None, None, said) for name, said in found.items())


@contextmanager
def fresh_folder(root: Path) -> Iterator[Path]:
    """A folder that is gone again when its block ends, on the checkout's disk; what a killed one left, too."""
    build = root / "build"
    wait = "another command builds afresh; waiting for its end"
    with one_at_a_time(build / ".lock-afresh", wait, lambda said: print(said, file=sys.stderr)):
        for left in [*build.glob(".afresh-*"), *(build / "releases").glob(".*")]:
            shutil.rmtree(left)
        with tempfile.TemporaryDirectory(prefix=".afresh-", dir=build) as folder:
            yield Path(folder)


def read_sums(text: str) -> Sums:
    """The sum of each file that a SHA256SUMS names."""
    return {name: digest for digest, _, name in (line.partition("  ") for line in text.splitlines()) if name}


def _text(place: str) -> str:
    if _is_address(place):
        with urlopen(place, timeout=60) as response:
            return str(response.read().decode())
    try:
        return Path(place).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise BadDataError([Problem(place, None, None, "is not a SHA256SUMS")]) from None


def _is_address(place: str) -> bool:
    return place.startswith(("http://", "https://"))


def misfits(place: str, published: Sums) -> Iterator[tuple[str, str]]:
    """Each file that is at hand beside the sums, as a site or a release has it, and is not what they say."""
    folder = Path(place).parent
    there = {name: folder / name for name in published}
    there |= {name: folder / Path(name).name for name in KEPT if name in published and not there[name].is_file()}
    for name, path in there.items():
        if not _is_address(place) and path.is_file():
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != published[name]:
                    yield str(path), "is not the file of its sum"
            if name == DATABASE and DUMP in published:
                try:
                    same = _sum_of_dump(path) == published[DUMP]
                except (sqlite3.Error, UnicodeDecodeError):
                    same = False
                if not same:
                    yield str(path), "has another SQL dump than what is published"


def _sum_of_dump(database: Path) -> str:
    """The sum of the file that has the sum of a database's SQL dump."""
    return hashlib.sha256(dump_line(database).encode()).hexdigest()


def _copy_inputs(root: Path, folder: Path, *, with_archive: bool) -> None:
    for path in {path for pattern in INPUTS for path in root.glob(pattern) if path.is_file()}:
        copy = folder / path.relative_to(root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    made = root / "build/archive"
    if with_archive and made.exists():
        (folder / "build").mkdir()
        (folder / "build/archive").symlink_to(made.resolve())


def build_in(folder: Path, environment: Mapping[str, str]) -> Path:
    """Build the checkout in a folder as a user does, in another environment; returns the folder of its site."""
    command = [sys.executable, "-m", "scripts.build", "--quiet"]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise BadDataError([Problem("the fresh build", None, None, done.stderr.strip())])
    return (folder / "build/site").resolve()


def differences(published: Sums, rebuilt: Sums) -> Iterator[tuple[str, str]]:
    """Each file that is not the same in both, and how."""
    for name in sorted({**published, **rebuilt}):
        if name not in rebuilt:
            yield name, "is published and was not built"
        elif name not in published:
            yield name, "was built and is not published"
        elif published[name] != rebuilt[name]:
            yield name, "differs from what is published"


def only_another_sqlite(published: Sums, rebuilt: Sums) -> bool:
    """Whether nothing differs but the SQLite and so the database's bytes, while all that it says is the same."""
    differing = {name for name, _ in differences(published, rebuilt)}
    same_dump = DUMP in published and published[DUMP] == rebuilt.get(DUMP)
    return same_dump and {DATABASE, PROGRAMS} <= differing <= HAS_ITS_SUM


if __name__ == "__main__":
    sys.exit(main())
