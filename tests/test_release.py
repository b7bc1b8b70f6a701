"""Releases: what is prepared, which number follows, what is kept, and that anyone can build it again."""

import dataclasses
import hashlib
import re
import sqlite3
import subprocess
import tarfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from conftest import change_row, copy_project, never_published, replace_text
from datasette.app import Datasette

from scripts import correct, release, together, verify
from scripts.build import ROOT
from scripts.changes import State, read_state, rewritten, silent_changes, state_at, what_changed
from scripts.checkout import introduced
from scripts.finished import is_whole
from scripts.kept import write_archive
from scripts.ledger import next_version, rows_by_key
from scripts.package import Row
from scripts.releases import releases_in_order, tables_sha256, version_problems

STATE = read_state(ROOT)
NEWEST = releases_in_order(STATE.rows["releases"])[-1]
BESIDE = ("CHANGELOG.md", "CITATION.cff", "README.md", "pyproject.toml")
SECTION = re.compile(r"^## (?P<version>\S+) \((?P<day>\S+)\)\n(?P<text>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
Run = Callable[..., tuple[int, str, str]]


def git(root: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=An editor", "-c", "user.email=editor@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *identity, *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout


def repository(root: Path) -> Path:
    """A copy of the project in a repository of its own, all committed."""
    copy_project(root)
    for name in BESIDE:
        (root / name).write_bytes((ROOT / name).read_bytes())
    (root / ".gitignore").write_text("/build\n__pycache__/\n", encoding="utf-8")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "All")
    return root


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command; returns the exit code, what was printed, and what was said on standard error."""

    def run(root: Path, *arguments: str) -> tuple[int, str, str]:
        code = release.main(list(arguments), root=root)
        return code, *capsys.readouterr()

    return run


# --- the shipped release ---


def test_every_place_names_the_newest_version_and_its_day():
    assert list(version_problems(ROOT, NEWEST)) == []


def test_a_place_that_names_another_version_is_found(tmp_path: Path):
    for name in (*BESIDE, "datapackage.yaml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    replace_text(tmp_path / "CITATION.cff", f"date-released: {NEWEST['released_on']}", "date-released: 2020-01-01")
    replace_text(tmp_path / "CHANGELOG.md", f"## {NEWEST['id']} ", "## 9.9.9 ")
    replace_text(tmp_path / "README.md", f"version {NEWEST['id']} of", "version 0.0.1 of")
    assert [problem.file for problem in version_problems(tmp_path, NEWEST)] == [
        "CITATION.cff",
        "README.md",
        "CHANGELOG.md",
    ]


async def test_the_changelog_says_what_its_query_answers(ds: Datasette):
    sections = list(SECTION.finditer((ROOT / "CHANGELOG.md").read_text(encoding="utf-8")))
    ordered = releases_in_order(STATE.rows["releases"])
    assert [(one["version"], one["day"]) for one in sections] == [
        (r["id"], r["released_on"]) for r in reversed(ordered)
    ]
    for section in sections:
        [address] = re.findall(r"`(/record/changes_in_version\?[^`]+)`", section["text"])
        assert parse_qs(urlsplit(address).query) == {"version": [section["version"]]}
        answer = (await ds.client.get(address.replace("?", ".json?") + "&_shape=array")).json()
        said = re.findall(r"^\| ([a-z ]+) \| (\w+) \| (\d+) \|$", section["text"], re.MULTILINE)
        assert [(row["change"], row["table_name"], str(row["number"])) for row in answer] == said
        assert said


# --- which number follows ---


def changed(**tables: Callable[[list[Row]], list[Row]]) -> State:
    """What the checkout publishes, with some tables' rows changed."""
    rows = {name: tables.get(name, list)(found) for name, found in STATE.rows.items()}
    return dataclasses.replace(STATE, rows=rows, keyed=rows_by_key(STATE.package, rows))


def other_cell(**cells: str) -> Callable[[list[Row]], list[Row]]:
    return lambda rows: [Row(rows[0].number, {**rows[0].values, **cells}), *rows[1:]]


def without(name: str) -> State:
    return dataclasses.replace(STATE, named={key: was for key, was in STATE.named.items() if key != name})


@pytest.mark.parametrize(
    ("before", "after", "kinds", "words"),
    [
        (STATE, STATE, set(), []),
        (STATE, changed(outlets=other_cell(owner="Somebody")), {"patch"}, []),
        (changed(outlets=lambda rows: rows[1:]), STATE, {"minor"}, []),
        (STATE, changed(outlets=lambda rows: rows[1:]), {"major"}, []),
        (without("the column votes.note"), STATE, {"minor"}, ["the column votes.note is new"]),
        (STATE, without("the column votes.note"), {"major"}, ["the column votes.note is gone"]),
        (STATE, without("the query how_voted"), {"major"}, ["the query how_voted is gone"]),
        (
            STATE,
            dataclasses.replace(STATE, named={**STATE.named, "the column votes.note": "integer"}),
            {"major"},
            ["the column votes.note was string and is integer"],
        ),
        (None, STATE, {"major"}, []),
    ],
)
def test_what_changed_says_which_part_of_the_number_goes_up(
    before: State | None, after: State, kinds: set[str], words: list[str]
):
    found = list(what_changed(before, after))
    assert {kind for kind, _ in found} == kinds
    assert [said for _, said in found if said] == words


@pytest.mark.parametrize(("kind", "expected"), [("major", "2.0.0"), ("minor", "1.3.0"), ("patch", "1.2.10")])
def test_the_version_after_one(kind: str, expected: str):
    assert next_version("1.2.9", kind) == expected


def test_a_cell_that_was_changed_without_a_word_is_found():
    key = STATE.rows["outlets"][0]["id"]
    after = changed(outlets=other_cell(owner="Somebody"))
    [problem] = silent_changes(STATE, after)
    assert (problem.file, problem.field) == ("data/press/outlets.csv", "owner")
    assert "in the last version, and corrections says nothing of it" in problem.reason
    told = {"id": "2027-01-01-01", "table_name": "outlets", "row_key": key, "column_name": "owner", "release_id": None}
    owner = STATE.rows["outlets"][0]["owner"]
    later = {**told, "id": "2027-01-01-02", "old_value": "Anybody", "new_value": "Somebody"}
    for old in (owner, "Nobody"):
        entries = [Row(0, later), Row(0, {**told, "old_value": old, "new_value": "Anybody"})]
        added = {"corrections": lambda rows, entries=entries: [*rows, *entries]}
        found = list(silent_changes(STATE, changed(outlets=other_cell(owner="Somebody"), **added)))
        said = f'is not what outlets {key} had in owner in the last version, which is "{owner or ""}"'
        assert [(problem.field, problem.reason) for problem in found] == ([] if old == owner else [("old_value", said)])


def test_a_key_that_moved_with_all_that_refers_to_it_is_no_silent_change():
    moved = {
        "table_name": "sources",
        "old_key": "undl-4076672",
        "new_key": "undl-x",
        "why": "A test.",
        "release_id": None,
    }

    def renamed(rows: list[Row]) -> list[Row]:
        return [
            Row(row.number, {c: "undl-x" if v == "undl-4076672" else v for c, v in row.values.items()}) for row in rows
        ]

    tables = {"sources": renamed, "roll_calls": renamed, "votes": renamed}
    assert list(silent_changes(STATE, changed(**tables)))
    assert list(silent_changes(STATE, changed(**tables, redirects=lambda rows: [*rows, Row(0, moved)]))) == []


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("published_keys", lambda rows: rows[1:], "was in the last version and is gone"),
        ("corrections", lambda rows: rows[1:], "2026-11-22-01 was in the last version and is gone"),
        ("redirects", lambda rows: [], "was in the last version and is gone"),
        ("redirects", other_cell(new_key=""), 'was "A-RES-ES-11-7,k8r-21226,1" in the last version'),
        ("redirects", other_cell(new_key="A-RES-ES-11-7,k8r,1"), 'was "A-RES-ES-11-7,k8r-21226,1" in the last version'),
        ("corrections", other_cell(old_value="something"), "in the last version"),
        ("corrections", other_cell(source_id="undl-4076672"), "in the last version"),
        ("releases", other_cell(summary="Another."), "in the last version"),
    ],
)
def test_a_line_of_the_ledger_that_was_altered_or_taken_out_is_found(name: str, change: Callable, said: str):
    found = list(rewritten(STATE, changed(**{name: change})))
    assert found and all(problem.file == f"data/ledger/{name}.csv" and said in problem.reason for problem in found)
    assert list(rewritten(STATE, STATE)) == []


def test_two_rows_that_were_one_and_moved_on_are_each_held_against_what_they_were():
    one, other = STATE.rows["sources"][:2]
    steps = [(one["id"], other["id"]), (other["id"], "a-new-key")]
    redirects = [
        Row(0, {"table_name": "sources", "old_key": old, "new_key": new, "why": "A test.", "release_id": None})
        for old, new in steps
    ]
    left = [Row(0, {**other.values, "id": "a-new-key"}), *STATE.rows["sources"][2:]]
    tables = {"sources": lambda rows: left, "redirects": lambda rows: [*rows, *redirects]}
    assert not [problem for problem in silent_changes(STATE, changed(**tables)) if "sources.csv" in problem.file]
    left[0] = Row(0, {**left[0].values, "title": "Another title"})
    [problem] = [found for found in silent_changes(STATE, changed(**tables)) if "sources.csv" in found.file]
    assert problem.field == "title"


def test_a_row_that_is_gone_and_left_no_trace_is_found():
    [problem] = silent_changes(STATE, changed(sponsorships=lambda rows: rows[1:]))
    assert "is gone since the last version, and redirects says nothing of it" in problem.reason


def test_the_source_of_a_correction_may_follow_a_row_that_moved():
    correction = STATE.rows["corrections"][0]
    key = correction["source_id"]
    moved = {"table_name": "sources", "old_key": key, "new_key": "undl-x", "why": "A test.", "release_id": None}
    tables = {"corrections": other_cell(source_id="undl-x"), "redirects": lambda rows: [*rows, Row(0, moved)]}
    assert list(rewritten(STATE, changed(**tables))) == []


def test_the_checkout_has_all_that_the_last_version_said_in_the_ledger():
    if not (ROOT / ".git").exists() or not introduced(ROOT, "data/ledger/releases.csv", NEWEST["ledger_sha256"]):
        pytest.skip("the version before is in no history here")
    assert list(rewritten(state_at(ROOT, NEWEST), STATE)) == []


# --- preparing, keeping, verifying ---


def test_a_version_is_prepared_from_what_changed_since_the_last_one(tmp_path: Path, run: Run, monkeypatch):
    monkeypatch.setattr(correct, "today", lambda: date(2027, 2, 1))
    monkeypatch.setattr(release, "today", lambda: date(2027, 2, 5))
    root = repository(tmp_path / "project")
    git(root, "tag", f"v{NEWEST['id']}")
    version, day = next_version(NEWEST["id"], "patch"), "2027-02-03"
    asked = (version, "--on", day, "--summary", "A vote was read wrongly.")
    change_row(root / "data/un/votes.csv", "A-RES-ES-11-7,SYR", note="Seen")
    code, _, said = run(root, *asked)
    assert (code, "data/un/votes.csv: is not committed" in said) == (1, True)
    git(root, "commit", "-qam", "A change")
    code, _, said = run(root, *asked)
    assert (
        code == 1
        and 'votes.csv, row 5063, field note: was "" in the last version, and corrections says nothing' in said
    )
    git(root, "reset", "-q", "--hard", "HEAD~1")
    change = [
        "--set",
        "votes",
        "A-RES-ES-11-7,SYR",
        "note",
        "",
        "Seen",
        "--why",
        "A reason.",
        "--source",
        "undl-4076672",
    ]
    assert correct.main([*change, "--on", "2027-01-31"], root=root) == 0
    git(root, "commit", "-qam", "A correction")
    for wrong, message in (
        (("9.9.9", "--on", day), f"field id: 9.9.9 cannot follow {NEWEST['id']} with a patch change; {version} can"),
        ((NEWEST["id"], "--on", day), f"v{NEWEST['id']} is there: a version with a tag is not made anew"),
        ((version, "--on", "2027-01-30"), "field released_on: 2027-01-30 is before 2027-01-31"),
        ((version, "--on", "2027-02-06"), "field released_on: 2027-02-06 is still to come"),
    ):
        code, _, said = run(root, *wrong, "--summary", "A test.")
        assert code == 1 and message in said, said
    code, printed, said = run(root, version, *asked[1:])
    assert (code, said) == (0, "")
    assert f"git tag -a v{version}" in printed
    state = read_state(root)
    newest = releases_in_order(state.rows["releases"])[-1]
    assert (newest["id"], newest["kind"], newest["released_on"]) == (version, "patch", day)
    assert newest["tables_sha256"] == tables_sha256(state.package)
    assert list(version_problems(root, newest)) == []
    assert state.rows["corrections"][-1]["release_id"] == version
    new = [row["table_name"] for row in state.rows["published_keys"] if row["release_id"] == version]
    assert sorted(new) == ["corrections", "releases"]
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert (
        "| rows added | corrections | 1 |\n| rows added | releases | 1 |\n| values corrected | votes | 1 |" in changelog
    )
    assert changelog.index(f"## {version} (") < changelog.index(f"## {NEWEST['id']} (")
    git(root, "commit", "-qam", "A version")
    # Once more with another day: the same files, nothing twice.
    code, _, said = run(root, version, "--on", "2027-02-04", "--again")
    assert (code, said) == (0, "")
    again = read_state(root)
    assert [row.values for row in again.rows["published_keys"]] == [row.values for row in state.rows["published_keys"]]
    assert releases_in_order(again.rows["releases"])[-1]["released_on"] == "2027-02-04"
    assert (root / "CHANGELOG.md").read_text(encoding="utf-8") == changelog.replace(f"({day})", "(2027-02-04)")
    git(root, "commit", "-qam", "Again")
    # A column more: the number has to be another, and takes the place of the one that was prepared.
    add_query(root)
    code, _, said = run(root, version, "--on", "2027-02-05", "--again")
    minor = next_version(NEWEST["id"], "minor")
    assert code == 1 and f"{version} cannot follow {NEWEST['id']} with a minor change; {minor} can" in said
    assert run(root, minor, "--on", "2027-02-05", "--again")[::2] == (0, "")
    assert [row["id"] for row in releases_in_order(read_state(root).rows["releases"])][-2:] == [NEWEST["id"], minor]
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert (f"## {version} " in changelog, f"## {minor} (2027-02-05)\n\nA vote was read wrongly." in changelog) == (
        False,
        True,
    )
    git(root, "commit", "-qam", "Another number")
    git(root, "tag", f"v{minor}")
    for asked in ((minor, "--on", "2027-02-05"), (minor, "--on", "2027-02-05", "--again")):
        code, _, said = run(root, *asked, "--summary", "A test.")
        assert code == 1 and f"v{minor} is there: a version with a tag is not made anew" in said
    # The tag has to be where the tables are those of the version, and the version where the tag is.
    (root / "notes.txt").write_text("A file.\n")
    git(root, "add", "notes.txt")
    git(root, "commit", "-qm", "Not of the version")
    code, _, said = run(root)
    assert code == 1 and f"v{minor} is on another commit; check that out" in said
    change_row(root / "data/un/votes.csv", "A-RES-ES-11-7,SYR", note="Seen again")
    git(root, "commit", "-qam", "A change without a word")
    git(root, "tag", "-f", f"v{minor}")
    code, _, said = run(root, next_version(minor, "minor"), "--on", "2027-02-05", "--summary", "A test.")
    assert code == 1 and f"has other tables than version {minor}: a tag in the wrong place" in said
    # Nor does it help to begin anew.
    never_published(root)
    git(root, "commit", "-qam", "No version")
    code, _, said = run(root, "1.0.0", "--on", "2027-02-05", "--summary", "A test.")
    assert code == 1 and f"field id: {minor} has a tag and is not among the releases" in said
    git(root, "tag", "-d", f"v{minor}", f"v{NEWEST['id']}")
    code, _, said = run(root, "1.0.0", "--on", "2027-02-05", "--summary", "A test.")
    assert code == 1 and "field id: 1.0.0 stood here until commit " in said


def add_query(root: Path) -> None:
    path = root / "metadata.yml"
    text = path.read_text(encoding="utf-8")
    query = text[text.index("      changes_in_version:\n") : text.index("      row_history:\n")]
    path.write_text(text.replace(query, query + query.replace("changes_in_version", "changes_once_more")))
    git(root, "commit", "-qam", "A query")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a release leaves, in a repository of its own, whose tables are those of the newest version."""
    root = repository(tmp_path_factory.mktemp("released") / "project")
    if tables_sha256(STATE.package) != NEWEST["tables_sha256"]:
        prepared = [NEWEST["id"], "--on", correct.today().isoformat(), "--again"]
        assert release.main(prepared, root=root) == 0
        git(root, "commit", "-qam", "Again")
    assert release.main([], root=root) == 0
    return root / f"build/releases/on-the-record-{NEWEST['id']}"


def test_what_is_kept_of_a_release_is_whole_and_has_the_commit_and_its_data(kept: Path, tmp_path: Path):
    name = kept.name
    assert sorted(path.name for path in kept.iterdir()) == sorted(
        ["SHA256SUMS", "SITE-SHA256SUMS", f"{name}.tar.gz", "press.zip", "record.db", "un.zip"]
    )
    assert is_whole(kept)
    with tarfile.open(kept / f"{name}.tar.gz") as archive:
        members = archive.getmembers()
        archive.extractall(tmp_path, filter="data")
    assert {member.mtime for member in members} == {members[0].mtime}
    assert {(member.uid, member.gid, member.uname) for member in members} == {(0, 0, "")}
    tracked = git(kept.parents[2], "ls-files").splitlines()
    published = [f"published/{file}" for file in ("SHA256SUMS", "press.zip", "record.db", "un.zip")]
    assert [member.name for member in members] == sorted(f"{name}/{path}" for path in tracked + published)
    assert (tmp_path / name / "published/record.db").read_bytes() == (kept / "record.db").read_bytes()


def test_a_release_is_the_same_bytes_when_it_is_made_again(kept: Path, tmp_path: Path):
    site = tmp_path / "site"
    (site / "static/downloads").mkdir(parents=True)
    for there, here in (("record.db", "record.db"), ("SHA256SUMS", "SITE-SHA256SUMS")):
        (site / there).write_bytes((kept / here).read_bytes())
    for zipped in ("un.zip", "press.zip"):
        (site / "static/downloads" / zipped).write_bytes((kept / zipped).read_bytes())
    again = tmp_path / "again.tar.gz"
    newest = releases_in_order(read_state(kept.parents[2]).rows["releases"])[-1]
    write_archive(again, kept.parents[2], site, kept.name, newest["released_on"])
    assert again.read_bytes() == (kept / f"{kept.name}.tar.gz").read_bytes()


def test_a_release_is_kept_only_of_what_is_committed_and_prepared(kept: Path, run: Run):
    root = kept.parents[2]
    (root / "note.txt").write_text("x", encoding="utf-8")
    code, _, said = run(root)
    assert (code, "note.txt: is not committed" in said) == (1, True)
    (root / "note.txt").unlink()
    before = (root / "data/un/votes.csv").read_bytes()
    change_row(root / "data/un/votes.csv", "A-RES-ES-11-7,SYR", note="Seen")
    git(root, "commit", "-qam", "A change")
    code, _, said = run(root)
    git(root, "reset", "-q", "--hard", "HEAD~1")
    assert code == 1 and "tables_sha256: is not that of the tables, which have changed since" in said
    assert (root / "data/un/votes.csv").read_bytes() == before
    assert is_whole(kept)


def test_an_unpacked_release_builds_to_the_sums_that_came_with_it(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with tarfile.open(kept / f"{kept.name}.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    root = tmp_path / kept.name
    sums = root / "published/SHA256SUMS"
    text = sums.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    # One file's sum is not the published one, one is not published, one is not built.
    other = "0" * 64
    sums.write_text(f"{other}{lines[0][64:]}{''.join(lines[2:])}{other}  no/such.file\n", encoding="utf-8")
    assert verify.main([], root=root) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"{lines[0][66:].strip()}: differs from what is published",
        f"{lines[1][66:].strip()}: was built and is not published",
        "no/such.file: is published and was not built",
        "3 problems; this is not what was published",
    ]
    assert [path.name for path in (root / "build").iterdir()] == [".lock-afresh"]


def test_sums_that_are_served_can_be_held_against(site: Path, built_project: Path, server, monkeypatch, capsys):
    monkeypatch.setattr(verify, "build_in", lambda folder, environment: site)
    assert verify.main([f"{server.url}/SHA256SUMS"], root=built_project) == 0
    assert f"files are the same bytes as those of {server.url}/SHA256SUMS" in capsys.readouterr().out


def test_a_database_of_another_sqlite_is_known_by_its_dump():
    same = dict.fromkeys((*verify.HAS_ITS_SUM, verify.DUMP, "plugins/cite.py"), "a")
    another = {**same, **dict.fromkeys(verify.HAS_ITS_SUM, "b")}
    assert verify.only_another_sqlite(same, another)
    assert not verify.only_another_sqlite(same, {**another, verify.DUMP: "b"})
    assert not verify.only_another_sqlite(same, {**another, verify.PROGRAMS: "a"})
    assert not verify.only_another_sqlite(same, {**another, "plugins/cite.py": "b"})
    assert not verify.only_another_sqlite(same, {**same, "inspect-data.json": "b"})
    assert not verify.only_another_sqlite({}, {"record.db": "b"})


def test_a_kept_database_that_was_altered_is_found(site: Path, built_project: Path, tmp_path, monkeypatch, capsys):
    """As an unpacked release has it: with the database alone altered, and with its sum put right for that."""
    monkeypatch.setattr(verify, "build_in", lambda folder, environment: site)
    for name in verify.KEPT:
        (tmp_path / Path(name).name).write_bytes((site / name).read_bytes())
    sums, database = tmp_path / "SHA256SUMS", tmp_path / "record.db"
    assert verify.main([str(sums)], root=built_project) == 0
    was = hashlib.sha256(database.read_bytes()).hexdigest()
    connection = sqlite3.connect(database)
    connection.execute("update releases set summary = 'Altered.'")
    connection.commit()
    connection.close()
    capsys.readouterr()
    assert verify.main([str(sums)], root=built_project) == 1
    assert f"{database}: " in capsys.readouterr().err
    altered = hashlib.sha256(database.read_bytes()).hexdigest()
    text = sums.read_text(encoding="utf-8").replace(was, altered)
    sums.write_text(text.replace(verify.read_sums(text)[verify.PROGRAMS], "0" * 64), encoding="utf-8")
    assert verify.main([str(sums)], root=built_project) == 1
    assert f"{database}: has another SQL dump than what is published" in capsys.readouterr().err


def test_what_a_killed_command_left_is_removed(tmp_path: Path):
    for left in ("build/.afresh-abc/site", "build/releases/.on-the-record-abc/passing"):
        (tmp_path / left).mkdir(parents=True)
    with verify.fresh_folder(tmp_path) as fresh:
        there = sorted(path.relative_to(tmp_path / "build").as_posix() for path in (tmp_path / "build").rglob("*"))
        assert there == [fresh.name, ".lock-afresh", "releases"]
    (tmp_path / "build/.changed-abc/data").mkdir(parents=True)
    with together.changing(tmp_path):
        assert not list((tmp_path / "build").glob(".changed-*"))


def test_what_is_no_list_of_sums_is_said_to_be_none(site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert verify.main([str(site / "record.db")], root=tmp_path) == 1
    assert "record.db: is not a SHA256SUMS\n1 problem" in capsys.readouterr().err


def test_sums_that_are_not_there_are_said_to_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert verify.main([str(tmp_path / "none")], root=tmp_path) == 1
    assert "none: No such file or directory; this is not what was published" in capsys.readouterr().err
