"""The benchmark measures all that it lists, on files that the archive takes; no test asks how fast anything is."""

import csv
import gzip
import platform
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from scripts.archive.__main__ import main as build_archive
from scripts.bench import __main__ as command_line
from scripts.bench import readers, report
from scripts.bench.__main__ import GROUPS, main
from scripts.bench.answers import Draws
from scripts.bench.archive_build import bare_import
from scripts.bench.lab import Lab, copy_inputs
from scripts.bench.library_files import Files, library_files, whole_files
from scripts.bench.machine import REPORT, machine
from scripts.bench.peers import PEERS, Peer, PeerRuns, datapackage, scaled
from scripts.bench.report import markdown
from scripts.bench.result import Goal, Listing, Row, Section
from scripts.bench.timing import CommandError, percentile, run_command
from scripts.build import ROOT
from scripts.queries import ARCHIVE, read_metadata, read_queries

ROWS = (
    "archive build, all of it",
    "size of archive.db",
    "most memory of the archive build",
    "canned query",
    "/archive/votes with its facets",
    "readers: nginx, Datasette alone, unchanged build",
    "record build: read, validate, load, derive, check",
    "/record/votes of the site",
    "/record/votes.json?_shape=array of the site",
    "/record/claims of the site",
    "/record/votes/A-RES-ES-11-7,USA of the site",
    "/record/votes of bare Datasette with two facets",
)
GROWING = (
    "votes",
    "archive build, s",
    "most memory of the build, MB",
    "archive.db, MB",
    "slowest canned query, p95 ms",
)


def _report() -> bytes | None:
    path = ROOT / REPORT
    return path.read_bytes() if path.exists() else None


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """A hundredth of the files, made up."""
    return whole_files(tmp_path_factory.mktemp("made_up"), Path("nowhere"), 0.01)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, made_up: Files) -> Path:
    """A copy of the project in which the archive was built from them."""
    root = tmp_path_factory.mktemp("bench") / "project"
    copy_inputs(root)
    assembly, council = made_up.paths
    assert build_archive(["-q", "--ga", str(assembly), "--sc", str(council)], root=root) == 0
    return root


@pytest.fixture
def archive(project: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(project / "build/archive/archive.db")) as connection:
        yield connection


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _records(path: Path) -> list[str]:
    return list(dict.fromkeys(row["undl_id"] for row in _rows(path)))


def test_a_quick_run_gives_every_row_and_leaves_the_report(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setattr(report, "WIDTH", 400)  # so that no cell is broken into lines
    before = _report()
    assert main(["--quick", "--bulk", str(tmp_path)]) == 0
    told = capsys.readouterr()
    printed = re.sub(r"\s+", " ", told.out)
    assert [row for row in ROWS if row not in printed] == []
    assert printed.count("archive build, all of it") == 1 + len(PEERS)
    assert [
        program for program in ("into one bare table", *(peer.program for peer in PEERS)) if program not in printed
    ] == []
    assert [query for query in read_queries(read_metadata(ROOT), ARCHIVE) if f"│ {query} " not in printed] == []
    assert [what for what in GROWING if f"│ {what} " not in printed] == []
    assert "made up" in printed
    assert re.findall(r"measuring: (\w+)", told.err) == list(GROUPS)
    assert _report() == before
    assert list((ROOT / "build").glob("bench-*")) == []


def test_made_up_files_are_an_archive_without_a_problem(project: Path, archive: sqlite3.Connection, made_up: Files):
    assert (project / "build/archive/refused.csv").read_text(encoding="utf-8").count("\n") == 1
    counts = dict(archive.execute("select body, count(*) from roll_calls group by body"))
    assert counts == {"GA": 5539 // 100, "SC": 2797 // 100}
    assert archive.execute("select count(*) from votes").fetchone() == (made_up.rows,)
    assert archive.execute("select count(*) from differences").fetchone() == (0,)
    fewest, most = archive.execute(
        "select min(counted_members), max(counted_members) from roll_calls where body = 'GA'"
    ).fetchone()
    assert (fewest < 60, most) == (True, 193)
    titles = [title for (title,) in archive.execute("select title from resolutions")]
    assert all(title.startswith("Made-up") for title in titles)


def test_made_up_files_are_the_same_each_time(tmp_path: Path, made_up: Files):
    again = whole_files(tmp_path, Path("nowhere"), 0.01)
    assert [path.read_bytes() for path in again.paths] == [path.read_bytes() for path in made_up.paths]


@pytest.mark.parametrize("share", [0.25, 0.5, 4])
def test_a_share_has_that_share_of_the_roll_calls_and_no_key_twice(tmp_path: Path, made_up: Files, share: float):
    made = library_files(tmp_path / "share", made_up, share)
    for whole, part in zip(made_up.paths, made.paths, strict=True):
        rows = _rows(part)
        assert len(_records(part)) == int(share * len(_records(whole)))
        assert len({(row["undl_id"], row["ms_code"]) for row in rows}) == len(rows)
        assert (
            len({row["resolution"] for row in rows}) == len({row["undl_link"] for row in rows}) == len(_records(part))
        )
        assert all(row["undl_link"].endswith(f"/{row['undl_id']}") for row in rows)
        assert rows[0].keys() == _rows(whole)[0].keys()


def test_a_share_is_whole_roll_calls_of_all_times(tmp_path: Path, made_up: Files):
    whole = _rows(made_up.paths[0])
    part = _rows(library_files(tmp_path / "half", made_up, 0.5).paths[0])
    kept = {row["undl_id"] for row in part}
    assert part == [row for row in whole if row["undl_id"] in kept]
    middle = sorted(row["date"] for row in whole)[len(whole) // 2]
    assert 0.3 < sum(row["date"] < middle for row in part) / len(part) < 0.7


def test_four_times_the_files_are_an_archive_too(tmp_path: Path, made_up: Files, project: Path):
    assembly, council = library_files(tmp_path / "four", made_up, 4).paths
    root = tmp_path / "project"
    copy_inputs(root)
    assert build_archive(["-q", "--ga", str(assembly), "--sc", str(council)], root=root) == 0
    with closing(sqlite3.connect(root / "build/archive/archive.db")) as four:
        assert four.execute("select count(*) from votes").fetchone() == (4 * made_up.rows,)


def test_the_librarys_own_files_are_taken_where_they_are(tmp_path: Path, made_up: Files):
    bulk = tmp_path / "bulk"
    bulk.mkdir()
    for path in made_up.paths:
        (bulk / f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
    whole = whole_files(tmp_path / "files", bulk)
    assert not whole.made_up
    assert [path.read_bytes() for path in whole.paths] == [path.read_bytes() for path in made_up.paths]


@pytest.mark.parametrize("peer", PEERS, ids=[peer.program for peer in PEERS])
def test_a_peer_that_is_not_installed_is_told(tmp_path: Path, made_up: Files, peer: Peer):
    runs = PeerRuns(peer, installed=tmp_path)
    runs.run(Lab(tmp_path, made_up, quick=True))
    assert runs.row("build", 1.0).cells()[-1] == "not installed: make peers does it"
    assert peer.program in runs.row("build", 1.0).against


def test_a_peer_that_fails_is_told(tmp_path: Path, made_up: Files):
    program = tmp_path / PEERS[0].program
    program.write_text("#!/bin/sh\necho out of order >&2\nexit 3\n", encoding="utf-8")
    program.chmod(0o755)
    runs = PeerRuns(PEERS[0], installed=tmp_path)
    runs.run(Lab(tmp_path, made_up, quick=True))
    assert runs.row("build", 1.0).cells()[-1] == f"{program.name} ended with 3: out of order"


def test_a_peer_is_scaled_beyond_its_start():
    assert scaled(3, 1, 10) == 21


def test_a_peer_is_given_the_types_of_the_schema(made_up: Files):
    assembly, council = datapackage(made_up)["resources"]
    types = {field["name"]: field["type"] for field in assembly["schema"]["fields"]}
    assert list(types) == list(_rows(made_up.paths[0])[0])
    assert (types["undl_id"], types["date"], types["total_yes"], types["title"]) == (
        "integer",
        "date",
        "integer",
        "string",
    )
    assert {field["name"]: field["type"] for field in council["schema"]["fields"]}["total_no"] == "integer"


@pytest.mark.parametrize("with_program", [True, False])
def test_a_bare_import_has_every_row(tmp_path: Path, made_up: Files, with_program: bool):
    program = shutil.which("sqlite3")
    if with_program and program is None:
        pytest.skip("there is no sqlite3 on the PATH")
    bare_import(program if with_program else None, made_up, tmp_path)
    with closing(sqlite3.connect(tmp_path / "bare.db")) as connection:
        assert connection.execute("select count(*) from votes").fetchone() == (made_up.rows,)


def test_parameters_are_drawn_from_the_archive_the_same_each_time(archive: sqlite3.Connection):
    metadata = read_metadata(ROOT)
    queries = read_queries(metadata, ARCHIVE)
    first, second = (Draws(archive, metadata["databases"][ARCHIVE]["tables"]) for _ in range(2))
    members = {code for (code,) in archive.execute("select code from members")}
    drawn = set()
    for _ in range(50):
        chosen = {name: first.parameters(query) for name, query in queries.items()}
        assert chosen == {name: second.parameters(query) for name, query in queries.items()}
        asked = chosen["agreement_with_member"]
        assert asked["member"] in members
        assert asked["first_year"] <= asked["last_year"]
        drawn.add(asked["member"])
        assert archive.execute(queries["roll_calls_with_tally"].sql, chosen["roll_calls_with_tally"]).fetchone()
    assert len(drawn) > 10


def test_a_run_has_the_memory_of_its_command_alone(tmp_path: Path):
    ballast = bytearray(200_000_000)
    small = run_command([sys.executable, "-c", "pass"], tmp_path)
    big = run_command([sys.executable, "-c", "print(len(bytearray(b'1' * 100_000_000)))"], tmp_path)
    assert small.peak < 50_000_000 < 100_000_000 < big.peak < 250_000_000
    del ballast
    assert big.printed == "100000000\n"
    with pytest.raises(CommandError, match="ended with 1"):
        run_command([sys.executable, "-c", "raise SystemExit(1)"], tmp_path)


def test_a_percentile_is_one_of_the_values():
    assert [percentile(list(range(50, 0, -1)), share) for share in (0.95, 0.5, 1)] == [48, 25, 50]
    assert percentile([7], 0.95) == 7


def test_a_goal_is_held_against_the_ratio_or_against_the_figure_alone():
    assert Row("a", 4, "b", 2, goal=Goal(2)).cells()[-3:] == ("2", "≤ 2", "yes")
    assert Row("a", 5, "b", 2, goal=Goal(2)).cells()[-3:] == ("2.5", "≤ 2", "no")
    assert Row("a", 9, "b", 10, goal=Goal(0.8, at_least=True)).cells()[-1] == "yes"
    assert Row("a", 51, unit="ms", goal=Goal(50)).cells()[1:] == ("51 ms", "", "", "", "≤ 50", "no")
    assert Row("a", 51, unit="ms").cells()[-1] == ""


def test_the_report_has_rows_listings_and_the_machine_but_not_its_name():
    listing = Listing("All", ("query", "ms"), [("a|b", "1")])
    section = Section("Part", "What it means.", [Row("this", 4, "that", 2, goal=Goal(2))], [listing], ["Found."])
    text = markdown([section], machine(), "files of 1 vote")
    assert "| this | 4 s | that | 2 s | 2 | ≤ 2 | yes |" in text
    assert "| a\\|b | 1 |" in text
    assert "Found." in text
    assert platform.python_version() in text
    assert str(ROOT) not in text
    assert not re.search(rf"\b{re.escape(platform.node())}\b", text)


def test_readers_have_the_goals_of_their_unit_and_what_fails_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, made_up: Files
):
    def rows() -> Iterator[tuple[str, float, str, float, str]]:
        yield "page", 70, "file", 100, "requests/s"
        yield "build", 1.1, "start", 1.0, "seconds"
        raise FileNotFoundError("nginx is not on the PATH")

    monkeypatch.setattr(readers, "reader_rows", rows)
    monkeypatch.setattr(readers, "ROOT", tmp_path)
    assert readers.measure(Lab(tmp_path, made_up)).rows[0].reason == "there is no site: make build"
    (tmp_path / "build/site").mkdir(parents=True)
    page, build, failed = readers.measure(Lab(tmp_path, made_up)).rows
    assert page.cells()[-2:] == ("≥ 0.8", "no")
    assert build.cells()[-2:] == ("≤ 1.2", "yes")
    assert failed.reason == "nginx is not on the PATH"


@pytest.fixture
def told_groups(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, made_up: Files) -> Path:
    """A benchmark of two groups, one of which fails, that writes into another folder; the report's path there."""

    def failing(lab: Lab) -> Section:
        raise CommandError("it ended with 1")

    @contextmanager
    def lab(*_: object, **__: object) -> Iterator[Lab]:
        yield Lab(tmp_path, made_up)

    groups = {"sound": lambda lab: Section("Sound", "Means.", [Row("this", 1.0)]), "failing": failing}
    monkeypatch.setattr(command_line, "GROUPS", groups)
    monkeypatch.setattr(command_line, "laboratory", lab)
    monkeypatch.setattr(command_line, "ROOT", tmp_path)
    (tmp_path / REPORT).parent.mkdir()
    return tmp_path / REPORT


def test_a_whole_run_writes_the_report_and_a_failed_group_is_a_row_of_it(told_groups: Path):
    assert main([]) == 0
    text = told_groups.read_text(encoding="utf-8")
    assert "| this | 1 s |" in text
    assert "| group failing |  |  |  |  |  | it ended with 1 |" in text
    assert "made up in the layout" in text


def test_one_group_alone_leaves_the_report(told_groups: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["--only", "sound"]) == 0
    assert not told_groups.exists()
    told = capsys.readouterr()
    assert "this" in told.out and "failing" not in told.out + told.err


def test_help_names_every_group():
    told = subprocess.run(
        [sys.executable, "-m", "scripts.bench", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert [name for name in GROUPS if name not in told.stdout] == []
