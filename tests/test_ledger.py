"""The ledger's laws, on the shipped tables to whose ledger lines are added."""

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import add_row, remove_row, replace_text

from scripts.build import ROOT
from scripts.ledger import ledger_problems, next_version
from scripts.package import Row
from scripts.read import read_whole
from scripts.releases import releases_in_order

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
        ({"table": "outlets", "old": "kabel", "new": "kabel"}, "field new_key: outlets has no row kabel"),
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


@pytest.mark.parametrize("end", ["cnn", ""])
def test_redirects_may_lead_one_to_the_next(project: Path, build: Callable, end: str):
    add(project, "redirects", REDIRECT.format(table="outlets", old="cable-news-network", new="cable-news"))
    code, said = build(project, "--validate")
    assert code == 1 and "field new_key: outlets has no row cable-news" in said
    add(project, "redirects", REDIRECT.format(table="outlets", old="cable-news", new=end))
    assert build(project, "--validate") == (0, "")


# --- what was published stays ---

PACKAGE, ROWS = read_whole(ROOT)
PROVISION = ("A-RES-ES-11-8", "adopted", "accountability")  # It has a correction, too.
KEY = ",".join(PROVISION)


def told(**added: dict[str, str | None]) -> list[str]:
    """What the ledger's laws say of the shipped tables without one provision and with a row more in some."""
    rows = {**ROWS, "provisions": [row for row in ROWS["provisions"] if tuple(row.values.values())[:3] != PROVISION]}
    assert len(rows["provisions"]) == len(ROWS["provisions"]) - 1
    for name, values in added.items():
        rows[name] = [*rows[name], Row(len(rows[name]) + 2, values)]
    return list(map(str, ledger_problems(PACKAGE, rows)))


@pytest.mark.parametrize(("version", "told_of"), [("1.0.0", 0), (None, 1)])
def test_a_column_with_published_corrections_may_go(version: str | None, told_of: int):
    correction = {**ROWS["corrections"][0].values, "id": "x", "column_name": "gone", "release_id": version}
    assert sum("has no column gone" in problem for problem in told(corrections=correction)) == told_of


def test_a_published_row_that_is_taken_out_is_missed(project: Path, build: Callable):
    remove_row(project / "data/un/provisions.csv", "A-RES-ES-11-7,adopted,accountability")
    code, said = build(project, "--validate")
    assert code == 1
    assert "data/ledger/published_keys.csv, row " in said
    assert (
        "field row_key: provisions has no row A-RES-ES-11-7,adopted,accountability, which version 1.0.0 published, "
        "and redirects says nothing of it\n1 problem; nothing was built" in said
    )


@pytest.mark.parametrize("new", [None, "A-RES-ES-11-7,adopted,accountability"])
def test_a_published_row_may_go_where_redirects_says_so_and_keeps_its_corrections(new: str | None):
    redirect = {"table_name": "provisions", "old_key": KEY, "new_key": new, "why": "A reason.", "release_id": None}
    problems = told(redirects=redirect)
    # A correction of the row that stays would have to show there; that of one that was withdrawn is history.
    assert problems == [] if new is None else all("corrections.csv" in problem for problem in problems)
    assert any(KEY in problem and "published_keys.csv" in problem for problem in told())


@pytest.mark.parametrize(
    ("version", "day", "kind", "message"),
    [
        ("9.2.0", "2999-01-01", "minor", "field id: is not the minor version after "),
        ("9.0.0", "2999-01-01", "patch", "field id: is not the patch version after "),
        (None, "2020-01-01", "major", "field released_on: is before that of "),
    ],
)
def test_a_version_that_does_not_follow_is_refused(version: str | None, day: str, kind: str, message: str):
    newest = releases_in_order(ROWS["releases"])[-1]["id"]
    release = {
        "id": version or next_version(newest, kind),
        "released_on": day,
        "kind": kind,
        "summary": "A summary.",
        "tables_sha256": "",
    }
    found = [
        problem for problem in told(releases=release) if "releases.csv" in problem and "ledger_sha256" not in problem
    ]
    assert len(found) == 1 and f", row {len(ROWS['releases']) + 2}, {message}" in found[0]


# --- what a version said in the ledger stays ---


def take_out(name: str, line: str) -> Callable[[Path], None]:
    def change(project: Path) -> None:
        path = project / f"data/ledger/{name}.csv"
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(found for found in lines if not found.startswith(line)), encoding="utf-8")

    return change


def gone_with_its_key(project: Path) -> None:
    """A row that leaves no trace: it and the line that says that it was published are both taken out."""
    remove_row(project / "data/un/sponsorships.csv", "A-73-PV-56-vote-1,IRN")
    take_out("published_keys", line='sponsorships,"A-73-PV-56-vote-1,IRN"')(project)


def no_redirects(project: Path) -> None:
    path = project / "data/ledger/redirects.csv"
    path.write_text(path.read_text(encoding="utf-8").partition("\n")[0] + "\n", encoding="utf-8")
    take_out("published_keys", line="sources,daytondailynews-ap")(project)


@pytest.mark.parametrize(
    "change",
    [
        gone_with_its_key,
        no_redirects,
        take_out("corrections", line="2026-11-22-08"),
        lambda project: replace_text(project / "data/ledger/redirects.csv", ",ap-dayton-shea,", ",,"),
        lambda project: replace_text(project / "data/ledger/releases.csv", "1.0.0,2026-11-30", "1.0.0,2026-11-29"),
        lambda project: replace_text(
            project / "data/ledger/releases.csv", ROWS["releases"][0]["tables_sha256"], "0" * 64
        ),
    ],
)
def test_a_published_line_of_the_ledger_that_is_altered_or_gone_is_missed(
    project: Path, build: Callable, change: Callable[[Path], None]
):
    change(project)
    code, said = build(project, "--validate")
    assert code == 1
    assert "data/ledger/releases.csv, row 2, field ledger_sha256: is not that of the ledger up to 1.0.0" in said
