"""The ledger's laws, on the shipped tables with an empty ledger to which lines are added."""

from collections.abc import Callable
from pathlib import Path

import pytest

CORRECTION = "2026-11-22-01,2026-11-22,{table},{key},{column},{old},{new},A reason.,undl-4076672,"
REDIRECT = "{table},{old},{new},A reason.,"


def add(project: Path, name: str, *lines: str) -> None:
    file = project / f"data/ledger/{name}.csv"
    header = file.read_text(encoding="utf-8").partition("\n")[0]
    file.write_text("".join(f"{line}\n" for line in (header, *lines)), encoding="utf-8")


def test_a_correction_that_the_table_shows_is_accepted(project: Path, build: Callable):
    vote = {"table": "votes", "key": '"A-RES-ES-11-7,SYR"', "column": "vote", "old": "no", "new": "abstain"}
    add(project, "corrections", CORRECTION.format(**vote))
    assert build(project, "--validate") == (0, "")


def test_a_cell_corrected_twice_ends_with_the_last_value(project: Path, build: Callable):
    vote = {"table": "votes", "key": '"A-RES-ES-11-7,SYR"', "column": "vote"}
    first = CORRECTION.format(**vote, old="no", new="yes")
    second = CORRECTION.format(**vote, old="yes", new="abstain").replace("2026-11-22-01", "2026-11-22-02")
    add(project, "corrections", first, second)
    assert build(project, "--validate") == (0, "")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"table": "ballots"}, "row 2, field table_name: ballots is not a table"),
        ({"key": "USA"}, "row 2, field row_key: votes has no row USA"),
        ({"column": "answer"}, "row 2, field column_name: votes has no column answer"),
        ({"new": "yes"}, "row 2, field new_value: is not what votes A-RES-ES-11-7,SYR has in vote"),
    ],
)
def test_a_correction_that_the_table_does_not_show_is_refused(
    project: Path, build: Callable, changed: dict[str, str], message: str
):
    vote = {"table": "votes", "key": '"A-RES-ES-11-7,SYR"', "column": "vote", "old": "no", "new": "abstain"}
    add(project, "corrections", CORRECTION.format(**{**vote, **changed}))
    code, said = build(project, "--validate")
    assert code == 1
    assert f"data/ledger/corrections.csv, {message}" in said


@pytest.mark.parametrize(
    ("redirect", "message"),
    [
        ({"table": "ballots", "old": "a", "new": "b"}, "field table_name: ballots is not a table"),
        ({"table": "outlets", "old": "cnn", "new": "reuters"}, "field old_key: outlets still has a row cnn"),
        ({"table": "outlets", "old": "kabel", "new": "wire"}, "field new_key: outlets has no row wire"),
    ],
)
def test_a_redirect_that_leads_nowhere_is_refused(
    project: Path, build: Callable, redirect: dict[str, str], message: str
):
    add(project, "redirects", REDIRECT.format(**redirect))
    code, said = build(project, "--validate")
    assert code == 1
    assert f"data/ledger/redirects.csv, row 2, {message}" in said


def test_a_redirect_from_a_retired_key_is_accepted(project: Path, build: Callable):
    add(project, "redirects", REDIRECT.format(table="outlets", old="cable-news-network", new="cnn"))
    assert build(project, "--validate") == (0, "")
