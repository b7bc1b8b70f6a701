"""Timing: of functions, of commands in a process of their own, and of two sides in turns."""

import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

TIMED = Path(__file__).with_name("timed.py")


@dataclass(frozen=True)
class Run:
    """What a command took: seconds, the most memory in bytes, and what it printed."""

    seconds: float
    peak: int
    printed: str


class CommandError(Exception):
    """A command that failed; says how."""


def run_command(command: Sequence[str | Path], cwd: Path) -> Run:
    """Run a command in a folder; CommandError if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        taken = Path(folder) / "taken.json"
        timed = [sys.executable, str(TIMED), str(taken), *map(str, command)]
        done = subprocess.run(timed, cwd=cwd, capture_output=True, text=True)
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip() or "nothing said").splitlines()[-1]
            raise CommandError(f"{Path(command[0]).name} ended with {done.returncode}: {last.replace(str(cwd), '')}")
        return Run(**json.loads(taken.read_text(encoding="utf-8")), printed=done.stdout)


def median_seconds(action: Callable[[], object], runs: int) -> float:
    """The median duration of an action, in seconds."""
    return statistics.median(_seconds(action) for _ in range(runs))


def medians_in_turns(first: Callable[[], object], second: Callable[[], object], runs: int) -> tuple[float, float]:
    """The median seconds of two actions that are run in turns, so that what else the machine does meets both."""
    pairs = [(_seconds(first), _seconds(second)) for _ in range(runs)]
    ours, theirs = zip(*pairs, strict=True)
    return statistics.median(ours), statistics.median(theirs)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
