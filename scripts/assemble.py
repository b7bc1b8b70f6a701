"""Assemble: the folder that Datasette serves, complete in itself."""

import html
import os
import re
import shutil
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from scripts.downloads import write_downloads
from scripts.finished import NOTED, inspected, write_sums
from scripts.load import reading
from scripts.package import Package, Table, open_package
from scripts.pictures import draw_pictures
from scripts.publish import inspect, write_json
from scripts.queries import ARCHIVE, BOTH, DATABASE, read_queries
from scripts.releases import as_released

INCOMPLETE = "incomplete_roll_calls"
PAGES = {"codebook": "data/press/CODEBOOK.md", "known-gaps": "data/GAPS.md"}
DOWNLOADS = "static/downloads"
HANDED_ON = ("source", "source_url", "license", "license_url", "about", "about_url")
TOLD = (
    *("title", "description", "version", "released_on", "first_released_on", "keywords", "homepage"),
    "report_corrections_to",
)
SETTINGS = {
    "default_page_size": 100,
    "max_returned_rows": 1000,
    "max_csv_mb": 0,
    "sql_time_limit_ms": 1000,
    "facet_time_limit_ms": 1000,
    "suggest_facets": False,
    "default_facet_size": 20,
    "default_cache_ttl": 300,
    "num_sql_threads": 4,
}


def assemble(
    site: Path, package: Package, metadata: dict[str, Any], tables: Iterable[Table], archive: Path | None = None
) -> int:
    """Write metadata, settings, dress, downloads, inspection data and sums beside record.db; returns how many files.

    `archive` is the folder of a finished archive, which is then served beside the record.
    """
    database = site / f"{DATABASE}.db"
    package = as_released(package)
    tables = list(tables)
    described = {DATABASE: tables}
    if archive:
        described |= {ARCHIVE: archive_tables(package.root), BOTH: []}
        os.link(archive / f"{ARCHIVE}.db", site / f"{ARCHIVE}.db")
    write_json(site / "metadata.json", full_metadata(metadata, described, package.descriptor))
    write_json(site / "settings.json", SETTINGS)
    for folder in ("templates", "plugins", "static"):
        shutil.copytree(package.root / "site" / folder, site / folder, ignore=shutil.ignore_patterns("__pycache__"))
    pages = {name: (package.root / path).read_text(encoding="utf-8") for name, path in PAGES.items()}
    pages[INCOMPLETE.replace("_", "-")] = incomplete_roll_calls(database, package.views[INCOMPLETE])
    for name, text in pages.items():
        write_page(text, site / "templates/pages" / f"{name}.html")
    write_downloads(site / DOWNLOADS, database, package, tables, described.get(ARCHIVE, []))
    draw_pictures(site, database, package.root / "site/pictures", read_queries(metadata))
    write_json(site / NOTED, {**inspect(database), **(inspected(archive) if archive else {})})
    write_sums(site)
    return sum(path.is_file() for path in site.rglob("*"))


def archive_tables(root: Path) -> list[Table]:
    """Every table and view of the archive, as its schemas describe them."""
    package = open_package(root / ARCHIVE)
    return [*package.derived.values(), *package.views.values()]


def full_metadata(
    metadata: dict[str, Any], described: dict[str, list[Table]], descriptor: dict[str, Any]
) -> dict[str, Any]:
    """metadata.yml with what the Table Schemas say of tables, columns and each query's parameters, and with
    what datapackage.yaml says of the dataset, where its version stands.

    `described` has the tables of each database of the site; of any other, metadata.yml's words are left out.
    """
    databases = {
        name: _full_database(metadata["databases"].get(name, {}), {table.name: table for table in tables})
        for name, tables in described.items()
    }
    return {**metadata, "dataset": _dataset(descriptor), "databases": databases}


def _full_database(told: dict[str, Any], tables: dict[str, Table]) -> dict[str, Any]:
    # Datasette hands these on to tables and queries from the site as a whole, not from their database.
    handed_on = {key: told[key] for key in HANDED_ON if key in told}
    documented = {
        table.name: {
            "title": table.title,
            "description": table.description,
            "columns": {field.name: field.description for field in table.fields},
            **handed_on,
            **told.get("tables", {}).get(table.name, {}),
        }
        for table in tables.values()
    }
    queries = {name: {**handed_on, **_full_query(query, tables)} for name, query in told.get("queries", {}).items()}
    return {**told, "tables": documented, "queries": queries}


def _dataset(descriptor: dict[str, Any]) -> dict[str, Any]:
    """What citations and machines are told of the dataset as a whole."""
    told: dict[str, Any] = {key: descriptor[key] for key in TOLD if key in descriptor}
    authors = [person["title"] for person in descriptor.get("contributors", []) if "author" in person["roles"]]
    return {**told, "author": ", ".join(authors)}


def _full_query(query: dict[str, Any], tables: dict[str, Table]) -> dict[str, Any]:
    """A query with its parameters named in order, and for each what a form needs to ask for it."""
    fields = [_form_field(name, rule, tables) for name, rule in query.get("parameters", {}).items()]
    return {**query, "params": [field["name"] for field in fields], "fields": fields, "hide_sql": True}


def _form_field(name: str, rule: dict[str, str], tables: dict[str, Table]) -> dict[str, Any]:
    """A parameter as a field of a form: its title and help, and where its values are: `table`, `options` or `form`."""
    field: dict[str, Any] = {"name": name, "title": rule.get("title") or _in_words(name), "help": rule.get("help")}
    if "enumeration" not in rule:
        return {**rule, **field}
    table, column = rule["enumeration"].split(".")
    [found] = [field for field in tables[table].fields if field.name == column]
    return {**field, "help": field["help"] or found.description, "options": found.constraints["enum"]}


def _in_words(name: str) -> str:
    """A parameter's name as it is said: `roll_call_a` is the first roll call."""
    order = {"_a": "first ", "_b": "second "}.get(name[-2:], "")
    return (order + name.removesuffix("_a").removesuffix("_b").replace("_", " ")).capitalize()


def incomplete_roll_calls(database: Path, view: Table) -> str:
    """A Markdown document that lists the roll calls of which not every vote is known, with what is missing."""
    with reading(database) as connection:
        connection.row_factory = sqlite3.Row
        lines = [
            f"- {row['voted_on']}: [{_plain(row['question'])}](/{DATABASE}/roll_calls/{row['roll_call_id']}), "
            f"{row['outcome']}. {row['known']} of {row['could_vote']} votes known; missing: {_plain(row['missing'])}."
            for row in connection.execute(f"select * from {view.name}")  # noqa: S608  (a name from the schemas)
        ]
    return "\n\n".join([f"# {view.title}", view.description, f"[As a table](/{DATABASE}/{view.name}).", *lines, ""])


def _plain(text: str) -> str:
    """A text in which Markdown finds nothing to mark up."""
    return re.sub(r"([\\|*_\[\]<>`])", r"\\\1", text)


def write_page(text: str, path: Path) -> None:
    """A Markdown document as a page in the site's dress."""
    title = html.escape(text.partition("\n")[0].lstrip("# "))
    # A table that is wider than a phone scrolls by itself, which a keyboard can do only where it can stop.
    body = MarkdownIt("commonmark").enable("table").render(text).replace("<table>", '<table tabindex="0">')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        '{% extends "base.html" %}'
        f"{{% block title %}}{title}{{% endblock %}}"
        f'{{% block content %}}<article class="document">{{% raw %}}{body}{{% endraw %}}</article>{{% endblock %}}\n',
        encoding="utf-8",
    )
