"""The command that corrects: what it writes, what it refuses, and what is left when it is broken off."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import change_row, copy_project

from scripts import correct, together
from scripts.build import ROOT
from scripts.read import read_whole

DAY = max(row["released_on"] for row in read_whole(ROOT)[1]["releases"])
REASON = ["--why", "A reason, as readers see it.", "--source", "undl-4076672", "--on", DAY]
LOWER_TALLY = ["--set", "votes", "A-RES-ES-11-7,SYR", "vote", "abstain", "no"]
Correct = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project that no test of this file may change."""
    return copy_project(tmp_path_factory.mktemp("tables") / "project")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Correct:
    """Correct a project; returns the exit code, what was printed, and what was said on standard error."""

    def run(root: Path, *arguments: str) -> tuple[int, str, str]:
        code = correct.main([*arguments, *REASON], root=root)
        return code, *capsys.readouterr()

    return run


def files(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in (root / "data").rglob("*") if path.is_file()
    }


def test_a_cell_and_its_correction_are_written_and_nothing_else(project: Path, run: Correct):
    before = files(project)
    code, printed, said = run(project, "--set", "votes", "A-RES-ES-11-7,SYR", "note", "", "Seen, and noted")
    assert (code, said) == (0, "")
    after = files(project)
    assert {name for name in before | after if before.get(name) != after.get(name)} == {
        "data/ledger/corrections.csv",
        "data/un/votes.csv",
    }
    line = f'{DAY}-01,{DAY},votes,"A-RES-ES-11-7,SYR",note,,"Seen, and noted",'
    assert after["data/ledger/corrections.csv"].decode() == (
        before["data/ledger/corrections.csv"].decode() + line + '"A reason, as readers see it.",undl-4076672,\n'
    )
    assert f"+{line}" in printed


def test_every_reason_to_refuse_is_given_at_once(tables: Path, run: Correct):
    before = files(tables)
    vote = ("--set", "votes", "A-RES-ES-11-7,SYR")
    code, printed, said = run(
        tables,
        *(*vote, "vote", "no", "yes"),
        *(*vote, "note", "", ""),
        *(*vote, "member_id", "SYR", "USA"),
        *(*vote, "colour", "red", "blue"),
        *("--set", "votes", "A-RES-ES-11-7,XXX", "vote", "no", "yes"),
        *("--set", "ballots", "x", "vote", "no", "yes"),
        *("--set", "corrections", "2026-11-22-01", "why", "a", "b"),
        *("--set", "claims", "sociose-2025-03-02-09", "verdict", "inaccurate", "accurate"),
        *("--withdraw", "outlets", "no-such-outlet"),
        *("--move", "outlets", "cnn", "a,b"),
        *("--source", "no-such-source"),
    )
    # The last --source counts, which is the reason's.
    assert (code, printed) == (1, "")
    for message in (
        'field vote: is "abstain", not "no"',
        'field note: is "" already',
        "field member_id: is part of the key, which is a promise: --move gives the row another key",
        "field colour: is not a column of votes",
        "data/un/votes.csv, field roll_call_id, member_id: no row has the key A-RES-ES-11-7,XXX",
        "data/ledger/corrections.csv, field table_name: ballots is not a table that is corrected",
        "data/ledger/corrections.csv, field table_name: corrections is not a table that is corrected",
        "field verdict: is computed by the build; correct what it is computed from",
        "data/press/outlets.csv, field id: no row has the key no-such-outlet",
        "field id: cannot have the key a,b",
        "10 problems; nothing was changed",
    ):
        assert message in said, said
    assert files(tables) == before


def test_a_source_that_is_not_there_is_refused(tables: Path, capsys: pytest.CaptureFixture[str]):
    source = ["--source", "no-such-source"]
    assert correct.main([*LOWER_TALLY, *REASON, *source], root=tables) == 1
    assert "corrections.csv, field source_id: no source has the key no-such-source" in capsys.readouterr().err


def test_what_would_leave_the_tables_unsound_is_refused_with_the_rule(tables: Path, run: Correct):
    before = files(tables)
    code, _, said = run(tables, *LOWER_TALLY, "--set", "votes", "A-RES-ES-11-7,USA", "note", "", "=1+1")
    assert code == 1
    assert "votes.csv, row " in said and '"=1+1" is not text that no spreadsheet runs as a formula' in said
    code, _, said = run(tables, *LOWER_TALLY)
    assert code == 1
    assert "field official_abstain: the official count is 65, the votes table has 64 of abstain" in said
    assert "source_differences.csv" in said and said.endswith("problems; nothing was changed\n")
    assert files(tables) == before


def test_a_dry_run_shows_the_lines_and_writes_nothing(tables: Path, run: Correct):
    before = files(tables)
    code, printed, said = run(tables, "--move", "sources", "k8r-21226", "k8r-in-2022", "--dry-run")
    assert (code, said) == (0, "")
    lines = printed.splitlines()
    assert any(line.startswith("-k8r-21226,") for line in lines) and any(
        line.startswith("+k8r-in-2022,") for line in lines
    )
    assert '+sources,k8r-21226,k8r-in-2022,"A reason, as readers see it.",' in lines
    # What led to the key before still does: it is what a version said.
    assert not any("sources,k8r-archives-21226," in line for line in lines)
    assert files(tables) == before


def test_a_key_from_an_address_is_read_as_the_address_has_it(tables: Path, run: Correct):
    code, _, said = run(tables, "--set", "votes", "A-RES-ES-11-7,S~59R", "vote", "no", "yes")
    assert code == 1 and 'field vote: is "abstain", not "no"' in said


def test_without_anything_to_do_it_is_bad_usage(tables: Path):
    with pytest.raises(SystemExit) as stopped:
        correct.main(REASON, root=tables)
    assert stopped.value.code == 2


# --- two at once ---


def test_of_two_at_once_neither_is_lost(project: Path):
    def start(member: str) -> subprocess.Popen[str]:
        change = ["--set", "votes", f"A-RES-ES-11-7,{member}", "note", "", "Seen"]
        command = [sys.executable, "-c", "import sys; from pathlib import Path; from scripts import correct; "]
        command[-1] += "sys.exit(correct.main(sys.argv[2:], Path(sys.argv[1])))"
        command += [str(project), *change, *REASON]
        return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)

    both = [start("SYR"), start("USA")]
    said = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sorted(said) == ["", "another command changes the tables; waiting for its end\n"]
    entered = (project / "data/ledger/corrections.csv").read_text(encoding="utf-8")
    assert f'{DAY}-01,{DAY},votes,"A-RES-ES-11-7,' in entered
    assert f'{DAY}-02,{DAY},votes,"A-RES-ES-11-7,' in entered
    assert (project / "data/un/votes.csv").read_text(encoding="utf-8").count(",Seen,") == 2


def test_a_file_that_is_saved_meanwhile_is_not_written_over(project: Path, run: Correct, monkeypatch):
    votes = project / "data/un/votes.csv"
    checked = correct.must_be_sound

    def saved_meanwhile(root: Path, contents: dict[str, bytes]) -> None:
        checked(root, contents)
        change_row(votes, "A-RES-ES-11-7,USA", note="Somebody's")

    monkeypatch.setattr(correct, "must_be_sound", saved_meanwhile)
    code, _, said = run(project, "--set", "votes", "A-RES-ES-11-7,SYR", "note", "", "Seen")
    assert (code, "votes.csv: was changed meanwhile; repeat the command" in said) == (1, True)
    assert "Somebody's" in votes.read_text(encoding="utf-8") and ",Seen," not in votes.read_text(encoding="utf-8")


# --- broken off ---

BROKEN_OFF = """
import os, sys
from pathlib import Path
from scripts import together
calls = 0
def dies(real):
    def call(*args, **kwargs):
        global calls
        calls += 1
        if calls == int(sys.argv[2]):
            os.kill(os.getpid(), 9)
        return real(*args, **kwargs)
    return call
Path.rename, Path.replace, os.fsync = dies(Path.rename), dies(Path.replace), dies(os.fsync)
together.write_together(Path(sys.argv[1]), {"data/a.csv": b"new a", "data/un/b.csv": b"new b"})
"""
OLD, NEW = {"a.csv": b"old a", "un/b.csv": b"old b"}, {"a.csv": b"new a", "un/b.csv": b"new b"}


def test_killed_at_any_step_it_has_changed_all_or_nothing(tmp_path: Path):
    """A kill at every call that puts something on the disk; the next command finds all as before, or finishes all."""
    outcomes = []
    for step in range(1, 30):
        root = tmp_path / str(step)
        for name, content in OLD.items():
            (root / "data" / name).parent.mkdir(parents=True, exist_ok=True)
            (root / "data" / name).write_bytes(content)
        command = [sys.executable, "-c", BROKEN_OFF, str(root), str(step)]
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
        unfinished = (root / together.UNFINISHED).exists()
        if not unfinished:
            assert {name: (root / "data" / name).read_bytes() for name in OLD} in (OLD, NEW)
        together.finish(root)
        outcomes.append({name: (root / "data" / name).read_bytes() for name in OLD})
        assert not (root / together.UNFINISHED).exists()
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
    assert outcomes[0] == OLD and outcomes[-1] == NEW
    assert outcomes == sorted(outcomes, key=lambda outcome: outcome == NEW)
    assert len(outcomes) > 8


def test_an_unfinished_change_stops_the_build_and_is_finished_by_the_command(
    project: Path, run: Correct, build: Callable[..., tuple[int, str]]
):
    left = project / together.UNFINISHED / "data/un"
    left.mkdir(parents=True)
    changed = (project / "data/un/blocs.csv").read_bytes().replace(b"League of Arab States", b"Arab League", 1)
    (left / "blocs.csv").write_bytes(changed)
    code, said = build(project, "--validate")
    assert code == 1 and "data/.unfinished/data/un/blocs.csv: is not named in datapackage.yaml" in said
    change = ("--set", "votes", "A-RES-ES-11-7,SYR", "note", "", "Seen")
    code, _, said = run(project, *change, "--dry-run")
    assert code == 1 and "data/.unfinished: is an interrupted change; without --dry-run it is finished" in said
    assert (left / "blocs.csv").read_bytes() == changed
    # Then the change that was asked for is made, too.
    code, printed, _ = run(project, *change)
    assert (code, printed.partition(":")[0]) == (0, "An interrupted change is now finished, before this one")
    assert (project / "data/un/blocs.csv").read_bytes() == changed
    assert ",Seen," in (project / "data/un/votes.csv").read_text(encoding="utf-8")


def test_the_hundredth_correction_of_a_day_is_refused(tables: Path, run: Correct, monkeypatch):
    monkeypatch.setattr(correct, "MOST_A_DAY", 1)
    vote = ("--set", "votes", "A-RES-ES-11-7,SYR")
    code, _, said = run(tables, *vote, "note", "", "Seen", *vote, "vote", "abstain", "no")
    assert code == 1 and f"field id: {DAY} has 1 corrections, which is all that a day has room for" in said


def test_a_day_that_is_still_to_come_is_refused(tables: Path, capsys: pytest.CaptureFixture[str]):
    assert correct.main([*LOWER_TALLY, *REASON, "--on", "2199-01-01"], root=tables) == 1
    assert "--on: 2199-01-01 is still to come" in capsys.readouterr().err


def test_a_day_before_the_last_version_is_refused(tables: Path, capsys: pytest.CaptureFixture[str]):
    assert correct.main([*LOWER_TALLY, *REASON, "--on", "2025-01-01"], root=tables) == 1
    assert f"field corrected_on: 2025-01-01 is before {DAY}, the day of the last version" in capsys.readouterr().err


def test_what_is_no_text_is_refused(tables: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        correct.main(["--set", "votes", "A-RES-ES-11-7,SYR", "note", "", "a\udcff", *REASON], root=tables)
    assert "what is given is not UTF-8" in capsys.readouterr().err


def test_a_row_that_was_withdrawn_may_come_back_and_that_is_told(project: Path, run: Correct):
    path, key = project / "data/un/source_differences.csv", "A-RES-ES-11-7,sociose-page,1"
    before = path.read_bytes()
    code, _, said = run(project, "--restore", "source_differences", key)
    assert code == 1 and "is of a row that was not withdrawn" in said
    assert run(project, "--withdraw", "source_differences", key)[0] == 0
    path.write_bytes(before)
    code, _, said = run(project, "--set", "votes", "A-RES-ES-11-7,SYR", "note", "", "Seen")
    assert code == 1 and f"field old_key: source_differences still has a row {key}" in said
    assert run(project, "--restore", "source_differences", key)[::2] == (0, "")
    assert path.read_bytes() == before
    entered = (project / "data/ledger/corrections.csv").read_text(encoding="utf-8").splitlines()[-1]
    assert entered.startswith(f'{DAY}-01,{DAY},source_differences,"{key}",roll_call_id,,A-RES-ES-11-7,')
    # From now on it is a row as any other.
    why = next(row["why"] for row in read_whole(project)[1]["source_differences"] if row["source_id"] == "sociose-page")
    assert run(project, "--set", "source_differences", key, "why", why, f"{why} Seen.")[::2] == (0, "")
    code, _, said = run(project, "--restore", "source_differences", key)
    assert code == 1 and "is of a row that was not withdrawn" in said


def test_two_rows_with_corrections_of_their_own_may_be_one(project: Path, run: Correct):
    one, other = "k8r-21226", "ap-dayton-shea"
    titles = {row["id"]: row["title"] for row in read_whole(project)[1]["sources"]}
    for key in (one, other):
        assert run(project, "--set", "sources", key, "title", titles[key], f"A title of {key}")[0] == 0
    assert run(project, "--move", "sources", one, other)[::2] == (0, "")
    code, _, said = run(project, "--set", "sources", other, "title", f"A title of {other}", "Another title")
    assert (code, said) == (0, "")
