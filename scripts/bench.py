"""Benchmark: how long the build and the site take, as ratios of two things timed in one run, and what pages weigh."""

import csv
import html
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from scripts.build import ROOT, build, prepare
from scripts.package import open_package
from scripts.page_types import PAGE_TYPES
from scripts.progress import Progress
from scripts.serving import as_options, get, read_settings, served

RUNS = 5
REQUESTS = 40
PAGES = ("/record/votes", "/record/votes.json?_shape=array", "/record/claims", "/record/votes/A-RES-ES-11-7,USA")

# What a browser fetches to show a page: style sheets, scripts and pictures.
LOADED = re.compile(r'<(?:link rel="stylesheet" href|script src|img src)="([^"]+)"')


def main() -> int:
    """Print one table of ratios and one of pages."""
    table = Table("what", "seconds", "against", "seconds", "ratio")
    for what, first, against, second in [*_build_times(), *_page_times()]:
        table.add_row(what, f"{first:.4f}", against, f"{second:.4f}", f"{first / second:.2f}")
    pages = Table("type of page", "kB of HTML", "kB sent", "with what it loads", "requests", "ms to the first byte")
    for row in page_weights():
        pages.add_row(*row)
    console = Console(width=140)
    console.print(table)
    console.print(pages)
    return 0


def median_seconds(action: Callable[[], object], runs: int = RUNS) -> float:
    """The median duration of an action, in seconds."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _build_times() -> Iterator[tuple[str, float, str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        whole = median_seconds(lambda: _whole_build(Path(folder)), runs=3)
        bare = median_seconds(lambda: _bare_import(Path(folder) / "bare.db"))
    yield (
        "build: read, validate, load, derive, check, assemble",
        whole,
        "a bare import of the CSV files",
        bare,
    )
    unchanged = median_seconds(lambda: _run("-m", "scripts.build", "-q"))
    yield "build, nothing changed", unchanged, "start of Python alone", median_seconds(lambda: _run("-c", "pass"))


def _whole_build(folder: Path) -> None:
    """A build that publishes into a folder of its own, from this project's inputs."""
    progress = Progress(quiet=True)
    package, metadata, rows = prepare(ROOT, None, progress)
    build(folder, f"{time.time_ns():x}", package, metadata, rows, progress)


def _bare_import(path: Path) -> None:
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    for table in open_package(ROOT).tables.values():
        with (ROOT / str(table.path)).open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            columns = next(reader)
            connection.execute(f"create table {table.name} ({', '.join(columns)})")
            marks = ", ".join("?" * len(columns))
            connection.executemany(f"insert into {table.name} values ({marks})", reader)  # noqa: S608
    connection.commit()
    connection.close()


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True)


def _page_times() -> Iterator[tuple[str, float, str, float]]:
    site = (ROOT / "build/site").resolve()
    settings = as_options(read_settings(site))
    with served([str(site)]) as ours, served(["-i", str(site / "record.db"), *settings]) as bare:
        for page in PAGES:
            yield (
                f"{page} of the site",
                _seconds(ours + page),
                "Datasette without our dress",
                _seconds(bare + page),
            )
        faceted = f"{bare}/record/votes?_facet=vote&_facet=roll_call_id"
        yield "/record/votes with two facets", _seconds(faceted), "without", _seconds(f"{bare}/record/votes")


def page_weights() -> Iterator[tuple[str, ...]]:
    """Each type of page: its HTML, what is sent of it, that with all it loads, in how many requests, and how soon."""
    with served([str((ROOT / "build/site").resolve())]) as url, httpx.Client(base_url=url) as client:
        for name, address in PAGE_TYPES.items():
            page = client.get(address)
            parts = [client.get(html.unescape(part)) for part in sorted(set(LOADED.findall(page.text)))]
            whole = sum(answer.num_bytes_downloaded for answer in (page, *parts))
            soon = median_seconds(partial(_first_byte, client, address), runs=RUNS * 3)
            kilobytes = (f"{size / 1000:.1f}" for size in (len(page.content), page.num_bytes_downloaded, whole))
            yield (name, *kilobytes, str(1 + len(parts)), f"{1000 * soon:.1f}")


def _first_byte(client: httpx.Client, address: str) -> None:
    """Ask for a page and leave when its head is there."""
    with client.stream("GET", address):
        pass


def _seconds(url: str) -> float:
    get(url)
    return median_seconds(lambda: get(url), runs=REQUESTS)


if __name__ == "__main__":
    sys.exit(main())
