"""The rules of a Table Schema as SQL of DuckDB, which finds what Frictionless may have something to say about."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from typing import Any

import duckdb
import frictionless
from duckdb.func import FunctionNullHandling
from frictionless.fields import BooleanField

from scripts.package import Table
from scripts.portable_pattern import portable
from scripts.validate import schema_among

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


def quoted(name: str) -> str:
    """A name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text for SQL."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True)
class Compiled:
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
        """The expressions of a key's parts."""
        return [self.values[column] for column in columns]

    def kinds(self, columns: Iterable[str]) -> list[str]:
        """Of what kind the parts of a key are; values of two kinds are never equal."""
        types = [self.schema.get_field(column).type for column in columns]
        return ["number" if kind == "integer" else kind for kind in types]


def _given(column: str) -> str:
    return f"nullif({column}, '')"


class Readers:
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


def compile_rules(readers: Readers, table: Table, among: Mapping[str, Table]) -> Compiled:
    """Compile one table's schema, with the foreign keys into the tables among which it stands.

    frictionless.FrictionlessException for a rule that the type of its column does not have, ValueError for a bound that
    is not of that type.
    """
    schema = frictionless.Schema.from_descriptor(schema_among(table, among))
    keys = _key_columns(table, among)
    return Compiled(
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


def _sound(field: frictionless.Field, readers: Readers) -> list[str]:
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


def _value(field: frictionless.Field, readers: Readers) -> str:
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
