"""The ledger's laws, on the shipped tables to whose ledger lines are added."""

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import add_row, remove_row

from scripts.ledger import next_version

CORRECTION = "2027-11-22-01,2027-11-22,{table},{key},{column},{old},{new},A reason.,undl-4076672,"
REDIRECT = "{table},{old},{new},A reason.,"


def add(project: Path, name: str, *lines: str) -> int:
    """Put lines at the end of a file; returns the number of the last."""
    return max(add_row(project / f"data/ledger/{name}.csv", line) for line in lines)


def test_a_correction_that_the_table_shows_is_accepted(project: Path, build: Callable):
    vote = {"table": "votes", "key": '"A-RES-ES-11-7,SYR"', "column": "vote", "old": "no", "new": "abstain"}
    add(project, "corrections", CORRECTION.format(**vote))
    assert build(project, "--validate") == (0, "")


def test_a_cell_corrected_twice_ends_with_the_last_value(project: Path, build: Callable):
    vote = {"table": "votes", "key": '"A-RES-ES-11-7,SYR"', "column": "vote"}
    first = CORRECTION.format(**vote, old="no", new="yes")
    second = CORRECTION.format(**vote, old="yes", new="abstain").replace("2027-11-22-01", "2027-11-22-02")
    add(project, "corrections", first, second)
    assert build(project, "--validate") == (0, "")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"table": "ballots"}, "field table_name: ballots is not a table"),
        ({"key": "USA"}, "field row_key: votes has no row USA"),
        ({"column": "answer"}, "field column_name: votes has no column answer"),
        ({"new": "yes"}, "field new_value: is not what votes A-RES-ES-11-7,SYR has in vote"),
    ],
)
def test_a_correction_that_the_table_does_not_show_is_refused(
    project: Path, build: Callable, changed: dict[str, str], message: str
):
    vote = {"table": "votes", "key": '"A-RES-ES-11-7,SYR"', "column": "vote", "old": "no", "new": "abstain"}
    row = add(project, "corrections", CORRECTION.format(**{**vote, **changed}))
    code, said = build(project, "--validate")
    assert code == 1
    assert f"data/ledger/corrections.csv, row {row}, {message}" in said


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
    row = add(project, "redirects", REDIRECT.format(**redirect))
    code, said = build(project, "--validate")
    assert code == 1
    assert f"data/ledger/redirects.csv, row {row}, {message}" in said


def test_a_redirect_from_a_retired_key_is_accepted(project: Path, build: Callable):
    add(project, "redirects", REDIRECT.format(table="outlets", old="cable-news-network", new="cnn"))
    assert build(project, "--validate") == (0, "")


# --- what was published stays ---


def test_a_published_row_that_is_taken_out_is_missed(project: Path, build: Callable):
    remove_row(project / "data/un/provisions.csv", "A-RES-ES-11-7,adopted,accountability")
    code, said = build(project, "--validate")
    assert code == 1
    assert "data/ledger/published_keys.csv, row " in said
    assert (
        "field row_key: provisions has no row A-RES-ES-11-7,adopted,accountability, which version 1.0.0 published, "
        "and redirects says nothing of it\n1 problem; nothing was built" in said
    )


@pytest.mark.parametrize("new", ["", '"A-RES-ES-11-8,adopted,accountability"'])
def test_a_published_row_may_go_where_redirects_says_so(project: Path, build: Callable, new: str):
    remove_row(project / "data/un/provisions.csv", "A-RES-ES-11-7,adopted,accountability")
    add(project, "redirects", f'provisions,"A-RES-ES-11-7,adopted,accountability",{new},A reason.,')
    assert build(project, "--validate") == (0, "")


def test_the_correction_of_a_row_that_was_withdrawn_is_kept(project: Path, build: Callable):
    key = "A-RES-ES-11-8,adopted,accountability"
    remove_row(project / "data/un/provisions.csv", key)
    add(project, "redirects", f'provisions,"{key}",,A reason.,')
    assert key in (project / "data/ledger/corrections.csv").read_text(encoding="utf-8")
    assert build(project, "--validate") == (0, "")


@pytest.mark.parametrize(
    ("release", "message"),
    [
        ("9.2.0,2027-01-01,minor,A summary.", "field id: is not the minor version after "),
        ("9.0.0,2027-01-01,patch,A summary.", "field id: is not the patch version after "),
        ("{next},2020-01-01,major,A summary.", "field released_on: is before that of "),
    ],
)
def test_a_version_that_does_not_follow_is_refused(project: Path, build: Callable, release: str, message: str):
    newest = (project / "data/ledger/releases.csv").read_text(encoding="utf-8").splitlines()[-1].partition(",")[0]
    release = release.format(next=next_version(newest, "major"))
    row = add(project, "releases", f"{release},{'0' * 64}")
    code, said = build(project, "--validate")
    assert code == 1
    assert f"data/ledger/releases.csv, row {row}, {message}" in said
