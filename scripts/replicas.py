"""Serve the site by several processes behind one nginx, all on this machine, until they are stopped.

    python -m scripts.replicas [-n NUMBER] [--port PORT]

Readers come to PORT; the processes take the ports after it. Each has a core of its own as long as there are any. One
that ends is started anew. Exit code 0 when stopped by Ctrl-C or SIGTERM, 1 where nginx or the site is missing or a port
is taken.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from scripts.serving import (
    HOST,
    OPTIONS,
    ROOT,
    Process,
    check_free,
    cores,
    ending,
    lay_out_nginx,
    nginx_command,
    start_datasette,
    start_nginx,
    wait_for,
)

LOG = 2  # standard error


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command line; returns the exit code."""
    options = _parser().parse_args(arguments)
    # The folder itself: a build that is made meanwhile moves the link.
    site = (root / "build/site").resolve()
    ports = [options.port + number for number in range(1, options.number + 1)]
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if not site.is_dir():
            raise FileNotFoundError("There is no site yet: run `make build`.")
        nginx_command(site)
        for port in (options.port, *ports):
            check_free(port)
        with _replicas(site, ports) as replicas, _nginx(site, options.port, ports) as nginx:
            print(f"http://{HOST}:{options.port} is served by {options.number} processes", flush=True)
            while nginx.poll() is None:
                _start_ended(site, replicas)
                time.sleep(0.5)
        raise OSError(f"nginx ended with exit code {nginx.returncode}")
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="replicas", description="Serve the site by several processes behind nginx.")
    parser.add_argument("-n", "--number", type=int, default=len(cores()) or os.cpu_count() or 1, help="of processes")
    parser.add_argument("--port", type=int, default=8001, help="where readers come in; the next ones are taken too")
    return parser


@contextmanager
def _replicas(site: Path, ports: list[int]) -> Iterator[dict[int, Process]]:
    """The processes by their ports, once they answer; they end with the block, all at once."""
    replicas: dict[int, Process] = {}
    try:
        for port in ports:
            replicas[port] = _start(site, port, ports[0])
        for port, process in replicas.items():
            wait_for(f"http://{HOST}:{port}/robots.txt", process)
        yield replicas
    finally:
        with ExitStack() as stack:
            for process in replicas.values():
                process.terminate()
                stack.enter_context(ending(process))


def _start(site: Path, port: int, first: int) -> Process:
    available = cores()
    cpu = available[(port - first) % len(available)] if available else None
    return start_datasette([str(site), *OPTIONS], port, cpu, LOG)


def _start_ended(site: Path, replicas: dict[int, Process]) -> None:
    for port, process in replicas.items():
        if process.poll() is not None:
            print(f"the process on port {port} ended with exit code {process.returncode}; starting it anew", flush=True)
            replicas[port] = _start(site, port, min(replicas))


@contextmanager
def _nginx(site: Path, port: int, replicas: list[int]) -> Iterator[Process]:
    """An nginx with an empty cache; it ends, and lets go of its folder, before the processes behind it do."""
    with tempfile.TemporaryDirectory(prefix="nginx-") as name:
        folder = Path(name)
        lay_out_nginx(folder, site, port, replicas)
        with ending(start_nginx(folder, LOG)) as process:
            wait_for(f"http://{HOST}:{port}/robots.txt", process)
            yield process


if __name__ == "__main__":
    sys.exit(main())
