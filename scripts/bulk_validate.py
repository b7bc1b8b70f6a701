"""Validate at size: the Table Schemas' rules compiled to DuckDB's SQL, with the report that Frictionless would give.

SQL finds the rows that break a rule, in one scan for all rules of cells and one query for each key; Frictionless itself
then says of these few rows, cell by cell, what is wrong. A rule that SQL cannot be trusted to read as Frictionless does
(a format but `uri`, a pattern that is not portable) is judged by Frictionless, once for each distinct value. The two
agree on what Frictionless lets pass, too: blanks around a number, `+1`, `2024-1-5`, keys that differ in letter case
only, a line feed behind a text that fits a pattern. One thing differs: a key with NaN in it is equal to itself here.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from typing import Any

import duckdb
import frictionless
from frictionless import errors
from frictionless.table.row import Row, create_cell_handlers

from scripts.bulk_rules import Compiled, Readers, compile_rules, quoted
from scripts.package import Table
from scripts.problems import Problem
from scripts.validate import MORE_THAN_ANYONE_READS, reported, settled


def bulk_problems(
    connection: duckdb.DuckDBPyConnection, tables: Iterable[Table], relations: Mapping[str, str] | None = None
) -> list[Problem]:
    """Every breach of the tables' schemas, as `schema_breaches` of scripts.validate tells it.

    Each table is a relation of its name, or of the one that `relations` gives for it: every column of its file as
    VARCHAR, '' or NULL where a cell is empty, and `line`, the integer line in the file. Foreign keys are held against
    the tables given. At most `MORE_THAN_ANYONE_READS` problems of a table are told. frictionless.FrictionlessException
    if a schema has a rule that its column's type does not have, ValueError if a bound is not of that type.
    """
    named = {table.name: table for table in tables}
    found: list[tuple[Problem, str | None]] = []
    with ExitStack() as stack:
        compiled = {
            name: compile_rules(Readers(connection, stack, quoted((relations or {}).get(name, name))), table, named)
            for name, table in named.items()
        }
        for name, table in named.items():
            errors_found = islice(_errors(connection, compiled, name), MORE_THAN_ANYONE_READS)
            found += [reported(table, error) for error in errors_found]
    return settled(found, named)


def _errors(
    connection: duckdb.DuckDBPyConnection, compiled: Mapping[str, Compiled], name: str
) -> Iterator[frictionless.Error]:
    """What Frictionless says of the rows that break a rule, in its order."""
    this = compiled[name]
    schema = this.schema
    repeated = {f.name: _repeated(connection, this, [f.name]) for f in schema.fields if f.constraints.get("unique")}
    primary: dict[int, int | None] = {}
    if schema.primary_key:
        primary = {**_repeated(connection, this, schema.primary_key), **_without_key(connection, this)}
    orphans = [(key, _orphans(connection, compiled, name, key)) for key in schema.foreign_keys]
    handlers = create_cell_handlers(schema.fields)
    lines = set(primary).union(*repeated.values(), *(found for _, found in orphans))
    cells = _cells(connection, this, lines) | _suspects(connection, this, handlers)
    for line in sorted(cells):
        row = Row(cells[line], handlers=handlers, row_number=line)
        # Frictionless tells what is wrong with a row in the order in which it looks at its cells, so this looks alike.
        for column, earlier in repeated.items():
            if row[column] is not None and line in earlier:
                row.errors.append(errors.UniqueError.from_row(row, note=_same_as(earlier[line]), field_name=column))
        key = [row[column] for column in schema.primary_key]
        if line in primary:
            note = 'cells composing the primary keys are all "None"' if set(key) == {None} else _same_as(primary[line])
            row.errors.append(errors.PrimaryKeyError.from_row(row, note=note))
        for foreign_key, found in orphans:
            values = [row[column] for column in foreign_key["fields"]]
            if line in found:
                row.errors.append(_orphan(row, foreign_key, values))
        yield from row.errors


def _same_as(line: int | None) -> str:
    return f"the same as in the row at position {line}"


def _orphan(row: Row, key: dict[str, Any], values: list[Any]) -> frictionless.Error:
    name, columns = key["reference"]["resource"], key["reference"]["fields"]
    note = (
        f'for "{", ".join(key["fields"])}": values "{", ".join(map(str, values))}" not found in the lookup table '
        f'"{name}" as "{", ".join(columns)}"'
    )
    return errors.ForeignKeyError.from_row(
        row,
        note=note,
        field_names=key["fields"],
        field_values=values,
        reference_name=name,
        reference_field_names=columns,
    )


def _parts(key: list[str]) -> str:
    return ", ".join(f"{part} as k{number}" for number, part in enumerate(key))


def _names(key: list[str]) -> str:
    return ", ".join(f"k{number}" for number in range(len(key)))


def _repeated(connection: duckdb.DuckDBPyConnection, this: Compiled, columns: list[str]) -> dict[int, int]:
    """The first lines whose key an earlier line has, with the last such line.

    Keys are counted by their hashes, which is fast and small; two keys with one hash cost a second look, no more.
    """
    key = this.key(columns)
    hashed = f"select hash({', '.join(key)}) as h from {this.relation} where coalesce({', '.join(key)}) is not null"  # noqa: S608
    counted = connection.execute(f"select count(*) - count(distinct h) from ({hashed})").fetchone()  # noqa: S608
    assert counted
    if not counted[0]:
        return {}
    names = _names(key)
    repeated = f"""
        with keyed as (select line, {_parts(key)} from {this.relation}),
        suspects as (
            select * from keyed
            where coalesce({names}) is not null
                and hash({names}) in (select h from ({hashed}) group by h having count(*) > 1)
        ),
        ordered as (select line, lag(line) over (partition by {names} order by line) as earlier from suspects)
        select line, earlier from ordered where earlier is not null order by line limit {MORE_THAN_ANYONE_READS}
    """  # noqa: S608
    return dict(connection.execute(repeated).fetchall())


def _without_key(connection: duckdb.DuckDBPyConnection, this: Compiled) -> dict[int, None]:
    """The first lines in which all of the primary key is empty or cannot be read."""
    empty = f"coalesce({', '.join(this.key(this.schema.primary_key))}) is null"
    found = f"select line from {this.relation} where {empty} order by line limit {MORE_THAN_ANYONE_READS}"  # noqa: S608
    return {line: None for (line,) in connection.execute(found).fetchall()}


def _orphans(
    connection: duckdb.DuckDBPyConnection, compiled: Mapping[str, Compiled], name: str, key: dict[str, Any]
) -> set[int]:
    """The first lines that refer to a row which is not there. Half a key refers to a row with the same half."""
    this, other = compiled[name], compiled[key["reference"]["resource"] or name]
    columns, references = key["fields"], key["reference"]["fields"]
    alike = [own == others for own, others in zip(this.kinds(columns), other.kinds(references), strict=True)]
    parts = this.key(columns)
    found = [
        value if same else f"'another type: ' || {value}"
        for value, same in zip(other.key(references), alike, strict=True)
    ]
    matches = " and ".join(f"wanted.k{number} is not distinct from found.k{number}" for number in range(len(parts)))
    missing = f"""
        with keyed as (select line, {_parts(parts)} from {this.relation}),
        given as (select * from keyed where coalesce({_names(parts)}) is not null),
        wanted as (select distinct * exclude (line) from given),
        found as (select {_parts(found)} from {other.relation}),
        missing as (select * from wanted anti join found on {matches})
    """  # noqa: S608
    if not connection.execute(f"{missing} select 1 from missing limit 1").fetchone():  # noqa: S608
        return set()
    matches = matches.replace("wanted.", "given.").replace("found.", "missing.")
    listed = f"select line from given semi join missing on {matches} order by line limit {MORE_THAN_ANYONE_READS}"  # noqa: S608
    return {line for (line,) in connection.execute(f"{missing} {listed}").fetchall()}


def _cells(connection: duckdb.DuckDBPyConnection, this: Compiled, lines: Iterable[int]) -> dict[int, list[str]]:
    """The cells of these lines, as they stand in the file."""
    wanted = ", ".join(map(str, lines))
    if not wanted:
        return {}
    query = f"select line, {_listed(this)} from {this.relation} where line in ({wanted})"  # noqa: S608
    return {line: list(cells) for line, *cells in connection.execute(query).fetchall()}


def _all_sound(connection: duckdb.DuckDBPyConnection, this: Compiled) -> bool:
    """Whether one scan finds no suspect, each condition being counted for itself and none depending on another.

    A condition is not true of an empty cell either, so those are counted too. Where they are '' and not NULL the answer
    is False, and a slower scan tells.
    """
    rules = [(column, condition) for column, conditions in this.sound.items() for condition in conditions]
    rules += [(column, f"{column} <> ''") for column in this.required]
    counted = [f"count(*) - count({column}), count(*) filter (where ({rule}) is not true)" for column, rule in rules]
    blank = "0, 0" if this.required else f"0, count(*) filter (where {this.blank})"
    query = f"select {', '.join([*counted, blank])} from {this.relation}"  # noqa: S608
    *found, _, blanks = connection.execute(query).fetchall()[0]
    empty_in_required = found[-2 * len(this.required) :: 2] if this.required else []
    return found[::2] == found[1::2] and not blanks and not any(empty_in_required)


def _suspects(connection: duckdb.DuckDBPyConnection, this: Compiled, handlers: dict[str, Any]) -> dict[int, list[str]]:
    """The cells of the first lines in which Frictionless finds a cell that breaks a rule."""
    broken: dict[int, list[str]] = {}
    if _all_sound(connection, this):
        return broken
    last: int | None = 0
    while last is not None and len(broken) < MORE_THAN_ANYONE_READS:
        page = f"""
            select line, {_listed(this)} from {this.relation} where line > {last} and ({this.suspect})
            order by line limit {MORE_THAN_ANYONE_READS}
        """  # noqa: S608
        rows = connection.execute(page).fetchall()
        for line, *cells in rows:
            if Row(cells, handlers=handlers, row_number=line).errors:
                broken[line] = cells
        last = rows[-1][0] if len(rows) == MORE_THAN_ANYONE_READS else None
    return broken


def _listed(this: Compiled) -> str:
    return ", ".join(f"coalesce({quoted(name)}, '')" for name in this.schema.field_names)
