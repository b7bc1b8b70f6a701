"""What Datasette counts on pages of big tables: what is the same for every reader is counted once, since a build never
changes, and what it would take a scan of a million rows to count is left out.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from datasette import hookimpl
from datasette.app import Datasette
from datasette.database import Database
from datasette.facets import ColumnFacet

# What may be asked of a table without narrowing its rows or columns, or asking for ever more counts: memory has bounds.
OF_THE_WHOLE = {
    *(
        "_facet",
        "_next",
        "_size",
        "_sort",
        "_sort_desc",
        "_sort_by_desc",
        "_labels",
        "_label",
        "_shape",
        "_nl",
        "_json",
    ),
    *("_nosuggest", "_ttl", "_extra"),
}
MOST_ROWS_SCANNED = 100_000
INDEXED = """
    select 1 from pragma_index_list(?) as listed, pragma_index_info(listed.name) as part
    where part.seqno = 0 and part.name = ?
"""

Incoming = dict[str, dict[str, list[dict[str, str]]]]


@hookimpl
def startup(datasette: Datasette) -> Callable[[], Awaitable[None]]:
    """See to facets, rows of views and links between tables, in each immutable database."""
    # Here, and not where it is first needed: JSON is made by a stand-in for Datasette that lasts one request.
    datasette.counted = {}
    if not hasattr(ColumnFacet, "count_values"):
        ColumnFacet.count_values, ColumnFacet.facet_results = ColumnFacet.facet_results, _facets

    async def prepare() -> None:
        """Awaited by Datasette before the first page."""
        for name, database in datasette.databases.items():
            if not database.is_mutable:
                _note_views((datasette.inspect_data or {}).get(name, {}), database)
                await _leave_out_scans(database)

    return prepare


def _note_views(inspected: dict[str, Any], database: Database) -> None:
    """Let Datasette know how many rows each view has, as the build counted them: it looks among the tables.

    Which tables there are it has read from there first.
    """
    if database.cached_table_counts is not None:
        inspected["tables"].update(inspected.get("views", {}))


async def _leave_out_scans(database: Database) -> None:
    """Have the page of a row count no rows of a big table by a column without an index."""
    incoming: Incoming = await database.get_all_foreign_keys()
    rows = database.cached_table_counts or {}
    for keys in incoming.values():
        keys["incoming"] = [
            key
            for key in keys["incoming"]
            if (rows.get(key["other_table"]) or 0) <= MOST_ROWS_SCANNED
            or (await database.execute(INDEXED, [key["other_table"], key["other_column"]])).rows
        ]

    async def get_all_foreign_keys() -> Incoming:
        """As Database.get_all_foreign_keys."""
        return incoming

    database.get_all_foreign_keys = get_all_foreign_keys


async def _facets(facet: ColumnFacet) -> Any:
    """As ColumnFacet.facet_results; the counts of a whole table are kept.

    On a later page they are those of the whole table too, where Datasette counts what is left.
    """
    is_whole = OF_THE_WHOLE.issuperset(facet.request.args)
    if is_whole and not facet.ds.get_database(facet.database).is_mutable:
        facet.ds = _Remembering(facet.ds)
        facet.sql, facet.params = facet.sql.partition(" where ")[0].strip(), {}
    return await facet.count_values()


class _Remembering:
    """Datasette, except that a query without parameters is asked once."""

    def __init__(self, datasette: Datasette) -> None:
        self._datasette = datasette

    def __getattr__(self, name: str) -> Any:
        return getattr(self._datasette, name)

    async def execute(self, database: str, sql: str, *arguments: Any, **options: Any) -> Any:
        """As Datasette.execute."""
        counted = self._datasette.counted
        if (database, sql) not in counted:
            counted[database, sql] = await self._datasette.execute(database, sql, *arguments, **options)
        return counted[database, sql]
