"""What the tests share: a copy of the project to break, the site built once, and the folder of article texts."""

import csv
import gc
import html
import io
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from datasette.app import Datasette
from playwright.sync_api import Browser, Page, Route, sync_playwright

from scripts.archive.__main__ import main as build_archive
from scripts.build import ROOT, main
from scripts.engines import MASTER, spark_session
from scripts.package import Package, open_package
from scripts.parquet import main as write_parquet
from tests.library_files import ASSEMBLY, COUNCIL, library, text_of

ELSEWHERE = re.compile(r"^(?!http://127\.0\.0\.1[:/])")
INPUTS = (
    "archive",
    "datapackage.yaml",
    "metadata.yml",
    "requirements.lock",
    "data",
    "schema",
    "scripts",
    "seeds",
    "site",
)


def copy_project(target: Path) -> Path:
    """The inputs of a build, in another folder."""
    target.mkdir(parents=True, exist_ok=True)
    for name in INPUTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target / name)
    return target


def change_row(file: Path, key: str, **cells: str) -> int:
    """Write other cells into the one row that begins with this key; returns its line number."""
    lines = file.read_text(encoding="utf-8").split("\n")
    [number] = [i for i, line in enumerate(lines) if line.startswith(f"{key},")]
    row = dict(zip(next(csv.reader(lines[:1])), next(csv.reader(lines[number : number + 1])), strict=True))
    assert row.keys() >= cells.keys()
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow((row | cells).values())
    lines[number] = out.getvalue()
    file.write_bytes("\n".join(lines).encode())
    return number + 1


def never_published(root: Path) -> Path:
    """A project whose keys nobody was promised, so that whole tables may be others."""
    for name in ("releases", "published_keys"):
        path = root / f"data/ledger/{name}.csv"
        path.write_text(path.read_text(encoding="utf-8").partition("\n")[0] + "\n", encoding="utf-8")
    for name in ("corrections", "redirects"):
        path = root / f"data/ledger/{name}.csv"
        path.write_text(path.read_text(encoding="utf-8").replace(",1.0.0\n", ",\n"), encoding="utf-8")
    return root


def remove_row(file: Path, key: str) -> int:
    """Take out the one row that begins with this key; returns the number its line had."""
    number = change_row(file, key)
    lines = file.read_bytes().split(b"\n")
    file.write_bytes(b"\n".join(lines[: number - 1] + lines[number:]))
    return number


def add_row(file: Path, line: str) -> int:
    """Put a line at the end of a file; returns its number."""
    content = file.read_bytes()
    file.write_bytes(content + line.encode() + b"\n")
    return content.count(b"\n") + 1


def replace_text(file: Path, old: str | bytes, new: str | bytes) -> int:
    """Replace the first place where a text stands; returns its line number."""
    old, new = (text.encode() if isinstance(text, str) else text for text in (old, new))
    content = file.read_bytes()
    file.write_bytes(content.replace(old, new, 1))
    return content[: content.index(old)].count(b"\n") + 1


def small_package(root: Path, schemas: dict[str, str], files: dict[str, str]) -> Package:
    """A package of small tables: the Table Schema and the CSV text of each, titles and descriptions filled in."""
    resources = []
    (root / "schema").mkdir(parents=True, exist_ok=True)
    (root / "data").mkdir(exist_ok=True)
    for name, text in schemas.items():
        schema = yaml.safe_load(text)
        for field in schema["fields"] + schema.get("computedFields", []):
            field |= {"title": field["name"], "description": field["name"]}
        (root / f"schema/{name}.yaml").write_text(yaml.safe_dump(schema, sort_keys=False), encoding="utf-8")
        (root / f"data/{name}.csv").write_text(files[name], encoding="utf-8")
        place = {"path": f"data/{name}.csv", "schema": f"schema/{name}.yaml", "encoding": "utf-8", "type": "table"}
        dialect = {"csv": {"delimiter": ",", "quoteChar": '"', "doubleQuote": True, "skipInitialSpace": False}}
        resources.append({"name": name, "title": name, "description": name, "dialect": dialect, **place})
    descriptor = {"name": "small", "resources": resources}
    (root / "datapackage.yaml").write_text(yaml.safe_dump(descriptor, sort_keys=False), encoding="utf-8")
    return open_package(root)


@dataclass(frozen=True)
class Server:
    """A site served on the loopback address: where, by which process, in which folder that stands, what it printed."""

    url: str
    pid: int
    folder: Path
    log: Path

    def peak_megabytes(self) -> int:
        """The most memory that the process ever had."""
        status = Path(f"/proc/{self.pid}/status")
        if not status.exists():
            pytest.skip("the memory of another process can be measured on Linux only")
        return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) // 1024


@contextmanager
def serve(site: Path, folder: Path) -> Iterator[Server]:
    """Serve a site as `make serve` does, on a port that the system chooses, from an empty folder."""
    folder.mkdir(parents=True)
    log = folder.with_name(f"{folder.name}.log")
    options = ("--cors", "--crossdb", "--host", "127.0.0.1", "--port", "0")
    with log.open("wb") as file:
        command = [sys.executable, "-m", "datasette", "serve", str(site), *options]
        process = subprocess.Popen(command, cwd=folder, stdout=file, stderr=file)
    try:
        deadline = time.monotonic() + 30
        while not (found := re.search(r"running on (http://127\.0\.0\.1:\d+)", log.read_text(encoding="utf-8"))):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text(encoding="utf-8")
            time.sleep(0.05)
        yield Server(found[1], process.pid, folder, log)
    finally:
        process.terminate()
        process.wait()


def addresses(text: str) -> list[str]:
    """The address of every link in a piece of HTML."""
    return [html.unescape(address) for address in re.findall(r'href="([^"]+)"', text)]


def words(text: str) -> str:
    """A piece of HTML as it is read."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


Rows = Callable[..., list[sqlite3.Row]]


@contextmanager
def closing_databases() -> Iterator[Callable[[Path], Datasette]]:
    """Open sites in process; close them at the end, since all of a process share the memory that the site allows."""
    sites = []

    def opened(site: Path) -> Datasette:
        """The site as `make serve` has it, without a socket."""
        sites.append(Datasette(config_dir=site, crossdb=True, cors=True))
        return sites[-1]

    yield opened
    for site in sites:
        for database in site.databases.values():
            database.close()
        # A thread keeps a connection of its own to each database.
        site.executor.shutdown()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project that a test may break."""
    return copy_project(tmp_path / "project")


@pytest.fixture(scope="session")
def built_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with its site built; tests only read it."""
    root = copy_project(tmp_path_factory.mktemp("built") / "project")
    assert main(["-q"], root=root) == 0
    return root


@pytest.fixture(scope="session")
def site(built_project: Path) -> Path:
    """The folder that Datasette serves."""
    return (built_project / "build/site").resolve()


@pytest.fixture(scope="session")
def archived_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a small archive: some of the record's votes as the Library has them, and a text of its own."""
    root = copy_project(tmp_path_factory.mktemp("archived") / "project")
    texts = {11: "A-RES-68-262", 12: "A-RES-ES-11-1", 13: "A-RES-ES-11-7"}
    unlinked = {"undl_link": ""}
    assembly = [
        {**line, **unlinked, "undl_id": str(number)} for number, key in texts.items() for line in library(root, key)
    ]
    other = {**unlinked, "undl_id": "14", "resolution": "A/RES/79/999 B", "title": "Nuclear peace", "total_yes": "94"}
    assembly += [{**line, **other} for line in library(root, "A-RES-ES-11-7")]
    council = [{**line, **unlinked, "undl_id": "15"} for line in library(root, "S-RES-2774-2025")]
    about = {"agenda_title": "A/79/251 10a MATTERS", "agenda": "MATTERS", "subjects": "PEACE|UKRAINE"}
    files = {"ga": (assembly, ASSEMBLY), "sc": (council, COUNCIL)}
    for name, (lines, header) in files.items():
        (root / f"{name}.csv").write_text(text_of([about | line for line in lines], header), encoding="utf-8")
    assert build_archive(["--ga", str(root / "ga.csv"), "--sc", str(root / "sc.csv"), "-q"], root=root) == 0
    assert main(["-q"], root=root) == 0
    return root


@pytest.fixture(scope="session")
def archive_site(archived_project: Path) -> Path:
    """The folder that Datasette serves where there is an archive."""
    return (archived_project / "build/site").resolve()


@pytest.fixture(scope="session")
def database(site: Path) -> Path:
    """The finished record.db."""
    return site / "record.db"


@pytest.fixture(scope="session")
def parquet(archived_project: Path) -> Path:
    """The folder in which the record and a small archive stand as Parquet."""
    assert write_parquet(["-q"], root=archived_project) == 0
    return archived_project / "build/parquet"


@pytest.fixture(scope="session")
def spark_settings() -> Iterator[dict[str, str]]:
    """What the one Spark of a test run is started with; few and short tasks, so that nothing is compiled for them."""
    missing = "java" if shutil.which("java") is None else "pyspark" if find_spec("pyspark") is None else None
    if missing and os.environ.get("CI"):
        pytest.fail(f"{missing} is not there, and CI does not skip the comparison with Spark")
    if missing:
        pytest.skip(f"{missing} is not there, so Spark was not compared")
    settings = {
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.default.parallelism": "1",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.shuffle.partitions": "1",
    }
    yield settings
    spark_session(MASTER, settings).stop()


@pytest.fixture
def build(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Build a project; returns the exit code and what was said on standard error."""

    def run(root: Path, *arguments: str) -> tuple[int, str]:
        code = main(["-q", *arguments], root=root)
        return code, capsys.readouterr().err

    return run


@pytest.fixture(scope="session")
def article_texts() -> Path:
    """The folder of article texts, where it is at hand."""
    folder = Path(os.environ.get("ARTICLE_TEXTS", ROOT.parent / "shared/seeds"))
    if not folder.is_dir():
        pytest.skip(f"the article texts are not at hand ({folder}), so no locator was verified")
    return folder


@pytest.fixture(scope="module")
def server(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The site, served to the tests of one file."""
    with serve(site, tmp_path_factory.mktemp("served") / "folder") as server:
        yield server


@pytest.fixture(scope="module")
def ds(site: Path) -> Iterator[Datasette]:
    """The site, asked in process."""
    with closing_databases() as opened:
        yield opened(site)


@pytest.fixture(scope="module", autouse=True)
def collected() -> Iterator[None]:
    """What a module leaves open in cycles is closed: all of a process share the memory that the site allows SQLite."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def rows(database: Path) -> Iterator[Rows]:
    """Ask the database itself."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        yield lambda sql, *values: connection.execute(sql, values).fetchall()


@pytest.fixture
def open_site() -> Iterator[Callable[[Path], Datasette]]:
    """Ask a site of any folder in process."""
    with closing_databases() as opened:
        yield opened


@pytest.fixture
def altered(site: Path, tmp_path: Path, open_site: Callable[[Path], Datasette]) -> Callable[[str], Datasette]:
    """The site over a copy of the database that a script has changed."""

    def alter(script: str) -> Datasette:
        copy = shutil.copytree(site, tmp_path / "site")
        connection = sqlite3.connect(copy / "record.db")
        connection.executescript(script)
        connection.close()
        return open_site(copy)

    return alter


# Of one module: while Playwright is open, no other test of the process can have an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium, without a window."""
    path = shutil.which("chromium")
    if path is None and os.environ.get("CI"):
        pytest.fail("chromium is not on the PATH, and CI does not skip the browser")
    if path is None:
        pytest.skip("chromium is not on the PATH, so nothing was tested in a browser")
    options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()


@contextmanager
def watched_page(browser: Browser, server: Server, **context: Any) -> Iterator[Page]:
    """A page that gets nothing from any other host; at the end there has been no such request and no error."""
    wrong: list[str] = []

    def refuse(route: Route) -> None:
        wrong.append(f"asked for {route.request.url}")
        route.abort()

    opened = browser.new_context(base_url=server.url, **context)
    opened.route(ELSEWHERE, refuse)
    page = opened.new_page()
    page.on("console", lambda message: wrong.append(f"console: {message.text}") if message.type == "error" else None)
    page.on("response", lambda got: wrong.append(f"{got.status} for {got.url}") if got.status >= 400 else None)
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    yield page
    opened.close()
    assert wrong == []
