"""What this site serves: the record, and beside it the archive where that was built. Every other plugin asks here."""

from typing import Any

from datasette import hookimpl
from datasette.app import Datasette


@hookimpl
def startup(datasette: Datasette) -> None:
    """Give every other plugin `datasette.served`: what the build tells of each database that is there, by name.

    Kept, since Datasette puts all metadata together anew each time it is asked, and a build never changes.
    """
    told: dict[str, dict[str, Any]] = datasette.metadata("databases") or {}
    datasette.served = {name: about for name, about in told.items() if name in datasette.databases}


@hookimpl
def extra_template_vars(datasette: Datasette) -> dict[str, Any]:
    """`served` in every template, and `sizes`, the bytes of each database that is a file."""
    sizes = {name: base.size for name, base in datasette.databases.items() if name in datasette.served and base.path}
    return {"served": datasette.served, "sizes": sizes}
