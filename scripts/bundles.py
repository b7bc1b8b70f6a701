"""Bundles: a data package as one zip file, valid by itself, the same bytes for the same tables."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

from scripts.package import Package, Table

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
DIALECT = {"delimiter": ",", "quoteChar": '"', "doubleQuote": True, "skipInitialSpace": False}


def write_bundle(path: Path, package: Package, described: dict[str, Any], rows: dict[str, int]) -> list[str]:
    """Write the package that `described` names, from the CSV files beside `path`; returns the names of its tables.

    It has the tables it names and those that their foreign keys lead to, so that every key is found in it.
    """
    tables = _with_references(package, described["tables"])
    contents = {f"data/{table.name}.csv": (path.parent / f"{table.name}.csv").read_bytes() for table in tables}
    resources = [_resource(table, contents[f"data/{table.name}.csv"], rows[table.name]) for table in tables]
    descriptor = _descriptor(package, path.stem, described, resources)
    texts = {name: (package.root / place).read_text(encoding="utf-8") for name, place in described["documents"].items()}
    texts["datapackage.json"] = json.dumps(descriptor, indent=1, ensure_ascii=False) + "\n"
    texts["README.md"] = _readme(descriptor, list(described["documents"]))
    _write_zip(path, contents | {name: text.encode() for name, text in texts.items()})
    return [table.name for table in tables]


def _with_references(package: Package, names: list[str]) -> list[Table]:
    """The named tables and all that they refer to, in the package's order."""
    known = package.tables | package.derived
    wanted, waiting = set(names), list(names)
    while waiting:
        found = {key.table for key in known[waiting.pop()].foreign_keys} - wanted
        wanted |= found
        waiting += found
    return [table for name, table in known.items() if name in wanted]


def _descriptor(
    package: Package, name: str, described: dict[str, Any], resources: list[dict[str, Any]]
) -> dict[str, Any]:
    whole = package.descriptor
    return {
        "$schema": PROFILE,
        "name": f"{whole['name']}-{name}",
        "title": described["title"],
        "description": described["description"].strip(),
        "version": whole["version"],
        **{key: whole[key] for key in ("homepage",) if key in whole},
        **({"created": f"{whole['released_on']}T00:00:00Z"} if "released_on" in whole else {}),
        "keywords": whole["keywords"],
        "licenses": [{key: licence[key] for key in ("name", "title", "path")} for licence in whole["licenses"]],
        "contributors": whole["contributors"],
        "resources": resources,
    }


def _resource(table: Table, content: bytes, rows: int) -> dict[str, Any]:
    return {
        "name": table.name,
        "type": "table",
        "title": table.title,
        "description": table.description,
        "path": f"data/{table.name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "rows": rows,
        "dialect": DIALECT,
        "schema": _schema(table),
    }


def _schema(table: Table) -> dict[str, Any]:
    """The Table Schema as the standard has it: what the build computed is a column like any other."""
    fields = [*table.schema["fields"], *table.schema.get("computedFields", [])]
    keys = {key: value for key, value in table.schema.items() if key in ("primaryKey", "foreignKeys")}
    return {**keys, "fields": [{**field, "description": field["description"].strip()} for field in fields]}


def _readme(descriptor: dict[str, Any], documents: list[str]) -> str:
    """What is in the package and how to read it, in Markdown."""
    [licence] = descriptor["licenses"]
    tables = [
        f"- `{resource['path']}`, {resource['rows']:,} rows. {resource['title']}: {resource['description']}"
        for resource in descriptor["resources"]
    ]
    return "\n\n".join(
        [
            f"# {descriptor['title']}",
            descriptor["description"],
            f"Version {descriptor['version']}. Licence: [{licence['title']}]({licence['path']}).",
            "The columns and keys of each table are described in `datapackage.json`, a Data Package of version 2; "
            "`frictionless validate datapackage.json` checks all files against it. "
            f"Also here: {', '.join(f'`{name}`' for name in documents)}.",
            "## Tables",
            "\n".join(tables) + "\n",
        ]
    )


def _write_zip(path: Path, contents: dict[str, bytes]) -> None:
    """A zip file in which nothing depends on the clock, the order of writing or the machine's rights."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, contents[name], zipfile.ZIP_DEFLATED, compresslevel=9)
