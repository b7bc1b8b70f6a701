"""Inputs: the files that a build is made of, by their fingerprints, and what else decides what comes out.

By itself, since a build with nothing to do should not wait for other libraries.
"""

import hashlib
import platform
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

KINDS = {"archive": "archive", "data": "data", "schema": "schema", "scripts": "code", "site": "site"}


@dataclass(frozen=True)
class Input:
    """A file when it was looked at: its name, its kind, its size, its fingerprint, and when it was last written."""

    path: str
    kind: str
    bytes: int
    sha256: str
    written: int


@dataclass(frozen=True)
class Inputs:
    """All that a build is made of: files, programs by their versions, and what more it depends on, in words."""

    files: tuple[Input, ...]
    programs: dict[str, str]
    more: str = ""

    @property
    def name(self) -> str:
        """Sixteen characters that change when any of it does."""
        digest = hashlib.sha256(repr((self.programs, self.more)).encode())
        for file in self.files:
            digest.update(f"\0{file.path}\0{file.sha256}".encode())
        return digest.hexdigest()[:16]

    def rows(self) -> list[dict[str, Any]]:
        """The rows of the table `build_inputs`, in the order of its key."""
        files = [
            {"path": file.path, "kind": file.kind, "bytes": file.bytes, "sha256": file.sha256} for file in self.files
        ]
        programs = [{"path": name, "kind": "program", "version": version} for name, version in self.programs.items()]
        return sorted(files + programs, key=lambda row: row["path"])

    def changed(self, later: "Inputs") -> list[str]:
        """The files that are not what they were, or were written anew meanwhile, and what more is otherwise."""
        files = {file.path for file in set(self.files) ^ set(later.files)}
        return sorted(files | ({self.more or later.more} if self.more != later.more else set()))


def files_below(root: Path, patterns: Iterable[str]) -> list[Input]:
    """Each file below a folder that a pattern names, in the order of their paths."""
    paths = {path for pattern in patterns for path in root.glob(pattern) if path.is_file()}
    named = {path.relative_to(root).as_posix(): path for path in paths if "__pycache__" not in path.parts}
    return [look(named[name], name, KINDS.get(name.partition("/")[0], "settings")) for name in sorted(named)]


def look(path: Path, name: str, kind: str) -> Input:
    """A file as it is now."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return Input(name, kind, file.tell(), sha256, path.stat().st_mtime_ns)


def programs() -> dict[str, str]:
    """What runs every build, by its version."""
    return {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}
