"""The machine and the versions that figures hold for; nothing that names the machine."""

import os
import platform
import re
import shutil
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path

import duckdb

from scripts.build import ROOT

REPORT = "docs/benchmarks.md"


def machine() -> list[tuple[str, str]]:
    """What it is and its value."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return [
        ("processor", _processor()),
        ("cores", str(cores)),
        ("memory", f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"),
        ("kernel", f"{platform.system()} {platform.release()}"),
        ("Python", platform.python_version()),
        ("SQLite", f"{sqlite3.sqlite_version} in Python, {_sqlite_program()}"),
        ("DuckDB", duckdb.__version__),
        ("Datasette", version("datasette")),
        ("commit", commit()),
    ]


def commit() -> str:
    """The short name of the commit, and whether files differ from it; the report itself does not count."""
    name = _said("git", "rev-parse", "--short", "HEAD")
    changed = _said("git", "status", "--porcelain", "--untracked-files=no", "--", ".", f":!{REPORT}")
    return f"{name}, with changes" if name and changed else name or "none"


def _processor() -> str:
    """The model, as Linux tells it; else what Python knows."""
    told = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", told.read_text(encoding="utf-8")) if told.exists() else None
    return found[1] if found else platform.processor() or platform.machine()


def _sqlite_program() -> str:
    return (
        f"{_said('sqlite3', '--version').split()[0]} on the command line"
        if shutil.which("sqlite3")
        else "no command line"
    )


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
