"""Read and validate: the Library's files row by row, in one layout, held to a Table Schema and to the archive's laws.

What cannot be read or breaks a rule is a Problem with file, line, column and reason. With `keep_going` its rows are
left out and reading goes on.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import duckdb

from scripts.bulk_read import read_csv
from scripts.bulk_rules import literal, quoted
from scripts.bulk_validate import bulk_problems
from scripts.package import Field, Table, documented, read_yaml
from scripts.portable_pattern import BLANKS
from scripts.problems import BadDataError, Problem
from scripts.validate import MORE_THAN_ANYONE_READS

# What a download has otherwise than the schema and means the same: letter case, and totals as spreadsheets leave them.
SPELLINGS = {"ms_code": "upper({cell})", "ms_vote": "upper({cell})", "integer": r"regexp_replace({cell}, '\.0+$', '')"}


@dataclass(frozen=True)
class LibraryFile:
    """A file of the Library: the body whose votes it has, GA or SC, where it is, and what problems call it."""

    body: str
    path: Path
    label: str

    @property
    def raw(self) -> str:
        """The table of the file as it was read."""
        return f"{self.body.lower()}_file"

    @property
    def name(self) -> str:
        """The view of the file in the schema's columns."""
        return f"{self.body.lower()}_votes"

    @property
    def records(self) -> str:
        """The view of what a file that is taken whole says of each voting record."""
        return f"{self.body.lower()}_records"


def read_files(
    connection: duckdb.DuckDBPyConnection, archive: Path, files: list[LibraryFile], *, keep_going: bool
) -> list[Problem]:
    """Read the files row by row; `library` then has their rows in the schema's columns, with `body` and `line`.

    `archive` is the folder that describes the archive. BadDataError for a file that is not the Library's; returns the
    rows that are not CSV, which `keep_going` leaves out.
    """
    unread = []
    for file in files:
        unread += read_csv(connection, file.raw, file.path, file=file.label, keep_going=keep_going)
        described = connection.execute(f"describe {file.raw}").fetchall()
        columns = columns_by_meaning(archive, file, [name for name, *_ in described if name != "line"])
        note_codes(connection, archive, file, columns)
        connection.execute(_in_one_layout(archive, file, columns))
    connection.execute(all_files(files, "library"))
    connection.execute(read_sql(archive, "ballots_of_library"))
    return unread


def validate_files(
    connection: duckdb.DuckDBPyConnection, archive: Path, files: list[LibraryFile], *, keep_going: bool
) -> list[Problem]:
    """Every breach of the schema, then of the laws; with `keep_going` until nothing is left that breaks a rule."""
    found: list[Problem] = []
    for check, refuse in ((_schema_problems, "refuse_rows"), (_law_problems, "refuse_accounts")):
        while problems := check(connection, archive, files):
            if not keep_going:
                return problems
            found += _refuse(connection, archive, files, problems, refuse)
    return found


def read_sql(archive: Path, name: str) -> str:
    """The text of archive/sql/<name>.sql."""
    return (archive / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def library_votes(archive: Path) -> Table:
    """What a row of the Library's files must be."""
    return documented(archive, "schema/library")["library_votes"]


def all_files(files: list[LibraryFile], view: str) -> str:
    """The statement that makes one view of the files' views."""
    parts = (f"select '{file.body}' as body, * from {file.name}" for file in files)  # noqa: S608
    return f"create view {view} as {' union all '.join(parts)}"


def columns_by_meaning(archive: Path, file: LibraryFile, names: list[str]) -> dict[str, str]:
    """The file's column of each name of the schema; BadDataError where a needed one is missing or one stands twice."""
    layouts = read_yaml(archive, "layouts.yaml")
    columns: dict[str, str] = {}
    for name in names:
        meaning = layouts["names"].get(name, name)
        if meaning in columns:
            reason = f"is the column {meaning} once more, after {columns[meaning]}"
            raise BadDataError([Problem(file.label, 1, name, reason)])
        columns[meaning] = name
    if missing := [name for name in layouts["needed"] if name not in columns]:
        raise BadDataError([Problem(file.label, 1, name, "is a column that is missing") for name in missing])
    return columns


def note_codes(
    connection: duckdb.DuckDBPyConnection, archive: Path, file: LibraryFile, columns: dict[str, str]
) -> None:
    """Make the table of what stands for members in a file as it was read."""
    code, name = quoted(columns["ms_code"]), quoted(columns["ms_name"])
    statement = read_sql(archive, "codes").format(raw=file.raw, code=code, name=name, blanks=literal(BLANKS))
    connection.execute(statement)


def _in_one_layout(archive: Path, file: LibraryFile, columns: dict[str, str]) -> str:
    """The statement that makes the view of a file in the schema's columns."""
    fields = library_votes(archive).fields
    return read_sql(archive, "one_layout").format(
        raw=file.raw,
        view=file.name,
        body=file.body,
        code=quoted(columns["ms_code"]),
        name=quoted(columns["ms_name"]),
        cells=", ".join(f"{cell(field, columns.get(field.name))} as {field.name}" for field in fields),
    )


def cell(field: Field, column: str | None) -> str:
    """The expression for a cell of the schema from the column of that meaning; NULL where cell or column is empty."""
    if field.name == "ms_code":
        return "codes.code"
    if column is None:
        return "null::varchar"
    spelling = SPELLINGS.get(field.name, SPELLINGS.get(field.type, "{cell}"))
    return f"nullif({spelling.format(cell=f'trim(file.{quoted(column)}, {literal(BLANKS)})')}, '')"


def _schema_problems(connection: duckdb.DuckDBPyConnection, archive: Path, files: list[LibraryFile]) -> list[Problem]:
    schemas = documented(archive, "schema/library")
    tables = [dataclasses.replace(schemas["library_votes"], name=file.name, path=file.label) for file in files]
    return bulk_problems(connection, [*tables, schemas["known_codes"]])


def _law_problems(connection: duckdb.DuckDBPyConnection, archive: Path, files: list[LibraryFile]) -> list[Problem]:
    connection.execute(read_sql(archive, "10_accounts"))
    return law_problems(connection, archive, files)


def law_problems(connection: duckdb.DuckDBPyConnection, archive: Path, files: list[LibraryFile]) -> list[Problem]:
    """Breaches of the laws, which look once at each account of a roll call: at the first row that gives it."""
    names = {file.body: file.label for file in files}
    return [
        Problem(names[body], line, field, reason)
        for path in sorted((archive / "laws").glob("*.sql"))
        for body, line, field, reason in connection.execute(path.read_text(encoding="utf-8")).fetchmany(
            MORE_THAN_ANYONE_READS
        )
    ]


def _refuse(
    connection: duckdb.DuckDBPyConnection, archive: Path, files: list[LibraryFile], problems: list[Problem], what: str
) -> list[Problem]:
    """Leave out the rows of the problems, and with one of an account all rows that give it; returns a problem a row."""
    bodies = {file.label: file.body for file in files}
    labels = {file.body: file.label for file in files}
    connection.execute("create or replace temp table found (body varchar, line bigint, field varchar, reason varchar)")
    told = [(bodies[problem.file], problem.row, problem.field, problem.reason) for problem in problems]
    connection.executemany("insert into found values (?, ?, ?, ?)", told)
    refused = connection.execute(read_sql(archive, what)).fetchall()
    connection.execute(read_sql(archive, "refuse"))
    return [Problem(labels[body], line, field, reason) for body, line, field, reason in refused]
