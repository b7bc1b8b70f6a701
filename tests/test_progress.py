"""Progress: on a terminal a bar tells rows, rows a second and the time left; elsewhere nothing is said."""

import io
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from scripts.problems import exit_code
from scripts.progress import MANY, Progress

BATCH = MANY // 10


def watched(*, terminal: bool) -> tuple[Progress, io.StringIO]:
    progress, shown = Progress(quiet=False), io.StringIO()
    progress._console = Console(file=shown, force_terminal=terminal, width=100)
    return progress, shown


def batches(rows: int) -> Iterator[range]:
    for start in range(0, rows, BATCH):
        yield range(start, start + BATCH)


@pytest.mark.parametrize("terminal", [True, False])
def test_every_batch_is_handed_on(terminal: bool):
    progress, _ = watched(terminal=terminal)
    assert [row for batch in progress.counting("votes", MANY, batches(MANY)) for row in batch] == list(range(MANY))


def test_a_terminal_is_shown_rows_speed_and_time_left():
    progress, shown = watched(terminal=True)
    for _ in progress.counting("votes", MANY, batches(MANY)):
        time.sleep(0.05)
    assert "votes" in shown.getvalue()
    assert f"/{MANY}" in shown.getvalue()
    assert "rows/s" in shown.getvalue()
    assert "0:00:0" in shown.getvalue()


def test_work_that_tells_its_share_is_shown_in_rows():
    progress, shown = watched(terminal=True)
    with progress.watching("ga.csv", MANY, lambda: 25.0):
        time.sleep(0.5)
    assert f"{MANY // 4}/{MANY}" in shown.getvalue()


@pytest.mark.parametrize(("terminal", "rows"), [(False, MANY), (True, MANY - 1)])
def test_nothing_is_shown_to_a_file_or_for_a_few_rows(terminal: bool, rows: int):
    progress, shown = watched(terminal=terminal)
    list(progress.counting("votes", rows, batches(rows)))
    with progress.watching("votes", rows, lambda: 50.0):
        pass
    assert shown.getvalue() == ""


def test_a_build_that_is_told_to_end_ends_as_if_interrupted(capsys: pytest.CaptureFixture[str]):
    before = signal.getsignal(signal.SIGTERM)
    cleaned = []

    def build() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        finally:
            cleaned.append(True)

    try:
        assert exit_code(build, Path.cwd()) == 130
    finally:
        signal.signal(signal.SIGTERM, before)
    assert cleaned == [True]
    assert capsys.readouterr().err == "interrupted; nothing was built\n"
