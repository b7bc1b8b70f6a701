"""Readers and ill-wishers at once, for minutes, before the site as it is shipped: does it hold?

    python -m scripts.soak [--minutes 10] [-n NUMBER] [--site FOLDER]

Serves the last build by NUMBER processes behind nginx with site/nginx.conf, all on this machine. A quiet time comes
first, with honest readers alone; then the same readers beside ten clients of endless SQL, two of the catalogue of
hostile requests, two that filter the archive's biggest tables and fifty that send a letter a second. Prints what was
answered and how fast, and what memory each process took. Exit code 1 where a goal was missed: an error of the server, a
reader refused, pages more than twice as slow as in the quiet times before and after, memory over 300 MB or growing
after the first minute.

How fast is told of the pages that had to be made, since what nginx has in its cache says little.
"""

import argparse
import contextlib
import json
import multiprocessing
import random
import re
import socket
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from scripts.hostile import CLOSED, read_catalogue, send
from scripts.serving import (
    HOST,
    OPTIONS,
    ROOT,
    Process,
    cores,
    ending,
    free_port,
    get,
    lay_out_nginx,
    start_datasette,
    start_nginx,
    wait_for,
)

READERS, ENDLESS, CATALOGUES, FILTERS, SLOW = 8, 10, 2, 2, 50
# Each of them has an address of its own, since nginx and the site count by address.
HONEST_NETWORK, HOSTILE_NETWORK = "127.1.0", "127.2"
PAUSE = 0.25
MEMORY_EACH = 10.0
MOST_RATIO, MOST_MEGABYTES = 2.0, 300
# Memory comes and goes by a few pages; what is lost with every request would be far more in ten minutes.
GROWTH, GROWTH_MEGABYTES = 1.1, 10
COUNTING = "with recursive c(n) as (select {} union all select n + 1 from c) select count(*) from c"
WORDS = ["Syria", "veto", "ES-11/7", "Crimea", "abstained", "tally", "Reuters", "Security Council", "Hungary", "peace"]


@dataclass
class Answers:
    """What some clients were answered: seconds by where a page came from, statuses, and what went wrong."""

    seconds: list[float] = field(default_factory=list)
    made: list[float] = field(default_factory=list)
    statuses: "Counter[str]" = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def note(self, status: int | str, seconds: float, made: bool, address: str) -> None:
        """Keep one answer; an error of the server is wrong whoever asked."""
        self.seconds.append(seconds)
        self.statuses[str(status)] += 1
        if made:
            self.made.append(seconds)
        if isinstance(status, int) and status >= 500:
            self.wrong.append(f"{status} for {address[:200]}")

    def add(self, others: "Answers") -> None:
        """Take in what others were answered."""
        self.seconds += others.seconds
        self.made += others.made
        self.statuses += others.statuses
        self.wrong += others.wrong


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    site = options.site or (root / "build/site").resolve()
    if not site.is_dir():
        print("There is no site yet: run `make build`.", file=sys.stderr)
        return 1
    if not (site / "archive.db").is_file():
        print("This site has no archive: nobody filters tables of a million rows.", flush=True)
    seconds = options.minutes * 60
    with _served(site, options.number) as (port, processes):
        addresses = _honest_addresses(site, port)
        _read(port, addresses, min(10, seconds / 6))
        quiet_seconds = min(60, seconds / 4)
        quiet = _read(port, addresses, quiet_seconds)
        with _watched(processes) as memory, _hostile(port, seconds) as hostile:
            beside = _read(port, addresses, seconds)
            harm = hostile()
        # A machine that others use is not the same before and after.
        quiet.add(_read(port, addresses, quiet_seconds))
        _print_answers("quiet, before and after", quiet, 2 * quiet_seconds)
        _print_answers("beside the hostile", beside, seconds)
        _print_answers("hostile", harm, seconds)
        return _judge(quiet, beside, harm, memory)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="soak", description="Readers and ill-wishers at once, for minutes.")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("-n", "--number", type=int, default=len(cores()) or 1, help="of processes")
    parser.add_argument("--site", type=Path, help="a folder that Datasette serves; without it, the last build")
    return parser


@contextmanager
def _served(site: Path, number: int) -> Iterator[tuple[int, dict[str, Process]]]:
    """The port of nginx, and the processes by name."""
    with ExitStack() as stack:
        ports = [free_port() for _ in range(number)]
        available = cores()
        processes: dict[str, Process] = {}
        for place, port in enumerate(ports, start=1):
            cpu = available[place % len(available)] if available else None
            process = stack.enter_context(ending(start_datasette([str(site), *OPTIONS], port, cpu)))
            wait_for(f"http://{HOST}:{port}/robots.txt", process)
            processes[f"pages {place}"] = process
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        front = free_port()
        lay_out_nginx(folder, site, front, ports)
        log = stack.enter_context((folder / "nginx.log").open("wb"))
        processes["nginx"] = stack.enter_context(ending(start_nginx(folder, log.fileno())))
        wait_for(f"http://{HOST}:{front}/robots.txt", processes["nginx"])
        yield front, processes


def _honest_addresses(site: Path, port: int) -> list[list[str]]:
    """Kinds of pages that readers open, each as often as the others: pages, queries, tables as JSON, and searches."""
    sitemap = get(f"http://{HOST}:{port}/sitemap.xml").decode()
    pages = [urlsplit(address).path for address in re.findall("<loc>(.*?)</loc>", sitemap)]
    told: dict[str, Any] = json.loads((site / "metadata.json").read_text(encoding="utf-8"))["databases"]
    queries = [
        f"/{database}/{name}?{urlencode(query['example'])}"
        for database, about in told.items()
        for name, query in about["queries"].items()
        if query.get("example")
    ]
    tables = [f"/record/{name}.json?_shape=array&_size=20" for name in told["record"]["tables"]]
    searches = [f"/record/search?{urlencode({'q': word})}" for word in WORDS]
    return [pages, pages, pages, queries, tables, searches]


def _read(port: int, addresses: list[list[str]], seconds: float) -> Answers:
    """What honest readers are answered in a time; each opens a page, reads it for a moment, and opens the next."""
    answers, until = Answers(), time.monotonic() + seconds
    threads = [
        threading.Thread(target=_reader, args=(port, number, addresses, until, answers)) for number in range(READERS)
    ]
    _run(threads)
    return answers


def _reader(port: int, number: int, addresses: list[list[str]], until: float, answers: Answers) -> None:
    chosen = random.Random(f"{number} {until}")
    connection = HTTPConnection(HOST, port, timeout=30, source_address=(f"{HONEST_NETWORK}.{number + 1}", 0))
    while time.monotonic() < until:
        address = chosen.choice(chosen.choice(addresses))
        begun = time.perf_counter()
        try:
            connection.request("GET", address, headers={"Accept-Encoding": "gzip"})
            response = connection.getresponse()
            response.read()
        except (OSError, HTTPException) as error:
            connection.close()
            answers.wrong.append(f"{error!r} for {address}")
            continue
        made = response.getheader("X-Cache") in ("MISS", "EXPIRED", None)
        answers.note(response.status, time.perf_counter() - begun, made, address)
        if response.status not in (200, 302):
            answers.wrong.append(f"{response.status} for a reader's {address}")
        time.sleep(PAUSE * 2 * chosen.random())


@contextmanager
def _hostile(port: int, seconds: float) -> Iterator[Callable[[], Answers]]:
    """The hostile, in a process of their own, or they would slow the readers' clock; yields what they are answered."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        yield process.submit(_harm, port, seconds).result


def _harm(port: int, seconds: float) -> Answers:
    """What the hostile are answered in a time."""
    answers, until = Answers(), time.monotonic() + seconds
    kinds = {_endless: ENDLESS, _catalogue: CATALOGUES, _filters: FILTERS}
    threads = [
        threading.Thread(target=harm, args=(port, number, until, answers))
        for harm in kinds
        for number in range(kinds[harm])
    ]
    _run([*threads, threading.Thread(target=_send_slowly, args=(port, until))])
    return answers


def _endless(port: int, number: int, until: float, answers: Answers) -> None:
    """SQL without end in every form, again as soon as it is refused."""
    for turn in count():
        sql = urlencode({"sql": COUNTING.format(turn)})
        path = ["/record.json", "/record", "/record.csv", "/_memory.json"][(turn + number) % 4]
        if not _send(
            f"GET {path}?{sql} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", port, f"1.{number}", until, answers
        ):
            return


def _catalogue(port: int, number: int, until: float, answers: Answers) -> None:
    """The whole catalogue, over and over, each request from another address."""
    while True:
        for place, hostile in enumerate(read_catalogue()):
            if not _send(hostile.request, port, f"{2 + number}.{place + 1}", until, answers):
                return


def _filters(port: int, number: int, until: float, answers: Answers) -> None:
    """Filters that read a million rows, each another."""
    for turn in count():
        path = f"/archive/votes_named.json?title__contains=zq{number}{turn}"
        if not _send(
            f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", port, f"9.{number}", until, answers
        ):
            return


def _send(request: str | bytes, port: int, source: str, until: float, answers: Answers) -> bool:
    """Send one, note the answer, and wait a moment; False once the time is over."""
    if time.monotonic() > until:
        return False
    request = request.encode() if isinstance(request, str) else request
    begun = time.perf_counter()
    try:
        answer = send(request, port, f"{HOSTILE_NETWORK}.{source}")
    except OSError as error:
        answers.wrong.append(f"{error!r} for {request[:200]!r}")
    else:
        answers.note(answer.status, time.perf_counter() - begun, answer.status != CLOSED, repr(request[:200]))
    time.sleep(PAUSE)
    return True


def _send_slowly(port: int, until: float) -> None:
    """Heads of requests that never end, on as many connections as before."""
    connections: list[socket.socket] = []
    while time.monotonic() < until:
        while len(connections) < SLOW:
            connections.append(
                socket.create_connection((HOST, port), 30, source_address=(f"{HOSTILE_NETWORK}.10.1", 0))
            )
            connections[-1].sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        time.sleep(1)
        for connection in connections.copy():
            try:
                connection.sendall(b"X-A: b\r\n")
            except OSError:
                connections.remove(connection)
                connection.close()
    for connection in connections:
        connection.close()


def _run(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


Memory = dict[str, list[tuple[float, float]]]


@contextmanager
def _watched(processes: dict[str, Process]) -> Iterator[Memory]:
    """Megabytes of each process, of the biggest that it has started and of all together, every ten seconds, by name."""
    memory: Memory = defaultdict(list)
    over, begun = threading.Event(), time.monotonic()

    def watch() -> None:
        """Measure until the block is over."""
        while not over.wait(MEMORY_EACH):
            for name, process in processes.items():
                now = time.monotonic() - begun
                own = _megabytes(process.pid)
                memory[name].append((now, own))
                children = _children(process.pid)
                if children:
                    memory[f"{name}, its biggest"].append((now, max(map(_megabytes, children))))
                    together = sum(_share_of_megabytes(pid) for pid in (process.pid, *children))
                    memory[f"{name}, with all it has started"].append((now, together))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield memory
    finally:
        over.set()
        watching.join()


def _megabytes(pid: int) -> float:
    """Resident memory of a process, on Linux; of one that has ended, nothing."""
    with contextlib.suppress(OSError):
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))
        return int(found[1]) / 1024 if found else 0.0
    return 0.0


def _share_of_megabytes(pid: int) -> float:
    """Resident memory of a process, on Linux, where what several share is divided among them."""
    with contextlib.suppress(OSError):
        found = re.search(r"Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8"))
        return int(found[1]) / 1024 if found else 0.0
    return 0.0


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        listed = [path.read_text(encoding="utf-8") for path in Path(f"/proc/{pid}/task").glob("*/children")]
        return [int(child) for text in listed for child in text.split()]
    return []


def _quantile(seconds: list[float], share: float) -> float:
    """Milliseconds that a share of answers did not exceed."""
    ordered = sorted(seconds)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _print_answers(name: str, answers: Answers, seconds: float) -> None:
    statuses = ", ".join(f"{status} {number:,}" for status, number in sorted(answers.statuses.items()))
    print(f"{name}: {len(answers.seconds) / seconds:.1f} requests a second; {statuses}")
    for what, some in {"all": answers.seconds, "made, not cached": answers.made}.items():
        times = ", ".join(f"p{share * 100:.0f} {_quantile(some, share):.0f} ms" for share in (0.5, 0.95, 0.99))
        print(f"    {what}: {len(some):,}; {times}", flush=True)


def _judge(quiet: Answers, beside: Answers, harm: Answers, memory: Memory) -> int:
    """Print ratios and memory, and every goal that was missed; returns the exit code."""
    missed = [*quiet.wrong[:10], *beside.wrong[:10], *harm.wrong[:10]]
    for share in (0.5, 0.95):
        ratio = _quantile(beside.made, share) / (_quantile(quiet.made, share) or 1)
        print(f"pages made beside the hostile took {ratio:.2f} times as long as in the quiet (p{share * 100:.0f})")
        if ratio > MOST_RATIO:
            missed.append(f"p{share * 100:.0f} of pages is {ratio:.2f} times that of the quiet time")
    for name, measured in sorted(memory.items()):
        first = max((size for when, size in measured if when <= 60 + MEMORY_EACH), default=0.0)
        later = [size for when, size in measured if when > 60 + MEMORY_EACH]
        most, last = max(size for _, size in measured), measured[-1][1]
        print(
            f"memory of {name}: {first:.0f} MB at most in the first minute, {most:.0f} MB at most, {last:.0f} MB last"
        )
        if most > MOST_MEGABYTES:
            missed.append(f"{name} took {most:.0f} MB")
        # The last minute and not the most: what was asked for at one moment may be big.
        settled = min(later[-6:], default=0.0)
        if settled > first * GROWTH and settled > first + GROWTH_MEGABYTES:
            missed.append(f"{name} grew from {first:.0f} MB to {settled:.0f} MB")
    print("\n".join(f"missed: {goal}" for goal in missed) or "every goal was met", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
