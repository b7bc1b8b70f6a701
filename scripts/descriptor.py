"""What a Table Schema may say here; Frictionless would ignore a misspelt property and stop at a wrong key."""

import re
from collections.abc import Iterator
from typing import Any

from scripts.problems import Problem

TYPES = ("string", "integer", "number", "boolean", "date")
SCHEMA_KEYS = {
    "title",
    "description",
    "fields",
    "computedFields",
    "primaryKey",
    "foreignKeys",
    "mayBeEmpty",
    "datedBy",
    "rowsOf",
}
FIELD_KEYS = {"name", "title", "type", "format", "description", "constraints", "trueValues", "falseValues"}
CONSTRAINTS = {"required", "unique", "enum", "pattern", "minimum", "maximum", "maxLength"}


def schema_problems(path: str, schema: dict[str, Any]) -> Iterator[Problem]:
    """Everything wrong with a schema that can be said without looking at another one."""
    for key in sorted(set(schema) - SCHEMA_KEYS):
        yield Problem(path, None, key, "is not a property of a schema here")
    fields = [*(schema.get("fields") or []), *schema.get("computedFields", [])]
    if not schema.get("fields"):
        yield Problem(path, None, "fields", "is missing")
    for field in fields:
        if isinstance(field, dict):
            yield from _field_problems(path, field)
        else:
            yield Problem(path, None, str(field), "is a column of which nothing is said")
    columns = {field["name"] for field in fields if isinstance(field, dict) and "name" in field}
    yield from _key_problems(path, schema, columns)
    yield from _date_problems(path, schema.get("datedBy"), columns)


def _field_problems(path: str, field: dict[str, Any]) -> Iterator[Problem]:
    name, rules = str(field.get("name")), field.get("constraints", {})
    for key in ("name", "title", "description"):
        if not field.get(key):
            yield Problem(path, None, name, f"has no {key}")
    for key in sorted(set(field) - FIELD_KEYS | set(rules) - CONSTRAINTS):
        yield Problem(path, None, name, f"has the property {key}, which is not one here")
    if field.get("type", "string") not in TYPES:
        yield Problem(path, None, name, f"has a type that is none of {', '.join(TYPES)}")
    if not all(isinstance(value, str) for value in rules.get("enum", [])):
        yield Problem(
            path, None, name, "has an enumeration with more than texts; yes and no need quotation marks in YAML"
        )
    try:
        re.compile(rules.get("pattern", ""))
    except re.error as error:
        yield Problem(path, None, name, f"has a pattern that is no regular expression: {error}")


def _key_problems(path: str, schema: dict[str, Any], columns: set[str]) -> Iterator[Problem]:
    for column in schema.get("primaryKey", []):
        if column not in columns:
            yield Problem(path, None, "primaryKey", f"names the column {column}, which is not there")
    for key in schema.get("foreignKeys", []):
        if not isinstance(key.get("reference"), dict) or not {"resource", "fields"} <= set(key["reference"]):
            yield Problem(path, None, "foreignKeys", "has one without a reference to a resource and its fields")
        for column in key.get("fields", []):
            if column not in columns:
                yield Problem(path, None, "foreignKeys", f"names the column {column}, which is not there")


def _date_problems(path: str, dated: object, columns: set[str]) -> Iterator[Problem]:
    """`datedBy` names the column that has a row's day or year, or {column: table} where the row it leads to has it."""
    named = list(dated) if isinstance(dated, dict) and len(dated) == 1 else [dated]
    if dated is not None and not all(isinstance(name, str) and name in columns for name in named):
        yield Problem(path, None, "datedBy", "is neither a column nor {column: table}")
