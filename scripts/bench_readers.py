"""Benchmark for readers: requests a second through the shipped nginx and straight from Datasette, each against a peer.

Both sides of a row are loaded in turns, for seconds at a time, from the loopback address; a row has the medians. The
client is wrk where it is found. The client in its place, written in Python, is slower than nginx: its ratios are blind
above some hundred requests a second, which is said.
"""

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx

from scripts.serving import (
    HOST,
    OPTIONS,
    ROOT,
    as_options,
    cores,
    ending,
    free_port,
    lay_out_nginx,
    read_settings,
    served,
    start_nginx,
    wait_for,
)

ROUNDS = 7
SECONDS = 3
CONNECTIONS = 8
PAGE = "/record/votes"
STRAIGHT = {
    "table page": PAGE,
    "table as JSON": "/record/votes.json?_shape=array",
    "page of a row": "/record/votes/A-RES-ES-11-7,USA",
}
PACKINGS = {"packed": "gzip", "not packed": "identity"}
# The peer of the cache: nginx and a file, with the settings that nginx needs to be as fast as it can.
STATIC = """worker_processes auto;
pid nginx.pid;
error_log stderr;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=4096 inactive=60s;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        include place.conf;
        {headers}
    }}
}}
"""
# What nginx says of a file by itself, and what changes from one answer to the next.
OWN_HEADERS = {"server", "date", "content-length", "connection", "etag", "transfer-encoding"}

Row = tuple[str, float, str, float, str]


def main() -> int:
    """Print each row with its ratio."""
    for what, first, against, second, unit in reader_rows():
        print(f"{what}: {first:,.3f} {unit}; {against}: {second:,.3f} {unit}; {first / second:.2f} x", flush=True)
    return 0


def reader_rows() -> Iterator[Row]:
    """What was measured, its figure, its peer, the peer's figure, and the unit of both.

    Needs a site in build/site, and nginx, without which FileNotFoundError is raised.
    """
    site = (ROOT / "build/site").resolve()
    yield from _cached(site)
    yield from _straight(site)
    yield _unchanged()


def _cached(site: Path) -> Iterator[Row]:
    """A page from nginx's cache against a file of the same size, with the same headers."""
    with tempfile.TemporaryDirectory() as name, served([str(site), *OPTIONS]) as datasette:
        folder = Path(name)
        for packing, said in PACKINGS.items():
            headers = {"accept-encoding": said}
            port = int(datasette.rpartition(":")[2])
            with _shipped(site, folder / f"shipped {packing}", port) as ours:
                httpx.get(ours + PAGE, headers=headers)
                with httpx.stream("GET", ours + PAGE, headers=headers) as again:
                    content = b"".join(again.iter_raw())
                assert again.headers["x-cache"] == "HIT"
                with _static(folder / f"file {packing}", content, again.headers) as peer:
                    first, second = in_turns(
                        partial(requests_a_second, ours + PAGE, headers), partial(requests_a_second, peer, headers)
                    )
            size = f"{len(content) / 1000:.1f} kB"
            yield f"page from the cache of nginx, {packing}", first, f"nginx and a file of {size}", second, "requests/s"


@contextmanager
def _shipped(site: Path, folder: Path, replica: int) -> Iterator[str]:
    """The shipped nginx; yields its address."""
    folder.mkdir()
    port = free_port()
    lay_out_nginx(folder, site, port, [replica])
    with ending(start_nginx(folder, subprocess.DEVNULL)) as process:
        wait_for(f"http://{HOST}:{port}/robots.txt", process)
        yield f"http://{HOST}:{port}"


@contextmanager
def _static(folder: Path, content: bytes, headers: httpx.Headers) -> Iterator[str]:
    """An nginx that has nothing but a file; yields the file's address."""
    files = folder / "files"
    files.mkdir(parents=True)
    (files / "page").write_bytes(content)
    media_type = f"default_type '{headers['content-type']}';"
    sent = [f"add_header {name} '{value}';" for name, value in headers.items() if name not in OWN_HEADERS]
    conf = folder / "static.conf"
    added = " ".join([media_type, *(line for line in sent if not line.startswith("add_header content-type"))])
    conf.write_text(STATIC.format(headers=added), encoding="utf-8")
    port = free_port()
    lay_out_nginx(folder, files, port, [], conf)
    with ending(start_nginx(folder, subprocess.DEVNULL)) as process:
        wait_for(f"http://{HOST}:{port}/page", process)
        yield f"http://{HOST}:{port}/page"


def _straight(site: Path) -> Iterator[Row]:
    """Pages that Datasette makes anew each time, with and without what is ours, each process on one core."""
    settings = as_options(read_settings(site))
    core = cores()[0] if cores() else None
    bare = ["-i", str(site / "record.db"), *settings, *OPTIONS]
    headers = {"accept-encoding": "gzip"}
    with served([str(site), *OPTIONS], core) as ours, served(bare, core) as peer:
        for what, address in STRAIGHT.items():
            first, second = in_turns(
                partial(requests_a_second, ours + address, headers), partial(requests_a_second, peer + address, headers)
            )
            yield f"{what} from Datasette", first, "Datasette without what is ours", second, "requests/s"


def _unchanged() -> Row:
    """What `make build` runs when nothing has changed, against what `make serve` starts with."""
    first, second = in_turns(
        partial(_seconds, "-m", "scripts.build", "-q", "--texts", "../shared/seeds"),
        partial(_seconds, "-m", "datasette", "--version"),
    )
    return "make build, nothing changed", first, "start of Python and Datasette", second, "seconds"


def _seconds(*arguments: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def in_turns(first: Callable[[], float], second: Callable[[], float], rounds: int = ROUNDS) -> tuple[float, float]:
    """The medians of two measurements that are made in turns, so that what else the machine does meets both."""
    pairs = [(first(), second()) for _ in range(rounds)]
    ours, theirs = zip(*pairs, strict=True)
    return statistics.median(ours), statistics.median(theirs)


def requests_a_second(url: str, headers: dict[str, str], seconds: int = SECONDS) -> float:
    """How many answers a second an address gives to a few clients that ask again at once; ValueError if one is not 2xx.

    For as long as `seconds`, on the loopback address only.
    """
    if not url.startswith(f"http://{HOST}:"):
        raise ValueError(f"{url} is not on this machine")
    if shutil.which("wrk") is None:
        warnings.warn("wrk is not on the PATH: a client in Python is too slow to tell what nginx can do", stacklevel=2)
        return _with_threads(url, headers, seconds)
    said = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "60s", *said, url]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in told or "Socket errors" in told:
        raise ValueError(f"{url} failed under load:\n{told}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", told)
    if not found:
        raise ValueError(f"wrk says nothing of requests a second:\n{told}")
    return float(found[1])


def _with_threads(url: str, headers: dict[str, str], seconds: int) -> float:
    """The same by one thread a connection."""
    deadline = time.perf_counter() + seconds

    def ask(_: int) -> int:
        """How many answers one connection gets until the deadline."""
        count = 0
        with httpx.Client(headers=headers) as client:
            while time.perf_counter() < deadline:
                if not client.get(url).is_success:
                    raise ValueError(f"{url} failed under load")
                count += 1
        return count

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return sum(pool.map(ask, range(CONNECTIONS))) / seconds


if __name__ == "__main__":
    sys.exit(main())
