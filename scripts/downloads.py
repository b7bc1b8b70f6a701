"""Downloads: each table and view as CSV, XLSX and Parquet, two data packages, the database, and the sums of them."""

import csv
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from scripts.bundles import write_bundle
from scripts.finished import write_sums
from scripts.load import reading
from scripts.package import Field, Package, Table, read_yaml
from scripts.parquet_files import write_parquet

BUNDLES = ("un", "press")
WIDTHS = {"string": 24, "date": 12, "integer": 12, "number": 12, "boolean": 12}
# A workbook notes when it was made; a build has no clock.
NO_DAY = datetime(1980, 1, 1)


@dataclass(frozen=True)
class Download:
    """A table as the database has it: its schema, whether it is a table or a view, and its rows."""

    table: Table
    kind: str
    rows: list[tuple[Any, ...]]


def write_downloads(
    folder: Path, database: Path, package: Package, tables: Iterable[Table], archive: Iterable[Table] = ()
) -> None:
    """Everything that is taken away, in one folder: tables, packages, database, `tables.json` and `SHA256SUMS`.

    Of the tables of an archive, which has no files but its database, `tables.json` has the descriptions.
    """
    folder.mkdir(parents=True)
    os.link(database, folder / database.name)
    (folder / "record.sql.sha256").write_text(dump_line(database), encoding="utf-8")
    downloads = list(_read(database, package, tables))
    with duckdb.connect(config={"threads": 1, "temp_directory": tempfile.gettempdir()}) as writer:
        for download in downloads:
            write_csv(download, folder / f"{download.table.name}.csv")
            write_workbook(download, folder / f"{download.table.name}.xlsx")
            name = download.table.name
            write_parquet(writer, download.table, folder / f"{name}.csv", folder / f"{name}.parquet")
    bundles = [_bundle(folder, package, name, downloads) for name in BUNDLES]
    catalogue = {
        "title": package.descriptor["title"],
        "version": package.descriptor["version"],
        "database": _file(folder / database.name),
        "packages": bundles,
        "tables": [_entry(download, folder) for download in downloads],
    }
    if described := [_words(table, "table" if table.primary_key else "view") for table in archive]:
        catalogue["archive"] = described
    (folder / "tables.json").write_text(json.dumps(catalogue, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_sums(folder)


def dump_line(database: Path) -> str:
    """The SHA256SUMS of a database's dump."""
    return f"{dump_sha256(database)}  record.sql\n"


def dump_sha256(database: Path) -> str:
    """The SHA-256 of what `.dump` says of a database, but for SQLite's own tables of words and the name of the SQLite.

    It is the same under every SQLite, while the file itself differs from one to another.
    """
    digest = hashlib.sha256()
    with reading(database) as connection:
        for line in connection.iterdump():
            if "_fts" not in line and not line.startswith('INSERT INTO "build_inputs"'):
                digest.update(f"{line}\n".encode())
    return digest.hexdigest()


def _read(database: Path, package: Package, tables: Iterable[Table]) -> Iterator[Download]:
    with reading(database) as connection:
        for table in tables:
            kind = "view" if table.name in package.views else "table"
            rows = connection.execute(f"select * from {table.name}").fetchall()  # noqa: S608  (a name from the schemas)
            yield Download(table, kind, rows)


def write_csv(download: Download, path: Path) -> None:
    """A table as CSV, in its own order."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in download.table.fields)
        writer.writerows(download.rows)


def write_workbook(download: Download, path: Path) -> None:
    """A table as a workbook: its rows, and on a second sheet what the columns mean.

    Every text stays a text: none becomes a formula, a number or a link. A date is a date of the spreadsheet.
    """
    table = download.table
    with xlsxwriter.Workbook(path) as workbook:
        workbook.set_properties({"title": table.title, "comments": table.description, "created": NO_DAY})
        bold, day = workbook.add_format({"bold": True}), workbook.add_format({"num_format": "yyyy-mm-dd"})
        sheet = _sheet(workbook, table.name, [field.name for field in table.fields], bold)
        for number, field in enumerate(table.fields):
            sheet.set_column(number, number, max(WIDTHS[field.type], len(field.name) + 4))
            _write_column(sheet, number, field, (row[number] for row in download.rows), day)
        sheet.autofilter(0, 0, len(download.rows), len(table.fields) - 1)
        meanings = _sheet(workbook, "columns", ["column", "title", "type", "description"], bold)
        meanings.set_column(0, 2, 24)
        meanings.set_column(3, 3, 120)
        for number, field in enumerate(table.fields, 1):
            for column, text in enumerate((field.name, field.title, field.type, field.description)):
                meanings.write_string(number, column, text)


def _sheet(workbook: xlsxwriter.Workbook, name: str, header: list[str], bold: Any) -> Worksheet:
    """A sheet whose header stays in sight."""
    sheet = workbook.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for column, title in enumerate(header):
        sheet.write_string(0, column, title, bold)
    return sheet


def _write_column(sheet: Worksheet, column: int, field: Field, values: Iterable[Any], day: Any) -> None:
    """The cells of a column by its type; an empty cell stays empty."""
    for row, value in enumerate(values, 1):
        if value is None:
            continue
        if field.type == "date":
            sheet.write_datetime(row, column, date.fromisoformat(value), day)
        elif field.type == "boolean":
            sheet.write_boolean(row, column, bool(value))
        elif field.type == "string":
            sheet.write_string(row, column, value)
        else:
            sheet.write_number(row, column, value)


def _bundle(folder: Path, package: Package, name: str, downloads: list[Download]) -> dict[str, Any]:
    """Write the data package that schema/packages describes; returns what `tables.json` says of it."""
    described = read_yaml(package.root, f"schema/packages/{name}.yaml")
    target = folder / f"{name}.zip"
    rows = {download.table.name: len(download.rows) for download in downloads}
    names = write_bundle(target, package, described, rows)
    words = {"title": described["title"], "description": described["description"].strip()}
    return {"name": name, **words, "tables": names, "file": _file(target)}


def _entry(download: Download, folder: Path) -> dict[str, Any]:
    """What `tables.json` says of a table: its words, keys, columns, rows and files."""
    table = download.table
    return {
        **_words(table, download.kind),
        "rows": len(download.rows),
        "files": {form: _file(folder / f"{table.name}.{form}") for form in ("csv", "xlsx", "parquet")},
    }


def _words(table: Table, kind: str) -> dict[str, Any]:
    return {
        "name": table.name,
        "title": table.title,
        "description": table.description,
        "kind": kind,
        "primary_key": table.primary_key,
        "foreign_keys": [
            {"columns": key.fields, "table": key.table, "references": key.references} for key in table.foreign_keys
        ],
        "columns": [_column(field) for field in table.fields],
    }


def _column(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "title": field.title,
        "type": field.type,
        "description": field.description,
        "rules": list(rules_in_words(field)),
    }


def rules_in_words(field: Field) -> Iterator[str]:
    """What a column's constraints say, for a reader."""
    rules = field.constraints
    if field.computed:
        yield "computed by the build"
    if field.required:
        yield "never empty"
    if rules.get("unique"):
        yield "no value twice"
    if "enum" in rules:
        yield f"one of {', '.join(rules['enum'])}"
    if "minimum" in rules:
        yield f"at least {rules['minimum']}"
    if "maximum" in rules:
        yield f"at most {rules['maximum']}"
    if "maxLength" in rules:
        yield f"at most {rules['maxLength']} characters"
    if "pattern" in rules:
        yield f"of the form {rules['pattern']}"


def _file(path: Path) -> dict[str, Any]:
    return {"name": path.name, "bytes": path.stat().st_size}
