"""Many readers: several processes serve one build behind nginx, with the configuration that the project ships."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from scripts.serving import (
    HOST,
    OPTIONS,
    Process,
    ending,
    free_port,
    lay_out_nginx,
    nginx_command,
    start_datasette,
    start_nginx,
    wait_for,
)

REPLICAS = 3
READERS = 6
PAGES_EACH = 24
SQL = {
    "json": "/record.json?sql=select+{}",
    "csv": "/record.csv?sql=select+{}",
    "another order": "/record.json?_shape=array&sql=select+{}",
    "another database": "/_memory.json?sql=select+{}",
    "a condition": "/record/votes.json?_where={}%3D{}",
    "a name in disguise": "/record.json?s%71l=select+{}",
}
HIDDEN = (
    *("/-/threads", "/-/threads.json", "/-/databases.json", "/-/versions.json", "/-/plugins.json", "/-/settings.json"),
    *("/-/metadata.json", "/-/allow-debug", "/-/messages", "/-", "/-/", "/%2D/threads.json", "//-/threads.json"),
    "/-/static/../threads.json",
)


@dataclass
class Front:
    """An nginx: where it is, the folder that it runs in, and its process."""

    url: str
    folder: Path
    process: Process

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    def reader(self, number: int = 1, **headers: str) -> httpx.Client:
        """A client with an address of its own, since limits count by address."""
        transport = httpx.HTTPTransport(local_address=f"127.0.1.{number}")
        return httpx.Client(base_url=self.url, transport=transport, headers=headers, timeout=60)


@contextmanager
def replicas(site: Path, folder: Path, number: int = REPLICAS) -> Iterator[dict[int, Process]]:
    """Datasette processes of one build by their ports; each has a log in the folder."""
    with ExitStack() as stack:
        started = {}
        for port in (free_port() for _ in range(number)):
            log = stack.enter_context((folder / f"{port}.log").open("wb"))
            started[port] = stack.enter_context(ending(start_datasette([str(site), *OPTIONS], port, log=log.fileno())))
        for port, process in started.items():
            wait_for(f"http://{HOST}:{port}/robots.txt", process)
        yield started


@contextmanager
def nginx(site: Path, folder: Path, ports: list[int]) -> Iterator[Front]:
    """The shipped configuration before some processes, with an empty cache and nobody counted."""
    folder.mkdir()
    port = free_port()
    lay_out_nginx(folder, site, port, ports)
    with (folder / "log").open("wb") as log, ending(start_nginx(folder, log.fileno())) as process:
        wait_for(f"http://{HOST}:{port}/robots.txt", process)
        yield Front(f"http://{HOST}:{port}", folder, process)


@pytest.fixture(scope="module", autouse=True)
def found() -> None:
    try:
        nginx_command(Path())
    except FileNotFoundError as error:
        if os.environ.get("CI"):
            pytest.fail(f"{error} CI does not skip it.")
        pytest.skip(f"{error} So nothing was tested behind it.")


@pytest.fixture(scope="module")
def ports(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[int]]:
    with replicas(site, tmp_path_factory.mktemp("replicas")) as started:
        yield list(started)


@pytest.fixture(scope="module")
def front(site: Path, tmp_path_factory: pytest.TempPathFactory, ports: list[int]) -> Iterator[Front]:
    with nginx(site, tmp_path_factory.mktemp("front") / "nginx", ports) as started:
        yield started


@pytest.fixture
def fresh(site: Path, tmp_path: Path, ports: list[int]) -> Iterator[Front]:
    """An nginx of one test, for what fills caches and limits."""
    with nginx(site, tmp_path / "nginx", ports) as started:
        yield started


def direct(port: int, front: Front, address: str, **headers: str) -> httpx.Response:
    """What a process answers itself, asked as nginx asks."""
    return httpx.get(f"http://{HOST}:{port}{address}", headers={"host": front.host, **headers}, timeout=60)


def test_nginx_accepts_the_configuration(front: Front):
    tested = subprocess.run(nginx_command(front.folder, "-t"), cwd=front.folder, capture_output=True, text=True)
    assert (tested.returncode, "[warn]" in tested.stderr, "[emerg]" in tested.stderr) == (0, False, False)


@pytest.mark.parametrize("address", ["/", "/record/votes", "/record/votes.json?_shape=array", "/record/votes.csv"])
def test_replicas_send_the_same_bytes_and_the_same_etag(address: str, front: Front, ports: list[int]):
    answers = [direct(port, front, address) for port in ports]
    assert len({answer.content for answer in answers}) == len({answer.headers["etag"] for answer in answers}) == 1
    with front.reader() as reader:
        behind = reader.get(address)
    assert (behind.content, behind.headers["etag"]) == (answers[0].content, answers[0].headers["etag"])


@pytest.mark.parametrize(
    "packing", ["gzip", "gzip, deflate, br, zstd", "br;q=1.0, gzip;q=0.8, *;q=0.1", "identity", ""]
)
def test_the_second_request_is_answered_from_the_cache(packing: str, fresh: Front):
    packed = "gzip" in packing
    with fresh.reader(**{"accept-encoding": packing}) as reader:
        first, second = reader.get("/record/members"), reader.get("/record/members")
    assert [first.headers["x-cache"], second.headers["x-cache"]] == ["MISS", "HIT"]
    assert [answer.headers.get("content-encoding") for answer in (first, second)] == ["gzip" if packed else None] * 2
    assert first.text == second.text and "<html" in first.text


def test_a_reader_who_refuses_packing_gets_none(fresh: Front):
    with fresh.reader() as reader:
        packed = reader.get("/record/members", headers={"accept-encoding": "gzip"})
        plain = reader.get("/record/members", headers={"accept-encoding": "deflate, gzip;q=0"})
    assert ("content-encoding" in packed.headers, "content-encoding" in plain.headers) == (True, False)
    assert packed.text == plain.text


def test_browsers_that_say_it_in_other_words_share_what_is_packed(fresh: Front):
    with fresh.reader() as reader:
        said = ["gzip, deflate, br", "gzip", "gzip;q=1.0, identity; q=0.5"]
        answers = [reader.get("/record/blocs", headers={"accept-encoding": words}) for words in said]
    assert [answer.headers["x-cache"] for answer in answers] == ["MISS", "HIT", "HIT"]


@pytest.mark.parametrize(
    "address", ["/record/votes", "/record/votes.json", "/static/site.css", "/static/downloads/un.zip"]
)
def test_who_has_a_page_is_told_so(address: str, front: Front):
    with front.reader() as reader:
        etag = reader.get(address).headers["etag"]
        again = reader.get(address, headers={"if-none-match": f'"other", {etag}'})
        other = reader.get(address, headers={"if-none-match": '"other"'})
    assert (again.status_code, again.content, other.status_code) == (304, b"", 200)


def test_head_has_what_get_has(front: Front):
    with front.reader() as reader:
        head, whole = reader.head("/record/articles"), reader.get("/record/articles")
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "content-type", "etag", "cache-control", "vary"):
        assert head.headers[name] == whole.headers[name]


def test_a_page_is_nobodys_own(fresh: Front):
    with fresh.reader() as reader:
        reader.get("/record/outlets")
        asked = reader.get("/record/outlets", headers={"cookie": "ds_actor=x", "authorization": "Bearer x"})
    assert (asked.status_code, asked.headers["x-cache"]) == (200, "HIT")


def test_hosts_and_orders_of_parameters_have_pages_of_their_own(fresh: Front):
    with fresh.reader() as reader:
        one = reader.get("/record/votes.json?_size=1&vote=no")
        two = reader.get("/record/votes.json?vote=no&_size=1&utm_source=x")
        other = reader.get("/record/votes.json?_size=1&vote=no", headers={"host": "example.org"})
    assert one.json()["rows"] == two.json()["rows"] == other.json()["rows"]
    assert one.headers["link"].startswith(f"<{fresh.url}/record/votes.json?")
    assert other.headers["link"].startswith("<http://example.org/record/votes.json?")


def test_a_page_that_is_too_old_is_asked_for_and_not_made_again(fresh: Front):
    with fresh.reader() as reader:
        first = reader.get("/record/sources?_ttl=1")
        time.sleep(2)
        second = reader.get("/record/sources?_ttl=1")
    assert (first.headers["x-cache"], second.headers["x-cache"]) == ("MISS", "REVALIDATED")
    assert first.content == second.content


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/record/votes",
        "/record.json?sql=select+1",
        "/record/votes.csv",
        "/static/site.css",
        "/nothing",
        "/record.db",
        "/static/downloads/un.zip",
        "/static/nothing.zip",
        "/robots.txt",
        "/record/votes/a-res-es-11-7,usa",
        "/-/threads",
    ],
)
def test_other_pages_scripts_may_read_every_answer(address: str, front: Front):
    with front.reader() as reader:
        assert reader.get(address).headers.get_list("access-control-allow-origin") == ["*"]


@pytest.mark.parametrize("address", ["/static/downloads/un.zip", "/static/downloads/votes.xlsx", "/record.db"])
def test_a_packed_file_comes_from_the_disk_as_the_site_has_it(address: str, front: Front, ports: list[int]):
    own = direct(ports[0], front, address)
    with front.reader() as reader:
        got, part = reader.get(address), reader.get(address, headers={"range": "bytes=2-5"})
    assert got.content == own.content
    for name in ("content-type", "cache-control", "access-control-allow-origin", "access-control-expose-headers"):
        assert got.headers.get(name) == own.headers.get(name)
    assert ("x-cache" in got.headers, part.status_code, part.content) == (False, 206, own.content[2:6])


def test_the_database_is_a_file_to_keep(front: Front):
    with front.reader() as reader:
        assert reader.head("/record.db").headers["content-disposition"].startswith("attachment")


def test_a_key_in_other_letters_leads_to_its_row_on_the_same_host_and_port(front: Front):
    with front.reader() as reader:
        moved = reader.get("/record/votes/a-res-es-11-7,usa")
        followed = reader.get("/A/RES/ES-11/7", follow_redirects=True)
    assert (moved.status_code, moved.headers["location"]) == (301, "/record/votes/A-RES-ES-11-7,USA")
    assert (followed.status_code, str(followed.url)) == (200, f"{front.url}/record/resolutions/A-RES-ES-11-7")


def test_a_path_comes_through_letter_for_letter(front: Front, ports: list[int]):
    for address in (
        "/record/votes/A-RES-ES-11-7%2CUSA.json?_shape=array",
        "/record/search?q=a%2Fb%20c+d%26e",
        "/A%2FRES%2FES-11%2F7",
    ):
        own = direct(ports[0], front, address)
        with front.reader() as reader:
            got = reader.get(address)
        assert (got.status_code, got.headers.get("location"), got.content) == (
            own.status_code,
            own.headers.get("location"),
            own.content,
        )


def test_sql_as_long_as_it_may_be_comes_through(front: Front):
    with front.reader(7) as reader:
        answer = reader.get("/record.json", params={"sql": f"select length('{'x' * 30000}') as n", "_shape": "array"})
    assert answer.json() == [{"n": 30000}]


@pytest.mark.parametrize("address", HIDDEN)
def test_what_datasette_says_of_itself_is_not_shown(address: str, front: Front):
    # Not by httpx, which tidies paths.
    shown = subprocess.run(
        ["curl", "-s", "--path-as-is", "-w", "%{http_code}", front.url + address], capture_output=True, text=True
    ).stdout
    assert shown.endswith("404") and "/record.db" not in shown and "versions" not in shown


@pytest.mark.parametrize("address", ["/-/static/app.css", "/-/static-plugins/datasette_vega/datasette_vega.js"])
def test_datasettes_own_files_are_shown(address: str, front: Front, ports: list[int]):
    own = direct(ports[0], front, address)
    with front.reader() as reader:
        got = reader.get(address)
    assert (got.status_code, got.content) == (own.status_code, own.content)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "TRACE"])
def test_nothing_can_be_sent(method: str, front: Front):
    with front.reader() as reader:
        refused = reader.request(method, "/record.json")
        options = reader.options("/record.json")
    assert refused.status_code == 405
    assert options.status_code == 200
    assert options.headers["allow"] == "GET, HEAD, OPTIONS"
    if method != "TRACE":
        assert (refused.headers["allow"], refused.json()["status"]) == ("GET, HEAD, OPTIONS", 405)


@pytest.mark.parametrize("address", SQL.values(), ids=SQL)
def test_a_burst_of_sql_from_a_program_is_refused_and_pages_beside_it_are_not(address: str, fresh: Front):
    statuses, pages = [], []
    with fresh.reader(2) as program, fresh.reader(3) as other:
        for number in range(40):
            answer = program.get(address.format(number, number))
            statuses.append(answer.status_code)
            if number % 8 == 0:
                pages.append(program.get(f"/record/roll_calls?_size={number + 1}").status_code)
        last = program.get(address.format(41, 41))
        elsewhere = other.get(address.format(41, 41))
    assert (statuses[:5], statuses[-1], set(statuses)) == ([200] * 5, 429, {200, 429})
    assert (pages, elsewhere.status_code) == ([200] * 5, 200)
    assert int(last.headers["retry-after"]) > 0
    assert last.headers["access-control-allow-origin"] == "*"
    if ".json" in address:
        assert "/downloads" in last.json()["error"]
    else:
        assert last.headers["content-type"].startswith("text/plain") and "/downloads" in last.text


def test_a_burst_of_pages_of_sql_is_refused_later(fresh: Front):
    with fresh.reader(2) as reader:
        statuses = [reader.get(f"/record?sql=select+{number}").status_code for number in range(30)]
    assert set(statuses) == {200}


def test_what_is_in_the_cache_counts_for_no_limit(fresh: Front):
    with fresh.reader(2) as reader:
        answers = [reader.get("/record.json?sql=select+1") for _ in range(60)]
    assert {answer.status_code for answer in answers} == {200}
    assert [answer.headers["x-cache"] for answer in answers] == ["MISS"] + ["HIT"] * 59


def test_a_made_up_address_does_not_escape_the_limit(fresh: Front):
    with fresh.reader(2) as program:
        made_up = [{"x-forwarded-for": f"192.0.2.{number}", "x-real-ip": f"192.0.2.{number}"} for number in range(40)]
        answers = [
            program.get(f"/record.json?sql=select+{number}", headers=headers) for number, headers in enumerate(made_up)
        ]
    assert answers[-1].status_code == 429


def rows_to_ask(number: int) -> list[str]:
    """Addresses of one reader that no other reader has asked for: pages, JSON and files, with and without a query."""
    addresses = []
    for page in range(PAGES_EACH // 4):
        size = 1 + number * PAGES_EACH + page
        addresses += [
            f"/record/votes?_size={size}",
            f"/record/members.json?_size={size}&_shape=array",
            f"/record/how_voted.csv?roll_call=A-RES-ES-11-7&member=USA&reader={size}",
            f"/static/site.css?{size}",
        ]
    return addresses


def read_all(front: Front, number: int, answered: Callable[[], None]) -> dict[str, tuple[int, str, bytes]]:
    """One reader asks for all its addresses: status, whether the cache had it, and content of each."""
    got = {}
    with front.reader(10 + number) as reader:
        for address in rows_to_ask(number):
            answer = reader.get(address)
            got[address] = (answer.status_code, answer.headers.get("x-cache", ""), answer.content)
            answered()
    return got


def read_under(front: Front, event: Callable[[], None]) -> dict[str, tuple[int, str, bytes]]:
    """What all readers get, while after a quarter of the answers something happens."""
    count = iter(range(READERS * PAGES_EACH))
    happens_at = READERS * PAGES_EACH // 4
    happened = []

    def answered() -> None:
        if next(count) == happens_at:
            event()
            happened.append(True)

    got: dict[str, tuple[int, str, bytes]] = {}
    with ThreadPoolExecutor(READERS) as pool:
        for done in as_completed([pool.submit(read_all, front, number, answered) for number in range(READERS)]):
            got |= done.result()
    assert happened and len(got) == READERS * PAGES_EACH
    return got


def assert_right(got: dict[str, tuple[int, str, bytes]], front: Front, port: int) -> None:
    """Every answer came from a process, and is what a process answers that was asked in peace."""
    wrong = {address: status for address, (status, _, _) in got.items() if status != 200}
    assert wrong == {}
    assert {cached for _, cached, _ in got.values()} == {"MISS"}
    for address, (_, _, content) in got.items():
        assert content == direct(port, front, address).content, address


def test_no_reader_notices_that_a_replica_is_killed(site: Path, tmp_path: Path):
    with replicas(site, tmp_path) as started, nginx(site, tmp_path / "nginx", list(started)) as front:
        killed, *others = started
        got = read_under(front, started[killed].kill)
        assert started[killed].wait() == -9
        for port in started:
            assert (tmp_path / f"{port}.log").read_text().count('" 200 OK') > 5, "each replica was asked"
        assert_right(got, front, others[0])


def test_no_reader_notices_that_a_new_build_takes_over(site: Path, tmp_path: Path):
    # The same tables in a folder of their own: what is right does not change meanwhile.
    new = shutil.copytree(site, tmp_path / "new")
    for name in ("old-logs", "new-logs"):
        (tmp_path / name).mkdir()
    with (
        replicas(site, tmp_path / "old-logs", 2) as old,
        nginx(site, tmp_path / "nginx", list(old)) as front,
        replicas(new, tmp_path / "new-logs", 2) as ready,
    ):

        def deploy() -> None:
            lay_out_nginx(front.folder, new, int(front.host.partition(":")[2]), list(ready))
            subprocess.run(nginx_command(front.folder, "-s", "reload"), cwd=front.folder, check=True)
            time.sleep(1)
            for process in old.values():
                process.terminate()

        got = read_under(front, deploy)
        assert all(process.wait(20) is not None for process in old.values())
        assert_right(got, front, next(iter(ready)))
        with front.reader() as reader:
            assert reader.get("/record/votes?_size=1").headers["x-cache"] == "MISS", "no page of the old build is left"


def test_without_any_replica_what_is_known_is_served_and_what_is_not_says_when(site: Path, tmp_path: Path):
    with (
        replicas(site, tmp_path, 2) as started,
        nginx(site, tmp_path / "nginx", list(started)) as front,
        front.reader() as reader,
    ):
        known = reader.get("/record/votes?_ttl=1")
        time.sleep(2)
        for process in started.values():
            process.kill()
            process.wait()
        stale = reader.get("/record/votes?_ttl=1")
        page, data = reader.get("/record/members"), reader.get("/record/members.json")
        file = reader.get("/static/downloads/un.zip")
    assert (stale.status_code, stale.headers["x-cache"], stale.content) == (200, "STALE", known.content)
    assert (page.status_code, data.status_code, file.status_code) == (503, 503, 200)
    assert int(page.headers["retry-after"]) > 0 and int(data.headers["retry-after"]) > 0
    assert page.headers["content-type"].startswith("text/plain") and "Try again" in page.text
    assert data.json()["ok"] is False
