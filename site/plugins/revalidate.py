"""A reader or a cache that has a page already is told so in a few bytes, before the page is made.

A page is a function of the build, the address and, since a citation has the day of reading, the day. So an ETag is made
from these, and nothing has to be rendered to compare it. It is weak: compressed or not, the page is the same.

A page that a busy machine left without some counts is good for once: it has no ETag, and no cache keeps it.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from datasette import hookimpl
from datasette.app import Datasette
from datasette.database import QueryInterrupted
from datasette.plugins import get_plugins

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
Headers = dict[bytes, bytes]

PAGE = b"max-age=300"
# A file in static/ keeps its name from build to build; Datasette's own and the plugins' change with their packages.
STATIC = {"/static/": b"public, max-age=3600, must-revalidate", "/-/static": b"public, max-age=86400, must-revalidate"}
VARY = b"Accept-Encoding, Cookie, Authorization"
# What ran out of time while the present request is answered; tasks that it starts share the list.
INTERRUPTED: ContextVar[list[str] | None] = ContextVar("interrupted", default=None)


@hookimpl
def startup(datasette: Datasette) -> None:
    """Have each database note a query that ran out of time: Datasette answers 200 without a table's counts."""
    for database in datasette.databases.values():
        database.execute = _noting(database.execute)


def _noting(execute: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def noted(sql: str, *arguments: Any, **options: Any) -> Any:
        """As Database.execute."""
        try:
            return await execute(sql, *arguments, **options)
        except QueryInterrupted:
            if (interrupted := INTERRUPTED.get()) is not None:
                interrupted.append(sql)
            raise

    return noted


# datasette-gzip asks to come last, which is outermost: what stands here sees a page before it is packed.
@hookimpl
def asgi_wrapper(datasette: Datasette) -> Callable[[App], App]:
    """ETag, 304 and Cache-Control for every page and file that is the same for everyone who asks today."""
    build = _Build(datasette)

    def wrap(app: App) -> App:
        """The same application behind the comparison of ETags."""

        async def compared(scope: dict[str, Any], receive: Any, send: Any) -> None:
            """304 where the asker has what would be sent; else the answer, with its ETag where it is a good one."""
            headers: Headers = dict(scope.get("headers") or [])
            if not _is_for_everyone(scope, headers):
                await app(scope, receive, send)
                return
            path = scope["path"]
            etag = _etag(build.fingerprint(), scope, headers)
            if _opaque(etag) in map(_opaque, headers.get(b"if-none-match", b"").split(b",")):
                await _not_modified(send, etag, path)
            else:
                interrupted: list[str] = []
                outer = INTERRUPTED.set(interrupted)
                try:
                    await app(scope, receive, _with_etag(send, etag, path, interrupted))
                finally:
                    INTERRUPTED.reset(outer)

        return compared

    return wrap


class _Build:
    """What a page is made from beside its address; the site's folder is read once, when it is first asked for."""

    def __init__(self, datasette: Datasette) -> None:
        self.datasette = datasette
        self.known: bytes | None = None

    def fingerprint(self) -> bytes:
        """A digest of the databases, the site's folder, the settings, and Datasette with its plugins."""
        if self.known is None:
            self.known = _digest(*self._files(), *self._software())
        return _digest(self.known.hex(), *self._databases())

    def _databases(self) -> list[str]:
        """Each that is served, by its hash, which an immutable one has, or else by when it last changed."""
        served = sorted((name, base) for name, base in self.datasette.databases.items() if base.path)
        return [f"{name} {base.hash or Path(base.path).stat().st_mtime_ns}" for name, base in served]

    def _files(self) -> list[str]:
        """Each file of the site, by its content; downloads, which are made from the rest, by their size."""
        folder = self.datasette.config_dir
        files = sorted(path for path in folder.rglob("*") if path.is_file()) if folder else []
        return [
            f"{path.relative_to(folder)} {_content(path)}"
            for path in files
            if path.suffix != ".db" and "__pycache__" not in path.parts
        ]

    def _software(self) -> list[str]:
        plugins = sorted((plugin["name"], str(plugin.get("version"))) for plugin in get_plugins())
        return [self.datasette._versions()["datasette"]["version"], repr(plugins), json.dumps(self.datasette._settings)]


def _digest(*parts: str) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(hashlib.sha256(part.encode()).digest())
    return digest.digest()


def _content(path: Path) -> str:
    if "downloads" in path.parts:
        return str(path.stat().st_size)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _is_for_everyone(scope: dict[str, Any], headers: Headers) -> bool:
    """Whether an answer may be told from its address: not for free SQL, whose functions may have a clock or a dice."""
    if (
        scope["type"] != "http"
        or scope["method"] not in ("GET", "HEAD")
        or {b"cookie", b"authorization"} & headers.keys()
    ):
        return False
    asked = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    internal = scope["path"].startswith("/-/") and not scope["path"].startswith("/-/static")
    return not internal and not {"sql", "_where", "_trace"} & asked.keys()


def _etag(build: bytes, scope: dict[str, Any], headers: Headers) -> bytes:
    """Of the build, the host, the path and the query; and of the day, but for files, in which it does not stand."""
    day = b"" if _cache_of(scope["path"]) != PAGE else datetime.now(UTC).date().isoformat().encode()
    path = scope.get("raw_path") or scope["path"].encode()
    parts = (build, scope.get("scheme", "").encode(), headers.get(b"host", b""), path, scope["query_string"], day)
    digest = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts))
    return b'W/"' + digest.hexdigest()[:32].encode() + b'"'


def _opaque(etag: bytes) -> bytes:
    """An ETag as it is compared: weak or strong is all one."""
    return etag.strip().removeprefix(b"W/")


def _cache_of(path: str) -> bytes:
    return next((cache for start, cache in STATIC.items() if path.startswith(start)), PAGE)


async def _not_modified(send: Any, etag: bytes, path: str) -> None:
    headers = [(b"etag", etag), (b"cache-control", _cache_of(path)), (b"vary", VARY)]
    await send({"type": "http.response.start", "status": 304, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def _with_etag(
    send: Any, etag: bytes, path: str, interrupted: list[str]
) -> Callable[[dict[str, Any]], Awaitable[None]]:
    async def sending(message: dict[str, Any]) -> None:
        """The answer as it comes; a good one that is nobody's own gets an ETag, and a cache's rules if it has none."""
        if message["type"] == "http.response.start" and message["status"] == 200:
            headers = [(name.lower(), value) for name, value in message["headers"]]
            names = {name for name, _ in headers}
            if interrupted:
                headers = [one for one in headers if one[0] != b"cache-control"] + [(b"cache-control", b"no-store")]
            elif not {b"etag", b"set-cookie"} & names:
                headers.append((b"etag", etag))
                if b"cache-control" not in names:
                    headers.append((b"cache-control", _cache_of(path)))
            message = {**message, "headers": headers}
        await send(message)

    return sending
