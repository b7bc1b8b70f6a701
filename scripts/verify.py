"""Verify: build the site from this checkout in a fresh folder, and hold every file against published sums.

    python -m scripts.verify [SUMS]

SUMS is a path or an address of a site's SHA256SUMS; without it those that came with an unpacked release are taken, else
those of build/site. Each file that is not the same is named, a line each. Exit code 0 when all are the same, or differ
only as a database does under another SQLite, whose dump is the same; 1 when not, 2 for bad usage.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.request import urlopen

from scripts.build import INPUTS, ROOT
from scripts.finished import NOTED, SUMS
from scripts.problems import BadDataError, Problem, exit_code

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
        raise BadDataError([Problem(place, None, None, "has no sums")])
    with fresh_folder(root) as folder:
        _copy_inputs(root, Path(folder), with_archive=ARCHIVE in published)
        rebuilt = read_sums((build_in(Path(folder), ELSEWHERE) / SUMS).read_text(encoding="utf-8"))
    found = dict(differences(published, rebuilt))
    if not found:
        print(f"{len(published)} files are the same bytes as those of {place}")
    elif only_another_sqlite(published, rebuilt):
        print(*(f"{name}: {said}" for name, said in found.items()), sep="\n")
        print("the database differs as it does under another SQLite; its SQL dump, and all the rest, is the same")
    else:
        raise BadDataError(Problem(name, None, None, said) for name, said in found.items())


def fresh_folder(root: Path) -> "tempfile.TemporaryDirectory[str]":
    """A folder that is gone again when its block ends, on the same disk as the checkout."""
    (root / "build").mkdir(exist_ok=True)
    return tempfile.TemporaryDirectory(prefix=".afresh-", dir=root / "build")


def read_sums(text: str) -> Sums:
    """The sum of each file that a SHA256SUMS names."""
    return {name: digest for digest, _, name in (line.partition("  ") for line in text.splitlines()) if name}


def _text(place: str) -> str:
    if place.startswith(("http://", "https://")):
        with urlopen(place, timeout=60) as response:
            return str(response.read().decode())
    return Path(place).read_text(encoding="utf-8")


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
    """Whether nothing differs but the database's bytes, while all that it says is the same."""
    differing = {name for name, _ in differences(published, rebuilt)}
    same_dump = DUMP in published and published[DUMP] == rebuilt.get(DUMP)
    return same_dump and DATABASE in differing and differing <= HAS_ITS_SUM


if __name__ == "__main__":
    sys.exit(main())
