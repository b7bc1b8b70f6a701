"""Build the archive from the two files of votes that the UN Digital Library offers: read, validate, derive, load.

    python -m scripts.archive [--ga FILE] [--sc FILE] [--keep-going] [-q]

FILE is .csv or .csv.gz, of the General Assembly or of the Security Council. The archive comes to build/archive, and the
next build of the site serves it beside the record. Exit code 0 when it is built or up to date, 1 for bad data (every
problem is printed, and the last good archive stays), 2 for bad usage. With --keep-going rows that break a rule are left
out and listed in build/archive/refused.csv, and the code is 0.
"""

import argparse
import csv
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import duckdb

from scripts.archive.agreement import bloc_years, pair_agreements, read_ballots
from scripts.archive.library import LibraryFile, read_files, read_sql, validate_files
from scripts.archive.load import Rows, load_archive
from scripts.archive.quick import is_sound
from scripts.build import ROOT, stop_if_changed
from scripts.bulk_read import read_csv
from scripts.finished import NOTED, is_published, write_sums
from scripts.inputs import Inputs, files_below, look, programs
from scripts.package import Package, open_package
from scripts.places import alone, workshop
from scripts.problems import BadDataError, Problem, exit_code
from scripts.progress import Progress
from scripts.publish import inspect, publish, write_json

FOLDER = "archive"
RECORD = ("members", "member_names", "blocs", "bloc_memberships", "roll_calls", "votes", "source_differences")
# DuckDB's part of what the process may have; what does not fit goes to a file in the workshop.
MEMORY = "300MB"
DERIVED = ("20_texts", "30_agenda", "40_members", "50_record")
DATABASE_FILE = "archive.db"


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    given = {body: path for body, path in (("GA", options.ga), ("SC", options.sc)) if path}
    # Files of one name are told apart by their folders.
    alike = len({path.name for path in given.values()}) < len(given)
    files = [LibraryFile(body, path, str(path) if alike else path.name) for body, path in given.items()]
    if not files:
        parser.error("there is nothing to build from: give --ga FILE, --sc FILE or both")
    return exit_code(lambda: _run(options, files, root, Progress(options.quiet)), root)


def _run(options: argparse.Namespace, files: list[LibraryFile], root: Path, progress: Progress) -> None:
    given = progress.run("look", _look, root, files, options.keep_going)
    if _is_up_to_date(root, given.name, progress):
        return
    with alone(root / "build", progress.say) as waited:
        if waited:
            given = inputs_of(root, files, options.keep_going)
        if not waited or not _is_up_to_date(root, given.name, progress):
            build_archive(root, given, files, progress, keep_going=options.keep_going)


def _is_up_to_date(root: Path, name: str, progress: Progress) -> bool:
    """Whether there is nothing to build; says so."""
    if not is_published(root / "build/archives", root / "build/archive", name):
        return False
    progress.say(f"build/archive is up to date ({name})")
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="archive", description="Build the archive of all votes since 1946.")
    for option, body in (("--ga", "General Assembly"), ("--sc", "Security Council")):
        about = f"the UN Digital Library's votes of the {body}, .csv or .csv.gz"
        parser.add_argument(option, type=Path, metavar="FILE", help=about)
    parser.add_argument("--keep-going", action="store_true", help="leave out rows that break a rule, and list them")
    parser.add_argument("-q", "--quiet", action="store_true", help="print problems only")
    return parser


def build_archive(root: Path, given: Inputs, files: list[LibraryFile], progress: Progress, *, keep_going: bool) -> None:
    """Every stage, in a folder of its own that then takes the place of the last archive.

    `given` is what was there before anything was read.
    """
    package = open_package(root / FOLDER)
    with workshop(root / "build/archives", given.name) as folder:
        with _taken(folder, root, package, files, progress, keep_going=keep_going) as (connection, refused):
            progress.run("derive", _derive, connection, package, files, given)
            progress.run("load", _load, folder, connection, package, given, progress)
        _write_refused(folder / "refused.csv", refused)
        write_json(folder / NOTED, inspect(folder / DATABASE_FILE, package.views.values()))
        write_sums(folder)
        stop_if_changed(given, inputs_of(root, files, keep_going))
        publish(folder, root / "build/archives", given.name, root / "build/archive")
    progress.say(f"build/archive is now build/archives/{given.name}")
    if refused:
        count = len({(problem.file, problem.row) for problem in refused})
        progress.say(f"{count} row{'s' * (count != 1)} left out: see build/archive/refused.csv")


@contextmanager
def _taken(
    folder: Path, root: Path, package: Package, files: list[LibraryFile], progress: Progress, *, keep_going: bool
) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[Problem]]]:
    """A DuckDB in which `ballots` and `accounts` have what the files say, and the problems of rows that were left out.

    Files in which nothing is wrong are taken as a whole, others row by row.
    """
    with _engine(folder) as connection:
        _read_record(connection, root, package)
        if progress.run("read", _take_whole, connection, package, files, progress):
            yield connection, []
            return
    with _engine(folder, folder / "rows.duckdb") as connection:
        _read_record(connection, root, package)
        unread = progress.run("read", _read, connection, package, files, keep_going=keep_going)
        broken = progress.run("validate", _validate, connection, package, files, keep_going=keep_going)
        yield connection, [*unread, *broken]
    (folder / "rows.duckdb").unlink()


def _look(root: Path, files: list[LibraryFile], keep_going: bool) -> tuple[Inputs, str]:
    given = inputs_of(root, files, keep_going)
    return given, ", ".join(f"{file.path.name} of {file.path.stat().st_size / 1e6:.0f} MB" for file in files)


def inputs_of(root: Path, files: list[LibraryFile], keep_going: bool) -> Inputs:
    """All that decides what the archive has; of the Library's files their names, without the folders they are in."""
    given = [look(file.path, f"{file.body}/{file.path.name}", "library") for file in files]
    tables = (f"data/un/{table}.csv" for table in RECORD)
    project = files_below(root, ("archive/**/*", "scripts/**/*.py", "requirements.lock", *tables))
    versions = {**programs(), "DuckDB": duckdb.__version__}
    return Inputs((*given, *project), versions, "rows that break a rule are left out" if keep_going else "")


def _engine(folder: Path, database: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory or in a file, which is slower to fill; what it may not hold spills into the folder."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY,
        "temp_directory": str(folder / "spilled"),
    }
    connection = duckdb.connect(database or ":memory:", config=config)
    # So that a query tells how far it is; what shows it is ours.
    connection.execute(
        "set enable_progress_bar = true; set enable_progress_bar_print = false; set progress_bar_time = 0"
    )
    return connection


def _read_record(connection: duckdb.DuckDBPyConnection, root: Path, package: Package) -> None:
    """The record's tables, and what the archive takes from them."""
    read_csv(connection, "former_members", package.root / "data/former_members.csv")
    for table in RECORD:
        read_csv(connection, f"record_{table}", root / f"data/un/{table}.csv")
    connection.execute(read_sql(package.root, "00_record"))


def _take_whole(
    connection: duckdb.DuckDBPyConnection, package: Package, files: list[LibraryFile], progress: Progress
) -> tuple[bool, str]:
    if is_sound(connection, package.root, files, partial(progress.watching, percent=connection.query_progress)):
        _stop_if_empty(connection, files)
        return True, f"{_rows(connection, files):,} rows, which break no rule"
    return False, "something is wrong, so each row is looked at"


def _read(
    connection: duckdb.DuckDBPyConnection, package: Package, files: list[LibraryFile], *, keep_going: bool
) -> tuple[list[Problem], str]:
    unread = read_files(connection, package.root, files, keep_going=keep_going)
    return _stopped(unread, keep_going), f"{_rows(connection, files):,} rows"


def _rows(connection: duckdb.DuckDBPyConnection, files: list[LibraryFile]) -> int:
    counts = (connection.execute(f"select count(*) from {file.raw}").fetchall() for file in files)  # noqa: S608
    return sum(rows for [(rows,)] in counts)


def _validate(
    connection: duckdb.DuckDBPyConnection, package: Package, files: list[LibraryFile], *, keep_going: bool
) -> tuple[list[Problem], str]:
    problems = _stopped(validate_files(connection, package.root, files, keep_going=keep_going), keep_going)
    _stop_if_empty(connection, files)
    return problems, f"{len(problems) or 'no'} problem{'s' * (len(problems) != 1)}"


def _stop_if_empty(connection: duckdb.DuckDBPyConnection, files: list[LibraryFile]) -> None:
    """BadDataError where a file has no row, or none that may be taken."""
    bodies = {body for (body,) in connection.execute("select distinct body from ballots").fetchall()}
    if empty := [file for file in files if file.body not in bodies]:
        raise BadDataError([Problem(file.label, None, None, "has no row that can be taken") for file in empty])


def _stopped(problems: list[Problem], keep_going: bool) -> list[Problem]:
    if problems and not keep_going:
        raise BadDataError(problems)
    return problems


def _derive(
    connection: duckdb.DuckDBPyConnection, package: Package, files: list[LibraryFile], given: Inputs
) -> tuple[None, str]:
    for name in DERIVED:
        connection.execute(read_sql(package.root, name))
    connection.execute("create table given (body varchar, file_name varchar, sha256 varchar, line_count bigint)")
    sums = {file.path: file.sha256 for file in given.files}
    for file in files:
        row = (file.body, file.path.name, sums[f"{file.body}/{file.path.name}"], _rows(connection, [file]))
        connection.execute("insert into given values (?, ?, ?, ?)", row)
    connection.execute(read_sql(package.root, "60_files"))
    [(roll_calls, differing)] = connection.execute(read_sql(package.root, "counted")).fetchall()
    return None, f"{roll_calls:,} roll calls, {differing} printed totals differ from the votes"


def _load(
    folder: Path, connection: duckdb.DuckDBPyConnection, package: Package, given: Inputs, progress: Progress
) -> tuple[None, str]:
    ballots = read_ballots(connection)
    computed: dict[str, Rows] = {
        "votes": ballots.cast,
        "pair_agreements": pair_agreements(ballots, "GA"),
        "council_pair_agreements": pair_agreements(ballots, "SC"),
        "bloc_years": bloc_years(connection, ballots),
        "build_inputs": [
            [row.get(field.name) for field in package.derived["build_inputs"].fields] for row in given.rows()
        ],
    }
    rows, wrong = load_archive(folder / DATABASE_FILE, package, connection, computed, progress.counting)
    if wrong:
        raise BadDataError([Problem(DATABASE_FILE, None, None, reason) for reason in wrong])
    megabytes = (folder / DATABASE_FILE).stat().st_size / 1e6
    return None, f"{rows:,} rows, {megabytes:.1f} MB, integrity and foreign keys sound"


def _write_refused(path: Path, problems: list[Problem]) -> None:
    """The report of what was left out, empty but for its header where nothing was."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("file", "row", "field", "reason"))
        for problem in sorted(problems, key=lambda problem: (problem.file, problem.row or 0, problem.field or "")):
            writer.writerow((problem.file, problem.row, problem.field, problem.reason))


if __name__ == "__main__":
    sys.exit(main())
