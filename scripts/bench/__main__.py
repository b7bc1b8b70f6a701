"""The command line of the benchmark, and the list of what it measures."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from scripts.bench import answers, archive_build, growth, pages, readers, record_build
from scripts.bench.lab import Lab, laboratory
from scripts.bench.machine import REPORT, machine
from scripts.bench.report import markdown, print_report
from scripts.bench.result import Row, Section
from scripts.build import ROOT

BULK = ROOT.parent / "shared/bulk"
GROUPS: dict[str, Callable[[Lab], Section]] = {
    "archive": archive_build.measure,
    "queries": answers.measure,
    "facets": pages.measure_facets,
    "readers": readers.measure,
    "growth": growth.measure,
    "record": record_build.measure,
    "pages": pages.measure_record,
    "weights": pages.measure_weights,
}


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and after a whole run write docs/benchmarks.md; returns the exit code."""
    options = _parser().parse_args(arguments)
    with laboratory(options.bulk, quick=options.quick) as lab:
        sections = [_measured(lab, name) for name in ([options.only] if options.only else GROUPS)]
        files = _files(lab)
    print_report(sections, machine(), files)
    if not (options.quick or options.only):
        (ROOT / REPORT).write_text(markdown(sections, machine(), files), encoding="utf-8")
    return 0


def _measured(lab: Lab, name: str) -> Section:
    """What a group found, or why it could not: one that fails leaves the others to be measured."""
    print(f"measuring: {name}", file=sys.stderr)
    try:
        return GROUPS[name](lab)
    # Whatever goes wrong in one group, the others are measured, and the table says what it was.
    except Exception as error:
        return Section(f"Group {name}", "Not measured.", [Row(f"group {name}", None, reason=str(error))])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench", description="Time the builds, the queries and the site, as ratios.")
    parser.add_argument(
        "--quick", action="store_true", help=f"a hundredth of the files, each thing once; {REPORT} stays"
    )
    parser.add_argument("--only", choices=GROUPS, help=f"measure one group; {REPORT} stays")
    parser.add_argument(
        "--bulk", type=Path, default=BULK, metavar="FOLDER", help="where ga_voting.csv.gz and sc_voting.csv.gz are"
    )
    return parser


def _files(lab: Lab) -> str:
    """What files were measured on, in words."""
    kind = (
        "files made up in the layout of the UN Digital Library"
        if lab.files.made_up
        else "the UN Digital Library's voting records"
    )
    return f"{kind}: {lab.files.rows:,} votes, {lab.files.size / 1e6:,.0f} MB of CSV"


if __name__ == "__main__":
    sys.exit(main())
