"""Each type of page for every reader: any window, light and dark, by keyboard, aloud, on paper, without scripts."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from scripts.page_types import PAGE_TYPES
from tests.conftest import Server, watched_page

WINDOWS = {"wide": {"width": 1280, "height": 800}, "narrow": {"width": 360, "height": 740}}
# A report that is filled in, and a row with a corrected cell.
CORRECTIONS = (
    "/corrections?database=record&table=votes&key=A-RES-ES-11-7,USA",
    "/record/roll_call_sources/A-RES-ES-11-7,ukrinform-3963958",
)
FOCUSED = (
    "() => document.activeElement.matches(':focus-visible') && getComputedStyle(document.activeElement).outlineStyle"
)
# The share of the light that a colour gives back, from 0 to 255.
LIGHTNESS = """([selector, property]) => {
    const parts = getComputedStyle(document.querySelector(selector))[property].match(/[\\d.]+/g).map(Number);
    return (parts[0] + parts[1] + parts[2]) / 3;
}"""


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=WINDOWS)
def page(browser: Browser, server: Server, scheme: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    with watched_page(browser, server, viewport=WINDOWS[request.param], color_scheme=scheme) as page:
        yield page


@pytest.fixture
def quiet(browser: Browser, server: Server) -> Iterator[Page]:
    """A page whose scripts do not run."""
    with watched_page(browser, server, viewport=WINDOWS["wide"], java_script_enabled=False) as page:
        yield page


@pytest.fixture
def wide(browser: Browser, server: Server) -> Iterator[Page]:
    with watched_page(browser, server, viewport=WINDOWS["wide"]) as page:
        yield page


def press_until(page: Page, selector: str, most: int = 120) -> None:
    """Press the tabulator until the element has the focus, which must be in sight each time."""
    for _ in range(most):
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUSED) not in (False, "none"), page.evaluate("document.activeElement.outerHTML")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"{selector} was not reached in {most} steps")


@pytest.mark.parametrize("address", [*PAGE_TYPES.values(), *CORRECTIONS], ids=[*PAGE_TYPES, "report", "corrected"])
def test_a_page_is_for_everyone(address: str, page: Page, scheme: str):
    """One load a page, window and scheme: axe finds nothing, it fits, and it is light or dark as the reader has it."""
    page.goto(address)
    expect(page.locator("h1")).to_have_count(1)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    wide, window = page.evaluate("[document.scrollingElement.scrollWidth, window.innerWidth]")
    assert wide <= window
    paper = page.evaluate(LIGHTNESS, [".not-footer", "backgroundColor"])
    ink = page.evaluate(LIGHTNESS, ["h1", "color"])
    assert paper - ink > 150 if scheme == "light" else ink - paper > 150


@pytest.mark.parametrize("address", PAGE_TYPES.values(), ids=PAGE_TYPES)
def test_without_scripts_a_page_tells_the_same(address: str, quiet: Page, wide: Page):
    told = []
    for page in (quiet, wide):
        page.goto(address)
        told.append(
            [text.strip() for text in page.locator("main :is(h1, h2, h3, td, dd, li, p):not(form *)").all_inner_texts()]
        )
    without, with_scripts = told
    assert [text for text in with_scripts if text and text not in without] == []


def test_a_search_to_a_roll_call_by_keyboard_alone(wide: Page):
    wide.goto("/")
    press_until(wide, "input[type=search]#q")
    wide.keyboard.type("Syria voted against ES-11/7")
    wide.keyboard.press("Enter")
    wide.wait_for_url("**/record/search?**")
    press_until(wide, 'main a[href="/record/claims/sociose-2025-03-02-09"]')
    wide.keyboard.press("Enter")
    expect(wide.locator("h1")).to_have_text("Syria voted against A/RES/ES-11/7.")
    press_until(wide, ".checks a")
    wide.keyboard.press("Enter")
    expect(wide.locator("td.col-answer")).to_have_text("abstain")
    press_until(wide, 'main a[href="/record/roll_calls/A-RES-ES-11-7"]')
    wide.keyboard.press("Enter")
    expect(wide.locator("h1")).to_contain_text("A/RES/ES-11/7")


def test_the_first_stop_leads_past_the_navigation(wide: Page):
    wide.goto("/record/members/HUN")
    wide.keyboard.press("Tab")
    expect(wide.locator(":focus")).to_have_text("Skip to the content")
    wide.keyboard.press("Enter")
    wide.keyboard.press("Tab")
    assert wide.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_a_search_and_a_question_without_scripts(quiet: Page):
    quiet.goto("/")
    quiet.locator("#q").fill("Hungary")
    quiet.locator("#q").press("Enter")
    quiet.locator('main a[href="/record/members/HUN"]').first.click()
    expect(quiet.locator("h1")).to_have_text("Hungary")
    quiet.goto("/record/how_voted?roll_call=A-RES-ES-11-7&member=USA")
    quiet.get_by_label("Member").select_option("SYR")
    quiet.get_by_role("button", name="Ask").click()
    expect(quiet.locator("td.col-answer")).to_have_text("abstain")


@pytest.mark.parametrize("kind", ["roll-call", "member", "claim"])
def test_paper_has_the_content_and_not_the_machinery(kind: str, wide: Page):
    wide.goto(PAGE_TYPES[kind])
    wide.emulate_media(media="print")
    expect(wide.locator("h1")).to_be_visible()
    expect(wide.locator("header.site-header")).to_be_hidden()
    expect(wide.locator("form").first).to_be_hidden()
    assert len(wide.pdf()) > 10_000
