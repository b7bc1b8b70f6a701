"""Validate: the Table Schemas' rules by Frictionless, then the record's own laws."""

import copy
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from typing import Any

import frictionless

from scripts.descriptor import stored_problems
from scripts.laws import LAWS
from scripts.ledger import ledger_problems
from scripts.package import Package, Rows, Table
from scripts.problems import Problem
from scripts.releases import RELEASES, releases_in_order

MORE_THAN_ANYONE_READS = 1000


def validate(package: Package, rows: Rows, tables: Collection[str] | None = None) -> list[Problem]:
    """Every breach of a schema or a law.

    Only tables in `rows`, those that could be read, are looked at. A foreign key into another table, and a law that
    needs another table, wait until that table is sound, so that one mistake is not reported as many. `tables` are those
    whose schemas are held against their rows: all, unless others are known to be sound.
    """
    problems = [*_described_loosely(package), *schema_breaches(package, set(rows), tables), *_keys_alike(package, rows)]
    sound = package.sound(rows, problems)
    for law in LAWS:
        if sound.issuperset(law.needs):
            problems += law.breaches(package, rows)
    if not problems and sound == set(package.tables):
        problems += ledger_problems(package, rows)
    if RELEASES in sound:
        problems += _misnumbered(package, rows)
    return problems


def _misnumbered(package: Package, rows: Rows) -> Iterator[Problem]:
    """A version in the descriptor that is not the newest release: a release writes both at once."""
    released = releases_in_order(rows[RELEASES])
    version = package.descriptor.get("version")
    if released and version not in (None, released[-1]["id"]):
        yield Problem(
            "datapackage.yaml", None, "version", f"is {version}, and the newest release is {released[-1]['id']}"
        )


def _described_loosely(package: Package) -> Iterator[Problem]:
    """Schemas that leave open what rows in a file need, and keys that lead to what may stand there twice."""
    for resource in package.descriptor["resources"]:
        table = package.tables[resource["name"]]
        yield from stored_problems(resource["schema"], table.schema)
        for key in table.foreign_keys:
            other, name = package.tables[key.table], ", ".join(key.fields)
            if key.references != other.primary_key:
                reason = f"refers to {', '.join(key.references)} of {other.name}, which is not its key"
                yield Problem(resource["schema"], None, name, reason)
            elif _types(table, key.fields) != _types(other, key.references):
                yield Problem(
                    resource["schema"], None, name, f"refers to a key of {other.name} that is of another type"
                )


def _keys_alike(package: Package, rows: Rows) -> Iterator[Problem]:
    """Keys that differ in letter case only: the site answers for a key in another letter case."""
    for name, found in rows.items():
        table = package.tables[name]
        first: dict[tuple[str, ...], tuple[int, tuple[str, ...]]] = {}
        for row in found:
            key = tuple(str(row[column]) for column in table.primary_key)
            number, earlier = first.setdefault(tuple(part.casefold() for part in key), (row.number, key))
            if key != earlier:
                reason = f"differs from the key in row {number} in letter case only"
                yield Problem(str(table.path), row.number, ", ".join(table.primary_key), reason)


def _types(table: Table, columns: Iterable[str]) -> list[str]:
    return [field.type for column in columns for field in table.fields if field.name == column]


def schema_breaches(package: Package, readable: set[str], tables: Collection[str] | None = None) -> list[Problem]:
    """What Frictionless finds in the tables that could be read, at most `MORE_THAN_ANYONE_READS` of each."""
    wanted = readable if tables is None else readable & set(tables)
    referred = {key.table for name in wanted for key in package.tables[name].foreign_keys}
    described = _frictionless_package(package, readable, wanted | referred & readable)
    found = []
    for table in package.tables.values():
        if table.name in wanted:
            report = described.get_resource(table.name).validate(limit_errors=MORE_THAN_ANYONE_READS)
            errors = report.tasks[0].errors if report.tasks else report.errors
            found += [reported(table, error) for error in errors]
    return settled(found, package.tables)


def reported(table: Table, error: frictionless.Error) -> tuple[Problem, str | None]:
    """A problem that Frictionless found, with the table referred to where the problem is an orphan."""
    assert table.path
    field = ", ".join(table.primary_key) if error.type == "primary-key" else _field_of(error)
    problem = Problem(table.path, getattr(error, "row_number", None), field, _reason(error))
    return problem, (getattr(error, "reference_name", "") or table.name) if error.type == "foreign-key" else None


def settled(found: Iterable[tuple[Problem, str | None]], tables: Mapping[str, Table]) -> list[Problem]:
    """The problems without the orphans whose table is itself unsound."""
    found = list(found)
    unsound = {problem.file for problem, referred in found if referred is None}
    return [problem for problem, referred in found if referred is None or tables[referred].path not in unsound]


def schema_among(table: Table, readable: Container[str]) -> dict[str, Any]:
    """A table's schema without the foreign keys into tables that could not be read."""
    schema = copy.deepcopy(table.schema)
    keys = zip(table.foreign_keys, schema.get("foreignKeys", []), strict=True)
    schema["foreignKeys"] = [raw for key, raw in keys if key.table in readable]
    return schema


def _frictionless_package(package: Package, readable: set[str], tables: set[str]) -> frictionless.Package:
    """The package of these tables, schemas inline and without the foreign keys into tables that could not be read."""
    descriptor = copy.deepcopy(package.descriptor)
    descriptor["resources"] = [r for r in descriptor["resources"] if r["name"] in tables]
    for resource in descriptor["resources"]:
        resource["schema"] = schema_among(package.tables[resource["name"]], readable)
    return frictionless.Package(descriptor, basepath=str(package.root))


def _field_of(error: frictionless.Error) -> str | None:
    name = getattr(error, "field_name", None)
    if name:
        return name
    names = getattr(error, "field_names", None)
    return ", ".join(names) if names else None


def _reason(error: frictionless.Error) -> str:
    cell = getattr(error, "cell", None)
    shown = f'"{cell}": ' if isinstance(cell, str) and cell else ""
    return f"{shown}{error.note} ({error.type})"
