"""Assemble: the folder that Datasette serves, complete in itself."""

import hashlib
import html
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from scripts.downloads import write_downloads
from scripts.load import reading
from scripts.package import Package, Table
from scripts.pictures import draw_pictures
from scripts.places import forget_old, point
from scripts.queries import DATABASE, read_queries

INCOMPLETE = "incomplete_roll_calls"
PAGES = {"codebook": "data/press/CODEBOOK.md", "known-gaps": "data/GAPS.md"}
DOWNLOADS = "static/downloads"
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


def assemble(site: Path, package: Package, metadata: dict[str, Any], tables: Iterable[Table]) -> int:
    """Write metadata, settings, dress, downloads and inspection data beside record.db; returns how many files."""
    database = site / f"{DATABASE}.db"
    tables = list(tables)
    _write_json(site / "metadata.json", full_metadata(metadata, tables, package.descriptor))
    _write_json(site / "settings.json", SETTINGS)
    for folder in ("templates", "plugins", "static"):
        shutil.copytree(package.root / "site" / folder, site / folder, ignore=shutil.ignore_patterns("__pycache__"))
    pages = {name: (package.root / path).read_text(encoding="utf-8") for name, path in PAGES.items()}
    pages[INCOMPLETE.replace("_", "-")] = incomplete_roll_calls(database, package.views[INCOMPLETE])
    for name, text in pages.items():
        write_page(text, site / "templates/pages" / f"{name}.html")
    write_downloads(site / DOWNLOADS, database, package, tables)
    draw_pictures(site, database, package.root / "site/pictures", read_queries(metadata))
    _write_json(site / "inspect-data.json", inspect(database))
    return sum(path.is_file() for path in site.rglob("*"))


def full_metadata(metadata: dict[str, Any], tables: Iterable[Table], descriptor: dict[str, Any]) -> dict[str, Any]:
    """metadata.yml with what the Table Schemas say of tables, columns and each query's parameters, and with
    what datapackage.yaml says of the dataset, where its version stands.
    """
    record = metadata["databases"][DATABASE]
    tables, documented = list(tables), {}
    for table in tables:
        documented[table.name] = {
            "title": table.title,
            "description": table.description,
            "columns": {field.name: field.description for field in table.fields},
            **record["tables"].get(table.name, {}),
        }
    by_name = {table.name: table for table in tables}
    queries = {name: _full_query(query, by_name) for name, query in record["queries"].items()}
    databases = {DATABASE: {**record, "tables": documented, "queries": queries}}
    return {**metadata, "dataset": _dataset(descriptor), "databases": databases}


def _dataset(descriptor: dict[str, Any]) -> dict[str, Any]:
    """What citations and machines are told of the dataset as a whole."""
    told: dict[str, Any] = {
        key: descriptor[key] for key in ("title", "description", "version", "keywords", "homepage") if key in descriptor
    }
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


def inspect(database: Path) -> dict[str, Any]:
    """What `datasette inspect` would say; its presence has Datasette serve the database as immutable."""
    tables = "select name from sqlite_master where type = 'table' order by name"
    with reading(database) as connection:
        names = [name for (name,) in connection.execute(tables)]
        counts = {name: {"count": connection.execute(f'select count(*) from "{name}"').fetchone()[0]} for name in names}  # noqa: S608
    content = database.read_bytes()
    return {
        DATABASE: {
            "hash": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "file": database.name,
            "tables": counts,
        }
    }


def is_whole(site: Path) -> bool:
    """Whether a site's database is there and is the one that its inspection data describes."""
    try:
        noted = json.loads((site / "inspect-data.json").read_text(encoding="utf-8"))[DATABASE]
        return hashlib.sha256((site / noted["file"]).read_bytes()).hexdigest() == noted["hash"]
    except (OSError, ValueError, KeyError):
        return False


def publish(site: Path, sites: Path, name: str, link: Path, keep: int = 5) -> Path:
    """Move a finished site into place and point the link at it, each in one step; older sites past `keep` go."""
    place = sites / name
    if is_whole(place):
        shutil.rmtree(site)
    else:
        shutil.rmtree(place, ignore_errors=True)
        site.replace(place)
    os.utime(place)
    point(link, place)
    forget_old(sites, keep)
    return place


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
