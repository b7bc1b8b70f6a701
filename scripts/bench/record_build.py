"""How long the record takes to build, beside a bare import of its tables."""

import dataclasses
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from scripts.bench.bare_import import import_csv
from scripts.bench.lab import Lab
from scripts.bench.result import Row, Section
from scripts.bench.timing import medians_in_turns
from scripts.build import ROOT, build, inputs_of, prepare
from scripts.package import open_package
from scripts.progress import Progress

RUNS = 3
MEANING = (
    "The record is small, and most of its build is checks, downloads and pictures: the ratio to a bare import of its "
    "CSV files says what they cost. Medians of {runs}, in turns."
)


def measure(lab: Lab) -> Section:
    """The whole build of the record, without the archive, against a bare import of its CSV files."""
    runs = lab.runs(RUNS)
    folder = lab.folder / "record"
    folder.mkdir()
    whole, bare = medians_in_turns(lambda: _whole_build(folder), lambda: _bare_import(folder / "bare.db"), runs)
    row = Row(
        "record build: read, validate, load, derive, check, assemble", whole, "a bare import of its CSV files", bare
    )
    return Section("The record's build", MEANING.format(runs=runs), [row])


def _whole_build(folder: Path) -> None:
    """A build that publishes into a folder of its own, from this project's inputs."""
    progress = Progress(quiet=True)
    package, metadata, rows = prepare(ROOT, None, progress)
    # A name of its own, or the second would find the first.
    given = dataclasses.replace(inputs_of(ROOT), programs={"time": f"{time.time_ns():x}"})
    build(folder, given, package, metadata, rows, progress)


def _bare_import(path: Path) -> None:
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        for table in open_package(ROOT).tables.values():
            import_csv(connection, table.name, ROOT / str(table.path))
        connection.commit()
