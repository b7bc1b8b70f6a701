"""Validate at size: the Table Schemas' rules compiled to DuckDB's SQL, with the report that Frictionless would give.

SQL finds the rows that break a rule, in one scan for all rules of cells and one query for each key; Frictionless itself
then says of these few rows, cell by cell, what is wrong. A rule that SQL cannot be trusted to read as Frictionless does
(a format but `uri`, a pattern that is not portable) is judged by Frictionless, once for each distinct value. The two
agree on what Frictionless lets pass, too: blanks around a number, `+1`, `2024-1-5`, keys that differ in letter case
only, a line feed behind a text that fits a pattern. One thing differs: a key with NaN in it is equal to itself here.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from itertools import count, islice
from typing import Any

import duckdb
import frictionless
from duckdb.func import FunctionNullHandling
from frictionless import errors
from frictionless.fields import BooleanField
from frictionless.table.row import Row, create_cell_handlers

from scripts.package import Table
from scripts.portable_pattern import portable
from scripts.problems import Problem
from scripts.validate import MORE_THAN_ANYONE_READS, reported, schema_among, settled

# Names of functions are never used twice.
NUMBERS = count()
# True of cells of which SQL knows that Frictionless can read them. Any other cell is shown to Frictionless.
PLAIN = {
    "integer": ["regexp_full_match({0}, '[+-]?[0-9]{{1,18}}')"],
    "number": [r"regexp_full_match({0}, '[+-]?[0-9]{{1,18}}(\.[0-9]{{1,18}})?')"],
    "date": [
        "regexp_full_match({0}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}')",
        "{0} >= '0001'",
        "try_cast({0} as date) <= '9999-12-31'",
    ],
    "uri": ["regexp_matches({0}, '^[a-zA-Z][a-zA-Z0-9+.-]*:')"],
}
# True of cells that are written as no other cell of the same value is.
CANONICAL = {
    "integer": "regexp_full_match({0}, '0|-?[1-9][0-9]*')",
    "number": r"regexp_full_match({0}, '0|-?[1-9][0-9]*|-?(0|[1-9][0-9]*)\.[0-9]*[1-9]')",
    "date": " and ".join(PLAIN["date"]),
}
# What the bounds of a type are compared as.
COMPARED = {"integer": "try_cast({} as bigint)", "number": "try_cast({} as decimal(38, 18))", "date": "{}"}


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
            name: _compiled(_Readers(connection, stack, quoted((relations or {}).get(name, name))), table, named)
            for name, table in named.items()
        }
        for name, table in named.items():
            errors_found = islice(_errors(connection, compiled, name), MORE_THAN_ANYONE_READS)
            found += [reported(table, error) for error in errors_found]
    return settled(found, named)


def quoted(name: str) -> str:
    """A name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text for SQL."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True)
class _Compiled:
    """A table's rules as SQL, names being quoted.

    `sound` has, for each column, conditions that are all true only of cells that break no rule; `required` names the
    columns of which no cell may be empty. `values` has, for each column of a key, an expression that is equal where
    Frictionless reads equal values, NULL where it reads none.
    """

    relation: str
    schema: frictionless.Schema
    required: list[str]
    sound: dict[str, list[str]]
    values: dict[str, str]

    @property
    def blank(self) -> str:
        """True of a row without any cell."""
        return f"coalesce({', '.join(_given(quoted(name)) for name in self.schema.field_names)}) is null"

    @property
    def suspect(self) -> str:
        """True of every row in which a cell breaks a rule, and of few others."""
        empty = [f"{column} is null or {column} = ''" for column in self.required] or [self.blank]
        wrong = [f"{column} <> '' and ({' and '.join(rules)}) is not true" for column, rules in self.sound.items()]
        return " or ".join(f"({condition})" for condition in empty + wrong)

    def key(self, columns: Iterable[str]) -> list[str]:
        return [self.values[column] for column in columns]

    def kinds(self, columns: Iterable[str]) -> list[str]:
        """Of what kind the parts of a key are; values of two kinds are never equal."""
        types = [self.schema.get_field(column).type for column in columns]
        return ["number" if kind == "integer" else kind for kind in types]


def _given(column: str) -> str:
    return f"nullif({column}, '')"


class _Readers:
    """Frictionless's readers of one relation's cells, as functions of SQL until the stack is closed."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, stack: ExitStack, relation: str) -> None:
        self.connection, self.stack, self.relation = connection, stack, relation

    def sound(self, field: frictionless.Field) -> str:
        """A condition that is true of cells that break no rule of their field; each distinct cell is read once."""
        read = field.create_cell_reader()
        function = self._function(lambda cell: not read(cell)[1], "BOOLEAN")
        column = quoted(field.name)
        distinct = f"(select distinct {column} as cell from {self.relation} where {column} <> '')"  # noqa: S608
        return f"{column} not in (select cell from {distinct} where not {function}(cell))"  # noqa: S608

    def value(self, field: frictionless.Field) -> str:
        """The one text that stands for a cell's value, NULL for a cell that cannot be read."""
        read = field.create_cell_reader()
        function = self._function(lambda cell: _canonical(read(cell or "")[0]), "VARCHAR")
        return f"{function}({quoted(field.name)})"

    def _function(self, function: Callable[[str], Any], returns: str) -> str:
        name = f"frictionless_{next(NUMBERS)}"
        special = FunctionNullHandling.SPECIAL
        self.connection.create_function(name, function, ["VARCHAR"], returns, null_handling=special)
        self.stack.callback(self.connection.remove_function, name)
        return name


def _canonical(value: Any) -> str | None:
    if isinstance(value, Decimal) and value.is_finite():
        # Minus nothing is nothing.
        return format(value.normalize(), "f") if value else "0"
    return None if value is None else str(value)


def _compiled(readers: _Readers, table: Table, among: Mapping[str, Table]) -> _Compiled:
    schema = frictionless.Schema.from_descriptor(schema_among(table, among))
    keys = _key_columns(table, among)
    return _Compiled(
        readers.relation,
        schema,
        [quoted(field.name) for field in schema.fields if field.required],
        {quoted(field.name): rules for field in schema.fields if (rules := _sound(field, readers))},
        {field.name: _value(field, readers) for field in schema.fields if field.name in keys},
    )


def _key_columns(table: Table, among: Mapping[str, Table]) -> set[str]:
    """The columns whose values are held against each other or against those of another table."""
    unique = {field.name for field in table.typed_fields if field.constraints.get("unique")}
    own = {column for key in table.foreign_keys if key.table in among for column in key.fields}
    referred = {
        column
        for other in among.values()
        for key in other.foreign_keys
        if key.table == table.name
        for column in key.references
    }
    return unique | own | referred | set(table.primary_key)


def _sound(field: frictionless.Field, readers: _Readers) -> list[str]:
    """Conditions that are all true only of sound cells. Each is of one call: DuckDB asks that once a distinct value."""
    column = quoted(field.name)
    rules = field.constraints
    pattern = portable(rules["pattern"]) if "pattern" in rules else ""
    if pattern is None or not _readable(field):
        return [readers.sound(field)]
    sound = _of_its_type(field, column)
    if pattern:
        sound.append(f"regexp_matches({column}, {literal(pattern)})")
    if "enum" in rules:
        sound.append(f"{column} in ({', '.join(map(literal, rules['enum']))})")
    if "maxLength" in rules:
        sound.append(f"length({column}) <= {int(rules['maxLength'])}")
    for rule, comparison in (("minimum", ">="), ("maximum", "<=")):
        if rule in rules:
            sound.append(f"{COMPARED[field.type].format(column)} {comparison} {_bound(field, rules[rule])}")
    return sound


def _readable(field: frictionless.Field) -> bool:
    """Whether the format is one that SQL can read."""
    known = {"string": ("default", "uri"), "date": ("default",)}
    return field.type not in known or field.format in known[field.type]


def _of_its_type(field: frictionless.Field, column: str) -> list[str]:
    if isinstance(field, BooleanField):
        return [f"{column} in ({', '.join(map(literal, [*field.true_values, *field.false_values]))})"]
    kind = "uri" if field.type == "string" and field.format == "uri" else field.type
    return [condition.format(column) for condition in PLAIN.get(kind, [])]


def _bound(field: frictionless.Field, bound: Any) -> str:
    value = field.create_value_reader()(bound)
    if value is None:
        raise ValueError(f"the column {field.name} has a bound that is not of its type: {bound}")
    return f"cast('{value:f}' as decimal(38, 18))" if field.type == "number" else literal(str(value))


def _value(field: frictionless.Field, readers: _Readers) -> str:
    column = quoted(field.name)
    if isinstance(field, BooleanField):
        true, false = (", ".join(map(literal, values)) for values in (field.true_values, field.false_values))
        # A value that is listed as both is false to Frictionless.
        return f"case when {column} in ({false}) then 'False' when {column} in ({true}) then 'True' end"
    if field.type == "string" and field.format == "default":
        return _given(column)
    if field.type not in CANONICAL or not _readable(field):
        return f"case when {column} <> '' then {readers.value(field)} end"
    canonical = CANONICAL[field.type].format(column)
    return f"case when {canonical} then {column} when {column} <> '' then {readers.value(field)} end"


def _errors(
    connection: duckdb.DuckDBPyConnection, compiled: Mapping[str, _Compiled], name: str
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


def _repeated(connection: duckdb.DuckDBPyConnection, this: _Compiled, columns: list[str]) -> dict[int, int]:
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


def _without_key(connection: duckdb.DuckDBPyConnection, this: _Compiled) -> dict[int, None]:
    """The first lines in which all of the primary key is empty or cannot be read."""
    empty = f"coalesce({', '.join(this.key(this.schema.primary_key))}) is null"
    found = f"select line from {this.relation} where {empty} order by line limit {MORE_THAN_ANYONE_READS}"  # noqa: S608
    return {line: None for (line,) in connection.execute(found).fetchall()}


def _orphans(
    connection: duckdb.DuckDBPyConnection, compiled: Mapping[str, _Compiled], name: str, key: dict[str, Any]
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


def _cells(connection: duckdb.DuckDBPyConnection, this: _Compiled, lines: Iterable[int]) -> dict[int, list[str]]:
    """The cells of these lines, as they stand in the file."""
    wanted = ", ".join(map(str, lines))
    if not wanted:
        return {}
    query = f"select line, {_listed(this)} from {this.relation} where line in ({wanted})"  # noqa: S608
    return {line: list(cells) for line, *cells in connection.execute(query).fetchall()}


def _all_sound(connection: duckdb.DuckDBPyConnection, this: _Compiled) -> bool:
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


def _suspects(connection: duckdb.DuckDBPyConnection, this: _Compiled, handlers: dict[str, Any]) -> dict[int, list[str]]:
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


def _listed(this: _Compiled) -> str:
    return ", ".join(f"coalesce({quoted(name)}, '')" for name in this.schema.field_names)
