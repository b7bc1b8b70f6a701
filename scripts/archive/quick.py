"""Read and validate files in which nothing is wrong, at the speed of DuckDB and without storing them.

The Library repeats what it says of a roll call on the row of each member. Told once for each roll call that is a
hundredth of the file, so the rules are held against that and against the four cells that are of one vote. As soon as
anything is wrong the answer is no, and `scripts.archive.library` reads row by row and says what and where.
"""

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import duckdb

from scripts.archive.library import (
    LibraryFile,
    all_files,
    cell,
    columns_by_meaning,
    law_problems,
    library_votes,
    note_codes,
    read_sql,
)
from scripts.bulk_read import scanned
from scripts.bulk_rules import quoted
from scripts.bulk_validate import bulk_problems
from scripts.package import Table, documented

OF_A_VOTE = ("ms_code", "ms_name", "ms_vote")
Watch = Callable[[str, int], AbstractContextManager[None]]


def is_sound(connection: duckdb.DuckDBPyConnection, archive: Path, files: list[LibraryFile], watch: Watch) -> bool:
    """Whether every row can be read and breaks no rule; then `ballots` and `accounts` have what the files say.

    `watch(name, rows)` is a context in which so many rows are read, and may show how far it is. BadDataError for a file
    that is not the Library's.
    """
    try:
        read = all(_read(connection, archive, file, watch) for file in files)
    except duckdb.Error:
        return False
    return read and not _problems(connection, archive, files)


def _read(connection: duckdb.DuckDBPyConnection, archive: Path, file: LibraryFile, watch: Watch) -> bool:
    """Read a file into the relations of its votes and its records; whether all its bytes are there."""
    with scanned(file.path, file=file.label) as scan:
        columns = columns_by_meaning(archive, file, scan.columns)
        told = {column for meaning, column in columns.items() if meaning in _names(archive) - set(OF_A_VOTE)}
        of_a_record = [column for column in scan.columns if column in told]
        others = [column for column in scan.columns if column not in told]
        with watch(f"{file.path.name}, records", scan.lines):
            statement = read_sql(archive, "quick_scan_records").format(
                raw=file.raw,
                rows=scan.rows,
                account_columns=", ".join(map(quoted, of_a_record)),
                vote_bytes=_bytes(others),
                vote_marks=" or ".join(f"contains({quoted(column)}, '\"')" for column in others),
            )
            connection.execute(statement)
        with watch(f"{file.path.name}, votes", scan.lines):
            vote_columns = ", ".join(quoted(columns[name]) for name in ("undl_id", *OF_A_VOTE))
            statement = read_sql(archive, "quick_scan_votes")
            connection.execute(statement.format(raw=file.raw, rows=scan.rows, vote_columns=vote_columns))
        sums = read_sql(archive, "quick_sums").format(
            raw=file.raw, account_bytes=_bytes(of_a_record), account_marks=_marks(of_a_record)
        )
        [(rows, cells, within, has_vote_marks)] = connection.execute(sums).fetchall()
        if has_vote_marks or not scan.adds_up(rows or 0, cells or 0, within or 0):
            return False
    _tell_votes(connection, archive, file, columns)
    _tell_records(connection, archive, file, columns)
    return True


def _tell_votes(
    connection: duckdb.DuckDBPyConnection, archive: Path, file: LibraryFile, columns: dict[str, str]
) -> None:
    note_codes(connection, archive, file, columns)
    names = zip(("record", "code", "name", "vote"), ("undl_id", *OF_A_VOTE), strict=True)
    said = {name: quoted(columns[column]) for name, column in names}
    connection.execute(read_sql(archive, "quick_votes").format(raw=file.raw, view=file.name, **said))


def _tell_records(
    connection: duckdb.DuckDBPyConnection, archive: Path, file: LibraryFile, columns: dict[str, str]
) -> None:
    fields = [field for field in library_votes(archive).fields if field.name not in OF_A_VOTE]
    cells = ", ".join(f"{cell(field, columns.get(field.name))} as {field.name}" for field in fields)
    connection.execute(read_sql(archive, "quick_records").format(view=file.records, raw=file.raw, cells=cells))


def _problems(connection: duckdb.DuckDBPyConnection, archive: Path, files: list[LibraryFile]) -> bool:
    """Whether a row breaks a rule or a law, once what the files say stands in `ballots` and `accounts`."""
    table, codes = library_votes(archive), documented(archive, "schema/library")["known_codes"]
    votes = _part(table, {"undl_id", *OF_A_VOTE})
    records = _part(table, _names(archive) - set(OF_A_VOTE), keyed=False)
    tables = [dataclasses.replace(votes, name=file.name, path=file.label) for file in files]
    tables += [dataclasses.replace(records, name=file.records, path=file.label) for file in files]
    if bulk_problems(connection, [*tables, codes]):
        return True
    connection.execute(all_files(files, "ballots"))
    connection.execute(read_sql(archive, "quick_accounts").format(parts=" union all ".join(_accounts(files))))
    [(strays,)] = connection.execute(read_sql(archive, "votes_without_record")).fetchall()
    return bool(strays or law_problems(connection, archive, files))


def _accounts(files: list[LibraryFile]) -> Iterator[str]:
    for file in files:
        yield f"select '{file.body}' as body, * exclude (line), line as first_line from {file.records}"  # noqa: S608


def _names(archive: Path) -> set[str]:
    return {field.name for field in library_votes(archive).fields}


def _part(table: Table, names: set[str], *, keyed: bool = True) -> Table:
    """A table with some of its columns; with its keys, or without."""
    schema = {
        **table.schema,
        "fields": [field for field in table.schema["fields"] if field["name"] in names],
        "primaryKey": table.schema["primaryKey"] if keyed else [],
        "foreignKeys": table.schema["foreignKeys"] if keyed else [],
    }
    return dataclasses.replace(
        table,
        fields=tuple(field for field in table.fields if field.name in names),
        primary_key=table.primary_key if keyed else (),
        foreign_keys=table.foreign_keys if keyed else (),
        schema=schema,
    )


def _bytes(columns: Iterable[str]) -> str:
    return " + ".join(f"coalesce(strlen({quoted(column)}), 0)" for column in columns)


def _marks(columns: Iterable[str]) -> str:
    """How many quotation marks stand in the cells."""
    cells = (f"coalesce({quoted(column)}, '')" for column in columns)
    return " + ".join(f"strlen({text}) - strlen(replace({text}, '\"', ''))" for text in cells)
