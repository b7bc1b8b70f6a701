"""Serving: Datasette processes and an nginx of one's own on the loopback address, for readers, tests and benchmarks."""

import getpass
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
OPTIONS = ("--cors", "--crossdb")
Process = subprocess.Popen[bytes]
# A process that fails three times in five seconds is left alone for five.
REPLICA = f"server {HOST}:{{port}} max_fails=3 fail_timeout=5s;\n"


def free_port() -> int:
    """A port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def check_free(port: int) -> None:
    """OSError where something listens on a port of the loopback address already."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((HOST, port)) == 0:
            raise OSError(f"port {port} is taken")


def start_datasette(arguments: Sequence[str], port: int, cpu: int | None = None, log: int | None = None) -> Process:
    """Start `datasette serve` on a port of the loopback address, on one core where `cpu` names it.

    On one core a process answers up to twice as much as on two, between which its threads hand each other the lock of
    the interpreter. `log` is a file descriptor; without it the process says nothing.
    """
    command = [sys.executable, "-m", "datasette", "serve", *arguments, "--host", HOST, "--port", str(port)]
    output = subprocess.DEVNULL if log is None else log
    process = subprocess.Popen(command, stdout=output, stderr=output)
    if cpu is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(process.pid, {cpu})
    return process


def cores() -> list[int]:
    """The cores that this process may use, for `start_datasette`; of a system that pins nothing, none."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def lay_out_nginx(folder: Path, site: Path, port: int, replicas: Sequence[int], conf: Path | None = None) -> None:
    """Write into a folder what nginx runs with: the shipped configuration, the place, and the ports of the replicas."""
    shutil.copy2(conf or ROOT / "site/nginx.conf", folder / "nginx.conf")
    (folder / "place.conf").write_text(f'listen {HOST}:{port};\nroot "{site}";\n', encoding="utf-8")
    lines = "".join(REPLICA.format(port=replica) for replica in replicas)
    (folder / "replicas.conf").write_text(lines, encoding="utf-8")


def nginx_command(folder: Path, *more: str) -> list[str]:
    """The command that runs nginx in a folder laid out for it; FileNotFoundError where there is no nginx."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/local/sbin:/usr/sbin")
    if program is None:
        raise FileNotFoundError("nginx is not on the PATH. Debian has it as nginx-light.")
    # Started by root, nginx would else work as a user who may not read the site.
    user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
    return [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-g", f"daemon off; {user}", *more]


def start_nginx(folder: Path, log: int | None = None) -> Process:
    """Start nginx in a folder laid out for it, where it looks for its socket."""
    return subprocess.Popen(nginx_command(folder), cwd=folder, stderr=log)


@contextmanager
def ending(process: Process, seconds: float = 20) -> Iterator[Process]:
    """Have a process end with the block, by force if it takes too long."""
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def served(arguments: Sequence[str], cpu: int | None = None) -> Iterator[str]:
    """A Datasette on a free port of the loopback address; yields its address."""
    port = free_port()
    with ending(start_datasette(arguments, port, cpu)) as process:
        wait_for(f"http://{HOST}:{port}/-/versions.json", process)
        yield f"http://{HOST}:{port}"


def wait_for(url: str, process: Process | None = None, seconds: float = 30) -> None:
    """Wait until an address answers, whatever it says; OSError where it does not, or where its process has ended."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            get(url)
            return
        except urllib.error.HTTPError as error:
            error.close()
            return
        except OSError:
            if time.monotonic() > deadline or (process and process.poll() is not None):
                raise
            time.sleep(0.1)


def get(url: str) -> bytes:
    """What is at an address."""
    with urllib.request.urlopen(url) as response:
        return bytes(response.read())


def read_settings(site: Path) -> dict[str, object]:
    """The settings that a site is served with."""
    settings: dict[str, object] = json.loads((site / "settings.json").read_text(encoding="utf-8"))
    return settings


def as_options(settings: dict[str, object]) -> list[str]:
    """Settings of a site as options of the command line."""
    return [part for name, value in settings.items() for part in _setting(name, value)]


def _setting(name: str, value: object) -> list[str]:
    return ["--setting", name, str(value).lower() if isinstance(value, bool) else str(value)]
