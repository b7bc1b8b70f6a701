"""Faults: builds that are killed, that meet each other, that have no room or no permission, and files that change."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import duckdb
import pytest
import xlsxwriter
from conftest import add_row, copy_project, serve
from library_files import ASSEMBLY, library, text_of

from scripts import assemble, finished, load, places, problems, publish
from scripts.archive import __main__ as archive
from scripts.build import ROOT, fingerprint, inputs_of, main
from scripts.serving import get
from scripts.torture import BUILD, VOTE, Build, started

OLD = "0123456789abcdef"
NOT_ROOT = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")


@pytest.fixture
def outdated(project: Path, site: Path) -> Path:
    """A project whose site is whole and not the one that its inputs ask for."""
    # The site that is to be built is the one of the session; only the name of this one is another.
    publish_copy(project, site, OLD)
    return project


def visible(root: Path) -> list[Path]:
    return sorted(root.glob("build/sites/[!.]*"))


def hidden(root: Path) -> list[str]:
    return [path.name for path in root.glob("build/**/.*") if path.name != places.LOCK]


def in_namespace(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command that may mount what nobody else sees; skips where the system does not allow it."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-m", "true"], check=False).returncode != 0:
        pytest.skip("mounts are not allowed here, so no full or read-only disk was tried")
    return subprocess.run(
        ["unshare", "-m", *map(str, command)], cwd=cwd, capture_output=True, encoding="utf-8", check=False
    )


# --- killed, and two at once ---


def test_a_killed_build_leaves_the_last_site_and_whoever_waits_for_it_builds(outdated, site, tmp_path):
    def kill_after(stage: str) -> None:
        with started(BUILD, outdated, tmp_path / f"{stage}.log") as build:
            build.wait_for(stage)
            assert not build.is_over()

    with serve((outdated / "build/site").resolve(), tmp_path / "served") as server:
        before = get(server.url + VOTE)
        for stage in ("read", "load", "derive"):
            kill_after(stage)
            assert (outdated / "build/site").readlink() == Path("sites") / OLD
            assert visible(outdated) == [outdated / "build/sites" / OLD]
            assert finished.is_whole(outdated / "build/site")
            assert get(server.url + VOTE) == before
        assert hidden(outdated)
        with started(BUILD, outdated, tmp_path / "first.log") as first:
            first.wait_for("check")
            with started(BUILD, outdated, tmp_path / "second.log") as second:
                wait_for_words(second, "another build is at work; waiting for its end\n")
                first.kill()
                assert second.process.wait() == 0, second.said
        assert second.said.splitlines()[-1] == f"build/site is now build/sites/{fingerprint(outdated)}"
        assert get(server.url + VOTE) == before
    assert hidden(outdated) == []
    assert (outdated / "build/site/SHA256SUMS").read_bytes() == (site / "SHA256SUMS").read_bytes()
    assert finished.is_whole(outdated / "build/site")


def wait_for_words(build: Build, text: str) -> None:
    while text not in build.said:
        assert not build.is_over(), build.said


def test_a_build_that_waited_finds_the_site_up_to_date(outdated, site, tmp_path):
    name = fingerprint(outdated)
    with ExitStack() as stack:
        with places.alone(outdated / "build", print):
            build = stack.enter_context(started(BUILD, outdated, tmp_path / "log"))
            wait_for_words(build, "another build is at work; waiting for its end\n")
            publish_copy(outdated, site, name)
        assert build.process.wait() == 0
        assert build.said.splitlines()[1:] == [f"build/site is up to date ({name})"]


def publish_copy(root: Path, site: Path, name: str) -> None:
    shutil.copytree(site, root / "build/sites" / name)
    places.point(root / "build/site", root / "build/sites" / name)


def test_a_build_with_nothing_to_do_does_not_wait(outdated, site, capsys):
    name = fingerprint(outdated)
    publish_copy(outdated, site, name)
    with places.alone(outdated / "build", print):
        assert main([], root=outdated) == 0
    assert capsys.readouterr().out == f"build/site is up to date ({name})\n"


def test_what_killed_builds_left_is_removed_and_nothing_else(tmp_path):
    left = [tmp_path / "sites/.name-abc", tmp_path / "archives/.name-abc", tmp_path / "parquets/.name-abc"]
    kept = [tmp_path / "sites/name", tmp_path / "peers"]
    for folder in (*left, *kept):
        folder.mkdir(parents=True)
        (folder / "file").write_text("Anything.")
    (tmp_path / "peers/.installed").touch()
    (tmp_path / ".gitignore").touch()
    (tmp_path / ".site-123").symlink_to("sites/name")
    with places.alone(tmp_path, print):
        assert not any(folder.exists() for folder in left)
    assert all((folder / "file").exists() for folder in kept)
    assert sorted(path.name for path in tmp_path.glob(".*")) == [".gitignore", places.LOCK]
    assert (tmp_path / "peers/.installed").exists()


def test_a_site_that_is_taken_away_is_never_seen_in_part(tmp_path, monkeypatch):
    place = tmp_path / "name"
    place.mkdir()
    seen = []
    monkeypatch.setattr(shutil, "rmtree", lambda path, **_: seen.append((place.exists(), path.name)))
    places.remove(place)
    [(visible_then, name)] = seen
    assert not visible_then
    assert name.startswith(".name-")


def test_temporary_files_are_in_the_workshop(tmp_path):
    before = tempfile.gettempdir()
    with places.workshop(tmp_path, "name") as made:
        assert Path(tempfile.gettempdir()).is_relative_to(tmp_path)
        assert list(made.iterdir()) == []
    assert tempfile.gettempdir() == before
    assert list(tmp_path.iterdir()) == []


# --- old sites that are still served ---


def test_a_site_that_is_served_stays_until_its_server_ends(site, tmp_path):
    def publish_more(names: str) -> set[str]:
        for name in names:
            made = tmp_path / "sites" / f".{name}"
            made.mkdir()
            (made / "file").write_text(name)
            finished.write_sums(made)
            publish.publish(made, tmp_path / "sites", name, tmp_path / "site", keep=2)
        return {path.name for path in (tmp_path / "sites").iterdir()}

    shutil.copytree(site, tmp_path / "sites/served")
    os.utime(tmp_path / "sites/served", (0, 0))
    with serve(tmp_path / "sites/served", tmp_path / "folder") as server:
        before = get(server.url + VOTE)
        assert publish_more("abc") == {"served", "b", "c"}
        assert get(server.url + VOTE) == before
    assert publish_more("d") == {"c", "d"}


def test_a_site_on_a_read_only_disk_is_held_too(site, tmp_path):
    code = (
        "import sys; from pathlib import Path; from datasette.app import Datasette; import asyncio;"
        "ds = Datasette(config_dir=Path('site')); asyncio.run(ds.invoke_startup());"
        "sys.path.insert(0, sys.argv[1]); from scripts.places import _is_held; print(_is_held(Path('site')))"
    )
    (tmp_path / "site").mkdir()
    mount = f'mount --bind "{site}" site && mount -o remount,bind,ro site && ! touch site/x 2>/dev/null'
    done = in_namespace("sh", "-c", f'{mount} && exec "{sys.executable}" -c "$0" "$1"', code, ROOT, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr


# --- files that change ---


def rewrite(path: Path) -> None:
    """Another text, and then the first again."""
    content = path.read_bytes()
    path.write_bytes(b"Anything.")
    path.write_bytes(content)


CHANGES = {
    "data/GAPS.md": lambda path: add_row(path, ""),
    "data/un/votes.csv": rewrite,
    "schema/more.sql": lambda path: path.write_text("select 1"),
    "site/static/icon.svg": Path.unlink,
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_file_that_changed_is_not_what_a_build_noted(project, name):
    before = inputs_of(project)
    assert before.changed(inputs_of(project)) == []
    CHANGES[name](project / name)
    assert before.changed(inputs_of(project)) == [name]


def test_a_file_that_changes_while_it_is_read_is_named(outdated, build, monkeypatch):
    name = "data/un/votes.csv"

    def changing(*_: object) -> int:
        """In the place of the last stage, which takes long."""
        CHANGES[name](outdated / name)
        return 0

    monkeypatch.setattr(assemble, "assemble", changing)
    said = f"{name}: changed while the build read it\n1 problem; nothing was built\n"
    assert build(outdated) == (1, said)
    assert visible(outdated) == [outdated / "build/sites" / OLD]
    assert hidden(outdated) == []


def test_a_file_of_the_library_that_changes_while_it_is_read_is_named(project, capsys, monkeypatch):
    file = project / "ga.csv"
    file.write_text(text_of(library(project, "A-RES-ES-11-7"), ASSEMBLY), encoding="utf-8")
    loaded = archive.load_archive

    def changing(*arguments):
        add_row(file, "")
        return loaded(*arguments)

    monkeypatch.setattr(archive, "load_archive", changing)
    assert archive.main(["--ga", str(file), "-q"], root=project) == 1
    assert capsys.readouterr().err == "GA/ga.csv: changed while the build read it\n1 problem; nothing was built\n"
    assert list((project / "build/archives").iterdir()) == []


# --- what a build was made of ---


def test_the_inputs_of_a_build_are_in_its_database(rows, built_project):
    found = {row["path"]: row for row in rows("select * from build_inputs")}
    assert found["Python"]["version"] == ".".join(map(str, sys.version_info[:3]))
    files = {path: row for path, row in found.items() if row["kind"] != "program"}
    assert files.keys() == {file.path for file in inputs_of(built_project).files}
    assert {"data/un/votes.csv", "scripts/build.py", "requirements.lock"} < files.keys()
    sums = "".join(f"{row['sha256']}  {path}\n" for path, row in files.items())
    done = subprocess.run(["sha256sum", "-c", "--strict", "--quiet"], cwd=built_project, input=sums, text=True)
    assert done.returncode == 0
    assert [path for path in files if (built_project / path).stat().st_size != files[path]["bytes"]] == []


def test_the_inputs_of_an_archive_are_in_its_database(archived_project):
    with load.reading(archived_project / "build/archive/archive.db") as connection:
        found = dict(connection.execute("select path, sha256 from build_inputs where kind = 'library'"))
        versions = dict(connection.execute("select path, version from build_inputs where kind = 'program'"))
    done = subprocess.run(["sha256sum", "ga.csv", "sc.csv"], cwd=archived_project, capture_output=True, text=True)
    assert [f"{sum_}  {path.partition('/')[2]}" for path, sum_ in found.items()] == done.stdout.splitlines()
    assert versions.keys() == {"DuckDB", "Python", "SQLite"}


def test_a_damaged_archive_is_not_served(outdated, archived_project, build):
    shutil.copytree(archived_project / "build/archives", outdated / "build/archives")
    [made] = (outdated / "build/archives").iterdir()
    places.point(outdated / "build/archive", made)
    (made / "refused.csv").unlink()
    reason = "build/archive: is not as it was built; make archive builds it anew"
    assert build(outdated) == (1, f"{reason}\n1 problem; nothing was built\n")


# --- no room, no permission ---


def test_a_full_disk_ends_in_one_line_and_the_last_site_stays(outdated):
    done = in_namespace(sys.executable, "-m", "scripts.small_disk", outdated, 1, 16, cwd=outdated)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 MB free, after " in done.stdout
    assert "16 MB free, after check: " in done.stdout
    assert done.stdout.splitlines()[-1] == "with room: exit code 0"


def test_a_folder_that_is_read_only_is_named(outdated):
    mount = "mount --bind build build && mount -o remount,bind,ro build"
    done = in_namespace("sh", "-c", f'{mount} && exec "$0" -m scripts.build', sys.executable, cwd=outdated)
    assert (done.returncode, done.stderr) == (1, "build/.lock: Read-only file system; nothing was built\n")


@pytest.mark.parametrize("folder", ["build", "build/sites"])
def test_a_folder_that_nobody_may_write_to_is_named(outdated, folder):
    (outdated / "build" / places.LOCK).touch(mode=0o444 if folder == "build" else 0o644)
    (outdated / folder).chmod(0o555)
    asked = [sys.executable, "-m", "scripts.build", "-q"]
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("setpriv is not there, and root may write anywhere")
        asked = [*NOT_ROOT, *asked]
    done = subprocess.run(asked, cwd=outdated, capture_output=True, encoding="utf-8", check=False)
    (outdated / folder).chmod(0o755)
    assert done.returncode == 1
    assert re.fullmatch(rf"{folder}/\.[^\n]+: Permission denied; nothing was built\n", done.stderr)
    assert visible(outdated) == [outdated / "build/sites" / OLD]


def refusals() -> Iterator[Exception]:
    """What libraries raise where the system refuses them something, as they raise it."""

    def sqlite_full() -> None:
        connection = sqlite3.connect(":memory:")
        connection.execute("pragma max_page_count = 2")
        connection.execute("create table a (b)")
        connection.execute("insert into a values (zeroblob(100000))")

    def duckdb_full() -> None:
        duckdb.connect().execute("copy (select 1) to '/dev/full'")

    def workbook() -> None:
        with xlsxwriter.Workbook("/dev/null/a.xlsx"):
            pass

    def package() -> None:
        with zipfile.ZipFile("/dev/full", "w") as file:
            file.writestr("a", "b" * 100_000)

    for act in (sqlite_full, duckdb_full, workbook, package):
        try:
            act()
        except Exception as error:
            yield error


def test_what_the_system_refuses_is_told_in_one_line(tmp_path):
    said = [problems.refusal(error, tmp_path) for error in refusals()]
    assert len(said) == 4
    assert all(text and "\n" not in text for text in said), said
    assert problems.refusal(ValueError("a slip in the code"), tmp_path) is None


# --- the same archive anywhere ---


def test_an_archive_is_the_same_bytes_anywhere(archived_project, tmp_path):
    root = copy_project(tmp_path / "Ein anderer Ordner")
    for name in ("ga.csv", "sc.csv"):
        shutil.copy(archived_project / name, tmp_path / name)
    arguments = ["--ga", str(tmp_path / "ga.csv"), "--sc", str(tmp_path / "sc.csv"), "-q"]
    environment = os.environ | {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "12345"}
    command = [sys.executable, "-m", "scripts.archive", *arguments]
    done = subprocess.run(command, cwd=root, env=environment, umask=0o077, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    here, there = archived_project / "build/archive", root / "build/archive"
    assert here.readlink() == there.readlink()
    assert (here / "SHA256SUMS").read_bytes() == (there / "SHA256SUMS").read_bytes()
    assert finished.is_whole(there)
    assert (there / "archive.db").stat().st_mode & 0o777 == 0o644
