"""A server holds the folder that it serves: builds made meanwhile remove old sites, but none that is still served."""

import fcntl
from contextlib import suppress

from datasette import hookimpl
from datasette.app import Datasette

SUMS = "SHA256SUMS"


@hookimpl
def startup(datasette: Datasette) -> None:
    """Share a lock on the folder's sums for as long as the server runs; reading is enough for that."""
    # Where the file system knows no locks, and where there are no sums, the site is served all the same.
    with suppress(OSError):
        datasette.held = (datasette.config_dir / SUMS).open("rb")
        fcntl.flock(datasette.held, fcntl.LOCK_SH | fcntl.LOCK_NB)
