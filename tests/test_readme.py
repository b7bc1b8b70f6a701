"""The README's examples: each query gives the answer printed under it."""

import re
import shlex
import sqlite3
from datetime import date
from pathlib import Path

import pytest

from scripts import correct
from scripts.build import ROOT

EXAMPLE = re.compile(r"```sql\n(?P<sql>[^`]+)```\n\n(?P<table>(?:\|.*\n)+)")
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = [(match["sql"], match["table"]) for match in EXAMPLE.finditer(README)]


def test_there_are_eight_examples():
    assert len(EXAMPLES) == 8


@pytest.mark.parametrize(("sql", "table"), EXAMPLES)
def test_example_gives_the_answer_printed_under_it(sql: str, table: str, database: Path):
    cursor = sqlite3.connect(f"file:{database}?mode=ro", uri=True).execute(sql)
    header = [column[0] for column in cursor.description]
    found = [header, *([str(value) for value in row] for row in cursor)]
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    assert found == [lines[0], *lines[2:]]


def test_the_correction_that_the_readme_shows_would_be_taken(project: Path, monkeypatch: pytest.MonkeyPatch):
    [command] = re.findall(r"-m scripts\.correct (--set(?:.*\\\n)*.*--dry-run)", README)
    monkeypatch.setattr(correct, "today", lambda: date(2026, 12, 5))
    assert correct.main(shlex.split(command.replace("\\\n", "")), root=project) == 0


def test_paths_that_the_readme_links_exist():
    for path in re.findall(r"\]\((?!https?://)([^)]+)\)", README):
        assert (ROOT / path).exists(), path


def test_every_make_target_that_the_readme_names_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"`?make ([a-z]+)", README)) <= targets
