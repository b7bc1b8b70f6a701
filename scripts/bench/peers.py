"""Peers: other programs that put CSV files into SQLite, installed by `make peers` in an environment of their own."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from scripts.bench.lab import Lab
from scripts.bench.library_files import Files
from scripts.bench.result import Goal, Row
from scripts.bench.timing import CommandError, run_command
from scripts.build import ROOT
from scripts.package import documented, read_yaml
from scripts.publish import write_json

INSTALLED = ROOT / "build/peers/bin"


@dataclass(frozen=True)
class Peer:
    """A program, the share of the roll calls that it gets, the goal, and its arguments for files and a folder."""

    program: str
    does: str
    share: float
    goal: Goal
    arguments: Callable[[Files, Path], list[str | Path]]


def _csvs_to_sqlite(files: Files, folder: Path) -> list[str | Path]:
    return [*files.paths, folder / "peer.db"]


def _datapackage_to_datasette(files: Files, folder: Path) -> list[str | Path]:
    described = files.folder / "datapackage.json"
    write_json(described, datapackage(files))
    return [folder / "peer.db", described, folder / "metadata.json"]


def _csvsql(files: Files, folder: Path) -> list[str | Path]:
    return ["--db", f"sqlite:///{folder / 'peer.db'}", "--insert", *files.paths]


PEERS = (
    Peer("csvs-to-sqlite", "which checks nothing", 1, Goal(1, words="≤ 1, as fast"), _csvs_to_sqlite),
    Peer(
        "datapackage-to-datasette",
        "with types",
        0.1,
        Goal(1 / 7, words="≤ 0.143, 7 times as fast"),
        _datapackage_to_datasette,
    ),
    Peer("csvsql", "--insert, with inference", 0.1, Goal(1 / 50, words="≤ 0.02, 50 times as fast"), _csvsql),
)


@dataclass
class PeerRuns:
    """The seconds that a peer took so far, scaled to all rows, or the reason why it could not be run."""

    peer: Peer
    installed: Path = INSTALLED
    seconds: list[float] = field(default_factory=list)
    reason: str = ""

    def run(self, lab: Lab) -> None:
        """Run the peer once; after a failure, never again."""
        program = self.installed / self.peer.program
        if not program.exists():
            self.reason = "not installed: make peers does it"
        if not self.reason:
            try:
                self.seconds.append(_seconds(lab, self.peer, program))
            except CommandError as error:
                self.reason = str(error)

    def row(self, what: str, seconds: float) -> Row:
        """The archive's seconds beside the lowest of the peer."""
        part = f", {self.peer.share:g} of the rows, scaled" if self.peer.share < 1 else ""
        against = f"{self.peer.program}, {self.peer.does}{part}"
        theirs = None if self.reason else min(self.seconds)
        return Row(what, seconds, against, theirs, "s", self.peer.goal, self.reason)


def _seconds(lab: Lab, peer: Peer, program: Path) -> float:
    """What a peer takes once; of a share of the rows, what it takes beyond its start is scaled to all rows."""
    files = lab.share(peer.share)
    folder = lab.folder / "peer"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    seconds = run_command([program, *peer.arguments(files, folder)], lab.folder).seconds
    if peer.share == 1:
        return seconds
    start = run_command([program, "--version"], lab.folder).seconds
    return scaled(seconds, start, lab.share(1).rows / files.rows)


def scaled(seconds: float, start: float, times: float) -> float:
    """What a program would take for so many times as much, if only its start stays the same."""
    return start + (seconds - start) * times


def datapackage(files: Files) -> dict[str, object]:
    """A data package of both files, each column with the type that the archive's Table Schema gives it."""
    names = read_yaml(ROOT / "archive", "layouts.yaml")["names"]
    types = {field.name: field.type for field in documented(ROOT / "archive", "schema/library")["library_votes"].fields}
    resources = []
    for path in files.paths:
        with path.open(encoding="utf-8") as file:
            columns = file.readline().strip().split(",")
        fields = [{"name": column, "type": types.get(names.get(column, column), "string")} for column in columns]
        place = {"name": path.stem, "path": path.name, "format": "csv", "encoding": "utf-8"}
        resources.append({**place, "type": "table", "schema": {"fields": fields}})
    return {"name": "library-votes", "title": "Votes", "resources": resources}
