"""Build the site from the tables: read, validate, load, derive, check, assemble.

    python -m scripts.build [-q] [--validate] [--texts FOLDER]

Exit code 0 when the site is built or up to date, 1 for bad data (every problem is printed, and the last good build
stays), 2 for bad usage.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite_utils

    from scripts.inputs import Inputs
    from scripts.package import Package, Rows, Table
    from scripts.problems import Problem
    from scripts.progress import Progress

ROOT = Path(__file__).resolve().parent.parent
INPUTS = (
    "datapackage.yaml",
    "metadata.yml",
    "requirements.lock",
    "archive/**/*",
    "data/**/*",
    "schema/**/*",
    "scripts/**/*.py",
    "site/**/*",
)


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    # The stages' libraries take a second to import, which a build with nothing to do should not.
    from scripts.problems import exit_code
    from scripts.progress import Progress

    return exit_code(lambda: _run(options, root, Progress(options.quiet)), root)


def _run(options: argparse.Namespace, root: Path, progress: "Progress") -> None:
    from scripts.places import alone

    if options.validate:
        prepare(root, options.texts, progress)
        return
    given = inputs_of(root)
    if _is_up_to_date(root, given.name, options.texts, progress):
        return
    with alone(root / "build", progress.say) as waited:
        if waited:
            given = inputs_of(root)
        if not waited or not _is_up_to_date(root, given.name, options.texts, progress):
            build(root, given, *prepare(root, options.texts, progress), progress)


def _is_up_to_date(root: Path, name: str, texts: Path | None, progress: "Progress") -> bool:
    """Whether there is nothing to build; says so, and looks up quotes where texts are at hand."""
    from scripts.finished import is_published

    if not is_published(root / "build/sites", root / "build/site", name):
        return False
    if texts and texts.is_dir():
        package, rows, _ = _read_tables(root)
        _stop_if(progress.run("locate", _locate, package, rows, texts))
    progress.say(f"build/site is up to date ({name})")
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="build", description="Build the site from the tables.")
    parser.add_argument("-q", "--quiet", action="store_true", help="print problems only")
    parser.add_argument("--validate", action="store_true", help="validate the tables and stop")
    parser.add_argument("--texts", type=Path, metavar="FOLDER", help="article texts to verify locators against")
    return parser


def fingerprint(root: Path) -> str:
    """Sixteen characters that change when any input of the build, the archive, the Python or the SQLite changes."""
    return inputs_of(root).name


def inputs_of(root: Path) -> "Inputs":
    """All that decides what comes out of a build."""
    from scripts.inputs import Inputs, files_below, programs

    made = archive_of(root)
    return Inputs(tuple(files_below(root, INPUTS)), programs(), f"build/archive is {made.name}" if made else "")


def archive_of(root: Path) -> Path | None:
    """The folder of the archive that `make archive` made last, if it was run; its name is the archive's fingerprint."""
    made = root / "build/archive"
    return made.resolve() if made.exists() else None


def prepare(root: Path, texts: Path | None, progress: "Progress") -> tuple["Package", dict[str, Any], "Rows"]:
    """Read and validate; BadDataError with every problem if anything is wrong."""
    package, metadata, rows, problems = progress.run("read", _read, root)
    problems += progress.run("validate", _validate, package, metadata, rows)
    if texts and {"articles", "claims"} <= package.sound(rows, problems):
        problems += progress.run("locate", _locate, package, rows, texts)
    _stop_if(problems)
    return package, metadata, rows


def build(
    root: Path, given: "Inputs", package: "Package", metadata: dict[str, Any], rows: "Rows", progress: "Progress"
) -> Path:
    """Load, derive, check and assemble in a folder of its own, then put that in the place of the last build.

    `given` is what was there before anything was read.
    """
    from scripts.places import workshop
    from scripts.publish import publish

    archive = archive_of(root)
    _stop_if(_damages(archive))
    with workshop(root / "build/sites", given.name) as folder:
        database = progress.run("load", _load, folder, package, rows)
        tables = progress.run("derive", _derive, database, package, given)
        progress.run("check", _check, folder, database, package, metadata, rows)
        progress.run("assemble", _assemble, folder, database, package, metadata, tables, archive)
        stop_if_changed(given, inputs_of(package.root))
        place = publish(folder, root / "build/sites", given.name, root / "build/site")
    progress.say(f"build/site is now build/sites/{given.name}")
    return place


def stop_if_changed(before: "Inputs", after: "Inputs") -> None:
    """BadDataError where a build did not read what it noted."""
    from scripts.problems import Problem

    _stop_if([Problem(path, None, None, "changed while the build read it") for path in before.changed(after)])


def _damages(archive: Path | None) -> "list[Problem]":
    """What is wrong with the archive's folder: the site would have its database as it is."""
    from scripts.finished import is_whole
    from scripts.problems import Problem

    if archive is None or is_whole(archive):
        return []
    return [Problem("build/archive", None, None, "is not as it was built; make archive builds it anew")]


def _stop_if(problems: "list[Problem]") -> None:
    from scripts.problems import BadDataError

    if problems:
        raise BadDataError(problems)


def _read(root: Path) -> tuple[tuple["Package", dict[str, Any], "Rows", "list[Problem]"], str]:
    from scripts import queries

    dataset, rows, problems = _read_tables(root)
    counted = f"{len(rows)} tables, {sum(map(len, rows.values()))} rows"
    return (dataset, queries.read_metadata(root), rows, problems), counted


def _read_tables(root: Path) -> tuple["Package", "Rows", "list[Problem]"]:
    from scripts import package, read

    dataset = package.open_package(root)
    return dataset, *read.read_package(dataset)


def _validate(package: "Package", metadata: dict[str, Any], rows: "Rows") -> tuple["list[Problem]", str]:
    from scripts import check, laws, queries, trial, validate
    from scripts.package import open_package

    misnamed = list(queries.metadata_problems(package, metadata))
    archive = open_package(package.root / queries.ARCHIVE)
    for database in (queries.ARCHIVE, queries.BOTH):
        misnamed += queries.metadata_problems(archive, metadata, database)
    misnamed = misnamed or list(trial.sql_problems(package, archive, metadata))
    problems = [*validate.validate(package, rows), *misnamed]
    if not misnamed:
        sound = {name: rows[name] for name in package.sound(rows, problems)}
        problems += check.question_problems(package, sound, queries.read_queries(metadata))
    return problems, f"{len(rows)} schemas, {len(laws.LAWS)} laws, {_counted(problems)}"


def _locate(package: "Package", rows: "Rows", texts: Path) -> tuple["list[Problem]", str]:
    from scripts import locators

    at_hand, problems = locators.verify_locators(package, rows, texts)
    if not at_hand:
        return problems, "no article text is at hand, so no quote was verified"
    return problems, f"{at_hand} article texts at hand, each quote looked up, {_counted(problems)}"


def _counted(problems: "list[Problem]") -> str:
    return f"{len(problems)} problems" if len(problems) > 1 else "1 problem" if problems else "no problem"


def _load(folder: Path, package: "Package", rows: "Rows") -> "tuple[sqlite_utils.Database, str]":
    from scripts import load, queries

    database = load.create_database(folder / f"{queries.DATABASE}.db")
    return database, f"{load.load(database, package, rows)} rows"


def _derive(database: "sqlite_utils.Database", package: "Package", given: "Inputs") -> tuple["list[Table]", str]:
    from scripts import derive, load

    views = derive.derive(database, package)
    load.insert(database, package.derived["build_inputs"], given.rows())
    wide = [derive.wide_table(database, table) for table in package.wide.values()]
    for table in wide:
        derive.fill_wide_table(database, table)
    tables = [*package.tables.values(), *package.derived.values(), *wide]
    return tables, f"{len(package.derived) + len(wide)} tables, {views} views"


def _check(
    folder: Path, database: "sqlite_utils.Database", package: "Package", metadata: dict[str, Any], rows: "Rows"
) -> tuple[None, str]:
    from scripts import check, queries, reliability

    path = folder / f"{queries.DATABASE}.db"
    results, problems = check.run_checks(path, package, rows, queries.read_queries(metadata))
    _stop_if(problems)
    verdicts = check.write_results(database, package, rows, results)
    twice = reliability.write_reliability(database, package)
    counted = [f"{len(results)} checks", *(f"{verdicts[name]} {name}" for name in sorted(verdicts))]
    return None, ", ".join([*counted, f"{twice} claims coded twice"])


def _assemble(
    folder: Path,
    database: "sqlite_utils.Database",
    package: "Package",
    metadata: dict[str, Any],
    tables: "list[Table]",
    archive: Path | None,
) -> tuple[None, str]:
    from scripts import assemble, load, queries
    from scripts.problems import Problem

    declared = metadata["databases"][queries.DATABASE]["tables"]
    indexes = load.index(database, tables, {name: table.get("facets", []) for name, table in declared.items()})
    load.enable_search(database)
    counted = f"{len(tables)} tables, {sum(database.table(table.name).count for table in tables)} rows"
    _stop_if([Problem(f"{queries.DATABASE}.db", None, None, wrong) for wrong in load.close(database)])
    files = assemble.assemble(folder, package, metadata, [*tables, *package.views.values()], archive)
    return None, f"{counted}, {indexes} indexes, integrity and foreign keys sound, {files} files"


if __name__ == "__main__":
    sys.exit(main())
