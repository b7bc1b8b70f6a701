"""The site in a browser, wide and narrow: what is clicked, filled in and drawn; nothing from elsewhere, no error."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from scripts.build import ROOT
from scripts.queries import query_url, read_metadata
from tests.conftest import Server, watched_page

METADATA = read_metadata(ROOT)
QUERIES = METADATA["databases"]["record"]["queries"]
CHARTS = sorted(
    f"{query_url(name, query.get('example', {}))}#{query['fragment']}"
    for name, query in QUERIES.items()
    if "fragment" in query
)
PAGES = [
    "/",
    "/record",
    "/record/claims",
    "/record/votes",
    "/record/votes_by_member",
    "/record/votes/A-RES-ES-11-7,USA",
    "/record/claims/sociose-2025-03-02-09",
    "/record/how_voted?roll_call=A-RES-ES-11-7&member=USA",
    "/record/contradicted_claims",
    "/record/roll_call_as_printed?roll_call=A-RES-ES-11-7",
    "/codebook",
    "/known-gaps",
]
# Pixels of a colour, which neither the paper nor the axes nor the letters have.
COLOURED_PIXELS = """() => {
    const canvas = document.querySelector("canvas.marks");
    if (!canvas || canvas.width === 0 || canvas.height === 0) return 0;
    const bytes = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    let coloured = 0;
    for (let i = 0; i < bytes.length; i += 4) {
        const [red, green, blue, alpha] = bytes.slice(i, i + 4);
        if (alpha > 200 && Math.max(red, green, blue) - Math.min(red, green, blue) > 30) coloured++;
    }
    return coloured;
}"""


@pytest.fixture(params=[1280, 360], ids=["wide", "narrow"])
def page(browser: Browser, server: Server, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page that gets nothing from any other host; at the end there has been no such request and no error."""
    with watched_page(browser, server, viewport={"width": request.param, "height": 800}) as page:
        yield page


@pytest.mark.parametrize("address", PAGES)
def test_a_page_fits_the_window(address: str, page: Page):
    page.goto(address)
    expect(page.locator("h1").first).to_be_visible()
    wide, window = page.evaluate("[document.scrollingElement.scrollWidth, window.innerWidth]")
    assert wide <= window + 2


def test_home_leads_to_the_claims(page: Page):
    page.goto("/")
    page.get_by_role("link", name="The press", exact=True).click()
    expect(page.locator("h1")).to_have_text("Claims")


def test_a_facet_narrows_the_rows_to_its_count(page: Page):
    page.goto("/record/claims")
    facet = page.locator("#facet-verdict li", has=page.get_by_role("link", name="inaccurate", exact=True))
    count = int(facet.inner_text().split()[-1])
    facet.get_by_role("link").click()
    expect(page.locator("h2.answer-heading")).to_have_text(
        re.compile(rf'^\s*{count} rows?\s+where verdict = "inaccurate"')
    )
    assert page.locator("table.rows-and-columns tbody tr").count() == min(count, 100)
    assert set(page.locator("td.col-verdict").all_inner_texts()) == {"inaccurate"}


def test_column_help_unfolds(page: Page):
    page.goto("/record/claims")
    help_of_verdict = page.locator(".column-descriptions dt", has_text="verdict")
    expect(help_of_verdict).to_be_hidden()
    page.get_by_text("What the columns mean").click()
    expect(help_of_verdict).to_be_visible()


def test_a_search_finds_a_claim(page: Page):
    page.goto("/record/claims")
    page.get_by_label("Search this table:").fill('"Syria voted against"')
    page.get_by_label("Search this table:").press("Enter")
    expect(page.locator("td.col-id", has_text="sociose-2025-03-02-09")).to_be_visible()


def test_a_query_is_filled_in_and_answers(page: Page):
    page.goto("/record/how_voted")
    page.get_by_label("Roll call").select_option("A-RES-ES-11-7")
    page.get_by_label("Member").select_option(label="Syria (SYR)")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("td.col-answer")).to_have_text("abstain")
    expect(page.locator("td.col-member")).to_have_text("Syria")


def test_a_row_names_what_it_refers_to(page: Page):
    page.goto("/record/votes/A-RES-ES-11-7,USA")
    expect(page.locator("td.col-vote")).to_have_text("no")
    page.get_by_role("link", name="United States").click()
    expect(page.locator("h1")).to_have_text("United States")


def test_a_claims_check_can_be_run_again(page: Page):
    page.goto("/record/claims/sociose-2025-03-02-09")
    expect(page.locator("h1").first).to_have_text("Syria voted against A/RES/ES-11/7.")
    expect(page.locator(".verdict")).to_contain_text("inaccurate")
    expect(page.locator("table.checks tbody td").nth(2)).to_have_text("abstaining")
    page.locator("table.checks").get_by_role("link", name="How did a member vote?").click()
    expect(page.locator("td.col-answer")).to_have_text("abstain")


def test_what_the_record_says_is_in_sight_on_any_screen(page: Page):
    page.goto("/record/claims/sociose-2025-03-02-09")
    found = page.locator("table.checks tbody td").nth(2)
    expect(found).to_contain_text("abstain")
    box, window = found.bounding_box(), page.evaluate("window.innerWidth")
    assert box
    assert 0 <= box["x"] < box["x"] + box["width"] <= window


def test_there_are_three_pictures_at_least():
    assert len(CHARTS) >= 3


@pytest.mark.parametrize("address", CHARTS, ids=lambda address: re.search(r"/record/(\w+)", address)[1])
def test_a_picture_is_drawn(address: str, page: Page):
    page.goto(address)
    # A bar covers thousands of pixels, a line or a few points some hundreds; axes and letters have no colour.
    page.wait_for_function(f"({COLOURED_PIXELS})() > 200", timeout=20_000)
    box = page.locator("canvas.marks").bounding_box()
    assert box
    assert min(box["width"], box["height"]) > 80
    wide, window = page.evaluate("[document.scrollingElement.scrollWidth, window.innerWidth]")
    assert wide <= window + 2
