"""What is kept of a release: the commit and the data that it makes, in files that are the same bytes at any time."""

import gzip
import io
import shutil
import tarfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from scripts.checkout import extract, is_tagged_elsewhere, must_be_committed, tree
from scripts.finished import SUMS, write_sums
from scripts.places import put, workshop
from scripts.problems import BadDataError, Problem
from scripts.read import read_whole
from scripts.releases import releases_in_order, tables_sha256, version_problems
from scripts.verify import ELSEWHERE, KEPT, build_in, differences, fresh_folder, read_sums

NAME = "on-the-record"


def write_release(root: Path) -> Path:
    """Build the newest release twice from the commit, and write what is kept of it; returns the folder."""
    must_be_committed(root)
    package, rows = read_whole(root)
    if not rows["releases"]:
        raise BadDataError([Problem("data/ledger/releases.csv", None, None, "has no release; prepare one first")])
    newest = releases_in_order(rows["releases"])[-1]
    problems = list(version_problems(root, newest))
    if tables_sha256(package) != newest["tables_sha256"]:
        reason = "is not that of the tables, which have changed since the release was prepared"
        problems.append(Problem("data/ledger/releases.csv", newest.number, "tables_sha256", reason))
    if is_tagged_elsewhere(root, f"v{newest['id']}"):
        problems.append(Problem("git", None, "tag", f"v{newest['id']} is on another commit; check that out"))
    if problems:
        raise BadDataError(problems)
    name = f"{NAME}-{newest['id']}"
    with fresh_folder(root) as fresh, workshop(root / "build/releases", name) as made:
        folders = fresh / "first", fresh / "second"
        for folder in folders:
            extract(root, "HEAD", folder)
        with ThreadPoolExecutor() as workers:
            here, there = workers.map(build_in, folders, ({}, ELSEWHERE))
        _must_be_same(here, there)
        for path in KEPT[:-1]:
            shutil.copy(here / path, made / Path(path).name)
        shutil.copy(here / SUMS, made / f"SITE-{SUMS}")
        write_archive(made / f"{name}.tar.gz", root, here, name, newest["released_on"])
        write_sums(made)
        place = root / "build/releases" / name
        put(made, place)
    return place


def _must_be_same(here: Path, there: Path) -> None:
    """BadDataError, with each file, if two builds of the commit are not the same bytes."""
    sums = [read_sums((site / SUMS).read_text(encoding="utf-8")) for site in (here, there)]
    if found := list(differences(*sums)):
        raise BadDataError(Problem(name, None, None, "is not the same bytes in two builds") for name, _ in found)


def write_archive(path: Path, root: Path, site: Path, name: str, day: str) -> None:
    """The checkout and what is kept of its site, as one file that is the same bytes whenever it is written."""
    at = int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())
    entries: dict[str, tuple[bytes, int]] = {}
    with tree(root, "HEAD") as source:
        for member in source.getmembers():
            if member.isfile():
                entries[member.name] = (source.extractfile(member).read(), member.mode & 0o111)  # type: ignore[union-attr]
    entries |= {f"published/{Path(kept).name}": ((site / kept).read_bytes(), 0) for kept in KEPT}
    with (
        path.open("wb") as file,
        gzip.GzipFile("", "wb", 9, file, mtime=at) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for entry, (content, runs) in sorted(entries.items()):
            info = tarfile.TarInfo(f"{name}/{entry}")
            info.size, info.mtime, info.mode = len(content), at, 0o755 if runs else 0o644
            archive.addfile(info, io.BytesIO(content))
