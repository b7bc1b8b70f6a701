"""What the parts of a Table Schema have to do with each other; Frictionless would ignore it, or stop at a wrong key."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from scripts.problems import Problem

# The types that can have bounds, and what these are written as.
BOUNDS = {"integer": (int,), "number": (int, float), "date": (str, date)}
OF_TEXTS = {"pattern", "maxLength", "enum", "format"}


def schema_problems(path: str, schema: dict[str, Any]) -> Iterator[Problem]:
    """Everything wrong with a schema of the right shape that can be said without looking at another one."""
    fields = [*schema["fields"], *schema.get("computedFields", [])]
    columns = [field["name"] for field in fields]
    for number, field in enumerate(fields):
        if field["name"] in columns[:number]:
            yield Problem(path, None, field["name"], "is a column that is repeated")
        yield from _bound_problems(path, field)
    yield from _key_problems(path, schema, set(columns))
    yield from _date_problems(path, schema.get("datedBy"), set(columns))


def stored_problems(path: str, schema: dict[str, Any]) -> Iterator[Problem]:
    """What a schema leaves open that rows in a file need: types, and keys of which no part may be empty.

    A column that is named like a key of another table refers to it.
    """
    key = schema.get("primaryKey", [])
    if not key:
        yield Problem(path, None, "primaryKey", "is missing")
    referring = {column for foreign in schema.get("foreignKeys", []) for column in foreign["fields"]}
    for field in schema["fields"]:
        name, rules = field["name"], field.get("constraints", {})
        if "type" not in field:
            yield Problem(path, None, name, "has no type")
        if field.get("type") != "string" and (wrong := sorted(OF_TEXTS & {*rules, *field})):
            yield Problem(path, None, name, f"has the property {', '.join(wrong)}, which is for texts")
        if field.get("format", "uri") != "uri":
            yield Problem(path, None, name, "has a format that is not uri")
        if (field.get("trueValues", ["1"]), field.get("falseValues", ["0"])) != (["1"], ["0"]):
            yield Problem(path, None, name, "has other values of yes and no than 1 and 0")
        if name in key and not rules.get("required"):
            yield Problem(path, None, name, "is part of the key and not required")
        if name.endswith("_id") and name not in referring:
            yield Problem(path, None, name, "is named like a key of another table and refers to none")


def _bound_problems(path: str, field: dict[str, Any]) -> Iterator[Problem]:
    name, kind, rules = field["name"], field.get("type", "string"), field.get("constraints", {})
    bounds = [rules[rule] for rule in ("minimum", "maximum") if rule in rules]
    if not all(_is_bound(bound, kind) for bound in bounds):
        yield Problem(path, None, name, f"has a bound that is not of type {kind}")
    elif len(bounds) == 2 and (str(bounds[0]) > str(bounds[1]) if kind == "date" else bounds[0] > bounds[1]):
        yield Problem(path, None, name, "has a minimum above its maximum")


def _is_bound(bound: object, kind: str) -> bool:
    if isinstance(bound, bool) or not isinstance(bound, BOUNDS.get(kind, ())):
        return False
    try:
        return kind != "date" or date.fromisoformat(str(bound)).isoformat() == str(bound)
    except ValueError:
        return False


def _key_problems(path: str, schema: dict[str, Any], columns: set[str]) -> Iterator[Problem]:
    for column in schema.get("primaryKey", []):
        if column not in columns:
            yield Problem(path, None, "primaryKey", f"names the column {column}, which is not there")
    for key in schema.get("foreignKeys", []):
        for column in key["fields"]:
            if column not in columns:
                yield Problem(path, None, "foreignKeys", f"names the column {column}, which is not there")
        if len(key["fields"]) != len(key["reference"]["fields"]):
            yield Problem(path, None, "foreignKeys", "has one with more columns on one side than on the other")


def _date_problems(path: str, dated: object, columns: set[str]) -> Iterator[Problem]:
    """`datedBy` names the column that has a row's day or year, or {column: table} where the row it leads to has it."""
    named = list(dated) if isinstance(dated, dict) and len(dated) == 1 else [dated]
    if dated is not None and not all(isinstance(name, str) and name in columns for name in named):
        yield Problem(path, None, "datedBy", "is neither a column nor {column: table}")
