"""How long the archive takes to build, beside what only copies or converts the same files, and how big it is."""

import shutil
import sqlite3
import sys
from pathlib import Path

from scripts.bench.lab import Lab, stages
from scripts.bench.library_files import Files
from scripts.bench.peers import PEERS, PeerRuns
from scripts.bench.result import Goal, Listing, Row, Section
from scripts.bench.timing import Run, run_command
from scripts.load import reading

RUNS = 3
PEER_RUNS = 2
PARTS = 8
TABLE = "votes"
HERE = Path(__file__).parent
WITH_PYTHON = HERE / "bare_import.py"
WHAT = "archive build, all of it"


MEANING = (
    "`make archive` reads the two CSV files, holds them to the Table Schema, the foreign keys and the laws, counts "
    "tallies, pairs and blocs, and writes archive.db with its indexes and search. Build and import run {runs} times "
    "in turns, peers {peers} times, each in a fresh process, and the lower figure of each counts. A peer that is slow "
    "gets a tenth of the roll calls; its time beyond its start is scaled to all rows."
)


def measure(lab: Lab) -> Section:
    """The build against a bare import and against the peers, all in turns; its size and memory."""
    program = shutil.which("sqlite3")
    imports = []
    peers = [PeerRuns(peer) for peer in PEERS]
    for number in range(lab.runs(RUNS)):
        lab.build(1)
        imports.append(bare_import(program, lab.share(1), lab.folder).seconds)
        for peer in peers if number < PEER_RUNS else []:
            peer.run(lab)
    build, imported = lab.built(1), min(imports)
    importer = "sqlite3 .import" if program else "Python's import, as there is no sqlite3 on the PATH,"
    rows = [
        Row(WHAT, build.seconds, f"{importer} into one bare table", imported, "s", Goal(2)),
        *(peer.row(WHAT, build.seconds) for peer in peers),
        Row(
            "size of archive.db",
            lab.database(1).stat().st_size / 1e6,
            "the two CSV files",
            lab.share(1).size / 1e6,
            "MB",
            Goal(0.12),
        ),
        Row("most memory of the archive build", build.peak / 1e6, unit="MB", goal=Goal(600, words="< 600 MB")),
    ]
    meaning = MEANING.format(runs=lab.runs(RUNS), peers=lab.runs(PEER_RUNS))
    listings = [_stage_listing(build, imported), *_parts(lab.database(1))]
    return Section("The archive's build", meaning, rows, listings, [_holds(build, imported)])


def bare_import(program: str | None, files: Files, folder: Path) -> Run:
    """Put both files into one table of a new database, with SQLite's command line or, without one, with Python."""
    database = folder / "bare.db"
    database.unlink(missing_ok=True)
    assembly, council = files.paths
    if program:
        command = [
            program,
            str(database),
            ".mode csv",
            f'.import "{assembly}" {TABLE}',
            f'.import --skip 1 "{council}" {TABLE}',
        ]
    else:
        command = [sys.executable, str(WITH_PYTHON), str(database), TABLE, str(assembly), str(council)]
    return run_command(command, folder)


def _stage_listing(build: Run, imported: float) -> Listing:
    rows = [
        (name, f"{seconds:.2f}", f"{100 * seconds / build.seconds:.0f} %", f"{seconds / imported:.2f}")
        for name, seconds in stages(build).items()
    ]
    return Listing("Stages of the archive's build", ("stage", "seconds", "of the build", "times the import"), rows)


def _parts(database: Path) -> list[Listing]:
    """The biggest tables and indexes of a database; nothing where SQLite was built without the table that knows."""
    statement = (HERE / "biggest_parts.sql").read_text(encoding="utf-8")
    with reading(database) as connection:
        try:
            parts = connection.execute(statement, {"parts": PARTS}).fetchall()
        except sqlite3.OperationalError:
            return []
    rows = [(name, f"{megabytes:.1f}", f"{share:.0f} %") for name, megabytes, share in parts]
    return [Listing("The biggest tables and indexes of archive.db", ("name", "MB", "of the file"), rows)]


def _holds(build: Run, imported: float) -> str:
    """What holds the build above one and a half times the import, by its longest stages."""
    ratio = build.seconds / imported
    if ratio <= 1.5:
        return f"The build takes {ratio:.2f} times as long as the import, which is not above 1.5."
    longest = sorted(stages(build).items(), key=lambda stage: -stage[1])[:2]
    named = " and ".join(f"{name} ({seconds / imported:.2f} times the import by itself)" for name, seconds in longest)
    return f"The build takes {ratio:.2f} times as long as the import. What holds it above 1.5 is mostly {named}."
