"""All is public here, which Datasette 0.65 finds out by copying all metadata, 7 ms for each table of each page."""

from datasette import hookimpl
from datasette.app import Datasette


@hookimpl
def startup(datasette: Datasette) -> None:
    """Tell Datasette once that no table has a rule about who may see it; where one has, it is obeyed as ever."""
    databases = (datasette.metadata("databases") or {}).values()
    tables = [table for database in databases for table in database.get("tables", {}).values()]
    if not any("allow" in table for table in tables):
        datasette._table_permission_allows = lambda database, table: []
