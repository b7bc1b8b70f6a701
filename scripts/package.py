"""The package as the stages see it: tables, fields and keys, read from the descriptor and the Table Schemas."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from scripts.descriptor import schema_problems
from scripts.problems import BadDataError, Problem

# Where reports of errors are sent, a link on the site.
REPORTS = re.compile(r"mailto:[^?\s]+|https://\S*")
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
    descriptor = read_yaml(root, "datapackage.yaml")
    if not descriptor.get("resources"):
        raise BadDataError([Problem("datapackage.yaml", None, "resources", "is missing")])
    for resource in descriptor["resources"]:
        if missing := [key for key in ("name", "path", "schema", "title", "description") if not resource.get(key)]:
            raise BadDataError(
                [Problem("datapackage.yaml", None, "resources", f"has one without {', '.join(missing)}")]
            )
    if not REPORTS.fullmatch(descriptor.get("report_corrections_to", "https://")):
        reason = "is neither a mailto: nor an https:// address"
        raise BadDataError([Problem("datapackage.yaml", None, "report_corrections_to", reason)])
    tables = [_described(root, resource, resource["schema"]) for resource in descriptor["resources"]]
    _refuse_unknown_references(tables, descriptor["resources"])
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
    """A file that YAML cannot be read from, with the line at which that became clear."""
    mark = getattr(error, "problem_mark", None)
    return Problem(path, mark.line + 1 if mark else None, None, "is not YAML")


def read_yaml(root: Path, path: str) -> dict[str, Any]:
    """A YAML mapping; BadDataError, by its path below the root, if it cannot be read or is none."""
    try:
        content = yaml.safe_load((root / path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadDataError([unreadable(path, error)]) from error
    except yaml.YAMLError as error:
        raise BadDataError([not_yaml(path, error)]) from error
    if not isinstance(content, dict):
        raise BadDataError([Problem(path, None, None, "is not a YAML mapping")])
    return content


def documented(root: Path, folder: str) -> dict[str, Table]:
    """The tables and views that a folder below the root documents, each in a YAML file named after it."""
    paths = sorted((root / folder).glob("*.yaml"))
    return {path.stem: _described(root, {"name": path.stem}, f"{folder}/{path.name}") for path in paths}


def _described(root: Path, resource: dict[str, Any], path: str) -> Table:
    """A table from its resource, where it has one, and its schema at `path`."""
    schema = read_yaml(root, path)
    problems = list(schema_problems(path, schema))
    if problems:
        raise BadDataError(problems)
    return _table({**schema, **resource}, schema)


def _refuse_unknown_references(tables: list[Table], resources: list[dict[str, Any]]) -> None:
    columns = {table.name: {field.name for field in table.fields} for table in tables}
    problems = [
        Problem(resource["schema"], None, ", ".join(key.fields), f"refers to {key.table}.{column}, which is not there")
        for table, resource in zip(tables, resources, strict=True)
        for key in table.foreign_keys
        for column in key.references
        if column not in columns.get(key.table, set())
    ]
    if problems:
        raise BadDataError(problems)


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
