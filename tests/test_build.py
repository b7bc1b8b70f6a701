"""Build: the command line, the same bytes anywhere, stages that stand alone, and a site that is whole or not there."""

import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from conftest import add_row, change_row, copy_project, replace_text

from scripts import assemble, check, derive, downloads, finished, load, publish, queries, read, validate
from scripts.build import fingerprint, main
from scripts.package import open_package

ELSEWHERE = {"TZ": "Pacific/Kiritimati", "LANG": "C", "LC_ALL": "C", "PYTHONHASHSEED": "12345", "PYTHONUTF8": "0"}
# Another day, for all that asks Python for it.
CLOCK = """
import datetime, time

LATER = 500 * 86400
now, zone, universal, written = time.time, time.localtime, time.gmtime, time.strftime
time.time = lambda: now() + LATER
time.localtime = lambda seconds=None: zone(time.time() if seconds is None else seconds)
time.gmtime = lambda seconds=None: universal(time.time() if seconds is None else seconds)
time.strftime = lambda form, moment=None: written(form, moment or time.localtime())


class Kind(type):
    def __instancecheck__(cls, value):
        return isinstance(value, cls.__mro__[1])


class Date(datetime.date, metaclass=Kind):
    @classmethod
    def today(cls):
        return cls.fromtimestamp(time.time())


class DateTime(datetime.datetime, metaclass=Kind):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls):
        return cls.utcfromtimestamp(time.time())

    today = now


datetime.date, datetime.datetime = Date, DateTime
"""
BAD_QUERY = {"query_name": "who_won"}
SAME_VOTE = "unidentified-d96f1ded-02,1"


def command(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The build as a user runs it, in a folder with a copy of the project."""
    return subprocess.run(
        [sys.executable, "-m", "scripts.build", *arguments],
        cwd=root,
        env=os.environ | environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def built(project: Path, built_project: Path) -> Path:
    """A copy of the project with its site built, to break."""
    shutil.copytree(built_project / "build", project / "build", symlinks=True)
    return project


# --- the same bytes ---


@pytest.fixture(scope="module")
def built_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project built in another folder, on another day, with another time zone, locale, hash seed and umask."""
    root = copy_project(tmp_path_factory.mktemp("elsewhere") / "Ein anderer Ordner")
    clock = tmp_path_factory.mktemp("clock")
    (clock / "sitecustomize.py").write_text(CLOCK)
    before = os.umask(0o077)
    try:
        done = command(root, "-q", **ELSEWHERE, PYTHONPATH=str(clock))
    finally:
        os.umask(before)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return root


def test_the_database_is_the_same_bytes_anywhere(built_elsewhere, database):
    assert (built_elsewhere / "build/site/record.db").read_bytes() == database.read_bytes()


def test_every_file_of_the_site_is_the_same_bytes_anywhere(built_elsewhere, site):
    there, here = contents((built_elsewhere / "build/site").resolve()), contents(site)
    assert there.keys() == here.keys()
    assert [name for name in here if there[name] != here[name]] == []


def test_every_file_and_folder_of_the_site_has_the_same_mode_anywhere(built_elsewhere, site):
    def modes(folder: Path) -> dict[str, int]:
        return {path.relative_to(folder).as_posix(): path.stat().st_mode for path in (folder, *folder.rglob("*"))}

    assert modes((built_elsewhere / "build/site").resolve()) == modes(site)


def test_the_day_of_the_other_build_was_another(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(CLOCK)
    asked = (
        "import time, datetime; print(datetime.datetime.now().year, datetime.date.today().year, time.localtime()[0])"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    said = subprocess.run([sys.executable, "-c", asked], env=environment, capture_output=True, text=True, check=True)
    assert min(map(int, said.stdout.split())) > date.today().year


def test_a_site_is_named_after_what_it_was_built_from(built_elsewhere, built_project):
    name = fingerprint(built_project)
    assert (built_elsewhere / "build/site").readlink() == Path(f"sites/{name}")
    assert (built_project / "build/site").readlink() == Path(f"sites/{name}")


def test_no_folder_of_the_machine_is_in_the_site(site, built_project):
    for name, content in contents(site).items():
        assert str(built_project).encode() not in content, name


def test_a_built_site_does_not_reach_back_into_the_checkout(site):
    assert [path for path in site.rglob("*") if path.is_symlink()] == []


def test_the_sums_of_a_site_verify_each_of_its_files(site):
    done = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=site, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    names = [line.removesuffix(": OK") for line in done.stdout.splitlines()]
    assert names == sorted(contents(site).keys() - {"SHA256SUMS"})


async def test_a_site_serves_its_sums(ds, site):
    answer = await ds.client.get("/SHA256SUMS")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert answer.content == (site / "SHA256SUMS").read_bytes()


# --- the command line ---


def test_a_build_says_its_stages_and_where_the_site_is(project, capsys):
    assert main([], root=project) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:6]] == ["read", "validate", "load", "derive", "check", "assemble"]
    assert lines[-1] == f"build/site is now build/sites/{fingerprint(project)}"


def test_a_quiet_build_says_nothing(project, capsys):
    assert main(["-q"], root=project) == 0
    assert capsys.readouterr() == ("", "")
    assert main(["-q"], root=project) == 0
    assert capsys.readouterr() == ("", "")


def test_a_second_build_is_up_to_date_and_does_nothing(built, capsys):
    before = {path: path.stat().st_mtime_ns for path in (built / "build").rglob("*")}
    assert main([], root=built) == 0
    assert capsys.readouterr().out == f"build/site is up to date ({fingerprint(built)})\n"
    assert {path: path.stat().st_mtime_ns for path in (built / "build").rglob("*")} == before


def test_validation_alone_builds_nothing(project, capsys):
    assert main(["--validate"], root=project) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["read", "validate"]
    assert not (project / "build").exists()


@pytest.mark.parametrize("arguments", [["--nonsense"], ["more"], ["--texts"]])
def test_bad_usage_is_exit_code_2(project, arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments, root=project)
    assert caught.value.code == 2
    assert "usage: build" in capsys.readouterr().err
    assert not (project / "build").exists()


def test_the_command_answers_bad_data_with_exit_code_1_and_no_traceback(project):
    row = change_row(project / "data/press/checks.csv", SAME_VOTE, **BAD_QUERY)
    done = command(project, **ELSEWHERE)
    assert done.returncode == 1
    assert done.stderr == (
        f"data/press/checks.csv, row {row}, field query_name: metadata.yml has no query who_won\n"
        "1 problem; nothing was built\n"
    )


def test_a_message_with_foreign_letters_is_printed_in_any_locale(project):
    change_row(project / "data/un/votes.csv", "A-RES-ES-11-7,USA", note=" 美俄")
    done = command(project, "-q", **ELSEWHERE)
    assert done.returncode == 1
    assert "field note: has blanks around it" in done.stderr


# --- what a build depends on ---


@pytest.mark.parametrize(
    "path",
    [
        "data/un/votes.csv",
        "schema/votes.yaml",
        "schema/views/votes_named.sql",
        "schema/derived/01_region_blocs.sql",
        "metadata.yml",
        "datapackage.yaml",
        "requirements.lock",
        "scripts/check.py",
        "site/static/site.css",
        "site/templates/table.html",
        "site/plugins/links.py",
        "data/press/CODEBOOK.md",
        "data/GAPS.md",
    ],
)
def test_a_change_of_any_input_asks_for_a_new_build(project, path):
    before = fingerprint(project)
    add_row(project / path, "")
    assert fingerprint(project) != before


@pytest.mark.parametrize("path", ["build/notes.txt", "seeds/notes.txt", "scripts/__pycache__/check.pyc", "README.md"])
def test_a_change_of_what_is_no_input_asks_for_none(project, path):
    before = fingerprint(project)
    (project / path).parent.mkdir(exist_ok=True)
    (project / path).write_text("Anything.", encoding="utf-8")
    assert fingerprint(project) == before


def test_a_changed_table_is_built_anew_and_the_old_site_stays_beside_it(built):
    before = (built / "build/site").resolve()
    change_row(built / "data/un/votes.csv", "A-RES-ES-11-7,USA", note="A note.")
    assert main(["-q"], root=built) == 0
    after = (built / "build/site").resolve()
    note = "select note from votes where roll_call_id = 'A-RES-ES-11-7' and member_id = 'USA'"
    assert sqlite3.connect(after / "record.db").execute(note).fetchall() == [("A note.",)]
    assert sqlite3.connect(before / "record.db").execute(note).fetchall() == [(None,)]


def test_a_site_that_was_deleted_is_built_again(built):
    (built / "build/site").unlink()
    assert main(["-q"], root=built) == 0
    assert (built / "build/site/record.db").exists()


def test_a_site_whose_folder_was_deleted_is_built_again(built):
    shutil.rmtree(built / "build/sites")
    assert main(["-q"], root=built) == 0
    assert (built / "build/site/record.db").exists()


# --- a site is whole or not there ---


def test_a_build_that_fails_leaves_nothing_half_written(project, build):
    replace_text(project / "data/press/checks.csv", '""member"": ""USA""', '""member"": ""XXX""')
    assert build(project)[0] == 1
    assert sorted((project / "build").rglob("*")) == [project / "build/.lock", project / "build/sites"]


def test_a_build_for_which_there_is_no_room_leaves_the_last_one(built, build, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", str(built / "build/sites/votes.csv"))

    before = contents(built / "build")
    add_row(built / "metadata.yml", "# Changed.")
    monkeypatch.setattr(downloads, "write_csv", full)
    assert build(built) == (1, "build/sites/votes.csv: No space left on device; nothing was built\n")
    assert contents(built / "build") == before
    assert len(list((built / "build/sites").iterdir())) == 1


def test_a_build_that_is_broken_off_leaves_the_last_one(built, monkeypatch):
    def broken_off(*_):
        raise KeyboardInterrupt

    before = contents(built / "build")
    add_row(built / "metadata.yml", "# Changed.")
    monkeypatch.setattr(downloads, "write_csv", broken_off)
    assert main(["-q"], root=built) == 130
    assert contents(built / "build") == before
    assert len(list((built / "build/sites").iterdir())) == 1


def test_a_site_that_was_damaged_is_built_again(built, database):
    (built / "build/site/record.db").write_bytes(b"")
    assert main(["-q"], root=built) == 0
    assert (built / "build/site/record.db").read_bytes() == database.read_bytes()


@pytest.mark.parametrize("name", ["record.db", "templates/row.html", "static/site.css", "SHA256SUMS"])
@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-1])])
def test_a_site_is_not_whole_with_a_file_cut_or_missing(site, tmp_path, name, damage):
    copy = shutil.copytree(site, tmp_path / "site")
    assert finished.is_whole(copy)
    damage(copy / name)
    assert not finished.is_whole(copy)


def test_a_site_is_not_whole_with_a_file_too_many(site, tmp_path):
    copy = shutil.copytree(site, tmp_path / "site")
    (copy / "plugins/more.py").write_text("")
    assert not finished.is_whole(copy)


def test_a_folder_in_the_place_of_the_link_is_named_and_nothing_temporary_is_left(project, build):
    (project / "build/site").mkdir(parents=True)
    assert build(project)[0] == 1
    assert sorted(path.name for path in (project / "build").iterdir()) == [".lock", "site", "sites"]


def test_nothing_temporary_is_left_after_a_build(built_project, built_elsewhere):
    for root in (built_project, built_elsewhere):
        name = fingerprint(root)
        assert sorted(path.name for path in (root / "build").iterdir()) == [".lock", "site", "sites"]
        assert [path.name for path in (root / "build/sites").iterdir()] == [name]


def publish_one(build: Path, name: str, age: int) -> None:
    """Publish a small site that was built so many seconds ago."""
    workshop = build / "sites" / f".{name}-workshop"
    workshop.mkdir(parents=True)
    (workshop / "record.db").write_text(name, encoding="utf-8")
    place = publish.publish(workshop, build / "sites", name, build / "site")
    os.utime(place, (place.stat().st_mtime - age,) * 2)


def test_the_five_last_sites_stay_and_older_ones_go(tmp_path):
    for age, name in enumerate("gfedcba"):
        publish_one(tmp_path, name, age=100 - age)
    assert sorted(path.name for path in (tmp_path / "sites").iterdir()) == ["a", "b", "c", "d", "e"]
    assert (tmp_path / "site/record.db").read_text(encoding="utf-8") == "a"


def test_a_site_that_is_published_again_counts_as_new(tmp_path):
    for age, name in enumerate("abcde"):
        publish_one(tmp_path, name, age=100 - age)
    publish_one(tmp_path, "a", age=0)
    publish_one(tmp_path, "f", age=0)
    assert sorted(path.name for path in (tmp_path / "sites").iterdir()) == ["a", "c", "d", "e", "f"]


# --- each stage alone ---


@pytest.mark.parametrize(
    "module",
    ["package", "read", "validate", "laws", "load", "derive", "check", "queries", "assemble", "locators", "tidy"],
)
def test_a_stage_can_be_imported_alone(module):
    done = subprocess.run([sys.executable, "-c", f"import scripts.{module}"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.fixture(scope="module")
def inputs(built_project):
    """The package and its rows, as the first stage hands them on."""
    package = open_package(built_project)
    return package, read.read_package(package)[0]


def test_read_alone_gives_every_row_of_every_file(inputs):
    package, rows = inputs
    lines = {name: (package.root / table.path).read_bytes().count(b"\n") for name, table in package.tables.items()}
    assert {name: len(found) + 1 for name, found in rows.items()} == lines


def test_validate_alone_finds_nothing_wrong_and_writes_nothing(inputs, built_project):
    before = contents(built_project / "data")
    assert validate.validate(*inputs) == []
    assert contents(built_project / "data") == before


def test_load_and_derive_alone_give_the_record_without_what_checks_find(inputs, database, tmp_path):
    package, rows = inputs
    made = load.create_database(tmp_path / "record.db")
    assert load.load(made, package, rows) == sum(map(len, rows.values()))
    assert derive.derive(made, package) == len(package.views)
    finished = sqlite3.connect(database)
    for table in set(package.tables) - {"checks", "claims", "codings", "coding_checks"}:
        sql = f"select * from {table} order by 1, 2"  # noqa: S608
        assert made.execute(sql).fetchall() == finished.execute(sql).fetchall()
    assert made.execute("select count(verdict) from claims").fetchone() == (0,)


def test_check_alone_finds_on_the_finished_record_what_it_says(inputs, database, built_project):
    package, rows = inputs
    declared = queries.read_queries(queries.read_metadata(built_project))
    results, problems = check.run_checks(database, package, rows, declared)
    found = {(*result.key, result.found, result.agrees) for result in results if result.table == "checks"}
    sql = "select claim_id, position, found, agrees from checks"
    assert problems == []
    assert found == set(sqlite3.connect(database).execute(sql))


def test_assemble_alone_dresses_a_finished_record_as_the_build_does(inputs, site, built_project, tmp_path):
    package, _ = inputs
    shutil.copy(site / "record.db", tmp_path / "record.db")
    made = load.sqlite_utils.Database(tmp_path / "record.db")
    wide = [derive.wide_table(made, table) for table in package.wide.values()]
    made.close()
    tables = [*package.tables.values(), *package.derived.values(), *wide, *package.views.values()]
    files = assemble.assemble(tmp_path, package, queries.read_metadata(built_project), tables)
    assert contents(tmp_path) == contents(site)
    assert files == len(contents(site))
