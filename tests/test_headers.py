"""What browsers are told of each answer, and that every type of page works under it."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from scripts.page_types import PAGE_TYPES
from scripts.serving import ending, free_port, lay_out_nginx, start_nginx, wait_for
from tests.conftest import Server, watched_page

CHARTED = {"table": PAGE_TYPES["table"], "query": PAGE_TYPES["query"], "own SQL": "/record?sql=select+1"}
# What is not written in HTML, and what is no good answer.
OTHERS = {
    "JSON": "/record/votes.json",
    "CSV": "/record/how_voted.csv?roll_call=A-RES-ES-11-7&member=USA",
    "a style sheet": "/static/site.css",
    "a script of a plugin": "/-/static/table.js",
    "a picture": "/static/icon.svg",
    "a feed": "/feed.atom",
    "a sitemap": "/sitemap.xml",
    "robots": "/robots.txt",
    "a zip": "/static/downloads/un.zip",
    "a database": "/record.db",
    "a redirect": "/record/members/usa",
    "a page that is not there": "/nothing",
    "a file that is not there": "/static/nothing.png",
    "JSON that is not there": "/record/nothing.json",
    "what is refused": "/record/votes?nothing=1",
    "a backslash": "/%5Cexample.com",
}
ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "cross-origin",
}


def policy(response: httpx.Response) -> dict[str, str]:
    """The Content-Security-Policy by directive; there is one."""
    [text] = response.headers.get_list("content-security-policy")
    return {name: values for name, _, values in (part.strip().partition(" ") for part in text.split(";"))}


@pytest.fixture(scope="module")
def front(site: Path, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an nginx with the shipped configuration."""
    if not shutil.which("nginx", path="/usr/local/sbin:/usr/sbin:/usr/bin"):
        pytest.skip("nginx is not on the PATH")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    lay_out_nginx(folder, site, port, [int(server.url.rpartition(":")[2])])
    with ending(start_nginx(folder)) as process:
        wait_for(f"http://127.0.0.1:{port}/robots.txt", process)
        yield f"http://127.0.0.1:{port}"


def check(response: httpx.Response, chart: bool) -> None:
    """Each header once, and a policy in which nothing is allowed that this answer does not need."""
    assert {name: response.headers.get_list(name) for name in ALWAYS} == {name: [ALWAYS[name]] for name in ALWAYS}
    told = policy(response)
    assert (told["default-src"], told["frame-ancestors"], told["base-uri"]) == ("'none'", "'none'", "'none'")
    if not response.headers.get("content-type", "").startswith("text/html"):
        assert "script-src" not in told
    else:
        assert told["script-src"] == ("'self' 'unsafe-eval'" if chart else "'self'")
        assert told["style-src"] == ("'self' 'unsafe-inline'" if chart else "'self'")


@pytest.mark.parametrize("address", [*PAGE_TYPES.values(), *OTHERS.values(), CHARTED["own SQL"]])
def test_every_answer_has_the_headers(address: str, server: Server, front: str):
    for url in (server.url, front, front):
        check(httpx.get(url + address), address in CHARTED.values())


def test_what_nginx_says_itself_has_them_as_well(front: str):
    for response in (httpx.get(f"{front}/-/threads.json"), httpx.post(f"{front}/record")):
        check(response, chart=False)
    assert httpx.post(f"{front}/record").headers["allow"] == "GET, HEAD, OPTIONS"


def test_a_page_that_is_still_good_keeps_the_policy_that_it_came_with(server: Server):
    address = server.url + PAGE_TYPES["table"]
    etag = httpx.get(address).headers["etag"]
    again = httpx.get(address, headers={"If-None-Match": etag})
    assert (again.status_code, again.headers.get("content-security-policy")) == (304, None)
    assert again.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("address", PAGE_TYPES.values(), ids=PAGE_TYPES)
def test_no_page_has_a_script_or_a_style_in_it(address: str, server: Server):
    page = httpx.get(server.url + address).text
    scripts = re.findall(r"<script(?![^>]*\bsrc=)([^>]*)>", page)
    assert [script for script in scripts if "application/ld+json" not in script] == []
    assert re.findall(r"<style|\sstyle=|\son\w+=", page.partition("<main")[0] + page.rpartition("</main>")[2]) == []


@pytest.mark.parametrize("address", [*PAGE_TYPES.values(), CHARTED["own SQL"], "/about-sql"])
def test_a_page_breaks_no_rule_of_its_own_and_asks_no_one_else(address: str, browser: Browser, server: Server):
    # What is broken stands in the console as an error, and watched_page allows none.
    with watched_page(browser, server) as page:
        page.goto(address, wait_until="networkidle")
        expect(page.locator("h1").first).to_be_visible()


def blocked(page: Page, add: str) -> bool:
    """Whether something that is added to a page and would set `window.ran` is kept from it."""
    page.evaluate(add)
    page.wait_for_timeout(100)
    return not page.evaluate("Boolean(window.ran)")


INJECTED = {
    "a script": """() => { const it = document.createElement("script"); it.textContent = "window.ran = true";
        document.body.append(it); }""",
    "a handler": """() => { const it = document.createElement("p"); document.body.append(it);
        it.innerHTML = '<img src="/nothing.png" onerror="window.ran = true">'; }""",
    "JSON as a script": """() => { const it = document.createElement("script"); it.src = "/record/votes.json";
        it.onload = () => { window.ran = true }; document.body.append(it); }""",
}


@pytest.mark.parametrize("add", INJECTED.values(), ids=INJECTED)
@pytest.mark.parametrize("address", [PAGE_TYPES["claim"], PAGE_TYPES["table"]])
def test_a_script_that_gets_into_a_page_does_not_run(address: str, add: str, browser: Browser, server: Server):
    page = browser.new_page(base_url=server.url)
    page.goto(address)
    assert blocked(page, add)
    page.close()


def test_no_page_may_stand_in_another(browser: Browser, server: Server):
    page = browser.new_page(base_url=server.url)
    page.goto("/robots.txt")
    page.set_content(f'<iframe src="{server.url}/record/votes"></iframe>')
    page.wait_for_timeout(500)
    assert page.frames[1].url.startswith("chrome-error:")
    page.close()


def test_the_editor_works_and_offers_to_format(browser: Browser, server: Server):
    with watched_page(browser, server) as page:
        page.goto("/record?sql=select+1+as+one+from+votes+limit+1")
        expect(page.get_by_label("Custom SQL query").last).to_be_attached()
        page.get_by_role("button", name="Format SQL").click()
        expect(page.locator(".CodeMirror-line")).not_to_have_count(1)


def test_names_of_columns_stand_beside_values_on_a_phone(browser: Browser, server: Server):
    with watched_page(browser, server, viewport={"width": 360, "height": 740}) as page:
        for address in (PAGE_TYPES["table"], PAGE_TYPES["query"]):
            page.goto(address)
            name = "td => getComputedStyle(td, ':before').content"
            shown = page.locator(".rows-and-columns tbody td").first.evaluate(name)
            assert json.loads(shown) in ("id", "answer")


def test_who_reads_json_from_another_site_may(server: Server):
    response = httpx.get(f"{server.url}/record/votes.json?_size=1", headers={"Origin": "https://example.org"})
    assert response.headers["access-control-allow-origin"] == "*"
