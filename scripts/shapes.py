"""What a description must look like before it is read: YAML with one meaning, of the shape that schema/shapes says.

YAML would let a key stand twice, of which the last counts, and an alias stand for more than memory holds.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from scripts.problems import Problem

FOLDER = Path(__file__).resolve().parent.parent / "schema/shapes"
DEEPEST = 40
CALLED = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "a mapping",
    "string": "a text",
}
TOLD = {
    "minLength": "is empty",
    "minItems": "is empty",
    "uniqueItems": "has something twice",
    "format": "is no regular expression",
}


class OneMeaning(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML without aliases, and without a key that stands twice in one mapping."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """The value of a node, unless it was made before; then the node is an alias."""
        if node in self.constructed_objects or node in self.recursive_objects:
            raise yaml.constructor.ConstructorError(None, None, "an alias", node.start_mark)
        return super().construct_object(node, deep)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping, every key of which is a text of its own."""
        keys = set()
        for key, _ in node.value:
            if key.tag != "tag:yaml.org,2002:str" or key.value in keys:
                raise yaml.constructor.ConstructorError(None, None, "a key that is no text or repeated", key.start_mark)
            keys.add(key.value)
        return super().construct_mapping(node, deep)


def load_yaml(text: str) -> Any:
    """What a YAML text says; yaml.YAMLError where it says nothing, or could be read in two ways."""
    depth = 0
    for event in yaml.parse(text, OneMeaning):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise yaml.composer.ComposerError(None, None, "nested too deep")
    try:
        return yaml.load(text, OneMeaning)
    except (ValueError, AttributeError) as error:
        # A date that is none, or a tag on what it does not fit.
        raise yaml.constructor.ConstructorError(None, None, str(error)) from error


def shape_problems(path: str, content: Any, shape: str) -> Iterator[Problem]:
    """Where what a file says is not of a shape, and how."""
    for error in _validator(shape).iter_errors(content):
        yield Problem(path, None, _place(content, list(error.absolute_path)), _reason(error))


@cache
def _validator(shape: str) -> jsonschema.protocols.Validator:
    described = yaml.safe_load((FOLDER / f"{shape}.yaml").read_text(encoding="utf-8"))
    checker = jsonschema.FormatChecker(["regex"])
    return jsonschema.Draft202012Validator(described, format_checker=checker)


def _place(content: Any, path: list[str | int]) -> str | None:
    """The names on the way to a part; an element of a list is called by its name, where it has one, instead."""
    names: list[str] = []
    for step in path:
        content = content[step]
        if isinstance(step, int) and isinstance(content, dict) and isinstance(content.get("name"), str):
            names[-1] = content["name"]
        else:
            names.append(str(step))
    return ", ".join(names) or None


def _reason(error: jsonschema.ValidationError) -> str:
    rule, wanted = error.validator, error.validator_value
    if rule == "type":
        kinds = [wanted] if isinstance(wanted, str) else wanted
        return f"is not {' or '.join(CALLED[kind] for kind in kinds)}"
    if rule == "required":
        return f"has no {', '.join(key for key in wanted if key not in error.instance)}"
    if rule == "additionalProperties":
        unknown = sorted(set(error.instance) - set(error.schema["properties"]))
        return f"has the property {', '.join(unknown)}, which is not one here"
    if rule in ("enum", "const"):
        return f"is not {' or '.join(map(str, wanted if rule == 'enum' else [wanted]))}"
    return TOLD.get(rule, f"is not as it has to be: {error.message}")
