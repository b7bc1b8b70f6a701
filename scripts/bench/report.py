"""Report: the tables on the terminal, and docs/benchmarks.md."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from scripts.bench.result import HEADER, Section

WIDTH = 160


def print_report(sections: list[Section], machine: list[tuple[str, str]], files: str) -> None:
    """Print all rows in one table, then the listings, what was found, and the machine."""
    console = Console(width=WIDTH, highlight=False)
    console.print(_table("Benchmark", HEADER, (row.cells() for section in sections for row in section.rows)))
    for section in sections:
        for listing in section.listings:
            console.print(_table(listing.title, listing.header, listing.rows))
        for finding in section.findings:
            console.print(f"{section.title}: {finding}")
    console.print(f"Measured on {files}.")
    console.print(_table("Machine", ("what", "is"), machine))


def _table(title: str, header: Iterable[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(*header, title=title)
    for row in rows:
        table.add_row(*row)
    return table


def markdown(sections: list[Section], machine: list[tuple[str, str]], files: str) -> str:
    """The report as a document."""
    parts = [
        "# Benchmarks",
        f"`make bench` measures this and writes this file. Both sides of a ratio were measured in one run, on {files}.",
        "A ratio is the first figure divided by the second. What has nothing to stand against is held to its goal as "
        "it is. What could not be measured says why.",
        "## Machine",
        _markdown_table(("what", "is"), machine),
        "## All ratios",
        _markdown_table(HEADER, [row.cells() for section in sections for row in section.rows]),
    ]
    for section in sections:
        parts += [f"## {section.title}", section.meaning]
        if section.rows:
            parts.append(_markdown_table(HEADER, [row.cells() for row in section.rows]))
        for listing in section.listings:
            parts += [f"{listing.title}:", _markdown_table(listing.header, listing.rows)]
        parts += section.findings
    return "\n\n".join(parts) + "\n"


def _markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
