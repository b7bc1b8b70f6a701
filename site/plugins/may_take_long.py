"""What may take long has small pools of its own, with room for a few to wait: SQL that a reader brings, and questions
to tables of a million rows. Whoever asks for more at once is told to come back, and the pages do not notice.
"""

import asyncio
import ipaddress
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qs, unquote

from datasette import hookimpl
from datasette.app import Datasette
from datasette.database import Database
from datasette.utils import tilde_decode
from datasette.views.base import DatasetteError

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
SQL, BIG_TABLES, BIG_PAGES = "queries in SQL", "questions to the biggest tables", "long pages"
# What makes a page long: more rows than a page has by itself, and counts of values. They are made one after the other.
FACETS = {"_facet", "_facet_array", "_facet_date", "_facet_size"}
LONG = {"_size", *FACETS}
# The last is the language of full-text search, in which a few hundred words can be one step of many seconds.
BRING_SQL = {"sql", "_where", "_searchmode"}
# With more rows than these, what is filtered, sorted or counted may take a second.
MOST_ROWS_SCANNED = 100_000
TABLE = re.compile(r"/(?P<database>\w+)/(?P<table>[^/.]+)(?P<ending>\.\w+)?/?")
# What asks for rows as they stand, by their key.
AS_THEY_STAND = {
    "_col",
    "_dl",
    "_extra",
    "_header",
    "_json",
    "_label",
    "_labels",
    "_next",
    "_nl",
    "_nocol",
    "_nofacet",
} | {*("_nosuggest", "_shape", "_size", "_ttl")}
# Being answered or waiting, in all and of one reader. With two processes and a second for each query, the last to be
# let in waits as long as a query may wait.
PLACES, PLACES_OF_A_READER = 12, 4
LONGEST_WAIT = 6.0
RETRY_AFTER = 10
REST = (
    f"Ask again in {RETRY_AFTER} seconds. Pages and the queries of the site are answered meanwhile, "
    "and whole tables are at /downloads."
)
FULL = f"More {{kind}} are being asked than can be answered at once. {REST}"
FULL_OF_A_READER = f"{PLACES_OF_A_READER} {{kind}} from your address are being answered already. {REST}"


class _Place:
    """Where a request waits for its answers: from when it comes until its answer begins to be sent."""

    def __init__(self, kind: str, taken: "Counter[str]", reader: str) -> None:
        self.kind, self.until, self.left = kind, time.monotonic() + LONGEST_WAIT, False
        self.turn: asyncio.Lock | None = None
        self._taken, self._reader = taken, reader
        taken[reader] += 1

    def leave(self) -> None:
        """Make room. A reader who takes the answer slowly keeps nobody else waiting."""
        if not self.left:
            self.left = True
            self._taken[self._reader] -= 1
            self._taken += Counter()  # drops readers that have none
            if self.turn:
                self.turn.release()


PLACE: ContextVar[_Place | None] = ContextVar("place", default=None)


@hookimpl
def startup(datasette: Datasette) -> None:
    """Have each database answer apart what is asked on behalf of a request that may take long."""
    datasette.pools = {kind: datasette.new_apart(own_names=kind == SQL) for kind in (SQL, BIG_TABLES)}
    for name, database in datasette.databases.items():
        if database.path or name == "_memory":
            database.execute = _answering_apart(datasette, database)


def _answering_apart(datasette: Datasette, database: Database) -> Callable[..., Awaitable[Any]]:
    ordinary = database.execute

    async def execute(
        sql: str,
        params: Any = None,
        truncate: bool = False,
        custom_time_limit: int | None = None,
        page_size: int | None = None,
        **options: Any,
    ) -> Any:
        """As Database.execute."""
        place = PLACE.get()
        # Datasette looks with a pragma whether a schema has changed; SQL of a reader begins otherwise.
        if place is None or sql.startswith("PRAGMA"):
            options |= {"truncate": truncate, "custom_time_limit": custom_time_limit, "page_size": page_size}
            return await ordinary(sql, params, **options)
        milliseconds = min(custom_time_limit or datasette.sql_time_limit_ms, datasette.sql_time_limit_ms)
        # A page has one row more, by which Datasette knows that there is a next one.
        most = datasette.max_returned_rows + (datasette.max_returned_rows == (page_size or datasette.page_size))
        # Parameters of a query of the site carry the whole request with them.
        values = dict(params) if isinstance(params, dict) else params
        question = datasette.question_apart(
            database.name, sql, values, milliseconds / 1000, most if truncate and most else None
        )
        return await _answer(datasette, question, place)

    return execute


async def _answer(datasette: Datasette, question: Any, place: _Place) -> Any:
    """The results; DatasetteError where a request has waited too long for all its queries together.

    Once its answer has begun they wait as long as it takes, so that no answer breaks off in its middle.
    """
    submitted = datasette.pools[place.kind].submit(question)
    coming = asyncio.wrap_future(submitted)
    try:
        if not place.left:
            await asyncio.wait([coming], timeout=max(0, place.until - time.monotonic()))
            if not coming.done() and submitted.cancel():
                raise DatasetteError(FULL.format(kind=place.kind), title="Too many queries", status=429)
        return await coming
    except asyncio.CancelledError:
        question.drop()
        raise


@hookimpl
def extra_template_vars() -> dict[str, Callable[[], Awaitable[str]]]:
    """`breathe()` in every template, for the middle of long lists: others are answered there."""

    async def breathe() -> str:
        """Let whoever else is asking have a turn; writes nothing."""
        await asyncio.sleep(0)
        return ""

    return {"breathe": breathe}


@hookimpl
def asgi_wrapper(datasette: Datasette) -> Callable[[App], App]:
    """Let in as many requests that may take long as there are places; answer 429 with Retry-After to the others."""
    taken: dict[str, Counter[str]] = {kind: Counter() for kind in (SQL, BIG_TABLES, BIG_PAGES)}
    turn = asyncio.Lock()

    def wrap(app: App) -> App:
        """The same application behind the door."""

        async def guarded(scope: dict[str, Any], receive: Any, send: Any) -> None:
            """Hand on what is answered fast; the rest where there is room."""
            kind = _kind(datasette, scope) if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") else None
            if kind is None:
                await app(scope, receive, send)
                return
            reader = _reader(scope)
            if full := _full(taken[kind], reader):
                await datasette.invoke_startup()
                response = await datasette.error_answer(scope, receive, 429, full.format(kind=kind))
                response.headers["Retry-After"] = str(RETRY_AFTER)
                await response.asgi_send(send)
                return
            place = _Place(kind, taken[kind], reader)
            token = PLACE.set(None if kind == BIG_PAGES else place)
            try:
                if kind == BIG_PAGES and await turn.acquire():
                    place.turn = turn
                await _while_there(app, scope, receive, _leaving(send, place))
            finally:
                place.leave()
                PLACE.reset(token)

        return guarded

    return wrap


def _kind(datasette: Datasette, scope: dict[str, Any]) -> str | None:
    """What of a request may take long; parameters and paths are read as Datasette reads them, however encoded."""
    asked = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    if not BRING_SQL.isdisjoint(asked):
        return SQL
    place = TABLE.fullmatch(unquote(scope["path"]))
    if not place:
        return None
    noted = (datasette.inspect_data or {}).get(place["database"], {})
    table = tilde_decode(place["table"])
    # A view has no key to go on from: a later page counts through all rows before it.
    is_view = table in noted.get("views", {})
    as_they_stand = AS_THEY_STAND - {"_next"} if is_view else AS_THEY_STAND
    rows = {**noted.get("tables", {}), **noted.get("views", {})}.get(table, {}).get("count") or 0
    if rows > MOST_ROWS_SCANNED and not as_they_stand.issuperset(asked):
        return BIG_TABLES
    return None if (FACETS if place["ending"] else LONG).isdisjoint(asked) else BIG_PAGES


def _full(taken: "Counter[str]", reader: str) -> str:
    """Why there is no place; empty where there is one."""
    if taken.total() >= PLACES:
        return FULL
    return FULL_OF_A_READER if taken[reader] >= PLACES_OF_A_READER else ""


def _reader(scope: dict[str, Any]) -> str:
    """Whom a place is counted for: an address, of IPv6 the network, of which a reader has all addresses.

    The server puts here what a proxy on the same machine says in X-Forwarded-For, and nothing that anyone else says.
    nginx says whom it speaks with, so a reader cannot pass for many.
    """
    host = str((scope.get("client") or ("",))[0])
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return host if address.version == 4 else str(ipaddress.ip_network((int(address), 64), strict=False))


def _leaving(send: Any, place: _Place) -> Callable[[dict[str, Any]], Awaitable[None]]:
    async def sending(message: dict[str, Any]) -> None:
        """The answer as it comes, and the place is free; one that waited in vain is told when to come back."""
        if message["type"] == "http.response.start":
            place.leave()
            if message["status"] == 429:
                headers = [*message.get("headers", []), (b"retry-after", str(RETRY_AFTER).encode())]
                message = {**message, "headers": headers}
        await send(message)

    return sending


async def _while_there(app: App, scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer as the application does, until the reader goes away: then nothing is worked at for them any more."""

    async def nothing_more() -> dict[str, Any]:
        """What a request that only reads has as its body."""
        return {"type": "http.request", "body": b"", "more_body": False}

    async def gone() -> None:
        """Done once the reader has left."""
        while (await receive())["type"] != "http.disconnect":
            pass

    answering = asyncio.ensure_future(app(scope, nothing_more, send))
    leaving = asyncio.ensure_future(gone())
    try:
        await asyncio.wait([answering, leaving], return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
        if not answering.done():
            answering.cancel()
    try:
        await answering
    except asyncio.CancelledError:
        if not answering.cancelled():
            raise
