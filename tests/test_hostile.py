"""The served site under the catalogue of hostile requests: each is refused or does no harm, and nobody else notices."""

import re
import shutil
import socket
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, as_completed, wait
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote_plus, urlencode

import httpx
import pytest
from playwright.sync_api import Browser

from scripts.build import ROOT
from scripts.hostile import CLOSED, Answer, Hostile, read_catalogue, send
from scripts.page_types import PAGE_TYPES
from scripts.queries import read_metadata
from scripts.serving import ending, free_port, lay_out_nginx, start_nginx, wait_for
from scripts.soak import main as soak
from tests.conftest import Server, serve, watched_page

CATALOGUE = read_catalogue()
MOST_MEGABYTES = 300
# Two reasons for which a page of a script's own could run: an element or an attribute that the site does not have.
MARK = """'"><script>marked()</script><img src=x onerror=marked()>"""
ENDLESS = quote_plus("with recursive c(n) as (select 1 union all select n + 1 from c) select count(*) from c")
TABLE_PARAMETERS = [
    *(
        "_col",
        "_nocol",
        "_facet",
        "_facet_array",
        "_facet_date",
        "_facet_size",
        "_sort",
        "_sort_desc",
        "_next",
        "_size",
    ),
    *("_where", "_search", "_search_claim", "_searchmode", "_fts_table", "_fts_pk", "_shape", "_ttl", "_through"),
    *("_trace", "_extra", "_labels", "_label", "_nl", "_json", "_dl", "_stream", "_header", "_timelimit", "_hash"),
    *(
        "_filter_column",
        "_filter_op",
        "_filter_value",
        "_nofacet",
        "_nosuggest",
        "_nocount",
        "claim",
        "claim__contains",
    ),
    *("claim__in", "nothing", MARK),
]
HONEST = [
    "/",
    "/record/claims",
    "/record/votes/A-RES-ES-11-7,USA",
    "/record/how_voted?roll_call=A-RES-ES-11-7&member=USA",
]


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


@pytest.fixture(scope="module")
def server(archive_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The record with an archive, by one process."""
    with serve(archive_site, tmp_path_factory.mktemp("hostile") / "folder") as server:
        yield server


@pytest.fixture(scope="module")
def front(archive_site: Path, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an nginx with the shipped configuration before the same process."""
    if not shutil.which("nginx", path="/usr/local/sbin:/usr/sbin:/usr/bin"):
        pytest.skip("nginx is not on the PATH")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    lay_out_nginx(folder, archive_site, port, [port_of(server.url)])
    with ending(start_nginx(folder)) as process:
        wait_for(f"http://127.0.0.1:{port}/robots.txt", process)
        yield port


class Scripts(HTMLParser):
    """What of a page could run that the site has not written: elements with the mark, attributes that are handlers."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name.startswith("on") or re.match(r"\s*(javascript|data):", value or "", re.IGNORECASE):
                self.found.append(f"{tag} {name}={value}")
        if tag == "script" and not {"src", "type"} & dict(attributes).keys():
            self.found.append(tag)


def check_harmless(answer: Answer) -> None:
    """No error of the server, no way to another site, no cookie, nothing that runs; and headers against all that."""
    assert answer.status == CLOSED or int(answer.status) < 500
    assert answer.header("set-cookie") == ""
    if answer.header("location"):
        assert re.match(r"/(?![/\\])", answer.header("location"))
    if answer.header("content-type").startswith("text/html") and answer.header("x-content-type-options"):
        assert "default-src 'none'" in answer.header("content-security-policy")
        assert Scripts(answer.body.decode("utf-8", "replace")).found == []


@pytest.mark.parametrize("hostile", CATALOGUE, ids=[hostile.name for hostile in CATALOGUE])
def test_a_hostile_request_is_refused_or_does_no_harm(hostile: Hostile, server: Server):
    answer = send(hostile.request, port_of(server.url))
    assert answer.status in hostile.expect, answer.body[:300]
    check_harmless(answer)
    if hostile.lacks:
        assert hostile.lacks.encode() not in answer.body


def test_no_catalogued_request_is_answered_with_a_page_without_a_reason():
    assert len(CATALOGUE) >= 60
    assert len({hostile.name for hostile in CATALOGUE}) == len(CATALOGUE)
    assert [one.name for one in CATALOGUE if 200 in one.expect and not one.why] == []


def test_nginx_refuses_them_as_well_and_never_fails(front: int):
    for number, hostile in enumerate(CATALOGUE):
        # Each from an address of its own, or the limits would answer most of them.
        answer = send(hostile.request, front, f"127.0.1.{number + 1}")
        check_harmless(answer)
        if hostile.lacks:
            assert hostile.lacks.encode() not in answer.body
        if answer.status != CLOSED and int(answer.status) < 500:
            assert answer.header("x-content-type-options") == "nosniff" or answer.status == 400, hostile.name


def test_nginx_hides_what_a_process_tells_about_itself(front: int):
    assert httpx.get(f"http://127.0.0.1:{front}/-/threads.json").status_code == 404


def test_who_sends_a_letter_a_minute_keeps_nobody_waiting(front: int):
    slow = [socket.create_connection(("127.0.0.1", front), 30, source_address=("127.0.2.1", 0)) for _ in range(50)]
    for connection in slow:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-")
    assert httpx.get(f"http://127.0.0.1:{front}/", timeout=30).status_code == 200
    slow[0].settimeout(30)
    # Ten seconds for a head, then nginx hangs up.
    assert slow[0].recv(1) == b""
    for connection in slow:
        connection.close()


def marked_addresses() -> Iterator[str]:
    """Every parameter of every type of page with a script for its value; every query's, all at once."""
    for name in TABLE_PARAMETERS:
        yield f"/record/claims?{urlencode({name: MARK})}"
    for address in PAGE_TYPES.values():
        path = address.partition("?")[0]
        yield f"{path}?{urlencode({'q': MARK, 'sql': MARK, 'nothing': MARK})}"
        yield f"{path}/{urlencode({'x': MARK})[2:]}"
    for database, about in read_metadata(ROOT)["databases"].items():
        for name, query in about.get("queries", {}).items():
            yield f"/{database}/{name}?{urlencode(dict.fromkeys(query.get('parameters', {}), MARK))}"


def test_a_script_in_any_parameter_is_text(server: Server):
    with httpx.Client(base_url=server.url, timeout=30) as client:
        for address in marked_addresses():
            response = client.get(address, follow_redirects=True)
            assert response.status_code < 500, address
            if response.headers["content-type"].startswith("text/html"):
                assert Scripts(response.text).found == [], address


def test_a_script_in_a_parameter_does_not_run_in_a_browser(browser: Browser, server: Server):
    with watched_page(browser, server) as page:
        for address in ["/record/search", "/record/how_voted"]:
            page.goto(f"{address}?{urlencode({'q': MARK, 'roll_call': MARK, 'member': 'USA'})}")
            assert page.locator("[onerror]").count() == 0


@pytest.mark.parametrize("what", ["/record.json?sql={}", "/record/votes?_where=({})", "/_memory.csv?s%71l={}"])
def test_beside_ten_endless_queries_the_pages_are_answered_and_some_of_the_ten_refused(what: str, server: Server):
    with httpx.Client(base_url=server.url, timeout=60) as client, ThreadPoolExecutor(10) as threads:
        endless = [threads.submit(client.get, what.format(ENDLESS)) for _ in range(10)]
        # Those that find no place are refused at once, and the pages asked for while the others still run.
        wait(endless, return_when=FIRST_COMPLETED)
        assert [client.get(address).status_code for address in HONEST] == [200] * len(HONEST)
        answers = [one.result() for one in endless]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {400, 429}
    assert all(int(answer.headers["retry-after"]) > 0 for answer in refused)


@pytest.mark.parametrize("what", ["?_size=max", "?_facet=claim&_facet_size=max", ".json?_facet=quote&_facet_size=max"])
def test_of_many_long_pages_at_once_some_are_refused_and_the_others_answered(what: str, server: Server):
    with httpx.Client(base_url=server.url, timeout=60) as client, ThreadPoolExecutor(10) as threads:
        long = [threads.submit(client.get, f"/record/claims{what}") for _ in range(20)]
        wait(long, return_when=FIRST_COMPLETED)
        assert [client.get(address).status_code for address in HONEST] == [200] * len(HONEST)
        assert {one.result().status_code for one in long} == {200, 429}
        assert client.get(f"/record/claims{what}").status_code == 200


def test_a_page_that_refuses_says_why_and_what_to_do(server: Server):
    with httpx.Client(base_url=server.url, timeout=60) as client, ThreadPoolExecutor(10) as threads:
        endless = [threads.submit(client.get, f"/record?sql={ENDLESS}") for _ in range(10)]
        refused = next(one.result() for one in as_completed(endless) if one.result().status_code == 429)
        assert "from your address" in refused.text and "ten seconds" in refused.text
        explained = re.search(r'href="(/about-sql)"', refused.text)
        assert explained and "Queries at once" in client.get(explained[1]).text
        wait(endless)
        assert client.get("/record?sql=select+1").status_code == 200


def test_who_goes_away_leaves_their_place(server: Server):
    for _ in range(3):
        for _ in range(4):
            with pytest.raises(httpx.ReadTimeout):
                httpx.get(f"{server.url}/record.json?sql={ENDLESS}", timeout=0.2)
        time.sleep(0.2)
        assert httpx.get(f"{server.url}/record.json?sql=select+1", timeout=30).status_code == 200


def test_what_fills_its_memory_takes_none_from_the_pages(server: Server):
    bomb = urlencode({"sql": "select json_group_array(a.source_id || b.source_id) from votes as a, votes as b"})
    with httpx.Client(base_url=server.url, timeout=60) as client, ThreadPoolExecutor(4) as threads:
        bombs = [threads.submit(client.get, f"/record.json?{bomb}") for _ in range(4)]
        while not all(one.done() for one in bombs):
            assert [client.get(address).status_code for address in HONEST] == [200] * len(HONEST)
    # On a busy machine the last of them may wait too long.
    assert {400} <= {one.result().status_code for one in bombs} <= {400, 429}


def test_after_all_this_the_server_is_small(server: Server):
    assert server.peak_megabytes() < MOST_MEGABYTES


def test_a_soak_says_what_was_answered_and_ends(archive_site: Path, capsys: pytest.CaptureFixture[str]):
    if not shutil.which("nginx", path="/usr/local/sbin:/usr/sbin:/usr/bin"):
        pytest.skip("nginx is not on the PATH")
    # How fast, and so whether the goals of speed are met, depends on what else the machine does.
    assert soak(["--minutes", "0.1", "-n", "1", "--site", str(archive_site)]) in (0, 1)
    said = capsys.readouterr().out
    assert re.search(r"beside the hostile: [\d.]+ requests a second; 200 \d+", said)
    assert re.search(r"^hostile: .*429 \d+", said, re.MULTILINE)
    assert [line for line in said.splitlines() if re.match("missed: (?!p)", line)] == []


def test_a_soak_without_a_site_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert soak(["--minutes", "0.1"], root=tmp_path) == 1
    assert "make build" in capsys.readouterr().err
