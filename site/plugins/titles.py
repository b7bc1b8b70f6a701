"""What rows and values are called in citations and in the feed: by `row_titles` in metadata.yml."""

import json
import re
from functools import cached_property
from string import Formatter
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette
from datasette.utils import escape_sqlite

NAMES = "names_in_sentences"
# An enumerated value; an underscore in anything else belongs to it.
TERM = re.compile(r"[a-z0-9_]+")

Row = dict[str, Any]


@hookimpl
def startup(datasette: Datasette) -> None:
    """Give every other plugin `datasette.titles`; plugins of a folder cannot import one another."""
    datasette.titles = Titles(datasette)


class Titles:
    """Rows and values in words."""

    def __init__(self, datasette: Datasette) -> None:
        self.datasette = datasette
        self.known: dict[str, dict[tuple[str, str], str]] = {}

    async def row(self, database: str, table: str, key: list[str]) -> Row | None:
        """The row that has the key, None where there is none."""
        columns = await self.datasette.get_database(database).primary_keys(table) or ["rowid"]
        same = " and ".join(f"{escape_sqlite(column)} = ?" for column in columns)
        sql = f"select * from {escape_sqlite(table)} where {same}"  # noqa: S608
        found = (await self.datasette.execute(database, sql, key)).first()
        return dict(found) if found else None

    async def of_row(self, database: str, table: str, row: Row) -> str:
        """The row in words: by its table's pattern, else by its label, else by the names that its key has."""
        pattern = (self.datasette.metadata("row_titles", database=database) or {}).get(table, "")
        wanted = [name for _, name, _, _ in Formatter().parse(pattern) if name]
        if wanted and all(row[column] is not None for column in wanted):
            return pattern.format_map(await self.of_values(database, table, {column: row[column] for column in wanted}))
        label = await self.datasette.get_database(database).label_column_for_table(table)
        if label and row.get(label):
            return str(row[label])
        keys = await self.datasette.get_database(database).primary_keys(table) or list(row)[:1]
        names = await self.of_values(database, table, {column: row[column] for column in keys})
        return f"{self.of_table(database, table)}: {', '.join(names.values())}"

    def of_table(self, database: str, table: str) -> str:
        """The table's title."""
        return str(self.datasette.table_metadata(database, table).get("title") or table)

    async def of_values(self, database: str, table: str, values: Row) -> dict[str, str]:
        """What each value is called, by column: a foreign key by what it leads to, a term without its underscores."""
        keys = await self.datasette.get_database(database).foreign_keys_for_table(table)
        leads_to = {key["column"]: key["other_table"] for key in keys if key["column"] in values}
        in_sentences = await self._in_sentences(database) if leads_to else {}
        names = {column: _in_words(str(value)) for column, value in values.items()}
        for column, other in leads_to.items():
            key = values[column]
            labels = await self.datasette.expand_foreign_keys(database, table, column, [key])
            names[column] = str(in_sentences.get((other, key)) or labels.get((column, key)) or key)
        return names

    async def of_value(self, database: str, table: str, column: str, value: str | None) -> str:
        """A cell's value as it is said; a key by what it leads to."""
        return (await self.of_values(database, table, {column: value}))[column] if value is not None else "empty"

    def of_column(self, table: str, column: str) -> str:
        """The title of a column of the record."""
        return self._columns.get((table, column), column)

    @cached_property
    def _columns(self) -> dict[tuple[str, str], str]:
        """By table and name, as the files for taking away tell of them."""
        catalogue = json.loads((self.datasette.config_dir / "static/downloads/tables.json").read_text(encoding="utf-8"))
        return {
            (table["name"], column["name"]): column["title"]
            for table in catalogue["tables"]
            for column in table["columns"]
        }

    async def _in_sentences(self, database: str) -> dict[tuple[str, str], str]:
        """Names by table and key; asked for once: the database is immutable, and every page of a row needs some."""
        if database not in self.known:
            query = await self.datasette.get_canned_query(database, NAMES, None)
            rows = (await self.datasette.get_database(database).execute(query["sql"])).rows if query else []
            self.known[database] = {(row["table_name"], row["row_key"]): row["name"] for row in rows}
        return self.known[database]


def _in_words(value: str) -> str:
    return value.replace("_", " ") if TERM.fullmatch(value) else value
