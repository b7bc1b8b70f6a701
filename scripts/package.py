"""The package as the stages see it: tables, fields and keys, read from the descriptor and the Table Schemas."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from scripts.descriptor import schema_problems
from scripts.problems import BadDataError, Problem
from scripts.shapes import load_yaml, shape_problems

DESCRIPTOR = "datapackage.yaml"

Value = str | int | float | None


@dataclass(frozen=True)
class Field:
    """A column: its documentation, its type and its constraints, as the Table Schema has them."""

    name: str
    title: str
    description: str
    type: str = "string"
    constraints: dict[str, Any] = field(default_factory=dict)
    computed: bool = False

    @property
    def required(self) -> bool:
        """Whether a cell may not be empty."""
        return bool(self.constraints.get("required"))


@dataclass(frozen=True)
class ForeignKey:
    """`fields` of one table must be found in `references` of table `table`."""

    fields: tuple[str, ...]
    table: str
    references: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table or view: where it comes from, what its columns are, and its keys.

    `path` is the CSV file below the package's root, or None for a table or view that the build makes; `schema` is the
    Table Schema as it was read.
    """

    name: str
    title: str
    description: str
    fields: tuple[Field, ...]
    path: str | None = None
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    may_be_empty: bool = False
    schema: dict[str, Any] = field(default_factory=dict)

    @property
    def typed_fields(self) -> tuple[Field, ...]:
        """The columns that stand in the CSV file."""
        return tuple(f for f in self.fields if not f.computed)

    @property
    def plain_keys(self) -> set[str]:
        """The columns of keys whose letters no pattern or enumeration says: they are ASCII."""
        keys = set(self.primary_key).union(*(key.fields for key in self.foreign_keys))
        return {f.name for f in self.typed_fields if f.name in keys and not {"pattern", "enum"} & set(f.constraints)}


@dataclass(frozen=True)
class Row:
    """A row of a CSV file: the line it stands on, and its values by column (int, str, or None for an empty cell)."""

    number: int
    values: dict[str, Value]

    def __getitem__(self, column: str) -> Any:
        return self.values[column]


Rows = dict[str, list[Row]]


@dataclass(frozen=True)
class Package:
    """Every table of the dataset.

    `tables` come from CSV files, `derived` are made by the build and stored, `wide` are derived tables that get a
    column for each row of another table, and `views` are computed when asked.
    """

    root: Path
    descriptor: dict[str, Any]
    tables: dict[str, Table]
    derived: dict[str, Table]
    wide: dict[str, Table]
    views: dict[str, Table]

    def field(self, dotted: str) -> Field:
        """The column that a dotted name such as `votes.vote` stands for."""
        table, column = dotted.split(".")
        return next(f for f in self.tables[table].fields if f.name == column)

    def sound(self, rows: Rows, problems: list[Problem]) -> set[str]:
        """The tables that could be read and in which none of the problems is."""
        broken = {problem.file for problem in problems}
        return {name for name in rows if self.tables[name].path not in broken}


def open_package(root: Path) -> Package:
    """Read datapackage.yaml and every schema it names; BadDataError if the descriptor or a schema cannot be read."""
    descriptor = read_yaml(root, DESCRIPTOR, "package")
    _stop_if(_repeated(root, descriptor["resources"]))
    tables = [_described(root, resource, resource["schema"]) for resource in descriptor["resources"]]
    _stop_if(_unknown_references(root, tables, descriptor["resources"]))
    return Package(
        root,
        descriptor,
        {table.name: table for table in tables},
        documented(root, "schema/derived"),
        documented(root, "schema/wide"),
        documented(root, "schema/views"),
    )


def unreadable(path: str, error: Exception) -> Problem:
    """A file that the system or its encoding does not let us read."""
    reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
    return Problem(path, None, None, f"cannot be read: {reason}")


def not_yaml(path: str, error: yaml.YAMLError) -> Problem:
    """A file that YAML cannot be read from in one way, with the line at which that became clear."""
    mark = getattr(error, "problem_mark", None)
    why = isinstance(error, (yaml.composer.ComposerError, yaml.constructor.ConstructorError))
    reason = f"is not YAML of one meaning: {error.problem}" if why else "is not YAML"  # type: ignore[attr-defined]
    return Problem(path, mark.line + 1 if mark else None, None, reason)


def read_yaml(root: Path, path: str, shape: str | None = None) -> dict[str, Any]:
    """A YAML mapping; BadDataError, by its path below the project, if it cannot be read or is not of the shape."""
    told = below_project(root, path)
    try:
        content = load_yaml((root / path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadDataError([unreadable(told, error)]) from error
    except yaml.YAMLError as error:
        raise BadDataError([not_yaml(told, error)]) from error
    if not isinstance(content, dict):
        raise BadDataError([Problem(told, None, None, "is not a YAML mapping")])
    if shape:
        _stop_if(shape_problems(told, content, shape))
    return content


def below_project(root: Path, path: str) -> str:
    """A path as problems tell it: that of a package which is a part of another, as the archive is, with its folder."""
    root = root.resolve()
    return f"{root.name}/{path}" if (root.parent / DESCRIPTOR).exists() else path


def documented(root: Path, folder: str) -> dict[str, Table]:
    """The tables and views that a folder below the root documents, each in a YAML file named after it."""
    paths = sorted((root / folder).glob("*.yaml"))
    return {path.stem: _described(root, {"name": path.stem}, f"{folder}/{path.name}") for path in paths}


def _stop_if(problems: Iterable[Problem]) -> None:
    if problems := list(problems):
        raise BadDataError(problems)


def _described(root: Path, resource: dict[str, Any], path: str) -> Table:
    """A table from its resource, where it has one, and its schema at `path`."""
    schema = read_yaml(root, path, "table")
    _stop_if(schema_problems(below_project(root, path), schema))
    return _table({**schema, **resource}, schema)


def _repeated(root: Path, resources: list[dict[str, Any]]) -> Iterator[Problem]:
    for key in ("name", "path"):
        for value, times in Counter(resource[key] for resource in resources).items():
            if times > 1:
                yield Problem(below_project(root, DESCRIPTOR), None, "resources", f"has the {key} {value} twice")


def _unknown_references(root: Path, tables: list[Table], resources: list[dict[str, Any]]) -> Iterator[Problem]:
    """Foreign keys that lead to no table or to no column."""
    keyed = {table.name: table for table in tables}
    for table, resource in zip(tables, resources, strict=True):
        path = below_project(root, resource["schema"])
        for key in table.foreign_keys:
            columns = {field.name for field in keyed[key.table].fields} if key.table in keyed else set()
            for column in set(key.references) - columns:
                reason = f"refers to {key.table}.{column}, which is not there"
                yield Problem(path, None, ", ".join(key.fields), reason)


def _table(resource: dict[str, Any], schema: dict[str, Any]) -> Table:
    return Table(
        name=resource["name"],
        title=resource["title"],
        description=resource["description"].strip(),
        path=resource.get("path"),
        fields=tuple(
            [_field(f, computed=False) for f in schema["fields"]]
            + [_field(f, computed=True) for f in schema.get("computedFields", [])]
        ),
        primary_key=tuple(schema.get("primaryKey", [])),
        foreign_keys=tuple(_foreign_key(resource["name"], key) for key in schema.get("foreignKeys", [])),
        may_be_empty=bool(schema.get("mayBeEmpty")),
        schema=schema,
    )


def _field(descriptor: dict[str, Any], *, computed: bool) -> Field:
    return Field(
        name=descriptor["name"],
        title=descriptor["title"],
        description=descriptor["description"].strip(),
        type=descriptor.get("type", "string"),
        constraints=descriptor.get("constraints", {}),
        computed=computed,
    )


def _foreign_key(table: str, key: dict[str, Any]) -> ForeignKey:
    reference = key["reference"]
    return ForeignKey(tuple(key["fields"]), reference["resource"] or table, tuple(reference["fields"]))
