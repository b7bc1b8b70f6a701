"""What readers by the thousand meet, with goals: nginx's cache, Datasette alone, and a build with nothing to do."""

from scripts.bench.lab import Lab
from scripts.bench.result import Goal, Row, Section
from scripts.bench_readers import reader_rows
from scripts.build import ROOT

MEANING = (
    "Requests a second that a page gets through nginx with the shipped configuration, and straight from Datasette, "
    "each beside a peer, in turns; and what `make build` takes when nothing has changed. Of requests a second more is "
    "better, of seconds less."
)
GOALS = {"requests/s": Goal(0.8, at_least=True), "seconds": Goal(1.2)}
UNMEASURED = "readers: nginx, Datasette alone, unchanged build"


def measure(lab: Lab) -> Section:
    """The rows of scripts/bench_readers.py, which measures the site in build/site; or why there are none."""
    return Section("Readers", MEANING, _rows(lab))


def _rows(lab: Lab) -> list[Row]:
    if lab.quick:
        return [Row(UNMEASURED, None, reason="left out by --quick")]
    if not (ROOT / "build/site").exists():
        return [Row(UNMEASURED, None, reason="there is no site: make build")]
    rows = []
    try:
        for what, first, against, second, unit in reader_rows():
            rows.append(Row(what, first, against, second, unit, GOALS[unit]))
    except (OSError, ValueError) as error:
        rows.append(Row(UNMEASURED, None, reason=str(error)))
    return rows
