"""Releases as the ledger has them: the version that the tables are, and what else names it."""

import dataclasses
import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from scripts.ledger import parts_of_version
from scripts.package import Package, Row
from scripts.problems import Problem
from scripts.read import read_table

RELEASES = "releases"
# What is added to the number of the last version where the tables have changed since.
UNRELEASED = "+unreleased"
# Where a version stands beside the ledger, and the day where that does too.
NAMED_IN = {
    "datapackage.yaml": r"^version: (?P<version>.*)$",
    "pyproject.toml": r'^version = "(?P<version>.*)"$',
    "CITATION.cff": r"^version: (?P<version>.*)\ndate-released: (?P<day>.*)$",
    "README.md": r"On the Record, version (?P<version>\S+) of (?P<said>[^,]*), table",
    "CHANGELOG.md": r"\A(?:(?!## ).*\n)*## (?P<version>\S+) \((?P<day>[^)]*)\)$",
}


def releases_in_order(rows: list[Row]) -> list[Row]:
    """The releases, the newest last."""
    return sorted(rows, key=lambda row: parts_of_version(row["id"]))


def as_released(package: Package) -> Package:
    """The package whose descriptor says which version its tables are, when that was released, and the first of all.

    Tables that changed since are no version that anyone could find again, which is said too.
    """
    if RELEASES not in package.tables:
        return package
    releases = releases_in_order(read_table(package, package.tables[RELEASES])[0])
    if not releases:
        return package
    newest = releases[-1]
    if tables_sha256(package) != newest["tables_sha256"]:
        told = {"version": newest["id"] + UNRELEASED}
    else:
        told = {"version": newest["id"], "released_on": newest["released_on"]}
    first = {"first_released_on": releases[0]["released_on"]}
    return dataclasses.replace(package, descriptor={**package.descriptor, **told, **first})


def tables_sha256(package: Package, contents: Mapping[str, bytes] | None = None) -> str:
    """SHA-256 over every table's file but that of the releases, by name; `contents` has files that are to be others."""
    digest = hashlib.sha256()
    for path in sorted(str(table.path) for name, table in package.tables.items() if name != RELEASES):
        content = (contents or {}).get(path) or (package.root / path).read_bytes()
        digest.update(f"{hashlib.sha256(content).hexdigest()}  {path}\n".encode())
    return digest.hexdigest()


def version_problems(root: Path, newest: Row) -> Iterator[Problem]:
    """Files that do not name the newest version, or its day."""
    for path, pattern in NAMED_IN.items():
        found = re.search(pattern, (root / path).read_text(encoding="utf-8"), re.MULTILINE)
        named = found.groupdict() if found else {}
        if named.get("version") != newest["id"]:
            yield Problem(path, None, "version", f"is {named.get('version')}, and the newest release is {newest['id']}")
        elif named.get("day", newest["released_on"]) != newest["released_on"]:
            yield Problem(path, None, "date", f"is {named['day']}, and {newest['id']} is of {newest['released_on']}")
