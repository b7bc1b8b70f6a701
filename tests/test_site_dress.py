"""Search, tables, queries, their list and errors in a browser: light and dark, wide and narrow, with a keyboard."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Server

PAGES = {
    "search": "/record/search?q=ES-11/7",
    "search of nothing": "/record/search",
    "search without a find": "/record/search?q=zzzqq",
    "table": "/record/claims?verdict=inaccurate&kind__contains=vote",
    "table without rows": "/record/claims?verdict=nothing",
    "view": "/record/vote_changes",
    "wide table": "/record/votes_by_member",
    "list": "/record",
    "query": "/record/bloc_cohesion?bloc=EU&body=GA",
    "query without rows": "/record/claims_about_member?member=XXX",
    "sql": "/record?sql=select+*+from+claims+limit+5",
    "wrong sql": "/record?sql=select+nothing",
    "not found": "/record/members/XXX",
    "bad parameter": "/record/claims?nothing=1",
}


def open_page(browser: Browser, server: Server, width: int = 1280, scheme: str = "light", script: bool = True) -> Page:
    context = browser.new_context(
        base_url=server.url,
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
        java_script_enabled=script,
    )
    return context.new_page()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360], ids=["wide", "narrow"])
@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
def test_everyone_can_use_a_page(address: str, width: int, scheme: str, browser: Browser, server: Server):
    page = open_page(browser, server, width, scheme)
    page.goto(address)
    found = Axe().run(page, context={"include": [["main"]]}).response["violations"]
    wide = page.evaluate("document.scrollingElement.scrollWidth")
    page.context.close()
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found] == []
    assert wide <= width + 2


@pytest.mark.parametrize("address", PAGES.values(), ids=PAGES)
def test_dark_is_dark(address: str, browser: Browser, server: Server):
    page = open_page(browser, server, scheme="dark")
    page.goto(address)
    bright = page.evaluate(
        """() => [...document.querySelectorAll("body, main *")].filter(element => {
            if (element.closest("[class^=datasette-vega]") || !element.checkVisibility()) return false;
            const colour = getComputedStyle(element).backgroundColor.match(/[\\d.]+/g).map(Number);
            return (colour[3] ?? 1) > 0.5 && Math.min(colour[0], colour[1], colour[2]) > 160;
        }).map(element => element.outerHTML.slice(0, 80))"""
    )
    page.context.close()
    assert bright == []


def test_a_query_is_asked_without_javascript(browser: Browser, server: Server):
    page = open_page(browser, server, 360, script=False)
    page.goto("/record/how_voted")
    page.get_by_label("Member").select_option(label="Syria (SYR)")
    page.get_by_role("button", name="Ask").click()
    expect(page.locator("td.col-answer")).to_have_text("abstain")
    page.context.close()


def test_a_keyboard_finds_a_thing_from_any_page(browser: Browser, server: Server):
    page = open_page(browser, server)
    page.goto("/codebook")
    page.get_by_label("Search").first.focus()
    page.keyboard.type("es 11 7")
    page.keyboard.press("Enter")
    first = page.locator(".finds a").first
    expect(first).to_contain_text("A/RES/ES-11/7")
    first.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/record/resolutions/A-RES-ES-11-7$"))
    page.context.close()
